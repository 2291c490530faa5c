//! A TLS handshake in packets of TDS, as servers before TDS 8 want it; what follows it has no such packets around.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::prelogin::{END, HEADER, PRELOGIN, header, invalid};
use super::socket::Socket;

/// The most that goes into one packet before a login.
const PACKET: usize = 4096 - HEADER;

/// A connection whose handshake is wrapped.
pub(super) struct Wrapped {
    socket: Socket,
    is_shaking: bool,
    /// What was written and is not sent yet.
    written: Vec<u8>,
    /// Packets that are being sent, and how far.
    sending: (Vec<u8>, usize),
    /// The header of the packet that comes, and how much of it is there.
    arriving: ([u8; HEADER], usize),
    /// How much of its payload is to come.
    left: usize,
}

impl Wrapped {
    pub(super) fn new(socket: Socket) -> Self {
        Self {
            socket,
            is_shaking: true,
            written: Vec::new(),
            sending: (Vec::new(), 0),
            arriving: ([0; HEADER], 0),
            left: 0,
        }
    }

    /// The handshake is done.
    pub(super) fn shaken(&mut self) {
        self.is_shaking = false;
    }

    fn poll_header(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.left == 0 {
            let (header, filled) = &mut self.arriving;
            let mut buf = ReadBuf::new(header.get_mut(*filled..).unwrap_or_default());
            ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buf))?;
            let n = buf.filled().len();
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            *filled += n;
            if *filled == HEADER {
                let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
                self.left = length
                    .checked_sub(HEADER)
                    .ok_or_else(|| invalid("a packet of its handshake has no good length"))?;
                *filled = 0;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Wrapped {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        // What is left of the last packet of the handshake still has its header.
        if !this.is_shaking && this.left == 0 {
            return Pin::new(&mut this.socket).poll_read(cx, buf);
        }
        ready!(this.poll_header(cx))?;
        let most = this.left.min(buf.remaining());
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(most));
        ready!(Pin::new(&mut this.socket).poll_read(cx, &mut part))?;
        let n = part.filled().len();
        this.left -= n;
        buf.advance(n);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wrapped {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if !self.is_shaking {
            return Pin::new(&mut self.socket).poll_write(cx, buf);
        }
        self.written.extend_from_slice(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            let (packets, sent) = &mut this.sending;
            while let Some(rest) = packets.get(*sent..).filter(|rest| !rest.is_empty()) {
                let n = ready!(Pin::new(&mut this.socket).poll_write(cx, rest))?;
                if n == 0 {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                *sent += n;
            }
            packets.clear();
            *sent = 0;
            if this.written.is_empty() {
                return Pin::new(&mut this.socket).poll_flush(cx);
            }
            let written = std::mem::take(&mut this.written);
            let last = written.chunks(PACKET).count() - 1;
            for (i, chunk) in written.chunks(PACKET).enumerate() {
                packets.extend(header(PRELOGIN, if i == last { END } else { 0 }, chunk.len()));
                packets.extend_from_slice(chunk);
            }
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
