//! HashiCorp Vault over TLS, which fails, throttles, rotates, revokes and hangs when it is told to.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use gatewright::Body;
use gatewright::backend::Transport;
use gatewright::clock::Clock;
use gatewright::vault::{VaultAuth, VaultProvider};
use http::Response;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::{Authority, TestServer};

/// What the server does from now on.
#[derive(Clone, Debug, Default)]
pub struct Conduct {
    /// The field `key` of `secret/orders`, and its version.
    pub value: Value,
    pub version: u64,
    /// Instead of any answer to a question about a secret.
    pub answer: Option<(u16, Option<&'static str>, &'static str)>,
    pub hangs: bool,
    /// The token that is good, besides `root`.
    pub good: String,
    pub logins: usize,
}

pub struct HashiCorpVault {
    pub conduct: Arc<Mutex<Conduct>>,
    pub seen: Arc<Mutex<Vec<String>>>,
    pub authority: Authority,
    pub server: TestServer,
    pub clock: Clock,
}

impl HashiCorpVault {
    pub async fn start() -> Self {
        let authority = Authority::new();
        let conduct = Conduct { value: "c4n4ry-1".into(), version: 1, ..Conduct::default() };
        let (conduct, seen) = (Arc::new(Mutex::new(conduct)), Arc::<Mutex<Vec<String>>>::default());
        let (told, notes) = (conduct.clone(), seen.clone());
        let server = TestServer::tls(authority.server(&["localhost"], &[]), move |request| {
            let (told, notes) = (told.clone(), notes.clone());
            async move { answer(request, &told, &notes).await }
        })
        .await;
        let clock = Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
        Self { conduct, seen, authority, server, clock }
    }

    pub fn provider(&self, auth: impl Into<VaultAuth>) -> VaultProvider {
        let transport = Transport::builder().native_roots(false).root_certificates_pem(self.authority.pem());
        let provider = VaultProvider::new(transport.build().unwrap(), &self.server.tls_url("/"), auth).unwrap();
        provider.clock(self.clock.clone())
    }

    pub fn will(&self, change: impl FnOnce(&mut Conduct)) {
        change(&mut self.conduct.lock().unwrap());
    }

    pub fn seen(&self) -> Vec<String> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

/// A Vault, as far as it matters here.
async fn answer(request: http::Request<Incoming>, told: &Mutex<Conduct>, notes: &Mutex<Vec<String>>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let header = |name: &str| head.headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let note =
        format!("{} {} [{}] {}", head.method, head.uri, header("x-vault-namespace"), String::from_utf8_lossy(&body));
    notes.lock().unwrap().push(note);
    let reply = |status: u16, body: Value| {
        let response = Response::builder().status(status).header("content-type", "application/json");
        response.body(Body::from(body.to_string())).unwrap()
    };
    let conduct = told.lock().unwrap().clone();
    if conduct.hangs {
        return pending().await;
    }
    assert_eq!(header("x-vault-request"), "true");
    if head.uri.path().ends_with("/login") {
        let sent: Value = serde_json::from_slice(&body).unwrap();
        let is_known = sent == json!({"role_id": "gateway", "secret_id": "s3cr3t-id"})
            || sent == json!({"role": "gateway", "jwt": "jwt-of-the-pod"});
        if !is_known {
            return reply(400, json!({"errors": ["invalid role or secret ID"]}));
        }
        let mut conduct = told.lock().unwrap();
        conduct.logins += 1;
        conduct.good = format!("hvs.{}", conduct.logins);
        return reply(200, json!({"auth": {"client_token": conduct.good, "lease_duration": 3600, "renewable": true}}));
    }
    if let Some((status, after, body)) = conduct.answer {
        let mut response = Response::builder().status(status);
        if let Some(after) = after {
            response = response.header("retry-after", after);
        }
        return response.body(Body::from(body)).unwrap();
    }
    let token = header("x-vault-token");
    if token != "root" && token != conduct.good {
        return reply(403, json!({"errors": ["permission denied"]}));
    }
    let data = json!({"key": conduct.value, "port": 8443, "on": true, "list": [1], "none": null});
    match (head.uri.path(), head.uri.query()) {
        ("/v1/secret/data/orders", None | Some("version=1")) => {
            reply(200, json!({"data": {"data": data, "metadata": {"version": conduct.version}}}))
        }
        ("/v1/legacy/orders", None) => reply(200, json!({"data": data, "lease_duration": 2764800})),
        // A deleted version has data about itself.
        ("/v1/secret/data/gone", None) => reply(404, json!({"data": {"data": null, "metadata": {"version": 2}}})),
        _ => reply(404, json!({"errors": []})),
    }
}
