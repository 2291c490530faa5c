//! Names of properties without case: the names of a value, and of what a schema says of them, in lower case.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::schema::Breach;

/// The same value with the names of all properties in lower case; two that are then the same are a breach.
pub(super) fn instance(value: &Value) -> Result<Value, Breach> {
    lowered(value, &mut Vec::new())
}

fn lowered(value: &Value, path: &mut Vec<String>) -> Result<Value, Breach> {
    match value {
        Value::Array(items) => {
            let mut out = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                path.push(index.to_string());
                out.push(lowered(item, path)?);
                path.pop();
            }
            Ok(Value::Array(out))
        }
        Value::Object(members) => {
            let mut names: HashMap<String, &str> = HashMap::with_capacity(members.len());
            let mut out = Map::new();
            for (name, value) in members {
                let low = name.to_lowercase();
                if let Some(other) = names.insert(low.clone(), name) {
                    let message = format!("The property names '{other}' and '{name}' differ in case alone.");
                    return Err(Breach { message, path: pointer(path) });
                }
                path.push(low.clone());
                out.insert(low, lowered(value, path)?);
                path.pop();
            }
            Ok(Value::Object(out))
        }
        other => Ok(other.clone()),
    }
}

fn pointer(path: &[String]) -> String {
    path.iter().fold(String::new(), |pointer, step| pointer + "/" + &step.replace('~', "~0").replace('/', "~1"))
}

/// A list of names in lower case.
pub(super) fn names(value: &Value) -> Value {
    match value {
        Value::Array(names) => names.iter().map(name).collect(),
        other => other.clone(),
    }
}

/// The same of what is required beside a property: `dependentRequired`.
pub(super) fn dependent(value: &Value) -> Value {
    match value {
        Value::Object(all) => {
            all.iter().map(|(name, others)| (name.to_lowercase(), names(others))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

fn name(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), |name| name.to_lowercase().into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_lowered_and_collisions_are_found() {
        assert_eq!(instance(&json!([{ "A": { "B": 1 } }])), Ok(json!([{ "a": { "b": 1 } }])));
        let found = instance(&json!([1, { "a/b": { "c": [{ "X": 1, "x": 2 }] } }])).unwrap_err();
        assert_eq!(found.path, "/1/a~1b/c/0");
        assert_eq!(dependent(&json!({ "A": ["B"], "C": 1 })), json!({ "a": ["b"], "c": 1 }));
    }

    proptest! {
        #[test]
        fn any_value_is_lowered_or_has_names_alike(text in "[\\[\\]{}\":,aAbB1]{0,40}") {
            if let Ok(value) = serde_json::from_str::<Value>(&text)
                && let Ok(low) = instance(&value)
            {
                prop_assert_eq!(instance(&low), Ok(low));
            }
        }
    }
}
