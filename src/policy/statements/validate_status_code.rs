//! `validate-status-code`: the status of the response against those that the operation declares.

use std::sync::Arc;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Child, Content, Section, Spec};
use super::super::validation::{ACTIONS, Action, ErrorKind, Report};
use crate::xml::Element;

const ROOT: Attribute = Attribute::required("unspecified-status-code-action", ACTIONS).or_expression();
const VARIABLE: Attribute = Attribute::optional("errors-variable-name", "the name of a variable", "none");
/// As tools write it.
const VARIABLE_TOO: Attribute = Attribute::optional("error-variable-name", "the same", "none");
const CODE: Attribute = Attribute::required("code", "a status code");
const ACTION: Attribute = Attribute::required("action", ACTIONS).or_expression();
const STATUS: Child = Child::new("status-code", "0..n", Content::Nothing).attributes(&[CODE, ACTION]);

pub(crate) const SPEC: Spec =
    Spec::new("validate-status-code", "Checks that the operation declares the status of the response.")
        .once()
        .sections(&[Section::Outbound, Section::OnError])
        .attributes(&[ROOT, VARIABLE, VARIABLE_TOO])
        .content(Content::Elements(&[STATUS]));

/// `validate-status-code`, compiled.
#[derive(Debug)]
pub(crate) struct ValidateStatusCode {
    section: Section,
    unspecified: Setting<Action>,
    codes: Vec<(u16, Setting<Action>)>,
    variable: Option<Arc<str>>,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let unspecified = compiler.setting(element, &ROOT);
    let variable = compiler.constant::<String>(element, &VARIABLE);
    let variable = variable.or_else(|| compiler.constant::<String>(element, &VARIABLE_TOO)).map(Into::into);
    let mut codes = Vec::new();
    for child in element.elements().filter(|child| &*child.name == STATUS.element) {
        compiler.check_child(&STATUS, child);
        let code = compiler.within(child, &CODE, 100..=999).and_then(|code| u16::try_from(code).ok());
        codes.extend(code.zip(compiler.setting(child, &ACTION)));
    }
    let statement = ValidateStatusCode { section: compiler.section, unspecified: unspecified?, codes, variable };
    Some(step("validate-status-code", statement))
}

impl Statement for ValidateStatusCode {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let Some(status) = exchange.response.as_ref().map(|response| response.status.as_u16()) else {
            return Ok(Flow::Continue);
        };
        let contract = exchange.facts.operation.as_ref().and_then(|operation| operation.contract.as_ref());
        // For a code that is declared, an action of its own has no effect.
        if contract.is_some_and(|contract| contract.response(status).is_some()) {
            return Ok(Flow::Continue);
        }
        let own = self.codes.iter().find(|(code, _)| *code == status).map(|(_, action)| action);
        let action = *own.unwrap_or(&self.unspecified).get(exchange)?;
        let mut report = Report::new(SPEC.element, self.section, self.variable.clone());
        let details = format!("Response status code {status} is not allowed.");
        report.add(action, ErrorKind::StatusCode, &status.to_string(), "Unspecified", details);
        report.finish(exchange)
    }

    fn needs(&self) -> Needs {
        let own = self.codes.iter().fold(Needs::NONE, |needs, (_, action)| needs | action.needs());
        Needs::CONTRACT | self.unspecified.needs() | own
    }
}
