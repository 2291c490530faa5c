//! Tokens to values: `ToObject<T>()` and `DeserializeObject<T>`.

use super::conversions::{from_token_value, target_of, today};
use super::token::{is_null, is_simple, value};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::json::convert::{
    self, Nullable, Source, Target, cast, null_not_allowed, serialization_exception, wrong_container,
};
use crate::expr::json::{Expected, JToken, Scalars, TokenClass, TokenValue};
use crate::expr::library::{array, dictionary, hash_set, key_value_pair, list};
use crate::expr::types::{Ty, TypeId, is_subtype, table};
use crate::expr::value::{Object, Value};

/// The exception of `JObject.FromObject` and `JArray.FromObject` for another kind of value.
pub(super) fn not_a(token: &JToken, class: &str) -> Fault {
    Fault::argument(format!("Object serialized to {}. {class} instance expected.", token.token_type().name()))
}

/// `token.ToObject<T>()`.
pub(super) fn to_object(run: &mut Run<'_>, token: &JToken, ty: &Ty) -> Result<Value, Fault> {
    let today = today(run);
    match target_of(ty) {
        Some((Target::Bytes, _)) | None => read(run, token, ty, Source::Tokens),
        Some((target, nullable)) => Ok(from_token_value(&cast(Some(token), target, nullable, today)?)),
    }
}

/// `JsonConvert.DeserializeObject<T>(text)`.
pub(super) fn deserialize(run: &mut Run<'_>, json: &str, ty: &Ty) -> Result<Value, Fault> {
    run.charge(json.len())?;
    // Text of dates and the scale of decimals would be lost on the way through typed tokens.
    let scalars = match leaf(ty).underlying() {
        Ty::Named(TypeId::String | TypeId::Decimal) => Scalars::AsText,
        _ => Scalars::Typed,
    };
    let Some(token) = JToken::parse_with(json, Expected::Anything, scalars)? else {
        return Ok(if ty.is_value_type() { Value::default_of(ty) } else { Value::Null });
    };
    run.charge(token.weight())?;
    read(run, &token, ty, Source::Text)
}

/// The type of the innermost items.
fn leaf(ty: &Ty) -> &Ty {
    match ty {
        Ty::Array(element, 1) if !is_simple(ty) => leaf(element),
        Ty::Generic(_, args) => args.last().map_or(ty, leaf),
        other => other,
    }
}

fn read(run: &mut Run<'_>, token: &JToken, ty: &Ty, source: Source) -> Result<Value, Fault> {
    run.step()?;
    if let Some((target, nullable)) = target_of(ty) {
        let today = today(run);
        let read = convert::deserialize(token, target, source, today)?;
        if read == TokenValue::Null && nullable == Nullable::No && ty.is_value_type() {
            return Err(null_not_allowed(&ty.reflection_name(), token).into());
        }
        return Ok(from_token_value(&read));
    }
    if *ty == Ty::Object {
        return Ok(match token.value() {
            Some(held) => from_token_value(&held),
            None => Value::object(token.deep_clone()),
        });
    }
    let token_class = Ty::Named(TypeId::JToken);
    if is_subtype(ty, &token_class) {
        let copy = token.deep_clone();
        if is_null(token) && !matches!(ty, Ty::Named(TypeId::JToken | TypeId::JValue)) {
            return Ok(Value::Null);
        }
        run.charge(copy.weight())?;
        if !is_subtype(&copy.ty(), ty) {
            return Err(Fault::invalid_cast(&copy.ty(), ty));
        }
        return Ok(value(copy));
    }
    if is_null(token) {
        return match ty.is_value_type() && !matches!(ty, Ty::Nullable(_)) {
            true => Err(null_not_allowed(&ty.reflection_name(), token).into()),
            false => Ok(Value::Null),
        };
    }
    match ty.underlying() {
        inner if inner.is_enum() => enumeration(token, inner),
        Ty::Array(element, 1) => {
            let items = items(run, token, element, ty, source)?;
            Ok(array::array((**element).clone(), items))
        }
        Ty::Generic(id, args) => generic(run, token, ty, (*id, args), source),
        Ty::Named(TypeId::PlainIEnumerable) => {
            let items = items(run, token, &Ty::Object, ty, source)?;
            Ok(list::make(Ty::Object, items))
        }
        _ => {
            let message = format!("Could not create an instance of type {}.", ty.reflection_name());
            Err(serialization_exception(&message, token).into())
        }
    }
}

fn items(run: &mut Run<'_>, token: &JToken, element: &Ty, ty: &Ty, source: Source) -> Result<Vec<Value>, Fault> {
    if token.class() != TokenClass::Array {
        return Err(wrong_shape(token, ty));
    }
    let children = token.children();
    run.charge(children.len() * size_of::<Value>())?;
    children.iter().map(|child| read(run, child, element, source)).collect()
}

fn wrong_shape(token: &JToken, ty: &Ty) -> Fault {
    if token.is_container() {
        return serialization_exception(&wrong_container(token.class(), &ty.reflection_name()), token).into();
    }
    let shown = match token.value() {
        Some(TokenValue::String(text)) => format!("\"{text}\""),
        Some(other) => other.invariant_text(),
        None => String::new(),
    };
    let message = format!("Error converting value {shown} to type '{}'.", ty.reflection_name());
    serialization_exception(&message, token).into()
}

fn generic(
    run: &mut Run<'_>,
    token: &JToken,
    ty: &Ty,
    (id, args): (TypeId, &[Ty]),
    source: Source,
) -> Result<Value, Fault> {
    match (id, args) {
        (
            TypeId::List
            | TypeId::IList
            | TypeId::ICollection
            | TypeId::IEnumerable
            | TypeId::IReadOnlyList
            | TypeId::IReadOnlyCollection,
            [element],
        ) => {
            let items = items(run, token, element, ty, source)?;
            Ok(list::make(element.clone(), items))
        }
        (TypeId::HashSet | TypeId::ISet, [element]) => {
            let items = items(run, token, element, ty, source)?;
            Ok(hash_set::make(element.clone(), items))
        }
        (TypeId::Dictionary | TypeId::IDictionary | TypeId::IReadOnlyDictionary, [key, element]) => {
            if token.class() != TokenClass::Object {
                return Err(wrong_shape(token, ty));
            }
            let mut pairs = Vec::new();
            for property in token.children() {
                let name = JToken::string(&property.name().unwrap_or_default());
                let key = if *key == Ty::Object { value(name) } else { read(run, &name, key, source)? };
                let inner = property.property_value().unwrap_or_else(JToken::null);
                pairs.push((key, read(run, &inner, element, source)?));
            }
            Ok(dictionary::make(key.clone(), element.clone(), pairs))
        }
        (TypeId::KeyValuePair, [key, element]) => {
            let mut part = |name: &str, ty: &Ty| match token.get(name) {
                Some(part) => read(run, &part, ty, source),
                None => Ok(Value::default_of(ty)),
            };
            let (first, second) = (part("Key", key)?, part("Value", element)?);
            Ok(key_value_pair::make(key.clone(), element.clone(), first, second))
        }
        _ => {
            let message = format!("Could not create an instance of type {}.", ty.reflection_name());
            Err(serialization_exception(&message, token).into())
        }
    }
}

fn enumeration(token: &JToken, ty: &Ty) -> Result<Value, Fault> {
    let Some(id) = ty.id() else { return Err(wrong_shape(token, ty)) };
    match token.value() {
        Some(TokenValue::Integer(_, number)) => Ok(Value::enumeration(id, number as i64)),
        Some(TokenValue::String(text)) => {
            let constants = &table().info(id).constants;
            match constants.iter().find(|(name, _)| name.eq_ignore_ascii_case(&text)) {
                Some((_, number)) => Ok(Value::enumeration(id, *number)),
                None => Err(wrong_shape(token, ty)),
            }
        }
        _ => Err(wrong_shape(token, ty)),
    }
}
