//! What an element of a data source says: text, an expression, or a Liquid template.

use serde_json::{Number, Value as Json};

use super::super::compile::Compiler;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Child};
use super::super::statements::set_body::BodyContent;
use super::data_source::child;
use crate::expr::Value;
use crate::expr::json::{Formatting, JToken};
use crate::xml::Element;

/// The longest JSON of a value, in bytes.
const LONGEST: usize = 1 << 20;

/// The content of an element, to be worked out.
pub(super) enum Wording {
    Value(Setting<Value>),
    Template(BodyContent),
}

impl Wording {
    /// Reads the content; `template` is the attribute that says that it is Liquid.
    pub(super) fn compile(compiler: &mut Compiler<'_>, element: &Element, template: &Attribute) -> Option<Self> {
        match compiler.constant::<String>(element, template).as_deref() {
            None | Some("none") => compiler.text(element, true, "a value").map(Self::Value),
            Some("liquid") => BodyContent::compile(compiler, element, true).map(Self::Template),
            Some(other) => {
                let message = format!("`template` of `{}` is `{other}`: expected {}", element.name, template.kind);
                compiler.error(element.span.start, message);
                None
            }
        }
    }

    /// Reads a child, when it is there.
    pub(super) fn of_child(
        compiler: &mut Compiler<'_>,
        element: &Element,
        known: &Child,
        template: &Attribute,
    ) -> Option<Self> {
        let found = child(compiler, element, known)?;
        Self::compile(compiler, found, template)
    }

    /// The literal, when it is one.
    pub(super) fn literal(&self) -> Option<String> {
        match self {
            Self::Value(Setting::Constant(value)) => value.to_text(),
            _ => None,
        }
    }

    /// The value as text; null is the empty text.
    pub(super) fn text(&self, exchange: &mut Exchange) -> Result<String, Box<Failure>> {
        Ok(match self {
            Self::Value(value) => value.get(exchange)?.to_text().unwrap_or_default(),
            Self::Template(template) => String::from_utf8_lossy(&template.bytes(exchange)?).trim().to_owned(),
        })
    }

    /// The value as JSON: texts, templates and what JSON has no word for are strings.
    pub(super) fn json(&self, exchange: &mut Exchange) -> Result<Json, Box<Failure>> {
        match self {
            Self::Value(value) => Ok(json(&*value.get(exchange)?)),
            Self::Template(_) => self.text(exchange).map(Json::from),
        }
    }
}

fn json(value: &Value) -> Json {
    if let Some(token) = value.downcast::<JToken>() {
        let text = token.to_json(Formatting::None, LONGEST);
        return text.ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Json::Null);
    }
    let text = || value.to_text().map_or(Json::Null, Json::from);
    match value {
        Value::Null => Json::Null,
        Value::Bool(is) => Json::from(*is),
        Value::Double(number) => Number::from_f64(*number).map_or_else(text, Json::from),
        Value::Float(_) | Value::Decimal(_) => {
            let number = value.to_text().and_then(|text| text.parse::<Number>().ok());
            number.map_or_else(text, Json::from)
        }
        Value::ULong(number) => Json::from(*number),
        // A text of digits is a text.
        Value::Str(_) => text(),
        other => other.as_int().map_or_else(text, Json::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_kind() {
        for (value, expected) in [
            (Value::Null, "null"),
            (Value::Bool(true), "true"),
            (Value::Int(-3), "-3"),
            (Value::ULong(u64::MAX), "18446744073709551615"),
            (Value::Double(1.5), "1.5"),
            (Value::Double(f64::NAN), "\"NaN\""),
            (Value::Float(0.25), "0.25"),
            (Value::from("12"), "\"12\""),
            (Value::json(r#"{"b":[1,"x",null]}"#).unwrap(), r#"{"b":[1,"x",null]}"#),
        ] {
            assert_eq!(json(&value).to_string(), expected, "{value:?}");
        }
    }
}
