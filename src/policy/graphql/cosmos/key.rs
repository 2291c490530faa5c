//! Partition keys, and kinds of values.

use serde_json::Value as Json;

use super::super::super::compile::Compiler;
use super::super::super::error::Failure;
use super::super::super::exchange::Exchange;
use super::super::super::spec::Attribute;
use super::super::super::statements::cosmosdb_data_source::{DATA_TYPE, KEY, TEMPLATE};
use super::super::data_source::child;
use super::super::wording::Wording;
use crate::cosmos::PartitionKey;
use crate::xml::Element;

/// A partition key.
pub(super) struct KeySetting(Kind, Wording);

/// What a value is taken as.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    String,
    Number,
    Bool,
    None,
    Null,
    Json,
}

impl KeySetting {
    /// The partition key of an element, when it has one; an error is reported.
    pub(super) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Result<Option<Self>, ()> {
        let Some(element) = child(compiler, element, &KEY) else { return Ok(None) };
        let kind = Kind::compile(compiler, element, &DATA_TYPE, &[Kind::Json])?.unwrap_or(Kind::String);
        let value = Wording::compile(compiler, element, &TEMPLATE).ok_or(())?;
        Ok(Some(Self(kind, value)))
    }

    pub(super) fn work_out(&self, exchange: &mut Exchange) -> Result<PartitionKey, Box<Failure>> {
        match self.0 {
            Kind::None => Ok(PartitionKey::None),
            kind => kind.of(&self.1, exchange).map(PartitionKey::Value),
        }
    }
}

impl Kind {
    /// The kind that an attribute says, when it is there; an error is reported.
    pub(super) fn compile(
        compiler: &mut Compiler<'_>,
        element: &Element,
        attribute: &Attribute,
        without: &[Self],
    ) -> Result<Option<Self>, ()> {
        if element.attribute(attribute.name).is_none() {
            return Ok(None);
        }
        let text = compiler.constant::<String>(element, attribute).ok_or(())?;
        let kind = match &*text {
            "string" => Some(Self::String),
            "number" => Some(Self::Number),
            "bool" => Some(Self::Bool),
            "none" => Some(Self::None),
            "null" => Some(Self::Null),
            "json" => Some(Self::Json),
            _ => None,
        };
        if kind.is_none_or(|kind| without.contains(&kind)) {
            let (name, of, expected) = (attribute.name, &element.name, attribute.kind);
            compiler.error(element.span.start, format!("`{name}` of `{of}` is `{text}`: expected {expected}"));
            return Err(());
        }
        Ok(kind)
    }

    /// A value of this kind.
    pub(super) fn of(self, value: &Wording, exchange: &mut Exchange) -> Result<Json, Box<Failure>> {
        let wrong = |what: &str| Failure::expression(format_args!("The value is not {what}."));
        match self {
            Self::String => value.text(exchange).map(Json::from),
            Self::Null | Self::None => Ok(Json::Null),
            Self::Number => {
                let number = value.text(exchange)?.trim().parse::<serde_json::Number>();
                number.map(Json::from).map_err(|_| wrong("a number"))
            }
            Self::Bool => {
                let is = value.text(exchange)?.trim().to_ascii_lowercase().parse::<bool>();
                is.map(Json::from).map_err(|_| wrong("a boolean"))
            }
            Self::Json => match value.json(exchange)? {
                Json::String(text) => serde_json::from_str(&text).map_err(|_| wrong("JSON")),
                json => Ok(json),
            },
        }
    }
}
