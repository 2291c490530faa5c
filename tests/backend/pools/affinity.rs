//! Sessions that stay with a member.

use std::sync::atomic::Ordering;
use std::time::Duration;

use gatewright::Body;
use gatewright::backend::{Backends, PoolOptions, Resilience};
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
