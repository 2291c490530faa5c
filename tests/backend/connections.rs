//! Connections over HTTP/1.1: used again, closed when they are idle, and what happens to a request that meets a closed one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gatewright::Body;
use gatewright::backend::{Client, Error};
use http::{Method, Request, Response, Version};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::ServiceExt;

use crate::support::{TestServer, echo, raw, text};
use crate::transport;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

async fn ask(client: &Client, url: &str) -> Result<Response<Body>, Error> {
    let request = Request::get(url).header("host", "b.example").body(Body::empty()).unwrap();
    client.clone().oneshot(request).await
}

/// Answers each request, and counts the connections that are open.
async fn counting() -> (TestServer, Arc<AtomicUsize>) {
    let open = Arc::new(AtomicUsize::new(0));
    let count = open.clone();
    let server = TestServer::raw(move |mut stream| {
        let count = count.clone();
        async move {
            count.fetch_add(1, Ordering::SeqCst);
            while matches!(stream.read(&mut [0; 4096]).await, Ok(1..)) && stream.write_all(OK).await.is_ok() {}
            count.fetch_sub(1, Ordering::SeqCst);
        }
    })
    .await;
    (server, open)
}

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other() {
    let (server, _) = counting().await;
    let client = transport().client();
    for _ in 0..20 {
        assert_eq!(text(ask(&client, &server.url("/")).await.unwrap().into_body()).await, "ok");
    }
    assert_eq!(server.connections(), 1);
    // Whoever drops a response that has come whole leaves the connection in order.
    for _ in 0..5 {
        drop(ask(&client, &server.url("/")).await.unwrap());
        tokio::task::yield_now().await;
    }
    assert!(server.connections() <= 2, "{}", server.connections());
    // Those of another host are others'.
    let (other, _) = counting().await;
    ask(&client, &other.url("/")).await.unwrap();
    assert_eq!(other.connections(), 1);
}

#[tokio::test]
async fn a_connection_is_not_used_again_before_its_response_is_over() {
    let server = TestServer::raw(|mut stream| async move {
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no";
        while matches!(stream.read(&mut [0; 4096]).await, Ok(1..)) {
            let _ = stream.write_all(head).await;
            tokio::time::sleep(Duration::from_millis(30)).await;
            let _ = stream.write_all(b"k").await;
        }
    })
    .await;
    let client = transport().client();
    let first = ask(&client, &server.url("/")).await.unwrap();
    let second = ask(&client, &server.url("/")).await.unwrap();
    assert_eq!(server.connections(), 2);
    assert_eq!([text(first.into_body()).await, text(second.into_body()).await], ["ok", "ok"]);
    ask(&client, &server.url("/")).await.unwrap();
    assert_eq!(server.connections(), 2, "both are back");
}

#[tokio::test(start_paused = true)]
async fn idle_connections_are_closed_after_a_while() {
    let (server, open) = counting().await;
    let client = transport().client();
    let ask_once = async || drop(text(ask(&client, &server.url("/")).await.unwrap().into_body()).await);
    for _ in 0..2 {
        let before = server.connections();
        ask_once().await;
        tokio::time::sleep(Duration::from_secs(50)).await;
        ask_once().await;
        assert_eq!((server.connections() - before, open.load(Ordering::SeqCst)), (1, 1), "still good after 50 s");
        tokio::time::sleep(Duration::from_secs(130)).await;
        assert_eq!(open.load(Ordering::SeqCst), 0, "closed after 90 s to 120 s");
    }
    // Nothing stays when nobody can send any more.
    ask_once().await;
    drop(client);
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(open.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_request_that_was_not_written_goes_over_another_connection() {
    // Closed after one answer: whether the client has seen that when it sends again is a race that must not matter.
    let server = TestServer::raw(|stream| raw::answer_and_close(stream, OK)).await;
    let client = transport().client();
    for number in 0..200 {
        let request = Request::post(server.url("/")).header("host", "b").body(Body::from("payload")).unwrap();
        match client.clone().oneshot(request).await {
            Ok(response) => assert_eq!(text(response.into_body()).await, "ok"),
            // Written, and perhaps acted upon: not sent again.
            Err(error) => assert!(!error.is_retry_safe(), "{error}"),
        }
        if number % 3 == 0 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn what_cannot_be_sent_is_told() {
    let client = transport().client();
    for (method, uri) in [(Method::GET, "/path"), (Method::CONNECT, "b.example:443"), (Method::GET, "b.example")] {
        let request = Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
        let error = client.clone().oneshot(request).await.unwrap_err();
        assert!(error.to_string().starts_with("the request cannot be sent: its URI is not absolute"), "{error}");
    }
    // Whatever version the caller came with, this is HTTP/1.1.
    let server = TestServer::http(echo).await;
    for version in [Version::HTTP_09, Version::HTTP_10, Version::HTTP_2, Version::HTTP_3] {
        let request = Request::get(server.url("/")).version(version).header("host", "b").body(Body::empty()).unwrap();
        let seen = text(client.clone().oneshot(request).await.unwrap().into_body()).await;
        assert!(seen.starts_with("GET / HTTP/1.1\n"), "{seen}");
    }
}
