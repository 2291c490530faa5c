//! `set-variable`: adds or replaces a variable of the request.

use std::sync::Arc;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Spec};
use crate::expr::Value;
use crate::xml::Element;

const NAME: Attribute = Attribute::required("name", "a name");
const VALUE: Attribute = Attribute::required("value", "text").or_expression();

pub(crate) const SPEC: Spec = Spec::new(
    "set-variable",
    "Sets a variable of the request: a literal is a string, an expression keeps its .NET type.",
)
.attributes(&[NAME, VALUE]).differences(&["Besides the types of the reference it takes collections and what `context` and policies give, such as responses; any other type fails with `ExpressionValueEvaluationFailure`."]);

/// `set-variable`, compiled.
#[derive(Debug)]
pub(crate) struct SetVariable {
    name: Arc<str>,
    value: Setting<Value>,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let name = compiler.constant::<String>(element, &NAME);
    let value = compiler.setting(element, &VALUE);
    Some(step("set-variable", SetVariable { name: name?.into(), value: value? }))
}

impl Statement for SetVariable {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let value = self.value.get(exchange)?.into_owned();
        if !value.is_storable() {
            let name = value.type_name();
            return Err(Failure::expression(format_args!("A variable cannot hold a value of the type {name}.")));
        }
        exchange.variables.set(self.name.clone(), value);
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        self.value.needs()
    }
}
