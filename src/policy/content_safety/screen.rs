//! Checks the answer of a model before the caller gets it.

use std::sync::Arc;

use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Resume};
use super::super::llm;
use super::super::messages::MessageBody;
use super::super::packed::Packing;
use super::service::Checker;
use super::stream::Screened;
use super::windows::Windows;
use super::{UNREADABLE, refusal};
use crate::body::Body;

/// What is to be checked of an answer.
pub(crate) struct Screen {
    pub(crate) element: &'static str,
    pub(crate) checker: Arc<Checker>,
    pub(crate) windows: Windows,
}

/// How an exchange goes on after an answer that may pass.
type Then = fn(&mut Exchange) -> Result<Flow, Box<Failure>>;

impl Exchange {
    /// Checks the answer as statements of `inbound` have asked.
    pub(crate) fn screen(&mut self) -> Result<Flow, Box<Failure>> {
        match self.model_call.as_mut().and_then(|call| call.screens.pop()) {
            Some(screen) => screen.check(self, Self::screen),
            None => Ok(Flow::Continue),
        }
    }
}

impl Screen {
    /// Checks the response that has come; events are checked as they pass.
    pub(crate) fn check(self, exchange: &mut Exchange, then: Then) -> Result<Flow, Box<Failure>> {
        let limit = exchange.settings.body_limit;
        let Some(response) = exchange.response.as_mut().filter(|_| !self.checker.is_idle()) else {
            return then(exchange);
        };
        if matches!(response.body, MessageBody::None | MessageBody::Consumed | MessageBody::Sent) {
            return then(exchange);
        }
        if Packing::of(&response.headers).is_some() {
            exchange.trace_note(|| "The answer is packed, so that nobody can check it.".to_owned());
            return Err(refusal());
        }
        if llm::is_events(&response.headers) {
            let screened = Screened::new(response.body.take(), self.checker, self.windows);
            response.body = MessageBody::Stream(Body::new(screened));
            response.headers.remove(http::header::CONTENT_LENGTH);
            return then(exchange);
        }
        let (body, headers) = (response.body.take(), response.headers.clone());
        Ok(Flow::Wait(Box::pin(async move {
            let read = body.collect(limit).await;
            let bytes = read.as_ref().ok().and_then(Body::as_bytes);
            let judged = match bytes.map(|bytes| llm::answer_text(bytes, &headers)) {
                Some(Some(text)) => self.checker.check(&text, self.windows).await,
                Some(None) => Err(UNREADABLE.to_owned()),
                None => Ok(()),
            };
            let resume: Resume = Box::new(move |exchange| {
                exchange.put_body(read, false)?;
                match judged {
                    Ok(()) => then(exchange),
                    Err(why) => Err(refused(exchange, self.element, &why)),
                }
            });
            resume
        })))
    }
}

/// Says in log and trace why a message does not pass.
pub(crate) fn refused(exchange: &mut Exchange, element: &str, why: &str) -> Box<Failure> {
    tracing::info!(target: "gatewright::policy", element, "content safety: {why}");
    exchange.trace_note(|| format!("The content safety check failed. {why}"));
    refusal()
}
