use gatewright::Body;
use gatewright::forward::ForwardOptions;
use gatewright::model::Backend;
use http::{HeaderValue, Request, Response};

use crate::support::{TestServer, echo, text};
use crate::{get, one, to_b, transport};

#[tokio::test]
async fn sends_what_the_backend_should_see() {
    let server = TestServer::http(echo).await;
    let backends = one(&transport(), &Backend::new(server.url("/base/")).unwrap());
    let mut options = ForwardOptions::default();
    options.client_ip = Some("192.0.2.7".parse().unwrap());
    let request = Request::post("/path?q=1")
        .version(http::Version::HTTP_2)
        .header("host", "gateway.example")
        .header("x-forwarded-for", "10.0.0.1")
        .header("connection", "keep-alive, x-drop")
        .header("x-drop", "1")
        .header("keep-alive", "timeout=5")
        .header("upgrade", "websocket")
        .header("transfer-encoding", "chunked")
        .header("content-length", "99")
        .header("te", "gzip, trailers")
        .header("ocp-apim-trace", "true")
        .header("ocp-apim-subscription-key", "k")
        .header("x-kept", "1")
        .body(Body::from("hello"))
        .unwrap();
    let response = backends.call(&to_b(), request, &options).await.unwrap();
    let seen = text(response.into_body()).await;
    let mut lines: Vec<_> = seen.lines().collect();
    assert_eq!(lines.remove(0), "POST /base/path?q=1 HTTP/1.1");
    lines.sort_unstable();
    let host = format!("host: {}", server.address());
    let mut expected = [
        "",
        "connection: TE",
        "content-length: 5",
        "hello",
        host.as_str(),
        "ocp-apim-subscription-key: k",
        "te: trailers",
        "x-forwarded-for: 10.0.0.1, 192.0.2.7",
        "x-kept: 1",
    ];
    expected.sort_unstable();
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn gives_what_the_caller_should_see() {
    let server = TestServer::http(async |_| {
        let mut response = Response::new(Body::from("hello"));
        for (name, value) in
            [("connection", "x-drop"), ("x-drop", "1"), ("proxy-authenticate", "Basic"), ("x-kept", "1")]
        {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
        response
    })
    .await;
    let backends = one(&transport(), &Backend::new(server.url("")).unwrap());
    let response = backends.call(&to_b(), get("/"), &ForwardOptions::default()).await.unwrap();
    assert_eq!(response.status(), 503);
    let mut names: Vec<_> = response.headers().keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["content-length", "date", "x-kept"]);
}

#[tokio::test]
async fn keeps_the_host_that_a_policy_set() {
    let server = TestServer::http(echo).await;
    let backends = one(&transport(), &Backend::new(server.url("")).unwrap());
    let mut options = ForwardOptions::default();
    options.keep_host = true;
    let request = Request::get("/").header("host", "kept.example").body(Body::empty()).unwrap();
    let response = backends.call(&to_b(), request, &options).await.unwrap();
    assert!(text(response.into_body()).await.contains("host: kept.example\n"));
}

#[tokio::test]
async fn a_head_response_keeps_its_length() {
    let server = TestServer::http(async |_| {
        let mut response = Response::new(Body::empty());
        response.headers_mut().insert("content-length", HeaderValue::from_static("12"));
        response
    })
    .await;
    let backends = one(&transport(), &Backend::new(server.url("")).unwrap());
    let request = Request::head("/").body(Body::empty()).unwrap();
    let response = backends.call(&to_b(), request, &ForwardOptions::default()).await.unwrap();
    assert_eq!(response.headers()["content-length"], "12");
}
