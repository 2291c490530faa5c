//! Pools in pools.

use std::sync::atomic::Ordering;
use std::time::Duration;

use gatewright::Body;
use gatewright::backend::{
    AffinityFailure, BackendOptions, Backends, Balance, BreakerOptions, OutlierEjection, PoolOptions, Resilience,
};
use gatewright::clock::Clock;
use gatewright::forward::{ForwardOptions, ServedBy, Tried};
use gatewright::model::{Backend, FailureResponse, Pool, PoolMember, SessionAffinity, SessionId, SessionIdSource};
use gatewright::secret::NamedValues;
use http::{Request, Response};

use super::{call, served, to};
use crate::breakers::{Moody, breaker, manual, moody};
use crate::{get, transport};

struct Rig {
    backends: Backends,
    clock: Clock,
    members: Vec<Moody>,
}

/// A pool `p` of `m0` and of the pool `q`, which is of `m1` and `m2`; each with a breaker of one failure.
async fn rig(options: PoolOptions, change: impl Fn(&mut Pool, &mut Pool)) -> Rig {
    rig_of(Resilience::new().pools(options.nested(true)), change).await
}

async fn rig_of(resilience: Resilience, change: impl Fn(&mut Pool, &mut Pool)) -> Rig {
    let clock = manual();
    let members = vec![moody().await, moody().await, moody().await];
    let resilience = resilience.clock(clock.clone());
    let mut outer = Pool::new().member(PoolMember::new("m0")).member(PoolMember::new("/backends/Q"));
    let mut inner = Pool::new().member(PoolMember::new("m1")).member(PoolMember::new("m2"));
    change(&mut outer, &mut inner);
    let (transport, values) = (transport(), NamedValues::new());
    let mut builder = Backends::builder(&transport, &values).resilience(&resilience);
    // The pool comes before the one that is in it.
    builder = builder.backend("p", &Backend::of_pool(outer)).backend("q", &Backend::of_pool(inner));
    for (index, member) in members.iter().enumerate() {
        let backend = Backend::new(member.server.url("")).unwrap().circuit_breaker(breaker(1));
        builder = builder.backend(&format!("m{index}"), &backend);
    }
    Rig { backends: builder.build().unwrap(), clock, members }
}

fn sticky(pool: &mut Pool, name: &str) {
    let session = SessionId::new().source(SessionIdSource::Cookie).name(name);
    *pool = std::mem::take(pool).session_affinity(SessionAffinity::new().session_id(session));
}

fn cookies(response: &Response<Body>) -> Vec<String> {
    let lines = response.headers().get_all("set-cookie").iter();
    lines.map(|line| line.to_str().unwrap().split(';').next().unwrap().to_owned()).collect()
}

fn with(pairs: &[String]) -> Request<Body> {
    Request::get("/").header("cookie", pairs.join("; ")).body(Body::empty()).unwrap()
}

fn by(response: &Response<Body>) -> String {
    response.extensions().get::<ServedBy>().unwrap().backend.to_string()
}

async fn several(backends: &Backends, number: usize) -> Vec<String> {
    let mut seen = Vec::new();
    for _ in 0..number {
        seen.push(served(backends).await);
    }
    seen
}

#[tokio::test]
async fn the_pool_is_chosen_then_one_of_its_members() {
    let Rig { backends, members: _servers, .. } = rig(PoolOptions::new(), |_, _| {}).await;
    assert_eq!(several(&backends, 6).await, ["m0", "m1", "m0", "m2", "m0", "m1"]);
    assert_eq!(backends.base_url("q").unwrap().to_string(), backends.base_url("m1").unwrap().to_string());
    assert_eq!(backends.base_url("p"), backends.base_url("m0"));
    let seen: Vec<_> = backends.pools().into_iter().map(|pool| (pool.pool, pool.members.len())).collect();
    assert_eq!(seen, [("p".to_owned(), 2), ("q".to_owned(), 2)]);
    let under_way = backends.call(&to("p"), get("/"), &ForwardOptions::default());
    let other = backends.call(&to("p"), get("/"), &ForwardOptions::default());
    let in_flight = || -> Vec<u32> {
        backends.pools().iter().flat_map(|pool| pool.members.iter().map(|member| member.in_flight)).collect()
    };
    assert_eq!(in_flight(), [1, 1, 0, 1], "at both levels");
    drop((under_way, other));
    assert_eq!(in_flight(), [0; 4]);
}

#[tokio::test]
async fn weights_and_priorities_are_of_each_level() {
    let weights = |outer: &mut Pool, inner: &mut Pool| {
        (outer.services[0].weight, outer.services[1].weight) = (Some(1), Some(3));
        (inner.services[0].priority, inner.services[1].priority) = (Some(2), Some(1));
    };
    let Rig { backends, clock, members } = rig(PoolOptions::new(), weights).await;
    let seen = several(&backends, 40).await;
    assert_eq!(seen.iter().filter(|name| *name == "m0").count(), 10);
    assert_eq!(seen.iter().filter(|name| *name == "m2").count(), 30);
    members[2].status.store(500, Ordering::SeqCst);
    backends.call(&to("m2"), get("/"), &ForwardOptions::default()).await.unwrap();
    let seen = several(&backends, 40).await;
    assert_eq!(seen.iter().filter(|name| *name == "m1").count(), 30, "the pool counts as much as before");
    members[2].status.store(200, Ordering::SeqCst);
    clock.advance(Duration::from_secs(30));
    assert!(several(&backends, 4).await.contains(&"m2".to_owned()), "the better one is back at once");
}

#[tokio::test]
async fn a_pool_is_no_candidate_when_none_of_its_members_is() {
    let failure = |outer: &mut Pool, inner: &mut Pool| {
        (outer.services[0].priority, outer.services[1].priority) = (Some(2), Some(1));
        inner.failure_response = Some(FailureResponse::new().status_code(429));
    };
    let Rig { backends, clock, members } = rig(PoolOptions::new(), failure).await;
    for member in &members[1..] {
        member.status.store(503, Ordering::SeqCst);
        assert_eq!(call(&backends, get("/")).await.unwrap().status(), 503);
        clock.advance(Duration::from_secs(10));
    }
    let candidates = || backends.pools()[0].members.iter().map(|member| member.is_candidate).collect::<Vec<_>>();
    assert_eq!(candidates(), [true, false]);
    assert_eq!(several(&backends, 2).await, ["m0", "m0"], "the worse one serves now");
    members[0].status.store(503, Ordering::SeqCst);
    call(&backends, get("/")).await.unwrap();
    let asked = || members.iter().map(|member| member.asked.load(Ordering::SeqCst)).sum::<usize>();
    let before = asked();
    let error = call(&backends, get("/")).await.unwrap_err();
    assert_eq!((error.status(), error.retry_after(), error.backend()), (503, Some(10), Some("p")), "of the outer pool");
    let error = backends.call(&to("q"), get("/"), &ForwardOptions::default()).await.unwrap_err();
    assert_eq!((error.status(), error.retry_after(), error.backend()), (429, Some(10), Some("q")));
    assert_eq!(asked(), before, "nothing was sent");
    members.iter().for_each(|member| member.status.store(200, Ordering::SeqCst));
    clock.advance(Duration::from_secs(10));
    assert_eq!(several(&backends, 2).await, ["m1", "m1"], "it is back with its first member");
}

#[tokio::test]
async fn another_try_goes_to_another_member_at_the_bottom() {
    let options = PoolOptions::new().fail_over(2).fail_over_statuses([404]);
    let Rig { backends, members, .. } = rig(options, |_, _| {}).await;
    for healthy in 0..3 {
        for (index, member) in members.iter().enumerate() {
            member.status.store(if index == healthy { 200 } else { 404 }, Ordering::SeqCst);
        }
        for _ in 0..4 {
            let response = call(&backends, get("/")).await.unwrap();
            assert_eq!((response.status().as_u16(), by(&response)), (200, format!("m{healthy}")));
        }
    }
    members.iter().for_each(|member| member.status.store(404, Ordering::SeqCst));
    let before = members.iter().map(|member| member.asked.load(Ordering::SeqCst)).collect::<Vec<_>>();
    assert_eq!(call(&backends, get("/")).await.unwrap().status(), 404);
    for (member, before) in members.iter().zip(before) {
        assert_eq!(member.asked.load(Ordering::SeqCst), before + 1, "each was asked once");
    }
    assert!(backends.pools().iter().flat_map(|pool| &pool.members).all(|member| member.in_flight == 0));
}

#[tokio::test]
async fn attempts_of_a_retry_go_to_different_members() {
    let Rig { backends, members: _servers, .. } = rig(PoolOptions::new(), |_, _| {}).await;
    for _ in 0..6 {
        let mut options = ForwardOptions::default();
        options.tried = Some(Tried::default());
        let mut seen = Vec::new();
        for _ in 0..3 {
            seen.push(by(&backends.call(&to("p"), get("/"), &options).await.unwrap()));
        }
        seen.sort();
        assert_eq!(seen, ["m0", "m1", "m2"]);
        backends.call(&to("p"), get("/"), &options).await.unwrap();
    }
}

#[tokio::test]
async fn a_slow_member_below_is_hedged() {
    let (silent, quick) = (crate::support::TestServer::raw(crate::support::raw::silent).await, moody().await);
    let options = PoolOptions::new().nested(true).hedge_after(Duration::from_millis(20));
    let (transport, values) = (transport(), NamedValues::new());
    let backends = Backends::builder(&transport, &values)
        .resilience(&Resilience::new().pools(options))
        .backend("slow", &Backend::new(silent.url("")).unwrap())
        .backend("quick", &Backend::new(quick.server.url("")).unwrap())
        .backend("q", &Backend::of_pool(Pool::new().member(PoolMember::new("slow")).member(PoolMember::new("quick"))))
        .backend("p", &Backend::of_pool(Pool::new().member(PoolMember::new("q"))))
        .build()
        .unwrap();
    assert_eq!(several(&backends, 2).await, ["quick", "quick"]);
}

#[tokio::test]
async fn the_cookie_of_the_outer_pool_stands_for_the_member_at_the_bottom() {
    let both = |outer: &mut Pool, inner: &mut Pool| {
        sticky(outer, "sid");
        // Of the same name, and yet told apart.
        sticky(inner, "sid");
    };
    let Rig { backends, clock, members } = rig(PoolOptions::new(), both).await;
    let mut sessions = Vec::new();
    for expected in ["m0", "m1", "m0", "m2"] {
        let response = call(&backends, get("/")).await.unwrap();
        assert_eq!(by(&response), expected);
        let [cookie] = cookies(&response).try_into().unwrap();
        sessions.push((expected, cookie));
    }
    for (expected, cookie) in sessions.iter().rev().chain(&sessions) {
        let response = call(&backends, with(std::slice::from_ref(cookie))).await.unwrap();
        assert_eq!((by(&response), cookies(&response)), ((*expected).to_owned(), vec![]), "it is bound");
    }
    // Its member at the bottom is tripped: another one has the session.
    let (_, cookie) = &sessions[3];
    members[2].status.store(500, Ordering::SeqCst);
    assert_eq!(call(&backends, with(std::slice::from_ref(cookie))).await.unwrap().status(), 500);
    let response = call(&backends, with(std::slice::from_ref(cookie))).await.unwrap();
    assert_ne!(by(&response), "m2");
    let [other] = cookies(&response).try_into().unwrap();
    assert_ne!(other, *cookie);
    clock.advance(Duration::from_secs(30));
    // The cookie that the inner pool set for requests to itself is of use below the outer one, too.
    members[2].status.store(200, Ordering::SeqCst);
    let own = backends.call(&to("q"), get("/"), &ForwardOptions::default()).await.unwrap();
    let [cookie] = cookies(&own).try_into().unwrap();
    for _ in 0..4 {
        let response = call(&backends, with(std::slice::from_ref(&cookie))).await.unwrap();
        assert!(by(&response) == "m0" || by(&response) == by(&own), "{}", by(&response));
        assert_eq!(cookies(&response).len(), 1, "the outer pool binds it");
    }
}

#[tokio::test]
async fn a_cookie_of_the_inner_pool_alone_is_obeyed_there() {
    let Rig { backends, members, .. } = rig(PoolOptions::new(), |_, inner| sticky(inner, "sid")).await;
    let first = call(&backends, get("/")).await.unwrap();
    assert_eq!((by(&first), cookies(&first)), ("m0".to_owned(), vec![]));
    let second = call(&backends, get("/")).await.unwrap();
    let [cookie] = cookies(&second).try_into().unwrap();
    assert_eq!(by(&second), "m1");
    let mut seen = Vec::new();
    for _ in 0..6 {
        let response = call(&backends, with(std::slice::from_ref(&cookie))).await.unwrap();
        assert_eq!(cookies(&response), Vec::<String>::new());
        seen.push(by(&response));
    }
    assert_eq!(seen, ["m0", "m1", "m0", "m1", "m0", "m1"]);
    assert_eq!(members[2].asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_session_may_insist_on_its_member_at_the_bottom() {
    let options = PoolOptions::new().affinity_failure(AffinityFailure::Refuse).nested(true);
    let trial = BackendOptions::new().breaker(BreakerOptions::new().half_open(1));
    let resilience = Resilience::new().pools(options).backends(trial);
    let Rig { backends, members, clock } = rig_of(resilience, |outer, _| sticky(outer, "sid")).await;
    call(&backends, get("/")).await.unwrap();
    let response = call(&backends, get("/")).await.unwrap();
    let cookie = cookies(&response);
    assert_eq!(by(&response), "m1");
    members[1].status.store(500, Ordering::SeqCst);
    assert_eq!(call(&backends, with(&cookie)).await.unwrap().status(), 500);
    let error = call(&backends, with(&cookie)).await.unwrap_err();
    assert_eq!((error.status(), error.retry_after(), error.backend()), (503, Some(30), Some("p")));
    assert_eq!(several(&backends, 2).await, ["m0", "m2"], "others are served");
    // It tries one request; the next one is refused, and does not go to the other member of the inner pool.
    clock.advance(Duration::from_secs(30));
    members[1].status.store(200, Ordering::SeqCst);
    let trial = backends.call(&to("p"), with(&cookie), &ForwardOptions::default());
    assert!(call(&backends, with(&cookie)).await.unwrap_err().is_refusal());
    assert_eq!(by(&trial.await.unwrap()), "m1");
}

#[tokio::test]
async fn balance_and_outliers_are_of_each_level() {
    let options = PoolOptions::new()
        .balance(Balance::LeastRequests)
        .outlier_ejection(OutlierEjection::new().failures_in_a_row(1));
    let Rig { backends, members, .. } = rig(options, |_, _| {}).await;
    let busy: Vec<_> = (0..3).map(|_| backends.call(&to("p"), get("/"), &ForwardOptions::default())).collect();
    let pools = backends.pools();
    let of = |pool: usize| pools[pool].members.iter().map(|member| member.in_flight).collect::<Vec<_>>();
    assert_eq!(of(0).iter().sum::<u32>(), 3);
    assert!(of(0)[1] == 1 || of(1) == [1, 1], "{:?} {:?}", of(0), of(1));
    drop(busy);
    members[1].status.store(404, Ordering::SeqCst);
    // 404 is no failure of an outlier, 501 is, and one of the breaker too.
    members[2].status.store(501, Ordering::SeqCst);
    while members[2].asked.load(Ordering::SeqCst) == 0 {
        call(&backends, get("/")).await.unwrap();
    }
    let state = backends.pools();
    assert!(!state[1].members[1].is_candidate);
    assert!(!state[0].members[1].is_candidate, "the pool is an outlier of the outer one");
    let alone = backends.call(&to("q"), get("/"), &ForwardOptions::default()).await.unwrap();
    assert_eq!(by(&alone), "m1", "by itself it goes on");
}

#[test]
fn what_cannot_be_is_reported() {
    let (transport, values) = (transport(), NamedValues::new());
    let build = |pools: &[(&str, &[&str])], nested: &[&str]| {
        let single = Backend::new("https://a.example").unwrap();
        let mut resilience = Resilience::new();
        for name in nested {
            resilience = resilience.pool(name, PoolOptions::new().nested(true));
        }
        let mut builder = Backends::builder(&transport, &values).resilience(&resilience).backend("a", &single);
        for (id, members) in pools {
            let pool = members.iter().fold(Pool::new(), |pool, name| pool.member(PoolMember::new(*name)));
            builder = builder.backend(id, &Backend::of_pool(pool));
        }
        builder.build().map(|_| ()).map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let all = ["p", "q", "r", "s", "t", "u"];
    type Case<'a> = (&'a [(&'a str, &'a [&'a str])], &'a [&'a str], &'a [&'a str]);
    let cases: &[Case<'_>] = &[
        (&[("p", &["q"]), ("q", &["a"])], &["p"], &[]),
        (
            &[("p", &["q"]), ("q", &["a"])],
            &["q"],
            &["backend `p`: `pool`: member `q` is a pool itself: expected backends of type `Single`"],
        ),
        (&[("p", &["a", "P"])], &all, &["backend `p`: `pool`: a pool cannot contain itself: `p` > `p`"]),
        (
            &[("p", &["q"]), ("q", &["a", "r"]), ("r", &["Q"])],
            &all,
            &["backend `r`: `pool`: a pool cannot contain itself: `q` > `r` > `q`"],
        ),
        // The same pool twice on two ways is no circle.
        (&[("p", &["q", "r"]), ("q", &["s"]), ("r", &["s"]), ("s", &["a"])], &all, &[]),
        (&[("p", &["q"]), ("q", &["r"]), ("r", &["s"]), ("s", &["t"]), ("t", &["a"])], &all, &[]),
        (
            &[("p", &["q"]), ("q", &["r"]), ("r", &["s"]), ("s", &["t"]), ("t", &["u"]), ("u", &["a"])],
            &all,
            &["backend `t`: `pool`: pools are more than 5 deep: `p` > `q` > `r` > `s` > `t` > `u`"],
        ),
        // Those below are made first.
        (
            &[("u", &["a"]), ("t", &["u"]), ("s", &["t"]), ("r", &["s"]), ("q", &["r"]), ("p", &["q"])],
            &all,
            &["backend `p`: `pool`: pools are more than 5 deep: `p` > `q`"],
        ),
        (&[("p", &["q"]), ("q", &["gone"])], &all, &["backend `q`: `pool`: member `gone` is not defined"]),
    ];
    for (pools, nested, expected) in cases {
        let outcome = build(pools, nested).err().unwrap_or_default();
        assert_eq!(outcome, *expected, "{pools:?}");
    }
    // Few pools with many ways through them.
    let grid = |width: usize, bottom: usize| {
        let name = |level: usize, number: usize| format!("p{level}-{number}");
        let mut resilience = Resilience::new().pools(PoolOptions::new().nested(true));
        for number in 0..width {
            let mut options = PoolOptions::new();
            for member in 0..bottom {
                options = options.member_url(format!("https://{number}.example/{member}"));
            }
            resilience = resilience.pool(&name(3, number), options);
        }
        let mut builder = Backends::builder(&transport, &values).resilience(&resilience);
        let session = SessionId::new().source(SessionIdSource::Cookie).name("sid");
        for level in 0..4 {
            for number in 0..width {
                let below = if level < 3 { 0..width } else { 0..0 };
                let pool = Pool::new().session_affinity(SessionAffinity::new().session_id(session.clone()));
                let pool = below.fold(pool, |pool, number| pool.member(PoolMember::new(name(level + 1, number))));
                builder = builder.backend(&name(level, number), &Backend::of_pool(pool));
            }
        }
        builder.build().map(|_| ()).map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert_eq!(grid(16, 1), Ok(()), "16 x 16 x 16");
    let expected = |number| {
        format!(
            "backend `p0-{number}`: `pool`: it may have 4913 members, by all ways through the pools in it: expected at most 4096"
        )
    };
    assert_eq!(grid(17, 1).unwrap_err(), (0..17).map(expected).collect::<Vec<_>>(), "said once of each");
    // A long chain is refused, and takes no deep stack.
    let names: Vec<_> = (0..3000).map(|number| format!("p{number}")).collect();
    let mut resilience = Resilience::new();
    resilience = resilience.pools(PoolOptions::new().nested(true));
    let mut builder = Backends::builder(&transport, &values).resilience(&resilience);
    for (index, name) in names.iter().enumerate() {
        let next = names.get(index + 1).unwrap_or(name);
        builder = builder.backend(name, &Backend::of_pool(Pool::new().member(PoolMember::new(next))));
    }
    let errors = builder.build().unwrap_err();
    assert!(errors[0].to_string().contains("pools are more than 5 deep: `p0` > `p1`"), "{}", errors[0]);
}
