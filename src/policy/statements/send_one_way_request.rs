//! `send-one-way-request`: tells an outside service something, and does not wait.

use std::time::Duration;

use tokio::time::timeout;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::own_request::{self, CHILDREN, MODE, OwnRequest, TIMEOUT};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Content, Spec};
use crate::xml::Element;

pub(crate) const SPEC: Spec = Spec::new(
    "send-one-way-request",
    "Sends a request of its own and goes on at once; what comes of it never affects the request.",
)
.attributes(&[MODE, TIMEOUT])
.content(Content::Elements(CHILDREN)).state("requests that are under way, in `EngineSettings::deliveries`.").differences(&["At most 10,000 are under way at a time, which `EngineSettings::deliveries` can change; the newest is dropped when there are so many, and counted."]);

/// `send-one-way-request`, compiled.
#[derive(Debug)]
pub(crate) struct SendOneWayRequest {
    request: OwnRequest,
    limit: Setting<i64>,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let request = OwnRequest::compile(compiler, element);
    let limit = own_request::seconds(compiler, element, &TIMEOUT).unwrap_or(Setting::Constant(60));
    Some(step("send-one-way-request", SendOneWayRequest { request: request?, limit }))
}

impl Statement for SendOneWayRequest {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let limit = Duration::from_secs(own_request::positive(*self.limit.get(exchange)?)?);
        let prepared = self.request.prepare(exchange)?;
        prepared.trace(exchange, SPEC.element, limit);
        exchange.settings.deliveries.spawn(SPEC.element, exchange.redaction.clone(), async move {
            match timeout(limit, prepared.send()).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(failure)) => Err(failure),
                Err(_) => Err(Failure::internal("Timeout", "Request to the backend service timed out")),
            }
        });
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        self.request.needs() | self.limit.needs()
    }
}
