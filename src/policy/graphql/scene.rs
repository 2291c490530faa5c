//! What the resolvers of one request see of it.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use hyper::upgrade::OnUpgrade;

use super::super::exchange::Exchange;
use super::super::facts::Facts;
use super::super::messages::MessageBody;
use super::super::redaction::Redaction;
use super::super::settings::EngineSettings;
use super::super::variables::Variables;
use super::api::GraphqlApi;
use super::resolver::{Resolver, Unresolved};
use crate::body::Body;
use crate::graphql::{Call, JsonMap, JsonValue, Resolve, Resolving};
use crate::outbound::Outbound;

/// `context.GraphQL`: the arguments of a field, and the object that it is one of.
pub(crate) struct FieldScope {
    arguments: JsonMap,
    parent: Arc<JsonMap>,
}

impl FieldScope {
    /// All arguments, as a JSON object.
    pub(crate) fn arguments(&self) -> Bytes {
        // INVARIANT: JSON that was read can be written.
        serde_json::to_vec(&self.arguments).unwrap_or_default().into()
    }

    /// An argument, or a member of the parent, as JSON.
    pub(crate) fn json(&self, parent: bool, name: &str) -> Option<String> {
        let members = if parent { &self.parent } else { &self.arguments };
        serde_json::to_string(members.get(name)?).ok()
    }
}

/// The request on its way, as each resolver begins with it.
pub(super) struct Scene {
    pub(super) api: Arc<GraphqlApi>,
    pub(super) settings: Arc<EngineSettings>,
    facts: Facts,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    extensions: Extensions,
    // Variables are read by one resolver at a time.
    variables: Mutex<Variables>,
    redaction: Redaction,
    outbound: Option<Arc<dyn Outbound>>,
    client: Option<IpAddr>,
    api_path_length: usize,
}

impl Scene {
    pub(super) fn of(exchange: &Exchange, api: Arc<GraphqlApi>) -> Self {
        let request = &exchange.request;
        let (mut headers, mut extensions) = (request.headers.clone(), request.extensions.clone());
        extensions.remove::<OnUpgrade>();
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self {
            api,
            settings: Arc::clone(&exchange.settings),
            facts: exchange.facts.clone(),
            method: request.method.clone(),
            uri: request.original_uri.clone(),
            headers,
            extensions,
            variables: Mutex::new(exchange.variables.fork()),
            redaction: exchange.redaction.clone(),
            outbound: exchange.outbound.clone(),
            client: exchange.client,
            api_path_length: exchange.api_path_length,
        }
    }

    /// An exchange for one call: its body are the arguments.
    fn exchange(&self, call: Call) -> Box<Exchange> {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        *request.extensions_mut() = self.extensions.clone();
        let mut exchange = Box::new(Exchange::new(request, Arc::clone(&self.settings)));
        let mut body = JsonMap::new();
        body.insert("arguments", JsonValue::Object(call.arguments.clone()));
        // INVARIANT: JSON that was read can be written.
        let body = Bytes::from(serde_json::to_vec(&body).unwrap_or_default());
        exchange.request.body = MessageBody::Bytes(body.into());
        exchange.facts = self.facts.clone();
        exchange.variables = self.variables.lock().unwrap_or_else(PoisonError::into_inner).fork();
        exchange.redaction = self.redaction.clone();
        exchange.outbound = self.outbound.clone();
        exchange.client = self.client;
        exchange.api_path_length = self.api_path_length;
        exchange.graphql.field = Some(Box::new(FieldScope { arguments: call.arguments, parent: call.parent }));
        exchange
    }
}

/// The resolvers of an API, for one request.
pub(super) struct Resolvers(pub(super) Arc<Scene>);

impl Resolve for Resolvers {
    fn has(&self, object: &str, field: &str) -> bool {
        self.0.api.resolver(object, field).is_some()
    }

    fn resolve(&self, call: Call) -> Resolving {
        let scene = Arc::clone(&self.0);
        let resolver = scene.api.resolver(&call.object, &call.field).cloned();
        Box::pin(async move {
            match resolver {
                Some(resolver) => resolve(&scene, &resolver, call).await,
                None => Ok(JsonValue::Null),
            }
        })
    }
}

async fn resolve(scene: &Scene, resolver: &Resolver, call: Call) -> Result<JsonValue, String> {
    let name = format!("{}.{}", call.object, call.field);
    let mut exchange = scene.exchange(call);
    let bytes = match resolver.run(&mut exchange).await {
        Ok(bytes) => bytes,
        Err(Unresolved::Status(status)) => return Err(refused(&name, status)),
        Err(Unresolved::Refused(status, why)) => {
            let why = scene.redaction.message(why.into());
            tracing::debug!(target: "gatewright::policy", "the resolver of `{name}`: {why}");
            return Err(refused(&name, status));
        }
        Err(Unresolved::Errors) => {
            return Err(format!("The resolver of `{name}` failed: the service answered with errors."));
        }
        Err(Unresolved::Failed(failure)) => {
            // What went wrong in here is not for the caller.
            let failure = failure.redacted(&scene.redaction);
            let (reason, message) = (&*failure.reason, &*failure.message);
            tracing::debug!(target: "gatewright::policy", reason, "the resolver of `{name}`: {message}");
            return Err(format!("The resolver of `{name}` failed."));
        }
    };
    let value = value_of(&bytes);
    if !resolver.events().is_empty() {
        let shared = Arc::new(value.clone());
        for field in resolver.events() {
            scene.settings.events.publish(&scene.api.name, field, &shared);
        }
    }
    Ok(value)
}

fn refused(name: &str, status: StatusCode) -> String {
    format!("The resolver of `{name}` failed: the service answered with {}.", status.as_u16())
}

/// JSON, or else a text.
fn value_of(bytes: &[u8]) -> JsonValue {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return JsonValue::Null;
    }
    serde_json::from_slice(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned().into())
}
