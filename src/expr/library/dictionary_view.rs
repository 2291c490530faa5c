//! The dictionaries of `context`: headers, query, matched parameters, variables, certificates.

use std::borrow::Cow;

use crate::expr::code::{Run, View};
use crate::expr::library::array;
use crate::expr::value::{Str, Value};

fn all<'a>(mut nth: impl FnMut(usize) -> Option<String> + 'a) -> Option<Value> {
    let mut values = vec![nth(0)?];
    while let Some(more) = nth(values.len()) {
        values.push(more);
    }
    Some(array::strings(values))
}

/// The value of a key.
pub(crate) fn get(run: &mut Run<'_>, view: View, key: &str) -> Option<Value> {
    match view {
        View::Headers(message) => all(|i| run.host.header(message, key, i).map(Cow::into_owned)),
        View::Query(url) => all(|i| run.host.query(url, key, i).map(Cow::into_owned)),
        View::MatchedParameters => run.host.matched_parameter(key).map(|v| Value::Str(Str::from(v))),
        View::Variables => run.host.variable(key).map(Cow::into_owned),
        View::DeploymentCertificates => {
            let found = run.host.deployment_certificates().into_iter().find(|found| found.id == key)?;
            super::certificate::parse(run, &found.bytes, &found.password).ok()
        }
        _ => None,
    }
}

/// The keys, in order.
pub(crate) fn keys(run: &mut Run<'_>, view: View) -> Vec<String> {
    match view {
        View::Headers(message) => run.host.header_names(message),
        View::Query(url) => run.host.query_names(url),
        View::MatchedParameters => run.host.matched_parameter_names(),
        View::Variables => run.host.variable_names(),
        View::DeploymentCertificates => run.host.deployment_certificates().into_iter().map(|found| found.id).collect(),
        _ => Vec::new(),
    }
}
