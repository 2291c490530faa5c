//! `forward-request` in a `wait`: the run loop makes the call while the other statements go on.

use std::sync::Arc;
use std::time::Duration;

use http::Response;
use tokio::sync::oneshot;

use super::error::{Failure, PolicyError};
use super::exchange::Exchange;
use super::fabric;
#[cfg(feature = "graphql")]
use super::graphql;
use super::list::{Flow, Resume};
use super::outgoing::Call;
use super::spec::Section;
use super::statements::forward_request::ForwardRequest;
use crate::body::Body;
use crate::forward::ForwardError;

type Outcome = Result<Response<Body>, ForwardError>;

/// A call that the run loop is to make, and whom it tells of the response.
pub(crate) struct WaitedForward {
    pub(crate) call: Call,
    pub(crate) limit: Duration,
    pub(crate) tell: oneshot::Sender<Outcome>,
}

impl ForwardRequest {
    /// Leaves the call in the exchange for the run loop, and waits for its response.
    pub(crate) fn begin(self: &Arc<Self>, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        #[cfg(feature = "graphql")]
        if graphql::way(exchange) != graphql::Way::Service {
            return graphql::execute(exchange, self);
        }
        let (call, limit) = self.prepare(exchange, true)?;
        exchange.trace_forward(&call, limit);
        let (tell, told) = oneshot::channel();
        exchange.waited_forward = Some(Box::new(WaitedForward { call, limit, tell }));
        let forward = Arc::clone(self);
        Ok(Flow::Wait(Box::pin(async move {
            let outcome = told.await;
            let resume: Resume = Box::new(move |exchange| match outcome {
                Ok(outcome) => forward.told(exchange, outcome),
                // The run loop tells as long as it lives, and this goes with it.
                Err(_) => Ok(Flow::Continue),
            });
            resume
        })))
    }

    fn told(self: Arc<Self>, exchange: &mut Exchange, outcome: Outcome) -> Result<Flow, Box<Failure>> {
        let (seen, ended) = match outcome {
            Ok(response) => {
                let status = response.status();
                self.take(exchange, response);
                let ended =
                    if self.fails_on(status) { Err(Failure::backend_status(status)) } else { Ok(Flow::Continue) };
                (None, ended)
            }
            Err(error) => {
                let failure = Failure::without_response(error, &exchange.settings);
                (Some(seen(&failure)), Err(failure))
            }
        };
        if fabric::sends_again(exchange, seen.as_ref()) { self.begin(exchange) } else { ended }
    }

    /// The backend's response becomes that of the exchange.
    pub(crate) fn take(&self, exchange: &mut Exchange, mut response: Response<Body>) {
        let target = || exchange.target.clone();
        exchange.served_by = response.extensions_mut().remove().and_then(|by| Some((target()?, by)));
        let response = self.received(response);
        #[cfg(feature = "graphql")]
        let response = {
            let hidden = exchange.graphql.hidden.clone();
            graphql::hide(hidden, response, exchange.settings.body_limit)
        };
        exchange.respond(super::messages::ResponseState::from_response(response));
        exchange.trace_answer();
    }
}

/// What `sf-resolve-condition` sees of a failure.
fn seen(failure: &Failure) -> PolicyError {
    PolicyError {
        source: "forward-request".into(),
        reason: failure.reason.clone(),
        message: failure.message.clone(),
        scope: None,
        section: Some(Section::Backend),
        path: None,
        policy_id: None,
        status: failure.status,
    }
}
