//! The mutable state of one request on its way: request, response, variables, last error.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use http::{HeaderMap, Request, header};

use super::caching::Caching;
use super::error::{Failure, PolicyError};
use super::fabric::FabricUse;
use super::facts::Facts;
use super::limits::Limited;
use super::llm::ModelCall;
use super::messages::{MessageBody, RequestState, ResponseState, Rest};
use super::pipeline::Needs;
use super::query;
use super::redaction::Redaction;
use super::settings::EngineSettings;
use super::spec::{Scope, Section};
use super::statements::cache_value::Recalled;
use super::statements::cors;
use super::tracer::Tracer;
use super::tracing::DebugAccess;
use super::variables::Variables;
use super::waited_forward::WaitedForward;
use crate::body::Body;
use crate::forward::{self, CertificateName, ClientAddress, ClientScheme, ServedBy, Target, Tried, WebProxy};
use crate::outbound::Outbound;
use crate::sink::{TraceEvent, TraceSeverity};

/// One request on its way through a pipeline.
pub struct Exchange {
    pub(crate) request: RequestState,
    pub(crate) response: Option<ResponseState>,
    pub(crate) variables: Variables,
    pub(crate) last_error: Option<Box<PolicyError>>,
    pub(crate) target: Option<Target>,
    /// Which member of the pool answered, and the target that was the pool.
    pub(crate) served_by: Option<(Target, ServedBy)>,
    /// Which members of a pool the runs of a `retry` went to.
    pub(crate) tried: Option<Tried>,
    /// The scope whose document set a backend id; a base URL of a narrower one does not override it.
    pub(crate) backend_set_by: Option<Scope>,
    /// What is asked of a Service Fabric cluster, when the target is one.
    pub(crate) fabric: Option<Box<FabricUse>>,
    pub(crate) facts: Facts,
    pub(crate) parameters: Vec<(Arc<str>, String)>,
    pub(crate) settings: Arc<EngineSettings>,
    /// The client certificate for the backend: `authentication-certificate`.
    pub(crate) certificate: Option<CertificateName>,
    /// The web proxy to the backend: `proxy`.
    pub(crate) proxy: Option<WebProxy>,
    /// What sends the requests of policies, when the pipeline has such policies.
    pub(crate) outbound: Option<Arc<dyn Outbound>>,
    /// The trace of the request, when it is traced.
    pub(crate) tracer: Option<Box<Tracer>>,
    /// What the caller's token for tracing is good for.
    pub(crate) debug_access: DebugAccess,
    /// What `cors` puts on the final response, whatever it is.
    pub(crate) cors: Option<Box<cors::Answer>>,
    /// What limits and quotas keep of the request.
    pub(crate) limited: Option<Box<Limited>>,
    /// What the policies for language models keep of the request.
    pub(crate) model_call: Option<Box<ModelCall>>,
    /// What the caching policies keep of the request.
    pub(crate) caching: Option<Box<Caching>>,
    /// What a `cache-value` has found, for the instruction behind it.
    pub(crate) recalled: Option<Box<Recalled>>,
    /// The call that a `forward-request` in a `wait` asks the run loop for.
    pub(crate) waited_forward: Option<Box<WaitedForward>>,
    /// What GraphQL keeps of the request.
    #[cfg(feature = "graphql")]
    pub(crate) graphql: super::graphql::OfExchange,
    /// How much of the caller's path is the API's, with version and revision, in bytes.
    pub(crate) api_path_length: usize,
    /// The caller's address, when the request does not say it.
    pub(crate) client: Option<IpAddr>,
    /// Keeps secrets of the documents out of messages and events.
    pub(crate) redaction: Redaction,
    id: Option<[u8; 16]>,
    received: Option<SystemTime>,
}

/// Which message a statement acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    Request,
    Response,
}

impl Message {
    /// What a statement reports when a body that it makes would be larger than what is read into memory.
    pub(crate) fn too_large(self, limit: usize) -> Box<Failure> {
        match self {
            Self::Request => {
                Failure::internal("RequestBodyTooLarge", format!("Request body is larger than {limit} bytes."))
            }
            Self::Response => {
                Failure::internal("ResponseBodyTooLarge", format!("Response body is larger than {limit} bytes."))
            }
        }
    }

    /// What a statement needs that reads the body of the message.
    pub(crate) fn body_needs(self) -> Needs {
        match self {
            Self::Request => Needs::REQUEST_BODY,
            Self::Response => Needs::RESPONSE_BODY,
        }
    }

    /// The message that the statements of a section act on.
    pub(crate) fn of(section: Section) -> Self {
        match section {
            Section::Inbound | Section::Backend => Self::Request,
            Section::Outbound | Section::OnError => Self::Response,
        }
    }
}

impl Exchange {
    /// Starts with a request; `facts` and the rest come from the gateway.
    pub(crate) fn new(request: Request<Body>, settings: Arc<EngineSettings>) -> Self {
        let (mut parts, body) = request.into_parts();
        forward::arrive(&mut parts.headers);
        Self {
            request: RequestState {
                method: parts.method,
                original_method: None,
                original_uri: parts.uri,
                original_host: None,
                rest: Rest::Original(0),
                headers: parts.headers,
                version: parts.version,
                extensions: parts.extensions,
                body: MessageBody::new(body),
                keep_host: false,
                is_path_left_out: false,
            },
            response: None,
            variables: Variables::default(),
            last_error: None,
            target: None,
            served_by: None,
            tried: None,
            backend_set_by: None,
            fabric: None,
            facts: Facts::default(),
            parameters: Vec::new(),
            settings,
            certificate: None,
            proxy: None,
            outbound: None,
            tracer: None,
            debug_access: DebugAccess::Denied,
            cors: None,
            limited: None,
            model_call: None,
            caching: None,
            recalled: None,
            waited_forward: None,
            #[cfg(feature = "graphql")]
            graphql: super::graphql::OfExchange::default(),
            api_path_length: 0,
            client: None,
            redaction: Redaction::default(),
            id: None,
            received: None,
        }
    }

    /// `context.RequestId`, drawn when it is first asked for.
    pub(crate) fn id(&mut self) -> [u8; 16] {
        *self.id.get_or_insert_with(|| {
            let mut bytes = [0; 16];
            // A failing random source gives the nil id: a request is not refused for want of a name.
            self.settings.random.fill(&mut bytes);
            // A random GUID, in .NET's order of bytes.
            bytes[7] = bytes[7] & 0x0f | 0x40;
            bytes[8] = bytes[8] & 0x3f | 0x80;
            bytes
        })
    }

    /// `context.RequestId` as text.
    pub(crate) fn id_text(&mut self) -> String {
        let mut out = String::with_capacity(36);
        let id = self.id();
        // .NET keeps the first three groups little-endian.
        let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
        for (i, byte) in order.map(|at| id[at]).into_iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                out.push('-');
            }
            for digit in [byte >> 4, byte & 15] {
                out.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
        }
        out
    }

    /// `context.Timestamp`; pipelines that need it ask for it before they start.
    pub(crate) fn received(&mut self) -> SystemTime {
        *self.received.get_or_insert_with(|| self.settings.clock.wall())
    }

    /// The caller's address, when the host told.
    pub(crate) fn client_ip(&self) -> Option<IpAddr> {
        self.request.extensions.get::<ClientAddress>().map(|address| address.0).or(self.client)
    }

    /// Whether the caller came over TLS, as far as the host told.
    pub(crate) fn is_tls(&self) -> bool {
        self.request.extensions.get::<ClientScheme>().is_some_and(|scheme| *scheme == ClientScheme::Https)
    }

    /// The host that the caller asked for, with its port.
    pub(crate) fn original_host(&self) -> &str {
        if let Some(authority) = self.request.original_uri.authority() {
            return authority.as_str();
        }
        let header = self.request.original_host.as_ref().or_else(|| self.request.headers.get(header::HOST));
        header.and_then(|host| host.to_str().ok()).unwrap_or_default()
    }

    /// Whether a parameter of the URL template stands for the rest of the path.
    pub(crate) fn is_wildcard(&self, name: &str) -> bool {
        let template = self.facts.operation.as_ref().map_or("", |operation| &*operation.url_template);
        template
            .match_indices("{*")
            .any(|(at, _)| template[at + 2..].split_once('}').is_some_and(|(known, _)| known.trim() == name))
    }

    /// Whether a query parameter belongs to the operation's URL template.
    pub(crate) fn is_template_query(&self, name: &str) -> bool {
        let template = self.facts.operation.as_ref().map_or("", |operation| &*operation.url_template);
        query::parameters(query::split(template).1).any(|parameter| query::is_named(parameter, name))
    }

    /// Keeps the caller's `Host` for `OriginalUrl`, before a policy changes the header.
    pub(crate) fn host_changes(&mut self) {
        let request = &mut self.request;
        if !request.keep_host {
            request.original_host = request.headers.get(header::HOST).cloned();
            request.keep_host = true;
        }
    }

    /// Where in the caller's path begins what follows the backend's base URL, in bytes.
    #[cfg(feature = "client")]
    pub(crate) fn rest_starts_at(&mut self, byte: usize) {
        self.request.rest = Rest::Original(byte);
        self.api_path_length = byte;
    }

    /// Whether the gateway may ask services for the fields of the request.
    pub(crate) fn has_resolvers(&self) -> bool {
        #[cfg(feature = "graphql")]
        let has = self.facts.api.as_ref().and_then(|api| api.graphql()).is_some_and(|api| api.has_resolvers());
        #[cfg(not(feature = "graphql"))]
        let has = false;
        has
    }

    /// Body and headers of a message; none of a response that does not exist yet.
    pub(crate) fn message(&mut self, message: Message) -> Option<(&mut MessageBody, &mut HeaderMap)> {
        match message {
            Message::Request => Some((&mut self.request.body, &mut self.request.headers)),
            Message::Response => self.response.as_mut().map(|response| (&mut response.body, &mut response.headers)),
        }
    }

    /// Hands a message to the host's trace sink, without secrets.
    pub(crate) fn trace(
        &mut self,
        source: &str,
        severity: TraceSeverity,
        message: &str,
        mut metadata: Vec<(String, String)>,
    ) {
        let id = self.id_text();
        let (source, message) = (self.redaction.redact(source), self.redaction.redact(message));
        for text in metadata.iter_mut().flat_map(|(name, value)| [name, value]) {
            if let Cow::Owned(shown) = self.redaction.redact(text) {
                *text = shown;
            }
        }
        let api = self.facts.api.as_deref();
        if api.and_then(|api| api.trace_verbosity).is_none_or(|least| severity >= least) {
            let mut event = TraceEvent::new(&id, &source, &message);
            event.timestamp = self.settings.clock.wall();
            event.severity = severity;
            event.metadata = &metadata;
            event.api = api.map(|api| &*api.id);
            event.operation = self.facts.operation.as_deref().map(|operation| &*operation.id);
            self.settings.trace_sink.trace(&event);
        }
        let (source, message) = (source.into_owned(), message.into_owned());
        self.trace_message(&source, &message, &metadata);
    }

    /// Takes a parameter out of the query that goes to the backend.
    #[cfg(feature = "client")]
    pub(crate) fn remove_query_parameter(&mut self, name: &str) {
        let (path, old) = query::split(self.request.rest());
        let is_named = |parameter: &&str| query::is_named(parameter, name);
        if query::parameters(old).any(|parameter| is_named(&parameter)) {
            let rest = query::join(path, query::parameters(old).filter(|parameter| !is_named(parameter)));
            self.set_rest(rest);
        }
    }

    /// Changes the path and query that follow the backend's base URL.
    pub(crate) fn set_rest(&mut self, rest: String) {
        self.request.rest = Rest::Changed(rest);
    }
}

/// A request that ends before its response, because the caller has gone, is counted all the same.
impl Drop for Exchange {
    fn drop(&mut self) {
        if self.limited.is_some() {
            self.abandon();
        }
    }
}
