//! Nothing is left behind: connections, tasks and memory after many requests to backends that fail in every way, and
//! memory while a large body passes.
//!
//! 10,000 requests, 256 MiB there and back, and a response of 1 GiB by default; `GATEWRIGHT_REQUESTS`,
//! `GATEWRIGHT_BODY_MIB` and `GATEWRIGHT_RESPONSE_MIB` say otherwise.

#![cfg(all(target_os = "linux", feature = "policy", any(feature = "aws-lc-rs", feature = "ring")))]

mod backends;
#[allow(unused_imports)] // The other tests of backends use the rest.
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use gatewright::Body;
use gatewright::backend::Transport;
use gatewright::gateway::Gateway;
use gatewright::model::{Api, ApiEntry, Operation, Policy, Store};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Incoming;
use support::TestServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;

const MIB: usize = 1 << 20;
/// How many requests are under way at a time.
const AT_ONCE: usize = 16;

/// What is measured is the process's: one test at a time.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is not a number")))
}

/// What the process has in memory, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}

fn gateway(url: &str) -> Gateway {
    let mut store = Store::new();
    store.service.policy = Some(Policy::new(
        r#"<policies><inbound /><backend><forward-request timeout-ms="@(context.Request.OriginalUrl.Path.EndsWith(&quot;silent&quot;) ? 20 : 60000)" /></backend><outbound />
           <on-error><set-header name="x-reason"><value>@(context.LastError.Reason)</value></set-header></on-error>
           </policies>"#,
    ));
    let mut entry = ApiEntry::new(Api::new("a").service_url(url).subscription_required(false));
    entry.operations.insert("get", Operation::new("GET", "/*").into());
    entry.operations.insert("post", Operation::new("POST", "/*").into());
    store.service.apis.insert("a", entry);
    let transport = Transport::builder().native_roots(false).build().unwrap();
    Gateway::builder().transport(transport).build(&store).unwrap()
}

/// Counts up for as long as it lives.
struct Open(Arc<AtomicUsize>);

impl Open {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Does with each request what its path says.
async fn fail_as_asked(mut stream: TcpStream) {
    let mut seen = Vec::new();
    let mut bytes = [0; 4096];
    loop {
        let Ok(n @ 1..) = stream.read(&mut bytes).await else { return };
        seen.extend_from_slice(&bytes[..n]);
        let Some(end) = seen.windows(4).position(|end| end == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&seen[..end]).into_owned();
        seen.clear();
        let what = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let answer: &[u8] = match what.as_str() {
            "/reset" => return drop(stream.set_zero_linger()),
            "/close" => return,
            "/silent" => return drop(stream.read(&mut bytes).await),
            "/half" => b"HTTP/1.1 200 OK\r\nconte",
            "/cut" => b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello",
            "/garbage" => b"nonsense\r\n\r\n",
            "/early" => b"HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno",
            "/long" => b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
            _ => b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        };
        let goes_on = what == "/ok" || what == "/long";
        if stream.write_all(answer).await.is_err() || !goes_on {
            return;
        }
    }
}

/// Sends one request, and reads or drops its answer; says how it ended.
async fn one(gateway: Gateway, number: usize) -> String {
    const WAYS: [&str; 12] =
        ["ok", "ok", "ok", "reset", "close", "half", "cut", "garbage", "early", "long", "silent", "ok"];
    let way = WAYS[number % WAYS.len()];
    let request = match way {
        "early" => Request::post("/a/early").body(Body::from(vec![b'x'; 10_000])),
        way => Request::get(format!("/a/{way}")).body(Body::empty()),
    };
    let mut call = Box::pin(gateway.oneshot(request.unwrap()));
    // Some callers go away at once.
    if number % 50 == 49 {
        let _ = std::future::poll_fn(|cx| std::task::Poll::Ready(call.as_mut().poll(cx).is_ready())).await;
        return "gave up".to_owned();
    }
    let response = call.await.unwrap();
    let status = response.status().as_u16();
    let reason = response.headers().get("x-reason").map_or("", |reason| reason.to_str().unwrap()).to_owned();
    let body = match way {
        // It never ends: the caller leaves.
        "long" => "left",
        _ => match response.into_body().collect(1000).await {
            Ok(_) => "whole",
            Err(_) => "broken",
        },
    };
    format!("{way} {status} {reason} {body}")
}

#[tokio::test]
async fn nothing_is_left_after_many_requests() {
    let _alone = ALONE.lock().await;
    let requests = setting("GATEWRIGHT_REQUESTS", 10_000);
    let open = Arc::new(AtomicUsize::new(0));
    let counter = open.clone();
    let server = TestServer::raw(move |stream| {
        let open = Open::new(&counter);
        async move {
            fail_as_asked(stream).await;
            drop(open);
        }
    })
    .await;
    let gateway = gateway(&server.url(""));
    let metrics = tokio::runtime::Handle::current().metrics();
    let tasks_before = metrics.num_alive_tasks();
    let mut ends = BTreeMap::<String, usize>::new();
    let (mut calls, mut memory, mut middle) = (tokio::task::JoinSet::new(), 0, 0);
    for number in 0..requests {
        if calls.len() == AT_ONCE {
            *ends.entry(calls.join_next().await.unwrap().unwrap()).or_default() += 1;
        }
        calls.spawn(one(gateway.clone(), number));
        // Allocator and runtime have what they need by then.
        if number == requests / 5 {
            memory = resident();
        }
        if number == requests / 2 {
            middle = resident();
        }
    }
    while let Some(end) = calls.join_next().await {
        *ends.entry(end.unwrap()).or_default() += 1;
    }
    println!("{ends:?}");
    let kinds: Vec<_> = ends.keys().filter(|end| !end.starts_with("gave")).map(String::as_str).collect();
    let expected = [
        "close 500 BackendConnectionFailure whole",
        "cut 200  broken",
        "early 413  whole",
        "garbage 500 BackendConnectionFailure whole",
        "half 500 BackendConnectionFailure whole",
        "long 200  left",
        "ok 200  whole",
        "reset 500 BackendConnectionFailure whole",
        "silent 500 Timeout whole",
    ];
    assert_eq!(kinds, expected);
    let after = resident();
    println!("memory: {memory} after a fifth, {middle} after half, {after} at the end");
    assert!(after < memory + 4 * MIB, "{requests} requests: memory grew from {memory} to {after} bytes");
    // The rest of the connections are idle ones, which the pool keeps; each has a task here and one at the server.
    let settled = async {
        while open.load(Ordering::SeqCst) > AT_ONCE {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let settled = tokio::time::timeout(Duration::from_secs(10), settled).await;
    let (open_now, tasks) = (open.load(Ordering::SeqCst), metrics.num_alive_tasks() - tasks_before);
    println!("left: {open_now} connections, {tasks} tasks");
    assert!(settled.is_ok(), "{open_now} connections are open");
    assert!(tasks <= 2 * open_now + 4, "{tasks} tasks for {open_now} connections");
    drop(gateway);
    let settled = async {
        while open.load(Ordering::SeqCst) > 0 || metrics.num_alive_tasks() > tasks_before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let settled = tokio::time::timeout(Duration::from_secs(10), settled).await;
    let (open_now, tasks) = (open.load(Ordering::SeqCst), metrics.num_alive_tasks() - tasks_before);
    assert!(settled.is_ok(), "without a gateway there are {open_now} connections and {tasks} tasks");
}

#[tokio::test]
async fn a_large_body_takes_no_memory() {
    let _alone = ALONE.lock().await;
    const PIECE: usize = 64 << 10;
    let pieces = setting("GATEWRIGHT_BODY_MIB", 256) * MIB / PIECE;
    let echo = async |request: Request<Incoming>| Response::new(Body::new(request.into_body()));
    let server = TestServer::http(echo).await;
    let front = TestServer::gateway(gateway(&server.url(""))).await;
    let stream = TcpStream::connect(front.address()).await.unwrap();
    let (mut client, connection) =
        hyper::client::conn::http1::handshake(hyper_util::rt::TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut left = pieces;
    let frames = futures_util::stream::poll_fn(move |_| {
        let is_over = left == 0;
        left = left.saturating_sub(1);
        let frame = || Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(&[b'x'; PIECE])));
        std::task::Poll::Ready((!is_over).then(frame))
    });
    let body = Body::new(StreamBody::new(frames));
    let request = Request::post("/a/p").header("host", "gateway.example").body(body).unwrap();
    let before = resident();
    let mut echoed = client.send_request(request).await.unwrap().into_body();
    let (mut read, mut most) = (0, 0);
    while let Some(frame) = echoed.frame().await {
        read += frame.unwrap().into_data().unwrap().len();
        most = most.max(resident());
    }
    assert_eq!(read, pieces * PIECE);
    println!("{read} bytes there and back: {} bytes more in memory at most", most.saturating_sub(before));
    assert!(most < before + 16 * MIB, "memory grew from {before} to {most} bytes for a body of {read}");
}

#[tokio::test]
async fn a_gigabyte_through_ten_header_policies_stays_under_64_mb() {
    let _alone = ALONE.lock().await;
    const PIECE: usize = 64 << 10;
    let pieces = setting("GATEWRIGHT_RESPONSE_MIB", 1024) * MIB / PIECE;
    let large = move |_: Request<Incoming>| async move {
        let frames = (0..pieces).map(|_| Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(&[b'x'; PIECE]))));
        Response::new(Body::new(StreamBody::new(futures_util::stream::iter(frames))))
    };
    let server = TestServer::http(large).await;
    let five = |kind: &str| -> String {
        let one = |n| {
            format!(
                r#"<set-header name="x-{kind}-{n}" exists-action="override"><value>@(context.Request.Method + "{n}")</value></set-header>"#
            )
        };
        (0..5).map(one).collect()
    };
    let mut store = Store::new();
    let mut entry = ApiEntry::new(Api::new("a").service_url(server.url("")).subscription_required(false));
    entry.operations.insert("get", Operation::new("GET", "/*").into());
    entry.policy = Some(Policy::new(format!(
        "<policies><inbound>{}</inbound><backend><forward-request /></backend><outbound>{}</outbound><on-error /></policies>",
        five("in"),
        five("out")
    )));
    store.service.apis.insert("a", entry);
    let transport = Transport::builder().native_roots(false).build().unwrap();
    let front = TestServer::gateway(Gateway::builder().transport(transport).build(&store).unwrap()).await;
    let stream = TcpStream::connect(front.address()).await.unwrap();
    let (mut client, connection) =
        hyper::client::conn::http1::handshake(hyper_util::rt::TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("/a/x").header("host", "gateway.example").body(Body::empty()).unwrap();
    let response = client.send_request(request).await.unwrap();
    assert_eq!(response.headers()["x-out-4"], "GET4");
    let (mut body, mut read, mut most, mut frames) = (response.into_body(), 0, resident(), 0);
    while let Some(frame) = body.frame().await {
        read += frame.unwrap().into_data().unwrap().len();
        frames += 1;
        if frames % 64 == 0 {
            most = most.max(resident());
        }
    }
    assert_eq!(read, pieces * PIECE);
    println!("{read} bytes through ten header policies: {most} bytes in memory at most");
    assert!(most < 64_000_000, "{most} bytes in memory for a response of {read}");
}
