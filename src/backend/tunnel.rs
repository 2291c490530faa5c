//! Tunnels through web proxies.

use std::io;

use bytes::BytesMut;
use http::Uri;
use http::uri::{PathAndQuery, Scheme};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::forward::WebProxy;

/// More is no answer to `CONNECT`.
const LONGEST_HEAD: usize = 16 << 10;

/// Why there is no tunnel.
#[derive(Debug, thiserror::Error)]
pub(super) enum TunnelError {
    #[error("the connection to it broke off: {0}")]
    Io(#[from] io::Error),
    #[error("it asks for other credentials (407)")]
    Credentials,
    #[error("it answered {0} to `CONNECT`")]
    Status(u16),
    #[error("its answer to `CONNECT` is not valid HTTP")]
    Malformed,
    #[error("the URL has no host")]
    NoHost,
}

/// Where the proxy is, as a URI to connect to.
pub(super) fn uri_of(proxy: &WebProxy) -> Uri {
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(proxy.authority().clone());
    parts.path_and_query = Some(PathAndQuery::from_static("/"));
    // INVARIANT: scheme, authority and path are a whole URI.
    Uri::from_parts(parts).expect("a URI with all its parts")
}

/// Asks the proxy at the other end of `io` for a tunnel to the host of `uri`.
pub(super) async fn open<T>(io: &mut T, uri: &Uri, proxy: &WebProxy) -> Result<(), TunnelError>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let host = uri.host().ok_or(TunnelError::NoHost)?;
    let port = uri.port_u16().unwrap_or(if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 });
    let mut head = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n").into_bytes();
    if let Some(authorization) = proxy.authorization() {
        head.extend_from_slice(b"Proxy-Authorization: ");
        head.extend_from_slice(authorization.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    io.write_all(&head).await?;
    io.flush().await?;
    let mut answer = BytesMut::with_capacity(1024);
    loop {
        if io.read_buf(&mut answer).await? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        match (status(&answer), end) {
            // The backend speaks only after us, so nothing may follow.
            (_, Some(end)) if end + 4 < answer.len() && status(&answer).is_some_and(is_success) => {
                return Err(TunnelError::Malformed);
            }
            (Some(status), Some(_)) if is_success(status) => return Ok(()),
            (Some(407), Some(_)) => return Err(TunnelError::Credentials),
            (Some(status), Some(_)) => return Err(TunnelError::Status(status)),
            (None, Some(_)) => return Err(TunnelError::Malformed),
            (_, None) if answer.len() > LONGEST_HEAD => return Err(TunnelError::Malformed),
            (_, None) => {}
        }
    }
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// The status in `HTTP/1.1 200 …`.
fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|byte| *byte == b'\r').next()?;
    let rest = line.strip_prefix(b"HTTP/1.1 ").or_else(|| line.strip_prefix(b"HTTP/1.0 "))?;
    let (digits, after) = rest.split_at_checked(3)?;
    let is_whole = after.first().is_none_or(|byte| *byte == b' ') && digits.iter().all(u8::is_ascii_digit);
    if is_whole { std::str::from_utf8(digits).ok()?.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn opened(answer: &'static [u8], proxy: &WebProxy) -> (String, Result<(), TunnelError>) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (mut near, mut far) = tokio::io::duplex(1 << 16);
            let uri = Uri::from_static("https://b.example/x");
            far.write_all(answer).await.unwrap();
            far.shutdown().await.unwrap();
            let result = open(&mut near, &uri, proxy).await;
            drop(near);
            let mut asked = String::new();
            far.read_to_string(&mut asked).await.unwrap();
            (asked, result)
        })
    }

    #[test]
    fn asks_with_credentials_and_reads_the_answer() {
        let proxy = WebProxy::parse("http://proxy:8080", Some("me"), Some("pw")).unwrap();
        let (asked, result) = opened(b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n", &proxy);
        assert_eq!(
            asked,
            "CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\nProxy-Authorization: Basic bWU6cHc=\r\n\r\n"
        );
        assert!(result.is_ok());
        let cases: [(&[u8], &str); 7] = [
            (b"HTTP/1.0 407 No\r\n\r\n", "it asks for other credentials (407)"),
            (b"HTTP/1.1 403\r\n\r\n", "it answered 403 to `CONNECT`"),
            (b"HTTP/1.1 2000 OK\r\n\r\n", "its answer to `CONNECT` is not valid HTTP"),
            (b"HTTP/2 200\r\n\r\n", "its answer to `CONNECT` is not valid HTTP"),
            (b"HTTP/1.1 200 OK\r\n\r\nhello", "its answer to `CONNECT` is not valid HTTP"),
            (b"HTTP/1.1 200 OK\r\n", "the connection to it broke off: unexpected end of file"),
            (b"", "the connection to it broke off: unexpected end of file"),
        ];
        for (answer, expected) in cases {
            assert_eq!(opened(answer, &proxy).1.unwrap_err().to_string(), expected);
        }
    }

    proptest! {
        #[test]
        fn reading_a_status_never_panics(answer in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = status(&answer);
        }
    }
}
