//! Which functions can be imported, and what their HTTP trigger says.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::source::{App, Function};
use crate::import::limits::LONGEST_PATH;

/// An HTTP trigger that can be imported.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Trigger {
    /// Upper case, each once; empty when the trigger takes every method.
    pub(super) methods: Vec<String>,
    /// The route, or the name of the function.
    pub(super) route: String,
}

/// Why a function is not imported: a code and a sentence.
pub(super) type Reason = (&'static str, String);

/// The trigger of a function, or why it is not imported.
pub(super) fn trigger(function: &Function, app: &App) -> Result<Trigger, Reason> {
    let name = &function.name;
    let no = |code, why: &str| Err((code, format!("function `{name}` is left out: {why}")));
    if !is_name(name) {
        return no("invalid-name", "its name is not allowed");
    }
    let config = match &function.config {
        Ok(config) => config,
        Err(error) => return no(error.code, &error.message),
    };
    let bindings = config["bindings"].as_array().map(Vec::as_slice).unwrap_or_default();
    if bindings.is_empty() {
        return no("no-bindings", "it has no bindings, so nothing is known about methods and access");
    }
    let kind = |binding: &Value| text(binding, "type").to_ascii_lowercase();
    let is_in = |binding: &&Value| matches!(text(binding, "direction").to_ascii_lowercase().as_str(), "" | "in");
    let mut triggers = bindings.iter().filter(|binding| kind(binding).ends_with("trigger"));
    let (first, second) = (triggers.next(), triggers.next());
    let trigger = match (first, second) {
        (Some(_), Some(_)) => return no("several-triggers", "it has several triggers"),
        (Some(trigger), None) if kind(trigger) == "httptrigger" && is_in(&trigger) => trigger,
        _ => return no("not-http", "it has no HTTP trigger"),
    };
    if is_disabled(function, config, &app.settings) {
        return no("disabled", "it is disabled");
    }
    let route = Some(text(trigger, "route").trim_matches('/')).filter(|route| !route.is_empty()).unwrap_or(name);
    if route.len() > LONGEST_PATH {
        return no("path-too-long", &format!("its route has more than {LONGEST_PATH} bytes"));
    }
    if starts_reserved(route) {
        return no("reserved-route", "routes that begin with `admin` or `runtime` belong to the host");
    }
    match text(trigger, "authLevel").to_ascii_lowercase().as_str() {
        "" | "function" | "anonymous" => {}
        level => return no("auth-level", &format!("level `{level}`: only `function` and `anonymous` are imported")),
    }
    let mut seen = HashSet::new();
    let methods = trigger["methods"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let methods = methods.map(str::to_ascii_uppercase).filter(|method| seen.insert(method.clone()));
    Ok(Trigger { methods: methods.collect(), route: route.to_owned() })
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default().trim()
}

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && name.len() <= 128
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        && !name.eq_ignore_ascii_case("host")
}

fn starts_reserved(route: &str) -> bool {
    ["admin", "runtime"]
        .iter()
        .any(|word| route.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)))
}

fn is_disabled(function: &Function, config: &Value, settings: &HashMap<String, String>) -> bool {
    let is_on = |name: &str| settings.get(name).is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"));
    let by_config = match &config["disabled"] {
        Value::Bool(disabled) => *disabled,
        Value::String(setting) => is_on(setting),
        _ => false,
    };
    let name = &function.name;
    function.is_disabled
        || by_config
        || is_on(&format!("AzureWebJobs.{name}.Disabled"))
        || is_on(&format!("AzureWebJobs__{name}__Disabled"))
}
