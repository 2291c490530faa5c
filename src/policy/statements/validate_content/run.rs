//! What `validate-content` does with a message.

#[cfg(feature = "libxml")]
use std::borrow::Cow;
use std::sync::Arc;

use http::{HeaderMap, header};

use super::super::super::error::Failure;
use super::super::super::exchange::{Exchange, Message};
use super::super::super::list::{Flow, Resume};
#[cfg(feature = "libxml")]
use super::super::super::media;
use super::super::super::media::MediaType;
use super::super::super::messages::MessageBody;
use super::super::super::packed::{Packing, Unpacked};
use super::super::super::peek::{Peeked, peek};
use super::super::super::pipeline::Needs;
use super::super::super::setting::Setting;
use super::super::super::validation::{Action, BodyContract, ErrorKind, Lack, Report, SchemaContract};
use super::{ContentRule, Engine, Rules, json};
use crate::body::{Body, CollectError};

/// What is said when the schema of the API is not known.
const UNRESOLVED: &str = "API's schema does not exist or it could not be resolved.";

/// What a body is validated as.
struct Wanted {
    /// What messages call the content.
    media_type: String,
    schema: Option<Arc<SchemaContract>>,
    rule: usize,
    action: Action,
}

/// How long a body is.
enum Size {
    /// So long, or longer.
    Known(u64),
    /// Nobody has said, or it is packed.
    Streaming,
}

/// By how much more bytes that cannot be packed may grow when they are.
const PACKING: u64 = 1 << 10;

impl Rules {
    fn kind(&self) -> ErrorKind {
        match self.message {
            Message::Request => ErrorKind::RequestBody,
            Message::Response => ErrorKind::ResponseBody,
        }
    }

    fn word(&self) -> &'static str {
        match self.message {
            Message::Request => "request",
            Message::Response => "response",
        }
    }

    pub(super) fn run(self: &Arc<Self>, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let limit = *self.max_size.get(exchange)?;
        let limit = u64::try_from(limit).ok().filter(|_| limit <= super::LARGEST);
        let limit = limit.ok_or_else(|| {
            Failure::expression(format_args!("The value of max-size is not between 0 and {}.", super::LARGEST))
        })?;
        let mut report = Report::new(super::SPEC.element, self.section, self.variable.clone());
        let Some((body, headers)) = exchange.message(self.message) else { return Ok(Flow::Continue) };
        let size = match (&*body, length(headers)) {
            (MessageBody::Bytes(bytes), _) => Size::Known(bytes.len() as u64),
            (MessageBody::Stream(_), Some(length)) => Size::Known(length),
            (MessageBody::Stream(_), None) => Size::Streaming,
            _ => Size::Known(0),
        };
        // What counts of a packed body is what is in it.
        let is_packed = matches!(Packing::of(headers), Some(Packing::Known(_)));
        let most = limit + if is_packed { PACKING } else { 0 };
        if let Size::Known(size) = size
            && size > most
        {
            self.too_large(&mut report, size, limit, exchange)?;
            return report.finish(exchange);
        }
        let wanted = self.wanted(&mut report, exchange)?;
        let Some((body, _)) = exchange.message(self.message) else { return Ok(Flow::Continue) };
        match body {
            MessageBody::Stream(_) if wanted.is_some() || is_packed || matches!(size, Size::Streaming) => {
                Ok(self.read(body.take(), (limit, most), report, wanted))
            }
            MessageBody::Bytes(bytes) => {
                let bytes = (**bytes).clone();
                self.open(report, wanted, &bytes, limit, exchange)
            }
            _ => self.validate(report, wanted, b"", exchange),
        }
    }

    /// Reads the body, as far as it may be long; it stays whole.
    fn read(
        self: &Arc<Self>,
        body: Body,
        (limit, most): (u64, u64),
        mut report: Report,
        wanted: Option<Wanted>,
    ) -> Flow {
        let rules = Arc::clone(self);
        Flow::Wait(Box::pin(async move {
            let read = peek(body, usize::try_from(most).unwrap_or(usize::MAX)).await;
            let resume: Resume = Box::new(move |exchange| {
                let of_request = rules.message == Message::Request;
                let (body, is_whole) = match read {
                    Ok(Peeked::Whole(body)) => (body, true),
                    Ok(Peeked::Longer(body)) => (body, false),
                    Err(error) => {
                        exchange.put_body(Err(CollectError::Read(error)), of_request)?;
                        return Ok(Flow::Continue);
                    }
                };
                let bytes = body.as_bytes().cloned().unwrap_or_default();
                exchange.put_body(Ok(body), of_request)?;
                if is_whole {
                    return rules.open(report, wanted, &bytes, limit, exchange);
                }
                rules.too_large(&mut report, limit.saturating_add(1), limit, exchange)?;
                report.finish(exchange)
            });
            resume
        }))
    }

    /// Checks a body that is whole, for what is in it when it is packed.
    fn open(
        self: &Arc<Self>,
        mut report: Report,
        wanted: Option<Wanted>,
        bytes: &[u8],
        limit: u64,
        exchange: &mut Exchange,
    ) -> Result<Flow, Box<Failure>> {
        let packing = exchange.message(self.message).and_then(|(_, headers)| Packing::of(headers));
        let problem = match packing {
            None => return self.validate(report, wanted, bytes, exchange),
            Some(Packing::Unknown(packing)) => Err(format!("The content encoding {packing} is not supported.")),
            Some(Packing::Known(codec)) => match codec.unpack(bytes, usize::try_from(limit).unwrap_or(usize::MAX)) {
                Ok(Unpacked::Whole(bytes)) => return self.validate(report, wanted, &bytes, exchange),
                Ok(Unpacked::Longer) => {
                    self.too_large(&mut report, limit.saturating_add(1), limit, exchange)?;
                    return report.finish(exchange);
                }
                Err(error) => Ok(vec![(format!("The body cannot be unpacked: {error}."), 1, 1)]),
            },
        };
        if let Some(wanted) = wanted {
            self.tell(&mut report, &wanted, problem);
        }
        report.finish(exchange)
    }

    fn too_large(
        &self,
        report: &mut Report,
        size: u64,
        limit: u64,
        exchange: &mut Exchange,
    ) -> Result<(), Box<Failure>> {
        let action = *self.size_action.get(exchange)?;
        let message = if self.message == Message::Request { "Request" } else { "Response" };
        let start = format!("{message}'s body is {size} bytes long and it exceeds the");
        let (details, public) =
            (format!("{start} configured limit of {limit} bytes."), format!("{start} limit of {limit} bytes."));
        report.add_as(action, (self.kind(), "", "SizeLimit"), details, public);
        Ok(())
    }

    /// What the body is to be validated as; none when it is not.
    fn wanted(&self, report: &mut Report, exchange: &mut Exchange) -> Result<Option<Wanted>, Box<Failure>> {
        let Some((body, headers)) = exchange.message(self.message) else { return Ok(None) };
        let is_absent = matches!(body, MessageBody::None);
        let incoming = MediaType::of(headers).map(|media| media.essence().to_owned());
        let mapped = self.mapped(incoming.as_deref(), exchange)?;
        let media_type = match (mapped.or_else(|| self.any.clone()), incoming) {
            (Some(media_type), _) | (None, Some(media_type)) => Some(media_type),
            (None, None) => self.missing.clone(),
        };
        let Some(media_type) = media_type else {
            if !is_absent {
                self.unspecified(report, "", exchange)?;
            }
            return Ok(None);
        };
        let is_of = |rule: &ContentRule| rule.media_type.as_deref().is_none_or(|known| is_same(known, &media_type));
        let Some((index, rule)) = self.contents.iter().enumerate().find(|(_, rule)| is_of(rule)) else {
            self.unspecified(report, &media_type, exchange)?;
            return Ok(None);
        };
        let action = *rule.action.get(exchange)?;
        if action == Action::Ignore {
            return Ok(None);
        }
        let schema = match &rule.schema {
            Some(schema) => Some(Arc::clone(schema)),
            None => match self.declared(exchange) {
                None => {
                    report.add_no_schema(action, UNRESOLVED);
                    return Ok(None);
                }
                Some(bodies) => match bodies.iter().find(|(known, _)| is_same(known, &media_type)) {
                    Some((_, schema)) => schema.clone(),
                    None => {
                        self.unspecified(report, &media_type, exchange)?;
                        return Ok(None);
                    }
                },
            },
        };
        if let Some((schema, lack)) = schema.as_ref().and_then(|schema| Some((schema, schema.lack()?))) {
            match lack {
                Lack::Document => report.add_no_schema(action, UNRESOLVED),
                Lack::Definitions => report.add_no_schema(action, "API's schema does not specify definitions."),
                Lack::Definition => {
                    let details = format!(
                        "API's schema does not contain definition {}, which is associated with the content type {media_type}.",
                        schema.name()
                    );
                    report.add_internal(action, (self.kind(), &media_type, "MissingDefinition"), details);
                }
            }
            return Ok(None);
        }
        Ok(Some(Wanted { media_type, schema, rule: index, action }))
    }

    fn mapped(&self, incoming: Option<&str>, exchange: &mut Exchange) -> Result<Option<String>, Box<Failure>> {
        for mapping in &self.mappings {
            let holds = match (&mapping.from, &mapping.when) {
                (Some(from), _) => incoming.is_some_and(|incoming| is_same(from, incoming)),
                (None, Some(when)) => *when.get(exchange)?,
                (None, None) => false,
            };
            if holds {
                return Ok(Some(mapping.to.clone()));
            }
        }
        Ok(None)
    }

    fn unspecified(&self, report: &mut Report, media_type: &str, exchange: &mut Exchange) -> Result<(), Box<Failure>> {
        let action = *self.unspecified.get(exchange)?;
        let details = format!("Unspecified content type {media_type} is not allowed.");
        report.add(action, self.kind(), media_type, "Unspecified", details);
        Ok(())
    }

    /// The bodies that the operation declares, with their schemas; none when it is not known.
    fn declared(&self, exchange: &Exchange) -> Option<Vec<(Arc<str>, Option<Arc<SchemaContract>>)>> {
        let contract = exchange.facts.operation.as_ref()?.contract.as_ref()?;
        let bodies: &[BodyContract] = match (self.message, &exchange.response) {
            (Message::Request, _) => &contract.request,
            (Message::Response, Some(response)) => {
                contract.response(response.status.as_u16()).map_or(&[], |response| &response.bodies)
            }
            (Message::Response, None) => &[],
        };
        Some(bodies.iter().map(|body| (body.content_type.clone(), body.schema.clone())).collect())
    }

    /// Checks the bytes of a body.
    fn validate(
        self: &Arc<Self>,
        mut report: Report,
        wanted: Option<Wanted>,
        bytes: &[u8],
        exchange: &mut Exchange,
    ) -> Result<Flow, Box<Failure>> {
        let Some(wanted) = wanted else { return report.finish(exchange) };
        let Some(rule) = self.contents.get(wanted.rule) else { return report.finish(exchange) };
        let Some((_, headers)) = exchange.message(self.message) else { return report.finish(exchange) };
        let outcome = match rule.engine {
            Engine::Json => json::check(bytes, headers, wanted.schema.as_deref(), rule.variant),
            #[cfg(feature = "libxml")]
            engine => match media::xml_text(bytes, headers).map(Cow::into_owned) {
                Some(text) => return Ok(self.validate_xml(report, wanted, text, engine == Engine::Soap, exchange)),
                None => Err(media::NOT_ITS_ENCODING.to_owned()),
            },
            #[cfg(not(feature = "libxml"))]
            Engine::Xml | Engine::Soap => Err("XML is not checked in this build.".to_owned()),
        };
        self.tell(&mut report, &wanted, outcome);
        report.finish(exchange)
    }

    /// Checks XML on a thread for blocking work.
    #[cfg(feature = "libxml")]
    fn validate_xml(
        self: &Arc<Self>,
        mut report: Report,
        wanted: Wanted,
        text: String,
        is_soap: bool,
        exchange: &Exchange,
    ) -> Flow {
        let (nodes, time, slots) =
            (exchange.settings.node_limit(), exchange.settings.xsl_time_limit, exchange.settings.xsl_slots.clone());
        let xsd = wanted.schema.as_ref().map(|schema| schema.xsd().cloned());
        let work = async move {
            let slot = slots.acquire_owned().await.map_err(|error| error.to_string())?;
            let runtime = tokio::runtime::Handle::try_current().map_err(|error| error.to_string())?;
            let check = move || {
                let _slot = slot;
                match xsd {
                    Some(None) => Err("the schema is one of JSON".to_owned()),
                    Some(Some(xsd)) => super::xml::check(Some(&xsd), &text, is_soap, nodes),
                    None => super::xml::check(None, &text, is_soap, nodes),
                }
            };
            runtime.spawn_blocking(check).await.map_err(|error| error.to_string())?
        };
        let rules = Arc::clone(self);
        Flow::Wait(Box::pin(async move {
            let outcome = tokio::time::timeout(time, work).await;
            let outcome = outcome.unwrap_or_else(|_| Err(format!("It took more than {} s.", time.as_secs_f64())));
            let resume: Resume = Box::new(move |exchange| {
                rules.tell(&mut report, &wanted, outcome);
                report.finish(exchange)
            });
            resume
        }))
    }

    /// Adds what does not conform, or why nothing could be checked.
    fn tell(&self, report: &mut Report, wanted: &Wanted, outcome: Result<Vec<(String, usize, usize)>, String>) {
        let Wanted { media_type, schema, action, .. } = wanted;
        let (word, definition) = (self.word(), schema.as_ref().map_or("", |schema| schema.name()));
        match outcome {
            Ok(breaches) => {
                for (message, line, position) in breaches {
                    let details = format!(
                        "Body of the {word} does not conform to the definition {definition}, which is associated with the \
                         content type {media_type}.\n\n{message} Line: {line}, Position: {position}"
                    );
                    report.add(*action, self.kind(), media_type, "IncorrectMessage", details);
                }
            }
            Err(exception) => {
                let details =
                    format!("Body of the {word} cannot be validated for the content type {media_type}.\n\n{exception}");
                report.add_internal(*action, (self.kind(), "", "ValidationException"), details);
            }
        }
    }

    pub(super) fn needs(&self) -> Needs {
        let root = self.unspecified.needs() | self.max_size.needs() | self.size_action.needs();
        let needs = self.contents.iter().fold(root, |needs, rule| needs | rule.action.needs());
        let when = self.mappings.iter().filter_map(|mapping| mapping.when.as_ref()).map(Setting::needs);
        when.fold(needs | Needs::CONTRACT, |needs, when| needs | when)
    }
}

/// Whether two media types are the same, parameters aside.
fn is_same(a: &str, b: &str) -> bool {
    MediaType::parse(a).is_same(MediaType::parse(b))
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}
