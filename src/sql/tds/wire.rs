//! What the client of TDS writes to and reads from, once both sides have agreed on encryption.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::io::{AsyncRead, AsyncWrite};
use tokio::io::{AsyncRead as TokioRead, AsyncWrite as TokioWrite, ReadBuf};
use tokio_rustls::client::TlsStream;

use super::handshake::Wrapped;
use super::prelogin::HEADER;
use super::socket::Socket;

/// A connection, encrypted or not.
pub(super) enum Stream {
    Plain(Socket),
    /// TLS whose handshake was in packets of TDS.
    Wrapped(Box<TlsStream<Wrapped>>),
    /// TLS that came first.
    Strict(Box<TlsStream<Socket>>),
}

/// What may pass before the next statement.
#[derive(Default)]
pub(super) struct Gate {
    /// Whether the next statement begins with a session as new.
    pub(super) resets: bool,
    /// How many bytes may still come.
    pub(super) left: usize,
}

/// Shared with whoever holds the client.
pub(super) type SharedGate = std::sync::Arc<std::sync::Mutex<Gate>>;

/// The connection as the client sees it. What was agreed on is not sent again: the client's first message is swallowed, and
/// answered by what the server said.
pub(super) struct Wire {
    stream: Stream,
    gate: SharedGate,
    /// What is left of the server's answer.
    answer: io::Cursor<Vec<u8>>,
    swallows: bool,
    /// The header of the packet that is being written, and how much of it is there.
    header: ([u8; HEADER], usize),
    /// How much of its payload is to come.
    payload: usize,
    /// How much of a header that is whole is sent.
    sent: Option<usize>,
}

/// Packets that begin a statement.
const STATEMENTS: [u8; 2] = [1, 3];
/// The bit of such a packet that lets the session begin as new.
const RESET: u8 = 0x08;

impl Wire {
    /// A connection to a server that has answered the first message.
    pub(super) fn new(stream: Stream, answer: Vec<u8>, gate: SharedGate) -> Self {
        let answer = io::Cursor::new(answer);
        Self { stream, gate, answer, swallows: true, header: ([0; HEADER], 0), payload: 0, sent: None }
    }

    /// Sends what is there of a header that is whole.
    fn poll_header(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(sent) = self.sent {
            let rest = self.header.0.get(sent..).filter(|rest| !rest.is_empty());
            let Some(rest) = rest else {
                self.sent = None;
                break;
            };
            let n = ready!(self.stream.poll_write(cx, rest))?;
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent = Some(sent + n);
        }
        Poll::Ready(Ok(()))
    }

    /// Takes bytes of a header.
    fn take_header(&mut self, buf: &[u8]) -> usize {
        let (header, filled) = &mut self.header;
        let n = buf.len().min(HEADER - *filled);
        for (to, from) in header.iter_mut().skip(*filled).zip(buf) {
            *to = *from;
        }
        *filled += n;
        if *filled == HEADER {
            *filled = 0;
            self.payload = usize::from(u16::from_be_bytes([header[2], header[3]])).saturating_sub(HEADER);
            if self.swallows {
                self.swallows = self.payload > 0;
            } else {
                let mut gate = self.gate.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                if gate.resets && STATEMENTS.contains(&header[0]) {
                    header[1] |= RESET;
                    gate.resets = false;
                }
                self.sent = Some(0);
            }
        }
        n
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let known = io::Read::read(&mut this.answer, buf)?;
        if known > 0 {
            return Poll::Ready(Ok(known));
        }
        let mut buf = ReadBuf::new(buf);
        ready!(this.stream.poll_read(cx, &mut buf))?;
        let n = buf.filled().len();
        let mut gate = this.gate.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match gate.left.checked_sub(n) {
            Some(left) => gate.left = left,
            None => return Poll::Ready(Err(io::Error::other("the answer is longer than the largest body allowed"))),
        }
        Poll::Ready(Ok(n))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        ready!(this.poll_header(cx))?;
        if this.payload == 0 {
            return Poll::Ready(Ok(this.take_header(buf)));
        }
        let most = this.payload.min(buf.len());
        let n =
            if this.swallows { most } else { ready!(this.stream.poll_write(cx, buf.get(..most).unwrap_or_default()))? };
        this.payload -= n;
        if this.payload == 0 {
            this.swallows = false;
        }
        Poll::Ready(Ok(n))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_header(cx))?;
        self.stream.poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        self.stream.poll_shutdown(cx)
    }
}

impl Stream {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Wrapped(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Strict(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Wrapped(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Strict(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Wrapped(stream) => Pin::new(stream).poll_flush(cx),
            Self::Strict(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Wrapped(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Strict(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
