use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use gatewright::Body;
use gatewright::forward::ForwardOptions;
use gatewright::model::{Backend, Credentials};
use http::{HeaderValue, Method, Request, Response};
use http_body::Frame;
use hyper::body::Incoming;

use crate::support::{TestServer, echo, text};
use crate::{get, one, to_b, transport};

fn following() -> ForwardOptions {
    let mut options = ForwardOptions::default();
    options.follow_redirects = true;
    options
}

/// `/302?to=…` redirects with that status; everything else echoes.
async fn redirecting(request: Request<Incoming>) -> Response<Body> {
    let status = request.uri().path().trim_start_matches('/').parse::<u16>();
    let Ok(status) = status else { return echo(request).await };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status.try_into().unwrap();
    let query = request.uri().query().unwrap_or_default().trim_start_matches("to=");
    let to = query.split('&').next().unwrap_or_default().to_owned();
    response.headers_mut().insert("location", HeaderValue::from_str(&to).unwrap());
    response
}

#[tokio::test]
async fn methods_and_bodies_follow_by_status() {
    let server = TestServer::http(redirecting).await;
    let backends = one(&transport(), &Backend::new(server.url("")).unwrap());
    let cases = [
        ("301", Method::POST, "GET", ""),
        ("302", Method::POST, "GET", ""),
        ("301", Method::DELETE, "DELETE", "body"),
        ("302", Method::PUT, "PUT", "body"),
        ("302", Method::GET, "GET", "body"),
        ("303", Method::DELETE, "GET", ""),
        ("303", Method::OPTIONS, "GET", ""),
        ("307", Method::POST, "POST", "body"),
        ("308", Method::PUT, "PUT", "body"),
    ];
    for (status, method, expected, body) in cases {
        let uri = format!("/{status}?to=/end?x=1%23frag");
        let request = Request::builder().method(method).uri(uri).header("content-type", "a/b");
        let request = request.body(Body::from("body")).unwrap();
        let seen = text(backends.call(&to_b(), request, &following()).await.unwrap().into_body()).await;
        assert!(seen.starts_with(&format!("{expected} /end?x=1%23frag HTTP/1.1\n")), "{status}: {seen}");
        assert!(seen.ends_with(&format!("\n\n{body}")), "{status}: {seen}");
        assert_eq!(seen.contains("content-type"), !body.is_empty(), "{status}");
    }
}

#[tokio::test]
async fn a_streamed_body_is_not_sent_twice() {
    let server = TestServer::http(redirecting).await;
    let backends = one(&transport(), &Backend::new(server.url("")).unwrap());
    let body = || Body::new(OneFrame(Some("body")));
    for (status, expected) in [("307", 307), ("302", 200), ("303", 200)] {
        let request = Request::post(format!("/{status}?to=/end")).body(body()).unwrap();
        let response = backends.call(&to_b(), request, &following()).await.unwrap();
        assert_eq!(response.status(), expected);
    }
}

struct OneFrame(Option<&'static str>);

impl http_body::Body for OneFrame {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|text| Ok(Frame::data(text.into()))))
    }
}

#[tokio::test]
async fn credentials_stay_with_their_host() {
    let other = TestServer::http(echo).await;
    let server = TestServer::http(redirecting).await;
    let credentials = Credentials::new().header("x-key", "{{key}}").query("code", "{{key}}");
    let backends = one(&transport(), &Backend::new(server.url("")).unwrap().credentials(credentials));
    for (to, secrets, authorization) in [("/end".to_owned(), 2, true), (other.url("/end"), 0, false)] {
        let mut request = Request::get(format!("/302?to={to}")).header("x-kept", "kept");
        for name in ["authorization", "cookie", "ocp-apim-subscription-key"] {
            request = request.header(name, "mine");
        }
        let mut marked = HeaderValue::from_static("mine");
        marked.set_sensitive(true);
        let request = request.header("x-marked", marked).body(Body::empty());
        let seen = text(backends.call(&to_b(), request.unwrap(), &following()).await.unwrap().into_body()).await;
        assert_eq!(seen.matches("s3cr3t").count(), secrets, "{seen}");
        assert_eq!(seen.matches(": mine").count(), if authorization { 4 } else { 0 }, "{seen}");
        assert!(seen.contains("x-kept: kept"), "{seen}");
        let host = if authorization { server.address() } else { other.address() };
        assert!(seen.contains(&format!("host: {host}\n")), "{seen}");
    }
}

#[tokio::test]
async fn what_cannot_be_followed_is_the_response() {
    let server = TestServer::http(redirecting).await;
    let backends = one(&transport(), &Backend::new(server.url("")).unwrap());
    for (uri, status) in [
        ("/302?to=/302", 302),
        ("/302?to=ftp://x.example/", 302),
        ("/302?to=http://user:pass@x.example/", 302),
        ("/304?to=/end", 304),
        ("/300?to=/end", 300),
    ] {
        let response = backends.call(&to_b(), get(uri), &following()).await.unwrap();
        assert_eq!(response.status(), status, "{uri}");
    }
    let response = backends.call(&to_b(), get("/302?to=/end"), &ForwardOptions::default()).await.unwrap();
    assert_eq!(response.status(), 302, "only when asked to follow");
}
