//! `Newtonsoft.Json.Linq.Extensions`: members of sequences of tokens, and `Value<T>()`.

use super::conversions::{from_token_value, target_of, today};
use super::token::{item, tokens};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::json::convert::value_as;
use crate::expr::json::{JToken, TokenClass};
use crate::expr::library::sequence;
use crate::expr::types::{Table, Ty, TypeId, is_subtype};
use crate::expr::value::{Object, Value};

/// `Value<T>()` of a token; `default(T)` for none.
pub(super) fn convert(run: &mut Run<'_>, token: Option<&JToken>, ty: &Ty) -> Result<Value, Fault> {
    let Some(token) = token else { return Ok(Value::default_of(ty)) };
    if is_subtype(&token.ty(), ty) && !matches!(ty, Ty::Named(TypeId::IComparable | TypeId::IFormattable)) {
        return Ok(Value::object(token.clone()));
    }
    let today = today(run);
    if let Some((target, nullable)) = target_of(ty) {
        return Ok(from_token_value(&value_as(token, target, nullable, today)?));
    }
    match token.value() {
        Some(held) => {
            let held = from_token_value(&held);
            if held.is_null() || is_subtype(&held.ty(), ty.underlying()) {
                return Ok(held);
            }
            let message = format!("Invalid cast from '{}' to '{}'.", held.ty().reflection_name(), ty.reflection_name());
            Err(Fault::new(TypeId::InvalidCastException, message))
        }
        None => {
            let message = format!("Cannot cast {} to Newtonsoft.Json.Linq.JToken.", token.class().full_name());
            Err(Fault::new(TypeId::InvalidCastException, message))
        }
    }
}

/// A sequence of all tokens, each as with `Value<T>()`.
pub(super) fn convert_all(run: &mut Run<'_>, all: Vec<JToken>, ty: &Ty) -> Result<Value, Fault> {
    let mut values = Vec::with_capacity(all.len());
    for token in &all {
        run.step()?;
        values.push(convert(run, Some(token), ty)?);
    }
    Ok(sequence::of(ty.clone(), values))
}

/// `Values(key)`: of each token the child of that key, where there is one; without key all children.
pub(super) fn values(run: &mut Run<'_>, source: Vec<Value>, key: &Value, ty: &Ty) -> Result<Value, Fault> {
    let mut found = Vec::new();
    for token in source.iter().filter_map(Value::downcast::<JToken>) {
        if !key.is_null() {
            found.extend(item(token, key)?);
        } else if token.class() == TokenClass::Value {
            found.push(token.clone());
        } else {
            found.extend(token.children());
        }
    }
    convert_all(run, found, ty)
}

fn each(run: &mut Run<'_>, args: &[Value], pick: impl Fn(&JToken) -> Vec<JToken>) -> Result<Vec<JToken>, Fault> {
    if args[0].is_null() {
        return Err(Fault::argument_null("source"));
    }
    let source = run.collect(&args[0])?;
    let mut found = Vec::new();
    for token in source.iter().filter_map(Value::downcast::<JToken>) {
        found.extend(pick(token));
        run.steps(1 + found.len())?;
    }
    Ok(found)
}

fn values_of(run: &mut Run<'_>, args: &[Value], key: &Value, ty: &Ty) -> Result<Value, Fault> {
    if args[0].is_null() {
        return Err(Fault::argument_null("source"));
    }
    let source = run.collect(&args[0])?;
    values(run, source, key, ty)
}

fn value_of(run: &mut Run<'_>, args: &[Value], ty: &Ty) -> Result<Value, Fault> {
    match args[0].downcast::<JToken>() {
        Some(token) => convert(run, Some(token), ty),
        None if args[0].is_null() => Err(Fault::argument_null("value")),
        None => Err(Fault::argument("Source value must be a JToken.")),
    }
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    const TOKEN: Ty = Ty::Named(TypeId::JToken);
    table
        .on(TypeId::JExtensions)
        .def("static IJEnumerable<JToken> Ancestors<T>(this IEnumerable<T> source) where T : JToken", |run, a| {
            Ok(tokens(TypeId::JToken, each(run, a, |token| token.ancestors(false))?))
        })
        .def(
            "static IJEnumerable<JToken> AncestorsAndSelf<T>(this IEnumerable<T> source) where T : JToken",
            |run, a| Ok(tokens(TypeId::JToken, each(run, a, |token| token.ancestors(true))?)),
        )
        .def("static IJEnumerable<JToken> Descendants<T>(this IEnumerable<T> source) where T : JContainer", |run, a| {
            Ok(tokens(TypeId::JToken, each(run, a, |token| token.descendants(false))?))
        })
        .def(
            "static IJEnumerable<JToken> DescendantsAndSelf<T>(this IEnumerable<T> source) where T : JContainer",
            |run, a| Ok(tokens(TypeId::JToken, each(run, a, |token| token.descendants(true))?)),
        )
        .def("static IJEnumerable<JProperty> Properties(this IEnumerable<JObject> source)", |run, a| {
            Ok(tokens(TypeId::JProperty, each(run, a, JToken::children)?))
        })
        .def("static IJEnumerable<JToken> Values(this IEnumerable<JToken> source, object key)", |run, a| {
            values_of(run, a, &a[1], &TOKEN)
        })
        .def("static IJEnumerable<JToken> Values(this IEnumerable<JToken> source)", |run, a| {
            values_of(run, a, &Value::Null, &TOKEN)
        })
        .def("static IEnumerable<U> Values<U>(this IEnumerable<JToken> source, object key)", |run, a| {
            let ty = run.type_arg(0);
            values_of(run, a, &a[1], &ty)
        })
        .def("static IEnumerable<U> Values<U>(this IEnumerable<JToken> source)", |run, a| {
            let ty = run.type_arg(0);
            values_of(run, a, &Value::Null, &ty)
        })
        .def("static U Value<U>(this IEnumerable<JToken> value)", |run, a| {
            let ty = run.type_arg(0);
            value_of(run, a, &ty)
        })
        .def("static U Value<T, U>(this IEnumerable<T> value)", |run, a| {
            let ty = run.type_arg(1);
            value_of(run, a, &ty)
        })
        .def("static IJEnumerable<JToken> Children<T>(this IEnumerable<T> source) where T : JToken", |run, a| {
            Ok(tokens(TypeId::JToken, each(run, a, JToken::children)?))
        })
        .def("static IEnumerable<U> Children<T, U>(this IEnumerable<T> source)", |run, a| {
            let ty = run.type_arg(1);
            let children = each(run, a, JToken::children)?;
            convert_all(run, children, &ty)
        })
        .def("static IJEnumerable<JToken> AsJEnumerable(this IEnumerable<JToken> source)", |_, a| Ok(a[0].clone()));
}
