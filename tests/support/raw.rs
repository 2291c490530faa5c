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

async fn read_some(stream: &mut TcpStream) -> usize {
    stream.read(&mut [0; 4096]).await.unwrap_or(0)
}
