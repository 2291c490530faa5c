//! The dictionaries of `context`: headers, query, matched parameters, variables, certificates.

use std::borrow::Cow;

use super::{array, key_value_pair};
use crate::expr::code::{Run, View};
use crate::expr::fault::Fault;
use crate::expr::form_text;
use crate::expr::host::{Text, Url};
use crate::expr::types::Ty;
use crate::expr::value::{Str, Value};

/// The value of a key.
pub(crate) fn get(run: &mut Run<'_>, view: View, key: &str) -> Result<Option<Value>, Fault> {
    Ok(match view {
        View::Headers(message) => {
            let found: Vec<Value> = run.host.header_values(message, key).into_iter().map(text).collect();
            strings(run, found)?
        }
        View::Query(url) => {
            let query = run.host.text(Text::UrlQueryString(url)).unwrap_or_default();
            let (length, found) = (query.len(), form_text::values(&query, key).map(text).collect());
            drop(query);
            run.steps(length)?;
            strings(run, found)?
        }
        View::MatchedParameters => run.host.matched_parameter(key).map(|v| Value::Str(Str::from(v))),
        View::Variables => run.host.variable(key).map(Cow::into_owned),
        View::DeploymentCertificates => {
            let found = run.host.deployment_certificates().into_iter().find(|found| found.id == key);
            found.and_then(|found| super::certificate::parse(run, &found.bytes, &found.password).ok())
        }
        _ => None,
    })
}

/// The pairs, in order.
pub(crate) fn pairs(run: &mut Run<'_>, view: View) -> Result<Vec<Value>, Fault> {
    let keys = match view {
        View::Query(url) => return query_pairs(run, url),
        View::Headers(message) => run.host.header_names(message),
        View::MatchedParameters => run.host.matched_parameter_names(),
        View::Variables => run.host.variable_names(),
        View::DeploymentCertificates => run.host.deployment_certificates().into_iter().map(|found| found.id).collect(),
        _ => Vec::new(),
    };
    let value_ty = view.ty().args().get(1).cloned().unwrap_or(Ty::Object);
    let mut pairs = Vec::with_capacity(keys.len());
    for key in keys {
        let value = get(run, view, &key)?.unwrap_or(Value::Null);
        run.charge(PAIR + key.len())?;
        pairs.push(key_value_pair::make(Ty::String, value_ty.clone(), Value::from(key), value));
    }
    Ok(pairs)
}

/// The pairs of a query, found in one pass.
fn query_pairs(run: &mut Run<'_>, url: Url) -> Result<Vec<Value>, Fault> {
    let query = run.host.text(Text::UrlQueryString(url)).unwrap_or_default();
    let found: Vec<(Value, Vec<Value>)> = form_text::groups(&query)
        .into_iter()
        .map(|(name, values)| (text(name), values.into_iter().map(text).collect()))
        .collect();
    let length = query.len();
    drop(query);
    run.steps(length)?;
    let mut pairs = Vec::with_capacity(found.len());
    for (name, values) in found {
        run.charge(PAIR + length_of(&name))?;
        let values = strings(run, values)?.unwrap_or(Value::Null);
        pairs.push(key_value_pair::make(Ty::String, Ty::array(Ty::String), name, values));
    }
    Ok(pairs)
}

/// What a pair takes beside its texts.
const PAIR: usize = 128;
/// What an array takes beside its items.
const ARRAY: usize = 96;
/// What a text takes beside its bytes.
const TEXT: usize = 48;

fn text(text: Cow<'_, str>) -> Value {
    Value::Str(text.into())
}

fn length_of(text: &Value) -> usize {
    text.as_text().map_or(0, Str::byte_len)
}

/// The values of a key as an array, paid for; none when there is none.
fn strings(run: &mut Run<'_>, values: Vec<Value>) -> Result<Option<Value>, Fault> {
    if values.is_empty() {
        return Ok(None);
    }
    run.charge(ARRAY + values.iter().map(|value| TEXT + length_of(value)).sum::<usize>())?;
    Ok(Some(array::array(Ty::String, values)))
}
