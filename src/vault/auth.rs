//! How the gateway shows a Vault who it is.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::server::Server;
use crate::clock::Clock;
use crate::identity::{Error, Token, TokenRequest, TokenSource};
use crate::secret::Secret;

/// Where Kubernetes puts the token of a pod's service account.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";
/// Tokens that do not end are got anew this seldom.
const ENDLESS: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How the gateway shows a Vault who it is.
///
/// ```
/// use gatewright::vault::{AppRole, Kubernetes, VaultAuth};
///
/// let by_token = VaultAuth::token("hvs.…");
/// let by_role = VaultAuth::from(AppRole::new("gateway", "the secret id"));
/// let in_a_pod = VaultAuth::from(Kubernetes::new("gateway").mount("kubernetes/west"));
/// assert_eq!(format!("{by_token:?}"), "Token(Secret(***))");
/// # let _ = (by_role, in_a_pod);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum VaultAuth {
    /// A token, which others keep alive.
    Token(Secret),
    /// A role id and a secret id.
    AppRole(AppRole),
    /// The service account of a pod.
    Kubernetes(Kubernetes),
}

impl VaultAuth {
    /// By a token, which others keep alive.
    pub fn token(token: impl Into<Secret>) -> Self {
        Self::Token(token.into())
    }
}

impl From<AppRole> for VaultAuth {
    fn from(auth: AppRole) -> Self {
        Self::AppRole(auth)
    }
}

impl From<Kubernetes> for VaultAuth {
    fn from(auth: Kubernetes) -> Self {
        Self::Kubernetes(auth)
    }
}

/// By a role id and a secret id, which may be used more than once.
#[derive(Clone, Debug)]
pub struct AppRole {
    role_id: String,
    secret_id: Secret,
    mount: String,
}

impl AppRole {
    /// Takes the two ids of a role.
    pub fn new(role_id: impl Into<String>, secret_id: impl Into<Secret>) -> Self {
        Self { role_id: role_id.into(), secret_id: secret_id.into(), mount: "approle".to_owned() }
    }

    /// Sets: where the method is mounted; `approle` by default.
    #[must_use]
    pub fn mount(mut self, path: impl Into<String>) -> Self {
        self.mount = path.into();
        self
    }
}

/// By the token of a pod's service account, which is read anew for each login.
#[derive(Clone, Debug)]
pub struct Kubernetes {
    role: String,
    mount: String,
    token_file: PathBuf,
}

impl Kubernetes {
    /// Takes the name of a role.
    pub fn new(role: impl Into<String>) -> Self {
        Self { role: role.into(), mount: "kubernetes".to_owned(), token_file: SERVICE_ACCOUNT.into() }
    }

    /// Sets: where the method is mounted; `kubernetes` by default.
    #[must_use]
    pub fn mount(mut self, path: impl Into<String>) -> Self {
        self.mount = path.into();
        self
    }

    /// Sets: the file with the token; by default `/var/run/secrets/kubernetes.io/serviceaccount/token`.
    #[must_use]
    pub fn token_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.token_file = path.into();
        self
    }
}

/// Logs in.
pub(super) struct Login {
    pub(super) server: Server,
    pub(super) auth: VaultAuth,
    pub(super) clock: Clock,
}

#[async_trait]
impl TokenSource for Login {
    async fn token(&self, _: &TokenRequest) -> Result<Token, Error> {
        let (mount, body) = match &self.auth {
            VaultAuth::Token(token) => return Ok(Token::new(token.clone(), self.clock.wall() + ENDLESS)),
            VaultAuth::AppRole(AppRole { role_id, secret_id, mount }) => {
                (mount, json!({ "role_id": role_id, "secret_id": secret_id.expose() }))
            }
            VaultAuth::Kubernetes(Kubernetes { role, mount, token_file }) => {
                let file = token_file.clone();
                let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(file)).await;
                let jwt = read.map_err(Error::unavailable)?.map_err(|error| {
                    Error::unavailable(format!("`{}` cannot be read: {error}", token_file.display()))
                })?;
                (mount, json!({ "role": role, "jwt": jwt.trim() }))
            }
        };
        let path = format!("auth/{}/login", mount.trim_matches('/'));
        let reply = self.server.post(&path, &body).await.map_err(Error::unavailable)?;
        if !reply.status.is_success() {
            let told = format!("the login at `{path}` was answered {}: {}", reply.status.as_u16(), reply.errors());
            return Err(match reply.status.is_client_error() && reply.status.as_u16() != 429 {
                true => Error::refused(told),
                false => Error::unavailable(told),
            });
        }
        let given = reply.body.get("auth");
        let Some(token) = given.and_then(|auth| auth.get("client_token")).and_then(Value::as_str) else {
            return Err(Error::unavailable(format!("the answer to the login at `{path}` has no token")));
        };
        let lease = given.and_then(|auth| auth.get("lease_duration")).and_then(Value::as_u64).unwrap_or_default();
        let life = if lease == 0 { ENDLESS } else { Duration::from_secs(lease).min(ENDLESS) };
        Ok(Token::new(token, self.clock.wall() + life))
    }
}
