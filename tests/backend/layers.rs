use gatewright::Body;
use gatewright::backend::{BackendLayer, BackendService, CredentialsLayer, Error};
use gatewright::forward::{ClientAddress, ForwardOptions, HttpVersion};
use gatewright::model::{Backend, Credentials, Tls};
use gatewright::secret::NamedValues;
use http::{HeaderValue, Request, Response};
use tower::ServiceExt;
use tower_layer::Layer;
use tower_service::Service;

use crate::support::{TestServer, echo, text};
use crate::{get, transport};

fn values() -> NamedValues {
    NamedValues::new().secret("key", "s3cr3t")
}

fn credentials() -> Credentials {
    Credentials::new().header("x-key", "{{key}}").query("code", "{{key}}")
}

#[tokio::test]
async fn the_credentials_layer_calls_the_service_that_was_ready() {
    let layer = CredentialsLayer::new(&credentials(), &values()).unwrap();
    let (mock, mut handle) = tower_test::mock::pair::<Request<()>, Response<()>>();
    let mut service = tower_test::mock::Spawn::new(layer.layer(mock));
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
    let response = service.call(Request::get("/p?code=x").body(()).unwrap());
    let (request, answer) = handle.next_request().await.unwrap();
    assert_eq!(request.uri(), "/p?code=s3cr3t");
    assert_eq!(request.headers()["x-key"], "s3cr3t");
    assert!(request.headers()["x-key"].is_sensitive());
    answer.send_response(Response::new(()));
    response.await.unwrap();
    assert!(service.poll_ready().is_pending(), "what was allowed is used up");
}

#[tokio::test]
async fn the_credentials_layer_keeps_whole_uris() {
    let layer = CredentialsLayer::new(&credentials(), &values()).unwrap();
    let inner =
        tower::service_fn(async |request: Request<()>| Ok::<_, Error>(Response::new(request.uri().to_string())));
    for (given, expected) in [
        ("https://b.example", "https://b.example/?code=s3cr3t"),
        ("https://b.example/p?a=1", "https://b.example/p?a=1&code=s3cr3t"),
        ("/", "/?code=s3cr3t"),
    ] {
        let request = Request::get(given).body(()).unwrap();
        assert_eq!(layer.layer(inner).oneshot(request).await.unwrap().body(), expected);
    }
}

#[tokio::test]
async fn a_uri_without_room_for_credentials_stays_as_it_is() {
    let layer = CredentialsLayer::new(&credentials(), &values()).unwrap();
    let inner = tower::service_fn(async |request: Request<()>| Ok::<_, Error>(Response::new(request.uri().clone())));
    let long = "x".repeat(65_525);
    for given in [format!("/{long}"), format!("http://b/{long}")] {
        let request = Request::delete(given.as_str()).body(()).unwrap();
        assert_eq!(layer.layer(inner).oneshot(request).await.unwrap().into_body().to_string(), given);
    }
}

#[tokio::test]
async fn the_backend_layer_calls_the_service_that_was_ready() {
    let backend = Backend::new("https://b.example/api").unwrap().credentials(credentials());
    let layer = BackendLayer::new("b", &backend, &values()).unwrap();
    let (mock, mut handle) = tower_test::mock::pair::<Request<Body>, Response<Body>>();
    let inner = mock.map_err(|_| Error::timeout());
    let mut service = tower_test::mock::Spawn::new(layer.layer(inner));
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
    let mut request = get("/p");
    request.extensions_mut().insert(ClientAddress("192.0.2.1".parse().unwrap()));
    let response = service.call(request);
    let (request, answer) = handle.next_request().await.unwrap();
    assert_eq!(request.uri(), "https://b.example/api/p?code=s3cr3t");
    assert_eq!(request.headers()["host"], "b.example");
    assert_eq!(request.headers()["x-forwarded-for"], "192.0.2.1");
    let mut given = Response::new(Body::empty());
    given.headers_mut().insert("connection", HeaderValue::from_static("close"));
    answer.send_response(given);
    assert!(response.await.unwrap().headers().is_empty());
    assert!(service.poll_ready().is_pending(), "what was allowed is used up");
}

#[tokio::test]
async fn the_backend_layer_says_what_cannot_be_sent() {
    let layer = BackendLayer::new("b", &Backend::new("https://b.example").unwrap(), &values()).unwrap();
    let inner = tower::service_fn(async |_: Request<Body>| Ok::<_, Error>(Response::new(Body::empty())));
    let request = Request::connect("x.example:443").body(Body::empty()).unwrap();
    let error = layer.layer(inner).oneshot(request).await.unwrap_err();
    assert_eq!(error.backend(), Some("b"));
}

#[test]
fn the_backend_layer_refuses_tls_settings() {
    let backend = Backend::new("https://b.example").unwrap();
    assert!(BackendLayer::new("b", &backend.clone().tls(Tls::new()), &values()).is_ok());
    let error = BackendLayer::new("b", &backend.tls(Tls::new().validate_certificate_name(false)), &values());
    assert!(error.unwrap_err().to_string().contains("use `BackendService`"));
}

#[tokio::test]
async fn a_backend_is_a_service_of_its_own() {
    let server = TestServer::http(echo).await;
    let backend = Backend::new(server.url("/api")).unwrap().credentials(credentials());
    let mut service = BackendService::new("b", &backend, &values(), &transport()).unwrap();
    let mut options = ForwardOptions::default();
    options.http_version = HttpVersion::Http2;
    for (options, version) in [(ForwardOptions::default(), "HTTP/1.1"), (options, "HTTP/2.0")] {
        let mut request = get("/p");
        request.extensions_mut().insert(options);
        let response = service.ready().await.unwrap().call(request).await.unwrap();
        let seen = text(response.into_body()).await;
        assert!(
            seen.contains("/api/p?code=s3cr3t") && seen.contains(version) && seen.contains("x-key: s3cr3t"),
            "{seen}"
        );
    }
}
