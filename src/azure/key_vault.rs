//! Secrets in Azure Key Vault.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::http::RetryOptions;
use azure_core::time::OffsetDateTime;
use azure_security_keyvault_secrets::models::{Secret, SecretClientGetSecretOptions};
use azure_security_keyvault_secrets::{ResourceExt as _, SecretClient, SecretClientOptions};
use http::{HeaderMap, HeaderValue};
use url::{Position, Url};

use super::client::{self, TransportClient, one_line};
use crate::backend::{Transport, retry_after};
use crate::identity::{TokenCache, TokenRequest};
use crate::secret::{Error, SecretProvider, SecretValue};

/// The contract that all clouds and emulators speak.
const API_VERSION: &str = "7.4";

/// How long a vault may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Secrets in Azure Key Vault, by identifier: `https://{vault}/secrets/{name}`, or with `/{version}` one version for ever.
///
/// Vaults are asked through Microsoft's crate: the first question to a vault is without token, its challenge says which one
/// is needed, and the token is sent only to a host in the domain of that resource. Nothing is kept or repeated here: a
/// failure says what the vault said, and how long it wants to be left alone (`Retry-After`).
///
/// ```no_run
/// use gatewright::azure::{AzureIdentity, KeyVaultProvider};
/// use gatewright::backend::Transport;
/// use gatewright::identity::TokenCache;
/// use gatewright::secret::SecretProvider;
///
/// # async fn read() -> Result<(), Box<dyn std::error::Error>> {
/// let transport = Transport::new()?;
/// let vault = KeyVaultProvider::new(&transport, TokenCache::new(AzureIdentity::new(&transport)));
/// let found = vault.get("https://contoso.vault.azure.net/secrets/orders-key").await?;
/// println!("version {:?}", found.version);
/// # Ok(())
/// # }
/// ```
///
/// Source: *Azure Key Vault REST API, Get Secret*; *Authentication, requests and responses* for the challenge.
pub struct KeyVaultProvider {
    transport: Arc<TransportClient>,
    tokens: TokenCache,
    timeout: Duration,
    checks_domain: bool,
    clients: Mutex<HashMap<(String, Option<String>), Arc<SecretClient>>>,
}

impl KeyVaultProvider {
    /// Asks vaults over `transport`, with tokens of the identities in `tokens`.
    pub fn new(transport: &Transport, tokens: TokenCache) -> Self {
        let transport = Arc::new(TransportClient::new(transport));
        Self { transport, tokens, timeout: TIMEOUT, checks_domain: true, clients: Mutex::default() }
    }

    /// Sets: how long a vault may take for one secret, tokens included; 30 seconds by default.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Sets: whether the host of a vault has to be in the domain of the resource that its challenge names, as
    /// `contoso.vault.azure.net` is in `https://vault.azure.net`; true by default. An emulator under another name needs false.
    #[must_use]
    pub fn checks_domain(mut self, checked: bool) -> Self {
        self.checks_domain = checked;
        self
    }

    async fn fetch(&self, id: &str, identity: Option<&str>) -> Result<SecretValue, Error> {
        let Identifier { vault, name, version } = Identifier::parse(id)?;
        let client = self.client(&vault, identity).map_err(|error| Error::unavailable(id, one_line(&error)))?;
        let options = SecretClientGetSecretOptions { secret_version: version, ..Default::default() };
        let asked = async { client.get_secret(&name, Some(options)).await?.into_model() };
        match tokio::time::timeout(self.timeout, asked).await {
            Ok(Ok(secret)) => value(id, secret),
            Ok(Err(error)) => Err(failed(id, &error)),
            Err(_) => Err(Error::unavailable(id, format!("no answer within {} s", self.timeout.as_secs_f32()))),
        }
    }

    /// The client of a vault, which knows its challenge.
    fn client(&self, vault: &str, identity: Option<&str>) -> azure_core::Result<Arc<SecretClient>> {
        let key = (vault.to_owned(), identity.map(str::to_owned));
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&key) {
            return Ok(Arc::clone(client));
        }
        let mut options = SecretClientOptions::default();
        options.api_version = API_VERSION.to_owned();
        options.client_options = client::options(&self.transport);
        options.client_options.retry = RetryOptions::none();
        options.verify_challenge_resource = Some(self.checks_domain);
        let credential = Credential { tokens: self.tokens.clone(), client_id: identity.map(Arc::from) };
        let client = Arc::new(SecretClient::new(vault, Arc::new(credential), Some(options))?);
        clients.insert(key, Arc::clone(&client));
        Ok(client)
    }
}

#[async_trait]
impl SecretProvider for KeyVaultProvider {
    async fn get(&self, id: &str) -> Result<SecretValue, Error> {
        self.fetch(id, None).await
    }

    /// `identity` is the client id of a user-assigned identity.
    async fn get_as(&self, id: &str, identity: &str) -> Result<SecretValue, Error> {
        self.fetch(id, Some(identity)).await
    }

    fn is_fixed(&self, id: &str) -> bool {
        Identifier::parse(id).is_ok_and(|identifier| identifier.version.is_some())
    }
}

impl fmt::Debug for KeyVaultProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyVaultProvider").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// The parts of `https://{vault}/secrets/{name}[/{version}]`.
#[derive(Debug, PartialEq)]
struct Identifier {
    /// `https://{vault}`.
    vault: String,
    name: String,
    version: Option<String>,
}

impl Identifier {
    /// A slash at the end, a query and a fragment are nothing.
    fn parse(id: &str) -> Result<Self, Error> {
        let wrong = || Error::invalid_id(id, "expected `https://vault/secrets/name`, or a version after that");
        let url = Url::parse(id.trim()).map_err(|_| wrong())?;
        let is_plain = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
        let mut parts = url.path_segments().ok_or_else(wrong)?.filter(|part| !part.is_empty());
        let (collection, name, version) = (parts.next(), parts.next(), parts.next());
        let is_name = |text: &&str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let name = name.filter(is_name).ok_or_else(wrong)?;
        let is_secret = collection.is_some_and(|collection| collection.eq_ignore_ascii_case("secrets"));
        if !is_plain || !is_secret || version.is_some_and(|version| !is_name(&version)) || parts.next().is_some() {
            return Err(wrong());
        }
        let vault = url[..Position::BeforePath].to_owned();
        Ok(Self { vault, name: name.to_owned(), version: version.map(str::to_owned) })
    }
}

fn value(id: &str, secret: Secret) -> Result<SecretValue, Error> {
    let version = secret.resource_id().ok().and_then(|found| found.version);
    let expires = secret.attributes.and_then(|attributes| attributes.expires);
    let Some(text) = secret.value else { return Err(Error::unavailable(id, "the vault's answer has no value")) };
    let mut value = SecretValue::new(text);
    value.version = version;
    value.expires = expires.map(SystemTime::from);
    Ok(value)
}

fn failed(id: &str, error: &azure_core::Error) -> Error {
    let ErrorKind::HttpResponse { status, raw_response, .. } = error.kind() else {
        return Error::unavailable(id, one_line(error));
    };
    if u16::from(*status) == 404 {
        return Error::not_found(id);
    }
    let said = raw_response.iter().flat_map(|response| response.headers().iter());
    let said = said.filter(|(name, _)| name.as_str().eq_ignore_ascii_case("retry-after"));
    let headers: HeaderMap = said
        .filter_map(|(_, value)| Some((http::header::RETRY_AFTER, HeaderValue::from_str(value.as_str()).ok()?)))
        .collect();
    Error::unavailable(id, format!("the vault answered {}: {}", u16::from(*status), one_line(error)))
        .after(retry_after(&headers, SystemTime::now))
}

/// Our cache of tokens as that crate wants it.
#[derive(Debug)]
struct Credential {
    tokens: TokenCache,
    client_id: Option<Arc<str>>,
}

#[async_trait]
impl TokenCredential for Credential {
    async fn get_token(&self, scopes: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        let mut request = TokenRequest::new(scopes.first().copied().unwrap_or_default());
        request.client_id.clone_from(&self.client_id);
        let token = self.tokens.get(&request).await;
        let token = token.map_err(|error| azure_core::Error::new(ErrorKind::Credential, error))?;
        // It ends at once for that crate, which so asks us each time.
        Ok(AccessToken::new(token.expose().to_owned(), OffsetDateTime::UNIX_EPOCH))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VERSION: &str = "4387e9f3d6e14c459867679a90fd0f79";

    #[test]
    fn identifiers() {
        let parse = |id: &str| Identifier::parse(id).ok().map(|found| (found.vault, found.name, found.version));
        let some = |vault: &str, version: Option<&str>| {
            Some((vault.to_owned(), "orders-key".to_owned(), version.map(str::to_owned)))
        };
        let contoso = "https://contoso.vault.azure.net";
        for (id, expected) in [
            (format!("{contoso}/secrets/orders-key"), some(contoso, None)),
            (format!("{contoso}/secrets/orders-key/"), some(contoso, None)),
            (format!("{contoso}/secrets/orders-key/{VERSION}"), some(contoso, Some(VERSION))),
            (format!("{contoso}/secrets/orders-key/{VERSION}/?api-version=7.4#x"), some(contoso, Some(VERSION))),
            ("HTTPS://Contoso.Vault.Azure.net:443/Secrets/orders-key".to_owned(), some(contoso, None)),
            ("https://localhost:8443/secrets/orders-key".to_owned(), some("https://localhost:8443", None)),
            (format!("{contoso}/keys/orders-key"), None),
            (format!("{contoso}/secrets"), None),
            (format!("{contoso}/secrets/orders_key"), None),
            (format!("{contoso}/secrets/../orders-key"), None),
            (format!("{contoso}/secrets/orders-key/{VERSION}/x"), None),
            ("http://contoso.vault.azure.net/secrets/orders-key".to_owned(), None),
            ("https://user:pw@contoso.vault.azure.net/secrets/orders-key".to_owned(), None),
            ("orders-key".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(parse(&id), expected, "{id}");
        }
        assert!(Identifier::parse("x").unwrap_err().is_invalid_id());
    }

    proptest! {
        #[test]
        fn no_identifier_is_too_odd(text in ".*", path in "[a-zA-Z0-9/%.?#-]*") {
            let _ = Identifier::parse(&text);
            if let Ok(found) = Identifier::parse(&format!("https://v.example/secrets/{path}")) {
                prop_assert_eq!(found.vault, "https://v.example");
            }
        }
    }
}
