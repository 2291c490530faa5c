//! The processes that are measured: an origin, a proxy by hand, our backends in the same proxy, and a gateway.

use std::cell::Cell;
use std::convert::Infallible;
use std::error::Error;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use gatewright::Body;
use gatewright::backend::{Backends, Transport};
use gatewright::forward::{ForwardOptions, Target};
use gatewright::gateway::Gateway;
use gatewright::model::{
    Api, ApiEntry, Backend, CircuitBreaker, CircuitBreakerRule, FailureCondition, Operation, Policy, Pool, PoolMember,
    StatusCodeRange, Store,
};
use gatewright::secret::NamedValues;
use http::uri::{Authority, Parts, Scheme};
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Either, Empty, Full};
use hyper::body::{Body as HttpBody, Incoming};
use hyper::server::conn::http1;
use hyper::service::{HttpService, service_fn};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::{Fault, argument};

pub async fn serve(role: &str) -> Result<(), Fault> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let origins = argument("--origins").unwrap_or_default();
    let origins: Vec<&str> = origins.split(',').collect();
    match role {
        "origin" => origin(listener, argument("--fails").is_some()).await,
        "hand" => by_hand(listener, origins[0].parse()?).await,
        "single" => with_backends(listener, &origins, "m0").await,
        "pool" => with_backends(listener, &origins, "p").await,
        "lb" => gateway(listener, &origins, "<forward-request />").await,
        "lbr" => gateway(listener, &origins, RETRY).await,
        _ => return Err(format!("there is no role `{role}`").into()),
    }
    Ok(())
}

const RETRY: &str = r#"<retry count="2" interval="0" first-fast-retry="true"
    condition="@(context.Response == null || context.Response.StatusCode == 503)"><forward-request /></retry>"#;

/// Answers 128 bytes; one that fails answers 503 to a pseudo-random half.
async fn origin(listener: TcpListener, fails: bool) {
    let random = Rc::new(Cell::new(0x2545_f491_4f6c_dd1d_u64));
    accept(listener, move || {
        let random = random.clone();
        service_fn(move |request: Request<Incoming>| {
            let mut next = random.get();
            next ^= next << 13;
            next ^= next >> 7;
            next ^= next << 17;
            random.set(next);
            async move {
                let _ = request.into_body().collect().await;
                let mut response = Response::new(Full::new(Bytes::from_static(&[b'x'; 128])));
                if fails && next >> 40 & 1 == 1 {
                    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                }
                Ok::<_, Infallible>(response)
            }
        })
    })
    .await;
}

/// A proxy in twenty lines.
async fn by_hand(listener: TcpListener, origin: Authority) {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Client<_, Incoming> =
        Client::builder(TokioExecutor::new()).pool_max_idle_per_host(1024).build(connector);
    accept(listener, move || {
        let (client, origin) = (client.clone(), origin.clone());
        service_fn(move |mut request: Request<Incoming>| {
            let mut parts = Parts::default();
            parts.scheme = Some(Scheme::HTTP);
            parts.authority = Some(origin.clone());
            parts.path_and_query = request.uri().path_and_query().cloned();
            *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
            let response = client.request(request);
            async {
                Ok::<_, Infallible>(response.await.map_or_else(|_| refused(), |response| response.map(Either::Left)))
            }
        })
    })
    .await;
}

fn refused<B>() -> Response<Either<B, Empty<Bytes>>> {
    let mut response = Response::new(Either::Right(Empty::new()));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response
}

/// The same proxy, where `Backends` sends.
async fn with_backends(listener: TcpListener, origins: &[&str], id: &str) {
    let backends = backends(origins).unwrap_or_else(|error| panic!("{error}"));
    let (backends, target) = (Rc::new(backends), Target::Backend(id.into()));
    accept(listener, move || {
        let (backends, target) = (backends.clone(), target.clone());
        service_fn(move |request: Request<Incoming>| {
            let call = backends.call(&target, request.map(Body::new), &ForwardOptions::default());
            async { Ok::<_, Infallible>(call.await.map_or_else(|_| refused(), |response| response.map(Either::Left))) }
        })
    })
    .await;
}

fn backends(origins: &[&str]) -> Result<Backends, Fault> {
    let (transport, values) = (Transport::builder().native_roots(false).build()?, NamedValues::new());
    let mut builder = Backends::builder(&transport, &values);
    for (id, backend) in entities(origins)? {
        builder = builder.backend(&id, &backend);
    }
    Ok(builder.build()?)
}

/// Members `m0`, `m1`, … with a breaker each, and their pool `p`.
fn entities(origins: &[&str]) -> Result<Vec<(String, Backend)>, Fault> {
    let condition = FailureCondition::new().count(5).interval(Duration::from_secs(30));
    let condition =
        condition.status_code_range(StatusCodeRange::new(500, 599)).error_reasons(["BackendConnectionFailure"]);
    let rule = CircuitBreakerRule::new().failure_condition(condition).trip_duration(Duration::from_secs(30));
    let (mut all, mut pool) = (Vec::new(), Pool::new());
    for (index, origin) in origins.iter().enumerate() {
        let member =
            Backend::new(format!("http://{origin}"))?.circuit_breaker(CircuitBreaker::new().rule(rule.clone()));
        all.push((format!("m{index}"), member));
        pool = pool.member(PoolMember::new(format!("m{index}")));
    }
    all.push(("p".to_owned(), Backend::of_pool(pool)));
    Ok(all)
}

/// A gateway with one API, whose backend is the pool.
async fn gateway(listener: TcpListener, origins: &[&str], backend: &str) {
    let gateway = build(origins, backend).unwrap_or_else(|error| panic!("{error}"));
    accept(listener, move || {
        let gateway = gateway.clone();
        service_fn(move |request: Request<Incoming>| gateway.clone().oneshot(request))
    })
    .await;
}

fn build(origins: &[&str], backend: &str) -> Result<Gateway, Fault> {
    let mut store = Store::new();
    for (id, entity) in entities(origins)? {
        store.service.backends.insert(id, entity);
    }
    let mut api = ApiEntry::new(Api::new("").subscription_required(false));
    api.operations.insert("all", Operation::new("GET", "/*").into());
    api.policy = Some(Policy::new(format!(
        r#"<policies><inbound><set-backend-service backend-id="p" /></inbound><backend>{backend}</backend></policies>"#
    )));
    store.service.apis.insert("all", api);
    let transport = Transport::builder().native_roots(false).build()?;
    Ok(Gateway::builder().transport(transport).build(&store)?)
}

/// Serves each connection with a service of its own.
async fn accept<S, B>(listener: TcpListener, service: impl Fn() -> S)
where
    S: HttpService<Incoming, ResBody = B> + 'static,
    S: hyper::service::Service<Request<Incoming>, Response = Response<B>>,
    <S as HttpService<Incoming>>::Error: Into<Box<dyn Error + Send + Sync>>,
    B: HttpBody + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        let connection =
            http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service());
        tokio::task::spawn_local(connection);
    }
}
