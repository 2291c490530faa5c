//! `send-service-bus-message`: a message for a queue or topic of Azure Service Bus.

use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request};
use percent_encoding::utf8_percent_encode;
use serde_json::{Map, Value as Json, json};
use tokio::time::timeout;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Resume, Statement};
use super::super::own_request::{Prepared, Wanted};
use super::super::pipeline::Needs;
use super::super::query::UNRESERVED;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Child, Content, Scope, Section, Spec};
use crate::body::Body;
use crate::expr::Value;
use crate::expr::dotnet::{Guid, TimeSpan};
use crate::identity::TokenRequest;
use crate::outbound::OutboundOptions;
use crate::xml::Element;

const QUEUE: Attribute = Attribute::optional("queue-name", "the name of a queue", "none").or_expression();
const TOPIC: Attribute = Attribute::optional("topic-name", "the name of a topic", "none").or_expression();
const NAMESPACE: Attribute =
    Attribute::optional("namespace", "a host such as `contoso.servicebus.windows.net`", "that of the host's settings")
        .or_expression();
const CLIENT: Attribute =
    Attribute::optional("client-id", "the client id of a user-assigned identity", "the system-assigned identity")
        .or_expression();
const MESSAGE_ID: Attribute = Attribute::optional("message-id", "a GUID", "a new one").or_expression();
const SESSION_ID: Attribute = Attribute::optional("session-id", "a GUID", "none").or_expression();
const TIME_TO_LIVE: Attribute =
    Attribute::optional("time-to-live", "a time span such as `00:05:00`", "that of the queue or topic").or_expression();
const VARIABLE: Attribute =
    Attribute::optional("response-variable-name", "the name of a variable", "none").or_expression();
const IGNORE: Attribute = Attribute::optional("ignore-error", "`true` or `false`", "false").or_expression();
const NAME: Attribute = Attribute::required("name", "a name");
const PROPERTY: Child = Child::new("message-property", "0..n", Content::Text { expressions: true }).attributes(&[NAME]);
const PROPERTIES: Child = Child::new("message-properties", "0..1", Content::Elements(&[PROPERTY]));
const PAYLOAD: Child = Child::new("payload", "1", Content::Text { expressions: true });

const RESOURCE: &str = "https://servicebus.azure.net";
const LIMIT: Duration = Duration::from_secs(60);

pub(crate) const SPEC: Spec = Spec::new(
    "send-service-bus-message",
    "Sends a message to a queue or topic of Azure Service Bus as the gateway's managed identity, and waits until it is \
     taken.",
)
.sections(&[Section::Inbound, Section::Outbound, Section::OnError])
.scopes(&[Scope::Global, Scope::Product, Scope::Api, Scope::Operation])
.attributes(&[QUEUE, TOPIC, NAMESPACE, CLIENT, MESSAGE_ID, SESSION_ID, TIME_TO_LIVE, VARIABLE, IGNORE])
.content(Content::Elements(&[PROPERTIES, PAYLOAD]))
.differences(&[
    "Without `namespace` it is that of `EngineSettings::service_bus_namespace`.",
    "It is sent over HTTPS, as a batch of one.",
]);

/// `send-service-bus-message`, compiled.
#[derive(Debug)]
pub(crate) struct SendServiceBusMessage {
    entity: Setting<String>,
    namespace: Option<Setting<String>>,
    client: Option<Setting<String>>,
    message_id: Option<Setting<String>>,
    session_id: Option<Setting<String>>,
    time_to_live: Option<Setting<String>>,
    variable: Option<Setting<String>>,
    ignores_errors: Setting<bool>,
    properties: Vec<(String, Setting<String>)>,
    payload: Setting<String>,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let has = |attribute: &Attribute| element.attribute(attribute.name).is_some();
    let entity = match (has(&QUEUE), has(&TOPIC)) {
        (true, false) => compiler.setting(element, &QUEUE),
        (false, true) => compiler.setting(element, &TOPIC),
        (both, _) => {
            let found = if both { "both" } else { "neither" };
            let message = format!(
                "`send-service-bus-message` has {found} of `queue-name` and `topic-name`: expected exactly one"
            );
            compiler.error(element.span.start, message);
            None
        }
    };
    let mut is_whole = true;
    let mut optional = |attribute: &Attribute| -> Option<Setting<String>> {
        let setting = compiler.setting(element, attribute);
        is_whole &= setting.is_some() || !has(attribute);
        setting
    };
    let (namespace, client) = (optional(&NAMESPACE), optional(&CLIENT));
    let (message_id, session_id) = (optional(&MESSAGE_ID), optional(&SESSION_ID));
    let (time_to_live, variable) = (optional(&TIME_TO_LIVE), optional(&VARIABLE));
    for (attribute, setting) in [(&MESSAGE_ID, &message_id), (&SESSION_ID, &session_id), (&TIME_TO_LIVE, &time_to_live)]
    {
        let Some(Setting::Constant(text)) = setting else { continue };
        let is_right = if attribute.name == TIME_TO_LIVE.name { life(text).is_some() } else { guid(text).is_some() };
        if !is_right {
            let name = attribute.name;
            let message = format!("`{name}` of `send-service-bus-message` is `{text}`: expected {}", attribute.kind);
            compiler.error(element.span.start, message);
        }
    }
    let ignores_errors = match has(&IGNORE) {
        true => compiler.setting(element, &IGNORE),
        false => Some(Setting::Constant(false)),
    };
    let (mut properties, mut payload) = (Vec::new(), None);
    for child in element.elements() {
        match &*child.name {
            "message-properties" => {
                compiler.check_child(&PROPERTIES, child);
                for property in child.elements().filter(|property| &*property.name == PROPERTY.element) {
                    let read = self::property(compiler, property);
                    is_whole &= read.is_some();
                    properties.extend(read);
                }
            }
            "payload" => {
                compiler.check_child(&PAYLOAD, child);
                payload = compiler.text(child, true, "text");
                is_whole &= payload.is_some();
            }
            _ => {}
        }
    }
    if payload.is_none() && is_whole {
        let message = "`send-service-bus-message` has no `payload`: it needs one";
        compiler.error(element.span.start, message.to_owned());
    }
    let (ignores_errors, payload) = (ignores_errors?, payload?);
    let message = SendServiceBusMessage {
        entity: entity?,
        namespace,
        client,
        message_id,
        session_id,
        time_to_live,
        variable,
        ignores_errors,
        properties,
        payload,
    };
    is_whole.then(|| step("send-service-bus-message", message))
}

fn property(compiler: &mut Compiler<'_>, element: &Element) -> Option<(String, Setting<String>)> {
    compiler.check_child(&PROPERTY, element);
    let name = compiler.constant::<String>(element, &NAME)?;
    if name.is_empty() {
        let message = format!("`name` of `message-property` is empty: expected {}", NAME.kind);
        compiler.error(element.span.start, message);
        return None;
    }
    Some((name, compiler.text(element, true, "text")?))
}

fn guid(text: &str) -> Option<String> {
    Guid::parse(text).ok()?.format("D").ok()
}

/// A time span as .NET writes it.
fn life(text: &str) -> Option<String> {
    let span = TimeSpan::parse(text.trim()).ok().filter(|span| span.ticks() > 0)?;
    span.format("c").ok()
}

/// The configuration is wrong, or the message did not get there.
fn failed(message: impl Into<std::borrow::Cow<'static, str>>) -> Box<Failure> {
    Failure::internal("ServiceBusSendFailure", message)
}

/// What a variable holds of a message that was taken.
struct Receipt {
    message_id: String,
    session_id: Option<String>,
    time_to_live: Option<String>,
}

impl Receipt {
    fn json(&self) -> Json {
        json!({ "MessageId": self.message_id, "SessionId": self.session_id, "TimeToLive": self.time_to_live })
    }

    /// The same for Service Bus.
    fn broker_properties(&self) -> Map<String, Json> {
        let optional = [("SessionId", &self.session_id), ("TimeToLiveTimeSpan", &self.time_to_live)];
        let given = optional.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let all = std::iter::once(("MessageId", &self.message_id)).chain(given);
        all.map(|(name, value)| (name.to_owned(), json!(value))).collect()
    }
}

impl SendServiceBusMessage {
    /// The value of an optional attribute; none when it is empty.
    fn text(setting: Option<&Setting<String>>, exchange: &mut Exchange) -> Result<Option<String>, Box<Failure>> {
        let Some(setting) = setting else { return Ok(None) };
        let text = setting.get(exchange)?;
        Ok(Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned))
    }

    fn prepare(&self, exchange: &mut Exchange) -> Result<(Prepared, Receipt), Box<Failure>> {
        let entity = self.entity.get(exchange)?.trim().to_owned();
        if entity.is_empty() {
            return Err(failed("The queue or topic has no name."));
        }
        let namespace = Self::text(self.namespace.as_ref(), exchange)?;
        let namespace = namespace.or_else(|| exchange.settings.service_bus_namespace.as_deref().map(str::to_owned));
        let namespace = namespace.ok_or_else(|| failed("There is no Service Bus namespace."))?;
        let path: Vec<_> = entity.split('/').map(|part| utf8_percent_encode(part, UNRESERVED).to_string()).collect();
        let url = format!("https://{namespace}/{}/messages?timeout=60", path.join("/"));
        let payload = self.payload.get(exchange)?.into_owned();
        let receipt = self.receipt(exchange)?;
        let mut properties = Map::new();
        for (name, value) in &self.properties {
            properties.insert(name.clone(), json!(*value.get(exchange)?));
        }
        // A batch of one: in headers, names of properties would lose their case, and could be those of other headers.
        let message =
            json!({ "Body": payload, "BrokerProperties": receipt.broker_properties(), "UserProperties": properties });
        let request = Request::post(url).body(Body::from(json!([message]).to_string()));
        let mut request = request.map_err(|_| failed(format!("'{namespace}' is not a Service Bus namespace.")))?;
        request
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/vnd.microsoft.servicebus.json"));
        let mut token = TokenRequest::new(RESOURCE);
        if let Some(client) = Self::text(self.client.as_ref(), exchange)? {
            token = token.client_id(client);
        }
        if exchange.settings.tokens.is_none() {
            return Err(failed("The gateway has no identity."));
        }
        let wanted = Wanted { token, variable: None, ignores_errors: false };
        let uri = request.uri().clone();
        let prepared = Prepared::new(exchange, Ok(uri), request, OutboundOptions::default(), Some(wanted))?;
        Ok((prepared, receipt))
    }

    fn receipt(&self, exchange: &mut Exchange) -> Result<Receipt, Box<Failure>> {
        let as_guid = |text: String| guid(&text).ok_or_else(|| failed(format!("'{text}' is not a GUID.")));
        let message_id = match Self::text(self.message_id.as_ref(), exchange)? {
            Some(text) => as_guid(text)?,
            None => new_id(exchange),
        };
        let session_id = Self::text(self.session_id.as_ref(), exchange)?.map(as_guid).transpose()?;
        let time_to_live = match Self::text(self.time_to_live.as_ref(), exchange)? {
            Some(text) => Some(life(&text).ok_or_else(|| failed(format!("'{text}' is not a time span.")))?),
            None => None,
        };
        Ok(Receipt { message_id, session_id, time_to_live })
    }
}

fn new_id(exchange: &Exchange) -> String {
    let mut bytes = [0; 16];
    // A failing random source gives the nil id: a message is not refused for want of a name.
    exchange.settings.random.fill(&mut bytes);
    Guid::from_random(bytes).format("D").unwrap_or_default()
}

async fn send(prepared: Prepared) -> Result<(), Box<Failure>> {
    let sent = match timeout(LIMIT, prepared.send()).await {
        Ok(sent) => sent.map_err(|failure| failed(failure.message))?,
        Err(_) => return Err(failed("Service Bus did not answer in time.")),
    };
    let status = sent.response.status();
    if status.is_success() {
        return Ok(());
    }
    Err(failed(format!("Service Bus answered with status {}.", status.as_u16())))
}

impl Statement for SendServiceBusMessage {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let variable: Option<Arc<str>> = Self::text(self.variable.as_ref(), exchange)?.map(Into::into);
        let ignores_errors = *self.ignores_errors.get(exchange)?;
        let (prepared, receipt) = self.prepare(exchange)?;
        Ok(Flow::Wait(Box::pin(async move {
            let sent = send(prepared).await;
            let resume: Resume = Box::new(move |exchange| {
                let outcome = match sent {
                    Ok(()) => receipt.json(),
                    Err(failure) if ignores_errors => {
                        let failure = failure.redacted(&exchange.redaction);
                        json!({ "Error": { "Reason": failure.reason, "Message": failure.message } })
                    }
                    Err(failure) => return Err(failure),
                };
                if let (Some(variable), Some(value)) = (variable, Value::json(&outcome.to_string())) {
                    exchange.variables.set(variable, value);
                }
                Ok(Flow::Continue)
            });
            resume
        })))
    }

    fn needs(&self) -> Needs {
        let texts =
            [&self.namespace, &self.client, &self.message_id, &self.session_id, &self.time_to_live, &self.variable];
        let needs = Needs::OUTBOUND | self.entity.needs() | self.payload.needs() | self.ignores_errors.needs();
        let needs = texts.into_iter().flatten().fold(needs, |needs, text| needs | text.needs());
        self.properties.iter().fold(needs, |needs, (_, value)| needs | value.needs())
    }
}
