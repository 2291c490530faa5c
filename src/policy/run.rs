//! Runs a pipeline over an exchange: a future that waits only where a statement waits.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{Request, Response, StatusCode, header};
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

use super::error::{Failure, PolicyError};
use super::exchange::{Exchange, MessageBody, ResponseState};
use super::fabric;
use super::list::{Flow, Statement as _};
use super::pipeline::{Code, Needs, Op, Pipeline};
use super::spec::Section;
use super::statements::forward_request::ForwardRequest;
use crate::body::{Body, CollectError};
use crate::forward::{ForwardError, ForwardOptions, Target};

/// The service behind a pipeline.
///
/// The request's URI holds only the path and query that follow the base URL of the target.
pub trait Forward {
    /// Answers once the response's headers are there.
    type Future: Future<Output = Result<Response<Body>, ForwardError>>;

    /// Sends a request to `target`, or to the one service there is when there is no target.
    fn forward(&mut self, target: Option<Target>, request: Request<Body>, options: ForwardOptions) -> Self::Future;
}

pin_project! {
    /// The future of one request: runs its pipeline and gives the response.
    ///
    /// Cancel safe in that nothing is left behind when it is dropped; the request is then lost.
    #[must_use = "futures do nothing unless polled"]
    pub struct Run<F: Forward> {
        exchange: Box<Exchange>,
        pipeline: Arc<Pipeline>,
        section: Section,
        next: u32,
        done: bool,
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
    }
}

/// What [`Forward::forward`] is called with.
type Call = (Option<Target>, Request<Body>, ForwardOptions);

enum Next {
    Go,
    Wait,
    Finish,
}

impl<F: Forward> Run<F> {
    /// Runs all sections of `pipeline`.
    pub(crate) fn new(exchange: Box<Exchange>, pipeline: Arc<Pipeline>, forward: F) -> Self {
        let mut run =
            Self { exchange, pipeline, section: Section::Inbound, next: 0, done: false, forward, wait: Wait::Nothing };
        if run.pipeline.needs.has(Needs::TIMESTAMP) {
            run.exchange.received();
        }
        run
    }

    /// Runs only `on-error`, for a request that a built-in step refused.
    #[cfg(feature = "client")]
    pub(crate) fn failed(
        exchange: Box<Exchange>,
        pipeline: Arc<Pipeline>,
        forward: F,
        source: &'static str,
        section: Section,
        failure: &Failure,
    ) -> Self {
        let mut run = Self::new(exchange, pipeline, forward);
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
        exchange.response = Some(failure.response(|| exchange.id_text()));
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
            };
            match this.wait.as_mut().project() {
                WaitProjection::Nothing => {}
                WaitProjection::Backend { response, limit, sleep: timer } => {
                    let outcome = match response.poll(cx) {
                        Poll::Ready(outcome) => outcome,
                        Poll::Pending => {
                            // The timer is made only once the backend is seen to take its time.
                            let timer = timer.get_or_insert_with(|| Box::pin(sleep(*limit)));
                            ready!(timer.as_mut().poll(cx));
                            Err(ForwardError {
                                reason: "Timeout",
                                message: "Request to the backend service timed out".into(),
                                status: 500,
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
            }
            loop {
                match machine.step(this.forward, &mut this.wait) {
                    Next::Go => {}
                    Next::Wait => break,
                    Next::Finish => return Poll::Ready(machine.finish()),
                }
            }
        }
    }
}

/// The run loop's view of a [`Run`], without the pinned part.
struct Machine<'a> {
    exchange: &'a mut Exchange,
    pipeline: &'a Pipeline,
    section: &'a mut Section,
    next: &'a mut u32,
    done: &'a mut bool,
}

impl Machine<'_> {
    fn step<F: Forward>(&mut self, forward: &mut F, wait: &mut Pin<&mut Wait<F::Future>>) -> Next {
        if *self.done {
            return Next::Finish;
        }
        let Some(op) = self.pipeline.program(*self.section).ops.get(*self.next as usize) else {
            return self.next_section();
        };
        if let Some((body, of_request)) = self.body_to_read(op) {
            wait.set(Wait::Read { body: Box::pin(body.collect(self.exchange.settings.body_limit)), of_request });
            return Next::Wait;
        }
        *self.next += 1;
        match &op.code {
            Code::Run(step) => match step.run(self.exchange) {
                Ok(Flow::Continue) => {}
                Ok(Flow::End(response)) => {
                    self.exchange.response = Some(*response);
                    *self.done = true;
                }
                Err(failure) => self.fail(op.place, &failure),
            },
            Code::Unless(condition, target) => match condition.get(self.exchange) {
                Ok(holds) if *holds => {}
                Ok(_) => *self.next = *target,
                Err(failure) => self.fail(op.place, &failure),
            },
            Code::Jump(target) => *self.next = *target,
            Code::Forward { settings, keep_request } => match self.prepare(settings, *keep_request) {
                Ok(((target, request, options), limit)) => {
                    let response = forward.forward(target, request, options);
                    wait.set(Wait::Backend { response, limit, sleep: None });
                    return Next::Wait;
                }
                Err(failure) => self.fail(op.place, &failure),
            },
        }
        Next::Go
    }

    fn next_section(&mut self) -> Next {
        *self.next = 0;
        *self.section = match *self.section {
            Section::Inbound => Section::Backend,
            Section::Backend => {
                // Nothing was forwarded: outbound sees an empty 200.
                self.exchange.response.get_or_insert_with(ResponseState::ok);
                Section::Outbound
            }
            Section::Outbound | Section::OnError => return Next::Finish,
        };
        Next::Go
    }

    /// The body that `op` reads and that is not in memory yet.
    fn body_to_read(&mut self, op: &Op) -> Option<(Body, bool)> {
        let wanted = [
            (op.needs.has(Needs::REQUEST_BODY), Some(&mut self.exchange.request.body), true),
            (op.needs.has(Needs::RESPONSE_BODY), self.exchange.response.as_mut().map(|r| &mut r.body), false),
        ];
        wanted.into_iter().find_map(|(needed, body, of_request)| match body {
            Some(body @ MessageBody::Stream(_)) if needed => Some((body.take(), of_request)),
            _ => None,
        })
    }

    fn read(&mut self, read: Result<Body, CollectError>, of_request: bool) {
        let failure = match read {
            Ok(body) => {
                let body = MessageBody::new(body);
                match &mut self.exchange.response {
                    _ if of_request => self.exchange.request.body = body,
                    Some(response) => response.body = body,
                    None => {}
                }
                return;
            }
            Err(CollectError::TooLarge(limit)) if of_request => Failure::refused(
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestBodyTooLarge",
                format!("Request body is larger than {limit} bytes."),
            ),
            Err(CollectError::TooLarge(limit)) => {
                Failure::internal("ResponseBodyTooLarge", format!("Response body is larger than {limit} bytes."))
            }
            Err(CollectError::Read(error)) if of_request => {
                let status = StatusCode::BAD_REQUEST;
                Failure::refused(status, "ClientConnectionFailure", format!("The operation was canceled. {error}"))
            }
            Err(CollectError::Read(_)) => Failure::internal(
                "BackendConnectionFailure",
                "Underlying transport connection was unexpectedly closed.",
            ),
        };
        let place = self.pipeline.program(*self.section).ops.get(*self.next as usize).map_or(0, |op| op.place);
        self.fail(place, &failure);
    }

    fn prepare(&mut self, settings: &ForwardRequest, keep_request: bool) -> Result<(Call, Duration), Box<Failure>> {
        let (mut options, limit) = settings.options(self.exchange)?;
        options.fabric = self.exchange.fabric.as_ref().map(|fabric| fabric.options.clone());
        self.exchange.response = None;
        let uri = self.exchange.request.rest_uri().map_err(|error| {
            let rest = self.exchange.request.rest();
            Failure::internal("BackendConnectionFailure", format!("`{rest}` is not a path and query: {error}"))
        })?;
        let state = &mut self.exchange.request;
        if matches!(state.body, MessageBody::Sent) {
            let message = "request body is not available for retry: `buffer-request-body` is not set";
            return Err(Failure::internal("BackendConnectionFailure", message));
        }
        if matches!(state.body, MessageBody::Consumed) {
            state.headers.remove(header::CONTENT_LENGTH);
        }
        let mut request = Request::new(state.body.take());
        *request.method_mut() = state.method.clone();
        *request.uri_mut() = uri.into();
        *request.version_mut() = state.version;
        if keep_request {
            *request.headers_mut() = state.headers.clone();
            *request.extensions_mut() = state.extensions.clone();
        } else {
            *request.headers_mut() = std::mem::take(&mut state.headers);
            *request.extensions_mut() = std::mem::take(&mut state.extensions);
        }
        Ok(((self.exchange.target.clone(), request, options), limit))
    }

    fn answered(&mut self, outcome: Result<Response<Body>, ForwardError>) {
        // INVARIANT: the instruction before `next` is the forward that was waited for.
        let at = (*self.next as usize).saturating_sub(1);
        let Some(op) = self.pipeline.program(*self.section).ops.get(at) else { return };
        match outcome {
            Ok(response) => {
                let status = response.status();
                self.exchange.response = Some(ResponseState::from_response(response));
                if fabric::sends_again(self.exchange, None) {
                    *self.next = u32::try_from(at).unwrap_or(*self.next);
                    return;
                }
                let fails = matches!(&op.code, Code::Forward { settings, .. } if settings.fails_on(status));
                if fails {
                    self.fail(op.place, &Failure::backend_status(status));
                }
            }
            Err(error) => {
                let failure = Box::<Failure>::from(error);
                let seen = self.error_at(op.place, &failure);
                if fabric::sends_again(self.exchange, Some(&seen)) {
                    *self.next = u32::try_from(at).unwrap_or(*self.next);
                    return;
                }
                self.fail(op.place, &failure);
            }
        }
    }

    /// Leaves the section for `on-error`; an error there ends the request.
    fn fail(&mut self, place: u32, failure: &Failure) {
        let error = self.error_at(place, failure);
        let (section, path) = (self.section.name(), error.path.as_deref());
        let (source, reason, message) = (&*error.source, &*error.reason, &*error.message);
        tracing::debug!(target: "gatewright::policy", source, reason, section, path, "{message}");
        let exchange = &mut *self.exchange;
        if *self.section == Section::OnError {
            exchange.response = Some(Failure::internal("", "").response(|| exchange.id_text()));
            *self.done = true;
        } else if !failure.keeps_response() || exchange.response.is_none() {
            exchange.response = Some(failure.response(|| exchange.id_text()));
        }
        exchange.last_error = Some(Box::new(error));
        *self.section = Section::OnError;
        *self.next = 0;
    }

    /// What `context.LastError` says of a failure of the statement at `place`.
    fn error_at(&self, place: u32, failure: &Failure) -> PolicyError {
        let program = self.pipeline.program(*self.section);
        let origin = program.places.get(place as usize);
        PolicyError {
            source: program.source(place).into(),
            reason: failure.reason.clone(),
            message: failure.message.clone(),
            scope: origin.map(|place| place.scope),
            section: Some(*self.section),
            path: Some(program.path(place)),
            policy_id: origin.and_then(|place| place.id.clone()),
            status: failure.status,
        }
    }

    fn finish(&mut self) -> Response<Body> {
        let mut response = self.exchange.response.take().unwrap_or_else(ResponseState::ok);
        if matches!(response.body, MessageBody::Consumed) {
            response.headers.remove(header::CONTENT_LENGTH);
        }
        response.into_response()
    }
}
