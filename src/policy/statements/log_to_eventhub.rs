//! `log-to-eventhub`: an event for an event hub, which nobody waits for.

use std::time::Duration;

use tokio::time::timeout;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::event_hub::{EventHub, Partition};
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Content, Scope, Spec};
use crate::xml::Element;

const LOGGER: Attribute = Attribute::required("logger-id", "the id of a logger");
const PARTITION_ID: Attribute = Attribute::optional("partition-id", "the id of a partition", "none");
const PARTITION_KEY: Attribute = Attribute::optional("partition-key", "text", "none").or_expression();

/// Longer events are cut.
const LONGEST: usize = 204_000;
const LIMIT: Duration = Duration::from_secs(60);

pub(crate) const SPEC: Spec = Spec::new(
    "log-to-eventhub",
    "Sends its content to an event hub as one event, and goes on at once; events longer than 204,000 bytes are cut.",
)
.scopes(&[Scope::Global, Scope::Product, Scope::Api, Scope::Operation])
.attributes(&[LOGGER, PARTITION_ID, PARTITION_KEY])
.content(Content::Text { expressions: true })
.state("requests that are under way, in `EngineSettings::deliveries`.")
.differences(&[
    "Each event is sent by itself, whatever `isBuffered` of the logger says.",
    "An event that cannot be made or sent is counted by `Deliveries::failed` and logged; the request goes on.",
]);

/// `log-to-eventhub`, compiled.
#[derive(Debug)]
pub(crate) struct LogToEventhub {
    hub: EventHub,
    partition: To,
    event: Setting<String>,
}

#[derive(Debug)]
enum To {
    Fixed(Partition),
    Key(Setting<String>),
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let hub = hub(compiler, element);
    let has = |attribute: &Attribute| element.attribute(attribute.name).is_some();
    if has(&PARTITION_ID) && has(&PARTITION_KEY) {
        let message = "`log-to-eventhub` has both `partition-id` and `partition-key`: expected at most one";
        compiler.error(element.span.start, message.to_owned());
    }
    let partition = if has(&PARTITION_KEY) {
        To::Key(compiler.setting(element, &PARTITION_KEY)?)
    } else if has(&PARTITION_ID) {
        To::Fixed(Partition::Id(compiler.constant(element, &PARTITION_ID)?))
    } else {
        To::Fixed(Partition::Any)
    };
    let event = compiler.text(element, true, "text");
    Some(step("log-to-eventhub", LogToEventhub { hub: hub?, partition, event: event? }))
}

fn hub(compiler: &mut Compiler<'_>, element: &Element) -> Option<EventHub> {
    let id: String = compiler.constant(element, &LOGGER)?;
    let at = element.attribute(LOGGER.name).map_or(element.span.start, |attribute| attribute.span.start);
    match compiler.environment.loggers.get(&id.to_ascii_lowercase()) {
        Some(Ok(hub)) => return Some(hub.clone()),
        Some(Err(problem)) => compiler.error(at, format!("logger `{id}`: {problem}")),
        None if compiler.environment.takes_as_given() => {
            compiler.note(at, format!("logger `{id}` is taken as given"));
        }
        None => compiler.error(at, format!("logger `{id}` is not defined")),
    }
    None
}

/// Cuts a text to the longest event, between two characters.
fn cut(text: &mut String) {
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
    }
}

impl Statement for LogToEventhub {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let partition = match &self.partition {
            To::Fixed(partition) => partition.clone(),
            To::Key(key) => Partition::Key(key.get(exchange)?.into_owned()),
        };
        let mut event = self.event.get(exchange)?.into_owned();
        cut(&mut event);
        let prepared = self.hub.event(exchange, &partition, event.into());
        // Whatever is wrong with the event, the request goes on.
        exchange.settings.deliveries.spawn(SPEC.element, exchange.redaction.clone(), async move {
            match timeout(LIMIT, prepared?.send()).await {
                Ok(Ok(sent)) if sent.response.status().is_success() => Ok(()),
                Ok(Ok(sent)) => {
                    let message = format!("The event hub answered with status {}.", sent.response.status().as_u16());
                    Err(Failure::internal("EventHubSendFailure", message))
                }
                Ok(Err(failure)) => Err(failure),
                Err(_) => Err(Failure::internal("Timeout", "The event hub did not answer in time.")),
            }
        });
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        let partition = match &self.partition {
            To::Fixed(_) => Needs::NONE,
            To::Key(key) => key.needs(),
        };
        Needs::OUTBOUND | partition | self.event.needs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_events_are_cut_between_characters() {
        for (text, length) in
            [("a".repeat(LONGEST), LONGEST), ("é".repeat(LONGEST), LONGEST), ("€".repeat(LONGEST), LONGEST)]
        {
            let mut text = format!("{text}tail");
            cut(&mut text);
            assert_eq!(text.len(), length);
        }
        let mut odd = format!("a{}", "é".repeat(LONGEST));
        cut(&mut odd);
        assert_eq!(odd.len(), LONGEST - 1);
    }
}
