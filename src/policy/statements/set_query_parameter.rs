//! `set-query-parameter`: sets, adds to or removes a query parameter of the outgoing request.

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::query;
use super::super::setting::{ExistsAction, Setting};
use super::super::spec::{Attribute, Content, Section, Spec};
use super::set_header::{EXISTS_ACTION, VALUE};
use crate::xml::Element;

const NAME: Attribute = Attribute::required("name", "the name of a query parameter").or_expression();

pub(crate) const SPEC: Spec =
    Spec::new("set-query-parameter", "Sets, adds to or removes a query parameter of the request to the backend.")
        .sections(&[Section::Inbound, Section::Backend])
        .attributes(&[NAME, EXISTS_ACTION])
        .content(Content::Elements(&[VALUE]))
        .differences(&["Names are compared without case; parameters that are not changed keep their text and order."]);

/// `set-query-parameter`, compiled.
#[derive(Debug)]
pub(crate) struct SetQueryParameter {
    name: Setting<String>,
    action: Setting<ExistsAction>,
    values: Vec<Setting<Option<String>>>,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let name = compiler.setting(element, &NAME);
    let action = compiler.setting(element, &EXISTS_ACTION).unwrap_or(Setting::Constant(ExistsAction::Override));
    let mut values = Vec::new();
    for child in element.elements().filter(|child| &*child.name == VALUE.element) {
        compiler.check_child(&VALUE, child);
        values.extend(compiler.text(child, true, "text"));
    }
    Some(step("set-query-parameter", SetQueryParameter { name: name?, action, values }))
}

impl Statement for SetQueryParameter {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let name = self.name.get(exchange)?;
        let action = *self.action.get(exchange)?;
        let mut added = Vec::new();
        if action != ExistsAction::Delete {
            for value in &self.values {
                let value = value.get(exchange)?;
                let value = value.as_deref().unwrap_or_default();
                added.push(format!("{}={}", query::encode(&name), query::encode(value)));
            }
        }
        let (path, old) = query::split(exchange.request.rest());
        let is_named = |parameter: &&str| query::is_named(parameter, &name);
        match action {
            ExistsAction::Skip if query::parameters(old).any(|parameter| is_named(&parameter)) => {
                return Ok(Flow::Continue);
            }
            _ => {}
        }
        let keeps = matches!(action, ExistsAction::Append | ExistsAction::Skip);
        let kept = query::parameters(old).filter(|parameter| keeps || !is_named(parameter));
        let rest = query::join(path, kept.chain(added.iter().map(String::as_str)));
        exchange.set_rest(rest);
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        self.values.iter().fold(self.name.needs() | self.action.needs(), |needs, value| needs | value.needs())
    }
}
