//! A canary secret in every place that takes one comes out nowhere: not in logs, traces, errors, debug prints or answers.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use gatewright::Body;
use gatewright::backend::Transport;
use gatewright::gateway::{Gateway, KeyVaultSecrets};
use gatewright::management::{BearerToken, Folder, Management};
use gatewright::policy::{DebugTokens, RequestTracing};
use gatewright::secret::{Error, SecretProvider, SecretValue};
use gatewright::sink::RecentTraces;
use http::{Request, Response};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::SERVICE;
use crate::support::{Authority, Log, TestServer, text};

const CANARY: &str = "c4n4ry-0123456789";
const VAULT: &str = "https://v.vault.azure.net/secrets/";

/// Gives the canary once, and then fails.
#[derive(Default)]
struct Vault(Mutex<Vec<String>>);

#[async_trait::async_trait]
impl SecretProvider for Vault {
    async fn get(&self, id: &str) -> Result<SecretValue, Error> {
        let mut asked = self.0.lock().unwrap();
        if asked.iter().any(|other| other == id) {
            return Err(Error::unavailable(id, "the vault is down"));
        }
        asked.push(id.to_owned());
        Ok(SecretValue::new(CANARY))
    }
}

#[tokio::test]
async fn a_canary_comes_out_nowhere() {
    let log = Log::default();
    // Changes are made on other threads, so that a subscriber of this thread would miss them.
    let is_ours = tracing::subscriber::set_global_default(log.subscriber()).is_ok();
    assert!(is_ours, "another test logs");

    let temporary = tempfile::tempdir().unwrap();
    let (folder, loaded) = Folder::open(temporary.path()).unwrap();
    let authority = Authority::new();
    let (tokens, traces) = (DebugTokens::new("key"), RecentTraces::default());
    let gateway = Gateway::builder()
        .transport(Transport::builder().native_roots(false).root_certificates_pem(authority.pem()).build().unwrap())
        .request_tracing(RequestTracing::new(tokens.clone(), traces.clone()))
        .build(&loaded.store)
        .unwrap();
    let secrets = Arc::new(KeyVaultSecrets::new(Vault::default()).interval(Duration::ZERO));
    let management = Management::new(gateway.clone(), loaded.store, BearerToken::new(format!("{CANARY}-token")));
    let management = management.key_vault(secrets.clone()).folder(folder);
    let server = TestServer::http(|request| async move {
        // The backend is the one that sees it.
        assert_eq!(request.headers()["x-key"], CANARY);
        assert!(request.uri().query().is_some_and(|query| query.contains(&format!("code={CANARY}"))));
        Response::new(Body::from("ok"))
    })
    .await;

    let events = Arc::<Mutex<Vec<String>>>::default();
    let taken = events.clone();
    let hub = TestServer::tls(authority.server(&["localhost"], &["http/1.1"]), move |request| {
        taken.lock().unwrap().push(request.uri().path().to_owned());
        async { Response::builder().status(201).body(Body::empty()).unwrap() }
    })
    .await;
    let event_hub = |host: &str| {
        let text = format!("Endpoint=sb://{host}/;SharedAccessKeyName=s;SharedAccessKey={CANARY}");
        json!({"loggerType": "azureEventHub", "credentials": {"name": "requests", "connectionString": text}})
    };
    let event = r#"<log-to-eventhub logger-id="hub">event</log-to-eventhub><log-to-eventhub logger-id="down">event</log-to-eventhub>"#;

    let mut told = String::new();
    let call = async |method: &str, path: &str, properties: Value| {
        let url = format!("{SERVICE}{path}?api-version=2024-05-01");
        let request = Request::builder().method(method).uri(url);
        let request = request.header("authorization", format!("Bearer {CANARY}-token")).header("if-match", "*");
        let body = Body::from(json!({ "properties": properties }).to_string());
        let response = management.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        (response.status().as_u16(), text(response.into_body()).await)
    };
    let (pem, _) = Authority::new().client("client");
    let policy = |inbound: &str| {
        let value = format!(
            "<policies><inbound><base />{inbound}</inbound><backend><base /></backend><outbound><base /></outbound>\
             <on-error><base /></on-error></policies>"
        );
        json!({ "format": "rawxml", "value": value })
    };
    let credentials = json!({
        "header": { "x-key": ["{{secret}}"] }, "query": { "code": ["{{vaulted}}"] },
        "authorization": { "scheme": "Bearer", "parameter": "{{secret}}" },
    });
    let free =
        |path: &str| json!({"displayName": path, "path": path, "subscriptionRequired": false, "protocols": ["https"]});
    let operation = || json!({"displayName": "x", "method": "GET", "urlTemplate": "/x"});
    for (status, path, properties) in [
        (201, "/namedValues/secret", json!({"displayName": "secret", "value": CANARY, "secret": true})),
        (
            201,
            "/namedValues/vaulted",
            json!({"displayName": "vaulted", "keyVault": {"secretIdentifier": format!("{VAULT}a")}}),
        ),
        (400, "/certificates/vaulted", json!({"keyVault": {"secretIdentifier": format!("{VAULT}b")}})),
        (
            400,
            "/namedValues/down",
            json!({"displayName": "down", "keyVault": {"secretIdentifier": format!("{VAULT}b")}}),
        ),
        (201, "/certificates/c", json!({"data": pem, "password": CANARY})),
        (
            201,
            "/subscriptions/s",
            json!({"displayName": "s", "scope": "/apis", "primaryKey": format!("{CANARY}-key"), "state": "active"}),
        ),
        (
            201,
            "/loggers/l",
            json!({"loggerType": "applicationInsights", "credentials": {"instrumentationKey": CANARY}}),
        ),
        (
            201,
            "/caches/default",
            json!({"connectionString": format!("redis,password={CANARY}"), "useFromLocation": "default"}),
        ),
        (201, "/loggers/hub", event_hub(&format!("localhost:{}", hub.address().port()))),
        (201, "/loggers/down", event_hub("127.0.0.1:1")),
        (201, "/backends/b", json!({"url": server.url("/up"), "protocol": "http", "credentials": credentials})),
        (201, "/apis/a", json!({"displayName": "a", "path": "a", "protocols": ["https"]})),
        (201, "/apis/a/operations/x", operation()),
        (
            201,
            "/apis/a/policies/policy",
            policy(&format!(
                r#"{event}<set-variable name="v" value="{{{{secret}}}}" /><set-backend-service backend-id="b" />"#
            )),
        ),
        (201, "/apis/wrong", free("wrong")),
        (201, "/apis/wrong/operations/x", operation()),
        (
            201,
            "/apis/wrong/policies/policy",
            policy(r#"<set-header name="x"><value>@(int.Parse("{{secret}}").ToString())</value></set-header>"#),
        ),
        (400, "/policies/policy", policy(r#"<set-variable name="v" value="@({{vaulted}} +)" />"#)),
        (400, "/namedValues/other", json!({"displayName": "other", "value": [CANARY]})),
    ] {
        let (answered, text) = call("PUT", path, properties).await;
        assert_eq!(answered, status, "{path}: {text}");
        told += &text;
    }
    // A workspace has secrets of its own.
    for (status, path, properties) in [
        (201, "", json!({"displayName": "W"})),
        (201, "/namedValues/secret", json!({"displayName": "inner", "value": CANARY, "secret": true})),
        (
            201,
            "/namedValues/vaulted",
            json!({"displayName": "inner-vaulted", "keyVault": {"secretIdentifier": format!("{VAULT}w")}}),
        ),
        (201, "/certificates/c", json!({"data": pem, "password": CANARY})),
        (
            201,
            "/subscriptions/t",
            json!({"displayName": "t", "scope": "/apis", "primaryKey": format!("{CANARY}-inner"), "state": "active"}),
        ),
        (201, "/loggers/hub", event_hub(&format!("localhost:{}", hub.address().port()))),
        (201, "/loggers/down", event_hub("127.0.0.1:1")),
        (
            201,
            "/backends/b",
            json!({"url": server.url("/up"), "credentials": {
                "header": { "x-key": ["{{inner}}"] }, "query": { "code": ["{{inner-vaulted}}"] } }}),
        ),
        (201, "/apis/inner", json!({"displayName": "inner", "path": "inner", "protocols": ["https"]})),
        (201, "/apis/inner/operations/x", operation()),
        (
            201,
            "/apis/inner/policies/policy",
            policy(&format!(
                r#"{event}<set-variable name="v" value="{{{{inner}}}}" /><set-backend-service backend-id="b" />"#
            )),
        ),
        (201, "/apis/bad", free("bad")),
        (201, "/apis/bad/operations/x", operation()),
        (
            201,
            "/apis/bad/policies/policy",
            policy(r#"<set-header name="x"><value>@(int.Parse("{{inner}}").ToString())</value></set-header>"#),
        ),
        (400, "/policies/policy", policy(r#"<set-variable name="v" value="@({{inner}} +)" />"#)),
        (400, "/namedValues/other", json!({"displayName": "other", "value": [CANARY]})),
        (400, "/certificates/d", json!({"data": CANARY, "password": CANARY})),
        (400, "/backends/d", json!({"url": server.url(""), "credentials": {"header": {"x": [format!("{CANARY}\n")]}}})),
    ] {
        let (answered, text) = call("PUT", &format!("/workspaces/w{path}"), properties).await;
        assert_eq!(answered, status, "{path}: {text}");
        told += &text;
    }
    for list in ["", "/namedValues", "/certificates", "/subscriptions", "/loggers", "/backends", "/apis"] {
        told += &call("GET", &format!("/workspaces/w{list}"), Value::Null).await.1;
    }
    for list in ["/namedValues", "/certificates", "/subscriptions", "/loggers", "/caches", "/backends", "/apis"] {
        told += &call("GET", list, Value::Null).await.1;
    }
    // Plain values of a Backend come back where the contract has them, and nowhere else.
    let plain = json!({
        "header": { "x-key": [CANARY] }, "query": { "code": [CANARY] },
        "authorization": { "scheme": "Bearer", "parameter": CANARY },
    });
    let proxy = json!({ "url": "http://127.0.0.1:1", "username": "u", "password": CANARY });
    let follow = r#"<forward-request follow-redirects="true" />"#;
    for (path, properties, is_refused) in [
        ("/backends/plain", json!({"url": server.url("/up"), "credentials": plain.clone()}), false),
        ("/backends/closed", json!({"url": "http://127.0.0.1:1", "credentials": plain.clone()}), false),
        ("/backends/proxied", json!({"url": server.url("/up"), "credentials": plain.clone(), "proxy": proxy}), false),
        ("/backends/d", json!({"url": server.url(""), "credentials": {"header": {"no name": [CANARY]}}}), true),
        (
            "/backends/d",
            json!({"url": server.url(""), "credentials": {"header": {"x": [format!("{CANARY}\n")]}}}),
            true,
        ),
        (
            "/backends/d",
            json!({"url": server.url(""), "credentials": {"authorization": {"scheme": "a b\n", "parameter": CANARY}}}),
            true,
        ),
        ("/backends/d", json!({"url": server.url(""), "proxy": {"url": "ftp://x", "password": CANARY}}), true),
        ("/backends/d", json!({"url": server.url(""), "proxy": {"url": "x", "password": {"x": CANARY}}}), true),
    ] {
        let (status, text) = call("PUT", path, properties).await;
        assert_eq!(status == 400, is_refused, "{path}: {text}");
        if is_refused {
            told += &text;
        }
    }
    for name in ["plain", "closed", "proxied", "followed"] {
        let (mut api, backend) = (free(name), if name == "followed" { "plain" } else { name });
        api["serviceUrl"] = server.url("/").into();
        assert_eq!(call("PUT", &format!("/apis/{name}"), api).await.0, 201);
        assert_eq!(call("PUT", &format!("/apis/{name}/operations/x"), operation()).await.0, 201);
        let mut document = policy(&format!(r#"<set-backend-service backend-id="{backend}" />"#));
        if name == "followed" {
            let value = document["value"].as_str().unwrap().replacen(
                "<backend><base /></backend>",
                &format!("<backend>{follow}</backend>"),
                1,
            );
            document["value"] = value.into();
        }
        assert_eq!(call("PUT", &format!("/apis/{name}/policies/policy"), document).await.0, 201, "{name}");
    }
    // The vault fails from now on.
    for owner in ["", "/workspaces/w"] {
        let (status, text) = call("POST", &format!("{owner}/namedValues/vaulted/refreshSecret"), Value::Null).await;
        assert!(status == 200 && text.contains("RefreshFailed"), "{text}");
        told += &text;
    }
    management.refresh_due().await;

    let debug = |api: &str| tokens.issue(api, Duration::from_secs(60), SystemTime::now());
    for (path, status) in [
        ("/a/x", 200),
        ("/wrong/x", 500),
        ("/a/none", 404),
        ("/plain/x", 200),
        ("/followed/x", 200),
        ("/closed/x", 500),
        ("/proxied/x", 500),
        ("/inner/x", 200),
        ("/bad/x", 500),
    ] {
        // A workspace has keys of its own.
        let key = if path == "/inner/x" { format!("{CANARY}-inner") } else { format!("{CANARY}-key") };
        let request = Request::get(path)
            .header("Host", "gateway.test")
            .header("Apim-Debug-Authorization", debug(path.split('/').nth(1).unwrap()))
            .header("Ocp-Apim-Subscription-Key", key);
        let response = gateway.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{path}");
        let id = response.headers().get("apim-trace-id").map(|id| id.to_str().unwrap().to_owned());
        told += &format!("{:?}", response.headers());
        told += &text(response.into_body()).await;
        gateway.drained().await;
        // A trace is written when the response is over.
        if let Some(trace) = id.and_then(|id| traces.get(&id)) {
            told += &trace.to_json().to_string();
        }
    }
    assert_eq!(*events.lock().unwrap(), ["/requests/messages", "/requests/messages"]);
    assert!(told.contains("traceEntries"), "nothing was traced: {told}");
    told += &format!("{management:?} {:?} {gateway:?} {secrets:?}", management.store());

    let log = log.text();
    assert!(log.contains("a secret was not refreshed"), "nothing was logged: {log}");
    for (what, text) in [("answers", &told), ("the log", &log)] {
        let found = text.find(CANARY).map(|at| text.get(at.saturating_sub(300)..at + 30).unwrap_or_default());
        assert_eq!(found, None, "in {what}");
    }
}
