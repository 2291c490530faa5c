//! The proxy to compare with: hyper's server and hyper-util's pooled client, with the gateway work in a few lines.

use std::collections::HashMap;
use std::convert::Infallible;
use std::rc::Rc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::{Either, Empty};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;

use crate::job;

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const REMOVED: HeaderName = HeaderName::from_static("x-remove");
const CONSTANT: HeaderName = HeaderName::from_static("x-gw-a");
const CALLER: HeaderName = HeaderName::from_static("x-gw-b");
const OPERATION: HeaderName = HeaderName::from_static("x-gw-c");

/// Forwards everything to `origin`, after `work` when there is some.
pub async fn serve(listener: TcpListener, origin: Authority, work: Option<Work>) {
    let work = Rc::new(work);
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Client<_, Incoming> =
        Client::builder(TokioExecutor::new()).pool_max_idle_per_host(1024).build(connector);
    crate::accept(listener, move || {
        let (client, origin, work) = (client.clone(), origin.clone(), work.clone());
        service_fn(move |mut request: Request<Incoming>| {
            let refused = work.as_ref().as_ref().and_then(|work| work.apply(&mut request).err());
            let forwarded = refused.map_or_else(
                || {
                    *request.uri_mut() = at(origin.clone(), request.uri().path_and_query().cloned());
                    Ok(client.request(request))
                },
                Err,
            );
            async {
                Ok::<_, Infallible>(match forwarded {
                    Err(status) => refuse(status),
                    Ok(response) => match response.await {
                        Ok(response) => response.map(Either::Left),
                        Err(_) => refuse(StatusCode::BAD_GATEWAY),
                    },
                })
            }
        })
    })
    .await;
}

fn at(origin: Authority, path: Option<PathAndQuery>) -> Uri {
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(origin);
    parts.path_and_query = Some(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
    Uri::from_parts(parts).unwrap_or_default()
}

fn refuse(status: StatusCode) -> Response<Either<Incoming, Empty<Bytes>>> {
    let mut response = Response::new(Either::Right(Empty::new()));
    *response.status_mut() = status;
    response
}

/// Operations by method and path, and callers by key.
pub struct Work {
    operations: HashMap<Method, matchit::Router<Operation>>,
    callers: HashMap<Vec<u8>, HeaderValue>,
}

struct Operation {
    id: HeaderValue,
    credential: HeaderValue,
}

impl Work {
    pub fn new() -> Self {
        let mut operations: HashMap<Method, matchit::Router<Operation>> = HashMap::new();
        for resource in 0..job::RESOURCES {
            for (name, method, template) in job::OPERATIONS {
                let mut credential = value(&format!("Bearer {}", job::credential(resource)));
                credential.set_sensitive(true);
                let operation = Operation { id: value(&job::operation(resource, name)), credential };
                let router = operations.entry(method.parse().unwrap()).or_default();
                router.insert(format!("/api/r{resource}{template}"), operation).unwrap();
            }
        }
        let callers = (0..job::CALLERS).map(|n| (job::key(n).into_bytes(), value(&job::caller(n)))).collect();
        Self { operations, callers }
    }

    fn apply(&self, request: &mut Request<Incoming>) -> Result<(), StatusCode> {
        let router = self.operations.get(request.method()).ok_or(StatusCode::METHOD_NOT_ALLOWED)?;
        let operation = router.at(request.uri().path()).map_err(|_| StatusCode::NOT_FOUND)?.value;
        let headers: &mut HeaderMap = request.headers_mut();
        let key = headers.get(API_KEY).ok_or(StatusCode::UNAUTHORIZED)?;
        let caller = self.callers.get(key.as_bytes()).ok_or(StatusCode::UNAUTHORIZED)?.clone();
        headers.remove(REMOVED);
        headers.insert(CONSTANT, HeaderValue::from_static("gateway"));
        headers.insert(CALLER, caller);
        headers.insert(OPERATION, operation.id.clone());
        headers.insert(AUTHORIZATION, operation.credential.clone());
        Ok(())
    }
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap()
}
