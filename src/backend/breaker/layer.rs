//! A circuit breaker around any service.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::event::{BreakerObserver, TracingObserver};
use super::options::BreakerOptions;
use super::outcome::{FailureReason, Outcome, retry_after};
use super::shared::{Breaker, Permit};
use super::snapshot::BreakerSnapshot;
use crate::backend::build_error::{BuildError, BuildErrors, Problem};
use crate::backend::error::Error;
use crate::clock::Clock;
use crate::forward::ForwardError;
use crate::model::CircuitBreaker;

/// Puts a circuit breaker around any service of requests and responses.
///
/// All services of one layer, and of its clones, share the breaker. While it is open, a request is answered with
/// [`Error`] at once and the service below is not called; its readiness is waited for all the same, so that it is called
/// only when it is ready. The service's error type must come from [`Error`]. An error of the service that is an [`Error`] or
/// a [`ForwardError`] counts by its reason, any other as `BackendConnectionFailure`; a response counts by its status.
///
/// ```
/// use std::time::Duration;
/// use gatewright::backend::CircuitBreakerLayer;
/// use gatewright::model::{CircuitBreaker, CircuitBreakerRule, FailureCondition, StatusCodeRange};
///
/// let condition = FailureCondition::new()
///     .count(5)
///     .interval(Duration::from_secs(30))
///     .status_code_range(StatusCodeRange::new(500, 599))
///     .error_reasons(["BackendConnectionFailure", "Timeout"]);
/// let rule = CircuitBreakerRule::new().name("5xx").failure_condition(condition).trip_duration(Duration::from_secs(30));
/// let layer = CircuitBreakerLayer::new("orders", &CircuitBreaker::new().rule(rule)).build()?;
/// # let _ = layer;
/// # Ok::<_, gatewright::backend::BuildErrors>(())
/// ```
#[derive(Clone, Debug)]
pub struct CircuitBreakerLayer(Arc<Breaker>);

/// Makes a [`CircuitBreakerLayer`].
#[must_use]
pub struct CircuitBreakerLayerBuilder<'a> {
    name: &'a str,
    breaker: &'a CircuitBreaker,
    options: BreakerOptions,
    clock: Clock,
    observer: Arc<dyn BreakerObserver>,
}

impl CircuitBreakerLayer {
    /// A breaker with these rules; the name is in events and errors.
    #[allow(clippy::new_ret_no_self)]
    pub fn new<'a>(name: &'a str, breaker: &'a CircuitBreaker) -> CircuitBreakerLayerBuilder<'a> {
        CircuitBreakerLayerBuilder {
            name,
            breaker,
            options: BreakerOptions::default(),
            clock: Clock::system(),
            observer: Arc::new(TracingObserver),
        }
    }

    /// The breaker as it is now.
    pub fn snapshot(&self) -> BreakerSnapshot {
        self.0.snapshot()
    }
}

impl CircuitBreakerLayerBuilder<'_> {
    /// What is beyond Azure.
    pub fn options(mut self, options: BreakerOptions) -> Self {
        self.options = options;
        self
    }

    /// The time by which the circuit opens and closes.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Who is told when the circuit opens or closes, instead of `tracing`.
    pub fn observer(mut self, observer: impl BreakerObserver) -> Self {
        self.observer = Arc::new(observer);
        self
    }

    /// The layer.
    ///
    /// # Errors
    ///
    /// [`BuildErrors`]: one for each thing that is wrong with the rules.
    pub fn build(self) -> Result<CircuitBreakerLayer, BuildErrors> {
        let made = Breaker::new(self.name, self.breaker, &self.options, &self.clock, &self.observer);
        let (breaker, _) = made.map_err(|problems| {
            let problems = problems.into_iter();
            problems.map(|text| BuildError::new(self.name, Problem::CircuitBreaker(text))).collect::<BuildErrors>()
        })?;
        Ok(CircuitBreakerLayer(Arc::new(breaker)))
    }
}

impl fmt::Debug for CircuitBreakerLayerBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakerLayerBuilder").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<S> Layer<S> for CircuitBreakerLayer {
    type Service = CircuitBreakerService<S>;

    fn layer(&self, inner: S) -> CircuitBreakerService<S> {
        CircuitBreakerService { inner, breaker: Arc::clone(&self.0) }
    }
}

/// A service with a circuit breaker around it.
#[derive(Clone, Debug)]
pub struct CircuitBreakerService<S> {
    inner: S,
    breaker: Arc<Breaker>,
}

impl<S, B, R> Service<Request<B>> for CircuitBreakerService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: From<Error> + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = CircuitBreakerFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match self.breaker.admit() {
            Ok(permit) => {
                let guard = Guard(Some((Arc::clone(&self.breaker), permit)));
                CircuitBreakerFuture { state: FutureState::Sent { response: self.inner.call(request), guard } }
            }
            Err(refusal) => {
                let error = Error::open(refusal).of(Arc::clone(self.breaker.backend()));
                CircuitBreakerFuture { state: FutureState::Refused { error: Some(error) } }
            }
        }
    }
}

/// A permit that goes back when nobody waits any longer.
#[derive(Debug)]
pub(in crate::backend) struct Guard(pub(in crate::backend) Option<(Arc<Breaker>, Permit)>);

impl Guard {
    /// How it ended.
    pub(in crate::backend) fn ended<R, E: 'static>(&mut self, outcome: &Result<Response<R>, E>) {
        let Some((breaker, permit)) = self.0.take() else { return };
        let outcome = match outcome {
            Ok(response) => {
                let asked = || retry_after(response.headers(), || breaker.clock().wall());
                Outcome::Status(response.status().as_u16(), if breaker.minds_retry_after() { asked() } else { None })
            }
            Err(error) => match reason(error) {
                Some(reason) => Outcome::Failure(reason),
                None => return breaker.release(permit),
            },
        };
        breaker.record(permit, outcome);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some((breaker, permit)) = self.0.take() {
            breaker.release(permit);
        }
    }
}

/// Whether an error says something about the backend: not when nothing was sent, or the caller went away.
pub(in crate::backend) fn is_of_backend<E: 'static>(error: &E) -> bool {
    reason(error).is_some_and(|reason| reason != FailureReason::ClientConnectionFailure)
}

/// What a failed attempt counts as; none when nothing was sent.
fn reason<E: 'static>(error: &E) -> Option<FailureReason> {
    let error: &dyn Any = error;
    let text = match (error.downcast_ref::<Error>(), error.downcast_ref::<ForwardError>()) {
        (Some(error), _) if error.side() == crate::backend::Side::Gateway => return None,
        (Some(error), _) => error.reason(),
        (None, Some(error)) => error.reason,
        (None, None) => return Some(FailureReason::BackendConnectionFailure),
    };
    FailureReason::parse(text)
}

pin_project! {
    /// The response of a [`CircuitBreakerService`], to come.
    #[must_use = "futures do nothing unless polled"]
    pub struct CircuitBreakerFuture<F> {
        #[pin]
        state: FutureState<F>,
    }
}

pin_project! {
    #[project = FutureStateProjection]
    enum FutureState<F> {
        Sent {
            #[pin]
            response: F,
            guard: Guard,
        },
        Refused {
            error: Option<Error>,
        },
    }
}

impl<F, R, E> Future for CircuitBreakerFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: From<Error> + 'static,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            FutureStateProjection::Sent { response, guard } => {
                let outcome = ready!(response.poll(cx));
                guard.ended(&outcome);
                Poll::Ready(outcome)
            }
            // A future that is polled again after it has failed stays silent.
            FutureStateProjection::Refused { error } => {
                error.take().map_or(Poll::Pending, |error| Poll::Ready(Err(error.into())))
            }
        }
    }
}

impl<F> fmt::Debug for CircuitBreakerFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakerFuture").finish_non_exhaustive()
    }
}
