//! What is exported comes back by an import.

use std::path::Path;

use gatewright::import::{ExportOptions, Imported, OpenApiVersion, Options, export_openapi, openapi};
use gatewright::model::{Api, ApiEntry, ApiKind, Operation, OperationRequest, OperationResponse, Parameter};
use serde_json::{Value, json};

fn options() -> Options {
    let mut options = Options::default();
    options.schema_id = Some("types".into());
    options.max_bytes = usize::MAX;
    options
}

fn exported(entry: &ApiEntry, version: OpenApiVersion) -> (Value, Vec<&'static str>) {
    let mut options = ExportOptions::default();
    options.version = version;
    options.gateway_url = "https://gateway.example/".into();
    let exported = export_openapi(entry, &options);
    let codes = exported.findings.iter().map(|finding| finding.code).collect();
    (serde_json::to_value(exported.document).unwrap(), codes)
}

/// Exports and imports, and gives what differs.
fn differences(imported: Imported, version: OpenApiVersion) -> Vec<String> {
    let entry = imported.into_entry();
    let mut export = ExportOptions::default();
    export.version = version;
    export.gateway_url = "https://gateway.example".into();
    let text = export_openapi(&entry, &export).document.unwrap().to_json().unwrap();
    let again = openapi(text.as_bytes(), &options());
    let mut found = Vec::new();
    if !again.accepted {
        found.push(format!("is refused: {:?}", again.findings));
    }
    let again = again.into_entry();
    for (name, operation) in &entry.operations {
        let written = serde_json::to_value(&operation.operation).unwrap();
        match again.operations.get(name).map(|again| serde_json::to_value(&again.operation).unwrap()) {
            Some(again) if again == written => {}
            Some(again) => found.push(format!("{name}:\n    {written}\n    {again}")),
            None => found.push(format!("{name} is gone")),
        }
    }
    if entry.operations.len() != again.operations.len() {
        found.push(format!("{} operations instead of {}", again.operations.len(), entry.operations.len()));
    }
    found
}

fn round_trips(folder: &Path, least: usize) {
    let (mut passed, mut failed) = (0, 0);
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if !path.is_file() || path.ends_with("expected.json") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let imported = openapi(&bytes, &options());
        if !imported.accepted {
            continue;
        }
        for version in [OpenApiVersion::V30, OpenApiVersion::V31] {
            let found = differences(imported.clone(), version);
            if found.is_empty() {
                passed += 1;
                continue;
            }
            failed += 1;
            println!("{} {version:?}: {} differences", path.display(), found.len());
            found.iter().take(2).for_each(|one| println!("  {}", one.chars().take(1_500).collect::<String>()));
        }
    }
    println!("{passed} documents come back, {failed} differ");
    assert!(passed >= least && failed == 0, "{passed} documents come back, {failed} differ");
}

#[test]
fn the_rules_come_back() {
    round_trips(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/rules/openapi"), 10);
}

#[test]
fn the_corpus_comes_back() {
    let Some(corpus) = std::env::var_os("GATEWRIGHT_CORPUS") else {
        println!("skipped: GATEWRIGHT_CORPUS is not set");
        return;
    };
    round_trips(&Path::new(&corpus).join("import/openapi"), 10);
}

#[test]
fn says_where_and_how_the_api_is_called() {
    let mut entry = ApiEntry::new(Api::new("orders/v1").display_name("Orders"));
    let mut request = OperationRequest::new();
    request.query_parameters.push(Parameter::new("top").kind("integer").values([json!("1"), json!("2")]));
    let mut operation = Operation::new("GET", "/{id}?view={view}").display_name("Get one").request(request);
    operation.responses.push(OperationResponse::new());
    entry.operations.insert("get-one", operation.into());
    let (document, codes) = exported(&entry, OpenApiVersion::V31);
    assert_eq!(codes, <[&str; 0]>::default());
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"], json!([{"url": "https://gateway.example/orders/v1"}]));
    assert_eq!(document["security"], json!([{"apiKeyHeader": []}, {"apiKeyQuery": []}]));
    assert_eq!(
        document["components"]["securitySchemes"]["apiKeyQuery"],
        json!({"type": "apiKey", "name": "subscription-key", "in": "query"})
    );
    let get = &document["paths"]["/{id}"]["get"];
    assert_eq!((&get["operationId"], &get["summary"]), (&json!("get-one"), &json!("Get one")));
    assert_eq!(
        get["parameters"],
        json!([
            {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
            {"name": "view", "in": "query", "required": true, "schema": {"type": "string"}},
            {"name": "top", "in": "query", "schema": {"type": "integer", "enum": [1, 2]}},
        ])
    );
    assert_eq!(get["responses"], json!({"default": {"description": ""}}));
}

#[test]
fn says_what_it_leaves_out() {
    let mut entry = ApiEntry::new(Api::new("a").display_name("A"));
    entry.api.api_version = Some("v2".into());
    for (name, method, template) in [
        ("any", "*", "/a"),
        ("fixed", "GET", "/c?comp=list"),
        ("rest", "GET", "/files/*"),
        ("search", "GET", "/s"),
        ("search-by", "GET", "/s?q={q}"),
    ] {
        entry.operations.insert(name, Operation::new(method, template).into());
    }
    let (document, codes) = exported(&entry, OpenApiVersion::V30);
    assert_eq!(
        codes,
        ["method-not-exported", "query-in-path", "wildcard-in-path", "query-in-path", "version-not-exported"]
    );
    let keys: Vec<_> = document["x-ms-paths"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["/c?comp=list", "/s?q={q}"]);

    for kind in [ApiKind::Soap, ApiKind::Graphql, ApiKind::Websocket] {
        let (document, codes) = exported(&ApiEntry::new(Api::new("a").kind(kind)), OpenApiVersion::V30);
        assert_eq!((document, codes), (Value::Null, vec!["kind-not-exported"]));
    }
}
