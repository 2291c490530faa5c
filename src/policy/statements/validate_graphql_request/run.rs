//! What `validate-graphql-request` does with a request.

use std::sync::Arc;

use http::{Method, StatusCode, header};

use super::super::super::error::Failure;
use super::super::super::exchange::Exchange;
use super::super::super::graphql::{Guard, is_handshake};
use super::super::super::list::{Flow, Resume};
use super::super::super::media::MediaType;
use super::super::super::messages::{MessageBody, ResponseState, replace_body};
use super::super::super::peek::{Peeked, peek};
use super::super::super::pipeline::Needs;
use super::super::super::query;
use super::super::super::setting::Setting;
use super::Checks;
use crate::body::{Body, CollectError};
use crate::expr::Value;
use crate::expr::json::{Expected, JToken};
use crate::graphql::{
    GraphError, GraphRequest, GraphSchema, Limits, Pruned, Rules, Written, answer_of, check, is_in_url, prune,
};

/// What API Management allows, in bytes.
pub(super) const LARGEST: i64 = 102_400;
/// How many fields API Management validates.
const MOST_FIELDS: usize = 250;
/// The variable that has all errors.
const ERRORS: &str = "GraphQLErrors";

impl Checks {
    pub(super) fn run(self: &Arc<Self>, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let Some(schema) = exchange.facts.api.as_ref().and_then(|api| api.graphql()).map(|api| Arc::clone(&api.schema))
        else {
            let message = "The API has no GraphQL schema that could be read.";
            return Err(Failure::internal("GraphQLSchemaMissing", message));
        };
        let max_size = *self.max_size.get(exchange)?;
        let max_size = usize::try_from(max_size.min(LARGEST)).map_err(|_| negative("max-size"))?;
        let depth = usize::try_from(*self.max_depth.get(exchange)?).map_err(|_| negative("max-depth"))?;
        let limits = Limits { depth, fields: MOST_FIELDS };
        let text = query::split(exchange.request.rest()).1.to_owned();
        if is_handshake(&exchange.request) {
            // What is subscribed to comes later: each subscription is validated then.
            let verdicts = self.actions.iter().map(|action| action.get(exchange).map(|verdict| *verdict));
            let verdicts = verdicts.collect::<Result<Vec<_>, _>>()?;
            let guard = Guard { max_size, limits, paths: Arc::clone(&self.paths), verdicts };
            exchange.graphql.guards.push(Arc::new(guard));
            return Ok(Flow::Continue);
        }
        exchange.graphql.is_validated = true;
        if exchange.request.method == Method::GET {
            if text.len() > max_size {
                return self.refuse(exchange, vec![too_large(text.len(), max_size)]);
            }
            return match GraphRequest::of_url(&text) {
                Ok(request) => self.validate(exchange, &schema, &request, limits),
                Err(error) => self.refuse(exchange, vec![error]),
            };
        }
        if is_in_url(&text) {
            // A service may take it for the request, and not the body.
            let error = GraphError::new("The request is in its body and in its URL: expected one of them.");
            return self.refuse(exchange, vec![error]);
        }
        match &mut exchange.request.body {
            MessageBody::Bytes(bytes) => {
                let bytes = (**bytes).clone();
                self.body(exchange, &schema, &bytes, max_size, limits)
            }
            body @ MessageBody::Stream(_) => {
                let body = body.take();
                Ok(self.read(body, schema, max_size, limits))
            }
            _ => self.body(exchange, &schema, b"", max_size, limits),
        }
    }

    /// Reads the body, as far as it may be long.
    fn read(self: &Arc<Self>, body: Body, schema: Arc<GraphSchema>, max_size: usize, limits: Limits) -> Flow {
        let checks = Arc::clone(self);
        Flow::Wait(Box::pin(async move {
            let read = peek(body, max_size).await;
            let resume: Resume = Box::new(move |exchange| match read {
                Ok(Peeked::Whole(body)) => {
                    let bytes = body.as_bytes().cloned().unwrap_or_default();
                    exchange.put_body(Ok(body), true)?;
                    checks.body(exchange, &schema, &bytes, max_size, limits)
                }
                Ok(Peeked::Longer(body)) => {
                    exchange.request.body = MessageBody::Stream(body);
                    checks.refuse(exchange, vec![longer(max_size)])
                }
                Err(error) => {
                    exchange.put_body(Err(CollectError::Read(error)), true)?;
                    Ok(Flow::Continue)
                }
            });
            resume
        }))
    }

    fn body(
        &self,
        exchange: &mut Exchange,
        schema: &Arc<GraphSchema>,
        bytes: &[u8],
        max_size: usize,
        limits: Limits,
    ) -> Result<Flow, Box<Failure>> {
        if bytes.len() > max_size {
            return self.refuse(exchange, vec![too_large(bytes.len(), max_size)]);
        }
        if exchange.request.headers.contains_key(header::CONTENT_ENCODING) {
            return self.refuse(exchange, vec![GraphError::new("Requests that are packed are not supported.")]);
        }
        let media_type = MediaType::of(&exchange.request.headers).map(|media| media.essence().to_owned());
        match GraphRequest::of_body(bytes, media_type.as_deref()) {
            Ok(request) => {
                if let Written::Body(one) = request.write(&request.query)
                    && one != bytes
                {
                    // The service reads what was validated: no member is there twice.
                    replace_body(&mut exchange.request.body, &mut exchange.request.headers, one);
                }
                self.validate(exchange, schema, &request, limits)
            }
            Err(error) => self.refuse(exchange, vec![error]),
        }
    }

    fn validate(
        &self,
        exchange: &mut Exchange,
        schema: &Arc<GraphSchema>,
        request: &GraphRequest,
        limits: Limits,
    ) -> Result<Flow, Box<Failure>> {
        let checked = match check(schema, request, limits) {
            Ok(checked) => checked,
            Err(errors) => return self.refuse(exchange, errors),
        };
        if self.paths.is_empty() {
            return Ok(Flow::Continue);
        }
        let pruned = {
            let mut action = |at: usize| match self.actions.get(at) {
                Some(action) => action.get(exchange).map(|verdict| *verdict),
                None => Ok(crate::graphql::Verdict::Reject),
            };
            prune(schema, &checked, &mut Rules::new(schema, &self.paths, &mut action))?
        };
        match pruned {
            Pruned::Whole => Ok(Flow::Continue),
            Pruned::Rejected(error) => self.refuse(exchange, vec![error]),
            Pruned::Partly { left, hidden } => {
                self.tell(exchange, hidden.errors())?;
                let Some(left) = left else {
                    let mut response = ResponseState::ok();
                    response.headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
                    response.replace_body(hidden.answer());
                    return Ok(Flow::End(Box::new(response)));
                };
                match request.write(&left.document.to_string()) {
                    Written::Body(bytes) => {
                        replace_body(&mut exchange.request.body, &mut exchange.request.headers, bytes);
                    }
                    Written::Query(query) => {
                        let path = query::split(exchange.request.rest()).0.to_owned();
                        exchange.set_rest(format!("{path}?{query}"));
                    }
                }
                // The answer is changed: it must not be packed.
                exchange.request.headers.remove(header::ACCEPT_ENCODING);
                exchange.graphql.hidden.push(hidden);
                Ok(Flow::Continue)
            }
        }
    }

    /// Ends the request with errors.
    fn refuse(&self, exchange: &mut Exchange, errors: Vec<GraphError>) -> Result<Flow, Box<Failure>> {
        self.tell(exchange, &errors)?;
        let first = errors.first().map_or_else(String::new, |error| error.message.clone());
        let body = String::from_utf8_lossy(&answer_of(&errors, None)).into_owned();
        Err(Failure::refused(StatusCode::BAD_REQUEST, "GraphQLRequestInvalid", first).body(body))
    }

    /// Puts errors into the variables that have them.
    fn tell(&self, exchange: &mut Exchange, errors: &[GraphError]) -> Result<(), Box<Failure>> {
        // INVARIANT: texts, numbers and lists are always JSON.
        let text = serde_json::to_string(errors).unwrap_or_default();
        let token = JToken::parse(&text, Expected::Token).ok().flatten();
        let value = token.map_or(Value::Null, Value::object);
        if let Some(variable) = &self.variable {
            let name = variable.get(exchange)?.into_owned();
            exchange.variables.set(name.into(), value.clone());
        }
        exchange.variables.set(ERRORS.into(), value);
        Ok(())
    }

    pub(super) fn needs(&self) -> Needs {
        let needs = self.actions.iter().fold(Needs::REQUEST, |needs, action| needs | action.needs());
        let variable = self.variable.as_ref().map_or(Needs::NONE, Setting::needs);
        needs | self.max_size.needs() | self.max_depth.needs() | variable
    }
}

fn negative(name: &str) -> Box<Failure> {
    Failure::expression(format_args!("The value of {name} is negative."))
}

fn too_large(size: usize, limit: usize) -> GraphError {
    GraphError::new(format!("The request has {size} bytes: at most {limit} are allowed."))
}

fn longer(limit: usize) -> GraphError {
    GraphError::new(format!("The request has more than {limit} bytes."))
}
