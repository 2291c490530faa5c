//! Nanoseconds of one pick, and of one attempt under a breaker.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use gatewright::backend::{Balance, CircuitBreakerLayer, Error, HashKey, PoolOptions, PoolService};
use gatewright::model::{CircuitBreaker, CircuitBreakerRule, FailureCondition, StatusCodeRange};
use http::{HeaderName, Request, Response, StatusCode};
use tower::util::service_fn;
use tower_layer::Layer;
use tower_service::Service;

pub fn run(times: u32) {
    println!("{:58} {:>9}", "one at a time, one thread, fastest of many runs", "ns");
    let answer = |status: StatusCode| {
        service_fn(move |_: Request<()>| {
            let mut response = Response::new(());
            *response.status_mut() = status;
            std::future::ready(Ok::<_, Error>(response))
        })
    };
    let by_header = Balance::Hash(HashKey::Header(HeaderName::from_static("x-session")));
    let request = Request::get("/").header("x-session", "6f9619ff-8b86-d011-b42d-00cf4fc964ff").body(());
    let request = request.unwrap_or_default();
    for (name, balance) in [
        ("round robin", Balance::RoundRobin),
        ("least requests", Balance::LeastRequests),
        ("random two", Balance::RandomTwo),
        ("peak latency", Balance::PeakLatency),
        ("hash of a header", by_header),
    ] {
        let mut pool = PoolService::builder("p").options(PoolOptions::new().balance(balance));
        for member in 0..100 {
            pool =
                pool.member(format!("m{member}"), answer(StatusCode::OK), 1, 1 + member % 3).circuit_breaker(&count());
        }
        let Ok(pool) = pool.build() else { continue };
        let is_by_request = name.starts_with("hash");
        show(&format!("pick among 100 members with breakers, {name}"), times, "aim 100", || {
            black_box(if is_by_request { pool.pick_for(black_box(&request)) } else { pool.pick() });
        });
    }
    let clock = time(times, || {
        black_box(Instant::now());
    });
    println!("{:58} {clock:>9.1}", "reading the system's clock");
    println!("what a breaker adds to a service that answers at once, and what of it is the record of the outcome:");
    // A success means nothing to a rule that counts failures: what is left is the layer, the admission and the future.
    let mut without_record = None;
    for (title, rules, status) in [
        ("breaker, success, `count` (nothing to record)", count(), StatusCode::OK),
        ("breaker, success, `percentage`", percentage(), StatusCode::OK),
        ("breaker, failure, `count`", count(), StatusCode::BAD_GATEWAY),
        ("breaker, failure, `percentage`", percentage(), StatusCode::BAD_GATEWAY),
    ] {
        let Ok(layer) = CircuitBreakerLayer::new("b", &rules).build() else { continue };
        time(RUNS, calls(layer.layer(answer(StatusCode::OK))));
        let added = added(times, calls(answer(status)), calls(layer.layer(answer(status))));
        let record = added - *without_record.get_or_insert(added);
        println!("{title:58} {added:>9.1}   record {record:>5.1}, aim 50");
    }
    println!();
}

/// Never trips here: ten thousand failures in a tenth of a millisecond.
fn count() -> CircuitBreaker {
    rules(FailureCondition::new().count(10_000).interval(Duration::from_micros(100)))
}

/// Never trips here: the first attempt is a success.
fn percentage() -> CircuitBreaker {
    rules(FailureCondition::new().percentage(100).interval(Duration::from_secs(3_600)))
}

fn rules(condition: FailureCondition) -> CircuitBreaker {
    let condition = condition.status_code_range(StatusCodeRange::new(500, 599));
    CircuitBreaker::new().rule(CircuitBreakerRule::new().name("r").failure_condition(condition))
}

fn calls<S: Service<Request<()>>>(mut service: S) -> impl FnMut() {
    let mut cx = Context::from_waker(Waker::noop());
    move || {
        let response = pin!(service.call(Request::new(())));
        if let Poll::Ready(response) = response.poll(&mut cx) {
            let _ = black_box(response.is_ok());
        }
    }
}

fn show(title: &str, times: u32, aim: &str, work: impl FnMut()) {
    println!("{title:58} {:>9.1}   {aim}", time(times, work));
}

/// The fastest of many runs: what else the machine does only adds.
fn time(times: u32, mut work: impl FnMut()) -> f64 {
    (0..RUNS).map(|_| once(times / RUNS, &mut work)).fold(f64::MAX, f64::min)
}

/// How much longer one takes than the other, by the fastest of many runs of each, which alternate.
fn added(times: u32, mut without: impl FnMut(), mut with: impl FnMut()) -> f64 {
    let mut fastest = [f64::MAX; 2];
    for _ in 0..RUNS {
        fastest[0] = fastest[0].min(once(times / RUNS, &mut without));
        fastest[1] = fastest[1].min(once(times / RUNS, &mut with));
    }
    fastest[1] - fastest[0]
}

const RUNS: u32 = 45;

fn once(times: u32, work: &mut impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..times {
        work();
    }
    start.elapsed().as_nanos() as f64 / f64::from(times)
}
