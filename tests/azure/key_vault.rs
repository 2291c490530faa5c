//! Key Vault, against a server that speaks TLS under the name of a vault, and fails, throttles, rotates and hangs in turn.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use gatewright::Body;
use gatewright::azure::KeyVaultProvider;
use gatewright::backend::Transport;
use gatewright::clock::Clock;
use gatewright::forward::WebProxy;
use gatewright::gateway::{Gateway, KeyVaultSecrets};
use gatewright::identity::{Error as TokenError, Token, TokenCache, TokenRequest, TokenSource};
use gatewright::management::{BearerToken, Management};
use gatewright::model::Store;
use gatewright::secret::SecretProvider;
use http::{Request, Response};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::{Authority, TestProxy, TestServer, text};

const VAULT: &str = "https://contoso.vault.azure.net";
const TOKEN: &str = "eyJ-t0ken";
const VERSIONS: [&str; 2] = ["4387e9f3d6e14c459867679a90fd0f79", "00000000000000000000000000000002"];

/// What the vault answers from now on.
#[derive(Clone)]
enum Conduct {
    /// A value, in one of two versions.
    Gives(String, usize),
    Fails(u16, Option<&'static str>),
    Says(&'static str),
    Hangs,
}

struct Vault {
    conduct: Arc<Mutex<Conduct>>,
    /// Each request: path, query and token.
    seen: Arc<Mutex<Vec<String>>>,
    authority: Authority,
    proxy: TestProxy,
    _server: TestServer,
}

impl Vault {
    async fn start(resource: &'static str) -> Self {
        let authority = Authority::new();
        let conduct = Arc::new(Mutex::new(Conduct::Gives("c4n4ry-1".to_owned(), 0)));
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let (told, notes) = (conduct.clone(), seen.clone());
        let config = authority.server(&["contoso.vault.azure.net"], &[]);
        let server = TestServer::tls(config, move |request| {
            let token = request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
            notes.lock().unwrap().push(format!("{} {}", request.uri(), token.as_deref().unwrap_or("-")));
            let conduct = told.lock().unwrap().clone();
            async move {
                let response = Response::builder();
                let Some(_) = token else {
                    let challenge =
                        format!(r#"Bearer authorization="https://login.microsoftonline.com/t", resource="{resource}""#);
                    let body = r#"{"error":{"code":"Unauthorized","message":"AKV10000: Request is missing a Bearer or PoP token."}}"#;
                    return response.status(401).header("www-authenticate", challenge).body(Body::from(body)).unwrap();
                };
                match conduct {
                    Conduct::Gives(value, version) => {
                        let id = format!("{VAULT}/secrets/n/{}", VERSIONS[version]);
                        let body = json!({"value": value, "id": id, "attributes": {"enabled": true, "exp": 4102444800u64}});
                        response.header("content-type", "application/json").body(Body::from(body.to_string())).unwrap()
                    }
                    Conduct::Fails(status, after) => {
                        let mut response = response.status(status).header("content-type", "application/json");
                        if let Some(after) = after {
                            response = response.header("retry-after", after);
                        }
                        let body = json!({"error": {"code": format!("Code{status}"), "message": "what it says"}});
                        response.body(Body::from(body.to_string())).unwrap()
                    }
                    Conduct::Says(body) => response.body(Body::from(body)).unwrap(),
                    Conduct::Hangs => pending().await,
                }
            }
        })
        .await;
        let proxy = TestProxy::to(&server).await;
        Self { conduct, seen, authority, proxy, _server: server }
    }

    fn will(&self, conduct: Conduct) {
        *self.conduct.lock().unwrap() = conduct;
    }

    fn gives(&self, value: &str, version: usize) {
        self.will(Conduct::Gives(value.to_owned(), version));
    }

    fn seen(&self) -> Vec<String> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }

    fn transport(&self) -> Transport {
        let builder = Transport::builder().native_roots(false).root_certificates_pem(self.authority.pem());
        builder.proxy(WebProxy::parse(&self.proxy.url(), None, None).unwrap()).build().unwrap()
    }

    fn provider(&self, identity: &Identity) -> KeyVaultProvider {
        KeyVaultProvider::new(&self.transport(), TokenCache::new(identity.clone()))
    }
}

/// Notes what tokens are asked for.
#[derive(Clone, Default)]
struct Identity(Arc<Mutex<Vec<TokenRequest>>>);

#[async_trait::async_trait]
impl TokenSource for Identity {
    async fn token(&self, request: &TokenRequest) -> Result<Token, TokenError> {
        self.0.lock().unwrap().push(request.clone());
        Ok(Token::new(TOKEN, SystemTime::now() + Duration::from_secs(3600)))
    }
}

fn id(version: Option<usize>) -> String {
    match version {
        None => format!("{VAULT}/secrets/n"),
        Some(version) => format!("{VAULT}/secrets/n/{}", VERSIONS[version]),
    }
}

#[tokio::test]
async fn a_challenge_is_answered_once() {
    let vault = Vault::start("https://vault.azure.net").await;
    let identity = Identity::default();
    let provider = vault.provider(&identity);
    for (asked, path) in [(None, "/secrets/n/"), (Some(0), "/secrets/n/4387e9f3d6e14c459867679a90fd0f79")] {
        let found = provider.get(&id(asked)).await.unwrap();
        assert_eq!((found.secret.expose(), found.version.as_deref()), ("c4n4ry-1", Some(VERSIONS[0])));
        assert_eq!(found.expires, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(4_102_444_800)));
        let seen = vault.seen();
        let with_token = seen.last().unwrap();
        assert!(with_token.starts_with(path) && with_token.contains("api-version=7.4"), "{seen:?}");
        assert!(with_token.ends_with(&format!("Bearer {TOKEN}")), "{seen:?}");
        // The first question alone is without token.
        assert_eq!(seen.iter().filter(|request| request.ends_with(" -")).count(), usize::from(asked.is_none()));
    }
    let asked = |identity: &Identity| identity.0.lock().unwrap().clone();
    assert_eq!(asked(&identity), [TokenRequest::new("https://vault.azure.net")]);
    provider.get_as(&id(None), "5e29463d").await.unwrap();
    assert_eq!(asked(&identity).last(), Some(&TokenRequest::new("https://vault.azure.net").client_id("5e29463d")));
    assert!(!provider.is_fixed(&id(None)) && provider.is_fixed(&id(Some(1))) && !provider.is_fixed("x"));
    assert!(!format!("{provider:?}").contains(TOKEN));
}

#[tokio::test]
async fn a_challenge_of_another_domain_gets_no_token() {
    let vault = Vault::start("https://evil.example").await;
    let identity = Identity::default();
    let error = vault.provider(&identity).get(&id(None)).await.unwrap_err();
    assert!(error.is_unavailable() && error.to_string().contains("doesn't match"), "{error}");
    assert!(identity.0.lock().unwrap().is_empty());
    assert_eq!(vault.seen().len(), 1);
    let found = vault.provider(&identity).checks_domain(false).get(&id(None)).await.unwrap();
    assert_eq!(found.secret.expose(), "c4n4ry-1");
}

#[tokio::test]
async fn failures_say_what_the_vault_says() {
    let vault = Vault::start("https://vault.azure.net").await;
    let provider = vault.provider(&Identity::default());
    assert!(provider.get("https://contoso.vault.azure.net/keys/n").await.unwrap_err().is_invalid_id());
    vault.will(Conduct::Fails(404, None));
    assert!(provider.get(&id(None)).await.unwrap_err().is_not_found());
    for (status, after, seconds) in
        [(403, None, None), (429, Some("7"), Some(7)), (503, Some("120"), Some(120)), (500, Some("soon"), None)]
    {
        vault.will(Conduct::Fails(status, after));
        vault.seen();
        let error = provider.get(&id(None)).await.unwrap_err();
        assert!(error.is_unavailable() && error.to_string().contains(&status.to_string()), "{error}");
        assert_eq!(error.retry_after(), seconds.map(Duration::from_secs), "{error}");
        assert!(!error.to_string().contains('\n') && !format!("{error:?}").contains(TOKEN), "{error:?}");
        assert_eq!(vault.seen().len(), 1, "nothing is repeated at once");
    }
    for nonsense in ["", "{}", "[1]", "<html>", r#"{"value": 1}"#] {
        vault.will(Conduct::Says(nonsense));
        assert!(provider.get(&id(None)).await.unwrap_err().is_unavailable(), "{nonsense}");
    }
    vault.will(Conduct::Hangs);
    tokio::time::pause();
    let error = provider.get(&id(None)).await.unwrap_err();
    tokio::time::resume();
    assert!(error.is_unavailable() && error.to_string().contains("no answer within 30 s"), "{error}");
    vault.gives("c4n4ry-2", 1);
    assert_eq!(provider.get(&id(None)).await.unwrap().version.as_deref(), Some(VERSIONS[1]));
}

/// A gateway with management, whose secrets are in the vault.
struct Site {
    gateway: Gateway,
    management: Management,
    clock: Clock,
}

impl Site {
    fn new(vault: &Vault) -> Self {
        let clock = Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
        let secrets = KeyVaultSecrets::new(vault.provider(&Identity::default())).clock(clock.clone());
        let transport = Transport::builder().native_roots(false).root_certificates_pem(vault.authority.pem());
        let gateway = Gateway::builder().transport(transport.build().unwrap()).build(&Store::new()).unwrap();
        let management =
            Management::new(gateway.clone(), Store::new(), BearerToken::new("t")).key_vault(Arc::new(secrets));
        Self { gateway, management, clock }
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let url = format!(
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/c{path}?api-version=2024-05-01"
        );
        let request = Request::builder().method(method).uri(url).header("authorization", "Bearer t");
        let body = json!({ "properties": body }).to_string();
        let response = self.management.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body = text(response.into_body()).await;
        (status, serde_json::from_str(&body).unwrap_or_default())
    }

    async fn put(&self, path: &str, body: Value) {
        let (status, answer) = self.call("PUT", path, body).await;
        assert_eq!(status, 201, "{answer}");
    }

    async fn status(&self, path: &str) -> Value {
        self.call("GET", path, Value::Null).await.1["properties"]["keyVault"]["lastStatus"].clone()
    }

    async fn answer(&self) -> String {
        let request = Request::get("/a/x").body(Body::empty()).unwrap();
        text(self.gateway.clone().oneshot(request).await.unwrap().into_body()).await
    }

    /// Time passes, and then what is due is refreshed.
    async fn after(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.management.refresh_due().await;
    }

    async fn api(&self, inbound: &str) {
        let policy = format!(
            "<policies><inbound><base />{inbound}</inbound><backend><base /></backend><outbound><base /></outbound>\
             <on-error><base /></on-error></policies>"
        );
        let api = json!({"displayName": "a", "path": "a", "subscriptionRequired": false, "protocols": ["https"]});
        self.put("/apis/a", api).await;
        let operation = json!({"displayName": "x", "method": "GET", "urlTemplate": "/x"});
        self.put("/apis/a/operations/x", operation).await;
        self.put("/apis/a/policies/policy", json!({"format": "rawxml", "value": policy})).await;
    }
}

#[tokio::test]
async fn a_vault_rotates_throttles_fails_and_hangs_in_turn() {
    let vault = Vault::start("https://vault.azure.net").await;
    let site = Site::new(&vault);
    let in_vault = |id: String| json!({"displayName": "n", "keyVault": {"secretIdentifier": id}});
    site.put("/namedValues/n", in_vault(id(None))).await;
    let mut fixed = in_vault(id(Some(0)));
    fixed["displayName"] = "fixed".into();
    site.put("/namedValues/fixed", fixed).await;
    site.api("<return-response><set-body>{{n}} {{fixed}}</set-body></return-response>").await;
    assert_eq!(site.answer().await, "c4n4ry-1 c4n4ry-1");
    assert_eq!(site.status("/namedValues/n").await["code"], "Success");

    // Rotated: seen after four hours, and nobody asks before.
    vault.gives("c4n4ry-2", 1);
    vault.seen();
    site.after(4 * 3600 - 1).await;
    assert_eq!((site.answer().await, vault.seen().len()), ("c4n4ry-1 c4n4ry-1".to_owned(), 0));
    site.after(1).await;
    assert_eq!((site.answer().await, vault.seen().len()), ("c4n4ry-2 c4n4ry-1".to_owned(), 1));
    let success = site.status("/namedValues/n").await;
    assert_eq!(success, json!({"code": "Success", "timeStampUtc": "2023-11-15T02:13:20.0000000Z"}));

    // Throttled: left alone as long as it wants.
    vault.will(Conduct::Fails(429, Some("600")));
    site.after(4 * 3600).await;
    assert_eq!((site.answer().await, vault.seen().len()), ("c4n4ry-2 c4n4ry-1".to_owned(), 1));
    let failed = site.status("/namedValues/n").await;
    assert_eq!(failed["code"], "RefreshFailed");
    assert!(failed["message"].as_str().unwrap().contains("429"), "{failed}");
    site.after(599).await;
    assert_eq!(vault.seen().len(), 0);
    // Down: a minute from one question to the next.
    vault.will(Conduct::Fails(500, None));
    site.after(1).await;
    site.after(59).await;
    assert_eq!(vault.seen().len(), 1);
    // It hangs.
    vault.will(Conduct::Hangs);
    tokio::time::pause();
    site.after(1).await;
    tokio::time::resume();
    assert_eq!(site.answer().await, "c4n4ry-2 c4n4ry-1");
    assert!(site.status("/namedValues/n").await["message"].as_str().unwrap().contains("no answer within 30 s"));
    let (_, list) = site.call("GET", "/namedValues", Value::Null).await;
    assert!(!list.to_string().contains("c4n4ry"), "{list}");
    // Gone.
    vault.will(Conduct::Fails(404, None));
    site.after(60).await;
    assert_eq!(site.answer().await, "c4n4ry-2 c4n4ry-1");
    // And well again.
    vault.gives("c4n4ry-3", 0);
    site.after(60).await;
    assert_eq!(site.answer().await, "c4n4ry-3 c4n4ry-1");
    assert_eq!(site.status("/namedValues/n").await["code"], "Success");
    // By hand, before it is due.
    vault.gives("c4n4ry-4", 1);
    assert_eq!(site.call("POST", "/namedValues/n/refreshSecret", Value::Null).await.0, 200);
    assert_eq!(site.answer().await, "c4n4ry-4 c4n4ry-1");
}

#[tokio::test]
async fn a_secret_that_cannot_be_served_is_left_out() {
    let vault = Vault::start("https://vault.azure.net").await;
    let site = Site::new(&vault);
    vault.gives("1", 0);
    site.put("/namedValues/n", json!({"displayName": "n", "keyVault": {"secretIdentifier": id(None)}})).await;
    site.api("<return-response><set-body>@(\"\" + ({{n}} + 1))</set-body></return-response>").await;
    assert_eq!(site.answer().await, "2");
    vault.gives("not C#", 1);
    site.after(4 * 3600).await;
    assert_eq!(site.answer().await, "2");
    let status = site.status("/namedValues/n").await;
    assert_eq!(status["code"], "RefreshFailed", "{status}");
    // Other changes are made with the last good one.
    site.put("/backends/b", json!({"url": "https://b.internal", "protocol": "http"})).await;
    vault.gives("2", 1);
    site.after(4 * 3600).await;
    assert_eq!(site.answer().await, "3");
    assert_eq!(site.status("/namedValues/n").await["code"], "Success");
}

#[tokio::test]
async fn a_certificate_is_shown_to_backends_and_rotated() {
    let vault = Vault::start("https://vault.azure.net").await;
    let clients = Authority::new();
    let (first, first_thumbprint) = clients.client("first");
    let (second, second_thumbprint) = clients.client("second");
    let backend = TestServer::mutual(vault.authority.mutual(&clients), |_, shown| async move {
        Response::builder().header("connection", "close").body(Body::from(shown)).unwrap()
    })
    .await;
    let site = Site::new(&vault);
    vault.gives(&first, 0);
    site.put("/certificates/c", json!({"keyVault": {"secretIdentifier": id(None)}})).await;
    let credentials = json!({"certificateIds": ["/certificates/c"]});
    site.put("/backends/b", json!({"url": backend.tls_url(""), "protocol": "http", "credentials": credentials})).await;
    site.api(r#"<set-backend-service backend-id="b" />"#).await;
    assert_eq!(site.answer().await, first_thumbprint);
    vault.gives(&second, 1);
    site.after(4 * 3600).await;
    assert_eq!(site.answer().await, second_thumbprint);
    let (_, shown) = site.call("GET", "/certificates/c", Value::Null).await;
    assert_eq!(shown["properties"]["thumbprint"], second_thumbprint);
    // What is no certificate is not taken.
    vault.gives("not a certificate", 1);
    site.after(4 * 3600).await;
    assert_eq!(site.answer().await, second_thumbprint);
    assert_eq!(site.status("/certificates/c").await["code"], "RefreshFailed");
}
