//! The example `import`, run as a user would on every document of the corpus: it tells the kind, reads folders, prints
//! the shape that tools expect, and ends with the code that says whether the document is accepted.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::documents;
use crate::openapi::sorted_query;

/// The example, which a build of all targets puts beside the tests; none, and a note, when it is not there.
fn example() -> Option<PathBuf> {
    let tests = std::env::current_exe().ok()?;
    let name = format!("import{}", std::env::consts::EXE_SUFFIX);
    let path = tests.parent()?.parent()?.join("examples").join(name);
    if !path.is_file() {
        println!("skipped: the example `import` is not built");
        return None;
    }
    Some(path)
}

/// What the example prints for some arguments, and whether it accepts the document.
fn run(example: &Path, arguments: &[&str], path: &Path) -> (Value, bool) {
    let output = Command::new(example).args(arguments).arg(path).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let printed = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {told}"));
    let code = output.status.code();
    assert!(matches!(code, Some(0 | 1)), "{code:?}: {told}");
    (printed, code == Some(0))
}

/// What differs from an expected summary in what every kind of document has.
fn differences(printed: &Value, is_accepted: bool, expected: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut differ = |what: &str, ours: Value, theirs: Value| {
        if ours != theirs {
            found.push(format!("{what}: {ours} instead of {theirs}"));
        }
    };
    differ("exit code", json!(is_accepted), printed["accepted"].clone());
    for member in ["issues", "operations", "backends", "namedValues", "policies", "schemas"] {
        differ(member, json!(printed[member].is_array()), json!(true));
    }
    for operation in printed["operations"].as_array().into_iter().flatten() {
        let is_shaped = operation["name"].is_string() && operation["properties"]["urlTemplate"].is_string();
        differ("shape of operations", json!(is_shaped), json!(true));
    }
    if expected["accepted"].is_boolean() {
        differ("accepted", printed["accepted"].clone(), expected["accepted"].clone());
    }
    if expected.as_object().is_some_and(|members| members.contains_key("serviceUrl")) {
        differ("serviceUrl", printed["api"]["properties"]["serviceUrl"].clone(), expected["serviceUrl"].clone());
    }
    found
}

fn issues(printed: &Value) -> BTreeSet<&str> {
    printed["issues"].as_array().into_iter().flatten().filter_map(|issue| issue["code"].as_str()).collect()
}

fn strings(value: &Value) -> BTreeSet<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Name, method, template and display name of each operation.
fn operations(printed: &Value) -> Vec<Value> {
    let operations = printed["operations"].as_array().into_iter().flatten();
    let of = |operation: &Value| {
        let properties = &operation["properties"];
        let template = sorted_query(properties["urlTemplate"].as_str().unwrap_or_default());
        json!([operation["name"], properties["method"], template, properties["displayName"]])
    };
    operations.map(of).collect()
}

#[test]
fn reads_openapi_documents() {
    let (Some(example), Some(folder)) = (example(), documents::corpus("openapi")) else { return };
    documents::compare(documents::expected(&folder, "documents"), |name, expected| {
        let expected = &expected["apim"];
        let (printed, is_accepted) = run(&example, &[], &folder.join(name));
        let mut found = differences(&printed, is_accepted, expected);
        let open = ["invalid-document", "circular-ref"];
        let (mut ours, mut theirs) = (issues(&printed), strings(&expected["issues"]));
        ours.retain(|code| !open.contains(code));
        theirs.retain(|code| !open.contains(code));
        if ours != theirs {
            found.push(format!("issues: {ours:?} instead of {theirs:?}"));
        }
        if let Some(theirs) = expected["operations"].as_array() {
            let sorted = theirs.iter().map(|operation| {
                let mut operation = operation.clone();
                operation[2] = json!(sorted_query(operation[2].as_str().unwrap_or_default()));
                operation
            });
            if operations(&printed) != sorted.collect::<Vec<_>>() {
                found.push("operations".to_owned());
            }
        }
        found
    });
}

#[test]
fn reads_wsdl_documents() {
    let (Some(example), Some(folder)) = (example(), documents::corpus("wsdl")) else { return };
    documents::compare(documents::expected(&folder, "documents"), |name, expected| {
        // A packed document is unpacked before it is imported.
        if name.ends_with(".gz") {
            return Vec::new();
        }
        let document = strings(&expected["apim"]["issues"]);
        let mut found = Vec::new();
        for endpoint in expected["apim"]["endpoints"].as_array().into_iter().flatten() {
            let text = |member: &str| endpoint[member].as_str().unwrap_or_default().to_owned();
            let (service, port) = (text("service"), text("endpoint"));
            let arguments = ["--wsdl-service", &service, "--wsdl-endpoint", &port];
            let (printed, is_accepted) = run(&example, &arguments, &folder.join(name));
            found.extend(differences(&printed, is_accepted, endpoint));
            let theirs: BTreeSet<_> = document.union(&strings(&endpoint["issues"])).copied().collect();
            if issues(&printed) != theirs {
                found.push(format!("issues: {:?} instead of {theirs:?}", issues(&printed)));
            }
        }
        found
    });
}

#[test]
fn reads_function_apps() {
    let (Some(example), Some(folder)) = (example(), documents::corpus("functions")) else { return };
    documents::compare(documents::expected(&folder, "apps"), |name, expected| {
        let (printed, is_accepted) = run(&example, &[], &folder.join(name));
        let mut found = differences(&printed, is_accepted, expected);
        let theirs = expected["operations"].as_array().cloned().unwrap_or_default();
        if operations(&printed) != theirs {
            found.push(format!("operations: {:?} instead of {theirs:?}", operations(&printed)));
        }
        let backend = &printed["backends"][0]["properties"]["url"];
        // Folders do not tell the name of their app, which the example takes from the folder.
        if expected["backendId"].as_str().is_some_and(|id| id != "app") && *backend != expected["backendUrl"] {
            found.push(format!("backendUrl: {backend} instead of {}", expected["backendUrl"]));
        }
        found
    });
}

#[test]
fn reads_workflows() {
    let (Some(example), Some(folder)) = (example(), documents::corpus("logicapp")) else { return };
    documents::compare(documents::expected(&folder, "documents"), |name, expected| {
        let (printed, is_accepted) = run(&example, &[], &folder.join(name));
        let mut found = differences(&printed, is_accepted, &json!({}));
        if !expected["importable"].is_null() && printed["accepted"] != expected["importable"] {
            found.push(format!("accepted: {} instead of {}", printed["accepted"], expected["importable"]));
        }
        let names: Vec<_> = operations(&printed).iter().map(|operation| operation[0].clone()).collect();
        let theirs: Vec<_> = expected["operations"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|operation| operation["name"].clone())
            .collect();
        if !theirs.is_empty() && names != theirs {
            found.push(format!("operations: {names:?} instead of {theirs:?}"));
        }
        found
    });
}
