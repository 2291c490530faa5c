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

use super::hash_key::HashKey;
use super::options::{Balance, PoolOptions};
use super::picker::{MOST_MEMBERS, Members, Picker, Seat, UnderWay};
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
/// meanwhile. Session affinity is only for pools of [`Backends`](crate::backend::Backends); of [`PoolOptions`], fail-over and
/// hedging are too. A clone has clones of the services, and shares turns and breakers.
///
/// With [`Balance::Hash`] the request decides, which is not there yet when members are to become ready: all candidates are
/// asked whether they are, as tower's `Steer` does, and the request goes to the first of its members that is. What the others
/// reserved they keep until they are asked: services that reserve nothing, as [`BackendService`](crate::backend::BackendService)
/// is, are the ones to use.
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
    /// The members that are ready: one that has its turn, or any number when the request is to decide.
    ready: Members,
    shared: Arc<Shared>,
}

struct Shared {
    name: Arc<str>,
    members: Vec<String>,
    picker: Picker,
    key: Option<HashKey>,
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
    ///
    /// With [`Balance::Hash`], [`pick_for`](Self::pick_for) is the one that looks at the request.
    pub fn pick(&self) -> Option<usize> {
        self.shared.picker.pick(None, self.dead)
    }

    /// As [`pick`](Self::pick), for this request.
    pub fn pick_for<B>(&self, request: &Request<B>) -> Option<usize> {
        self.shared.picker.pick(self.shared.key_of(request), self.dead)
    }
}

impl Shared {
    fn key_of<B>(&self, request: &Request<B>) -> Option<u64> {
        self.key.as_ref()?.of(request, None)
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

    /// Balance, outliers, slow start, and whether members of weight 0 serve. What else is in them has no effect here.
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
        let version = Arc::new(AtomicU64::new(0));
        let known: Vec<_> = names.iter().map(String::as_str).collect();
        let picker = Picker::new(seats, (&known, shares), &self.options, &self.clock, &version);
        let key = match self.options.balance {
            Balance::Hash(key) => Some(key),
            _ => None,
        };
        let shared = Arc::new(Shared { name: self.name.into(), members: names, picker, key, status: self.status });
        Ok(PoolService { members: services, dead: Members::default(), ready: Members::default(), shared })
    }
}

impl<S> PoolService<S> {
    /// Asks a member whether it is ready, and notes the answer: false when it never will be, an error when none will.
    fn poll_member<B, R>(&mut self, member: usize, cx: &mut Context<'_>) -> Poll<Result<bool, S::Error>>
    where
        S: Service<Request<B>, Response = Response<R>>,
    {
        let Some(service) = self.members.get_mut(member) else { return Poll::Ready(Ok(false)) };
        match ready!(service.poll_ready(cx)) {
            Ok(()) => {
                self.ready.insert(member);
                Poll::Ready(Ok(true))
            }
            Err(error) => {
                self.dead.insert(member);
                let is_left = (0..self.shared.picker.len()).any(|member| !self.dead.contains(member));
                Poll::Ready(if is_left { Ok(false) } else { Err(error) })
            }
        }
    }

    /// Asks all candidates whether they are ready: the request may go to any of them.
    fn poll_all<B, R>(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>>
    where
        S: Service<Request<B>, Response = Response<R>>,
    {
        let (mut is_waiting, mut is_ready) = (false, false);
        for member in 0..self.shared.picker.len() {
            if self.dead.contains(member) || !self.shared.picker.is_candidate(member) {
                continue;
            }
            if self.ready.contains(member) {
                is_ready = true;
                continue;
            }
            match self.poll_member::<B, R>(member, cx) {
                Poll::Ready(is_good) => is_ready |= is_good?,
                Poll::Pending => is_waiting = true,
            }
        }
        if is_waiting && !is_ready { Poll::Pending } else { Poll::Ready(Ok(())) }
    }
}

impl<S: Clone> Clone for PoolService<S> {
    fn clone(&self) -> Self {
        // A clone of a service is not ready because the service is.
        Self {
            members: self.members.clone(),
            dead: self.dead,
            ready: Members::default(),
            shared: Arc::clone(&self.shared),
        }
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
        if self.shared.key.is_some() {
            return self.poll_all::<B, R>(cx);
        }
        if self.ready.iter().any(|member| self.shared.picker.is_candidate(member)) {
            return Poll::Ready(Ok(()));
        }
        self.ready = Members::default();
        let (mut tried, mut is_waiting) = (self.dead, false);
        while let Some(member) = self.shared.picker.pick(None, tried) {
            tried.insert(member);
            match self.poll_member::<B, R>(member, cx) {
                Poll::Ready(Ok(true)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(false)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => is_waiting = true,
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
        let member = match &shared.key {
            Some(_) => shared.picker.pick(shared.key_of(&request), self.ready.others()),
            None => self.ready.iter().next(),
        };
        let Some(member) = member else { return exhausted() };
        self.ready.remove(member);
        let Some(service) = self.members.get_mut(member) else { return exhausted() };
        let permit = match shared.picker.breaker(member).map(|breaker| (breaker, breaker.admit())) {
            None => None,
            Some((breaker, Ok(permit))) => Some((Arc::clone(breaker), permit)),
            Some((breaker, Err(refusal))) => {
                return refused(Error::open(refusal).of(Arc::clone(breaker.backend())));
            }
        };
        let request_under_way = shared.picker.started(member);
        let backend = shared.members.get(member).map_or("", String::as_str);
        tracing::debug!(target: "gatewright::pool", pool = &*shared.name, backend, "member chosen");
        let seat = Taken { shared: Arc::clone(shared), request: request_under_way };
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
    request: UnderWay,
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.shared.picker.ended(&mut self.request);
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
                let Taken { shared, request } = seat;
                match &outcome {
                    Ok(response) => shared.picker.judge(request, Some(response.status().as_u16())),
                    Err(error) if is_of_backend(error) => shared.picker.judge(request, None),
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
