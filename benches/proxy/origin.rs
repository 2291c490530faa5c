//! The origin behind the peers: answers 128 bytes, and 418 when a request under `/api/` lacks the gateway work.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use tokio::net::TcpListener;

use crate::job;

pub async fn serve(listener: TcpListener) {
    crate::accept(listener, || service_fn(answer)).await;
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let complete = !request.uri().path().starts_with("/api/") || is_complete(&request).unwrap_or(false);
    // The body is read, so that the connection can be used again.
    let _ = request.into_body().collect().await;
    let mut response = Response::new(Full::new(Bytes::from_static(&[b'x'; 128])));
    if !complete {
        *response.status_mut() = StatusCode::IM_A_TEAPOT;
    }
    Ok(response)
}

/// Whether a gateway has done all of its work on the request.
fn is_complete(request: &Request<Incoming>) -> Option<bool> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let segments: Vec<_> = request.uri().path().split('/').collect();
    let resource: usize = segments.get(2)?.strip_prefix('r')?.parse().ok()?;
    let name = match (request.method().as_str(), segments.len()) {
        ("GET", 5) => "get",
        ("GET", _) => "part",
        ("POST", _) => "create",
        _ => "delete",
    };
    let caller: usize = header("x-api-key")?.get(4..8)?.parse().ok()?;
    Some(
        header("authorization")?.strip_prefix("Bearer ")? == job::credential(resource)
            && header("x-gw-a")? == "gateway"
            && header("x-gw-b")? == job::caller(caller)
            && header("x-gw-c")? == job::operation(resource, name)
            && header("x-remove").is_none(),
    )
}
