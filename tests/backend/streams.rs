use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use gatewright::Body;
use gatewright::forward::{ForwardOptions, HttpVersion};
use gatewright::model::Backend;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::BodyExt;

use crate::support::{TestServer, raw, text};
use crate::{get, one, to_b, transport};

const FRAME: usize = 64 << 10;
const FRAMES: usize = 1024;
/// What sockets and HTTP/2 windows may hold.
const UNDER_WAY: usize = 24 << 20;

/// 64 MiB that count how many of them were asked for, then trailers.
struct Huge(Arc<AtomicUsize>);

impl http_body::Body for Huge {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(match self.0.fetch_add(1, Ordering::SeqCst) {
            made if made < FRAMES => Some(Ok(Frame::data(Bytes::from_static(&[b'x'; FRAME])))),
            FRAMES => Some(Ok(Frame::trailers(HeaderMap::from_iter([(SUM, HeaderValue::from_static("42"))])))),
            _ => None,
        })
    }
}

const SUM: http::HeaderName = http::HeaderName::from_static("x-sum");

/// Reads to the end, never lagging far behind what was made; gives the bytes read and whether trailers came.
async fn drain<B>(mut body: B, made: &AtomicUsize) -> (usize, bool)
where
    B: http_body::Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Debug,
{
    let (mut read, mut trailers) = (0, false);
    while let Some(frame) = body.frame().await {
        let frame = frame.unwrap();
        assert!(made.load(Ordering::SeqCst) * FRAME < read + UNDER_WAY, "the body was buffered");
        read += frame.data_ref().map_or(0, Bytes::len);
        trailers |= frame.trailers_ref().is_some_and(|trailers| trailers["x-sum"] == "42");
    }
    (read, trailers)
}

fn options(version: HttpVersion) -> ForwardOptions {
    let mut options = ForwardOptions::default();
    options.http_version = version;
    options
}

#[tokio::test]
async fn a_huge_response_streams_and_keeps_its_trailers() {
    for version in [HttpVersion::Http1, HttpVersion::Http2] {
        let made = Arc::new(AtomicUsize::new(0));
        let huge = made.clone();
        let server = TestServer::http(move |_| {
            let mut response = Response::new(Body::new(Huge(huge.clone())));
            response.headers_mut().insert("trailer", HeaderValue::from_static("x-sum"));
            std::future::ready(response)
        })
        .await;
        let backends = one(&transport(), &Backend::new(server.url("")).unwrap());
        let request = Request::get("/").header("te", "trailers").body(Body::empty()).unwrap();
        let response = backends.call(&to_b(), request, &options(version)).await.unwrap();
        assert_eq!(drain(response.into_body(), &made).await, (FRAME * FRAMES, true), "{version:?}");
    }
}

#[tokio::test]
async fn a_huge_request_streams_and_keeps_its_trailers() {
    for version in [HttpVersion::Http1, HttpVersion::Http2] {
        let made = Arc::new(AtomicUsize::new(0));
        let huge = made.clone();
        let server = TestServer::http(move |request| {
            let made = made.clone();
            async move { Response::new(Body::from(format!("{:?}", drain(request.into_body(), &made).await))) }
        })
        .await;
        let backends = one(&transport(), &Backend::new(server.url("")).unwrap());
        let request = Request::post("/").header("trailer", "x-sum").body(Body::new(Huge(huge))).unwrap();
        let response = backends.call(&to_b(), request, &options(version)).await.unwrap();
        assert_eq!(text(response.into_body()).await, format!("{:?}", (FRAME * FRAMES, true)), "{version:?}");
    }
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let server = TestServer::http(async |_| Response::new(Body::from("hello"))).await;
    let transport = transport();
    for _ in 0..3 {
        // Built anew, as after a reload.
        let backends = one(&transport, &Backend::new(server.url("")).unwrap());
        let response = backends.call(&to_b(), get("/"), &ForwardOptions::default()).await.unwrap();
        assert_eq!(text(response.into_body()).await, "hello");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_response_may_come_before_the_request_is_read() {
    let early = b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno";
    let server = TestServer::raw(|stream| raw::answer(stream, early)).await;
    let backends = one(&transport(), &Backend::new(server.url("")).unwrap());
    let huge = Huge(Arc::new(AtomicUsize::new(0)));
    let request = Request::post("/").body(Body::new(huge)).unwrap();
    let response = backends.call(&to_b(), request, &ForwardOptions::default()).await.unwrap();
    assert_eq!(response.status(), 413);
}
