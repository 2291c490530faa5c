//! One step of a run after the other, between the places where it waits.

use std::pin::Pin;

use http::{HeaderValue, Response, header};
use tokio::time::sleep;

use super::{Forward, Next, Wait};
use crate::body::{Body, CollectError};
use crate::forward::ForwardError;
use crate::policy::error::{Failure, PolicyError};
use crate::policy::exchange::Exchange;
use crate::policy::fabric;
use crate::policy::frames::{Again, Failed, Frames};
#[cfg(feature = "graphql")]
use crate::policy::graphql;
use crate::policy::list::{Flow, Resume, Statement as _, Work};
use crate::policy::messages::{MessageBody, ResponseState};
use crate::policy::pipeline::{Code, Pipeline};
use crate::policy::spec::Section;
use crate::policy::statements::cache_value::Recalled;
use crate::policy::statements::retry::Retry;
/// The run loop's view of a [`Run`], without the pinned part.
pub(super) struct Machine<'a> {
    pub(super) exchange: &'a mut Exchange,
    pub(super) pipeline: &'a Pipeline,
    pub(super) section: &'a mut Section,
    pub(super) next: &'a mut u32,
    pub(super) done: &'a mut bool,
    pub(super) frames: &'a mut Frames,
}

impl Machine<'_> {
    pub(super) fn step<F: Forward>(&mut self, forward: &mut F, wait: &mut Pin<&mut Wait<F::Future>>) -> Next {
        if *self.done {
            return Next::Finish;
        }
        let Some(op) = self.pipeline.program(*self.section).ops.get(*self.next as usize) else {
            return self.next_section();
        };
        if let Some((body, of_request)) = self.exchange.body_to_read(op.needs) {
            wait.set(Wait::Read { body: Box::pin(body.collect(self.exchange.settings.body_limit)), of_request });
            return Next::Wait;
        }
        *self.next += 1;
        if self.exchange.tracer.is_some() {
            self.exchange.trace_step(*self.section, self.pipeline.program(*self.section).source(op.place));
        }
        match &op.code {
            Code::Run(step) => {
                let outcome = step.run(self.exchange);
                if let Some(work) = self.went(op.place, outcome) {
                    wait.set(Wait::Statement { work });
                    return Next::Wait;
                }
            }
            Code::Retry(retry, end) => match retry.begin(self.exchange) {
                Ok(attempts) => {
                    self.frames.enter_retry(*self.next, *end, attempts);
                    self.exchange.trace_done();
                }
                Err(failure) => self.fail(op.place, &failure),
            },
            Code::Again(retry) => {
                let outcome = self.again(retry);
                if let Some(work) = self.went(op.place, outcome) {
                    wait.set(Wait::Statement { work });
                    return Next::Wait;
                }
            }
            Code::Acquire(limit) => match limit.acquire(self.exchange) {
                Ok(slot) => {
                    self.frames.enter_slot(slot);
                    self.exchange.trace_done();
                }
                Err(failure) => self.fail(op.place, &failure),
            },
            Code::Release => self.frames.leave(),
            Code::Tally => {
                self.exchange.trace_silence();
                let outcome = self.exchange.tally();
                if let Some(work) = self.went(op.place, outcome) {
                    wait.set(Wait::Statement { work });
                    return Next::Wait;
                }
            }
            Code::Screen => {
                self.exchange.trace_silence();
                let outcome = self.exchange.screen();
                if let Some(work) = self.went(op.place, outcome) {
                    wait.set(Wait::Statement { work });
                    return Next::Wait;
                }
            }
            Code::Recall(end) => {
                match self.exchange.recalled.take().map(|recalled| *recalled) {
                    Some(Recalled::Make(making)) => self.frames.enter_making(making, *end),
                    _ => *self.next = *end,
                }
                self.exchange.trace_silence();
            }
            Code::Keep(value) => {
                let kept = self.frames.made().map_or(Ok(()), |making| value.keep(making, self.exchange));
                match kept {
                    Ok(()) => self.exchange.trace_done(),
                    Err(failure) => self.fail(op.place, &failure),
                }
            }
            Code::Unless(condition, target) => match condition.get(self.exchange) {
                Ok(holds) if *holds => self.exchange.trace_done(),
                Ok(_) => *self.next = *target,
                Err(failure) => self.fail(op.place, &failure),
            },
            Code::Jump(target) => *self.next = *target,
            #[cfg(feature = "graphql")]
            Code::Forward { settings, .. } if graphql::way(self.exchange) != graphql::Way::Service => {
                let outcome = graphql::execute(self.exchange, settings);
                if let Some(work) = self.went(op.place, outcome) {
                    wait.set(Wait::Statement { work });
                    return Next::Wait;
                }
            }
            Code::Forward { settings, keep_request } => match settings.prepare(self.exchange, *keep_request) {
                Ok((call, limit)) => {
                    self.exchange.trace_forward(&call, limit);
                    let (target, request, options) = call;
                    let response = forward.forward(target, request, options);
                    wait.set(Wait::Backend { response, limit, sleep: None });
                    return Next::Wait;
                }
                Err(failure) => self.fail(op.place, &failure),
            },
        }
        Next::Go
    }

    /// Takes what a statement came to; the work is what to wait for.
    fn went(&mut self, place: u32, outcome: Result<Flow, Box<Failure>>) -> Option<Work> {
        match outcome {
            Ok(Flow::Continue) => self.exchange.trace_done(),
            Ok(Flow::End(response)) => {
                self.exchange.trace_ended(&response);
                self.exchange.respond(*response);
                self.frames.leave_all();
                *self.done = true;
            }
            Ok(Flow::Cached(response, keeper)) => {
                self.exchange.trace_done();
                self.exchange.respond(*response);
                self.frames.leave_all();
                *self.section = Section::Outbound;
                *self.next = self.pipeline.behind(keeper);
            }
            Ok(Flow::Wait(work)) => return Some(work),
            Err(failure) => self.fail(place, &failure),
        }
        None
    }

    /// Goes on with the statement that was waited for.
    pub(super) fn resume(&mut self, resume: Resume) -> Option<Work> {
        // INVARIANT: the instruction before `next` is the statement that waited, or a `retry` that only slept.
        let at = (*self.next as usize).saturating_sub(1);
        let place = self.pipeline.program(*self.section).ops.get(at).map_or(0, |op| op.place);
        let outcome = resume(self.exchange);
        self.went(place, outcome)
    }

    /// Runs the statements of the innermost `retry` again, after a time to wait, or leaves it.
    fn again(&mut self, retry: &Retry) -> Result<Flow, Box<Failure>> {
        let delay = match self.frames.again(retry, self.exchange)? {
            Again::Leave => {
                self.exchange.trace_silence();
                return Ok(Flow::Continue);
            }
            Again::Raise(failed) => {
                self.raise(failed);
                return Ok(Flow::Continue);
            }
            Again::Run(first, delay) => {
                *self.next = first;
                self.exchange.trace_note(|| format!("Retry after {} seconds", delay.as_secs_f64()));
                self.exchange.trace_done();
                delay
            }
        };
        if delay.is_zero() {
            return Ok(Flow::Continue);
        }
        Ok(Flow::Wait(Box::pin(async move {
            sleep(delay).await;
            let resume: Resume = Box::new(|_| Ok(Flow::Continue));
            resume
        })))
    }

    fn next_section(&mut self) -> Next {
        *self.next = 0;
        *self.section = match *self.section {
            Section::Inbound => Section::Backend,
            Section::Backend => {
                // Nothing was forwarded: outbound sees an empty 200.
                if self.exchange.response.is_none() {
                    self.exchange.respond(ResponseState::ok());
                }
                Section::Outbound
            }
            Section::Outbound | Section::OnError => return Next::Finish,
        };
        Next::Go
    }

    pub(super) fn read(&mut self, read: Result<Body, CollectError>, of_request: bool) {
        if let Err(failure) = self.exchange.put_body(read, of_request) {
            let place = self.pipeline.program(*self.section).ops.get(*self.next as usize).map_or(0, |op| op.place);
            self.fail(place, &failure);
        }
    }

    pub(super) fn answered(&mut self, outcome: Result<Response<Body>, ForwardError>) {
        // INVARIANT: the instruction before `next` is the forward that was waited for.
        let at = (*self.next as usize).saturating_sub(1);
        let Some(op) = self.pipeline.program(*self.section).ops.get(at) else { return };
        match outcome {
            Ok(response) => {
                let status = response.status();
                let Code::Forward { settings, .. } = &op.code else { return };
                settings.take(self.exchange, response);
                if fabric::sends_again(self.exchange, None) {
                    *self.next = u32::try_from(at).unwrap_or(*self.next);
                    return;
                }
                if settings.fails_on(status) {
                    self.fail(op.place, &Failure::backend_status(status));
                }
            }
            Err(error) => {
                let failure = Failure::without_response(error, &self.exchange.settings);
                let seen = self.error_at(op.place, &failure);
                if fabric::sends_again(self.exchange, Some(&seen)) {
                    *self.next = u32::try_from(at).unwrap_or(*self.next);
                    return;
                }
                self.fail(op.place, &failure);
            }
        }
    }

    /// Ends the run of an enclosing `retry`, or leaves the section for `on-error`; an error there ends the request.
    pub(super) fn fail(&mut self, place: u32, failure: &Failure) {
        let error = self.error_at(place, failure);
        let (section, path) = (self.section.name(), error.path.as_deref());
        let (source, reason, message) = (&*error.source, &*error.reason, &*error.message);
        tracing::debug!(target: "gatewright::policy", source, reason, section, path, "{message}");
        self.exchange.trace_failed(&error);
        self.raise(Box::new(Failed { error, failure: failure.redacted(&self.exchange.redaction) }));
    }

    /// Goes to the innermost `retry` with a failure, or to `on-error`.
    fn raise(&mut self, raised: Box<Failed>) {
        let raised = match self.frames.catch(raised, self.exchange) {
            Ok(end) => {
                *self.next = end;
                return;
            }
            Err(raised) => raised,
        };
        let exchange = &mut *self.exchange;
        let Failed { error, failure } = *raised;
        if *self.section == Section::OnError {
            let response = Failure::internal("", "").response(|| exchange.id_text());
            exchange.respond(response);
            *self.done = true;
        } else if !failure.keeps_response() || exchange.response.is_none() {
            let response = failure.response(|| exchange.id_text());
            exchange.respond(response);
        }
        exchange.last_error = Some(Box::new(error));
        *self.section = Section::OnError;
        *self.next = 0;
    }

    /// What `context.LastError` says of a failure of the statement at `place`.
    fn error_at(&self, place: u32, failure: &Failure) -> PolicyError {
        let place = failure.place_in(place);
        let program = self.pipeline.program(*self.section);
        let origin = program.places.get(place as usize);
        PolicyError {
            source: program.source(place).into(),
            reason: failure.reason.clone(),
            message: self.exchange.redaction.message(failure.message.clone()),
            scope: origin.map(|place| place.scope),
            section: Some(*self.section),
            path: Some(program.path(place)),
            policy_id: origin.and_then(|place| place.id.clone()),
            status: failure.status,
        }
    }

    /// Counts what looks at the response; gives what to wait for.
    pub(super) fn end<T>(&mut self) -> Option<Wait<T>> {
        *self.done = true;
        let needs = self.exchange.limited.as_ref()?.due.needs();
        if let Some((body, of_request)) = self.exchange.body_to_read(needs) {
            let body = Box::pin(body.collect(self.exchange.settings.body_limit));
            return Some(Wait::Read { body, of_request });
        }
        self.exchange.settle().map(|work| Wait::Statement { work })
    }

    pub(super) fn finish(&mut self) -> Response<Body> {
        let mut response = self.exchange.response.take().unwrap_or_else(ResponseState::ok);
        if matches!(response.body, MessageBody::Consumed) {
            response.headers.remove(header::CONTENT_LENGTH);
        }
        // An error is nothing to keep.
        if let Some(caching) = self.exchange.caching.take_if(|_| *self.section != Section::OnError) {
            caching.apply(&mut response.headers, self.exchange.settings.clock.wall());
        }
        if let Some(cors) = self.exchange.cors.take() {
            cors.apply(&mut response.headers);
        }
        if let Some(name) = self.exchange.debug_access.refusal() {
            response.headers.insert(name, HeaderValue::from_static("true"));
        }
        let response = match self.exchange.tracer.take() {
            Some(tracer) => tracer.finish(response, *self.section),
            None => response.into_response(),
        };
        self.exchange.metered(response)
    }
}
