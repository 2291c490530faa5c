//! Nothing is left behind by backends over TLS and HTTP/2, by pools, breakers and retries.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gatewright::Body;
use gatewright::backend::Transport;
use gatewright::gateway::Gateway;
use gatewright::model::{
    Api, ApiEntry, Backend, CircuitBreaker, CircuitBreakerRule, FailureCondition, Operation, Policy, Pool, PoolMember,
    StatusCodeRange, Store,
};
use http::{Request, Response};
use tower::ServiceExt;

use crate::support::raw::http2;
use crate::support::{Authority, TestServer, echo};
use crate::{ALONE, AT_ONCE, MIB, resident, setting};

const WAYS: [&str; 8] = ["tls", "h2", "pool", "goaway", "reset", "refused", "name", "pool"];

const POLICY: &str = r#"<policies><inbound /><backend>
    <set-variable name="way" value="@(context.Request.OriginalUrl.Path.Split('/').Last())" />
    <choose>
      <when condition="@((string)context.Variables["way"] == "pool")">
        <retry count="2" interval="0" condition="@(context.Response == null || context.Response.StatusCode >= 500)">
          <set-backend-service backend-id="pool" /><forward-request buffer-request-body="true" />
        </retry>
      </when>
      <when condition="@(new [] { "h2", "goaway", "reset" }.Contains((string)context.Variables["way"]))">
        <set-backend-service backend-id="@((string)context.Variables["way"])" /><forward-request http-version="2" />
      </when>
      <otherwise><set-backend-service backend-id="@((string)context.Variables["way"])" /><forward-request /></otherwise>
    </choose></backend><outbound />
    <on-error><set-header name="x-reason"><value>@(context.LastError.Reason)</value></set-header></on-error></policies>"#;

fn breaker() -> CircuitBreaker {
    let failures = FailureCondition::new().count(5).interval(Duration::from_secs(10));
    let condition = failures.status_code_range(StatusCodeRange::new(500, 599));
    CircuitBreaker::new()
        .rule(CircuitBreakerRule::new().name("5xx").failure_condition(condition).trip_duration(Duration::from_secs(1)))
}

fn gateway(urls: &[(&str, String)], authority: &Authority) -> Gateway {
    let mut store = Store::new();
    store.service.policy = Some(Policy::new(POLICY));
    let mut pool = Pool::new();
    for (name, url) in urls {
        store.service.backends.insert(*name, Backend::new(url.as_str()).unwrap().circuit_breaker(breaker()));
        if matches!(*name, "tls" | "moody" | "refused") {
            pool = pool.member(PoolMember::new(*name));
        }
    }
    store.service.backends.insert("pool", Backend::of_pool(pool));
    let mut entry = ApiEntry::new(Api::new("a").subscription_required(false));
    entry.operations.insert("post", Operation::new("POST", "/*").into());
    store.service.apis.insert("a", entry);
    let transport = Transport::builder().native_roots(false).root_certificates_pem(authority.pem()).build().unwrap();
    Gateway::builder().transport(transport).build(&store).unwrap()
}

async fn one(gateway: Gateway, number: usize) -> String {
    let way = WAYS[number % WAYS.len()];
    let request = Request::post(format!("/a/{way}")).body(Body::from("a body")).unwrap();
    let response = gateway.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let _ = response.into_body().collect(100_000).await;
    format!("{way} {status}")
}

#[tokio::test]
async fn nothing_is_left_by_pools_tls_and_http2() {
    let _alone = ALONE.lock().await;
    let requests = setting("GATEWRIGHT_REQUESTS", 10_000);
    let authority = Authority::new();
    let tls = TestServer::tls(authority.server(&["localhost"], &["http/1.1"]), echo).await;
    let h2 = TestServer::tls(authority.server(&["localhost"], &["h2"]), echo).await;
    let name = TestServer::tls(authority.server(&["other.example"], &[]), echo).await;
    let goaway = TestServer::raw(|stream| http2::answer(stream, http2::go_away(0, 0), || true)).await;
    let reset = TestServer::raw(|stream| http2::answer(stream, http2::reset(2), || false)).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let moody = TestServer::http(move |_| {
        let fails = asked.fetch_add(1, Ordering::SeqCst).is_multiple_of(2);
        async move { Response::builder().status(if fails { 503 } else { 200 }).body(Body::empty()).unwrap() }
    })
    .await;
    let refused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let urls = [
        ("tls", tls.tls_url("")),
        ("h2", h2.tls_url("")),
        ("name", name.tls_url("")),
        ("goaway", goaway.url("")),
        ("reset", reset.url("")),
        ("moody", moody.url("")),
        ("refused", format!("http://{refused}")),
    ];
    let gateway = gateway(&urls, &authority);
    let metrics = tokio::runtime::Handle::current().metrics();
    let tasks_before = metrics.num_alive_tasks();
    let mut ends = BTreeMap::<String, usize>::new();
    let (mut calls, mut memory) = (tokio::task::JoinSet::new(), 0);
    for number in 0..requests {
        if calls.len() == AT_ONCE {
            *ends.entry(calls.join_next().await.unwrap().unwrap()).or_default() += 1;
        }
        calls.spawn(one(gateway.clone(), number));
        // Allocator and runtime have what they need by then.
        if number == requests / 5 {
            memory = resident();
        }
    }
    while let Some(end) = calls.join_next().await {
        *ends.entry(end.unwrap()).or_default() += 1;
    }
    println!("{ends:?}");
    let share = requests / WAYS.len();
    for way in ["tls 200", "h2 200"] {
        assert!(ends.get(way).is_some_and(|&ended| ended + AT_ONCE >= share), "{way}: {ends:?}");
    }
    for way in ["goaway 500", "reset 500", "refused 500", "name 500"] {
        assert!(ends.contains_key(way), "{way}: {ends:?}");
    }
    assert!(ends.get("pool 200").is_some_and(|&served| served > share), "{ends:?}");
    let after = resident();
    println!("memory: {memory} after a fifth, {after} at the end");
    assert!(after < memory + 4 * MIB, "{requests} requests: memory grew from {memory} to {after} bytes");
    let tasks = metrics.num_alive_tasks() - tasks_before;
    println!("left: {tasks} tasks");
    assert!(tasks <= 8 * AT_ONCE, "{tasks} tasks for idle connections to seven backends");
    drop(gateway);
    let settled = async {
        while metrics.num_alive_tasks() > tasks_before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let settled = tokio::time::timeout(Duration::from_secs(10), settled).await;
    let tasks = metrics.num_alive_tasks() - tasks_before;
    assert!(settled.is_ok(), "without a gateway there are {tasks} tasks");
}
