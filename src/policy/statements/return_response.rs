//! `return-response`: answers the caller at once.

use std::sync::Arc;

use http::header;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::messages::{MessageBody, ResponseState};
use super::super::pipeline::Needs;
use super::super::spec::{Attribute, Child, Content, Spec};
use super::set_body::{self, SetBody, say_utf8};
use super::set_header::{self, SetHeader};
use super::set_status::{self, SetStatus};
use crate::expr::Value;
use crate::forward::hop_by_hop;
use crate::xml::Element;

const VARIABLE: Attribute = Attribute::optional("response-variable-name", "the name of a variable", "none");
const STATUS: Child = Child::policy(&set_status::SPEC, "0..1");
const HEADER: Child = Child::policy(&set_header::SPEC, "0..n");
const BODY: Child = Child::policy(&set_body::SPEC, "0..1");

pub(crate) const SPEC: Spec =
    Spec::new("return-response", "Answers the caller at once; the rest of the pipeline is left out.")
        .attributes(&[VARIABLE])
        .content(Content::Elements(&[STATUS, HEADER, BODY]))
        .differences(&["Headers of one connection and the length are left out of the response of a variable."]);

/// `return-response`, compiled.
#[derive(Debug)]
pub(crate) struct ReturnResponse {
    variable: Option<Arc<str>>,
    changes: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    Status(SetStatus),
    Header(SetHeader),
    Body(SetBody),
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let variable = compiler.constant::<String>(element, &VARIABLE).map(Into::into);
    let mut changes = Vec::new();
    for child in element.elements() {
        let known = [&STATUS, &HEADER, &BODY].into_iter().find(|known| *known.element == *child.name);
        let Some(known) = known else { continue };
        compiler.check_child(known, child);
        changes.extend(match known.element {
            "set-status" => SetStatus::compile(compiler, child).map(Change::Status),
            "set-header" => SetHeader::compile(compiler, child).map(Change::Header),
            _ => SetBody::compile(compiler, child).map(Change::Body),
        });
    }
    Some(step("return-response", ReturnResponse { variable, changes }))
}

impl ReturnResponse {
    /// What the answer starts from: the variable's response, or an empty `200 OK`.
    fn start(&self, exchange: &Exchange) -> Result<ResponseState, Box<Failure>> {
        let Some(name) = &self.variable else { return Ok(ResponseState::ok()) };
        let Some(response) = exchange.variables.get(name).and_then(Value::as_response) else {
            let message = format!("The variable {name} does not hold a response.");
            return Err(Failure::internal("ResponseVariableInvalid", message));
        };
        let mut state = ResponseState::of_value(response);
        hop_by_hop::strip_response(&mut state.headers);
        state.headers.remove(header::CONTENT_LENGTH);
        Ok(state)
    }
}

impl Statement for ReturnResponse {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let mut response = self.start(exchange)?;
        for change in &self.changes {
            match change {
                Change::Status(status) => status.change(exchange)?.apply(&mut response),
                Change::Header(header) => header.change(exchange)?.apply(&mut response.headers),
                Change::Body(body) => {
                    let bytes = body.bytes(exchange)?;
                    response.replace_body(bytes);
                    say_utf8(&mut response.headers);
                }
            }
        }
        if matches!(response.body, MessageBody::Consumed) {
            response.body = MessageBody::None;
        }
        Ok(Flow::End(Box::new(response)))
    }

    fn needs(&self) -> Needs {
        self.changes.iter().fold(Needs::NONE, |needs, change| {
            needs
                | match change {
                    Change::Status(status) => Statement::needs(status),
                    Change::Header(header) => header.needs(),
                    Change::Body(body) => body.needs(),
                }
        })
    }
}
