//! What a caller gets, `on-error` sees and the circuit breaker counts when a backend fails: real sockets, and each request
//! sent once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gatewright::backend::Transport;
use gatewright::gateway::Gateway;
use gatewright::model::{
    Backend, CircuitBreaker, CircuitBreakerRule, FailureCondition, Policy, StatusCodeRange, Store,
};
use tokio::net::TcpStream;

use crate::support::raw::{self, http2};
use crate::support::{Authority, TestServer, echo, text};
use crate::{free_api, header, send};

const CONNECT: &str = "Unable to connect to the remote server";
const CLOSED: &str = "Underlying transport connection was unexpectedly closed.";
const VIOLATION: &str = "The server committed a protocol violation.";
const HANDSHAKE: &str = "The underlying connection was closed: An unexpected error occurred on a send.";
const TRUST: &str =
    "The underlying connection was closed: Could not establish trust relationship for the SSL/TLS secure channel.";
const FAILURE: &str = "BackendConnectionFailure";

/// A gateway in front of `url`, which tells the caller what `on-error` sees. Its breaker counts all failures, and opens never.
fn gateway_with(transport: &Transport, url: &str, forward: &str, outbound: &str) -> Gateway {
    let mut store = Store::new();
    let tell = |name: &str, value: &str| {
        format!(r#"<set-header name="{name}"><value>@(context.LastError.{value})</value></set-header>"#)
    };
    let told = tell("x-source", "Source") + &tell("x-reason", "Reason") + &tell("x-message", "Message");
    let status = r#"<set-header name="x-status"><value>@(context.Response.StatusCode.ToString())</value></set-header>"#;
    store.service.policy = Some(Policy::new(format!(
        "<policies><inbound /><backend><forward-request {forward} /></backend><outbound>{outbound}</outbound>\
         <on-error>{told}{status}</on-error></policies>"
    )));
    let condition = FailureCondition::new()
        .count(1_000)
        .status_code_range(StatusCodeRange::new(500, 599))
        .error_reasons(["BackendConnectionFailure", "Timeout"]);
    let breaker = CircuitBreaker::new().rule(CircuitBreakerRule::new().failure_condition(condition));
    store.service.backends.insert("b", Backend::new(url).unwrap().circuit_breaker(breaker));
    store.service.apis.insert("a", free_api("a", url, &[("get", "GET", "/"), ("post", "POST", "/")]));
    Gateway::builder().transport(transport.clone()).build(&store).unwrap()
}

fn transport() -> Transport {
    let transport = Transport::builder().native_roots(false).connect_timeout(Duration::from_millis(300));
    transport.build().unwrap()
}

/// What the breaker has taken for failures.
fn failures(gateway: &Gateway) -> u64 {
    gateway.snapshot().backends().flat_map(|backends| backends.breakers()).map(|breaker| breaker.failures).sum()
}

/// A request to `url` fails as expected.
async fn fails_at(name: &str, url: &str, forward: &str, reason: &str, message: &str) {
    fails(name, &gateway_with(&transport(), url, forward, ""), "GET", reason, message).await;
}

/// Asserts on what caller and `on-error` are told, and that the breaker takes it for one failure.
async fn fails(name: &str, gateway: &Gateway, method: &str, reason: &str, message: &str) {
    let before = failures(gateway);
    let response = send(gateway, method, "/a", &[]).await;
    assert_eq!(failures(gateway), before + 1, "{name}: the breaker");
    assert_eq!(response.status(), 500, "{name}");
    let told = ["x-source", "x-reason", "x-message", "x-status"].map(|told| header(&response, told));
    assert_eq!(told.each_ref().map(String::as_str), ["forward-request", reason, message, "500"], "{name}");
    let body = text(response.into_body()).await;
    assert!(body.starts_with(r#"{ "statusCode": 500, "message": "Internal server error", "activityId": ""#), "{body}");
}

/// A raw server, and how many connections it handled to the point where a request had come.
async fn counting<R>(handler: impl Fn(TcpStream) -> R + Send + Sync + Copy + 'static) -> (TestServer, Arc<AtomicUsize>)
where
    R: Future<Output = ()> + Send + 'static,
{
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    let server = TestServer::raw(move |stream| {
        let counter = counter.clone();
        async move {
            let mut start = [0; 1];
            if matches!(stream.peek(&mut start).await, Ok(1..)) {
                counter.fetch_add(1, Ordering::SeqCst);
            }
            handler(stream).await;
        }
    })
    .await;
    (server, count)
}

#[tokio::test]
async fn refused() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    fails_at("refused", &format!("http://{address}"), "", FAILURE, CONNECT).await;
    fails_at("no name", "http://no-such-host.invalid", "", FAILURE, CONNECT).await;
}

#[tokio::test]
async fn black_holed() {
    // A queue that is full takes no more connections: the system drops what knocks.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = tokio::time::timeout(Duration::from_millis(100), TcpStream::connect(address)).await {
        waiting.push(stream.unwrap());
    }
    fails_at("black-holed", &format!("http://{address}"), "", FAILURE, CONNECT).await;
}

#[tokio::test]
async fn ends_before_the_response() {
    const HALF: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-le";
    macro_rules! servers {
        ($($name:literal: $handler:expr, $message:expr;)*) => {$(
            let (server, count) = counting($handler).await;
            for method in ["GET", "POST"] {
                let gateway = gateway_with(&transport(), &server.url(""), "", "");
                fails($name, &gateway, method, FAILURE, $message).await;
            }
            assert_eq!(count.load(Ordering::SeqCst), 2, "{}: each request is sent once", $name);
        )*};
    }
    servers! {
        "reset before headers": raw::reset, CLOSED;
        "closed before headers": raw::close_early, CLOSED;
        "reset in headers": |stream| raw::answer_and_reset(stream, HALF), CLOSED;
        "closed in headers": |stream| raw::answer_and_close(stream, HALF), CLOSED;
        "not HTTP": raw::garbage, VIOLATION;
        "two lengths": |stream| raw::answer(stream, b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx"), VIOLATION;
        "a folded header": |stream| raw::answer(stream, b"HTTP/1.1 200 OK\r\nx-a: 1\r\n  folded\r\ncontent-length: 0\r\n\r\n"), VIOLATION;
        "unasked upgrade": |stream| raw::answer(stream, b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"), VIOLATION;
    }
}

#[tokio::test]
async fn reset_on_accept() {
    let server = TestServer::raw(raw::reset_at_once).await;
    fails_at("reset on accept", &server.url(""), "", FAILURE, CLOSED).await;
}

#[tokio::test]
async fn breaks_off_in_the_body() {
    let length: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello";
    let chunked: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n";
    let bad: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n";
    let reads = "<set-body>@(context.Response.Body.As&lt;string&gt;())</set-body>";
    for bytes in [length, chunked, bad] {
        let name = String::from_utf8_lossy(bytes);
        for is_reset in [false, true] {
            let server = TestServer::raw(move |stream| async move {
                match is_reset {
                    true => raw::answer_and_reset(stream, bytes).await,
                    false => raw::answer_and_close(stream, bytes).await,
                }
            })
            .await;
            // The status is on its way already: only the end of the body can tell.
            let gateway = gateway_with(&transport(), &server.url(""), "", "");
            let response = send(&gateway, "GET", "/a", &[]).await;
            match (response.status().as_u16(), is_reset) {
                (200, _) => {
                    assert!(response.into_body().collect(100).await.is_err(), "{name}");
                    assert_eq!(failures(&gateway), 0, "{name}: the status was good");
                }
                // A reset may take the headers with it.
                (status, is_reset) => {
                    assert!(is_reset && status == 500, "{name}: {status}");
                    assert_eq!(failures(&gateway), 1, "{name}");
                }
            }
            // A policy that reads the body sees it in time.
            let gateway = gateway_with(&transport(), &server.url(""), "", reads);
            let response = send(&gateway, "GET", "/a", &[]).await;
            assert_eq!(response.status(), 500, "{name}");
            assert_eq!(
                (header(&response, "x-reason"), header(&response, "x-message")),
                (FAILURE.into(), CLOSED.into())
            );
            assert_eq!(server.connections(), 2, "{name}");
        }
    }
}

#[tokio::test]
async fn slow_loris() {
    let head = b"HTTP/1.1 200 OK\r\nx-slow: a";
    let (server, count) = counting(|stream| raw::drip(stream, head, Duration::from_millis(5))).await;
    let late = "Request to the backend service timed out";
    fails_at("headers without end", &server.url(""), r#"timeout-ms="200""#, "Timeout", late).await;
    assert_eq!(count.load(Ordering::SeqCst), 1);
    let silent = TestServer::raw(raw::silent).await;
    fails_at("silence", &silent.url(""), r#"timeout-ms="50""#, "Timeout", late).await;
    // A slow body is not limited by `timeout`; the caller decides, and its leaving closes the connection.
    let (closed, is_closed) = tokio::sync::oneshot::channel();
    let closed = Arc::new(std::sync::Mutex::new(Some(closed)));
    let server = TestServer::raw(move |stream| {
        let closed = closed.clone();
        async move {
            let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nx";
            raw::drip(stream, head, Duration::from_millis(1)).await;
            let _ = closed.lock().unwrap().take().unwrap().send(());
        }
    })
    .await;
    let gateway = gateway_with(&transport(), &server.url(""), r#"timeout-ms="2000""#, "");
    let response = send(&gateway, "GET", "/a", &[]).await;
    assert_eq!(response.status(), 200);
    drop(response);
    is_closed.await.unwrap();
    assert_eq!(failures(&gateway), 0);
}

#[tokio::test]
async fn tls_failures() {
    let authority = Authority::new();
    let trusting = Transport::builder().native_roots(false).root_certificates_pem(authority.pem()).build().unwrap();
    let plain = TestServer::http(echo).await;
    // A fatal alert: handshake_failure.
    let alert = b"\x15\x03\x03\x00\x02\x02\x28";
    let refusing = TestServer::raw(|stream| raw::answer_and_close(stream, alert)).await;
    let silent_end = TestServer::raw(raw::close_early).await;
    let other_name = TestServer::tls(authority.server(&["other.example"], &[]), echo).await;
    let untrusted = TestServer::tls(Authority::new().server(&["localhost"], &[]), echo).await;
    let no_http2 = TestServer::tls(authority.server(&["localhost"], &["http/1.1"]), echo).await;
    let cases = [
        ("no TLS", &plain, "", HANDSHAKE),
        ("alert", &refusing, "", HANDSHAKE),
        ("closed in the handshake", &silent_end, "", HANDSHAKE),
        ("another name", &other_name, "", TRUST),
        ("another authority", &untrusted, "", TRUST),
        ("no HTTP/2", &no_http2, r#"http-version="2""#, HANDSHAKE),
    ];
    for (name, server, forward, message) in cases {
        let gateway = gateway_with(&trusting, &server.tls_url(""), forward, "");
        fails(name, &gateway, "GET", FAILURE, message).await;
        assert_eq!(server.connections(), 1, "{name}");
    }
}

#[tokio::test]
async fn http2_streams_and_connections_that_end() {
    let cases = [
        ("closed", Vec::new()),
        ("RST_STREAM INTERNAL_ERROR", http2::reset(2)),
        ("RST_STREAM REFUSED_STREAM", http2::reset(7)),
        ("RST_STREAM CANCEL", http2::reset(8)),
        ("RST_STREAM ENHANCE_YOUR_CALM", http2::reset(11)),
        ("GOAWAY that leaves the request out", http2::go_away(0, 0)),
        ("GOAWAY INTERNAL_ERROR", http2::go_away(1, 2)),
        ("a frame that is none", http2::frame(0, 0, b"data without a stream")),
    ];
    for (name, frames) in cases {
        let count = Arc::new(AtomicUsize::new(0));
        let counter = count.clone();
        let server = TestServer::raw(move |stream| {
            let (frames, counter) = (frames.clone(), counter.clone());
            http2::answer(stream, frames, move || {
                counter.fetch_add(1, Ordering::SeqCst);
                // After a connection error the server closes.
                !matches!(name, "closed" | "GOAWAY INTERNAL_ERROR")
            })
        })
        .await;
        fails_at(name, &server.url(""), r#"http-version="2""#, FAILURE, CLOSED).await;
        assert_eq!(count.load(Ordering::SeqCst), 1, "{name}: the request is sent once");
    }
}

#[tokio::test]
async fn http2_goes_on_over_a_new_connection_after_goaway() {
    // 200 without a body, then the connection is closed to new requests.
    let mut frames = http2::frame(1, 1, &[0x88]);
    frames[4] = 5;
    frames.extend(http2::go_away(1, 0));
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    let server = TestServer::raw(move |stream| {
        let (frames, counter) = (frames.clone(), counter.clone());
        http2::answer(stream, frames, move || {
            counter.fetch_add(1, Ordering::SeqCst);
            true
        })
    })
    .await;
    let gateway = gateway_with(&transport(), &server.url(""), r#"http-version="2""#, "");
    for _ in 0..3 {
        let response = send(&gateway, "GET", "/a", &[]).await;
        assert_eq!(response.status(), 200);
        text(response.into_body()).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!((count.load(Ordering::SeqCst), server.connections(), failures(&gateway)), (3, 3, 0));
}

#[tokio::test]
async fn stale_connections() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    // Closed while it was idle: the next request gets a connection of its own.
    let server = TestServer::raw(|stream| raw::answer_and_close(stream, OK)).await;
    let gateway = gateway_with(&transport(), &server.url(""), "", "");
    for _ in 0..3 {
        let response = send(&gateway, "GET", "/a", &[]).await;
        assert_eq!((response.status().as_u16(), text(response.into_body()).await.as_str()), (200, "ok"));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!((server.connections(), failures(&gateway)), (3, 0));
    // Closed when the next request has come: it may have been acted upon, so it is not sent again.
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = requests.clone();
    let server = TestServer::raw(move |mut stream| {
        let counter = counter.clone();
        async move {
            let mut bytes = [0; 4096];
            assert_ne!(stream.read(&mut bytes).await.unwrap(), 0);
            counter.fetch_add(1, Ordering::SeqCst);
            stream.write_all(OK).await.unwrap();
            assert_ne!(stream.read(&mut bytes).await.unwrap(), 0);
            counter.fetch_add(1, Ordering::SeqCst);
        }
    })
    .await;
    let gateway = gateway_with(&transport(), &server.url(""), "", "");
    let response = send(&gateway, "GET", "/a", &[]).await;
    text(response.into_body()).await;
    fails("closed on arrival", &gateway, "GET", FAILURE, CLOSED).await;
    assert_eq!((requests.load(Ordering::SeqCst), server.connections()), (2, 1));
}

#[tokio::test]
async fn a_connection_that_says_close_is_not_used_again() {
    let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";
    let server = TestServer::raw(|stream| raw::answer(stream, answer)).await;
    let gateway = gateway_with(&transport(), &server.url(""), "", "");
    for _ in 0..2 {
        let response = send(&gateway, "GET", "/a", &[]).await;
        assert!(!response.headers().contains_key("connection"));
        assert_eq!(text(response.into_body()).await, "ok");
    }
    assert_eq!(server.connections(), 2);
}
