//! Serves a service over HTTP/1.1 and HTTP/2.

use std::convert::Infallible;

use gatewright::Body;
use gatewright::gateway::Gateway;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tower::Service;

/// Serves until SIGTERM or Ctrl-C, then finishes what is under way.
pub async fn until_stopped(listener: TcpListener, gateway: Gateway) {
    let graceful = GracefulShutdown::new();
    let mut stopped = std::pin::pin!(stopped());
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                // Too many open files, or a caller that is gone already: the next one may do.
                Err(_) => {
                    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                    continue;
                }
            },
            () = &mut stopped => break,
        };
        connection(stream, gateway.client(peer.ip()), Some(&graceful));
    }
    drop(listener);
    graceful.shutdown().await;
}

/// Serves as long as the process lives.
pub async fn forever<S>(listener: TcpListener, service: S)
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    let service =
        tower::ServiceBuilder::new().map_request(|request: Request<Incoming>| request.map(Body::new)).service(service);
    while let Ok((stream, _)) = listener.accept().await {
        connection(stream, service.clone(), None);
    }
}

fn connection<S>(stream: TcpStream, service: S, graceful: Option<&GracefulShutdown>)
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    // A caller that hangs up early is noticed when it is read from.
    let _ = stream.set_nodelay(true);
    // Both services are ready always.
    let service = hyper::service::service_fn(move |request: Request<Incoming>| service.clone().call(request));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new());
    builder.http2().timer(TokioTimer::new());
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
    match graceful {
        Some(graceful) => {
            let watched = graceful.watch(connection);
            tokio::spawn(async move {
                let _ = watched.await;
            });
        }
        None => {
            tokio::spawn(async move {
                let _ = connection.await;
            });
        }
    }
}

async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
            return drop(interrupt.await);
        };
        tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    drop(interrupt.await);
}
