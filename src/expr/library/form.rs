//! Form content: `application/x-www-form-urlencoded` text and its dictionary.

use super::{dictionary, list};
use crate::expr::code::Run;
use crate::expr::dotnet::web_utility;
use crate::expr::fault::Fault;
use crate::expr::host::query_pairs;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Str, Value};

/// The dictionary of names and their values, in order.
pub(super) fn parse(text: &str) -> Value {
    let mut names: Vec<(String, Vec<Value>)> = Vec::new();
    for (name, value) in query_pairs(text) {
        match names.iter_mut().find(|(n, _)| *n == name) {
            Some((_, values)) => values.push(value.into()),
            None => names.push((name, vec![value.into()])),
        }
    }
    let pairs = names.into_iter().map(|(name, values)| (Value::from(name), list::make(Ty::String, values))).collect();
    dictionary::make(Ty::String, Ty::generic(TypeId::IList, [Ty::String]), pairs)
}

fn encode(run: &mut Run<'_>, dictionary: &Value) -> Result<String, Fault> {
    let Value::Object(object) = dictionary else { return Err(Fault::argument_null("dictionary")) };
    let entries = object.0.entries().unwrap_or_default();
    let mut out = String::new();
    for (name, values) in entries {
        let name = web_utility::url_encode(&run.text_or_empty(&name)?.text());
        for value in run.collect(&values)? {
            let value = web_utility::url_encode(&value.as_text().map(Str::to_string).unwrap_or_default());
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
