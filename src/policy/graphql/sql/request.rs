//! `request`: a statement with its parameters.

use std::sync::Arc;

use super::super::super::compile::Compiler;
use super::super::super::error::Failure;
use super::super::super::exchange::Exchange;
use super::super::super::messages::replace_body;
use super::super::super::setting::Setting;
use super::super::super::statements::set_body::SetBody;
use super::super::super::statements::sql_data_source::{
    NAME, PARAMETER, PARAMETERS, SINGLE, STATEMENT, TEMPLATE, TYPE,
};
use super::super::wording::Wording;
use super::within;
use crate::sql::SqlParameter;
use crate::xml::Element;

pub(super) struct Request {
    is_single: Setting<bool>,
    body: Option<SetBody>,
    statement: Arc<str>,
    parameters: Vec<Parameter>,
}

struct Parameter {
    name: Arc<str>,
    sql_type: Option<Arc<str>>,
    value: Wording,
}

/// A statement, worked out.
pub(super) struct Asked {
    pub(super) statement: Arc<str>,
    pub(super) parameters: Vec<SqlParameter>,
    pub(super) is_single: bool,
}

impl Request {
    pub(super) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let is_single = match element.attribute(SINGLE.name) {
            Some(_) => compiler.setting(element, &SINGLE),
            None => Some(Setting::Constant(false)),
        };
        let mut parts = Parts::default();
        parts.read(compiler, element);
        if !parts.has_statement {
            compiler.error(element.span.start, "`request` needs a `sql-statement`".to_owned());
        }
        let Parts { body, statement, parameters, is_broken, .. } = parts;
        Some(Self { is_single: is_single?, body, statement: statement?, parameters }).filter(|_| !is_broken)
    }

    pub(super) fn work_out(&self, exchange: &mut Exchange) -> Result<Asked, Box<Failure>> {
        if let Some(body) = &self.body {
            // Parameters see it as the body of the request.
            let bytes = body.bytes(exchange)?;
            let request = &mut exchange.request;
            replace_body(&mut request.body, &mut request.headers, bytes);
        }
        let mut parameters = Vec::new();
        for parameter in &self.parameters {
            let value = parameter.value.json(exchange)?;
            let (name, sql_type) = (Arc::clone(&parameter.name), parameter.sql_type.clone());
            parameters.push(SqlParameter { name, sql_type, value });
        }
        let is_single = *self.is_single.get(exchange)?;
        Ok(Asked { statement: Arc::clone(&self.statement), parameters, is_single })
    }
}

#[derive(Default)]
struct Parts {
    body: Option<SetBody>,
    statement: Option<Arc<str>>,
    parameters: Vec<Parameter>,
    has_statement: bool,
    is_broken: bool,
}

impl Parts {
    fn read(&mut self, compiler: &mut Compiler<'_>, parent: &Element) {
        for child in parent.elements() {
            match &*child.name {
                "set-body" if self.body.is_none() => {
                    self.body = SetBody::compile(compiler, child);
                    self.is_broken |= self.body.is_none();
                }
                "sql-statement" if !std::mem::replace(&mut self.has_statement, true) => {
                    compiler.check_child(&STATEMENT, child);
                    if let Some(Setting::Constant(text)) = compiler.text::<String>(child, false, "a statement") {
                        self.statement = Some(text.into());
                    }
                }
                "parameters" => {
                    compiler.check_child(&PARAMETERS, child);
                    for parameter in child.elements().filter(|child| *child.name == *PARAMETER.element) {
                        compiler.check_child(&PARAMETER, parameter);
                        let parameter = self::parameter(compiler, parameter);
                        self.is_broken |= parameter.is_none();
                        self.parameters.extend(parameter);
                    }
                }
                "include-fragment" => within(compiler, child, |inner, root| self.read(inner, root)),
                name if compiler.is_fragment => {
                    compiler.error(child.span.start, format!("`{name}` cannot stand in `request`, or not twice"));
                }
                _ => {}
            }
        }
    }
}

fn parameter(compiler: &mut Compiler<'_>, element: &Element) -> Option<Parameter> {
    let name = compiler.constant::<String>(element, &NAME);
    let name = name.map(|name| if name.starts_with('@') { name } else { format!("@{name}") });
    if let Some(name) = name.as_deref().filter(|name| !SqlParameter::is_name(name)) {
        compiler.error(element.span.start, format!("`name` of `parameter` is `{name}`: expected {}", NAME.kind));
    }
    let sql_type = compiler.constant::<String>(element, &TYPE);
    if let Some(text) = sql_type.as_deref().filter(|text| !SqlParameter::is_type(text.trim())) {
        compiler.error(element.span.start, format!("`sql-type` of `parameter` is `{text}`: expected {}", TYPE.kind));
    }
    let is_typed = element.attribute(TYPE.name).is_some() == sql_type.is_some();
    let value = Wording::compile(compiler, element, &TEMPLATE)?;
    Some(Parameter { name: name?.into(), sql_type: sql_type.map(Into::into), value }).filter(|_| is_typed)
}
