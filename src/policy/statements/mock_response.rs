//! `mock-response`: answers with a sample of the operation's description.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::facts::{OperationFacts, RepresentationFacts};
use super::super::list::{Flow, Statement};
use super::super::media::MediaType;
use super::super::messages::{MessageBody, ResponseState};
use super::super::pipeline::Needs;
use super::super::spec::{Attribute, Section, Spec};
use crate::xml::Element;

const STATUS: Attribute = Attribute::optional("status-code", "a status code from 200 to 999", "200");
const CONTENT_TYPE: Attribute = Attribute::optional("content-type", "a media type", "that of the first representation");
const INDEX: Attribute = Attribute::optional("index", "a whole number, 0 or more", "0");
const ENABLED: Attribute = Attribute::optional("enabled", "`true` or `false`", "true");

pub(crate) const SPEC: Spec =
    Spec::new("mock-response", "Answers at once with an example of the operation, or a sample made from its schema.")
        .sections(&[Section::Inbound, Section::Outbound, Section::OnError])
        .attributes(&[STATUS, CONTENT_TYPE, INDEX, ENABLED]);

/// `mock-response`, compiled.
#[derive(Debug)]
pub(crate) struct MockResponse {
    status: StatusCode,
    content_type: Option<String>,
    index: usize,
    is_enabled: bool,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let code = compiler.constant::<i64>(element, &STATUS).unwrap_or(200);
    let status = u16::try_from(code).ok().filter(|code| *code >= 200);
    let status = status.and_then(|code| StatusCode::from_u16(code).ok());
    if status.is_none() {
        let message = format!("`status-code` of `mock-response` is `{code}`: expected {}", STATUS.kind);
        compiler.error(element.span.start, message);
    }
    let index = compiler.constant::<i64>(element, &INDEX).unwrap_or(0);
    if index < 0 {
        let message = format!("`index` of `mock-response` is `{index}`: expected {}", INDEX.kind);
        compiler.error(element.span.start, message);
    }
    let content_type = compiler.constant::<String>(element, &CONTENT_TYPE).filter(|text| !text.trim().is_empty());
    let is_enabled = compiler.constant(element, &ENABLED).unwrap_or(true);
    let index = usize::try_from(index).unwrap_or_default();
    Some(step("mock-response", MockResponse { status: status?, content_type, index, is_enabled }))
}

impl MockResponse {
    fn representation<'o>(&self, operation: &'o OperationFacts) -> Option<&'o RepresentationFacts> {
        let response = operation.responses.iter().find(|response| response.status == self.status.as_u16())?;
        let Some(wanted) = &self.content_type else { return response.representations.first() };
        let mut all = response.representations.iter();
        let exact = all.clone().find(|one| one.content_type.eq_ignore_ascii_case(wanted.trim()));
        exact.or_else(|| all.find(|one| MediaType::parse(&one.content_type).is_same(MediaType::parse(wanted))))
    }
}

impl Statement for MockResponse {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        if !self.is_enabled {
            return Ok(Flow::Continue);
        }
        let mut response = ResponseState { status: self.status, ..ResponseState::ok() };
        let operation = exchange.facts.operation.as_deref();
        if let Some(representation) = operation.and_then(|operation| self.representation(operation)) {
            let examples = &representation.examples;
            if let Ok(content_type) = HeaderValue::from_str(&representation.content_type) {
                response.headers.insert(header::CONTENT_TYPE, content_type);
            }
            let example: Option<&Bytes> = examples.get(self.index).or_else(|| examples.first());
            response.body = example.map_or(MessageBody::None, |bytes| MessageBody::Bytes(bytes.clone().into()));
        }
        Ok(Flow::End(Box::new(response)))
    }

    fn needs(&self) -> Needs {
        if self.is_enabled { Needs::SAMPLES } else { Needs::NONE }
    }
}
