//! Backends for tests: real servers on loopback, over HTTP/1.1, HTTP/2 and TLS, and some that misbehave.

#![allow(dead_code)]

pub mod certificates;
#[cfg(all(feature = "vault", any(feature = "aws-lc-rs", feature = "ring")))]
pub mod hashicorp_vault;
pub mod log;
pub mod naming;
pub mod proxy;
pub mod raw;
#[cfg(feature = "redis")]
pub mod redis;
pub mod server;
#[cfg(feature = "sql")]
pub mod tds;

pub use certificates::{Authority, crypto_provider};
#[cfg(all(feature = "vault", any(feature = "aws-lc-rs", feature = "ring")))]
pub use hashicorp_vault::HashiCorpVault;
pub use log::Log;
pub use naming::TestNaming;
pub use proxy::TestProxy;
pub use server::TestServer;

use gatewright::Body;
use http_body_util::BodyExt;

/// Reads a body to its end.
pub async fn text(body: Body) -> String {
    String::from_utf8(body.collect(1 << 20).await.unwrap().as_bytes().map(|b| b.to_vec()).unwrap_or_default()).unwrap()
}

/// Answers with the request as text: request line, header lines, an empty line, the body.
pub async fn echo(request: http::Request<hyper::body::Incoming>) -> http::Response<Body> {
    let (head, body) = request.into_parts();
    let mut out = format!("{} {} {:?}\n", head.method, head.uri, head.version);
    for (name, value) in &head.headers {
        out += &format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()));
    }
    let body = body.collect().await;
    let body = body.map(|body| body.to_bytes()).unwrap_or_default();
    http::Response::new(Body::from(format!("{out}\n{}", String::from_utf8_lossy(&body))))
}
