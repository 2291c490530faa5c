//! Requests that mean different things to different servers: refused, or made plain before they go on.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use gatewright::model::{Policy, Store};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::TestServer;
use crate::{free_api, gateway};

/// A backend that keeps all bytes it gets and answers each read with 200.
async fn recorder() -> (TestServer, Arc<Mutex<Vec<u8>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let record = seen.clone();
    let server = TestServer::raw(move |mut stream| {
        let record = record.clone();
        async move {
            let mut bytes = [0; 4096];
            while let Ok(n @ 1..) = stream.read(&mut bytes).await {
                record.lock().unwrap().extend_from_slice(&bytes[..n]);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
            }
        }
    })
    .await;
    (server, seen)
}

async fn front(url: &str, inbound: &str) -> TestServer {
    let mut store = Store::new();
    let methods = ["GET", "POST"].map(|method| (method, method, "/*"));
    store.service.apis.insert("a", free_api("a", url, &methods));
    store.service.policy = Some(Policy::new(format!(
        "<policies><inbound>{inbound}</inbound><backend><forward-request /></backend><outbound /><on-error /></policies>"
    )));
    TestServer::gateway(gateway(&store)).await
}

/// Sends bytes and reads what comes until the connection ends or nothing comes for a while.
async fn exchange(server: &TestServer, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let (mut all, mut some) = (Vec::new(), [0; 4096]);
    while let Ok(Ok(n @ 1..)) = tokio::time::timeout(Duration::from_millis(100), stream.read(&mut some)).await {
        all.extend_from_slice(&some[..n]);
    }
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test]
async fn what_is_ambiguous_does_not_reach_the_backend() {
    let (backend, seen) = recorder().await;
    let front = front(&backend.url(""), "").await;
    let vectors: [(&str, &[u8]); 15] = [
        ("two lengths", b"POST /a/p HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd"),
        ("two lengths in one", b"POST /a/p HTTP/1.1\r\nhost: x\r\ncontent-length: 3, 4\r\n\r\nabcd"),
        ("a negative length", b"POST /a/p HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\nabcd"),
        ("a signed length", b"POST /a/p HTTP/1.1\r\nhost: x\r\ncontent-length: +3\r\n\r\nabc"),
        ("a length too great", b"POST /a/p HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\nabc"),
        ("an unknown coding", b"POST /a/p HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n"),
        (
            "a coding after chunked",
            b"POST /a/p HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        ),
        ("a space before the colon", b"POST /a/p HTTP/1.1\r\nhost: x\r\ncontent-length : 3\r\n\r\nabc"),
        ("a folded header", b"GET /a/p HTTP/1.1\r\nhost: x\r\nx-a: 1\r\n transfer-encoding: chunked\r\n\r\n"),
        ("a bare CR", b"GET /a/p HTTP/1.1\r\nhost: x\r\nx-a: 1\rx-b: 2\r\n\r\n"),
        ("a NUL", b"GET /a/p HTTP/1.1\r\nhost: x\r\nx-a: 1\x002\r\n\r\n"),
        ("a space in the target", b"GET /a/p /x HTTP/1.1\r\nhost: x\r\n\r\n"),
        ("a name with a bracket", b"GET /a/p HTTP/1.1\r\nhost: x\r\nx(a: 1\r\n\r\n"),
        ("another version", b"GET /a/p HTTP/1.3\r\nhost: x\r\n\r\n"),
        ("a tunnel", b"CONNECT other.example:443 HTTP/1.1\r\nhost: other.example:443\r\n\r\n"),
    ];
    for (name, bytes) in vectors {
        let answer = exchange(&front, bytes).await;
        let status = answer.get(9..12).unwrap_or_default();
        // hyper answers 400, or ends the connection without a word; a tunnel finds no API.
        assert!(answer.is_empty() || status.starts_with('4'), "{name}: {answer}");
        assert!(!answer.contains("200 OK"), "{name}: {answer}");
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        assert!(seen.is_empty(), "{name}: the backend got {}", seen.escape_ascii());
    }
}

#[tokio::test]
async fn a_body_that_is_broken_ends_with_its_connection() {
    for (name, body) in [
        ("no size", "zz\r\nabc\r\n0\r\n\r\n"),
        ("a size too great", "fffffffffffffffff\r\nabc\r\n"),
        ("no line end after a chunk", "3\r\nabcGET /a/evil HTTP/1.1\r\nhost: x\r\n\r\n"),
        ("a signed size", "+3\r\nabc\r\n0\r\n\r\n"),
    ] {
        let (backend, seen) = recorder().await;
        let front = front(&backend.url(""), "").await;
        let bytes = format!("POST /a/p HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n{body}");
        let answer = exchange(&front, bytes.as_bytes()).await;
        let seen = String::from_utf8(std::mem::take(&mut *seen.lock().unwrap())).unwrap();
        assert!(!seen.contains("evil"), "{name}: {seen}");
        assert!(!seen.ends_with("0\r\n\r\n"), "{name}: the body looks whole: {seen}");
        assert!(answer.matches("HTTP/1.1").count() <= 1, "{name}: {answer}");
    }
}

#[tokio::test]
async fn both_framings_become_one() {
    let (backend, seen) = recorder().await;
    let front = front(&backend.url(""), "").await;
    // RFC 9112, 6.1: chunks win over a length, and what follows is not another request.
    let bytes = "POST /a/p HTTP/1.1\r\nhost: x\r\ncontent-length: 6\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nG";
    exchange(&front, bytes.as_bytes()).await;
    let seen = String::from_utf8(std::mem::take(&mut *seen.lock().unwrap())).unwrap();
    let framing = seen.lines().filter(|l| l.starts_with("content-length") || l.starts_with("transfer-encoding"));
    assert!(framing.count() <= 1, "{seen}");
    assert_eq!(seen.matches("HTTP/1.1").count(), 1, "{seen}");
    assert!(!seen.ends_with('G'), "{seen}");
}

#[tokio::test]
async fn pipelined_requests_stay_apart() {
    let (backend, seen) = recorder().await;
    let front = front(&backend.url(""), "").await;
    let answer = exchange(&front, b"GET /a/1 HTTP/1.1\r\nhost: x\r\n\r\nGET /a/2 HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(answer.matches("200 OK").count(), 2, "{answer}");
    let seen = String::from_utf8(std::mem::take(&mut *seen.lock().unwrap())).unwrap();
    assert!(seen.contains("GET /1 ") && seen.contains("GET /2 "), "{seen}");
}

#[tokio::test]
async fn headers_that_steer_connections_do_not_pass() {
    let (backend, seen) = recorder().await;
    let front = front(&backend.url(""), "").await;
    exchange(
        &front,
        b"GET /a/p HTTP/1.1\r\nhost: x\r\nconnection: upgrade, http2-settings, x-auth\r\nupgrade: h2c\r\n\
          http2-settings: AAMAAABkAAQAAP__\r\nx-auth: trusted\r\nproxy-connection: keep-alive\r\nx-kept: 1\r\n\r\n",
    )
    .await;
    let seen = String::from_utf8(std::mem::take(&mut *seen.lock().unwrap())).unwrap();
    for name in ["upgrade", "http2-settings", "x-auth", "proxy-connection", "connection"] {
        assert!(!seen.contains(&format!("\n{name}:")), "{name}: {seen}");
    }
    assert!(seen.contains("x-kept: 1"), "{seen}");
}

#[tokio::test]
async fn values_of_policies_do_not_break_lines() {
    // What an expression makes of a request may hold anything.
    for inbound in [
        r#"<set-header name="X-Set"><value>@(System.Net.WebUtility.UrlDecode(context.Request.Url.Query.GetValueOrDefault("v","")))</value></set-header>"#,
        r#"<rewrite-uri template="@("/r/" + System.Net.WebUtility.UrlDecode(context.Request.Url.Query.GetValueOrDefault("v","")))" copy-unmatched-params="false" />"#,
        r#"<set-query-parameter name="q"><value>@(System.Net.WebUtility.UrlDecode(context.Request.Url.Query.GetValueOrDefault("v","")))</value></set-query-parameter>"#,
        r#"<set-method>@("GET" + System.Net.WebUtility.UrlDecode(context.Request.Url.Query.GetValueOrDefault("v","")))</set-method>"#,
    ] {
        let (backend, seen) = recorder().await;
        let front = front(&backend.url(""), inbound).await;
        for value in
            ["a%0d%0aX-Evil:%201", "a%0aX-Evil:%201", "a%250d%250aX-Evil:%201", "a%0d%0a%0d%0aGET%20/evil%20HTTP/1.1"]
        {
            let request = format!("GET /a/p?v={value} HTTP/1.1\r\nhost: x\r\n\r\n");
            exchange(&front, request.as_bytes()).await;
            let seen = String::from_utf8(std::mem::take(&mut *seen.lock().unwrap())).unwrap();
            let lines = seen.lines().filter(|line| line.starts_with("X-Evil") || line.starts_with("x-evil"));
            assert_eq!(lines.count(), 0, "{inbound} with {value}: {seen}");
            assert!(!seen.contains("\nGET /evil"), "{inbound} with {value}: {seen}");
        }
    }
}
