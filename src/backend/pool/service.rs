//! A pool of services.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::options::PoolOptions;
use super::picker::{MOST_MEMBERS, Members, Picker, Seat};
use super::schedule::Share;
use super::snapshot::{MemberSnapshot, PoolSnapshot};
use crate::backend::breaker::{
    Breaker, BreakerGuard, BreakerObserver, BreakerOptions, BreakerSnapshot, TracingObserver, is_of_backend,
};
use crate::backend::build_error::{BuildError, BuildErrors, Problem};
use crate::backend::error::Error;
use crate::clock::Clock;
use crate::model::CircuitBreaker;

/// Spreads requests over services, by priority and weight, each with a circuit breaker when it is given one.
///
/// It is ready when a member is whose turn it is, and sends the next request to that one; a member that is not ready is
/// passed over, one that fails to become ready is left out for good. When no member is a candidate it is ready too, and
/// answers with [`Error`]. A member that is ready keeps what it reserved for that until it is asked, also when it is no candidate
/// meanwhile. Session affinity needs a look at the request and is only for pools of
/// [`Backends`](crate::backend::Backends); of [`PoolOptions`], fail-over and hedging are too. A clone has clones of the
/// services, and shares turns and breakers.
///
/// ```
/// # use gatewright::backend::Error;
/// use gatewright::backend::PoolService;
/// use http::{Request, Response};
/// use tower::ServiceExt as _;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let service = |name: &'static str| tower::service_fn(move |_: Request<()>| async move { Ok::<_, Error>(Response::new(name)) }).boxed_clone();
/// let pool = PoolService::builder("both").member("a", service("a"), 1, 1).member("b", service("b"), 1, 1).build()?;
/// for expected in ["a", "b", "a"] {
///     assert_eq!(pool.clone().oneshot(Request::new(())).await?.into_body(), expected);
/// }
/// assert!(pool.snapshot().members.iter().all(|member| member.is_candidate));
/// # Ok(())
/// # }
/// ```
pub struct PoolService<S> {
    members: Vec<S>,
    /// Those that failed to become ready.
    dead: Members,
    /// The member that is ready, with a turn of its own.
    ready: Option<usize>,
    shared: Arc<Shared>,
}

struct Shared {
    name: Arc<str>,
    members: Vec<String>,
    picker: Picker,
    status: u16,
}

/// Makes a [`PoolService`].
#[must_use]
pub struct PoolServiceBuilder<S> {
    name: String,
    members: Vec<(String, S, Share, Option<CircuitBreaker>)>,
    options: PoolOptions,
    breaker_options: BreakerOptions,
    clock: Clock,
    observer: Arc<dyn BreakerObserver>,
    status: u16,
}

impl<S> PoolService<S> {
    /// A pool without members; the name is in errors.
    pub fn builder(name: impl Into<String>) -> PoolServiceBuilder<S> {
        PoolServiceBuilder {
            name: name.into(),
            members: Vec::new(),
            options: PoolOptions::default(),
            breaker_options: BreakerOptions::default(),
            clock: Clock::system(),
            observer: Arc::new(TracingObserver),
            status: 503,
        }
    }
}

impl<S> PoolService<S> {
    /// The pool as it is now.
    pub fn snapshot(&self) -> PoolSnapshot {
        let Shared { name, members, picker, .. } = &*self.shared;
        let member = |(index, name): (usize, &String)| MemberSnapshot {
            backend: name.clone(),
            is_candidate: picker.is_candidate(index) && !self.dead.contains(index),
            in_flight: picker.in_flight(index),
        };
        PoolSnapshot { pool: name.to_string(), members: members.iter().enumerate().map(member).collect() }
    }

    /// The circuit breakers of members as they are now, in the order of the members.
    pub fn breakers(&self) -> Vec<BreakerSnapshot> {
        let picker = &self.shared.picker;
        (0..picker.len()).filter_map(|member| Some(picker.breaker(member)?.snapshot())).collect()
    }

    /// Takes a turn: the index of the member that the next request would go to, for a host that sends by itself. None when
    /// there is no candidate.
    pub fn pick(&self) -> Option<usize> {
        self.shared.picker.pick(self.dead)
    }
}

impl<S> PoolServiceBuilder<S> {
    /// Adds a member: a lower priority is preferred, the weight is relative to those of the same priority.
    pub fn member(mut self, name: impl Into<String>, service: S, priority: u32, weight: u32) -> Self {
        self.members.push((name.into(), service, Share { priority, weight }, None));
        self
    }

    /// The circuit breaker of the last member that was added.
    pub fn circuit_breaker(mut self, breaker: &CircuitBreaker) -> Self {
        if let Some((.., own)) = self.members.last_mut() {
            *own = Some(breaker.clone());
        }
        self
    }

    /// Balance, outliers, and whether members of weight 0 serve.
    pub fn options(mut self, options: PoolOptions) -> Self {
        self.options = options;
        self
    }

    /// What is beyond Azure in all breakers.
    pub fn breaker_options(mut self, options: BreakerOptions) -> Self {
        self.breaker_options = options;
        self
    }

    /// The time by which circuits open and close.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Who is told when a circuit opens or closes, instead of `tracing`.
    pub fn observer(mut self, observer: impl BreakerObserver) -> Self {
        self.observer = Arc::new(observer);
        self
    }

    /// The status of the error when no member is a candidate; 503 by default.
    pub fn failure_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The pool.
    ///
    /// # Errors
    ///
    /// [`BuildErrors`]: one for each thing that is wrong: no member or more than 128, a weight above 100, bad rules.
    pub fn build(self) -> Result<PoolService<S>, BuildErrors> {
        let mut errors = Vec::new();
        let wrong = |text| BuildError::new(&self.name, Problem::Pool(text));
        if self.members.is_empty() || self.members.len() > MOST_MEMBERS {
            errors.push(wrong(format!("it has {} members: expected 1 to {MOST_MEMBERS}", self.members.len())));
        }
        let (mut names, mut services, mut seats, mut shares) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (name, service, share, rules) in self.members {
            if share.weight > 100 {
                errors.push(wrong(format!("the weight of `{name}` is {}: expected 0 to 100", share.weight)));
            }
            let (options, observer) = (&self.breaker_options, &self.observer);
            let made = rules.map(|rules| Breaker::new(&name, &rules, options, &self.clock, observer));
            let breaker = made.transpose().map_err(|problems| {
                let problems = problems.into_iter();
                errors.extend(problems.map(|text| BuildError::new(&name, Problem::CircuitBreaker(text))));
            });
            seats.push(Seat::new(breaker.ok().flatten().map(|(breaker, _)| Arc::new(breaker)), None));
            shares.push(share);
            services.push(service);
            names.push(name);
        }
        BuildErrors::check(errors)?;
        let how = (self.options.balance, self.options.zero_weight_serves);
        let version = Arc::new(AtomicU64::new(0));
        let picker = Picker::new(seats, shares, how, self.options.outliers, &self.clock, &version);
        let shared = Arc::new(Shared { name: self.name.into(), members: names, picker, status: self.status });
        Ok(PoolService { members: services, dead: Members::default(), ready: None, shared })
    }
}

impl<S: Clone> Clone for PoolService<S> {
    fn clone(&self) -> Self {
        // A clone of a service is not ready because the service is.
        Self { members: self.members.clone(), dead: self.dead, ready: None, shared: Arc::clone(&self.shared) }
    }
}

impl<S, B, R> Service<Request<B>> for PoolService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: From<Error> + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = PoolFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        if let Some(member) = self.ready.take()
            && self.shared.picker.is_candidate(member)
        {
            self.ready = Some(member);
            return Poll::Ready(Ok(()));
        }
        let (mut tried, mut is_waiting) = (self.dead, false);
        while let Some(member) = self.shared.picker.pick(tried) {
            tried.insert(member);
            match self.members.get_mut(member).map(|service| service.poll_ready(cx)) {
                Some(Poll::Ready(Ok(()))) => {
                    self.ready = Some(member);
                    return Poll::Ready(Ok(()));
                }
                Some(Poll::Pending) => is_waiting = true,
                Some(Poll::Ready(Err(error))) => {
                    self.dead.insert(member);
                    if (0..self.shared.picker.len()).all(|member| self.dead.contains(member)) {
                        return Poll::Ready(Err(error));
                    }
                }
                None => break,
            }
        }
        // A member that is waited for wakes the task.
        if is_waiting { Poll::Pending } else { Poll::Ready(Ok(())) }
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let shared = &self.shared;
        let refused = |error| PoolFuture { state: State::Refused { error: Some(error) } };
        let exhausted =
            || refused(Error::exhausted(shared.status, shared.picker.soonest()).of(Arc::clone(&shared.name)));
        let Some(member) = self.ready.take() else { return exhausted() };
        let Some(service) = self.members.get_mut(member) else { return exhausted() };
        let permit = match shared.picker.breaker(member).map(|breaker| (breaker, breaker.admit())) {
            None => None,
            Some((breaker, Ok(permit))) => Some((Arc::clone(breaker), permit)),
            Some((breaker, Err(refusal))) => {
                return refused(Error::open(refusal).of(Arc::clone(breaker.backend())));
            }
        };
        shared.picker.started(member);
        let backend = shared.members.get(member).map_or("", String::as_str);
        tracing::debug!(target: "gatewright::pool", pool = &*shared.name, backend, "member chosen");
        let seat = Taken { shared: Arc::clone(shared), member };
        let response = service.call(request);
        PoolFuture { state: State::Sent { response, guard: BreakerGuard(permit), seat } }
    }
}

impl<S> fmt::Debug for PoolService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { name, picker, .. } = &*self.shared;
        f.debug_struct("PoolService").field("name", name).field("members", &picker.len()).finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for PoolServiceBuilder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members = self.members.iter().map(|(name, ..)| name).collect::<Vec<_>>();
        f.debug_struct("PoolServiceBuilder").field("members", &members).finish_non_exhaustive()
    }
}

/// A request that a member has not answered yet.
struct Taken {
    shared: Arc<Shared>,
    member: usize,
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.shared.picker.ended(self.member);
    }
}

pin_project! {
    /// The response of a [`PoolService`], to come.
    #[must_use = "futures do nothing unless polled"]
    pub struct PoolFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Sent {
            #[pin]
            response: F,
            guard: BreakerGuard,
            seat: Taken,
        },
        Refused {
            error: Option<Error>,
        },
    }
}

impl<F, R, E> Future for PoolFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: From<Error> + 'static,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Sent { response, guard, seat } => {
                let outcome = ready!(response.poll(cx));
                guard.ended(&outcome);
                match &outcome {
                    Ok(response) => seat.shared.picker.judge(seat.member, response.status().as_u16() < 500),
                    Err(error) if is_of_backend(error) => seat.shared.picker.judge(seat.member, false),
                    Err(_) => {}
                }
                Poll::Ready(outcome)
            }
            // A future that is polled again after it has failed stays silent.
            StateProjection::Refused { error } => {
                error.take().map_or(Poll::Pending, |error| Poll::Ready(Err(error.into())))
            }
        }
    }
}

impl<F> fmt::Debug for PoolFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolFuture").finish_non_exhaustive()
    }
}
