//! Runs a pipeline over an exchange: a future that waits only where a statement waits.

mod machine;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio::sync::oneshot;
use tokio::time::{Sleep, sleep};

use self::machine::Machine;
use super::error::{Failure, PolicyError};
use super::exchange::Exchange;
use super::frames::Frames;
use super::list::Work;
use super::messages::ResponseState;
use super::pipeline::{Needs, Pipeline};
#[cfg(feature = "client")]
use super::settings::EngineSettings;
use super::spec::Section;
use super::statements::cors::{self, Preflight};
use super::waited_forward::WaitedForward;
use crate::body::{Body, CollectError};
use crate::forward::{ForwardError, ForwardOptions, Target};
use crate::outbound::Outbound;

/// The service behind a pipeline.
///
/// The request's URI holds only the path and query that follow the base URL of the target.
pub trait Forward {
    /// Answers once the response's headers are there.
    type Future: Future<Output = Result<Response<Body>, ForwardError>>;

    /// Sends a request to `target`, or to the one service there is when there is no target.
    fn forward(&mut self, target: Option<Target>, request: Request<Body>, options: ForwardOptions) -> Self::Future;

    /// What sends the requests that policies of this exchange make on their own.
    fn outbound(&self, exchange: &Exchange) -> Option<Arc<dyn Outbound>> {
        exchange.settings.outbound.clone()
    }

    /// Is told that the time for the response headers is over, just before the future is dropped.
    fn timed_out(_future: Pin<&mut Self::Future>) {}
}

pin_project! {
    /// The future of one request: runs its pipeline and gives the response.
    ///
    /// Cancel safe in that nothing is left behind when it is dropped; the request is then lost.
    #[must_use = "futures do nothing unless polled"]
    pub struct Run<F: Forward> {
        pub(super) exchange: Box<Exchange>,
        pipeline: Arc<Pipeline>,
        section: Section,
        next: u32,
        done: bool,
        frames: Frames,
        forward: F,
        #[pin]
        wait: Wait<F::Future>,
    }
}

pin_project! {
    #[project = WaitProjection]
    enum Wait<T> {
        Nothing,
        Backend {
            #[pin]
            response: T,
            limit: Duration,
            sleep: Option<Pin<Box<Sleep>>>,
        },
        Read {
            body: Pin<Box<dyn Future<Output = Result<Body, CollectError>> + Send>>,
            of_request: bool,
        },
        Statement {
            work: Work,
        },
        // A `wait` with a `forward-request` in it.
        Both {
            #[pin]
            response: T,
            also: Box<Also>,
        },
    }
}

/// What a `wait` does while the backend is asked.
struct Also {
    work: Work,
    limit: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
    /// None when the backend has answered.
    tell: Option<oneshot::Sender<Result<Response<Body>, ForwardError>>>,
}

enum Next {
    Go,
    Wait,
    Finish,
}

impl<F: Forward> Run<F> {
    /// Runs all sections of `pipeline`.
    pub(crate) fn new(exchange: Box<Exchange>, pipeline: Arc<Pipeline>, forward: F) -> Self {
        let mut run = Self {
            exchange,
            pipeline,
            section: Section::Inbound,
            next: 0,
            done: false,
            frames: Frames::default(),
            forward,
            wait: Wait::Nothing,
        };
        run.exchange.redaction = run.pipeline.redaction.clone();
        if run.pipeline.needs.has(Needs::TIMESTAMP) {
            run.exchange.received();
        }
        if run.pipeline.needs.has(Needs::OUTBOUND) || run.exchange.has_resolvers() {
            run.exchange.outbound = run.forward.outbound(&run.exchange);
        }
        run
    }

    /// Answers a preflight request by the `cors` policies of `pipeline`; otherwise runs all sections.
    pub(crate) fn serve(exchange: Box<Exchange>, pipeline: &Arc<Pipeline>, forward: F) -> Self {
        let (exchange, forward) = match Preflight::of(&exchange.request.method, &exchange.request.headers) {
            Some(preflight) => match Self::preflight(exchange, pipeline, forward, &preflight) {
                Ok(run) => return run,
                Err(parts) => parts,
            },
            None => (exchange, forward),
        };
        Self::new(exchange, pipeline.clone(), forward)
    }

    /// Runs nothing: the request is answered already.
    pub(crate) fn answered(
        exchange: Box<Exchange>,
        pipeline: Arc<Pipeline>,
        forward: F,
        response: impl Into<ResponseState>,
    ) -> Self {
        let mut run = Self::new(exchange, pipeline, forward);
        run.exchange.respond(response.into());
        run.done = true;
        run
    }

    /// Answers a preflight request by the `cors` policies of `pipeline`; gives the exchange back when there are none.
    pub(crate) fn preflight(
        mut exchange: Box<Exchange>,
        pipeline: &Arc<Pipeline>,
        forward: F,
        preflight: &Preflight,
    ) -> Result<Self, (Box<Exchange>, F)> {
        match cors::answer(preflight, pipeline, &mut exchange).map(cors::Outcome::into_response) {
            Ok(Some(response)) => Ok(Self::answered(exchange, pipeline.clone(), forward, response)),
            Ok(None) => Err((exchange, forward)),
            Err(failure) => Ok(Self::failed(exchange, pipeline.clone(), forward, "cors", Section::Inbound, &failure)),
        }
    }

    /// Runs only `on-error`, for a request that a built-in step refused.
    pub(crate) fn failed(
        exchange: Box<Exchange>,
        pipeline: Arc<Pipeline>,
        forward: F,
        source: &'static str,
        section: Section,
        failure: &Failure,
    ) -> Self {
        let mut run = Self::new(exchange, pipeline, forward);
        let failure = failure.redacted(&run.exchange.redaction);
        let error = PolicyError {
            source: source.into(),
            reason: failure.reason.clone(),
            message: failure.message.clone(),
            scope: None,
            section: Some(section),
            path: None,
            policy_id: None,
            status: failure.status,
        };
        let exchange = &mut run.exchange;
        exchange.trace_failed(&error);
        let response = failure.response(|| exchange.id_text());
        exchange.respond(response);
        exchange.last_error = Some(Box::new(error));
        run.section = Section::OnError;
        run
    }
}

#[cfg(feature = "client")]
impl<F: Forward + Clone> Run<F> {
    /// What a caller who has gone leaves to do: `on-error`, for what it does besides answering. None when it says
    /// nothing, runs already, or the response is there.
    pub(crate) fn abandoned(self: Pin<&mut Self>) -> Option<Self> {
        let this = self.project();
        if *this.done || *this.section == Section::OnError || this.pipeline.program(Section::OnError).ops.is_empty() {
            return None;
        }
        let at = (*this.next as usize).saturating_sub(1);
        let place = this.pipeline.program(*this.section).ops.get(at).map_or(0, |op| op.place);
        let nothing = Exchange::new(Request::new(Body::empty()), this.exchange.settings.clone());
        let mut rest = Self {
            exchange: std::mem::replace(this.exchange, Box::new(nothing)),
            pipeline: this.pipeline.clone(),
            section: *this.section,
            next: *this.next,
            done: false,
            frames: Frames::default(),
            forward: this.forward.clone(),
            wait: Wait::Nothing,
        };
        this.frames.leave_all();
        let mut machine = Machine {
            exchange: &mut rest.exchange,
            pipeline: this.pipeline,
            section: &mut rest.section,
            next: &mut rest.next,
            done: &mut rest.done,
            frames: &mut rest.frames,
        };
        machine.fail(place, &Failure::caller_has_gone());
        Some(rest)
    }

    /// The settings of its gateway.
    pub(crate) fn settings(&self) -> &EngineSettings {
        &self.exchange.settings
    }
}

impl<F: Forward> Future for Run<F> {
    type Output = Response<Body>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response<Body>> {
        let mut this = self.project();
        loop {
            let mut machine = Machine {
                exchange: this.exchange,
                pipeline: this.pipeline,
                section: this.section,
                next: this.next,
                done: this.done,
                frames: this.frames,
            };
            match this.wait.as_mut().project() {
                WaitProjection::Nothing => {}
                WaitProjection::Backend { mut response, limit, sleep } => {
                    let outcome = ready!(answer::<F>(response.as_mut(), *limit, sleep, cx));
                    this.wait.set(Wait::Nothing);
                    machine.answered(outcome);
                }
                WaitProjection::Read { body, of_request } => {
                    let (read, of_request) = (ready!(body.as_mut().poll(cx)), *of_request);
                    this.wait.set(Wait::Nothing);
                    machine.read(read, of_request);
                }
                WaitProjection::Statement { work } => {
                    let resume = ready!(work.as_mut().poll(cx));
                    this.wait.set(Wait::Nothing);
                    if let Some(work) = machine.resume(resume) {
                        this.wait.set(Wait::Statement { work });
                        this.wait.as_mut().forward(machine.exchange, this.forward);
                        continue;
                    }
                }
                WaitProjection::Both { mut response, also } => {
                    if also.tell.is_some()
                        && let Poll::Ready(outcome) = answer::<F>(response.as_mut(), also.limit, &mut also.sleep, cx)
                        && let Some(tell) = also.tell.take()
                    {
                        // Nobody listens when another statement was enough.
                        let _ = tell.send(outcome);
                    }
                    let resume = ready!(also.work.as_mut().poll(cx));
                    match machine.resume(resume) {
                        Some(work) if also.tell.is_some() => also.work = work,
                        Some(work) => {
                            this.wait.set(Wait::Statement { work });
                            this.wait.as_mut().forward(machine.exchange, this.forward);
                        }
                        None => this.wait.set(Wait::Nothing),
                    }
                    if !matches!(*this.wait, Wait::Nothing) {
                        continue;
                    }
                }
            }
            loop {
                match machine.step(this.forward, &mut this.wait) {
                    Next::Go => {}
                    Next::Wait => {
                        this.wait.as_mut().forward(machine.exchange, this.forward);
                        break;
                    }
                    Next::Finish => match machine.end() {
                        Some(wait) => {
                            this.wait.set(wait);
                            break;
                        }
                        None => return Poll::Ready(machine.finish()),
                    },
                }
            }
        }
    }
}

impl<T> Wait<T> {
    /// Makes the call that a `forward-request` in a `wait` has asked for.
    fn forward<F: Forward<Future = T>>(mut self: Pin<&mut Self>, exchange: &mut Exchange, forward: &mut F) {
        let Some(asked) = exchange.waited_forward.take() else { return };
        let WaitProjection::Statement { work } = self.as_mut().project() else { return };
        let work = std::mem::replace(work, Box::pin(std::future::pending()));
        let WaitedForward { call: (target, request, options), limit, tell } = *asked;
        let response = forward.forward(target, request, options);
        self.set(Self::Both { response, also: Box::new(Also { work, limit, sleep: None, tell: Some(tell) }) });
    }
}

/// The backend's answer, or that the time for it is over.
fn answer<F: Forward>(
    mut response: Pin<&mut F::Future>,
    limit: Duration,
    timer: &mut Option<Pin<Box<Sleep>>>,
    cx: &mut Context<'_>,
) -> Poll<Result<Response<Body>, ForwardError>> {
    if let Poll::Ready(outcome) = response.as_mut().poll(cx) {
        return Poll::Ready(outcome);
    }
    // The timer is made only once the backend is seen to take its time.
    let timer = timer.get_or_insert_with(|| Box::pin(sleep(limit)));
    ready!(timer.as_mut().poll(cx));
    F::timed_out(response);
    Poll::Ready(Err(ForwardError {
        reason: "Timeout",
        message: "Request to the backend service timed out".into(),
        status: 500,
        retry_after: None,
    }))
}
