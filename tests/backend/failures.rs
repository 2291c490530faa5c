use std::time::Duration;

use gatewright::Body;
use gatewright::backend::{Side, Transport};
use gatewright::forward::{ForwardError, ForwardOptions, HttpVersion, Target};
use gatewright::model::Backend;
use http::Request;
use http_body_util::BodyExt;

use crate::support::{TestServer, raw, text};
use crate::{get, get_root, one, to_b, to_url, transport};

const CLOSED: &str = "Underlying transport connection was unexpectedly closed.";

#[tokio::test]
async fn nothing_listens() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = get_root(&transport(), &format!("http://{address}")).await.unwrap_err();
    assert!(error.is_connect() && error.is_retry_safe() && !error.is_timeout());
    assert_eq!((error.side(), error.status()), (Side::Backend, 500));
    let shown = error.to_string();
    let expected = format!("the host refused the connection or cannot be reached: no connection to `{address}`: ");
    assert!(shown.starts_with(&format!("backend `b`: {expected}")), "{shown}");
    let error = ForwardError::from(error);
    assert_eq!(error.reason, "BackendConnectionFailure");
    assert_eq!(error.message, "Unable to connect to the remote server");
}

#[tokio::test]
async fn the_name_does_not_resolve() {
    let error = get_root(&transport(), "http://no-such-host.invalid").await.unwrap_err();
    assert!(error.is_connect() && error.is_retry_safe());
    assert!(error.to_string().contains("the name of the host was not resolved"), "{error}");
    assert_eq!(error.message(), "Unable to connect to the remote server");
}

#[tokio::test]
async fn the_connection_ends_before_the_response() {
    for (name, server) in
        [("reset", TestServer::raw(raw::reset).await), ("closed", TestServer::raw(raw::close_early).await)]
    {
        let error = get_root(&transport(), &server.url("")).await.unwrap_err();
        assert_eq!((error.reason(), &*error.message()), ("BackendConnectionFailure", CLOSED), "{name}");
        assert!(!error.is_retry_safe() && !error.is_connect(), "{name}: the request may have been acted upon");
        assert_eq!(server.connections(), 1, "{name}");
    }
}

#[tokio::test]
async fn the_response_is_not_http() {
    let broken: [&'static [u8]; 4] = [
        b"SSH-2.0-nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\nx",
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
    ];
    for bytes in broken {
        let server = TestServer::raw(move |stream| raw::answer(stream, bytes)).await;
        let error = get_root(&transport(), &server.url("")).await.unwrap_err();
        assert_eq!(error.reason(), "BackendConnectionFailure");
        assert_eq!(error.message(), "The server committed a protocol violation.", "{}", bytes.escape_ascii());
        assert!(!error.is_retry_safe());
    }
}

#[tokio::test]
async fn a_response_that_breaks_off_is_an_error_of_its_body() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello";
    let server = TestServer::raw(|stream| raw::answer_and_close(stream, half)).await;
    let response = get_root(&transport(), &server.url("")).await.unwrap();
    assert_eq!(response.headers()["content-length"], "9");
    assert!(response.into_body().collect(100).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn the_handshake_takes_too_long() {
    let server = TestServer::raw(raw::silent).await;
    let transport = Transport::builder().native_roots(false).connect_timeout(Duration::from_secs(21)).build().unwrap();
    let error = get_root(&transport, &server.tls_url("")).await.unwrap_err();
    assert!(error.is_timeout() && error.is_connect() && error.is_retry_safe());
    assert_eq!(error.reason(), "BackendConnectionFailure");
}

#[tokio::test]
async fn giving_up_closes_the_connection() {
    let (closed, mut is_closed) = tokio::sync::mpsc::unbounded_channel();
    let server = TestServer::raw(move |stream| {
        let closed = closed.clone();
        async move {
            closed.send("open").unwrap();
            raw::silent(stream).await;
            closed.send("closed").unwrap();
        }
    })
    .await;
    let transport = transport();
    let url = server.url("");
    {
        let mut call = Box::pin(get_root(&transport, &url));
        tokio::select! {
            biased;
            _ = &mut call => panic!("there is no response"),
            state = is_closed.recv() => assert_eq!(state, Some("open")),
        }
    }
    assert_eq!(is_closed.recv().await, Some("closed"));
}

#[tokio::test]
async fn the_callers_body_breaks_off() {
    struct Broken(bool);
    impl http_body::Body for Broken {
        type Data = bytes::Bytes;
        type Error = std::io::Error;
        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, std::io::Error>>> {
            let first = std::mem::replace(&mut self.0, false);
            let frame = http_body::Frame::data(bytes::Bytes::from_static(b"half"));
            let gone = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "gone");
            std::task::Poll::Ready(Some(if first { Ok(frame) } else { Err(gone) }))
        }
    }
    let server = TestServer::http(async |request| {
        let _ = request.into_body().collect().await;
        std::future::pending().await
    })
    .await;
    for version in [HttpVersion::Http1, HttpVersion::Http2] {
        let backends = one(&transport(), &Backend::new(server.url("")).unwrap());
        let mut options = ForwardOptions::default();
        options.http_version = version;
        let request = Request::post("/").body(Body::new(Broken(true))).unwrap();
        let error = backends.call(&to_b(), request, &options).await.unwrap_err();
        assert_eq!((error.side(), error.reason(), error.status()), (Side::Client, "ClientConnectionFailure", 499));
        assert_eq!(error.message(), "The operation was canceled.", "{version:?}: {error}");
    }
}

#[tokio::test]
async fn the_backend_is_not_defined() {
    let backends = one(&transport(), &Backend::new("http://127.0.0.1:1").unwrap());
    let target = Target::Backend("other".into());
    let error = backends.call(&target, get("/"), &ForwardOptions::default()).await.unwrap_err();
    assert_eq!((error.side(), error.reason(), error.status()), (Side::Gateway, "BackendNotFound", 500));
    assert_eq!(error.message(), "Backend other was not found.");
    assert_eq!(error.to_string(), "backend `other`: not defined");
}

#[tokio::test]
async fn a_status_of_failure_is_a_response() {
    let server =
        TestServer::raw(|stream| raw::answer(stream, b"HTTP/1.0 502 Bad\r\ncontent-length: 2\r\n\r\nno")).await;
    let backends = one(&transport(), &Backend::new("http://127.0.0.1:1").unwrap());
    let response = backends.call(&to_url(&server.url("")), get("/"), &ForwardOptions::default()).await.unwrap();
    assert_eq!(response.status(), 502);
    assert_eq!(text(response.into_body()).await, "no");
}
