//! WebSocket: asks the backend for the upgrade that the caller asks for, then relays bytes both ways.

use std::any::Any;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::header::{CONNECTION, UPGRADE};
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional};
use tokio::time::{Instant, sleep_until};

use crate::Body;
use crate::forward::hop_by_hop::lists;

/// Longer than any connection lives; a timer cannot be set to more.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// Whether a request opens a WebSocket connection: no other protocol is passed through.
pub(super) fn is_asked<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    let mut protocols = headers.get_all(UPGRADE).iter();
    request.method() == Method::GET
        && protocols.next().is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket"))
        && protocols.next().is_none()
        && headers.get_all(CONNECTION).iter().any(|value| lists(value, "upgrade"))
}

/// Says so in the headers of one side of the connection.
pub(super) fn set_headers(headers: &mut HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
}

/// Whether the backend agreed to WebSocket, and to nothing else.
pub(super) fn is_agreed<B>(response: &Response<B>) -> bool {
    let protocol = response.headers().get(UPGRADE);
    protocol.is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// The caller's connection, when the request asks for its upgrade.
pub(super) fn caller(request: &mut Request<Body>) -> Option<OnUpgrade> {
    if !request.headers().contains_key(UPGRADE) {
        return None;
    }
    request.extensions_mut().remove::<OnUpgrade>()
}

/// What ends with a relayed connection, in the extensions of its response.
#[derive(Clone, Default)]
pub(super) struct Lasting(Arc<Mutex<Option<Box<dyn Any + Send>>>>);

impl Lasting {
    /// Drops something when the connection ends; at once, when it has ended.
    pub(super) fn keep(self, kept: impl Any + Send) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(kept));
    }
}

/// Relays in a task of its own, as soon as both connections are upgraded, until both sides have closed, one has failed, or
/// nothing has come from either for `idle`.
///
/// A side that closes is closed towards the other side; what that one still sends is relayed.
pub(super) fn relay(response: &mut Response<Incoming>, caller: OnUpgrade, idle: Duration) {
    let backend = hyper::upgrade::on(&mut *response);
    let lasting = Lasting::default();
    response.extensions_mut().insert(lasting.clone());
    tokio::spawn(async move {
        let _until_the_end = lasting;
        let Ok(backend) = backend.await else { return };
        // It fails when a policy has put another response in place of the backend's.
        let Ok(caller) = caller.await else { return };
        let heard = Heard(Arc::new(Mutex::new(Instant::now())));
        let caller = Side { io: TokioIo::new(caller), heard: heard.clone() };
        let backend = Side { io: TokioIo::new(backend), heard: heard.clone() };
        until_idle(caller, backend, heard, idle.min(FOREVER)).await;
    });
}

async fn until_idle<A, B>(mut caller: A, mut backend: B, heard: Heard, idle: Duration)
where
    A: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    let mut copy = pin!(copy_bidirectional(&mut caller, &mut backend));
    let mut timer = pin!(sleep_until(heard.last() + idle));
    poll_fn(|cx| {
        if copy.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        loop {
            ready!(timer.as_mut().poll(cx));
            let due = heard.last() + idle;
            if due <= Instant::now() {
                return Poll::Ready(());
            }
            timer.as_mut().reset(due);
        }
    })
    .await;
}

/// When something last came from one of both sides.
#[derive(Clone)]
struct Heard(Arc<Mutex<Instant>>);

impl Heard {
    fn now(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn last(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One side of a relay.
struct Side<T> {
    io: T,
    heard: Heard,
}

impl<T: AsyncRead + Unpin> AsyncRead for Side<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.io).poll_read(cx, buffer);
        if polled.is_ready() {
            self.heard.now();
        }
        polled
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Side<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[test]
    fn only_websocket_is_asked_for() {
        let cases: [(&str, &[(&str, &str)], bool); 8] = [
            ("GET", &[("connection", "Upgrade"), ("upgrade", "websocket")], true),
            ("GET", &[("connection", "keep-alive, Upgrade"), ("upgrade", "WebSocket")], true),
            ("GET", &[("connection", "keep-alive"), ("upgrade", "websocket")], false),
            ("GET", &[("upgrade", "websocket")], false),
            ("GET", &[("connection", "upgrade"), ("upgrade", "h2c")], false),
            ("GET", &[("connection", "upgrade"), ("upgrade", "websocket, h2c")], false),
            ("GET", &[("connection", "upgrade"), ("upgrade", "websocket"), ("upgrade", "h2c")], false),
            ("POST", &[("connection", "upgrade"), ("upgrade", "websocket")], false),
        ];
        for (method, headers, expected) in cases {
            let request = headers.iter().fold(Request::builder().method(method), |r, (n, v)| r.header(*n, *v));
            assert_eq!(is_asked(&request.body(()).unwrap()), expected, "{method} {headers:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_relay_ends_when_nothing_has_come_for_a_while() {
        let (mut client, caller) = duplex(64);
        let (mut server, backend) = duplex(64);
        let heard = Heard(Arc::new(Mutex::new(Instant::now())));
        let caller = Side { io: caller, heard: heard.clone() };
        let backend = Side { io: backend, heard: heard.clone() };
        let start = Instant::now();
        let relay = tokio::spawn(until_idle(caller, backend, heard, Duration::from_secs(10)));
        tokio::time::sleep(Duration::from_secs(6)).await;
        client.write_all(b"ping").await.unwrap();
        let mut seen = [0; 4];
        server.read_exact(&mut seen).await.unwrap();
        relay.await.unwrap();
        assert_eq!((&seen, start.elapsed().as_secs()), (b"ping", 16));
        assert_eq!(client.read(&mut seen).await.unwrap(), 0);
    }
}
