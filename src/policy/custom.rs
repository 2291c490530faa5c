//! Policies of a user's own: an element that a host registers, next to those of API Management.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};

use super::compile::{Compiler, step};
use super::document::Node;
use super::error::Failure;
use super::exchange::{Exchange, Message};
use super::list::{Flow, Resume, Statement};
use super::messages::{MessageBody, ResponseState};
use super::pipeline::Needs;
use super::setting::Setting;
use super::spec::{Content, Section, Spec};
use crate::body::Body;
use crate::expr::Value;
use crate::xml::Element;

/// A policy of a user's own, registered with [`Environment::policy`](super::Environment::policy) or on the gateway's
/// builder.
///
/// ```
/// use std::sync::Arc;
/// use gatewright::policy::{
///     Attribute, CustomCall, CustomElement, CustomError, CustomFlow, CustomPolicy, CustomStatement, Document,
///     Environment, Exchange, Failure, Scope, Spec,
/// };
///
/// struct Greet;
///
/// impl CustomPolicy for Greet {
///     fn spec(&self) -> Spec {
///         const NAME: Attribute = Attribute::required("name", "a name").or_expression();
///         Spec::new("greet", "Sets `X-Greeting`.").attributes(&[NAME])
///     }
///
///     fn compile(&self, element: &CustomElement) -> Result<Arc<dyn CustomStatement>, CustomError> {
///         match element.literal("name") {
///             Some("") => Err(CustomError::at("name", "nobody to greet: expected a name")),
///             _ => Ok(Arc::new(Greet)),
///         }
///     }
/// }
///
/// impl CustomStatement for Greet {
///     fn run(&self, call: &CustomCall, exchange: &mut Exchange) -> Result<CustomFlow, Box<Failure>> {
///         let greeting = format!("hello {}", call.text("name").unwrap_or_default());
///         let value = greeting.parse().map_err(|_| Failure::internal("InvalidGreeting", "The name cannot be sent."))?;
///         exchange.set_request_header(http::HeaderName::from_static("x-greeting"), value);
///         Ok(CustomFlow::Continue)
///     }
/// }
///
/// let environment = Environment::new().policy(Greet);
/// let text = r#"<policies><inbound><greet name="" /></inbound><backend><base /></backend></policies>"#;
/// let error = Document::compile("api.xml", text, Scope::Api, &environment).unwrap_err();
/// assert_eq!(error.diagnostics()[0].to_string(), "api.xml:1:27: `greet`: nobody to greet: expected a name");
/// ```
pub trait CustomPolicy: Send + Sync + 'static {
    /// What the policy declares: its element, sections, scopes and attributes. Its content is nothing or text.
    fn spec(&self) -> Spec;

    /// Makes the statement of one element, when its document is compiled.
    ///
    /// What is declared was checked before; this checks the rest and prepares what can be prepared.
    ///
    /// # Errors
    ///
    /// [`CustomError`], which becomes an error of the document, with line and column.
    fn compile(&self, element: &CustomElement) -> Result<Arc<dyn CustomStatement>, CustomError>;
}

/// What one element of a [`CustomPolicy`] does for each request.
pub trait CustomStatement: Send + Sync + 'static {
    /// Does it. Attributes are worked out by then.
    ///
    /// # Errors
    ///
    /// [`Failure`], which `on-error` sees with the element's name as `context.LastError.Source`.
    fn run(&self, call: &CustomCall, exchange: &mut Exchange) -> Result<CustomFlow, Box<Failure>>;

    /// Whether it reads the body of the message of its section, which must then be in memory.
    fn reads_body(&self) -> bool {
        false
    }
}

/// How a request goes on after a [`CustomStatement`].
#[non_exhaustive]
pub enum CustomFlow {
    /// With the next statement.
    Continue,
    /// With this response at once: the rest of the pipeline is left out.
    Respond(Box<Response<Body>>),
    /// When some work is done; see [`CustomFlow::wait`].
    Wait(CustomWork),
}

/// Work that a [`CustomStatement`] waits for.
pub struct CustomWork(super::list::Work);

impl CustomFlow {
    /// Waits for `work`, then goes on as `then` says. The work is dropped when the request is given up.
    pub fn wait<T: Send + 'static>(
        work: impl Future<Output = T> + Send + 'static,
        then: impl FnOnce(T, &mut Exchange) -> Result<Self, Box<Failure>> + Send + 'static,
    ) -> Self {
        Self::Wait(CustomWork(Box::pin(async move {
            let result = work.await;
            let resume: Resume = Box::new(move |exchange| then(result, exchange).map(Self::into_flow));
            resume
        })))
    }

    fn into_flow(self) -> Flow {
        match self {
            Self::Continue => Flow::Continue,
            Self::Respond(response) => Flow::End(Box::new(ResponseState::from_response(*response))),
            Self::Wait(work) => Flow::Wait(work.0),
        }
    }
}

impl fmt::Debug for CustomFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Continue => "Continue",
            Self::Respond(_) => "Respond",
            Self::Wait(_) => "Wait",
        })
    }
}

/// An element of a [`CustomPolicy`] as it is compiled. Its texts may hold secrets.
pub struct CustomElement {
    section: Section,
    literals: Vec<(&'static str, Box<str>)>,
}

impl CustomElement {
    /// The section that the element stands in.
    pub fn section(&self) -> Section {
        self.section
    }

    /// The text of an attribute, named values put in; none when it is absent or an expression.
    pub fn literal(&self, attribute: &str) -> Option<&str> {
        self.literals.iter().find(|(name, _)| *name == attribute).map(|(_, text)| &**text)
    }

    /// The text between the tags; none when it is an expression.
    pub fn content(&self) -> Option<&str> {
        self.literal(CONTENT)
    }
}

impl fmt::Debug for CustomElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomElement").field("section", &self.section).finish_non_exhaustive()
    }
}

/// Why an element of a [`CustomPolicy`] is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CustomError {
    attribute: Option<Box<str>>,
    message: Box<str>,
}

impl CustomError {
    /// The element as a whole is wrong.
    pub fn new(message: impl Into<Box<str>>) -> Self {
        Self { attribute: None, message: message.into() }
    }

    /// An attribute is wrong: the message is placed there.
    pub fn at(attribute: &str, message: impl Into<Box<str>>) -> Self {
        Self { attribute: Some(attribute.into()), message: message.into() }
    }
}

/// The attributes of a [`CustomStatement`], worked out for one request. They may hold secrets.
pub struct CustomCall(Vec<(&'static str, Value)>);

impl CustomCall {
    /// The value of an attribute: a literal is a string, an expression keeps its .NET type.
    pub fn value(&self, attribute: &str) -> Option<&Value> {
        self.0.iter().find(|(name, _)| *name == attribute).map(|(_, value)| value)
    }

    /// The value of an attribute as text; none when it is absent or null.
    pub fn text(&self, attribute: &str) -> Option<String> {
        self.value(attribute).and_then(Value::to_text)
    }

    /// What stands between the tags, as text.
    pub fn content(&self) -> Option<String> {
        self.text(CONTENT)
    }
}

impl fmt::Debug for CustomCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomCall").finish_non_exhaustive()
    }
}

/// What the content is kept under: no attribute has an empty name.
const CONTENT: &str = "";

/// The registered policies by element name. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct CustomPolicies(Arc<BTreeMap<&'static str, Arc<dyn CustomPolicy>>>);

impl CustomPolicies {
    pub(crate) fn add(&mut self, policy: impl CustomPolicy) {
        Arc::make_mut(&mut self.0).insert(policy.spec().element, Arc::new(policy));
    }

    pub(crate) fn find(&self, element: &str) -> Option<&Arc<dyn CustomPolicy>> {
        self.0.get(element)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.keys().copied()
    }
}

impl fmt::Debug for CustomPolicies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// A statement of a user's own with the settings of its element.
pub(crate) struct Custom {
    statement: Arc<dyn CustomStatement>,
    settings: Vec<(&'static str, Setting<Value>)>,
    needs: Needs,
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Custom").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Compiles an element that was checked against `spec`.
pub(crate) fn compile(
    compiler: &mut Compiler<'_>,
    policy: &dyn CustomPolicy,
    spec: &Spec,
    element: &Element,
) -> Option<Node> {
    let mut settings: Vec<(&'static str, Setting<Value>)> = Vec::new();
    let mut is_whole = true;
    for attribute in spec.attributes {
        match compiler.setting(element, attribute) {
            Some(setting) => settings.push((attribute.name, setting)),
            None => is_whole &= element.attribute(attribute.name).is_none() && !attribute.required,
        }
    }
    match spec.content {
        Content::Nothing => {}
        Content::Text { expressions } => match compiler.text(element, expressions, "text") {
            Some(setting) => settings.push((CONTENT, setting)),
            None => is_whole = false,
        },
        _ => {
            let message =
                format!("`{}` declares content that a custom policy cannot have: expected text", spec.element);
            compiler.error(element.span.start, message);
            return None;
        }
    }
    if !is_whole {
        return None;
    }
    let literals = settings.iter().filter_map(|(name, setting)| match setting {
        Setting::Constant(value) => Some((*name, value.to_text()?.into())),
        Setting::Expression(_) => None,
    });
    let seen = CustomElement { section: compiler.section, literals: literals.collect() };
    match policy.compile(&seen) {
        Ok(statement) => {
            let mut needs = settings.iter().fold(Needs::REQUEST, |needs, (_, setting)| needs | setting.needs());
            if statement.reads_body() {
                needs |= match Message::of(compiler.section) {
                    Message::Request => Needs::REQUEST_BODY,
                    Message::Response => Needs::RESPONSE_BODY,
                };
            }
            Some(step(spec.element, Custom { statement, settings, needs }))
        }
        Err(error) => {
            let attribute = error.attribute.as_deref().and_then(|name| element.attribute(name));
            let at = attribute.map_or(element.span.start, |attribute| attribute.span.start);
            compiler.error(at, format!("`{}`: {}", spec.element, error.message));
            None
        }
    }
}

impl Statement for Custom {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let mut values = Vec::with_capacity(self.settings.len());
        for (name, setting) in &self.settings {
            values.push((*name, setting.get(exchange)?.into_owned()));
        }
        self.statement.run(&CustomCall(values), exchange).map(CustomFlow::into_flow)
    }

    fn needs(&self) -> Needs {
        self.needs
    }
}

/// What a custom statement sees and changes of a request on its way.
impl Exchange {
    /// The method of the request to the backend.
    pub fn method(&self) -> &Method {
        &self.request.method
    }

    /// The headers of the request as policies have changed it.
    pub fn request_headers(&self) -> &HeaderMap {
        &self.request.headers
    }

    /// Sets a header of the request to the backend, in place of its old values.
    pub fn set_request_header(&mut self, name: HeaderName, value: HeaderValue) {
        if name == header::HOST {
            self.host_changes();
        }
        self.request.headers.insert(name, value);
    }

    /// The request's body, if there is one and the statement [reads it](CustomStatement::reads_body).
    pub fn request_body(&self) -> Option<&Bytes> {
        bytes(&self.request.body)
    }

    /// The status of the response, once there is one.
    pub fn response_status(&self) -> Option<StatusCode> {
        self.response.as_ref().map(|response| response.status)
    }

    /// The headers of the response, once there is one.
    pub fn response_headers(&self) -> Option<&HeaderMap> {
        self.response.as_ref().map(|response| &response.headers)
    }

    /// Sets a header of the response in place of its old values, once there is a response.
    pub fn set_response_header(&mut self, name: HeaderName, value: HeaderValue) {
        if let Some(response) = &mut self.response {
            response.headers.insert(name, value);
        }
    }

    /// The response's body, if there is one and the statement [reads it](CustomStatement::reads_body).
    pub fn response_body(&self) -> Option<&Bytes> {
        self.response.as_ref().and_then(|response| bytes(&response.body))
    }

    /// A variable of `context.Variables`.
    pub fn variable(&self, name: &str) -> Option<&Value> {
        self.variables.get(name)
    }

    /// Sets a variable of `context.Variables`.
    pub fn set_variable(&mut self, name: &str, value: Value) {
        self.variables.set(name.into(), value);
    }
}

fn bytes(body: &MessageBody) -> Option<&Bytes> {
    match body {
        MessageBody::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}
