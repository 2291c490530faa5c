//! WebSocket through a gateway that is served over a socket.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use gatewright::backend::{BackendOptions, Resilience, Transport};
use gatewright::gateway::Gateway;
use gatewright::model::{Api, ApiEntry, ApiKind, Backend, Operation, Store, Subscription};
use http::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::server;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, frame::coding::CloseCode};
use tokio_tungstenite::tungstenite::{Error, handshake::client::generate_key};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async, client_async};

use crate::support::{TestServer, raw};
use crate::{document, free_api, gateway, with_policy};

/// Sends each message back; its first says what the handshake looked like. Ends with the reason `done` on `bye`.
async fn chat() -> TestServer {
    TestServer::raw(|stream| async move {
        let mut first = String::new();
        #[allow(clippy::result_large_err)] // The library's own signature.
        let note = |request: &server::Request, mut response: server::Response| {
            let header = |name: &str| request.headers().get(name).map_or("none", |v| v.to_str().unwrap()).to_owned();
            let upgrade = (header("connection"), header("upgrade"));
            first = format!("{} {:?} {} {}", request.uri(), upgrade, header("x-added"), header("host"));
            response.headers_mut().insert("x-server", "yes".parse().unwrap());
            Ok(response)
        };
        let mut socket = accept_hdr_async(stream, note).await.unwrap();
        socket.send(first.into()).await.unwrap();
        while let Some(Ok(message)) = socket.next().await {
            if message.is_text() && message.to_text().unwrap() == "bye" {
                let reason = CloseFrame { code: CloseCode::Library(4001), reason: "done".into() };
                let _ = socket.close(Some(reason)).await;
            } else if message.is_text() || message.is_binary() {
                socket.send(message).await.unwrap();
            }
        }
    })
    .await
}

fn api(path: &str, service_url: &str) -> ApiEntry {
    let api = Api::new(path).service_url(service_url).subscription_required(false);
    ApiEntry::new(api.kind(ApiKind::Websocket))
}

fn store(entry: ApiEntry) -> Store {
    let mut store = Store::new();
    store.service.apis.insert("chat", entry);
    store
}

fn handshake(server: &TestServer, path: &str) -> Request<()> {
    Request::get(server.url(path).replace("http", "ws"))
        .header("host", server.address().to_string())
        .header("connection", "keep-alive, Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", generate_key())
        .body(())
        .unwrap()
}

async fn connect(server: &TestServer, path: &str) -> Result<(WebSocketStream<TcpStream>, http::HeaderMap), Error> {
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let (socket, response) = client_async(handshake(server, path), stream).await?;
    Ok((socket, response.headers().clone()))
}

async fn text(socket: &mut WebSocketStream<TcpStream>) -> String {
    socket.next().await.unwrap().unwrap().into_text().unwrap().to_string()
}

#[tokio::test]
async fn messages_pass_both_ways_and_policies_see_the_handshake() {
    let backend = chat().await;
    let mut entry = api("chat", &backend.url("/rooms").replace("http", "ws"));
    entry.policy = Some(document(
        r#"<set-header name="X-Added"><value>@(context.Operation.Id)</value></set-header>"#,
        r#"<set-header name="X-Out"><value>@(context.Response.StatusCode.ToString())</value></set-header>"#,
        "",
    ));
    let front = TestServer::gateway(gateway(&store(entry))).await;
    let (mut socket, headers) = connect(&front, "/chat?room=7").await.unwrap();
    assert_eq!((&headers["x-server"], &headers["x-out"]), (&"yes".parse().unwrap(), &"101".parse().unwrap()));
    let expected = format!("/rooms?room=7 (\"Upgrade\", \"websocket\") onHandshake {}", backend.address());
    assert_eq!(text(&mut socket).await, expected);
    let big = "x".repeat(300_000);
    for message in ["hello", big.as_str(), "again"] {
        socket.send(message.into()).await.unwrap();
        assert_eq!(text(&mut socket).await, message);
    }
    socket.send(Message::binary(vec![0, 255])).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap().into_data(), vec![0, 255]);
}

#[tokio::test]
async fn a_close_of_the_backend_reaches_the_caller() {
    let backend = chat().await;
    let front = TestServer::gateway(gateway(&store(api("chat", &backend.url(""))))).await;
    let (mut socket, _) = connect(&front, "/chat").await.unwrap();
    text(&mut socket).await;
    socket.send("bye".into()).await.unwrap();
    let Some(Ok(Message::Close(Some(frame)))) = socket.next().await else { panic!("no close frame") };
    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (4001, "done"));
    assert!(socket.next().await.is_none());
}

#[tokio::test]
async fn a_caller_that_goes_away_closes_the_connection_to_the_backend() {
    let (closed, mut is_closed) = tokio::sync::mpsc::unbounded_channel();
    let backend = TestServer::raw(move |stream| {
        let closed = closed.clone();
        async move {
            let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
            closed.send("open").unwrap();
            while let Some(Ok(_)) = socket.next().await {}
            closed.send("closed").unwrap();
        }
    })
    .await;
    let front = TestServer::gateway(gateway(&store(api("chat", &backend.url(""))))).await;
    let (socket, _) = connect(&front, "/chat").await.unwrap();
    assert_eq!(is_closed.recv().await, Some("open"));
    drop(socket);
    assert_eq!(is_closed.recv().await, Some("closed"));
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let backend = chat().await;
    let transport = Transport::builder().native_roots(false).websocket_idle_timeout(Duration::from_millis(50));
    let transport = transport.build().unwrap();
    let built = Gateway::builder().transport(transport).build(&store(api("chat", &backend.url("")))).unwrap();
    let front = TestServer::gateway(built).await;
    let (mut socket, _) = connect(&front, "/chat").await.unwrap();
    text(&mut socket).await;
    assert!(!matches!(socket.next().await, Some(Ok(_))));
}

#[tokio::test]
async fn a_backend_that_declines_is_answered_as_it_is() {
    let decline = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 4\r\nx-why: no\r\n\r\nnope";
    let backend = TestServer::raw(|stream| raw::answer(stream, decline)).await;
    let front = TestServer::gateway(gateway(&store(api("chat", &backend.url(""))))).await;
    let Err(Error::Http(response)) = connect(&front, "/chat").await else { panic!("it was upgraded") };
    assert_eq!((response.status().as_u16(), &response.headers()["x-why"]), (403, &"no".parse().unwrap()));
}

#[tokio::test]
async fn another_protocol_is_not_switched_to() {
    let other = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n";
    let backend = TestServer::raw(|stream| raw::answer(stream, other)).await;
    let front = TestServer::gateway(gateway(&store(api("chat", &backend.url(""))))).await;
    let Err(Error::Http(response)) = connect(&front, "/chat").await else { panic!("it was upgraded") };
    assert_eq!(response.status(), 500);
}

#[tokio::test]
async fn a_response_of_a_policy_gives_the_upgrade_up() {
    let (closed, mut is_closed) = tokio::sync::mpsc::unbounded_channel();
    let backend = TestServer::raw(move |mut stream| {
        let closed = closed.clone();
        async move {
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            let switch = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
            stream.write_all(switch).await.unwrap();
            closed.send(stream.read(&mut head).await.unwrap_or(0)).unwrap();
        }
    })
    .await;
    let mut entry = api("chat", &backend.url(""));
    entry.policy = Some(document("", r#"<return-response><set-status code="418" /></return-response>"#, ""));
    let front = TestServer::gateway(gateway(&store(entry))).await;
    let Err(Error::Http(response)) = connect(&front, "/chat").await else { panic!("it was upgraded") };
    assert_eq!(response.status(), 418);
    assert_eq!(is_closed.recv().await, Some(0));
}

#[tokio::test]
async fn keys_are_checked_before_the_backend_is_asked() {
    let backend = chat().await;
    let mut entry = api("chat", &backend.url(""));
    entry.api.subscription_required = Some(true);
    let mut store = store(entry);
    store.service.subscriptions.insert("s", Subscription::new("/apis").primary_key("k"));
    let front = TestServer::gateway(gateway(&store)).await;
    let Err(Error::Http(response)) = connect(&front, "/chat").await else { panic!("it was upgraded") };
    assert_eq!((response.status().as_u16(), backend.connections()), (401, 0));
    assert!(connect(&front, "/chat?subscription-key=k").await.is_ok());
}

#[tokio::test]
async fn an_api_of_another_kind_is_not_upgraded() {
    let backend = crate::backend().await;
    let mut store = Store::new();
    store.service.apis.insert("plain", free_api("plain", &backend.url(""), &[("get", "GET", "/")]));
    let front = TestServer::gateway(gateway(&store)).await;
    let Err(Error::Http(response)) = connect(&front, "/plain").await else { panic!("it was upgraded") };
    assert_eq!(response.status(), 200);
    let seen = String::from_utf8(response.into_body().unwrap()).unwrap();
    assert!(!seen.contains("upgrade") && seen.contains("sec-websocket-key"), "{seen}");
}

#[tokio::test]
async fn a_listed_handshake_keeps_its_document() {
    let backend = chat().await;
    let mut entry = api("chat", &backend.url(""));
    let policy = "<policies><inbound><base /><rewrite-uri template='/other' /></inbound>\
                  <backend><base /></backend></policies>";
    let operation = with_policy(Operation::new("GET", "/"), policy);
    entry.operations.insert("onHandshake", operation);
    let front = TestServer::gateway(gateway(&store(entry))).await;
    let (mut socket, _) = connect(&front, "/chat").await.unwrap();
    assert!(text(&mut socket).await.starts_with("/other "));
}

#[tokio::test]
async fn a_connection_has_its_place_until_it_ends() {
    let backend = chat().await;
    let mut store = store(api("chat", &backend.url("")));
    store.service.backends.insert("b", Backend::new(backend.url("")).unwrap());
    let resilience = Resilience::new().backends(BackendOptions::new().max_requests(1, 0));
    let transport = Transport::builder().native_roots(false).build().unwrap();
    let gateway = Gateway::builder().transport(transport).resilience(resilience).build(&store).unwrap();
    let front = TestServer::gateway(gateway).await;
    let (mut first, _) = connect(&front, "/chat").await.unwrap();
    text(&mut first).await;
    let Err(Error::Http(response)) = connect(&front, "/chat").await else { panic!("it was upgraded") };
    assert_eq!(response.status(), 503);
    drop(first);
    while connect(&front, "/chat").await.is_err() {
        tokio::task::yield_now().await;
    }
}
