//! Bodies that are read into memory before a statement runs that needs them.

use http::StatusCode;

use super::error::Failure;
use super::exchange::Exchange;
use super::messages::MessageBody;
use super::pipeline::Needs;
use crate::body::{Body, CollectError};

impl Exchange {
    /// The body that is needed and not in memory yet, and whether it is the request's.
    pub(crate) fn body_to_read(&mut self, needs: Needs) -> Option<(Body, bool)> {
        let wanted = [
            (needs.has(Needs::REQUEST_BODY), Some(&mut self.request.body), true),
            (needs.has(Needs::RESPONSE_BODY), self.response.as_mut().map(|response| &mut response.body), false),
        ];
        wanted.into_iter().find_map(|(needed, body, of_request)| match body {
            Some(body @ MessageBody::Stream(_)) if needed => Some((body.take(), of_request)),
            _ => None,
        })
    }

    /// Takes a body that was read.
    pub(crate) fn put_body(&mut self, read: Result<Body, CollectError>, of_request: bool) -> Result<(), Box<Failure>> {
        match read {
            Ok(body) => {
                let body = MessageBody::new(body);
                match &mut self.response {
                    _ if of_request => self.request.body = body,
                    Some(response) => response.body = body,
                    None => {}
                }
                Ok(())
            }
            Err(CollectError::TooLarge(limit)) if of_request => Err(Failure::refused(
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestBodyTooLarge",
                format!("Request body is larger than {limit} bytes."),
            )),
            Err(CollectError::TooLarge(limit)) => {
                Err(Failure::internal("ResponseBodyTooLarge", format!("Response body is larger than {limit} bytes.")))
            }
            Err(CollectError::Read(_)) if of_request => Err(Failure::caller_has_gone()),
            Err(CollectError::Read(_)) => Err(Failure::internal(
                "BackendConnectionFailure",
                "Underlying transport connection was unexpectedly closed.",
            )),
        }
    }
}
