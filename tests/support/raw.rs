//! Servers that misbehave, for [`TestServer::raw`](super::TestServer::raw).

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Reads the start of a request and sends a TCP reset.
pub async fn reset(mut stream: TcpStream) {
    read_some(&mut stream).await;
    stream.set_zero_linger().unwrap();
}

/// Reads the start of a request and closes.
pub async fn close_early(mut stream: TcpStream) {
    read_some(&mut stream).await;
}

/// Reads the start of a request and answers with something that is not HTTP.
pub async fn garbage(mut stream: TcpStream) {
    read_some(&mut stream).await;
    let _ = stream.write_all(b"SSH-2.0-nonsense\r\n\r\n").await;
}

/// Reads for ever and never answers; returns when the peer closes.
pub async fn silent(mut stream: TcpStream) {
    while read_some(&mut stream).await > 0 {}
}

/// Reads the start of a request and answers with these bytes.
pub async fn answer(mut stream: TcpStream, bytes: &'static [u8]) {
    read_some(&mut stream).await;
    let _ = stream.write_all(bytes).await;
    while read_some(&mut stream).await > 0 {}
}

/// Reads the start of a request, answers with these bytes and closes.
pub async fn answer_and_close(mut stream: TcpStream, bytes: &'static [u8]) {
    read_some(&mut stream).await;
    let _ = stream.write_all(bytes).await;
}

/// Sends a TCP reset without reading anything.
pub async fn reset_at_once(stream: TcpStream) {
    stream.set_zero_linger().unwrap();
}

/// Reads the start of a request, answers with these bytes and sends a TCP reset.
pub async fn answer_and_reset(mut stream: TcpStream, bytes: &'static [u8]) {
    read_some(&mut stream).await;
    let _ = stream.write_all(bytes).await;
    // The bytes are on their way before the reset is: one that overtakes them drops them.
    let _ = stream.flush().await;
    tokio::task::yield_now().await;
    stream.set_zero_linger().unwrap();
}

/// Reads the start of a request and answers byte by byte until the peer closes, the last byte again and again.
pub async fn drip(mut stream: TcpStream, bytes: &'static [u8], pause: std::time::Duration) {
    read_some(&mut stream).await;
    let last = bytes.last().copied().unwrap_or_default();
    for byte in bytes.iter().copied().chain(std::iter::repeat(last)) {
        tokio::time::sleep(pause).await;
        if stream.write_all(&[byte]).await.is_err() {
            return;
        }
    }
}

/// Frames of HTTP/2.
pub mod http2 {
    use super::*;

    /// Of type `kind` for `stream`.
    pub fn frame(kind: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0, 0, payload.len() as u8, kind, 0];
        frame.extend_from_slice(&stream.to_be_bytes());
        frame.extend_from_slice(payload);
        frame
    }

    /// `RST_STREAM` of the first request.
    pub fn reset(code: u32) -> Vec<u8> {
        frame(3, 1, &code.to_be_bytes())
    }

    /// `GOAWAY`: requests after `last` were not looked at.
    pub fn go_away(last: u32, code: u32) -> Vec<u8> {
        let mut payload = last.to_be_bytes().to_vec();
        payload.extend_from_slice(&code.to_be_bytes());
        frame(7, 0, &payload)
    }

    /// Answers each request with `frames`, and goes on as long as `seen`, which is called for each, says so.
    pub async fn answer(mut stream: TcpStream, frames: Vec<u8>, seen: impl Fn() -> bool) {
        let mut preface = [0; 24];
        if stream.read_exact(&mut preface).await.is_err() {
            return;
        }
        let _ = stream.write_all(&frame(4, 0, &[])).await;
        let mut head = [0; 9];
        while stream.read_exact(&mut head).await.is_ok() {
            let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
            if stream.read_exact(&mut payload).await.is_err() {
                return;
            }
            if head[3] == 1 {
                let goes_on = seen();
                let _ = stream.write_all(&frames).await;
                if !goes_on {
                    return;
                }
            }
        }
    }
}

async fn read_some(stream: &mut TcpStream) -> usize {
    stream.read(&mut [0; 4096]).await.unwrap_or(0)
}
