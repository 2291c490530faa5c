//! The provider.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use serde_json::Value;
use url::Url;

use super::auth::{Login, VaultAuth};
use super::identifier::{Identifier, KvVersion};
use super::server::{Reply, Server};
use crate::clock::Clock;
use crate::identity::{TokenCache, TokenRequest};
use crate::outbound::Outbound;
use crate::secret::{Error, SecretProvider, SecretValue};

/// How long a Vault may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Secrets in HashiCorp Vault or OpenBao: the key-value engine, in both versions.
///
/// The id of a secret is `mount/path#field`: `secret/orders/backend#key` is the field `key` (`value` when it is not said) of
/// `orders/backend` in the engine at `secret`. `secret/orders?version=3#key` is that version for ever. Fields are texts,
/// numbers or booleans.
///
/// A token that a login gave is used until shortly before it ends, and a new one is got when the Vault refuses it before.
/// Nothing else is kept or repeated: a failure says what the Vault said, and how long it wants to be left alone.
///
/// ```no_run
/// use gatewright::backend::Transport;
/// use gatewright::secret::SecretProvider;
/// use gatewright::vault::{Kubernetes, KvVersion, VaultProvider};
///
/// # async fn read() -> Result<(), Box<dyn std::error::Error>> {
/// let vault = VaultProvider::new(Transport::new()?, "https://vault.internal:8200", Kubernetes::new("gateway"))?
///     .mount("legacy", KvVersion::One);
/// let found = vault.get("secret/orders/backend#key").await?;
/// println!("version {:?}", found.version);
/// # Ok(())
/// # }
/// ```
///
/// Source: *Vault HTTP API: KV secrets engine, version 1 and 2; AppRole and Kubernetes auth methods*.
pub struct VaultProvider {
    server: Server,
    auth: VaultAuth,
    mounts: Vec<(Vec<String>, KvVersion)>,
    timeout: Duration,
    clock: Clock,
    tokens: OnceLock<TokenCache>,
    /// How many tokens the Vault has refused: each stands for another one in the cache.
    refused: AtomicU64,
}

/// The address of a Vault that is none.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not the address of a Vault: expected a URL such as `https://vault.internal:8200`")]
pub struct VaultAddressError(String);

impl VaultProvider {
    /// Asks the Vault at `address` over `outbound`, which may be a `Transport`.
    ///
    /// # Errors
    ///
    /// [`VaultAddressError`] when the address is not a URL of `https` or `http`.
    pub fn new(outbound: impl Outbound, address: &str, auth: impl Into<VaultAuth>) -> Result<Self, VaultAddressError> {
        let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "https" | "http"));
        let is_plain = |url: &Url| url.username().is_empty() && url.password().is_none();
        let plain = url.filter(|url| is_plain(url) && url.query().is_none() && url.fragment().is_none());
        let address = plain.ok_or_else(|| VaultAddressError(without_credentials(address)))?;
        Ok(Self {
            server: Server { outbound: Arc::new(outbound), address, namespace: None },
            auth: auth.into(),
            mounts: Vec::new(),
            timeout: TIMEOUT,
            clock: Clock::system(),
            tokens: OnceLock::new(),
            refused: AtomicU64::new(0),
        })
    }

    /// Sets: the namespace, which Vault Enterprise and OpenBao have.
    #[must_use]
    pub fn namespace(mut self, name: impl Into<String>) -> Self {
        self.server.namespace = Some(name.into());
        self
    }

    /// Adds: where a key-value engine is mounted, and its version. Other engines are taken for version two, at a mount of one
    /// segment.
    #[must_use]
    pub fn mount(mut self, path: &str, engine: KvVersion) -> Self {
        self.mounts.push((path.trim_matches('/').split('/').map(str::to_owned).collect(), engine));
        self
    }

    /// Sets: how long the Vault may take for one secret, a login included; 10 seconds by default.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Sets: the time by which tokens end.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    async fn fetch(&self, id: &str) -> Result<SecretValue, Error> {
        let place = Identifier::parse(id)
            .ok_or_else(|| Error::invalid_id(id, "expected `mount/path#field`, or `mount/path?version=1#field`"))?;
        let (path, engine) = place.path(&self.mounts);
        let number = self.refused.load(Ordering::Acquire);
        let mut reply = self.ask(id, &path, number).await?;
        if reply.status == StatusCode::FORBIDDEN && !matches!(self.auth, VaultAuth::Token(_)) {
            // The token may have been revoked. Of many that are refused together, one logs in.
            let _ = self.refused.compare_exchange(number, number + 1, Ordering::AcqRel, Ordering::Relaxed);
            reply = self.ask(id, &path, self.refused.load(Ordering::Acquire)).await?;
        }
        match reply.status {
            StatusCode::OK => value(id, &place.field, engine, &reply),
            StatusCode::NOT_FOUND => Err(Error::not_found(id)),
            status => {
                let told = format!("the Vault answered {}: {}", status.as_u16(), reply.errors());
                Err(Error::unavailable(id, told).after(reply.retry_after))
            }
        }
    }

    /// Asks with the token after `number` that were refused.
    async fn ask(&self, id: &str, path: &str, number: u64) -> Result<Reply, Error> {
        let tokens = self.tokens.get_or_init(|| {
            let login = Login { server: self.server.clone(), auth: self.auth.clone(), clock: self.clock.clone() };
            TokenCache::with_clock(login, self.clock.clone())
        });
        let token = tokens.get(&TokenRequest::new(number.to_string())).await;
        let token = token.map_err(|error| Error::unavailable(id, error))?;
        self.server.get(path, &token).await.map_err(|error| Error::unavailable(id, error))
    }
}

#[async_trait]
impl SecretProvider for VaultProvider {
    async fn get(&self, id: &str) -> Result<SecretValue, Error> {
        match tokio::time::timeout(self.timeout, self.fetch(id)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::unavailable(id, format!("no answer within {} s", self.timeout.as_secs_f32()))),
        }
    }

    fn is_fixed(&self, id: &str) -> bool {
        Identifier::parse(id)
            .is_some_and(|place| place.version.is_some() && place.path(&self.mounts).1 == KvVersion::Two)
    }
}

impl fmt::Debug for VaultProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VaultProvider").field("address", &self.server.address.as_str()).finish_non_exhaustive()
    }
}

/// An address that is none, without what may be a password before the host.
fn without_credentials(address: &str) -> String {
    address.rsplit_once('@').map_or_else(|| address.to_owned(), |(_, host)| format!("***@{host}"))
}

fn value(id: &str, field: &str, engine: KvVersion, reply: &Reply) -> Result<SecretValue, Error> {
    let data = reply.body.get("data");
    let (fields, version) = match engine {
        KvVersion::One => (data, None),
        KvVersion::Two => (
            data.and_then(|data| data.get("data")),
            data.and_then(|data| data.get("metadata")?.get("version")?.as_u64()),
        ),
    };
    let Some(Value::Object(fields)) = fields else {
        return Err(Error::unavailable(id, "the answer of the Vault is not understood"));
    };
    let mut value = match fields.get(field) {
        None | Some(Value::Null) => return Err(Error::not_found(id)),
        Some(Value::String(text)) => SecretValue::new(text.as_str()),
        Some(other @ (Value::Number(_) | Value::Bool(_))) => SecretValue::new(other.to_string()),
        Some(_) => return Err(Error::unavailable(id, format!("the field `{field}` is not a text"))),
    };
    value.version = version.map(|version| version.to_string());
    Ok(value)
}
