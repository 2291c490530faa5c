//! Open HTTP/1.1 connections, which serve one request after the other.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use http::uri::{Authority, Scheme};
use http::{Request, Response, Uri, Version};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use tokio::sync::{Notify, oneshot};
use tower_service::Service;

use super::connect::{ConnectError, Connector};
use crate::Body;

/// How often idle connections are looked at.
const ROUND: Duration = Duration::from_secs(30);
/// An idle connection is closed after as many rounds.
const IDLE_ROUNDS: u64 = 3;
/// More idle connections of one host are closed.
const MOST_IDLE: usize = 1024;
/// Expressions may name hosts: from this number on, those without connections are forgotten.
const MANY_HOSTS: usize = 256;

/// The connections that are made in one way.
///
/// A request takes the connection that was used last, or else opens one. A connection comes back when its response has
/// been read to the end.
pub(super) struct Connections(Arc<Shared>);

struct Shared {
    connector: Connector,
    hosts: Mutex<Hosts>,
    rounds: Arc<Rounds>,
}

/// By host and port, without TLS and with. As text, which is hashed at once; a host in letters of another case is another.
type Hosts = [HashMap<Box<str>, Arc<Host>>; 2];

/// The idle connections of one host and port.
struct Host {
    connector: Connector,
    /// With the round in which each became idle; the last one is taken first.
    idle: Mutex<Vec<(SendRequest<Body>, u64)>>,
    /// Counts up when all connections are given up: those of before are not kept.
    generation: AtomicU64,
    rounds: Arc<Rounds>,
    of: Weak<Shared>,
}

/// What closes idle connections, while there are some.
struct Rounds {
    number: AtomicU64,
    is_going: AtomicBool,
    is_over: Notify,
}

/// Why there is no response.
#[derive(Debug)]
pub(super) enum ExchangeError {
    /// No connection came to be.
    Connect(ConnectError),
    /// The connection failed.
    Exchange(hyper::Error),
}

impl Connections {
    pub(super) fn new(connector: Connector) -> Self {
        let rounds = Rounds { number: AtomicU64::new(0), is_going: AtomicBool::new(false), is_over: Notify::new() };
        Self(Arc::new(Shared { connector, hosts: Mutex::default(), rounds: Arc::new(rounds) }))
    }

    /// Sends a request with an absolute URI, which a web proxy gets as it is when it reads the request.
    ///
    /// A request that was not written, because its connection was closed while it was idle, goes over another one.
    pub(super) fn send(
        &self,
        mut request: Request<Body>,
        is_proxied: bool,
    ) -> impl Future<Output = Result<Response<Incoming>, ExchangeError>> + Send + use<> {
        let target = if is_proxied { request.uri().clone() } else { origin_form(request.uri()) };
        let uri = std::mem::replace(request.uri_mut(), target);
        // HTTP/1.1 whatever the caller came with.
        *request.version_mut() = Version::HTTP_11;
        let host = self.host(&uri);
        async move {
            loop {
                let generation = host.generation.load(Ordering::SeqCst);
                let (mut connection, is_used) = match host.take() {
                    Some(connection) => (connection, true),
                    None => (open(host.connector.clone(), uri.clone()).await?, false),
                };
                match connection.try_send_request(request).await {
                    Ok(response) => {
                        host.give_back(connection, generation);
                        return Ok(response);
                    }
                    Err(mut error) => match error.take_message() {
                        Some(unsent) if is_used => request = unsent,
                        _ => return Err(ExchangeError::Exchange(error.into_error())),
                    },
                }
            }
        }
    }

    /// Closes the connections of a host and port, those in use when their response is over: the next request opens another.
    pub(super) fn reconnect(&self, authority: &str) {
        let hosts = lock(&self.0.hosts);
        let of_it = hosts.iter().flatten().filter(|(name, _)| name.eq_ignore_ascii_case(authority));
        of_it.for_each(|(_, host)| host.close_all());
    }

    fn host(&self, uri: &Uri) -> Arc<Host> {
        let [plain, tls] = &mut *lock(&self.0.hosts);
        let hosts = if uri.scheme() == Some(&Scheme::HTTPS) { tls } else { plain };
        // Without one there will be no connection.
        let authority = uri.authority().map_or("", Authority::as_str);
        if let Some(host) = hosts.get(authority) {
            return Arc::clone(host);
        }
        if hosts.len() >= MANY_HOSTS {
            hosts.retain(|_, host| Arc::strong_count(host) > 1 || !lock(&host.idle).is_empty());
        }
        let made = Arc::new(Host {
            connector: self.0.connector.clone(),
            idle: Mutex::default(),
            generation: AtomicU64::new(0),
            rounds: Arc::clone(&self.0.rounds),
            of: Arc::downgrade(&self.0),
        });
        hosts.insert(authority.into(), Arc::clone(&made));
        made
    }
}

impl Host {
    /// The idle connection that was used last.
    fn take(&self) -> Option<SendRequest<Body>> {
        let mut idle = lock(&self.idle);
        loop {
            let (connection, _) = idle.pop()?;
            if connection.is_ready() {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection, now or when the response that it brings is over.
    fn give_back(self: Arc<Self>, mut connection: SendRequest<Body>, generation: u64) {
        if connection.is_ready() {
            return self.keep(connection, generation);
        }
        if !connection.is_closed() {
            tokio::spawn(async move {
                if poll_fn(|cx| connection.poll_ready(cx)).await.is_ok() {
                    self.keep(connection, generation);
                }
            });
        }
    }

    fn keep(&self, connection: SendRequest<Body>, generation: u64) {
        let mut idle = lock(&self.idle);
        if idle.len() < MOST_IDLE && self.generation.load(Ordering::SeqCst) == generation {
            idle.push((connection, self.rounds.number.load(Ordering::Relaxed)));
        }
        drop(idle);
        if !self.rounds.is_going.load(Ordering::SeqCst) {
            go_round(&self.of);
        }
    }

    fn close_all(&self) {
        let mut idle = lock(&self.idle);
        self.generation.fetch_add(1, Ordering::SeqCst);
        idle.clear();
    }

    /// Closes what has been idle for too long; whether something is left.
    fn close_idle(&self, round: u64) -> bool {
        let mut idle = lock(&self.idle);
        idle.retain(|(connection, since)| connection.is_ready() && since + IDLE_ROUNDS > round);
        !idle.is_empty()
    }
}

/// Opens a connection and waits until it takes a request.
async fn open(mut connector: Connector, uri: Uri) -> Result<SendRequest<Body>, ExchangeError> {
    let stream = connector.call(uri).await.map_err(ExchangeError::Connect)?;
    let (mut connection, driver) = http1::handshake(stream).await.map_err(ExchangeError::Exchange)?;
    let (failed, failure) = oneshot::channel();
    tokio::spawn(async move {
        if let Err(error) = driver.with_upgrades().await {
            // Nobody listens once the connection was ready.
            let _ = failed.send(error);
        }
    });
    match connection.ready().await {
        Ok(()) => Ok(connection),
        // What the connection failed with says more.
        Err(closed) => Err(ExchangeError::Exchange(failure.await.unwrap_or(closed))),
    }
}

/// Looks at idle connections again and again, until there are none or nobody can use them.
fn go_round(shared: &Weak<Shared>) {
    let Some(rounds) = shared.upgrade().map(|shared| Arc::clone(&shared.rounds)) else { return };
    if rounds.is_going.swap(true, Ordering::SeqCst) {
        return;
    }
    let (shared, mut going) = (Weak::clone(shared), Going { rounds, is_ours: true });
    tokio::spawn(async move {
        loop {
            let over = tokio::time::timeout(ROUND, going.rounds.is_over.notified()).await;
            let Some(shared) = shared.upgrade().filter(|_| over.is_err()) else { return };
            let round = going.rounds.number.fetch_add(1, Ordering::Relaxed) + 1;
            // Whoever keeps a connection from now on starts the rounds again, should they end here.
            going.end();
            let hosts: Vec<_> = lock(&shared.hosts).iter().flat_map(|hosts| hosts.values().cloned()).collect();
            let idle = hosts.iter().filter(|host| host.close_idle(round)).count();
            going.is_ours = idle > 0 && !going.rounds.is_going.swap(true, Ordering::SeqCst);
            if !going.is_ours {
                return;
            }
        }
    });
}

/// That the rounds go on: not longer than their task.
struct Going {
    rounds: Arc<Rounds>,
    is_ours: bool,
}

impl Going {
    fn end(&mut self) {
        if std::mem::take(&mut self.is_ours) {
            self.rounds.is_going.store(false, Ordering::SeqCst);
        }
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        self.end();
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.rounds.is_over.notify_one();
    }
}

fn origin_form(uri: &Uri) -> Uri {
    uri.path_and_query().cloned().map_or_else(Uri::default, Uri::from)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
