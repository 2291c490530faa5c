//! Protocols from end to end: caller and backend speak over sockets, the gateway stands between.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use gatewright::Body;
use gatewright::backend::Transport;
use gatewright::gateway::Gateway;
use gatewright::model::{Api, ApiEntry, ApiKind, Operation, Policy, Store};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Incoming;
use hyper::client::conn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::support::{Authority, TestServer, raw, text};
use crate::{free_api, gateway, send};

/// A gateway with one API `a` with `GET`, `POST` and `HEAD`, and `forward-request` with these attributes.
async fn front(url: &str, forward: &str) -> TestServer {
    TestServer::gateway(gateway(&store(url, forward))).await
}

fn store(url: &str, forward: &str) -> Store {
    let mut store = Store::new();
    let methods = ["GET", "POST", "HEAD"].map(|method| (method, method, "/*"));
    store.service.apis.insert("a", free_api("a", url, &methods));
    store.service.policy = Some(Policy::new(format!(
        "<policies><inbound /><backend><forward-request {forward} /></backend><outbound /><on-error /></policies>"
    )));
    store
}

/// A body that comes out of a channel.
fn channel() -> (mpsc::Sender<Frame<Bytes>>, Body) {
    let (sender, mut receiver) = mpsc::channel::<Frame<Bytes>>(1);
    let frames =
        futures_util::stream::poll_fn(move |cx| receiver.poll_recv(cx).map(|f| f.map(Ok::<_, std::io::Error>)));
    (sender, Body::new(StreamBody::new(frames)))
}

async fn http2(server: &TestServer) -> conn::http2::SendRequest<Body> {
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let (sender, connection) = conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn http1(server: &TestServer) -> conn::http1::SendRequest<Body> {
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let (sender, connection) = conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

/// One gRPC message.
fn message(text: &str) -> Bytes {
    let mut bytes = vec![0];
    bytes.extend_from_slice(&(text.len() as u32).to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
    bytes.into()
}

fn status(code: &'static str) -> Frame<Bytes> {
    let trailers = [("grpc-status", code), ("grpc-message", "said")];
    Frame::trailers(trailers.map(|(n, v)| (n.parse().unwrap(), HeaderValue::from_static(v))).into_iter().collect())
}

/// Answers each message with itself as it comes, then with trailers; `/pkg.Chat/Fail` with trailers only.
async fn grpc(request: Request<Incoming>) -> Response<Body> {
    assert_eq!(request.version(), http::Version::HTTP_2);
    assert_eq!(["te", "content-type"].map(|name| &request.headers()[name]), ["trailers", "application/grpc"]);
    let response = Response::builder().header("content-type", "application/grpc");
    if request.uri().path().ends_with("/Fail") {
        return response.header("grpc-status", "5").body(Body::empty()).unwrap();
    }
    let (sender, body) = channel();
    let mut incoming = request.into_body();
    tokio::spawn(async move {
        while let Some(Ok(frame)) = incoming.frame().await {
            sender.send(frame).await.unwrap();
        }
        sender.send(status("0")).await.unwrap();
    });
    response.body(body).unwrap()
}

#[tokio::test]
async fn grpc_calls_stream_both_ways_and_keep_their_trailers() {
    let authority = Authority::new();
    let trusting = Transport::builder().native_roots(false).root_certificates_pem(authority.pem()).build().unwrap();
    let (plain, secure) =
        (TestServer::http(grpc).await, TestServer::tls(authority.server(&["localhost"], &["h2"]), grpc).await);
    for url in [plain.url(""), secure.tls_url("")] {
        let api = Api::new("svc").service_url(&url).subscription_required(false).kind(ApiKind::Grpc);
        let mut entry = ApiEntry::new(api);
        for method in ["Talk", "Fail"] {
            entry.operations.insert(method, Operation::new("POST", format!("/pkg.Chat/{method}")).into());
        }
        let mut store = Store::new();
        store.service.apis.insert("grpc", entry);
        let gateway = Gateway::builder().transport(trusting.clone()).build(&store).unwrap();
        let front = TestServer::gateway(gateway).await;
        let mut client = http2(&front).await;
        let request = |path: &str, body| {
            let request = Request::post(format!("http://gateway.example/svc/pkg.Chat/{path}"));
            let request = request.header("te", "trailers").header("content-type", "application/grpc");
            request.body(body).unwrap()
        };
        // Unary.
        let response = client.send_request(request("Talk", Body::from(message("one")))).await.unwrap();
        let body = response.into_body().collect().await.unwrap();
        assert_eq!(body.trailers().unwrap()["grpc-status"], "0");
        assert_eq!(body.to_bytes(), message("one"));
        // Streams: each message is answered before the next one is sent.
        let (sender, body) = channel();
        let response = client.send_request(request("Talk", body)).await.unwrap();
        let mut answers = response.into_body();
        for text in ["first", "second", "third"] {
            sender.send(Frame::data(message(text))).await.unwrap();
            assert_eq!(answers.frame().await.unwrap().unwrap().into_data().unwrap(), message(text));
        }
        drop(sender);
        let trailers = answers.frame().await.unwrap().unwrap().into_trailers().unwrap();
        assert_eq!(["grpc-status", "grpc-message"].map(|name| &trailers[name]), ["0", "said"]);
        // Trailers only.
        let response = client.send_request(request("Fail", Body::from(message("x")))).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["grpc-status"], "5");
    }
}

#[tokio::test]
async fn server_sent_events_come_one_by_one() {
    for forward in [r#"buffer-response="false""#, ""] {
        let (sender, body) = channel();
        let body = Arc::new(std::sync::Mutex::new(Some(body)));
        let server = TestServer::http(move |_| {
            let body = body.lock().unwrap().take().unwrap();
            let response = Response::builder().header("content-type", "text/event-stream").body(body);
            std::future::ready(response.unwrap())
        })
        .await;
        let front = front(&server.url(""), forward).await;
        let mut client = http1(&front).await;
        let request = Request::get("/a/events").header("host", "gateway.example").body(Body::empty()).unwrap();
        let mut events = client.send_request(request).await.unwrap().into_body();
        for event in ["data: 1\n\n", "data: 2\n\n", ": still there\n\n"] {
            // The next event is made only when this one has come.
            sender.send(Frame::data(event.into())).await.unwrap();
            assert_eq!(events.frame().await.unwrap().unwrap().into_data().unwrap(), event);
        }
        drop(sender);
        assert!(events.frame().await.is_none());
    }
}

#[tokio::test]
async fn a_buffered_response_comes_in_pieces_of_8_kb() {
    let (sender, body) = channel();
    let body = Arc::new(std::sync::Mutex::new(Some(body)));
    let server = TestServer::http(move |_| {
        let body = body.lock().unwrap().take().unwrap();
        std::future::ready(Response::new(body))
    })
    .await;
    let front = front(&server.url(""), r#"buffer-response="true""#).await;
    let mut client = http1(&front).await;
    let request = Request::get("/a/events").header("host", "gateway.example").body(Body::empty()).unwrap();
    let mut answer = client.send_request(request).await.unwrap().into_body();
    sender.send(Frame::data(Bytes::from_static(b"few"))).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(100), answer.frame()).await.is_err(), "it is held back");
    sender.send(Frame::data(Bytes::from_static(&[b'x'; 8 << 10]))).await.unwrap();
    let mut length = 0;
    while length < 3 + (8 << 10) {
        length += answer.frame().await.unwrap().unwrap().into_data().unwrap().len();
    }
    sender.send(Frame::data(Bytes::from_static(b"rest"))).await.unwrap();
    drop(sender);
    assert_eq!(answer.collect().await.unwrap().to_bytes(), "rest");
    assert_eq!(length, 3 + (8 << 10));
}

/// Reads a whole head from a raw connection.
async fn head(stream: &mut TcpStream) -> String {
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).await.unwrap();
        seen.push(byte[0]);
    }
    String::from_utf8(seen).unwrap().to_ascii_lowercase()
}

async fn upload(server: &TestServer) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let start = "POST /a/p HTTP/1.1\r\nhost: gateway.example\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n";
    stream.write_all(start.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn a_body_that_the_backend_must_ask_for_waits_for_it() {
    let (asked, mut is_asked) = mpsc::unbounded_channel();
    let server = TestServer::raw(move |mut stream| {
        let asked = asked.clone();
        async move {
            asked.send(head(&mut stream).await).unwrap();
            // Nothing of the body is there yet.
            let mut body = [0; 5];
            let early = tokio::time::timeout(Duration::from_millis(100), stream.read(&mut body)).await;
            assert!(early.is_err());
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.unwrap();
            stream.read_exact(&mut body).await.unwrap();
            assert_eq!(&body, b"hello");
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone").await.unwrap();
        }
    })
    .await;
    let front = front(&server.url(""), "").await;
    let mut caller = upload(&front).await;
    assert!(is_asked.recv().await.unwrap().contains("expect: 100-continue\r\n"));
    assert!(head(&mut caller).await.starts_with("http/1.1 100 continue"));
    caller.write_all(b"hello").await.unwrap();
    let answer = head(&mut caller).await;
    assert!(answer.starts_with("http/1.1 200 ok"), "{answer}");
}

#[tokio::test]
async fn a_body_that_the_backend_declines_is_not_asked_for() {
    let decline = b"HTTP/1.1 417 Expectation Failed\r\ncontent-length: 2\r\n\r\nno";
    let server = TestServer::raw(|stream| raw::answer(stream, decline)).await;
    let front = front(&server.url(""), "").await;
    let mut caller = upload(&front).await;
    let answer = head(&mut caller).await;
    assert!(answer.starts_with("http/1.1 417"), "no interim response comes first: {answer}");
}

#[tokio::test]
async fn a_backend_that_does_not_say_continue_gets_the_body_after_a_while() {
    let server = TestServer::raw(|mut stream| async move {
        head(&mut stream).await;
        let mut body = [0; 5];
        stream.read_exact(&mut body).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    })
    .await;
    let front = front(&server.url(""), "").await;
    let mut caller = upload(&front).await;
    assert!(head(&mut caller).await.starts_with("http/1.1 100 continue"));
    caller.write_all(b"hello").await.unwrap();
    assert!(head(&mut caller).await.starts_with("http/1.1 200 ok"));
}

#[tokio::test]
async fn continue_timeout_ends_the_wait() {
    let server = TestServer::raw(raw::silent).await;
    for forward in [r#"continue-timeout="0""#, r#"continue-timeout="@(context.Request.Method.Length - 4)""#] {
        let front = front(&server.url(""), forward).await;
        let mut caller = upload(&front).await;
        let answer = head(&mut caller).await;
        assert!(answer.starts_with("http/1.1 500"), "{forward}: {answer}");
    }
}

#[tokio::test]
async fn a_timeout_of_zero_ends_the_call_at_once() {
    let server = TestServer::raw(raw::silent).await;
    let response = send(&gateway(&store(&server.url(""), r#"timeout="0""#)), "GET", "/a/x", &[]).await;
    assert_eq!(response.status(), 500);
}

#[tokio::test]
async fn an_expression_says_whether_redirects_are_followed() {
    let server = TestServer::http(|request: Request<Incoming>| async move {
        match request.uri().path() {
            "/from" => Response::builder().status(302).header("location", "/to").body(Body::empty()).unwrap(),
            path => Response::new(Body::from(path.to_owned())),
        }
    })
    .await;
    let forward = r#"follow-redirects='@(context.Request.Headers.GetValueOrDefault("X-Follow", "no") == "yes")'"#;
    let gateway = gateway(&store(&server.url(""), forward));
    for (follows, status, body) in [("yes", 200, "/to"), ("no", 302, "")] {
        let response = send(&gateway, "GET", "/a/from", &[("X-Follow", follows)]).await;
        assert_eq!(response.status(), status, "{follows}");
        assert_eq!(text(response.into_body()).await, body, "{follows}");
    }
}

#[tokio::test]
async fn an_early_response_reaches_the_caller_while_it_sends() {
    let early = b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno";
    let server = TestServer::raw(|stream| raw::answer(stream, early)).await;
    let front = front(&server.url(""), "").await;
    let (sender, body) = channel();
    let mut client = http1(&front).await;
    let request = Request::post("/a/p").header("host", "gateway.example").body(body).unwrap();
    let response = tokio::spawn(async move { client.send_request(request).await.unwrap() });
    sender.send(Frame::data(Bytes::from_static(&[b'x'; 1000]))).await.unwrap();
    let response = response.await.unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "no");
}

#[tokio::test]
async fn trailers_pass_both_ways() {
    fn trailers(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([("x-sum".parse().unwrap(), HeaderValue::from_static(value))])
    }
    let server = TestServer::http(async |request: Request<Incoming>| {
        let body = request.into_body().collect().await.unwrap();
        let seen = body.trailers().map_or("none", |trailers| trailers["x-sum"].to_str().unwrap()).to_owned();
        let (sender, body) = channel();
        tokio::spawn(async move {
            sender.send(Frame::data(seen.into())).await.unwrap();
            sender.send(Frame::trailers(trailers("out"))).await.unwrap();
        });
        Response::builder().header("trailer", "x-sum").body(body).unwrap()
    })
    .await;
    for forward in [r#"http-version="1""#, r#"http-version="2""#, r#"http-version="2or1""#] {
        let front = front(&server.url(""), forward).await;
        for is_http2 in [false, true] {
            let (sender, body) = channel();
            let uri = if is_http2 { "http://gateway.example/a/p" } else { "/a/p" };
            let request = Request::post(uri).header("trailer", "x-sum").header("te", "trailers");
            let request = request.header("host", "gateway.example").body(body).unwrap();
            tokio::spawn(async move {
                sender.send(Frame::data("x".into())).await.unwrap();
                sender.send(Frame::trailers(trailers("in"))).await.unwrap();
            });
            let response = match is_http2 {
                true => http2(&front).await.send_request(request).await,
                false => http1(&front).await.send_request(request).await,
            };
            let body = response.unwrap().into_body().collect().await.unwrap();
            assert_eq!(body.trailers().map(|t| t["x-sum"].clone()), Some(HeaderValue::from_static("out")), "{forward}");
            assert_eq!(body.to_bytes(), "in", "{forward}, HTTP/2 from the caller: {is_http2}");
        }
    }
}

#[tokio::test]
async fn framing_is_right_on_each_side() {
    // What the backend sends, what the caller asks with, and what the caller must and must not get.
    let cases: [(&str, &str, &str, &[&str], &str); 8] = [
        ("a length", "content-length: 2\r\n\r\nok", "GET", &["content-length: 2"], "ok"),
        (
            "chunks",
            "transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            "GET",
            &["transfer-encoding: chunked"],
            "2\r\nok\r\n0\r\n\r\n",
        ),
        (
            "until the end",
            "connection: close\r\n\r\nok",
            "GET",
            &["transfer-encoding: chunked"],
            "2\r\nok\r\n0\r\n\r\n",
        ),
        (
            "chunks and a length",
            "content-length: 9\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            "GET",
            &["transfer-encoding: chunked"],
            "2\r\nok\r\n0\r\n\r\n",
        ),
        ("HEAD with a length", "content-length: 12\r\n\r\n", "HEAD", &["content-length: 12"], ""),
        ("HEAD with chunks", "transfer-encoding: chunked\r\n\r\n", "HEAD", &[], ""),
        ("204", "204\r\n\r\n", "GET", &[], ""),
        ("304 with a length", "304content-length: 5\r\netag: \"x\"\r\n\r\n", "GET", &["etag: \"x\""], ""),
    ];
    for (name, answer, method, expected, body) in cases {
        let answer = match answer.get(..3) {
            Some("204") => format!("HTTP/1.1 204 No Content\r\nx-a: 1{}", &answer[3..]),
            Some("304") => format!("HTTP/1.1 304 Not Modified\r\n{}", &answer[3..]),
            _ => format!("HTTP/1.1 200 OK\r\n{answer}"),
        };
        let bytes = answer.leak().as_bytes();
        let until_end = name == "until the end";
        let server = TestServer::raw(move |stream| async move {
            match until_end {
                true => raw::answer_and_close(stream, bytes).await,
                false => raw::answer(stream, bytes).await,
            }
        })
        .await;
        let front = front(&server.url(""), "").await;
        let mut caller = TcpStream::connect(front.address()).await.unwrap();
        let request = format!("{method} /a/p HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        caller.write_all(request.as_bytes()).await.unwrap();
        let mut seen = String::new();
        caller.read_to_string(&mut seen).await.unwrap();
        let (head, rest) = seen.split_once("\r\n\r\n").unwrap();
        let framing: Vec<_> =
            head.lines().filter(|line| line.starts_with("content-length") || line.starts_with("transfer")).collect();
        for line in expected {
            assert!(head.lines().any(|found| found == *line), "{name}: `{line}` is missing: {head}");
        }
        assert!(framing.len() <= 1, "{name}: {framing:?}");
        assert_eq!(rest, body, "{name}");
    }
}

#[tokio::test]
async fn http_1_0_callers_and_connection_close_are_served() {
    let server = TestServer::http(async |_| Response::new(Body::from("hello"))).await;
    let front = front(&server.url(""), "").await;
    for request in ["GET /a/p HTTP/1.0\r\n\r\n", "GET /a/p HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"] {
        let mut caller = TcpStream::connect(front.address()).await.unwrap();
        caller.write_all(request.as_bytes()).await.unwrap();
        let mut seen = String::new();
        caller.read_to_string(&mut seen).await.unwrap();
        assert!(seen.contains(" 200 OK") && seen.ends_with("\r\n\r\nhello"), "{seen}");
    }
    assert_eq!(server.connections(), 1, "what a caller says about its connection is not said to the backend");
}

#[tokio::test]
async fn large_bodies_are_never_held() {
    const PIECE: usize = 64 << 10;
    const PIECES: usize = 2048;
    // What sockets, both HTTP libraries and HTTP/2 windows may hold.
    const UNDER_WAY: usize = 64 << 20;
    for forward in [r#"http-version="1""#, r#"http-version="2""#] {
        let server =
            TestServer::http(async |request: Request<Incoming>| Response::new(Body::new(request.into_body()))).await;
        let front = front(&server.url(""), forward).await;
        let mut client = http1(&front).await;
        let (sender, body) = channel();
        let sent = Arc::new(AtomicUsize::new(0));
        let counter = sent.clone();
        tokio::spawn(async move {
            for _ in 0..PIECES {
                counter.fetch_add(PIECE, Ordering::SeqCst);
                sender.send(Frame::data(Bytes::from_static(&[b'x'; PIECE]))).await.unwrap();
            }
        });
        let request = Request::post("/a/p").header("host", "gateway.example").body(body).unwrap();
        let mut echoed = client.send_request(request).await.unwrap().into_body();
        let mut read = 0;
        while let Some(frame) = echoed.frame().await {
            read += frame.unwrap().into_data().unwrap().len();
            assert!(sent.load(Ordering::SeqCst) < read + UNDER_WAY, "{forward}: the body was buffered");
        }
        assert_eq!(read, PIECES * PIECE, "{forward}");
    }
}

#[tokio::test]
async fn a_response_without_body_of_a_policy_has_a_length() {
    let mut store = store("http://127.0.0.1:9", "");
    store.service.policy = Some(Policy::new(
        r#"<policies><inbound><return-response><set-status code="204" /></return-response></inbound><backend />
           <outbound /><on-error /></policies>"#,
    ));
    let front = TestServer::gateway(gateway(&store)).await;
    let mut client = http1(&front).await;
    for _ in 0..2 {
        let request = Request::get("/a/p").header("host", "x").body(Body::empty()).unwrap();
        let response = client.send_request(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        assert_eq!(text(Body::new(response.into_body())).await, "");
    }
}
