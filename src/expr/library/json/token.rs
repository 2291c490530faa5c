//! `JToken`: the object behind every token, and the members that all tokens share.

use std::any::Any;
use std::cell::Cell;
use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::content;
use super::conversions::{from_token_value, target_of, to_token_value};
use super::{deserialize, extensions, serialize};
use crate::expr::code::Run;
use crate::expr::dotnet::Exception;
use crate::expr::fault::Fault;
use crate::expr::json::{Expected, Formatting, JToken, JTokenType, NoMatch, TokenClass, TokenValue};
use crate::expr::library::args::{boolean, int, string};
use crate::expr::library::object::TypeObject;
use crate::expr::library::sequence;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Iterate, Object, Str, Value};

/// A token as a value; none is null.
pub(crate) fn value(token: impl Into<Option<JToken>>) -> Value {
    token.into().map_or(Value::Null, Value::object)
}

/// The instance of a member.
pub(super) fn this(args: &[Value]) -> Result<&JToken, Fault> {
    token_at(args, 0)?.ok_or_else(Fault::null_reference)
}

/// An argument that is a token or null.
pub(super) fn token_at(args: &[Value], index: usize) -> Result<Option<&JToken>, Fault> {
    match args.get(index) {
        None | Some(Value::Null) => Ok(None),
        Some(other) => match other.downcast::<JToken>() {
            Some(token) => Ok(Some(token)),
            None => Err(Fault::invalid_cast(&other.ty(), &Ty::Named(TypeId::JToken))),
        },
    }
}

/// A sequence of tokens.
pub(super) fn tokens(element: TypeId, tokens: Vec<JToken>) -> Value {
    sequence::of(Ty::Named(element), tokens.into_iter().map(Value::object).collect())
}

/// Reads JSON text under the run's budget.
pub(crate) fn parse(run: &mut Run<'_>, json: &str, expected: Expected) -> Result<Option<JToken>, Fault> {
    run.room(JToken::weight_at_most(json))?;
    run.steps(json.len())?;
    let token = JToken::parse(json, expected)?;
    if let Some(token) = &token {
        run.charge(token.weight())?;
    }
    Ok(token)
}

/// The JSON text of a token under the run's budget.
pub(crate) fn json_text(run: &mut Run<'_>, token: &JToken, formatting: Formatting<'_>) -> Result<Str, Fault> {
    let limit = usize::try_from(run.bytes_left() / 2).unwrap_or(usize::MAX);
    let text = token.to_json(formatting, limit).map_err(|_| too_long())?;
    run.steps(text.len().saturating_mul(PRINTED))?;
    run.charge(text.len())?;
    Ok(text.into())
}

/// The basic steps of a byte of JSON text that is written.
const PRINTED: usize = 3;

fn too_long() -> Fault {
    Fault::budget("the expression ran out of its budget of bytes")
}

/// Counts the work of a walk through a whole tree.
pub(super) fn count_walk(run: &mut Run<'_>, token: &JToken) -> Result<(), Fault> {
    run.steps(token.weight() / 8)
}

/// Counts the work of moving the children behind a place.
pub(super) fn count_shift(run: &mut Run<'_>, container: &JToken, at: usize) -> Result<(), Fault> {
    run.steps(container.count().saturating_sub(at) / 8)
}

/// The formatting that a `Formatting` argument names.
pub(super) fn formatting(run: &Run<'_>, value: &Value) -> Formatting<'static> {
    if int(value) == 1 { Formatting::Indented(run.settings.line_end.as_str()) } else { Formatting::None }
}

/// `token[key]` for a string or int key.
pub(super) fn item(token: &JToken, key: &Value) -> Result<Option<JToken>, Fault> {
    match key {
        Value::Null => Ok(token.by_name(None)?),
        Value::Str(name) => Ok(token.by_name(Some(&name.text()))?),
        other if other.integral().is_some() => Ok(Some(token.by_index(i64::from(int(other)))?)),
        other => Err(Fault::argument(format!("Accessed token values with invalid key type: {}.", other.type_name()))),
    }
}

/// `token[key] = value`.
pub(super) fn set_item(token: &JToken, key: &Value, new: Option<&JToken>) -> Result<(), Fault> {
    match key {
        Value::Null => token.set_by_name(None, new)?,
        Value::Str(name) => token.set_by_name(Some(&name.text()), new)?,
        other => token.set_by_index(i64::from(int(other)), new)?,
    }
    Ok(())
}

fn beside(run: &mut Run<'_>, args: &[Value], after: usize) -> Result<Value, Fault> {
    let (parent, at) = this(args)?.place_beside(after)?;
    content::insert_all(run, &parent, at, &args[1])?;
    Ok(Value::Null)
}

/// What stops a path that finds too much, or that a regular expression holds up, is the budget.
fn out_of_budget(exception: Exception) -> Fault {
    match exception.class {
        "System.OutOfMemoryException" => Fault::budget("a JSON path found more than the budget allows"),
        "System.Text.RegularExpressions.RegexMatchTimeoutException" => {
            Fault::budget("a regular expression ran out of its budget of backtracking")
        }
        _ => exception.into(),
    }
}

fn select(run: &mut Run<'_>, args: &[Value], no_match: NoMatch) -> Result<Vec<JToken>, Fault> {
    let left = run.steps_left();
    let steps = Cell::new(left);
    let found = this(args)?.select_tokens(&string(&args[1], "path")?.text(), no_match, &steps);
    run.steps(usize::try_from(left - steps.get()).unwrap_or(usize::MAX))?;
    found.map_err(out_of_budget)
}

/// More than one match throws.
fn select_one(run: &mut Run<'_>, args: &[Value], no_match: NoMatch) -> Result<Value, Fault> {
    let mut found = select(run, args, no_match)?;
    match found.len() {
        0 | 1 => Ok(value(found.pop())),
        _ => Err(Fault::new(TypeId::JsonException, "Path returned multiple tokens.")),
    }
}

fn no_match(value: &Value) -> NoMatch {
    if boolean(value) { NoMatch::Throw } else { NoMatch::Ignore }
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::JToken)
        .def("JTokenType Type", |_, a| Ok(Value::enumeration(TypeId::JTokenType, this(a)?.token_type() as i64)))
        .def("bool HasValues", |_, a| Ok((this(a)?.count() > 0).into()))
        .def("JContainer Parent", |_, a| Ok(value(this(a)?.parent())))
        .def("JToken Root", |_, a| Ok(value(this(a)?.root())))
        .def("JToken Next", |_, a| Ok(value(this(a)?.next())))
        .def("JToken Previous", |_, a| Ok(value(this(a)?.previous())))
        .def("JToken First", |_, a| Ok(value(this(a)?.first()?)))
        .def("JToken Last", |_, a| Ok(value(this(a)?.last()?)))
        .def("string Path", |_, a| Ok(this(a)?.path().into()))
        .def_set(
            "JToken this[object key]",
            |_, a| Ok(value(item(this(a)?, &a[1])?)),
            |_, a| set_item(this(a)?, &a[1], token_at(a, 2)?).map(|()| Value::Null),
        )
        .def("void AddAfterSelf(object content)", |run, a| beside(run, a, 1))
        .def("void AddBeforeSelf(object content)", |run, a| beside(run, a, 0))
        .def("IEnumerable<JToken> Ancestors()", |_, a| Ok(tokens(TypeId::JToken, this(a)?.ancestors(false))))
        .def("IEnumerable<JToken> AncestorsAndSelf()", |_, a| Ok(tokens(TypeId::JToken, this(a)?.ancestors(true))))
        .def("IEnumerable<JToken> AfterSelf()", |_, a| Ok(tokens(TypeId::JToken, this(a)?.after_self())))
        .def("IEnumerable<JToken> BeforeSelf()", |_, a| Ok(tokens(TypeId::JToken, this(a)?.before_self())))
        .def("IJEnumerable<JToken> Children()", |_, a| {
            Ok(Value::object(Children { token: this(a)?.clone(), element: TypeId::JToken }))
        })
        .def("IJEnumerable<T> Children<T>()", |run, a| {
            let ty = run.type_arg(0);
            let kept = this(a)?.children().into_iter().map(Value::object);
            let kept = kept.filter(|child| crate::expr::types::is_subtype(&child.ty(), &ty)).collect();
            Ok(sequence::of(ty, kept))
        })
        .def("IEnumerable<T> Values<T>()", |run, a| {
            let token = this(a)?;
            token.first()?;
            let ty = run.type_arg(0);
            extensions::convert_all(run, token.children(), &ty)
        })
        .def("T Value<T>(object key)", |run, a| {
            let ty = run.type_arg(0);
            let found = item(this(a)?, &a[1])?;
            extensions::convert(run, found.as_ref(), &ty)
        })
        .def("void Remove()", |run, a| {
            let token = this(a)?;
            if let Some(parent) = token.parent() {
                count_shift(run, &parent, 0)?;
            }
            Ok(token.remove().map(|()| Value::Null)?)
        })
        .def("void Replace(JToken value)", |_, a| Ok(this(a)?.replace(token_at(a, 1)?).map(|()| Value::Null)?))
        .def("string ToString(Formatting formatting, params JsonConverter[] converters)", |run, a| {
            let formatting = formatting(run, &a[1]);
            Ok(Value::Str(json_text(run, this(a)?, formatting)?))
        })
        .def("T ToObject<T>()", |run, a| {
            let ty = run.type_arg(0);
            deserialize::to_object(run, this(a)?, &ty)
        })
        .def("T ToObject<T>(JsonSerializer jsonSerializer)", |_, _| Err(Fault::argument_null("jsonSerializer")))
        .def("object ToObject(Type objectType)", |run, a| {
            let ty = a[1].downcast::<TypeObject>().ok_or_else(|| Fault::argument_null("objectType"))?.0.clone();
            deserialize::to_object(run, this(a)?, &ty)
        })
        .def("object ToObject(Type objectType, JsonSerializer jsonSerializer)", |_, _| {
            Err(Fault::argument_null("jsonSerializer"))
        })
        .def("JToken SelectToken(string path)", |run, a| select_one(run, a, NoMatch::Ignore))
        .def("JToken SelectToken(string path, bool errorWhenNoMatch)", |run, a| select_one(run, a, no_match(&a[2])))
        .def("IEnumerable<JToken> SelectTokens(string path)", |run, a| {
            Ok(tokens(TypeId::JToken, select(run, a, NoMatch::Ignore)?))
        })
        .def("IEnumerable<JToken> SelectTokens(string path, bool errorWhenNoMatch)", |run, a| {
            let no_match = no_match(&a[2]);
            Ok(tokens(TypeId::JToken, select(run, a, no_match)?))
        })
        .def("JToken DeepClone()", |run, a| {
            let copy = this(a)?.deep_clone();
            run.charge(copy.weight())?;
            Ok(value(copy))
        })
        .def("static bool DeepEquals(JToken t1, JToken t2)", |run, a| {
            Ok(match (token_at(a, 0)?, token_at(a, 1)?) {
                (Some(a), Some(b)) => {
                    count_walk(run, a)?;
                    a.deep_equals(b)
                }
                (None, None) => true,
                _ => false,
            }
            .into())
        })
        .def("static JToken Parse(string json)", |run, a| {
            Ok(value(parse(run, &string(&a[0], "s")?.text(), Expected::Token)?))
        })
        .def("static JToken Parse(string json, JsonLoadSettings settings)", |run, a| {
            Ok(value(parse(run, &string(&a[0], "s")?.text(), Expected::Token)?))
        })
        .def("static JToken FromObject(object o, JsonSerializer jsonSerializer)", |_, _| {
            Err(Fault::argument_null("jsonSerializer"))
        })
        .def("static JToken FromObject(object o)", |run, a| {
            if a[0].is_null() {
                return Err(Fault::argument_null("o"));
            }
            Ok(value(serialize::to_token(run, &a[0])?))
        });
    table.on(TypeId::IJEnumerable).def("IJEnumerable<JToken> this[object key]", |run, a| {
        let source = run.collect(&a[0])?;
        extensions::values(run, source, &a[1], &Ty::Named(TypeId::JToken))
    });
}

impl Object for JToken {
    fn ty(&self) -> Ty {
        Ty::Named(match self.class() {
            TokenClass::Object => TypeId::JObject,
            TokenClass::Array => TypeId::JArray,
            TokenClass::Constructor => TypeId::JConstructor,
            TokenClass::Property => TypeId::JProperty,
            TokenClass::Value => TypeId::JValue,
            TokenClass::Raw => TypeId::JRaw,
        })
    }

    fn to_text(&self, run: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        match self.value() {
            None => {
                let line_end = run.settings.line_end.as_str();
                json_text(run, self, Formatting::Indented(line_end)).map(Some)
            }
            Some(TokenValue::Null) => Ok(Some("".into())),
            Some(TokenValue::String(text)) => Ok(Some(text.into())),
            Some(other) => run.text_of(&from_token_value(&other)).map(Some),
        }
    }

    fn format(&self, run: &mut Run<'_>, format: &str) -> Result<Option<Str>, Fault> {
        match self.value() {
            None => Ok(None),
            Some(TokenValue::Null) => Ok(Some("".into())),
            Some(value) => run.format(&from_token_value(&value), format).map(Some),
        }
    }

    fn equals(&self, other: &Value) -> Option<bool> {
        if self.is_container() {
            return None;
        }
        Some(other.downcast::<Self>().is_some_and(|other| self.value_equals(other)))
    }

    fn hash_code(&self) -> Option<i32> {
        let value = self.value()?;
        let mut hasher = DefaultHasher::new();
        match &value {
            TokenValue::Integer(_, number) => number.hash(&mut hasher),
            TokenValue::Double(number) => number.to_bits().hash(&mut hasher),
            other => other.invariant_text().hash(&mut hasher),
        }
        Some(hasher.finish() as i32)
    }

    fn is_same(&self, other: &dyn Object) -> Option<bool> {
        let other: &dyn Any = other;
        Some(other.downcast_ref::<Self>().is_some_and(|other| self.ptr_eq(other)))
    }

    fn compare(&self, run: &mut Run<'_>, other: &Value) -> Result<Option<Ordering>, Fault> {
        let _ = run;
        if self.is_container() {
            return Ok(None);
        }
        let (value, token_type) = match other.downcast::<Self>() {
            Some(other) => (other.value().unwrap_or(TokenValue::Null), other.token_type()),
            None if other.is_null() => return Ok(Some(Ordering::Greater)),
            None => {
                let value = to_token_value(other).ok_or_else(|| content::no_json_type(other))?;
                let token_type = value.token_type();
                (value, token_type)
            }
        };
        Ok(Some(self.compare_to(&value, token_type)?))
    }

    fn iterate(&self, _: &mut Run<'_>) -> Result<Option<Box<dyn Iterate>>, Fault> {
        Ok(Some(walk(self)))
    }
}

/// An enumerator over the children of a token, which throws once they change.
pub(super) fn walk(token: &JToken) -> Box<dyn Iterate> {
    let mut cursor = token.cursor();
    Box::new(move |_: &mut Run<'_>| Ok(cursor.next()?.map(Value::object)))
}

/// `JEnumerable<JToken>` over the children of a token, and `Properties()`.
pub(super) struct Children {
    pub(super) token: JToken,
    pub(super) element: TypeId,
}

impl Object for Children {
    fn ty(&self) -> Ty {
        Ty::generic(TypeId::IJEnumerable, [Ty::Named(self.element)])
    }

    fn iterate(&self, _: &mut Run<'_>) -> Result<Option<Box<dyn Iterate>>, Fault> {
        Ok(Some(walk(&self.token)))
    }
}

/// Whether a token is JSON null or undefined.
pub(super) fn is_null(token: &JToken) -> bool {
    matches!(token.token_type(), JTokenType::Null | JTokenType::Undefined)
}

/// Whether a type is one that tokens convert to.
pub(super) fn is_simple(ty: &Ty) -> bool {
    target_of(ty).is_some()
}
