//! Nanoseconds of one pick, and of one attempt under a breaker.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use gatewright::backend::{Balance, CircuitBreakerLayer, Error, PoolOptions, PoolService};
use gatewright::model::{CircuitBreaker, CircuitBreakerRule, FailureCondition, StatusCodeRange};
use http::{Request, Response, StatusCode};
use tower::util::service_fn;
use tower_layer::Layer;
use tower_service::Service;

pub fn run(times: u32) {
    println!("{:58} {:>9}", "one at a time, one thread, fastest of nine runs", "ns");
    let answer = |status: StatusCode| {
        service_fn(move |_: Request<()>| {
            let mut response = Response::new(());
            *response.status_mut() = status;
            std::future::ready(Ok::<_, Error>(response))
        })
    };
    for balance in [Balance::RoundRobin, Balance::LeastRequests] {
        let mut pool = PoolService::builder("p").options(PoolOptions::new().balance(balance));
        for member in 0..100 {
            pool =
                pool.member(format!("m{member}"), answer(StatusCode::OK), 1, 1 + member % 3).circuit_breaker(&count());
        }
        let Ok(pool) = pool.build() else { continue };
        let title = format!("pick among 100 members with breakers, {balance:?}");
        show(&title, times, "aim 100", || {
            black_box(pool.pick());
        });
    }
    show("reading the system's clock", times, "part of what follows, but for the first line", || {
        black_box(Instant::now());
    });
    let bare = time(times, calls(answer(StatusCode::OK)));
    for (title, rules, status) in [
        ("breaker, success, `count`", count(), StatusCode::OK),
        ("breaker, success, `percentage` (reads the clock)", percentage(), StatusCode::OK),
        ("breaker, failure, `count` (takes the lock)", count(), StatusCode::BAD_GATEWAY),
        ("breaker, failure, `percentage`", percentage(), StatusCode::BAD_GATEWAY),
    ] {
        let Ok(layer) = CircuitBreakerLayer::new("b", &rules).build() else { continue };
        time(9, calls(layer.layer(answer(StatusCode::OK))));
        let guarded = time(times, calls(layer.layer(answer(status))));
        println!("{title:58} {:>9.1}   aim 50 (asking, recording; above the service alone)", guarded - bare);
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

/// The fastest of nine runs: what else the machine does only adds.
fn time(times: u32, mut work: impl FnMut()) -> f64 {
    let runs = (0..9).map(|_| {
        let start = Instant::now();
        for _ in 0..times / 9 {
            work();
        }
        start.elapsed().as_nanos() as f64 / f64::from(times / 9)
    });
    runs.fold(f64::MAX, f64::min)
}
