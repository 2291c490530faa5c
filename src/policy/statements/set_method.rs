//! `set-method`: another method for the request to the backend.

use http::Method;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Content, Section, Spec};
use crate::xml::Element;

pub(crate) const SPEC: Spec = Spec::new("set-method", "Changes the method of the request to the backend.")
    .sections(&[Section::Inbound, Section::OnError])
    .content(Content::Text { expressions: true });

const KIND: &str = "an HTTP method such as `POST`";

/// `set-method`, compiled.
#[derive(Debug)]
pub(crate) struct SetMethod(Change);

#[derive(Debug)]
enum Change {
    Constant(Method),
    Computed(Setting<String>),
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let change = match compiler.text::<String>(element, true, KIND)? {
        Setting::Constant(text) => match text.parse() {
            Ok(method) => Change::Constant(method),
            Err(_) => {
                let at = element.inner.start;
                compiler.error(at, format!("the text of `set-method` is `{text}`: expected {KIND}"));
                return None;
            }
        },
        computed => Change::Computed(computed),
    };
    Some(step("set-method", SetMethod(change)))
}

impl Statement for SetMethod {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let method = match &self.0 {
            Change::Constant(method) => method.clone(),
            Change::Computed(text) => {
                let text = text.get(exchange)?;
                text.trim()
                    .parse()
                    .map_err(|_| Failure::internal("InvalidMethod", format!("`{text}` is not an HTTP method.")))?
            }
        };
        let old = std::mem::replace(&mut exchange.request.method, method);
        exchange.request.original_method.get_or_insert(old);
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        match &self.0 {
            Change::Constant(_) => Needs::NONE,
            Change::Computed(text) => text.needs(),
        }
    }
}
