use gatewright::Body;
use gatewright::forward::ForwardOptions;
use gatewright::model::{Authorization, Backend, Credentials};
use http::Request;

use crate::support::{TestServer, echo, text};
use crate::{get, one, to_b, to_url, transport};

fn credentials() -> Credentials {
    Credentials::new()
        .header("x-key", "{{key}}")
        .header("x-many", "1")
        .header("x-many", "{{region}}-2")
        .query("code", "{{key}}/&")
        .authorization(Authorization::new("Basic", "{{Key}}="))
}

#[tokio::test]
async fn credentials_replace_what_the_caller_sent() {
    let server = TestServer::http(echo).await;
    let backends = one(&transport(), &Backend::new(server.url("/api")).unwrap().credentials(credentials()));
    let request = Request::get("/x?code=mine&a=1")
        .header("x-key", "mine")
        .header("x-many", "mine")
        .header("authorization", "mine")
        .body(Body::empty())
        .unwrap();
    let seen = text(backends.call(&to_b(), request, &ForwardOptions::default()).await.unwrap().into_body()).await;
    assert!(seen.starts_with("GET /api/x?a=1&code=s3cr3t%2F%26 HTTP/1.1\n"), "{seen}");
    for line in ["x-key: s3cr3t\n", "x-many: 1\n", "x-many: eu-2\n", "authorization: Basic s3cr3t=\n"] {
        assert_eq!(seen.matches(line).count(), 1, "{line} in {seen}");
    }
    assert!(!seen.contains("mine"), "{seen}");
}

#[tokio::test]
async fn a_url_that_an_entity_covers_gets_its_credentials() {
    let server = TestServer::http(echo).await;
    let backends = one(&transport(), &Backend::new(server.url("/api")).unwrap().credentials(credentials()));
    for (base, path, is_covered) in
        [("/api", "/x", true), ("", "/api/x", true), ("", "/apix", false), ("/ap", "/i", false)]
    {
        let response = backends.call(&to_url(&server.url(base)), get(path), &ForwardOptions::default()).await.unwrap();
        assert_eq!(text(response.into_body()).await.contains("s3cr3t"), is_covered, "{base} {path}");
    }
}

#[tokio::test]
async fn errors_and_debug_output_hold_no_secret() {
    let backend = Backend::new("http://127.0.0.1:1").unwrap().credentials(credentials());
    let backends = one(&transport(), &backend);
    let future = backends.call(&to_b(), get("/"), &ForwardOptions::default());
    let shown = format!("{backends:?} {future:?}");
    let error = future.await.unwrap_err();
    assert!(!format!("{shown} {error:?} {error} {}", error.message()).contains("s3cr3t"));
}
