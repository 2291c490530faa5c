//! Ways to choose a member, of pools of entities and of services.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use gatewright::Body;
use gatewright::backend::{Backends, Balance, Error, HashKey, PoolOptions, PoolService, Resilience};
use gatewright::clock::Clock;
use gatewright::forward::{ClientAddress, ForwardOptions, ServedBy, Tried};
use gatewright::model::{Backend, Pool, PoolMember};
use gatewright::random::Random;
use gatewright::secret::NamedValues;
use http::{HeaderName, Request, Response};
use tower::{Service, ServiceExt};

use super::{Setting, setting, to};
use crate::breakers::manual;
use crate::support::{TestServer, echo};
use crate::{get, transport};

async fn balanced(number: usize, options: PoolOptions) -> Setting {
    setting(number, |pool| pool, Resilience::new().pools(options)).await
}

async fn served(backends: &Backends, request: Request<Body>, options: &ForwardOptions) -> String {
    let response = backends.call(&to("p"), request, options).await.unwrap();
    assert!(!response.headers().contains_key("set-cookie"));
    response.extensions().get::<ServedBy>().unwrap().backend.to_string()
}

fn with(name: &str, value: &str) -> Request<Body> {
    Request::get("/").header(name, value).body(Body::empty()).unwrap()
}

fn by_header() -> PoolOptions {
    PoolOptions::new().balance(Balance::Hash(HashKey::Header(HeaderName::from_static("x-session"))))
}

/// A session id of the caller's own keeps the session with a member, without a cookie.
#[tokio::test]
async fn a_header_keeps_a_session_with_its_member() {
    let Setting { backends, clock, members } = balanced(3, by_header()).await;
    let plain = ForwardOptions::default();
    let mut home = Vec::new();
    for session in 0..40 {
        home.push(served(&backends, with("x-session", &session.to_string()), &plain).await);
    }
    assert_eq!(home.iter().collect::<BTreeSet<_>>().len(), 3, "all take part");
    // Another instance, with its members in another order, agrees.
    let reversed = |pool: Pool| {
        let mut pool = pool;
        pool.services.reverse();
        pool
    };
    let other = super::build(&members, &reversed, &Resilience::new().pools(by_header()));
    for (session, home) in home.iter().enumerate() {
        assert_eq!(served(&other, with("x-session", &session.to_string()), &plain).await, *home);
    }
    // Who is tripped loses its sessions, and nobody else's move; then they come back.
    members[1].status.store(500, Ordering::SeqCst);
    let lost = home.iter().position(|member| member == "m1").unwrap();
    served(&backends, with("x-session", &lost.to_string()), &plain).await;
    members[1].status.store(200, Ordering::SeqCst);
    for (session, home) in home.iter().enumerate() {
        let now = served(&backends, with("x-session", &session.to_string()), &plain).await;
        assert!(if home == "m1" { now != "m1" } else { now == *home }, "{session}: {home}, {now}");
    }
    clock.advance(Duration::from_secs(30));
    assert_eq!(served(&backends, with("x-session", &lost.to_string()), &plain).await, "m1");
    // Without an id there is nothing to keep: each in its turn.
    let turns = [served(&backends, get("/"), &plain).await, served(&backends, get("/"), &plain).await];
    assert_ne!(turns[0], turns[1]);
}

#[tokio::test]
async fn a_parameter_a_cookie_or_the_address_may_be_the_key() {
    let plain = ForwardOptions::default();
    let keys = [HashKey::Query("id".to_owned()), HashKey::Cookie("id".to_owned()), HashKey::ClientAddress];
    for key in keys {
        let Setting { backends, members: _servers, .. } =
            balanced(3, PoolOptions::new().balance(Balance::Hash(key.clone()))).await;
        let mut seen = BTreeSet::new();
        for number in 0..12_u8 {
            let mut homes = BTreeSet::new();
            for filler in 0..3 {
                let mut options = plain.clone();
                let request = match &key {
                    HashKey::Query(_) => get(&format!("/?filler={filler}&id={number}")),
                    HashKey::Cookie(_) => with("cookie", &format!("filler={filler}; id={number}")),
                    _ => {
                        options.client_ip = Some([10, 0, 0, number].into());
                        get("/")
                    }
                };
                homes.insert(served(&backends, request, &options).await);
            }
            assert_eq!(homes.len(), 1, "{key:?} {number}");
            seen.extend(homes);
        }
        assert_eq!(seen.len(), 3, "{key:?}");
    }
}

#[tokio::test]
async fn a_retry_of_a_key_goes_to_its_next_member() {
    let Setting { backends, members: _servers, .. } = balanced(4, by_header()).await;
    let mut orders = BTreeSet::new();
    for session in 0..12 {
        let mut order = Vec::new();
        for _ in 0..2 {
            let mut options = ForwardOptions::default();
            options.tried = Some(Tried::default());
            let mut members = Vec::new();
            for _ in 0..4 {
                members.push(served(&backends, with("x-session", &session.to_string()), &options).await);
            }
            assert_eq!(members.iter().collect::<BTreeSet<_>>().len(), 4, "{members:?}");
            order.push(members);
        }
        assert_eq!(order[0], order[1], "the same way each time");
        orders.insert(order.remove(0));
    }
    assert!(orders.len() > 4, "{orders:?}");
}

#[tokio::test]
async fn the_less_busy_of_two_is_asked() {
    let options = PoolOptions::new().balance(Balance::RandomTwo).random(Random::seeded(1));
    let Setting { backends, members: _servers, .. } = balanced(2, options).await;
    let plain = ForwardOptions::default();
    let under_way = backends.call(&to("p"), get("/"), &plain);
    let busy = backends.pools()[0].members.iter().position(|member| member.in_flight == 1).unwrap();
    for _ in 0..10 {
        assert_eq!(served(&backends, get("/"), &plain).await, format!("m{}", 1 - busy));
    }
    drop(under_way);
    assert!(backends.pools()[0].members.iter().all(|member| member.in_flight == 0));
}

#[tokio::test]
async fn the_latency_of_members_decides() {
    let clock = manual();
    let times = clock.clone();
    let service = move |latency: u64| {
        let clock = times.clone();
        tower::service_fn(move |_: Request<()>| {
            clock.advance(Duration::from_millis(latency));
            std::future::ready(Ok::<_, Error>(Response::new(latency)))
        })
    };
    let options = PoolOptions::new()
        .balance(Balance::PeakLatency)
        .latency_decay(Duration::from_secs(5))
        .random(Random::seeded(1));
    let mut pool = PoolService::builder("p").options(options).clock(clock.clone());
    for latency in [10, 10, 1_000] {
        pool = pool.member(latency.to_string(), service(latency), 1, 1);
    }
    let mut pool = pool.build().unwrap();
    let mut slow = Vec::new();
    for number in 0..6_000 {
        let response = pool.ready().await.unwrap().call(Request::new(())).await.unwrap();
        slow.extend((response.into_body() == 1_000).then_some(number));
    }
    assert!((2..8).contains(&slow.len()), "it is tried again, but seldom: {slow:?}");
}

/// Members that are services: the one that the request stands for, of those that are ready.
#[tokio::test]
async fn a_pool_of_services_looks_at_the_request() {
    let service = |name: &'static str| {
        tower::service_fn(move |_: Request<()>| std::future::ready(Ok::<_, Error>(Response::new(name))))
    };
    let names = ["a", "b", "c"];
    let builder = PoolService::builder("p").options(by_header());
    let pool = names.iter().fold(builder, |pool, name| pool.member(*name, service(name), 1, 1)).build().unwrap();
    let request = |session: usize| Request::get("/").header("x-session", session).body(()).unwrap();
    let mut seen = BTreeSet::new();
    for session in 0..30 {
        let expected = names[pool.pick_for(&request(session)).unwrap()];
        for _ in 0..2 {
            assert_eq!(pool.clone().oneshot(request(session)).await.unwrap().into_body(), expected);
        }
        seen.insert(expected);
    }
    assert_eq!(seen.len(), 3);
    let mut with_address = Request::new(());
    with_address.extensions_mut().insert(ClientAddress([127, 0, 0, 1].into()));
    let by_address = PoolOptions::new().balance(Balance::Hash(HashKey::ClientAddress));
    let builder = PoolService::builder("p").options(by_address);
    let pool = names.iter().fold(builder, |pool, name| pool.member(*name, service(name), 1, 1)).build().unwrap();
    assert_eq!(pool.pick_for(&with_address), pool.pick_for(&with_address));
}

#[tokio::test]
async fn a_member_that_is_not_ready_gives_its_keys_to_the_next() {
    let lost = |_: tower::BoxError| Error::timeout();
    let (first, mut first_handle) = tower_test::mock::pair::<Request<()>, Response<()>>();
    let (second, mut second_handle) = tower_test::mock::pair::<Request<()>, Response<()>>();
    let pool = PoolService::builder("p")
        .member("a", first.map_err(lost), 1, 1)
        .member("b", second.map_err(lost), 1, 1)
        .options(by_header())
        .build()
        .unwrap();
    let to_first = (0..100)
        .map(|session: usize| Request::get("/").header("x-session", session).body(()).unwrap())
        .find(|request| pool.pick_for(request) == Some(0))
        .unwrap();
    let mut pool = tower_test::mock::Spawn::new(pool);
    first_handle.allow(0);
    second_handle.allow(0);
    assert!(pool.poll_ready().is_pending());
    second_handle.allow(1);
    assert!(pool.is_woken() && pool.poll_ready().is_ready());
    first_handle.allow(1);
    assert!(pool.poll_ready().is_ready());
    let response = pool.call(to_first.clone());
    first_handle.next_request().await.unwrap().1.send_response(Response::new(()));
    response.await.unwrap();
    // The second has kept its place.
    assert!(pool.poll_ready().is_ready());
    let response = pool.call(to_first.clone());
    second_handle.next_request().await.unwrap().1.send_response(Response::new(()));
    response.await.unwrap();
    first_handle.send_error("gone");
    second_handle.allow(1);
    assert!(pool.poll_ready().is_ready(), "one of two is left");
    drop(pool.call(to_first));
    second_handle.send_error("gone");
    assert!(matches!(pool.poll_ready(), std::task::Poll::Ready(Err(_))), "nobody is left");
}

/// A body whose two pieces the caller takes a minute each for.
struct Slow(Clock, u32);

impl http_body::Body for Slow {
    type Data = bytes::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<bytes::Bytes>, Self::Error>>> {
        if self.1 == 0 {
            return Poll::Ready(None);
        }
        self.1 -= 1;
        self.0.advance(Duration::from_secs(60));
        Poll::Ready(Some(Ok(http_body::Frame::data(bytes::Bytes::from_static(b"x")))))
    }
}

#[tokio::test]
async fn who_is_sent_a_slow_upload_is_not_slow() {
    let servers = [TestServer::http(echo).await, TestServer::http(echo).await];
    // Those of one exchange, and of several.
    for options in [PoolOptions::new(), PoolOptions::new().fail_over(1)] {
        let clock = manual();
        let options = options.balance(Balance::PeakLatency).random(Random::seeded(1));
        let options = servers.iter().fold(options, |options, server| options.member_url(server.url("")));
        let (transport, values) = (transport(), NamedValues::new());
        let inner = Pool::new().member(PoolMember::new("q"));
        let backends = Backends::builder(&transport, &values)
            .resilience(
                &Resilience::new().clock(clock.clone()).pool("q", options).pool("p", PoolOptions::new().nested(true)),
            )
            .backend("p", &Backend::of_pool(inner))
            .backend("q", &Backend::of_pool(Pool::new()))
            .build()
            .unwrap();
        let plain = ForwardOptions::default();
        for _ in 0..4 {
            served(&backends, get("/"), &plain).await;
        }
        let upload = Request::post("/").body(Body::new(Slow(clock.clone(), 2))).unwrap();
        let began = clock.instant();
        let member = served(&backends, upload, &plain).await;
        assert_eq!((clock.instant() - began).as_secs(), 120);
        let mut again = 0;
        for _ in 0..60 {
            again += usize::from(served(&backends, get("/"), &plain).await == member);
        }
        assert!((15..45).contains(&again), "{again} of 60");
    }
}
