//! A web proxy that notes what it is asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use super::TestServer;

/// A web proxy on loopback: tunnels by `CONNECT`, requests in absolute form, Basic credentials when it has some.
pub struct TestProxy {
    server: TestServer,
    heads: Arc<Mutex<Vec<String>>>,
}

impl TestProxy {
    /// Serves whoever sends this value of `Proxy-Authorization`, or anyone.
    pub async fn start(credentials: Option<&'static str>) -> Self {
        Self::serving(credentials, None).await
    }

    /// Serves anyone, and all tunnels lead to one server, whatever name it is called by.
    pub async fn to(server: &TestServer) -> Self {
        Self::serving(None, Some(server.address())).await
    }

    async fn serving(credentials: Option<&'static str>, only: Option<SocketAddr>) -> Self {
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let seen = heads.clone();
        let server = TestServer::raw(move |stream| serve(stream, credentials, only, seen.clone())).await;
        Self { server, heads }
    }

    pub fn url(&self) -> String {
        self.server.url("")
    }

    /// The heads of the requests so far, as they came.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

async fn serve(
    mut client: TcpStream,
    credentials: Option<&str>,
    only: Option<SocketAddr>,
    heads: Arc<Mutex<Vec<String>>>,
) {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match client.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
        }
        let head = String::from_utf8(head).unwrap();
        heads.lock().unwrap().push(head.clone());
        let is_known = credentials.is_none_or(|wanted| {
            head.lines()
                .any(|line| line.to_ascii_lowercase().starts_with("proxy-authorization:") && line.ends_with(wanted))
        });
        if !is_known {
            let answer =
                b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n";
            let _ = client.write_all(answer).await;
            continue;
        }
        let mut words = head.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        if method == "CONNECT" {
            let connected = match only {
                Some(address) => TcpStream::connect(address).await,
                None => TcpStream::connect(target).await,
            };
            let Ok(mut server) = connected else {
                let _ = client.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n").await;
                return;
            };
            let _ = client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await;
            let _ = copy_bidirectional(&mut client, &mut server).await;
            return;
        }
        // One request for each connection to the server is enough for a test.
        let rest = target.strip_prefix("http://").expect("absolute form");
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let mut server = TcpStream::connect(authority).await.unwrap();
        let path = if path.is_empty() { "/" } else { path };
        let forwarded = head.replacen(target, path, 1).replacen("\r\n", "\r\nconnection: close\r\n", 1);
        server.write_all(forwarded.as_bytes()).await.unwrap();
        let _ = copy_bidirectional(&mut client, &mut server).await;
        return;
    }
}
