//! Form content: `application/x-www-form-urlencoded` text and its dictionary.

use super::dictionary::{self, Dictionary};
use super::list::{self, List};
use crate::expr::code::Run;
use crate::expr::dotnet::web_utility;
use crate::expr::fault::Fault;
use crate::expr::form_text;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Str, Value};

/// What a value takes beside its bytes.
const VALUE: usize = 48;
/// What a list takes beside its items.
const LIST: usize = 144;
/// The basic steps of reading a pair, and of writing one.
const READING: usize = 25;
const WRITING: usize = 110;

/// The dictionary of names and their values, in order.
pub(super) fn parse(run: &mut Run<'_>, text: &str) -> Result<Value, Fault> {
    let all = dictionary::make(Ty::String, Ty::generic(TypeId::IList, [Ty::String]), Vec::new());
    let Some(dictionary) = all.downcast::<Dictionary>() else { return Ok(all) };
    for (name, value) in form_text::pairs(text) {
        run.steps(READING)?;
        run.charge(VALUE + value.len())?;
        let (name, value) = (Value::Str(name.into()), Value::Str(value.into()));
        let known = dictionary.get(run, &name)?;
        match known.as_ref().and_then(Value::downcast::<List>) {
            Some(values) => values.items.change(|items| items.push_back(value)),
            None => {
                run.charge(LIST + name.as_text().map_or(0, Str::byte_len))?;
                dictionary.set(run, &name, &list::make(Ty::String, vec![value]))?;
            }
        }
    }
    Ok(all)
}

fn encode(run: &mut Run<'_>, dictionary: &Value) -> Result<String, Fault> {
    let Value::Object(object) = dictionary else { return Err(Fault::argument_null("dictionary")) };
    let entries = object.0.entries().unwrap_or_default();
    let mut out = String::new();
    for (name, values) in entries {
        let name = web_utility::url_encode(&run.text_or_empty(&name)?.text());
        for value in run.collect(&values)? {
            let value = web_utility::url_encode(&value.as_text().map(Str::to_string).unwrap_or_default());
            run.steps(WRITING)?;
            run.charge(name.len() + value.len())?;
            if !out.is_empty() {
                out.push('&');
            }
            out.push_str(&name);
            out.push('=');
            out.push_str(&value);
        }
    }
    Ok(out)
}

/// Adds the helpers.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::ContextExtensions)
        .def("static string ToQueryString(this IDictionary<string, IList<string>> dictionary)", |run, a| {
            let text = encode(run, &a[0])?;
            Ok(if text.is_empty() { text.into() } else { format!("?{text}").into() })
        })
        .def("static string ToFormUrlEncodedContent(this IDictionary<string, IList<string>> dictionary)", |run, a| {
            Ok(encode(run, &a[0])?.into())
        });
}
