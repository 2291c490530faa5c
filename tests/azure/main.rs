//! Identities of Azure, against token endpoints on loopback, and Key Vault. For identities what the environment says decides,
//! so that each case runs in a process of its own.

#![cfg(all(feature = "azure", any(feature = "aws-lc-rs", feature = "ring")))]

mod key_vault;

#[allow(unused_imports)] // The tests of backends use the rest.
#[path = "../support/mod.rs"]
mod support;

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use gatewright::Body;
use gatewright::azure::AzureIdentity;
use gatewright::backend::Transport;
use gatewright::forward::WebProxy;
use gatewright::identity::{TokenCache, TokenRequest};
use http::Response;
use http_body_util::BodyExt;
use support::{Authority, TestServer};

/// The process under test: prints the token it got, or why it got none.
#[tokio::test]
#[ignore = "run by the other tests"]
async fn child() {
    let mut builder = Transport::builder().native_roots(false);
    if let Ok(pem) = std::env::var("TEST_PEM") {
        builder = builder.root_certificates_pem(pem);
    }
    if let Ok(proxy) = std::env::var("TEST_PROXY") {
        builder = builder.proxy(WebProxy::parse(&proxy, None, None).unwrap());
    }
    let mut identity = AzureIdentity::new(&builder.build().unwrap());
    if let Ok(address) = std::env::var("TEST_METADATA_SERVICE") {
        identity = identity.metadata_service(address.parse().unwrap());
    }
    let tokens = TokenCache::new(identity);
    let mut request = TokenRequest::new("https://vault.azure.net");
    if let Ok(client) = std::env::var("TEST_CLIENT") {
        request = request.client_id(client);
    }
    for _ in 0..2 {
        match tokens.get(&request).await {
            Ok(token) => println!("got [{}]", token.expose()),
            Err(error) => println!("failed [{error}] refused {}", error.is_refused()),
        }
    }
}

async fn run_child(variables: &[(&str, &str)]) -> String {
    let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"]).stdin(Stdio::null());
    for name in ["IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "AZURE_FEDERATED_TOKEN_FILE"] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
    String::from_utf8_lossy(&command.output().await.unwrap().stdout).into_owned()
}

/// Notes requests as text and answers all of them alike.
async fn endpoint(
    config: Option<Arc<rustls::ServerConfig>>,
    status: u16,
    answer: String,
) -> (TestServer, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::<Mutex<Vec<String>>>::default();
    let notes = seen.clone();
    let handler = move |request: http::Request<hyper::body::Incoming>| {
        let (notes, answer) = (notes.clone(), answer.clone());
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let shown = head.headers.get("x-identity-header").or_else(|| head.headers.get("metadata"));
            let secret = shown.map_or("", |value| value.to_str().unwrap());
            notes.lock().unwrap().push(format!(
                "{} {} [{secret}] {}",
                head.method,
                head.uri,
                String::from_utf8_lossy(&body)
            ));
            let response = Response::builder().status(status).header("content-type", "application/json");
            response.body(Body::from(answer)).unwrap()
        }
    };
    match config {
        Some(config) => (TestServer::tls(config, handler).await, seen),
        None => (TestServer::http(handler).await, seen),
    }
}

fn in_an_hour() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() + 3600
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_endpoint_of_app_service_gives_a_token_once() {
    let answer = format!(
        r#"{{"access_token":"t0ken","expires_on":"{}","resource":"https://vault.azure.net","token_type":"Bearer"}}"#,
        in_an_hour()
    );
    let (server, seen) = endpoint(None, 200, answer).await;
    let url = server.url("/msi/token");
    let out =
        run_child(&[("IDENTITY_ENDPOINT", &url), ("IDENTITY_HEADER", "s3cr3t"), ("TEST_CLIENT", "5e29463d")]).await;
    assert_eq!(out.matches("got [t0ken]").count(), 2, "{out}");
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(seen[0].starts_with("GET /msi/token?") && seen[0].contains("[s3cr3t]"), "{seen:?}");
    for part in ["api-version=2019-08-01", "resource=https%3A%2F%2Fvault.azure.net", "client_id=5e29463d"] {
        assert!(seen[0].contains(part), "{part} in {seen:?}");
    }
}

/// A virtual machine: nothing in the environment, so that the metadata service is asked, and through no web proxy.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_metadata_service_of_a_virtual_machine_gives_a_token_once() {
    let answer = format!(
        r#"{{"access_token":"t0ken","client_id":"5e29463d","expires_in":"3600","expires_on":"{}","ext_expires_in":"3600","not_before":"1","resource":"https://vault.azure.net","token_type":"Bearer"}}"#,
        in_an_hour()
    );
    let (server, seen) = endpoint(None, 200, answer).await;
    let address = server.address().to_string();
    for client in [None, Some("5e29463d")] {
        // The port of a proxy where nothing listens.
        let mut variables = vec![("TEST_METADATA_SERVICE", &*address), ("TEST_PROXY", "http://127.0.0.1:9")];
        variables.extend(client.map(|client| ("TEST_CLIENT", client)));
        let out = run_child(&variables).await;
        assert_eq!(out.matches("got [t0ken]").count(), 2, "{out}");
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        assert_eq!(seen.len(), 1, "{seen:?}");
        assert!(seen[0].starts_with("GET /metadata/identity/oauth2/token?") && seen[0].contains("[true]"), "{seen:?}");
        assert!(seen[0].contains("resource=https%3A%2F%2Fvault.azure.net"), "{seen:?}");
        assert_eq!(seen[0].contains("client_id=5e29463d"), client.is_some(), "{seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_virtual_machine_without_the_identity_is_refused() {
    let answer = r#"{"error":"invalid_request","error_description":"Identity not found"}"#;
    let (server, _) = endpoint(None, 400, answer.to_owned()).await;
    let out = run_child(&[("TEST_METADATA_SERVICE", &server.address().to_string())]).await;
    assert_eq!(out.matches("refused true").count(), 2, "{out}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_identity_that_is_not_assigned_is_refused() {
    let answer = r#"{"error":"invalid_request","error_description":"Identity not found"}"#;
    let (server, _) = endpoint(None, 400, answer.to_owned()).await;
    let out = run_child(&[("IDENTITY_ENDPOINT", &server.url("/msi")), ("IDENTITY_HEADER", "s3cr3t")]).await;
    assert_eq!(out.matches("refused true").count(), 2, "{out}");
    assert!(!out.contains("s3cr3t"), "{out}");
    let shown = out.lines().find(|line| line.contains("failed [")).unwrap();
    assert!(shown.contains("the identity was refused: ") && shown.contains("] refused"), "one line: {out}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pod_shows_the_token_of_its_service_account() {
    let authority = Authority::new();
    let answer = r#"{"access_token":"t0ken","expires_in":3600,"ext_expires_in":3600,"token_type":"Bearer"}"#;
    let (server, seen) = endpoint(Some(authority.server(&["localhost"], &[])), 200, answer.to_owned()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "assertion").unwrap();
    let out = run_child(&[
        ("AZURE_FEDERATED_TOKEN_FILE", file.to_str().unwrap()),
        ("AZURE_TENANT_ID", "72f988bf"),
        ("AZURE_CLIENT_ID", "5e29463d"),
        ("AZURE_AUTHORITY_HOST", &server.tls_url("/")),
        ("TEST_PEM", authority.pem()),
    ])
    .await;
    assert_eq!(out.matches("got [t0ken]").count(), 2, "{out}");
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(seen[0].starts_with("POST /72f988bf/oauth2/v2.0/token [] "), "{seen:?}");
    for part in [
        "grant_type=client_credentials",
        "client_id=5e29463d",
        "client_assertion=assertion",
        "scope=https%3A%2F%2Fvault.azure.net%2F.default",
    ] {
        assert!(seen[0].contains(part), "{part} in {seen:?}");
    }
}
