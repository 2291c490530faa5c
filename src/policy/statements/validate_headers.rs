//! `validate-headers`: the headers of the response against those that the operation declares.

use std::borrow::Cow;
use std::sync::Arc;

use http::HeaderName;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::header_name::text;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Child, Content, Section, Spec};
use super::super::validation::{ACTIONS, Action, ParameterContract, Place, Report, UNRESOLVED, check, is_available};
use super::validate_parameters::is_exempt;
use crate::xml::Element;

const SPECIFIED: Attribute = Attribute::required("specified-header-action", ACTIONS).or_expression();
const UNSPECIFIED: Attribute = Attribute::required("unspecified-header-action", ACTIONS).or_expression();
const VARIABLE: Attribute = Attribute::optional("errors-variable-name", "the name of a variable", "none");
const NAME: Attribute = Attribute::required("name", "a header name");
const ACTION: Attribute = Attribute::required("action", ACTIONS).or_expression();
const HEADER: Child = Child::new("header", "0..n", Content::Nothing).attributes(&[NAME, ACTION]);

pub(crate) const SPEC: Spec =
    Spec::new("validate-headers", "Checks the headers of the response against what the operation declares.")
        .once()
        .sections(&[Section::Outbound, Section::OnError])
        .attributes(&[SPECIFIED, UNSPECIFIED, VARIABLE])
        .content(Content::Elements(&[HEADER]));

/// `validate-headers`, compiled.
#[derive(Debug)]
pub(crate) struct ValidateHeaders {
    section: Section,
    specified: Setting<Action>,
    unspecified: Setting<Action>,
    headers: Vec<(HeaderName, Setting<Action>)>,
    variable: Option<Arc<str>>,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let is_available = is_available(compiler, element);
    let (specified, unspecified) = (compiler.setting(element, &SPECIFIED), compiler.setting(element, &UNSPECIFIED));
    let variable = compiler.constant::<String>(element, &VARIABLE).map(Into::into);
    let mut headers = Vec::new();
    for child in element.elements().filter(|child| &*child.name == HEADER.element) {
        compiler.check_child(&HEADER, child);
        let name = compiler.constant::<String>(child, &NAME).and_then(|name| {
            let parsed = HeaderName::from_bytes(name.trim().as_bytes()).ok();
            if parsed.is_none() {
                compiler.error(child.span.start, format!("`name` of `header` is `{name}`: expected {}", NAME.kind));
            }
            parsed
        });
        headers.extend(name.zip(compiler.setting(child, &ACTION)));
    }
    let section = compiler.section;
    let statement = ValidateHeaders { section, specified: specified?, unspecified: unspecified?, headers, variable };
    is_available.then(|| step("validate-headers", statement))
}

impl ValidateHeaders {
    fn action(&self, name: &str, otherwise: Action, exchange: &mut Exchange) -> Result<Action, Box<Failure>> {
        match self.headers.iter().find(|(known, _)| known.as_str().eq_ignore_ascii_case(name)) {
            Some((_, action)) => Ok(*action.get(exchange)?),
            None => Ok(otherwise),
        }
    }
}

impl Statement for ValidateHeaders {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let (specified, unspecified) = (*self.specified.get(exchange)?, *self.unspecified.get(exchange)?);
        let mut report = Report::new(SPEC.element, self.section, self.variable.clone());
        let Some(response) = &exchange.response else { return Ok(Flow::Continue) };
        let (status, headers) = (response.status.as_u16(), response.headers.clone());
        let contract = exchange.facts.operation.as_ref().and_then(|operation| operation.contract.clone());
        let Some(contract) = contract else {
            report.add_no_schema(specified, UNRESOLVED);
            return report.finish(exchange);
        };
        let declared: &[ParameterContract] = contract.response(status).map_or(&[], |response| &response.headers);
        for parameter in declared {
            let action = self.action(&parameter.name, specified, exchange)?;
            let lines = headers.get_all(&*parameter.name).into_iter();
            let lines: Vec<Cow<'_, str>> = lines.map(text).collect();
            check(&mut report, action, Place::ResponseHeader, parameter, &lines);
        }
        for name in headers.keys().filter(|name| !is_exempt(name.as_str())) {
            if declared.iter().any(|parameter| parameter.name.eq_ignore_ascii_case(name.as_str())) {
                continue;
            }
            let action = self.action(name.as_str(), unspecified, exchange)?;
            let details = format!("Unspecified header {name} is not allowed.");
            report.add(action, Place::ResponseHeader.kind(), name.as_str(), "Unspecified", details);
        }
        report.finish(exchange)
    }

    fn needs(&self) -> Needs {
        let own = self.headers.iter().fold(Needs::NONE, |needs, (_, action)| needs | action.needs());
        Needs::CONTRACT | self.specified.needs() | self.unspecified.needs() | own
    }
}
