//! A pool of two backends on loopback: weights, a member that fails, its circuit breaker, and the way back.
//!
//! ```text
//! cargo run --example pool
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::http::StatusCode;
use gatewright::Body;
use gatewright::backend::{Backends, Resilience, Transport};
use gatewright::clock::Clock;
use gatewright::forward::{ForwardOptions, ServedBy, Target};
use gatewright::model::{Backend, CircuitBreaker, CircuitBreakerRule, FailureCondition};
use gatewright::model::{Pool, PoolMember, StatusCodeRange};
use gatewright::secret::NamedValues;
use http::Request;

type Fault = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let is_sick = Arc::new(AtomicBool::new(false));
    let (east, west) = (serve(Arc::default()).await?, serve(is_sick.clone()).await?);

    // Two failures in a minute, and the member is left alone for 30 seconds.
    let condition = FailureCondition::new().count(2).interval(Duration::from_secs(60));
    let condition = condition.status_code_range(StatusCodeRange::new(500, 599));
    let rule = CircuitBreakerRule::new().name("down").failure_condition(condition);
    let breaker = CircuitBreaker::new().rule(rule.trip_duration(Duration::from_secs(30)));
    let pool = Pool::new().member(PoolMember::new("east").weight(3)).member(PoolMember::new("west").weight(1));

    // A clock that is moved by hand, so that nobody has to wait.
    let clock = Clock::manual(SystemTime::now());
    let resilience = Resilience::new().clock(clock.clone());
    let (transport, values) = (Transport::builder().native_roots(false).build()?, NamedValues::new());
    let backends = Backends::builder(&transport, &values)
        .resilience(&resilience)
        .backend("east", &Backend::new(east)?.circuit_breaker(breaker.clone()))
        .backend("west", &Backend::new(west)?.circuit_breaker(breaker))
        .backend("both", &Backend::of_pool(pool))
        .build()?;

    println!("three to one:      {}", ask(&backends, 8).await?);
    is_sick.store(true, Ordering::Relaxed);
    println!("west fails twice:  {}", ask(&backends, 12).await?);
    println!("its breaker is:    {:?}", backends.breakers().into_iter().map(|breaker| breaker.state).nth(1));
    is_sick.store(false, Ordering::Relaxed);
    clock.advance(Duration::from_secs(30));
    println!("30 seconds later:  {}", ask(&backends, 8).await?);
    println!("\ntry another weight, a priority, or a session affinity for the pool");
    Ok(())
}

/// Who answered each of some requests.
async fn ask(backends: &Backends, times: usize) -> Result<String, Fault> {
    let mut seen = Vec::new();
    for _ in 0..times {
        let request = Request::get("/").body(Body::empty())?;
        let response = backends.call(&Target::Backend("both".into()), request, &ForwardOptions::default()).await?;
        let member = response.extensions().get::<ServedBy>().map_or("?", |by| &by.backend);
        seen.push(if response.status().is_success() { member.to_owned() } else { format!("{member}!") });
    }
    Ok(seen.join(" "))
}

async fn serve(is_sick: Arc<AtomicBool>) -> Result<String, Fault> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let status = move || if is_sick.load(Ordering::Relaxed) { StatusCode::BAD_GATEWAY } else { StatusCode::OK };
    let app = Router::new().fallback(move || std::future::ready(status()));
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(url)
}
