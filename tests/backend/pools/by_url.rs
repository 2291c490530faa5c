//! Members that are no entities.

use std::sync::atomic::Ordering;
use std::time::Duration;

use gatewright::Body;
use gatewright::backend::{BackendOptions, Backends, CircuitState, HealthCheck, PoolOptions, Resilience, UrlMember};
use gatewright::forward::{ForwardOptions, ServedBy};
use gatewright::model::{Backend, Credentials, Pool, PoolMember, SessionAffinity, SessionId, SessionIdSource};
use gatewright::secret::NamedValues;
use http::Request;

use super::{call, served, to};
use crate::breakers::{breaker, manual, moody};
use crate::support::{TestServer, echo, text};
use crate::{get, transport};

#[tokio::test]
async fn a_url_serves_beside_entities() {
    let (one, two) = (TestServer::http(echo).await, TestServer::http(echo).await);
    let (transport, values) = (transport(), NamedValues::new().plain("port", two.address().port().to_string()));
    // An entity that covers the URL has nothing to do with it.
    let covering = Backend::new(two.url("")).unwrap().credentials(Credentials::new().header("x-key", "k"));
    let options = PoolOptions::new()
        .member_url("http://127.0.0.1:{{port}}/api")
        .member_url(UrlMember::new("http://127.0.0.1:9").id("spare").priority(2));
    let backends = Backends::builder(&transport, &values)
        .resilience(&Resilience::new().pool("p", options))
        .backend("m", &Backend::new(one.url("")).unwrap())
        .backend("covering", &covering)
        .backend("p", &Backend::of_pool(Pool::new().member(PoolMember::new("m").priority(1))))
        .build()
        .unwrap();
    assert_eq!(
        backends.warnings()[0].to_string(),
        "backend `p`: `pool`: members without `priority` count as priority 1"
    );
    let first = call(&backends, get("/x")).await.unwrap();
    assert_eq!(&*first.extensions().get::<ServedBy>().unwrap().backend, "m");
    let second = call(&backends, get("/x")).await.unwrap();
    let by = second.extensions().get::<ServedBy>().unwrap();
    assert_eq!((&*by.backend, by.base.path()), ("http://127.0.0.1:{{port}}/api", "/api"));
    let seen = text(second.into_body()).await;
    assert!(seen.starts_with("GET /api/x ") && !seen.contains("x-key"), "{seen}");
    let ids: Vec<_> = backends.pools()[0].members.iter().map(|member| member.backend.clone()).collect();
    assert_eq!(ids, ["m", "http://127.0.0.1:{{port}}/api", "spare"]);
    assert!(!backends.contains("spare"), "it is no entity");
}

#[tokio::test]
async fn its_breaker_and_health_are_found_by_its_id() {
    let (clock, moody) = (manual(), moody().await);
    let url = moody.server.url("");
    let check = BackendOptions::new().health_check(HealthCheck::new("/up").thresholds(1, 1));
    let member = || UrlMember::new(&*url).circuit_breaker(breaker(1));
    let (transport, values) = (transport(), NamedValues::new());
    let resilience = Resilience::new()
        .clock(clock.clone())
        .backend(&url, check)
        .pool("p", PoolOptions::new().member_url(member()))
        .pool("q", PoolOptions::new().member_url(member()));
    let build = || {
        let none = Backend::of_pool(Pool::new());
        Backends::builder(&transport, &values).resilience(&resilience).backend("p", &none).backend("q", &none).build()
    };
    let backends = build().unwrap();
    moody.status.store(500, Ordering::SeqCst);
    assert_eq!(call(&backends, get("/")).await.unwrap().status(), 500);
    for pool in ["p", "q"] {
        let error = backends.call(&to(pool), get("/"), &ForwardOptions::default()).await.unwrap_err();
        assert_eq!((error.status(), error.retry_after()), (503, Some(30)), "pools share its state");
    }
    let [state] = backends.breakers().try_into().unwrap();
    assert_eq!((&*state.backend, state.trips), (&*url, 1));
    let after = build().unwrap();
    assert!(matches!(after.breakers()[0].state, CircuitState::Open { .. }), "its state outlives the configuration");
    clock.advance(Duration::from_secs(30));
    after.check_health().await;
    assert!(!after.pools()[0].members[0].is_candidate, "it is ill");
    moody.status.store(200, Ordering::SeqCst);
    clock.advance(Duration::from_secs(10));
    after.check_health().await;
    assert_eq!(served(&after).await, url);
}

#[tokio::test]
async fn a_session_finds_it_again_in_another_configuration() {
    let servers = [TestServer::http(echo).await, TestServer::http(echo).await];
    let (transport, values) = (transport(), NamedValues::new());
    let session = SessionId::new().source(SessionIdSource::Cookie).name("sid");
    let entity = Backend::of_pool(Pool::new().session_affinity(SessionAffinity::new().session_id(session)));
    let build = |order: [usize; 2]| {
        let options = order.iter().fold(PoolOptions::new(), |o, index| o.member_url(servers[*index].url("")));
        let resilience = Resilience::new().pool("p", options);
        Backends::builder(&transport, &values).resilience(&resilience).backend("p", &entity).build().unwrap()
    };
    let first = call(&build([0, 1]), get("/")).await.unwrap();
    let cookie = first.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let again = Request::get("/").header("cookie", cookie).body(Body::empty()).unwrap();
    let response = call(&build([1, 0]), again).await.unwrap();
    assert_eq!(*response.extensions().get::<ServedBy>().unwrap().backend, *servers[0].url(""));
}

#[test]
fn what_cannot_be_is_reported() {
    let (transport, values) = (transport(), NamedValues::new());
    let errors = |options: PoolOptions| {
        let resilience = Resilience::new().pool("p", options);
        let pool = Backend::of_pool(Pool::new());
        let builder = Backends::builder(&transport, &values).resilience(&resilience).backend("p", &pool);
        let errors = builder.backend("a", &Backend::new("https://a.example").unwrap()).build().unwrap_err();
        errors.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let cases = [
        (UrlMember::new("https://b").id("A"), "backend `A`: another backend has this id"),
        (UrlMember::new("https://{{none}}"), "backend `https://{{none}}`: `url`: named value `none` is not defined"),
        (
            UrlMember::new("ftp://b"),
            "backend `ftp://b`: `url`: `ftp://b` is not a base URL: the scheme is not http or https: expected `http://host` or `https://host`, with an optional port and path",
        ),
        (
            UrlMember::new("fabric:/app/service"),
            "backend `fabric:/app/service`: `url` is `fabric:/app/service`: `properties.serviceFabricCluster` is missing",
        ),
    ];
    for (member, expected) in cases {
        assert_eq!(errors(PoolOptions::new().member_url(member)), [expected]);
    }
    let twice = PoolOptions::new().member_url("https://b").member_url("https://b/");
    let expected = "backend `p`: `pool`: `https://b` is a member twice: give it a weight, or an id of its own";
    assert_eq!(errors(twice), [expected]);
}

#[test]
fn one_id_is_one_member() {
    let (transport, values) = (transport(), NamedValues::new().plain("host", "a"));
    let key = |value: &str| Credentials::new().header("x-key", value);
    let build = |id: &str, members: [UrlMember; 2], keys: [&str; 2], options: BackendOptions| {
        let mut resilience = Resilience::new().backend(id, options);
        for (pool, member) in ["p", "q"].into_iter().zip(members) {
            resilience = resilience.pool(pool, PoolOptions::new().credentials_apply(true).member_url(member));
        }
        let of = |value: &str| Backend::of_pool(Pool::new()).credentials(key(value));
        let builder = Backends::builder(&transport, &values).resilience(&resilience);
        let built = builder.backend("p", &of(keys[0])).backend("q", &of(keys[1])).build();
        built.map(|_| ()).map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let member = |url: &str| UrlMember::new(url).id("spare");
    let (plain, checked) = (BackendOptions::new, || BackendOptions::new().health_check(HealthCheck::new("/up")));
    let same = || [member("https://a/x"), UrlMember::new("HTTPS://{{host}}:443/x").id("Spare")];
    assert_eq!(build("spare", same(), ["k", "k"], checked()), Ok(()));
    assert_eq!(build("spare", same(), ["k", "l"], plain()), Ok(()), "each request has those of its pool");
    let other = |what: &str| {
        let text = format!("backend `q`: `pool`: member `{what} in pool `p`: give it an id of its own");
        Err(vec![text])
    };
    assert_eq!(build("spare", same(), ["k", "l"], checked()), other("Spare` has other credentials to be checked with"));
    let urls = || [member("https://a"), member("https://b")];
    assert_eq!(build("spare", urls(), ["k", "k"], plain()), other("spare` has another URL"));
    let queries = || [UrlMember::new("https://a?code=s3cr3t"), UrlMember::new("https://a?code=s4cr4t")];
    assert_eq!(build("-", queries(), ["k", "k"], plain()), other("https://a` has another URL"));
    let rules = || [member("https://a").circuit_breaker(breaker(1)), member("https://a").circuit_breaker(breaker(2))];
    assert_eq!(build("spare", rules(), ["k", "k"], plain()), other("spare` has other rules of its circuit breaker"));
    let none = || [member("https://a").circuit_breaker(breaker(1)), member("https://a")];
    assert_eq!(build("spare", none(), ["k", "k"], plain()), other("spare` has other rules of its circuit breaker"));
}
