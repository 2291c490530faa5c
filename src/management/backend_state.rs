//! `backends/{name}/state`: what circuit breakers and pools do now. Azure has no such resource.

use http::StatusCode;
use http::header::CACHE_CONTROL;
use serde_json::{Value, json};

use super::answer::Answer;
use super::error::Failure;
use super::kind::Place;
use crate::backend::{Backends, BreakerSnapshot, CircuitState};
use crate::gateway::Snapshot;
use crate::model::Store;

/// Where it is below a service or workspace.
pub(super) const PATH: [&str; 2] = ["backends", "state"];

/// The state of a backend; for a pool, that of its members.
pub(super) fn read(at: &Place, store: &Store, snapshot: &Snapshot) -> Result<Answer, Failure> {
    let entity = at.entities(store).and_then(|entities| entities.backends.get_named(at.last()));
    let served = snapshot.backends_of(at.workspace.as_deref());
    let (Some((name, _)), Some(backends)) = (entity, served) else { return Err(Failure::not_found("Resource")) };
    let id = at.with([name]).id(&PATH[..1]);
    let body = json!({
        "id": format!("{id}/state"), "type": at.kind(&PATH), "name": "state", "properties": properties(name, at, backends),
    });
    Ok(Answer::new(StatusCode::OK).json(body).header(CACHE_CONTROL, "no-store"))
}

fn properties(name: &str, at: &Place, backends: &Backends) -> Value {
    let breakers = backends.breakers();
    let breaker = |name: &str| {
        breakers.iter().find(|breaker| breaker.backend.eq_ignore_ascii_case(name)).map_or(Value::Null, circuit_breaker)
    };
    let pools = backends.pools();
    let Some(pool) = pools.iter().find(|pool| pool.pool.eq_ignore_ascii_case(name)) else {
        return json!({ "type": "Single", "circuitBreaker": breaker(name) });
    };
    let members = pool.members.iter().map(|member| {
        // Options of the host's may add members that are no entities.
        let id = match backends.contains(&member.backend) {
            true => at.with([&member.backend]).id(&PATH[..1]),
            false => member.backend.clone(),
        };
        json!({
            "id": id, "isCandidate": member.is_candidate,
            "inFlight": member.in_flight, "circuitBreaker": breaker(&member.backend),
        })
    });
    json!({ "type": "Pool", "members": members.collect::<Vec<_>>() })
}

fn circuit_breaker(breaker: &BreakerSnapshot) -> Value {
    let (state, rule, remaining) = match &breaker.state {
        CircuitState::Closed => ("Closed", None, None),
        CircuitState::HalfOpen => ("HalfOpen", None, None),
        CircuitState::Open { rule, remaining } => {
            // Whole seconds, as durations are written elsewhere.
            ("Open", Some(rule), Some(format!("PT{}S", remaining.as_millis().div_ceil(1000))))
        }
    };
    let mut shown = json!({
        "state": state, "trips": breaker.trips, "failures": breaker.failures, "refused": breaker.refused,
    });
    if let (Some(rule), Some(members)) = (rule, shown.as_object_mut()) {
        members.insert("rule".to_owned(), rule.as_str().into());
        members.insert("remaining".to_owned(), remaining.into());
    }
    shown
}
