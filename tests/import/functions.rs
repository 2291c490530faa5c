//! Every Function App of the corpus against its expected summary.

use std::path::Path;

use gatewright::import::{FunctionAppOptions, Imported, SourceFile, function_app};
use serde_json::{Value, json};

use crate::documents;

/// The files of an app with their paths inside it.
fn files(folder: &Path, prefix: &str, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.is_dir() {
            files(&path, &format!("{name}/"), found);
        } else {
            found.push((name, std::fs::read(&path).unwrap()));
        }
    }
}

fn differences(imported: &Imported, expected: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut differ = |what: &str, ours: Value, theirs: &Value| {
        if ours != *theirs {
            found.push(format!("{what}: {ours} instead of {theirs}"));
        }
    };
    let operations = imported.operations.iter().map(|operation| {
        let properties = &operation.properties;
        json!([operation.name, properties.method, properties.url_template, properties.display_name])
    });
    differ("operations", operations.collect(), &expected["operations"]);
    let backend = imported.backends.first();
    if !imported.operations.is_empty() {
        for (member, ours) in [
            ("backendUrl", backend.and_then(|backend| backend.properties.url.clone())),
            ("backendResourceId", backend.and_then(|backend| backend.properties.resource_id.clone())),
            ("backendId", backend.and_then(|backend| backend.name.clone())),
            ("namedValue", imported.named_values.first().and_then(|value| value.name.clone())),
        ] {
            if !expected[member].is_null() {
                differ(member, json!(ours), &expected[member]);
            }
        }
    }
    for function in expected["functions"].as_array().into_iter().flatten() {
        let Some(reason) = function["reason"].as_str() else { continue };
        let name = format!("function `{}` ", function["name"].as_str().unwrap_or_default());
        let finding = imported.findings.iter().find(|finding| finding.message.starts_with(&name));
        differ(&name, json!(finding.map(|finding| finding.code)), &json!(reason));
    }
    for operation in &imported.operations {
        let parameters = &operation.properties.template_parameters;
        let functions = expected["functions"].as_array().into_iter().flatten();
        let mut same = functions.filter(|function| function["name"] == json!(operation.properties.display_name));
        let theirs: Vec<_> = same
            .next()
            .into_iter()
            .flat_map(|function| function["templateParameters"].as_array())
            .flatten()
            .map(|parameter| json!([parameter["name"], parameter["type"], parameter["required"], parameter["default"]]))
            .collect();
        let ours: Vec<_> = parameters.iter().map(|p| json!([p.name, p.kind, p.required, p.default_value])).collect();
        differ("parameters", json!(ours), &json!(theirs));
    }
    found
}

fn compare(folder: &Path) {
    documents::compare(documents::expected(folder, "apps"), |app, expected| {
        let mut read = Vec::new();
        files(&folder.join(app), "", &mut read);
        let sources: Vec<_> = read.iter().map(|(path, bytes)| SourceFile { path, bytes }).collect();
        let mut options = FunctionAppOptions::default();
        // Folders without a listing do not tell the app.
        options.app = expected["namedValue"].as_str().filter(|name| *name == "app-key").map(|_| "app".to_owned());
        let imported = function_app(&sources, &options);
        let found = differences(&imported, expected);
        let entry = imported.into_entry();
        assert!(entry.operations.iter().all(|(_, operation)| operation.policy.is_some()), "{app}: a policy is lost");
        found
    });
}

#[test]
fn takes_odd_apps() {
    compare(&documents::odd("functions"));
}

#[test]
fn agrees_on_the_corpus() {
    if let Some(folder) = documents::corpus("functions") {
        compare(&folder);
    }
}

#[test]
fn other_files_of_a_folder_are_let_be() {
    let trigger = br#"{"bindings": [{"type": "httpTrigger", "methods": ["get"]}]}"#;
    let files = [
        ("host.json", &br#"{"extensions": {"http": {"routePrefix": ""}}}"#[..]),
        ("GetIt/function.json", trigger),
        ("tsconfig.json", b"{ // a comment\n}"),
        (".vscode/settings.json", b"{,}"),
        ("node_modules/a/function.json", b"{}"),
        ("node_modules/a/list.json", br#"["a", {"name": "b"}]"#),
        ("package.json", br#"{"name": "app"}"#),
    ];
    let files = files.map(|(path, bytes)| SourceFile { path, bytes });
    let imported = function_app(&files, &FunctionAppOptions::default());
    let codes: Vec<_> = imported.findings.iter().map(|finding| finding.code).collect();
    assert_eq!((imported.accepted, codes), (true, vec!["named-value-without-value"]));
    assert_eq!(imported.operations.len(), 1);
    let broken =
        [SourceFile { path: "host.json", bytes: b"{" }, SourceFile { path: "A/function.json", bytes: trigger }];
    assert!(!function_app(&broken, &FunctionAppOptions::default()).accepted);
}

fn one_function(binding: &str, options: &FunctionAppOptions) -> Vec<(String, String, String)> {
    let function = format!(r#"{{"bindings": [{{"type": "httpTrigger", {binding}}}]}}"#);
    let files = [SourceFile { path: "Fn/function.json", bytes: function.as_bytes() }];
    let operations = function_app(&files, options).operations.into_iter();
    operations
        .map(|made| (made.name.unwrap_or_default(), made.properties.method, made.properties.url_template))
        .collect()
}

#[test]
fn a_method_that_is_named_twice_is_one() {
    let found = one_function(r#""methods": ["get", "GET", "post"], "route": "a""#, &FunctionAppOptions::default());
    let methods: Vec<_> = found.iter().map(|(_, method, _)| method.as_str()).collect();
    assert_eq!(methods, ["GET", "POST"]);
}

#[test]
fn optional_ends_of_routes_can_be_left_out() {
    let mut options = FunctionAppOptions::default();
    let binding = r#""methods": ["get"], "route": "orders/{page=1}/{size:int=20}""#;
    assert_eq!(one_function(binding, &options).len(), 1);
    options.shorter_templates = true;
    let found = one_function(binding, &options);
    let found: Vec<_> = found.iter().map(|(name, _, template)| (name.as_str(), template.as_str())).collect();
    assert_eq!(found, [("get-fn", "/orders/{page}/{size}"), ("get-fn-1", "/orders/{page}"), ("get-fn-2", "/orders")]);
}
