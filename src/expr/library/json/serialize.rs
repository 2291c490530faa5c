//! Values to tokens: `FromObject`, and what `SerializeObject` writes.

use super::conversions::to_token_value;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::json::{JToken, TokenValue};
use crate::expr::library::xml::dom;
use crate::expr::library::{key_value_pair, members};
use crate::expr::types::{Ty, TypeId, is_subtype};
use crate::expr::value::Value;
use crate::expr::xlinq::XObject;

/// How deep objects may nest.
const MAX_DEPTH: u32 = 128;

/// The token that serialising and parsing gives; a token is copied.
pub(crate) fn to_token(run: &mut Run<'_>, value: &Value) -> Result<JToken, Fault> {
    serialize(run, value, MAX_DEPTH)
}

/// The basic steps of a value.
const VALUE: usize = 24;

fn serialize(run: &mut Run<'_>, value: &Value, depth: u32) -> Result<JToken, Fault> {
    run.steps(VALUE)?;
    run.charge(64)?;
    if let Some(simple) = to_token_value(value) {
        return Ok(match simple {
            TokenValue::Char(unit) => JToken::string(&String::from_utf16_lossy(&[unit])),
            other => JToken::value_of(&other),
        });
    }
    if let Some(token) = value.downcast::<JToken>() {
        run.charge(token.subtree_weight())?;
        return Ok(token.deep_clone());
    }
    if let Some(xml) = value.downcast::<XObject>().or_else(|| dom::object_of(value)) {
        run.charge(xml.weight())?;
        return Ok(xml.to_json_token()?);
    }
    let Some(depth) = depth.checked_sub(1) else {
        let message = format!("Self referencing loop detected with type '{}'.", value.ty().reflection_name());
        return Err(Fault::new(TypeId::JsonSerializationException, message));
    };
    let ty = value.ty();
    if let Some(fields) = members::of(value) {
        let object = JToken::object();
        for (name, field) in fields {
            let token = serialize(run, &field, depth)?;
            object.set_by_name(Some(&name), Some(&token))?;
        }
        return Ok(object);
    }
    if is_subtype(&ty, &Ty::Named(TypeId::PlainIEnumerable)) {
        return sequence(run, value, &ty, depth);
    }
    let message = format!("Unable to serialize an object of type '{}'.", ty.reflection_name());
    Err(Fault::new(TypeId::JsonSerializationException, message))
}

fn sequence(run: &mut Run<'_>, value: &Value, ty: &Ty, depth: u32) -> Result<JToken, Fault> {
    let is_map = [TypeId::IDictionary, TypeId::IReadOnlyDictionary]
        .iter()
        .any(|id| crate::expr::types::find_base(ty, *id).is_some());
    let container = if is_map { JToken::object() } else { JToken::array() };
    let mut items = run.iterate(value)?;
    while let Some(item) = items.next(run)? {
        if !is_map {
            let token = serialize(run, &item, depth)?;
            container.add(&token)?;
            continue;
        }
        let (key, part) = key_value_pair::parts(&item);
        let name = match to_token_value(&key) {
            Some(simple) if !matches!(key, Value::Enum(..)) => simple.invariant_text(),
            _ => run.text_of(&key)?.text().into_owned(),
        };
        let token = serialize(run, &part, depth)?;
        container.set_by_name(Some(&name), Some(&token))?;
    }
    Ok(container)
}
