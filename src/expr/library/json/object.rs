//! `JObject`.

use super::content::insert_all;
use super::deserialize::not_a;
use super::serialize::to_token;
use super::token::{Children, count_shift, item, parse, set_item, this, token_at, tokens, value};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::json::{Expected, JToken, TokenClass};
use crate::expr::library::args::{int, string};
use crate::expr::library::{enumerator, key_value_pair};
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Iterate, Object, Value};

/// The property of a name, compared as a `StringComparison` says: exactly first.
fn find(object: &JToken, name: &str, comparison: &Value) -> Option<JToken> {
    let exact = object.property_named(name);
    if exact.is_some() || int(comparison) % 2 == 0 {
        return exact;
    }
    let wanted = fold(name);
    object.children().into_iter().find(|property| property.name().is_some_and(|name| fold(&name) == wanted))
}

/// Upper case, character by character where that gives one character.
fn fold(name: &str) -> String {
    let upper = |c: char| {
        let mut upper = c.to_uppercase();
        match (upper.next(), upper.next()) {
            (Some(one), None) => one,
            _ => c,
        }
    };
    name.chars().map(upper).collect()
}

/// A `KeyValuePair<string, JToken>` of a property.
fn pair_of(property: &JToken) -> Value {
    let key = Value::str(property.name().unwrap_or_default());
    key_value_pair::make(Ty::String, Ty::Named(TypeId::JToken), key, value(property.property_value()))
}

fn pair_type() -> Ty {
    Ty::generic(TypeId::KeyValuePair, [Ty::String, Ty::Named(TypeId::JToken)])
}

/// What `foreach` goes over: names with values.
struct Pairs(JToken);

impl Object for Pairs {
    fn ty(&self) -> Ty {
        Ty::generic(TypeId::IEnumerable, [pair_type()])
    }

    fn iterate(&self, _: &mut Run<'_>) -> Result<Option<Box<dyn Iterate>>, Fault> {
        let mut cursor = self.0.cursor();
        Ok(Some(Box::new(move |_: &mut Run<'_>| Ok(cursor.next()?.as_ref().map(pair_of)))))
    }
}

/// `new JObject(content…)`.
fn build(run: &mut Run<'_>, content: &Value) -> Result<Value, Fault> {
    let object = JToken::object();
    match content.downcast::<JToken>() {
        Some(other) if other.class() == TokenClass::Object => {
            run.charge(other.subtree_weight())?;
            return Ok(value(other.deep_clone()));
        }
        _ if content.is_null() => {}
        _ => insert_all(run, &object, 0, content)?,
    }
    Ok(value(object))
}

fn try_get(args: &mut [Value], found: Option<JToken>) -> Result<Value, Fault> {
    let token = found.and_then(|property| property.property_value());
    let is_found = token.is_some();
    if let Some(out) = args.last_mut() {
        *out = value(token);
    }
    Ok(is_found.into())
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::JObject)
        .def("new()", |_, _| Ok(value(JToken::object())))
        .def("new(JObject other)", |run, a| build(run, &a[0]))
        .def("new(object content)", |run, a| build(run, &a[0]))
        .def("new(params object[] content)", |run, a| build(run, &a[0]))
        .def_set(
            "JToken this[object key]",
            |_, a| Ok(value(item(this(a)?, &a[1])?)),
            |_, a| set_item(this(a)?, &a[1], token_at(a, 2)?).map(|()| Value::Null),
        )
        .def_set(
            "JToken this[string propertyName]",
            |_, a| Ok(value(item(this(a)?, &a[1])?)),
            |_, a| set_item(this(a)?, &a[1], token_at(a, 2)?).map(|()| Value::Null),
        )
        .def("IEnumerator<KeyValuePair<string, JToken>> GetEnumerator()", |run, a| {
            let pairs = Value::object(Pairs(this(a)?.clone()));
            enumerator::of(run, &pairs, pair_type())
        })
        .def("IEnumerable<JProperty> Properties()", |_, a| {
            Ok(Value::object(Children { token: this(a)?.clone(), element: TypeId::JProperty }))
        })
        .def("IJEnumerable<JToken> PropertyValues()", |_, a| {
            let values = this(a)?.children().iter().filter_map(JToken::property_value).collect();
            Ok(tokens(TypeId::JToken, values))
        })
        .def("JProperty Property(string name)", |_, a| {
            let name = a[1].as_text();
            Ok(value(name.and_then(|name| a[0].downcast::<JToken>()?.property_named(&name.text()))))
        })
        .def("JProperty Property(string name, StringComparison comparison)", |_, a| {
            let object = this(a)?;
            Ok(value(a[1].as_text().and_then(|name| find(object, &name.text(), &a[2]))))
        })
        .def("JToken GetValue(string propertyName)", |_, a| {
            let object = this(a)?;
            Ok(value(a[1].as_text().and_then(|name| object.get(&name.text()))))
        })
        .def("JToken GetValue(string propertyName, StringComparison comparison)", |_, a| {
            let object = this(a)?;
            let found = a[1].as_text().and_then(|name| find(object, &name.text(), &a[2]));
            Ok(value(found.and_then(|property| property.property_value())))
        })
        .def("bool TryGetValue(string propertyName, out JToken value)", |_, a| {
            let object = this(a)?;
            let found = a[1].as_text().and_then(|name| object.property_named(&name.text()));
            try_get(a, found)
        })
        .def("bool TryGetValue(string propertyName, StringComparison comparison, out JToken value)", |_, a| {
            let object = this(a)?;
            let found = a[1].as_text().and_then(|name| find(object, &name.text(), &a[2]));
            try_get(a, found)
        })
        .def("bool ContainsKey(string propertyName)", |_, a| {
            let object = this(a)?;
            Ok(object.get(&string(&a[1], "propertyName")?.text()).is_some().into())
        })
        .def("void Add(string propertyName, JToken value)", |run, a| {
            let object = this(a)?;
            run.charge(128)?;
            let name = string(&a[1], "name")?.text();
            Ok(object.add_property(&name, token_at(a, 2)?).map(|()| Value::Null)?)
        })
        .def("bool Remove(string propertyName)", |run, a| {
            let object = this(a)?;
            count_shift(run, object, 0)?;
            Ok(object.remove_property(&string(&a[1], "propertyName")?.text()).into())
        })
        .def("static JObject Parse(string json)", |run, a| {
            Ok(value(parse(run, &string(&a[0], "s")?.text(), Expected::Object)?))
        })
        .def("static JObject Parse(string json, JsonLoadSettings settings)", |run, a| {
            Ok(value(parse(run, &string(&a[0], "s")?.text(), Expected::Object)?))
        })
        .def("static JObject FromObject(object o, JsonSerializer jsonSerializer)", |_, _| {
            Err(Fault::argument_null("jsonSerializer"))
        })
        .def("static JObject FromObject(object o)", |run, a| {
            if a[0].is_null() {
                return Err(Fault::argument_null("o"));
            }
            let token = to_token(run, &a[0])?;
            match token.class() {
                TokenClass::Object => Ok(value(token)),
                _ => Err(not_a(&token, "JObject")),
            }
        });
}
