//! `jsonp`: wraps JSON into a call of a function that the caller names.

use http::{StatusCode, header};

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::media::{self, MediaType};
use super::super::messages::MessageBody;
use super::super::pipeline::Needs;
use super::super::query;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Section, Spec};
use crate::xml::Element;

const PARAMETER: Attribute =
    Attribute::required("callback-parameter-name", "the name of a query parameter").or_expression();

pub(crate) const SPEC: Spec =
    Spec::new("jsonp", "Wraps a JSON response into a call of the function that a query parameter names.")
        .sections(&[Section::Outbound])
        .once()
        .attributes(&[PARAMETER])
        .differences(&["`EngineSettings::jsonp_starts_with_comment` puts `/**/` in front of the call."]);

/// `jsonp`, compiled.
#[derive(Debug)]
pub(crate) struct Jsonp(Setting<String>);

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let parameter = compiler.setting(element, &PARAMETER)?;
    Some(step("jsonp", Jsonp(parameter)))
}

/// Whether a text is a path of JavaScript identifiers: `callback`, `app.handlers.done`.
fn is_identifier(text: &str) -> bool {
    text.split('.').all(|part| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '$'))
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$'))
    })
}

impl Statement for Jsonp {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let name = self.0.get(exchange)?;
        let parameters = query::parameters(exchange.request.original_uri.query().unwrap_or_default());
        let Some(found) = parameters.into_iter().find(|parameter| query::is_named(parameter, &name)) else {
            return Ok(Flow::Continue);
        };
        let callback = query::decode(found.split_once('=').map_or("", |(_, value)| value));
        let Some(response) = &mut exchange.response else { return Ok(Flow::Continue) };
        let is_json = MediaType::of(&response.headers).is_none_or(|media| media.is_json());
        if !is_json || response.headers.contains_key(header::CONTENT_ENCODING) {
            return Ok(Flow::Continue);
        }
        if !is_identifier(&callback) {
            let message = format!("Value of callback parameter {name} is not a valid JavaScript identifier.");
            return Err(Failure::refused(StatusCode::BAD_REQUEST, "CallbackParameterInvalid", message));
        }
        let json = match &response.body {
            MessageBody::Bytes(bytes) => media::text(bytes, &response.headers),
            _ => "".into(),
        };
        let prefix = if exchange.settings.jsonp_starts_with_comment { "/**/" } else { "" };
        let body = format!("{prefix}{callback}({json});");
        response.replace_body(body.into());
        media::set_content_type(&mut response.headers, "application/javascript; charset=utf-8");
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        self.0.needs() | Needs::RESPONSE_BODY | Needs::REQUEST
    }
}

#[cfg(test)]
mod tests {
    use super::is_identifier;

    #[test]
    fn only_identifiers_are_called() {
        for text in ["cb", "$", "_a1", "app.handlers.done"] {
            assert!(is_identifier(text), "{text}");
        }
        for text in ["", "1a", "a b", "a(", "a..b", ".a", "a;alert(1)", "é", "a\n"] {
            assert!(!is_identifier(text), "{text}");
        }
    }
}
