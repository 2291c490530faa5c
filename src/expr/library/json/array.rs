//! `JArray`.

use super::content::insert_all;
use super::deserialize::not_a;
use super::serialize::to_token;
use super::token::{count_shift, item, parse, set_item, this, token_at, value};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::json::{Expected, JToken, TokenClass};
use crate::expr::library::args::{int, string};
use crate::expr::library::enumerator;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::Value;

/// `new JArray(content…)`.
fn build(run: &mut Run<'_>, content: &Value) -> Result<Value, Fault> {
    let array = JToken::array();
    match content.downcast::<JToken>() {
        Some(other) if other.class() == TokenClass::Array => {
            run.charge(other.subtree_weight())?;
            return Ok(value(other.deep_clone()));
        }
        _ => insert_all(run, &array, 0, content)?,
    }
    Ok(value(array))
}

fn index_of(args: &[Value]) -> Result<Option<usize>, Fault> {
    let array = this(args)?;
    Ok(token_at(args, 1)?.and_then(|item| array.index_of(item)))
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::JArray)
        .def("new()", |_, _| Ok(value(JToken::array())))
        .def(
            "new(JArray other)",
            |run, a| {
                if a[0].is_null() { Err(Fault::null_reference()) } else { build(run, &a[0]) }
            },
        )
        .def("new(object content)", |run, a| {
            let array = JToken::array();
            match a[0].downcast::<JToken>() {
                Some(token) => {
                    run.charge(64)?;
                    array.add(token)?;
                }
                None => insert_all(run, &array, 0, &a[0])?,
            }
            Ok(value(array))
        })
        .def("new(params object[] content)", |run, a| build(run, &a[0]))
        .def_set(
            "JToken this[object key]",
            |_, a| Ok(value(item(this(a)?, &a[1])?)),
            |_, a| set_item(this(a)?, &a[1], token_at(a, 2)?).map(|()| Value::Null),
        )
        .def_set(
            "JToken this[int index]",
            |_, a| Ok(value(this(a)?.by_index(i64::from(int(&a[1])))?)),
            |_, a| Ok(this(a)?.set_by_index(i64::from(int(&a[1])), token_at(a, 2)?).map(|()| Value::Null)?),
        )
        .def("IEnumerator<JToken> GetEnumerator()", |run, a| enumerator::of(run, &a[0], Ty::Named(TypeId::JToken)))
        .def("bool IsReadOnly", |_, _| Ok(false.into()))
        .def("void Add(JToken item)", |run, a| {
            let array = this(a)?;
            run.charge(64)?;
            match token_at(a, 1)? {
                Some(item) => {
                    if item.parent().is_some() {
                        run.charge(item.subtree_weight())?;
                    }
                    array.add(item)?;
                }
                None => array.add(&JToken::null())?,
            }
            Ok(Value::Null)
        })
        .def("void Insert(int index, JToken item)", |run, a| {
            let array = this(a)?;
            run.charge(64)?;
            count_shift(run, array, 0)?;
            let index = usize::try_from(int(&a[1])).unwrap_or(usize::MAX);
            let item = token_at(a, 2)?.cloned().unwrap_or_else(JToken::null);
            Ok(array.insert(index, &item).map(|()| Value::Null)?)
        })
        .def("void RemoveAt(int index)", |_, a| Ok(this(a)?.remove_at(i64::from(int(&a[1]))).map(|()| Value::Null)?))
        .def("bool Remove(JToken item)", |run, a| {
            count_shift(run, this(a)?, 0)?;
            match index_of(a)? {
                Some(index) => Ok(this(a)?.remove_at(index as i64).map(|()| true.into())?),
                None => Ok(false.into()),
            }
        })
        .def("void Clear()", |_, a| Ok(this(a)?.remove_all().map(|()| Value::Null)?))
        .def("bool Contains(JToken item)", |_, a| Ok(index_of(a)?.is_some().into()))
        .def("int IndexOf(JToken item)", |_, a| Ok(Value::Int(index_of(a)?.map_or(-1, |index| index as i32))))
        .def("static JArray Parse(string json)", |run, a| {
            Ok(value(parse(run, &string(&a[0], "s")?.text(), Expected::Array)?))
        })
        .def("static JArray Parse(string json, JsonLoadSettings settings)", |run, a| {
            Ok(value(parse(run, &string(&a[0], "s")?.text(), Expected::Array)?))
        })
        .def("static JArray FromObject(object o, JsonSerializer jsonSerializer)", |_, _| {
            Err(Fault::argument_null("jsonSerializer"))
        })
        .def("static JArray FromObject(object o)", |run, a| {
            let token = to_token(run, &a[0])?;
            match token.class() {
                TokenClass::Array => Ok(value(token)),
                _ => Err(not_a(&token, "JArray")),
            }
        });
}
