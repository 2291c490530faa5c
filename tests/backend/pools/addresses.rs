//! Members that the addresses of a host are.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gatewright::Body;
use gatewright::backend::{BackendOptions, Backends, HealthCheck, NameResolver, PoolOptions, Resilience, Transport};
use gatewright::clock::Clock;
use gatewright::forward::{ForwardOptions, ServedBy, WebProxy};
use gatewright::model::{Backend, Pool, PoolMember, Proxy, SessionAffinity, SessionId, SessionIdSource};
use gatewright::secret::NamedValues;
use http::{Request, Response};
use tokio::sync::Notify;

use super::{call, served, to};
use crate::breakers::{breaker, manual};
use crate::support::{Authority, Log, TestProxy, TestServer, echo, text};
use crate::{get, transport};

const ONE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 1));
const TWO: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
const EVERY: Duration = Duration::from_secs(30);

/// Answers what the test says, and counts how often it was asked.
#[derive(Clone, Default)]
struct Book(Arc<Mutex<HashMap<String, Vec<IpAddr>>>>, Arc<AtomicUsize>);

impl Book {
    fn of(addresses: &[IpAddr]) -> Self {
        let book = Self::default();
        book.write("members.test", addresses);
        book
    }

    /// No addresses are a failure.
    fn write(&self, name: &str, addresses: &[IpAddr]) {
        self.0.lock().unwrap().insert(name.to_owned(), addresses.to_vec());
    }
}

#[async_trait::async_trait]
impl NameResolver for Book {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        self.1.fetch_add(1, Ordering::SeqCst);
        if name == "slow.test" {
            std::future::pending::<()>().await;
        }
        let known = self.0.lock().unwrap().get(name).cloned().unwrap_or_default();
        if known.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(known) }
    }
}

/// A server at 127.0.0.1 and one at 127.0.0.2, at the same port, each with what it answers.
async fn two<F, R>(handler: impl Fn(u8) -> F) -> [TestServer; 2]
where
    F: Fn(Request<hyper::body::Incoming>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response<Body>> + Send + 'static,
{
    // The port may be taken at the other address.
    loop {
        let one = TestServer::http(handler(1)).await;
        if let Some(two) = TestServer::http_at((TWO, one.address().port()).into(), handler(2)).await {
            return [one, two];
        }
    }
}

fn resilience(book: &Book, clock: &Clock) -> Resilience {
    Resilience::new().clock(clock.clone()).resolver(book.clone()).pools(PoolOptions::new().member_per_address(EVERY))
}

/// The pool `p` of `m` at `members.test`, and of what else is listed.
fn build(port: u16, resilience: &Resilience, more: &[&str]) -> Backends {
    let (transport, values) = (transport(), NamedValues::new());
    let url = format!("http://members.test:{port}/api");
    let pool = more.iter().fold(Pool::new().member(PoolMember::new("m")), |pool, id| pool.member(PoolMember::new(*id)));
    let session = SessionId::new().source(SessionIdSource::Cookie).name("sid");
    Backends::builder(&transport, &values)
        .resilience(resilience)
        .backend("m", &Backend::new(&*url).unwrap().circuit_breaker(breaker(1)))
        .backend("p", &Backend::of_pool(pool.session_affinity(SessionAffinity::new().session_id(session))))
        .build()
        .unwrap()
}

fn members(backends: &Backends) -> Vec<String> {
    let pools = backends.pools();
    let pool = pools.iter().find(|pool| pool.pool == "p").unwrap();
    pool.members.iter().map(|member| member.backend.clone()).collect()
}

#[tokio::test]
async fn each_address_is_a_member_with_the_name_of_the_host() {
    let servers = two(|_| echo).await;
    let (clock, book) = (manual(), Book::of(&[TWO, ONE, TWO]));
    let port = servers[0].address().port();
    let backends = build(port, &resilience(&book, &clock), &[]);
    assert_eq!(members(&backends), ["m"], "nothing was looked up");
    assert_eq!(backends.look_up_names().await, EVERY);
    assert_eq!(members(&backends), ["m@127.0.0.1", "m@127.0.0.2"]);
    assert_eq!(backends.base_url("p").unwrap().to_string(), format!("http://members.test:{port}/api"));
    for expected in ["m@127.0.0.1", "m@127.0.0.2", "m@127.0.0.1"] {
        let response = call(&backends, get("/x")).await.unwrap();
        let by = response.extensions().get::<ServedBy>().unwrap();
        assert_eq!((&*by.backend, by.base.authority().host()), (expected, "members.test"));
        let seen = text(response.into_body()).await;
        assert!(seen.starts_with("GET /api/x ") && seen.contains(&format!("host: members.test:{port}\n")), "{seen}");
    }
    assert_eq!([servers[0].connections(), servers[1].connections()], [1, 1], "connections are kept apart, and kept");
    backends.reconnect("m");
    call(&backends, get("/x")).await.unwrap();
    assert_eq!(
        servers[0].connections() + servers[1].connections(),
        3,
        "those of the entity are those of its addresses"
    );
}

#[tokio::test]
async fn each_address_has_a_breaker_and_a_health_of_its_own() {
    let sick = Arc::new(AtomicUsize::new(0));
    let servers = two(|number| {
        let sick = sick.clone();
        move |_| {
            let mut response = Response::new(Body::empty());
            if sick.load(Ordering::SeqCst) == usize::from(number) {
                *response.status_mut() = http::StatusCode::BAD_GATEWAY;
            }
            async { response }
        }
    })
    .await;
    let (clock, book) = (manual(), Book::of(&[ONE, TWO]));
    let check = BackendOptions::new().health_check(HealthCheck::new("/up").thresholds(1, 1).interval(EVERY));
    let resilience = resilience(&book, &clock).backend("m", check);
    let backends = build(servers[0].address().port(), &resilience, &[]);
    backends.look_up_names().await;
    sick.store(1, Ordering::SeqCst);
    assert_eq!(call(&backends, get("/")).await.unwrap().status(), 502);
    for _ in 0..3 {
        assert_eq!(served(&backends).await, "m@127.0.0.2");
    }
    let states: Vec<_> = backends.breakers().into_iter().map(|state| (state.backend, state.trips)).collect();
    let expected = [("m".to_owned(), 0), ("m@127.0.0.1".to_owned(), 1), ("m@127.0.0.2".to_owned(), 0)];
    assert_eq!(states, expected);
    // It stays open when an address comes, and when the configuration is replaced.
    book.write("members.test", &[ONE, TWO, [127, 0, 0, 3].into()]);
    clock.advance(Duration::from_secs(1));
    let again = build(servers[0].address().port(), &resilience, &[]);
    let is_candidate =
        |backends: &Backends| backends.pools()[0].members.iter().map(|m| m.is_candidate).collect::<Vec<_>>();
    assert_eq!(is_candidate(&again), [false, true], "addresses are known from before");
    drop(backends);
    sick.store(2, Ordering::SeqCst);
    clock.advance(EVERY);
    again.check_health().await;
    assert_eq!(is_candidate(&again), [true, false]);
}

#[tokio::test]
async fn addresses_come_and_go_and_requests_end_where_they_began() {
    let (go, began) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let servers = two(|number| {
        let (go, began) = (go.clone(), began.clone());
        move |request: Request<hyper::body::Incoming>| {
            let (go, began) = (go.clone(), began.clone());
            async move {
                if request.uri().path() == "/api/slow" {
                    began.notify_one();
                    go.notified().await;
                }
                Response::new(Body::from(number.to_string()))
            }
        }
    })
    .await;
    let (clock, book) = (manual(), Book::of(&[ONE]));
    let backends = Arc::new(build(servers[0].address().port(), &resilience(&book, &clock), &[]));
    backends.look_up_names().await;
    let caller = Arc::clone(&backends);
    let slow = tokio::spawn(async move { text(call(&caller, get("/slow")).await.unwrap().into_body()).await });
    began.notified().await;
    book.write("members.test", &[TWO]);
    assert_eq!(backends.look_up_names().await, EVERY, "it is not due");
    assert_eq!(members(&backends), ["m@127.0.0.1"]);
    clock.advance(EVERY);
    backends.look_up_names().await;
    assert_eq!(members(&backends), ["m@127.0.0.2"]);
    assert_eq!(served(&backends).await, "m@127.0.0.2");
    go.notify_one();
    assert_eq!(slow.await.unwrap(), "1");
    // The last good answer stays.
    book.write("members.test", &[]);
    clock.advance(EVERY);
    assert_eq!(backends.look_up_names().await, EVERY);
    assert_eq!(members(&backends), ["m@127.0.0.2"]);
}

#[tokio::test]
async fn a_session_stays_with_its_address() {
    let servers = two(|_| echo).await;
    let (clock, book) = (manual(), Book::of(&[ONE, TWO]));
    let resilience = resilience(&book, &clock);
    let backends = build(servers[0].address().port(), &resilience, &[]);
    backends.look_up_names().await;
    call(&backends, get("/")).await.unwrap();
    let second = call(&backends, get("/")).await.unwrap();
    let cookie = second.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    book.write("members.test", &[TWO, [127, 0, 0, 3].into()]);
    clock.advance(EVERY);
    backends.look_up_names().await;
    assert_eq!(members(&backends), ["m@127.0.0.2", "m@127.0.0.3"]);
    for _ in 0..3 {
        let request = Request::get("/").header("cookie", &cookie).body(Body::empty()).unwrap();
        let response = call(&backends, request).await.unwrap();
        assert_eq!(&*response.extensions().get::<ServedBy>().unwrap().backend, "m@127.0.0.2");
        assert!(!response.headers().contains_key("set-cookie"));
    }
}

#[tokio::test]
async fn the_certificate_has_the_name_of_the_host() {
    let authority = Authority::new();
    let trusting = Transport::builder().native_roots(false).root_certificates_pem(authority.pem()).build().unwrap();
    for (name, is_good) in [("members.test", true), ("127.0.0.1", false)] {
        let server = TestServer::tls(authority.server(&[name], &[]), echo).await;
        let (clock, book, values) = (manual(), Book::of(&[ONE]), NamedValues::new());
        let url = format!("https://members.test:{}", server.address().port());
        let backends = Backends::builder(&trusting, &values)
            .resilience(&resilience(&book, &clock))
            .backend("m", &Backend::new(url).unwrap())
            .backend("p", &Backend::of_pool(Pool::new().member(PoolMember::new("m"))))
            .build()
            .unwrap();
        backends.look_up_names().await;
        let outcome = call(&backends, get("/")).await;
        assert_eq!(outcome.is_ok(), is_good, "{name}");
        assert!(is_good || outcome.unwrap_err().is_certificate());
    }
}

#[tokio::test]
async fn a_web_proxy_looks_names_up_itself() {
    let proxy = TestProxy::start(None).await;
    let (clock, book, values) = (manual(), Book::of(&[TWO]), NamedValues::new());
    let url = format!("http://members.test:{}", 9);
    let transport = transport();
    let build = |backend: Backend| {
        Backends::builder(&transport, &values)
            .resilience(&resilience(&book, &clock))
            .backend("m", &backend)
            .backend("a", &Backend::new("http://127.0.0.1:9").unwrap())
            .backend("p", &Backend::of_pool(Pool::new().member(PoolMember::new("m")).member(PoolMember::new("a"))))
            .build()
            .unwrap()
    };
    let through = build(Backend::new(&*url).unwrap().proxy(Proxy::new(proxy.url())));
    through.look_up_names().await;
    assert_eq!(members(&through), ["m", "a"], "and an address is its own");
    let expected = "backend `p`: `pool`: addresses of `m` are no members: a web proxy looks its name up";
    assert_eq!(through.warnings()[0].to_string(), expected);
    // One that a request asks for is not at the address of the member.
    let direct = build(Backend::new(&*url).unwrap());
    direct.look_up_names().await;
    assert_eq!(members(&direct), ["m@127.0.0.2", "a"]);
    let mut options = ForwardOptions::default();
    let local = proxy.url().replace("127.0.0.1", "localhost");
    options.proxy = Some(WebProxy::parse(&local, None, None).unwrap());
    let before = proxy.heads().len();
    let _ = direct.call(&to("p"), get("/"), &options).await;
    assert_eq!(proxy.heads().len(), before + 1, "it was reached by its own name");
}

#[tokio::test]
async fn a_pool_above_sees_the_addresses_below() {
    let servers = two(|_| echo).await;
    let (clock, book) = (manual(), Book::of(&[ONE]));
    let options = PoolOptions::new().member_per_address(EVERY);
    let resilience = Resilience::new()
        .clock(clock.clone())
        .resolver(book.clone())
        .pool("q", options)
        .pool("p", PoolOptions::new().nested(true));
    let (transport, values) = (transport(), NamedValues::new());
    let url = format!("http://members.test:{}", servers[0].address().port());
    let session = SessionId::new().source(SessionIdSource::Cookie).name("sid");
    let outer = Pool::new().member(PoolMember::new("q")).session_affinity(SessionAffinity::new().session_id(session));
    let backends = Backends::builder(&transport, &values)
        .resilience(&resilience)
        .backend("p", &Backend::of_pool(outer))
        .backend("q", &Backend::of_pool(Pool::new().member(PoolMember::new("m"))))
        .backend("m", &Backend::new(url).unwrap())
        .build()
        .unwrap();
    backends.look_up_names().await;
    assert_eq!(served(&backends).await, "m@127.0.0.1");
    book.write("members.test", &[ONE, TWO]);
    clock.advance(EVERY);
    backends.look_up_names().await;
    let mut cookies = HashMap::new();
    for _ in 0..4 {
        let response = call(&backends, get("/")).await.unwrap();
        let cookie = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        cookies.insert(cookie, response.extensions().get::<ServedBy>().unwrap().backend.to_string());
    }
    assert_eq!(cookies.len(), 2);
    book.write("members.test", &[TWO]);
    clock.advance(EVERY);
    backends.look_up_names().await;
    for cookie in cookies.keys() {
        let request = Request::get("/").header("cookie", cookie).body(Body::empty()).unwrap();
        let response = call(&backends, request).await.unwrap();
        assert_eq!(&*response.extensions().get::<ServedBy>().unwrap().backend, "m@127.0.0.2");
        assert_eq!(response.headers().contains_key("set-cookie"), cookies[cookie] == "m@127.0.0.1");
    }
}

#[tokio::test(start_paused = true)]
async fn names_are_looked_up_while_somebody_watches() {
    let book = Book::of(&[ONE]);
    let resilience =
        Resilience::new().resolver(book.clone()).pools(PoolOptions::new().member_per_address(Duration::from_secs(5)));
    let (transport, values) = (transport(), NamedValues::new());
    let backends = Backends::builder(&transport, &values)
        .resilience(&resilience)
        .backend("m", &Backend::new("http://members.test").unwrap())
        .backend("s", &Backend::new("http://slow.test").unwrap())
        .backend("p", &Backend::of_pool(Pool::new().member(PoolMember::new("m")).member(PoolMember::new("s"))))
        .build()
        .unwrap();
    let watch = tokio::time::timeout(Duration::from_secs(4), backends.watch_names());
    watch.await.unwrap_err();
    assert_eq!(members(&backends), ["m@127.0.0.1", "s"], "one that takes its time does not hold others up");
    book.write("members.test", &[ONE, TWO]);
    let watch = tokio::time::timeout(Duration::from_secs(20), backends.watch_names());
    watch.await.unwrap_err();
    assert_eq!(members(&backends), ["m@127.0.0.1", "m@127.0.0.2", "s"]);
    // At 0, 5, 10, 15 and 20 seconds the one; at 0, 5 and 15 the other, which is given up after 10, and once with its watch.
    assert_eq!(book.1.load(Ordering::SeqCst), 8);
}

#[tokio::test]
async fn a_host_with_many_addresses_leaves_others_their_seats() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.subscriber());
    let (clock, book, values) = (manual(), Book::default(), NamedValues::new());
    let many: Vec<IpAddr> = (0..=255).map(|last| [10, 0, 0, last].into()).collect();
    book.write("many.test", &many);
    book.write("few.test", &[ONE, TWO]);
    let pool = ["many", "spare", "few", "unknown"].map(PoolMember::new);
    let [many, spare, few, unknown] = pool;
    let pool = Pool::new().member(many).member(spare.priority(2)).member(few).member(unknown);
    let transport = transport();
    let mut builder = Backends::builder(&transport, &values).resilience(&resilience(&book, &clock));
    let urls = ["http://many.test", "http://10.1.1.1", "http://few.test", "http://unknown.test"];
    for (id, url) in ["many", "spare", "few", "unknown"].into_iter().zip(urls) {
        builder = builder.backend(id, &Backend::new(url).unwrap());
    }
    let backends = builder.backend("p", &Backend::of_pool(pool)).build().unwrap();
    backends.look_up_names().await;
    let members = members(&backends);
    assert_eq!((members.len(), &*members[0], &*members[123]), (128, "many@10.0.0.0", "many@10.0.0.123"));
    assert_eq!(members[124..], ["spare", "few@127.0.0.1", "few@127.0.0.2", "unknown"]);
    let text = log.text();
    assert!(text.contains(r#"pool="p" host="many.test" found=256 members=124"#), "{text}");
}

#[tokio::test]
async fn the_bound_of_requests_is_one_for_all_addresses() {
    let servers = two(|_| echo).await;
    let (clock, book) = (manual(), Book::of(&[ONE, TWO]));
    let resilience = resilience(&book, &clock).backend("m", BackendOptions::new().max_requests(1, 0));
    let backends = build(servers[0].address().port(), &resilience, &[]);
    backends.look_up_names().await;
    let first = call(&backends, get("/")).await.unwrap();
    for target in ["p", "p", "m"] {
        let error = backends.call(&to(target), get("/"), &ForwardOptions::default()).await.unwrap_err();
        assert_eq!(error.reason(), "BackendConcurrencyLimitExceeded", "{target}");
    }
    // Another address, and another configuration, have the same places.
    book.write("members.test", &[TWO]);
    clock.advance(EVERY);
    backends.look_up_names().await;
    let after = build(servers[0].address().port(), &resilience, &[]);
    drop(backends);
    assert!(call(&after, get("/")).await.is_err());
    drop(first);
    assert_eq!(served(&after).await, "m@127.0.0.2");
}
