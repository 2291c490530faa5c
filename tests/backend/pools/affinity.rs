//! Sessions that stay with a member.

use std::sync::atomic::Ordering;
use std::time::Duration;

use gatewright::Body;
use gatewright::backend::{AffinityCookie, AffinityFailure, Backends, PoolOptions, Resilience, SameSite};
use gatewright::forward::{ClientScheme, ServedBy};
use gatewright::model::{Backend, Pool, PoolMember, SessionAffinity, SessionId, SessionIdSource};
use gatewright::secret::{NamedValues, Secret};
use http::{Request, Response};

use super::{Setting, call, served, setting};
use crate::support::{TestServer, echo, text};
use crate::{get, transport};

fn sticky(pool: Pool) -> Pool {
    let session = SessionId::new().source(SessionIdSource::Cookie).name("sid");
    pool.session_affinity(SessionAffinity::new().session_id(session))
}

fn cookie(response: &Response<Body>) -> Option<String> {
    Some(response.headers().get("set-cookie")?.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_session_stays_with_its_member() {
    let Setting { backends, clock, members } = setting(3, sticky, Resilience::new()).await;
    call(&backends, get("/")).await.unwrap();
    let response = call(&backends, get("/")).await.unwrap();
    let set = cookie(&response).unwrap();
    let pair = set.split(';').next().unwrap().to_owned();
    assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{set}");
    let with = |pair: &str| Request::get("/").header("cookie", format!("a=1; {pair}")).body(Body::empty()).unwrap();
    for _ in 0..4 {
        let response = call(&backends, with(&pair)).await.unwrap();
        assert_eq!(&*response.extensions().get::<ServedBy>().unwrap().backend, "m1");
        assert_eq!(cookie(&response), None, "it is bound already");
    }
    // Tripped: bound to another one, and stays there.
    members[1].status.store(500, Ordering::SeqCst);
    assert_eq!(call(&backends, with(&pair)).await.unwrap().status(), 500);
    let response = call(&backends, with(&pair)).await.unwrap();
    let other = cookie(&response).unwrap();
    assert_eq!(response.status(), 200);
    assert!(!other.starts_with(&pair));
    clock.advance(Duration::from_secs(30));
    // A forged or strange value is as none.
    let mut over_tls = with("sid=nobody");
    over_tls.extensions_mut().insert(ClientScheme::Https);
    let response = call(&backends, over_tls).await.unwrap();
    assert!(cookie(&response).unwrap().contains("; Secure; "));
}

#[tokio::test]
async fn the_cookie_of_the_session_does_not_reach_the_backend() {
    let server = TestServer::http(echo).await;
    let (transport, values) = (transport(), NamedValues::new());
    let key = PoolOptions::new().affinity_key(Secret::new("k"));
    let backends = Backends::builder(&transport, &values)
        .resilience(&Resilience::new().pool("p", key))
        .backend("m", &Backend::new(server.url("")).unwrap())
        .backend("p", &Backend::of_pool(sticky(Pool::new().member(PoolMember::new("m")))))
        .build()
        .unwrap();
    let request = Request::get("/").header("cookie", "sid=x; other=y").body(Body::empty()).unwrap();
    let response = call(&backends, request).await.unwrap();
    assert!(cookie(&response).is_some());
    let seen = text(response.into_body()).await;
    assert!(seen.contains("cookie: other=y\n"), "{seen}");
}

#[tokio::test]
async fn affinity_goes_before_priority() {
    let pool = |pool: Pool| {
        let mut pool = sticky(pool);
        pool.services[0].priority = Some(1);
        pool.services[1].priority = Some(2);
        pool
    };
    let Setting { backends, clock, members } = setting(2, pool, Resilience::new()).await;
    members[0].status.store(500, Ordering::SeqCst);
    call(&backends, get("/")).await.unwrap();
    let set = cookie(&call(&backends, get("/")).await.unwrap()).unwrap();
    clock.advance(Duration::from_secs(60));
    members[0].status.store(200, Ordering::SeqCst);
    let pair = set.split(';').next().unwrap();
    let bound = Request::get("/").header("cookie", pair).body(Body::empty()).unwrap();
    let response = call(&backends, bound).await.unwrap();
    assert_eq!(&*response.extensions().get::<ServedBy>().unwrap().backend, "m1");
    assert_eq!(served(&backends).await, "m0", "others go back at once");
}

#[tokio::test]
async fn the_cookie_has_the_attributes_of_the_options() {
    let cookies = AffinityCookie::new()
        .path("/orders")
        .domain("contoso.com")
        .same_site(SameSite::None)
        .max_age(Duration::from_secs(3600));
    let resilience = Resilience::new().pools(PoolOptions::new().affinity_cookie(cookies));
    let Setting { backends, members: _servers, .. } = setting(2, sticky, resilience).await;
    let set = cookie(&call(&backends, get("/")).await.unwrap()).unwrap();
    let (pair, attributes) = set.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/orders; Domain=contoso.com; Max-Age=3600; HttpOnly; Secure; SameSite=None");
    let again = Request::get("/").header("cookie", pair).body(Body::empty()).unwrap();
    assert_eq!(cookie(&call(&backends, again).await.unwrap()), None, "it is bound");

    let wrong = PoolOptions::new().affinity_cookie(AffinityCookie::new().path("orders"));
    let (transport, values) = (transport(), NamedValues::new());
    let errors = Backends::builder(&transport, &values)
        .resilience(&Resilience::new().pools(wrong))
        .backend("m", &Backend::new("https://m.example").unwrap())
        .backend("p", &Backend::of_pool(sticky(Pool::new().member(PoolMember::new("m")))))
        .build()
        .unwrap_err();
    assert!(errors[0].to_string().starts_with("backend `p`: `pool`: `path` of the cookie"), "{errors}");
}

#[tokio::test]
async fn a_session_may_insist_on_its_member() {
    let options = PoolOptions::new()
        .affinity_failure(AffinityFailure::Refuse)
        .fail_over(1)
        .fail_over_statuses([500])
        .hedge_after(Duration::from_secs(60));
    let Setting { backends, clock, members } = setting(2, sticky, Resilience::new().pools(options)).await;
    let set = cookie(&call(&backends, get("/")).await.unwrap()).unwrap();
    let pair = set.split(';').next().unwrap().to_owned();
    let ours = || Request::get("/").header("cookie", &pair).body(Body::empty()).unwrap();
    members[0].status.store(500, Ordering::SeqCst);
    assert_eq!(call(&backends, ours()).await.unwrap().status(), 500, "no other member may have the request");
    clock.advance(Duration::from_secs(10));
    let error = call(&backends, ours()).await.unwrap_err();
    assert_eq!((error.status(), error.retry_after(), error.reason()), (503, Some(20), "BackendPoolUnavailable"));
    assert!(error.to_string().contains("its session is kept by `m0`"), "{error}");
    assert_eq!(members[1].asked.load(Ordering::SeqCst), 0);
    assert_eq!(served(&backends).await, "m1", "others are served");
    members[0].status.store(200, Ordering::SeqCst);
    clock.advance(Duration::from_secs(20));
    let response = call(&backends, ours()).await.unwrap();
    assert_eq!(&*response.extensions().get::<ServedBy>().unwrap().backend, "m0");
    // A cookie of a member that is gone is as none.
    let gone = Request::get("/").header("cookie", "sid=gone").body(Body::empty()).unwrap();
    assert_eq!(call(&backends, gone).await.unwrap().status(), 200);
}
