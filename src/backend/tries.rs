//! Calls that are more than one exchange with one backend: they wait for a place, try again, or try twice.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::Poll;
use std::time::Duration;

use http::{Method, Request, Response, header};

use super::attempt::Attempt;
use super::breaker::Permit;
use super::budget::RetryBudget;
use super::error::{Error, Kind};
use super::goal::Goal;
use super::limit::Full;
use super::pool::{Asked, Choice, Pool, Wish};
use super::sender::Sender;
use crate::Body;
use crate::forward::ForwardOptions;

/// What the tries of one call have in common.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) sender: Sender,
    pub(super) options: ForwardOptions,
    /// Whether whoever waits has given up because the time was over.
    pub(super) expired: Arc<AtomicBool>,
}

type Outcome = Result<Response<Body>, Error>;

/// Tries at an entity by itself: one, or two when it is hedged.
pub(super) async fn single(call: Call, goal: Goal, request: Request<Body>) -> Outcome {
    let protection = goal.protection().cloned();
    let hedge = protection.as_ref().and_then(|protection| protection.hedge_after);
    let (Some(after), Some(second)) = (hedge, copy(&request).filter(may_be_sent_twice)) else {
        return attempt(call, goal, None, &mut Some(request)).await;
    };
    let budget = protection.as_ref().and_then(|protection| protection.retry_budget.as_ref());
    earn(budget);
    let mut request = Some(request);
    let first = attempt(call.clone(), goal.clone(), None, &mut request);
    hedged(first, after, async {
        if !may_spend(budget) {
            return None;
        }
        tracing::debug!(target: "gatewright::backend", backend = &**goal.id(), "asked a second time");
        Some(attempt(call, goal, None, &mut Some(second)).await)
    })
    .await
}

/// Tries at the members of a pool.
pub(super) async fn pool(call: Call, pool: Arc<Pool>, wish: Wish, is_tls: bool, request: Request<Body>) -> Outcome {
    let options = &pool.options;
    let (mut asked, mut left) = (Asked::default(), options.fail_over_limit());
    let hedge = options.hedge().filter(|_| may_be_sent_twice(&request));
    let (mut request, mut last) = (Some(request), None::<Outcome>);
    earn(options.budget());
    loop {
        let chosen = match pool.choose(&wish, is_tls, &asked, call.options.tried.as_ref()) {
            Ok(chosen) => chosen,
            Err(error) => return last.unwrap_or(Err(error)),
        };
        let spare = if left > 0 || hedge.is_some() { request.as_ref().and_then(copy) } else { None };
        asked.add(&chosen.0);
        let Some(goal) = pool.goal(&chosen.0).cloned() else { return Err(Error::new(Kind::NotFound)) };
        let first = attempt(call.clone(), goal, Some(chosen), &mut request);
        let outcome = match (hedge, spare.as_ref().and_then(copy)) {
            (Some(after), Some(second)) => {
                let second = second_member(&call, &pool, (&wish, is_tls), &mut asked, second);
                hedged(first, after, second).await
            }
            _ => first.await,
        };
        // Its circuit opened while the request waited for a place: another one is chosen, as if it had been open before.
        if request.is_some() && outcome.as_ref().is_err_and(Error::is_open) {
            continue;
        }
        let may_go_on = match &outcome {
            Err(error) => error.is_retry_safe(),
            Ok(response) => options.fails_over_after(response.status().as_u16()),
        };
        match spare {
            Some(spare) if left > 0 && may_go_on && may_spend(options.budget()) => {
                tracing::debug!(target: "gatewright::pool", pool = &*pool.id, left, "another member is tried");
                (request, last, left) = (Some(spare), Some(outcome), left - 1);
            }
            _ => return outcome,
        }
    }
}

/// A try at another member, which is chosen when it is needed; none when there is no other.
async fn second_member(
    call: &Call,
    pool: &Arc<Pool>,
    (wish, is_tls): (&Wish, bool),
    asked: &mut Asked,
    request: Request<Body>,
) -> Option<Outcome> {
    if !may_spend(pool.options.budget()) {
        return None;
    }
    tracing::debug!(target: "gatewright::pool", pool = &*pool.id, "a second member is asked");
    let chosen = pool.choose(wish, is_tls, asked, call.options.tried.as_ref()).ok()?;
    asked.add(&chosen.0);
    let goal = pool.goal(&chosen.0).cloned()?;
    Some(attempt(call.clone(), goal, Some(chosen), &mut Some(request)).await)
}

fn earn(budget: Option<&RetryBudget>) {
    if let Some(budget) = budget {
        budget.earn();
    }
}

fn may_spend(budget: Option<&RetryBudget>) -> bool {
    budget.is_none_or(RetryBudget::spend)
}

/// One try. The request is taken when it is sent.
async fn attempt(
    call: Call,
    goal: Goal,
    chosen: Option<(Choice, Option<Permit>)>,
    request: &mut Option<Request<Body>>,
) -> Outcome {
    let protection = goal.protection().cloned();
    let mut attempt = Attempt::under(protection.as_ref());
    let mut permit = None;
    if let Some((choice, permitted)) = chosen {
        attempt = attempt.chosen(choice);
        permit = permitted;
    }
    let breaker = protection.as_ref().and_then(|protection| protection.breaker.as_ref());
    if let Some(limit) = protection.as_ref().and_then(|protection| protection.limit.as_ref()) {
        let place = match limit.enter_at_once() {
            Some(place) => place,
            None => {
                // The circuit may open while the request waits.
                if let (Some(breaker), Some(permit)) = (breaker, permit.take()) {
                    breaker.release(permit);
                }
                limit.enter().await.map_err(|Full| {
                    tracing::debug!(target: "gatewright::backend", backend = &**goal.id(), "it has all requests that it may have");
                    Error::new(Kind::Full).of(Arc::clone(goal.id()))
                })?
            }
        };
        attempt = attempt.placed(Some(place));
    }
    if let Some(breaker) = breaker {
        let permit = match permit {
            Some(permit) => permit,
            None => breaker.admit().map_err(|refusal| Error::open(refusal).of(Arc::clone(goal.id())))?,
        };
        attempt = attempt.permitted(breaker, permit);
    }
    let Some(mut request) = request.take() else { return Err(Error::new(Kind::Unsendable)) };
    attempt.sends(request.body_mut());
    // From here on, time that runs out is the backend's: what waits for a place says nothing about it.
    let attempt = attempt.expires(&call.expired);
    let mut sent = call.sender.send_to(&goal, request, &call.options).guarded(attempt);
    match protection.as_ref().and_then(|protection| protection.attempt_timeout) {
        None => sent.await,
        Some(limit) => match tokio::time::timeout(limit, &mut sent).await {
            Ok(outcome) => outcome,
            Err(_) => {
                sent.timed_out();
                Err(Error::timeout().of(Arc::clone(goal.id())))
            }
        },
    }
}

/// The first response of two tries, of which the second begins when the first has not ended `after` a while.
async fn hedged(
    first: impl Future<Output = Outcome>,
    after: Duration,
    second: impl Future<Output = Option<Outcome>>,
) -> Outcome {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let Ok(outcome) = tokio::time::timeout(after, first.as_mut()).await else {
        return race(first, second.as_mut()).await;
    };
    outcome
}

async fn race<A, B>(mut first: Pin<&mut A>, mut second: Pin<&mut B>) -> Outcome
where
    A: Future<Output = Outcome>,
    B: Future<Output = Option<Outcome>>,
{
    let (mut failed, mut second_is_over) = (None, false);
    std::future::poll_fn(move |cx| {
        if failed.is_none()
            && let Poll::Ready(outcome) = first.as_mut().poll(cx)
        {
            match outcome {
                Err(error) if !second_is_over => failed = Some(error),
                outcome => return Poll::Ready(outcome),
            }
        }
        if !second_is_over && let Poll::Ready(outcome) = second.as_mut().poll(cx) {
            second_is_over = true;
            match (outcome, failed.take()) {
                (Some(Ok(response)), _) => return Poll::Ready(Ok(response)),
                (_, Some(error)) => return Poll::Ready(Err(error)),
                // The first is still to come.
                (_, None) => {}
            }
        }
        Poll::Pending
    })
    .await
}

/// Whether two backends may act on a request.
fn may_be_sent_twice(request: &Request<Body>) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS)
        && !request.headers().contains_key(header::UPGRADE)
}

/// The same request again, when its body is in memory.
fn copy(request: &Request<Body>) -> Option<Request<Body>> {
    let mut copy = Request::new(request.body().try_clone()?);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.version_mut() = request.version();
    *copy.headers_mut() = request.headers().clone();
    *copy.extensions_mut() = request.extensions().clone();
    Some(copy)
}
