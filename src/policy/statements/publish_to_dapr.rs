//! `publish-to-dapr`: a message for a topic, through the Dapr sidecar.

use super::super::compile::{Compiler, step};
use super::super::dapr::{CALL, Call, segment};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Content, Scope, Section, Spec};
use super::set_body::BodyContent;
use crate::xml::Element;

const PUBSUB: Attribute = Attribute::optional("pubsub-name", "the name of a component", "none").or_expression();
const TOPIC: Attribute =
    Attribute::required("topic", "a topic, or `component/topic` without `pubsub-name`").or_expression();

pub(crate) const SPEC: Spec = Spec::new(
    "publish-to-dapr",
    "Publishes its content to a topic through the Dapr sidecar, and waits for the sidecar's answer.",
)
.sections(&[Section::Inbound, Section::Outbound, Section::OnError])
.scopes(&[Scope::Global, Scope::Product, Scope::Api, Scope::Operation])
.attributes(&[PUBSUB, TOPIC, CALL[0], CALL[1], CALL[2], CALL[3], CALL[4]])
.content(Content::Verbatim).differences(&["The sidecar is at `http://localhost:3500`, at the port in `DAPR_HTTP_PORT`, or where `EngineSettings::dapr` says; a status of 400 or more is a failure."]);

/// `publish-to-dapr`, compiled.
#[derive(Debug)]
pub(crate) struct PublishToDapr {
    pubsub: Option<Setting<String>>,
    topic: Setting<String>,
    call: Call,
    message: BodyContent,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let (call, is_liquid) = Call::compile(compiler, element);
    let pubsub = match element.attribute(PUBSUB.name) {
        Some(_) => Some(compiler.setting(element, &PUBSUB)?),
        None => None,
    };
    let topic: Option<Setting<String>> = compiler.setting(element, &TOPIC);
    if let (None, Some(Setting::Constant(topic))) = (&pubsub, &topic)
        && topic.split_once('/').is_none_or(|(pubsub, topic)| pubsub.is_empty() || topic.is_empty())
    {
        let message = format!("`topic` of `publish-to-dapr` is `{topic}`: expected {}", TOPIC.kind);
        compiler.error(element.span.start, message);
    }
    let message = BodyContent::compile(compiler, element, is_liquid);
    Some(step("publish-to-dapr", PublishToDapr { pubsub, topic: topic?, call: call?, message: message? }))
}

impl PublishToDapr {
    /// `/v1.0/publish/{component}/{topic}`.
    fn path(&self, exchange: &mut Exchange) -> Result<String, Box<Failure>> {
        let topic = self.topic.get(exchange)?.into_owned();
        let (pubsub, topic) = match &self.pubsub {
            Some(pubsub) => (pubsub.get(exchange)?.into_owned(), topic.as_str()),
            None => match topic.split_once('/') {
                Some((pubsub, topic)) => (pubsub.to_owned(), topic),
                None => {
                    let message = format!("The topic '{topic}' names no component: expected 'component/topic'.");
                    return Err(Failure::internal("DaprRequestFailure", message));
                }
            },
        };
        Ok(format!("/v1.0/publish/{}/{}", segment(pubsub.trim()), segment(topic.trim())))
    }
}

impl Statement for PublishToDapr {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let path = self.path(exchange)?;
        let message = self.message.bytes(exchange)?;
        self.call.post(exchange, &path, message.into())
    }

    fn needs(&self) -> Needs {
        let pubsub = self.pubsub.as_ref().map_or(Needs::NONE, Setting::needs);
        pubsub | self.topic.needs() | self.call.needs() | self.message.needs()
    }
}
