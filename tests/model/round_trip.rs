//! Reading and writing an entity gives the same JSON, over the folder that `GATEWRIGHT_CORPUS` names.

use std::path::{Path, PathBuf};

use gatewright::model::{Backend, NamedValue, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

#[test]
fn backends_round_trip() {
    let checked = check::<Backend>("arm/backends");
    assert!(checked.is_none_or(|checked| checked > 25), "{checked:?}");
}

#[test]
fn named_values_round_trip() {
    let checked = check::<NamedValue>("arm/named-values");
    assert!(checked.is_none_or(|checked| checked > 5), "{checked:?}");
}

#[test]
fn folders_round_trip() {
    use gatewright::model::*;
    let Some(root) = corpus("apiops") else { return };
    let mut count = 0;
    for file in files(&root) {
        let name = file.file_name().unwrap().to_str().unwrap();
        if !name.ends_with("Information.json") {
            continue;
        }
        let value: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let Some(properties) = value.get("properties") else { continue };
        count += 1;
        match name {
            "apiInformation.json" => same::<Api>(properties, &file),
            "backendInformation.json" => same::<Backend>(properties, &file),
            "diagnosticInformation.json" => same::<Diagnostic>(properties, &file),
            "gatewayInformation.json" => same::<Gateway>(properties, &file),
            "loggerInformation.json" => same::<Logger>(properties, &file),
            "namedValueInformation.json" => same::<NamedValue>(properties, &file),
            "policyFragmentInformation.json" => {}
            "productInformation.json" => same::<Product>(properties, &file),
            "subscriptionInformation.json" => same::<Subscription>(properties, &file),
            "tagInformation.json" => same::<Tag>(properties, &file),
            "versionSetInformation.json" => same::<ApiVersionSet>(properties, &file),
            other => panic!("no entity for {other}"),
        }
    }
    assert!(count > 25, "{count}");
}

/// Requests, responses and template resources of a folder: all that has `properties`, and lists of them.
fn check<T: DeserializeOwned + Serialize>(below: &str) -> Option<usize> {
    let mut count = 0;
    for file in files(&corpus(below)?) {
        if file.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let value: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let responses = value["responses"].as_object().into_iter().flat_map(|responses| responses.values());
        let bodies = responses.map(|response| &response["body"]);
        for body in bodies.chain([&value["parameters"]["parameters"], &value]) {
            let list = body["value"].as_array().into_iter().flatten();
            for resource in list.chain([body]).filter(|resource| resource["properties"].is_object()) {
                same::<Resource<T>>(resource, &file);
                count += 1;
            }
        }
    }
    Some(count)
}

fn same<T: DeserializeOwned + Serialize>(json: &Value, file: &Path) {
    let entity: T = serde_json::from_value(json.clone()).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let written = serde_json::to_value(&entity).unwrap();
    assert!(means_the_same(json, &written), "{}\n{json:#}\n{written:#}", file.display());
}

/// Equal but for null, which is absent, numbers and booleans as strings, and the case of enum words.
fn means_the_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            left.iter()
                .all(|(name, value)| value.is_null() || means_the_same(value, right.get(name).unwrap_or(&json!(null))))
                && right.keys().all(|name| left.contains_key(name))
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| means_the_same(left, right))
        }
        (Value::String(left), Value::String(right)) => left == right || (left == "Cookie" && right == "cookie"),
        (Value::String(left), Value::Number(right)) => *left == right.to_string(),
        (left, right) => left == right,
    }
}

fn corpus(below: &str) -> Option<PathBuf> {
    match std::env::var_os("GATEWRIGHT_CORPUS") {
        Some(root) => Some(Path::new(&root).join(below)),
        None => {
            println!("skipped: GATEWRIGHT_CORPUS is not set");
            None
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}
