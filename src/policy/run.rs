//! Runs a pipeline over an exchange: a future that waits only where a statement waits.

mod machine;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

use self::machine::Machine;
use super::error::{Failure, PolicyError};
use super::exchange::Exchange;
use super::frames::Frames;
use super::list::Work;
use super::messages::ResponseState;
use super::pipeline::{Needs, Pipeline};
use super::spec::Section;
use super::statements::cors::{self, Preflight};
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
    }
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
                WaitProjection::Backend { mut response, limit, sleep: timer } => {
                    let outcome = match response.as_mut().poll(cx) {
                        Poll::Ready(outcome) => outcome,
                        Poll::Pending => {
                            // The timer is made only once the backend is seen to take its time.
                            let timer = timer.get_or_insert_with(|| Box::pin(sleep(*limit)));
                            ready!(timer.as_mut().poll(cx));
                            F::timed_out(response);
                            Err(ForwardError {
                                reason: "Timeout",
                                message: "Request to the backend service timed out".into(),
                                status: 500,
                                retry_after: None,
                            })
                        }
                    };
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
                        continue;
                    }
                }
            }
            loop {
                match machine.step(this.forward, &mut this.wait) {
                    Next::Go => {}
                    Next::Wait => break,
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
