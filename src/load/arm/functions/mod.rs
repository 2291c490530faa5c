//! The functions of template expressions that depend on their arguments alone.

mod collection;
mod id;
mod logic;
mod text;

use super::unknown;
use crate::load::json::{Node, Value};

/// Functions whose value only a deployment in Azure knows: they give a marked text, reported where it matters.
const ONLY_IN_AZURE: &[&str] = &[
    "deployer",
    "deployment",
    "environment",
    "guid",
    "listaccountsas",
    "listkeys",
    "listsecrets",
    "listvalue",
    "managementgroup",
    "newguid",
    "pickzones",
    "providers",
    "reference",
    "references",
    "resourcegroup",
    "subscription",
    "tenant",
    "uniquestring",
    "utcnow",
];

/// Functions that may be given a marked text: the mark goes on into their value.
const PASS_ON: &[&str] = &[
    "array",
    "coalesce",
    "concat",
    "createarray",
    "createobject",
    "extensionresourceid",
    "format",
    "join",
    "resourceid",
    "string",
    "subscriptionresourceid",
    "tenantresourceid",
    "tolower",
    "union",
    "uri",
];

/// Functions of a marked text whose value is as little known as the text.
const STAY_UNKNOWN: &[&str] = &["replace", "substring", "take", "toupper", "trim", "uricomponent"];

type Outcome = Result<Value, String>;
/// Calls a function; `lower` is its name in lower case.
pub(super) fn call(name: &str, lower: &str, values: Vec<Value>) -> Outcome {
    if ONLY_IN_AZURE.contains(&lower) {
        return Ok(only_in_azure(name, lower));
    }
    if let Some(what) = values.iter().find_map(unknown::find_in) {
        if STAY_UNKNOWN.contains(&lower) {
            return Ok(Value::String(unknown::mark(what)));
        }
        if !PASS_ON.contains(&lower) && is_known(lower) {
            return Err(format!("`{name}` depends on `{what}`, which is not known here: give it as a parameter"));
        }
    }
    let values = values.as_slice();
    let wrong = || format!("function `{name}` cannot be given {}", kinds(values));
    if let Some(value) = text::call(lower, values)
        .or_else(|| collection::call(lower, values))
        .or_else(|| logic::call(lower, values))
        .or_else(|| id::call(lower, values))
    {
        return value;
    }
    if is_known(lower) {
        return Err(wrong());
    }
    Err(format!("function `{name}` of template expressions is not supported: replace it by a parameter"))
}

/// The member of an object or the element of an array.
pub(super) fn member(object: &Value, key: &Value) -> Outcome {
    if let Some(what) = unknown::find_in(&Value::String(object_text(object))) {
        return Ok(Value::String(unknown::mark(&format!("{what}.{}", to_text(key)))));
    }
    match (object, key) {
        (Value::Object(_), Value::String(key)) => match Node::new(0, object.clone()).get(key) {
            Some(node) => Ok(node.value.clone()),
            None => Err(format!("there is no member `{key}`")),
        },
        (Value::Array(elements), key) => {
            let index = integer(key).and_then(|index| usize::try_from(index).ok());
            match index.and_then(|index| elements.get(index)) {
                Some(node) => Ok(node.value.clone()),
                None => Err(format!("there is no element `{}`: the array has {}", to_text(key), elements.len())),
            }
        }
        (other, key) => Err(format!("`{}` is asked of {}", to_text(key), other.kind())),
    }
}

/// The whole number that a value is, also as text.
pub(super) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn is_known(name: &str) -> bool {
    const KNOWN: &[&str] = &[
        "add",
        "and",
        "array",
        "base64",
        "bool",
        "coalesce",
        "concat",
        "contains",
        "copyindex",
        "createarray",
        "createobject",
        "div",
        "empty",
        "endswith",
        "equals",
        "extensionresourceid",
        "false",
        "first",
        "format",
        "greater",
        "greaterorequals",
        "if",
        "indexof",
        "int",
        "items",
        "join",
        "json",
        "last",
        "length",
        "less",
        "lessorequals",
        "mod",
        "mul",
        "not",
        "null",
        "or",
        "parameters",
        "range",
        "replace",
        "resourceid",
        "skip",
        "split",
        "startswith",
        "string",
        "sub",
        "subscriptionresourceid",
        "substring",
        "take",
        "tenantresourceid",
        "tolower",
        "toupper",
        "trim",
        "true",
        "tryget",
        "union",
        "uri",
        "uricomponent",
        "variables",
    ];
    KNOWN.contains(&name)
}

fn only_in_azure(name: &str, lower: &str) -> Value {
    let mark = |member: &str| unknown::mark(&format!("{name}().{member}"));
    let text = |text: String| Node::new(0, Value::String(text));
    let object = |members: Vec<(&str, String)>| {
        Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), text(value))).collect())
    };
    match lower {
        "resourcegroup" => object(vec![
            ("id", format!("/subscriptions/{}/resourceGroups/{}", unknown::mark("subscription"), mark("name"))),
            ("name", mark("name")),
            ("location", mark("location")),
            ("type", "Microsoft.Resources/resourceGroups".to_owned()),
        ]),
        "subscription" => object(vec![
            ("id", format!("/subscriptions/{}", mark("subscriptionId"))),
            ("subscriptionId", mark("subscriptionId")),
            ("tenantId", mark("tenantId")),
            ("displayName", mark("displayName")),
        ]),
        _ => Value::String(unknown::mark(&format!("{name}()"))),
    }
}

fn object_text(object: &Value) -> String {
    if let Value::String(text) = object { text.clone() } else { String::new() }
}

fn kinds(values: &[Value]) -> String {
    if values.is_empty() {
        return "no argument".to_owned();
    }
    values.iter().map(Value::kind).collect::<Vec<_>>().join(", ")
}

/// The text of a value, as `string` and `concat` make it.
fn to_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        other => json_text(other),
    }
}

fn json_text(value: &Value) -> String {
    let node = Node::new(0, value.clone());
    let json: Result<serde_json::Value, _> = serde::Deserialize::deserialize(&node);
    json.map(|json| json.to_string()).unwrap_or_default()
}

fn string(text: impl Into<String>) -> Option<Outcome> {
    Some(Ok(Value::String(text.into())))
}

fn number(number: usize) -> Option<Outcome> {
    Some(Ok(Value::Number(number.into())))
}

fn nodes(values: &[Value]) -> Value {
    Value::Array(values.iter().map(|value| Node::new(0, value.clone())).collect())
}
