//! A server that runs until it is dropped.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gatewright::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// A server on a free port of 127.0.0.1; dropping it stops it.
pub struct TestServer {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl TestServer {
    /// HTTP/1.1, or HTTP/2 when the client starts with it.
    pub async fn http<F, R>(handler: F) -> Self
    where
        F: Fn(Request<Incoming>) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Response<Body>> + Send + 'static,
    {
        Self::raw(move |stream| serve(stream, handler.clone())).await
    }

    /// As [`TestServer::http`], over TLS; the protocol is what both sides agree on.
    pub async fn tls<F, R>(config: Arc<ServerConfig>, handler: F) -> Self
    where
        F: Fn(Request<Incoming>) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Response<Body>> + Send + 'static,
    {
        Self::raw(move |stream| {
            let (acceptor, handler) = (TlsAcceptor::from(config.clone()), handler.clone());
            async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve(stream, handler).await;
                }
            }
        })
        .await
    }

    /// As [`TestServer::tls`]; the handler is told the SHA-1 of the certificate that the client showed, or nothing.
    pub async fn mutual<F, R>(config: Arc<ServerConfig>, handler: F) -> Self
    where
        F: Fn(Request<Incoming>, String) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Response<Body>> + Send + 'static,
    {
        Self::raw(move |stream| {
            let (acceptor, handler) = (TlsAcceptor::from(config.clone()), handler.clone());
            async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let shown = stream.get_ref().1.peer_certificates().and_then(|all| all.first());
                let shown = shown.map(|leaf| super::certificates::thumbprint(leaf)).unwrap_or_default();
                serve(stream, move |request| handler(request, shown.clone())).await;
            }
        })
        .await
    }

    /// A gateway, served as a host would.
    #[cfg(feature = "policy")]
    pub async fn gateway(gateway: gatewright::gateway::Gateway) -> Self {
        Self::raw(move |stream| {
            let gateway = gateway.client(stream.peer_addr().map_or([0; 4].into(), |peer| peer.ip()));
            async move {
                let _ = stream.set_nodelay(true);
                let service = service_fn(move |request| tower::Service::call(&mut gateway.clone(), request));
                let builder = auto::Builder::new(TokioExecutor::new());
                let _ = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
            }
        })
        .await
    }

    /// Whatever `handler` does with each connection.
    pub async fn raw<F, R>(handler: F) -> Self
    where
        F: Fn(TcpStream) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        Self::of(TcpListener::bind("127.0.0.1:0").await.unwrap(), handler)
    }

    /// As [`TestServer::http`], at an address; none when it is taken.
    pub async fn http_at<F, R>(address: SocketAddr, handler: F) -> Option<Self>
    where
        F: Fn(Request<Incoming>) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Response<Body>> + Send + 'static,
    {
        let listener = TcpListener::bind(address).await.ok()?;
        Some(Self::of(listener, move |stream| serve(stream, handler.clone())))
    }

    fn of<F, R>(listener: TcpListener, handler: F) -> Self
    where
        F: Fn(TcpStream) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = connections.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(handler(stream));
            }
        });
        Self { address, connections, task }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:port` and `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// `https://localhost:port` and `path`.
    pub fn tls_url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve<T, F, R>(stream: T, handler: F)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Fn(Request<Incoming>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response<Body>> + Send + 'static,
{
    let service = service_fn(move |request| {
        let response = handler(request);
        async { Ok::<_, Infallible>(response.await) }
    });
    // A client that goes away is not the server's problem.
    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}
