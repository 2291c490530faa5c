//! What a template sees of a body: JSON or XML as hashes, lists and values.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::markup::{Kind, Markup, NodeId, is_blank, local_name};
use super::value::{Hash, Value};
use crate::expr::json::{Expected, JToken, Scalars, TokenClass, TokenValue};

/// How deep JSON may nest.
const MAX_DEPTH: usize = 256;

/// How bodies are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyOptions {
    /// Texts of JSON that look like dates are dates.
    pub(crate) parses_dates: bool,
    /// Elements with `xsi:nil="true"` are nil, not empty.
    pub(crate) nil_is_null: bool,
    /// How many nodes an XML body may have.
    pub(crate) nodes: usize,
}

/// Reads JSON.
pub(crate) fn json(text: &str, options: BodyOptions) -> Result<Value, String> {
    let scalars = if options.parses_dates { Scalars::Typed } else { Scalars::TypedWithoutDates };
    let token = JToken::parse_with(text, Expected::Token, scalars).map_err(|error| error.message)?;
    token.map_or(Ok(Value::Nil), |token| of_token(&token, 0))
}

impl Value {
    /// The value of a token of expressions; none when it nests too deep.
    pub(crate) fn of_token(token: &JToken) -> Option<Self> {
        of_token(token, 0).ok()
    }
}

fn of_token(token: &JToken, depth: usize) -> Result<Value, String> {
    if depth > MAX_DEPTH {
        return Err(format!("It is nested more than {MAX_DEPTH} levels deep."));
    }
    Ok(match token.class() {
        TokenClass::Object => {
            let members = token.children().into_iter().filter_map(|property| {
                let value = of_token(&property.property_value()?, depth + 1);
                Some(value.map(|value| (Arc::from(property.name().unwrap_or_default()), value)))
            });
            Hash::new(members.collect::<Result<_, _>>()?).into()
        }
        TokenClass::Array => {
            let items = token.children();
            items.iter().map(|item| of_token(item, depth + 1)).collect::<Result<Vec<_>, _>>()?.into()
        }
        TokenClass::Property => token.property_value().map_or(Ok(Value::Nil), |value| of_token(&value, depth + 1))?,
        _ => match token.value() {
            None | Some(TokenValue::Null) => Value::Nil,
            Some(TokenValue::Boolean(value)) => Value::Bool(value),
            Some(TokenValue::Integer(_, value)) => {
                i64::try_from(value).map_or_else(|_| Value::Double(value as f64), Value::Int)
            }
            Some(TokenValue::Double(value)) => Value::Double(value),
            Some(TokenValue::Single(value)) => Value::Double(f64::from(value)),
            Some(TokenValue::Decimal(value)) => Value::Decimal(value),
            Some(TokenValue::Date(date)) => Value::Date(date),
            Some(other) => Value::from(other.invariant_text()),
        },
    })
}

/// Reads XML: the document element is a member of the body.
pub(crate) fn xml(text: &str, options: BodyOptions) -> Result<Value, String> {
    let markup = Markup::parse(text, options.nodes).map_err(|error| error.to_string())?;
    let root = element(&markup, markup.root, options);
    let name = local_name(markup.name(markup.root));
    Ok(Hash::ignoring_case(vec![(name.into(), root.clone())]).items(vec![root]).into())
}

/// An element: its text, or a hash of its attributes and children. Names are those without prefix.
fn element(markup: &Markup<'_>, id: NodeId, options: BodyOptions) -> Value {
    let attributes = markup.attributes(id);
    let is_nil = |(name, value): &(&str, std::borrow::Cow<'_, str>)| {
        name.contains(':') && local_name(name) == "nil" && matches!(&**value, "true" | "1")
    };
    if attributes.iter().any(is_nil) {
        return if options.nil_is_null { Value::Nil } else { Value::from("") };
    }
    let has_children = markup.children(id).any(|child| matches!(markup.kind(child), Kind::Element { .. }));
    let is_member = |name: &str| name != "xmlns" && !name.starts_with("xmlns:");
    let has_attributes = attributes.iter().any(|(name, _)| is_member(name));
    let text: String = markup.children(id).filter_map(|child| markup.text(child)).collect();
    if !has_children && !has_attributes {
        return Value::from(text);
    }
    let mut groups: Vec<(Arc<str>, Vec<Value>)> = Vec::new();
    let mut places = HashMap::new();
    let mut items = Vec::new();
    for child in markup.children(id).filter(|child| matches!(markup.kind(*child), Kind::Element { .. })) {
        let name = local_name(markup.name(child));
        let value = element(markup, child, options);
        items.push(value.clone());
        let place = *places.entry(name.to_lowercase()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, values)) => values.push(value),
            None => groups.push((name.into(), vec![value])),
        }
    }
    let mut members: Vec<(Arc<str>, Value)> = groups
        .into_iter()
        .map(|(name, mut values)| match values.len() {
            1 => (name, values.remove(0)),
            _ => (name, values.into()),
        })
        .collect();
    for (name, value) in attributes.iter().filter(|(name, _)| is_member(name)) {
        let name = local_name(name);
        if places.insert(name.to_lowercase(), 0).is_none() {
            members.push((name.into(), Value::from(&**value)));
        }
    }
    let has_text = !is_blank(&text);
    if (has_text || !has_children) && !places.contains_key("text") {
        members.push(("text".into(), Value::from(text.as_str())));
    }
    let hash = Hash::ignoring_case(members).items(items);
    if has_children { hash.into() } else { hash.text(text.into()).into() }
}
