//! Functions that make resource ids.

use super::{Outcome, to_text};
use crate::load::arm::unknown;
use crate::load::json::Value;

/// Calls one; nothing when the function or its arguments are others.
pub(super) fn call(name: &str, values: &[Value]) -> Option<Outcome> {
    match (name, values) {
        ("resourceid" | "subscriptionresourceid" | "tenantresourceid", values) => Some(resource_id(name, values)),
        ("extensionresourceid", [Value::String(base), Value::String(kind), names @ ..]) => {
            Some(nested_id(kind, names).map(|id| Value::String(format!("{base}/providers/{id}"))))
        }
        _ => None,
    }
}

/// `[subscription, [resource group,]] type, name…`: the type is the first argument with a slash.
fn resource_id(function: &str, values: &[Value]) -> Outcome {
    let Some(at) = values.iter().position(|value| matches!(value, Value::String(text) if text.contains('/'))) else {
        return Err(format!(
            "`{function}` is given no resource type, such as `Microsoft.ApiManagement/service/backends`"
        ));
    };
    let (scope, rest) = values.split_at_checked(at).unwrap_or((&[], values));
    let [kind, names @ ..] = rest else { return Err(format!("`{function}` is given no resource type")) };
    let id = nested_id(&to_text(kind), names)?;
    let (subscription, group) = match scope {
        [] => (unknown::mark("subscription"), unknown::mark("resourceGroup")),
        [group] => (unknown::mark("subscription"), to_text(group)),
        [subscription, group, ..] => (to_text(subscription), to_text(group)),
    };
    Ok(Value::String(match function {
        "tenantresourceid" => format!("/providers/{id}"),
        "subscriptionresourceid" => format!("/subscriptions/{subscription}/providers/{id}"),
        _ => format!("/subscriptions/{subscription}/resourceGroups/{group}/providers/{id}"),
    }))
}

/// `Provider/type1/type2` with names between: `Provider/type1/name1/type2/name2`.
fn nested_id(kind: &str, names: &[Value]) -> Result<String, String> {
    let mut parts = kind.split('/');
    let mut id = parts.next().unwrap_or_default().to_owned();
    let types: Vec<&str> = parts.collect();
    if types.len() != names.len() {
        return Err(format!("`{kind}` has {} parts, but there are {} names", types.len(), names.len()));
    }
    for (part, name) in types.iter().zip(names) {
        id.push_str(&format!("/{part}/{}", to_text(name)));
    }
    Ok(id)
}
