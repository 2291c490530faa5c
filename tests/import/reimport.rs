//! What stays of an API when a document is imported over it.

use gatewright::import::{Change, Imported, Options, openapi};
use gatewright::model::{ApiEntry, ApiProtocol, Policy};

/// A document of operations: method, path, `operationId`.
fn document(operations: &[(&str, &str, &str)]) -> Imported {
    let mut paths = serde_json::Map::new();
    for (method, path, id) in operations {
        let item = paths.entry((*path).to_owned()).or_insert_with(|| serde_json::json!({}));
        item[*method] = serde_json::json!({"operationId": id, "responses": {"200": {"description": "fine"}}});
    }
    let document = serde_json::json!({"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": paths});
    let imported = openapi(document.to_string().as_bytes(), &Options::default());
    assert!(imported.accepted, "{:?}", imported.findings);
    imported
}

fn with_policies(imported: Imported) -> ApiEntry {
    let mut entry = imported.into_entry();
    entry.policy = Some(Policy::new("<policies api=\"\" />"));
    for (name, operation) in entry.operations.iter_mut() {
        operation.policy = Some(Policy::new(format!("<policies of=\"{name}\" />")));
    }
    entry
}

fn policy(entry: &ApiEntry, operation: &str) -> Option<String> {
    entry.operations.get(operation)?.policy.as_ref().map(|policy| policy.value.clone())
}

#[test]
fn the_same_document_changes_nothing() {
    let operations = [("get", "/a", "a"), ("post", "/a", "b")];
    let existing = with_policies(document(&operations));
    let (entry, changes) = document(&operations).replace(&existing);
    assert_eq!(changes, []);
    assert_eq!(entry, existing);
}

#[test]
fn a_new_url_keeps_the_policy_by_name() {
    let existing = with_policies(document(&[("get", "/a", "list")]));
    let (entry, changes) = document(&[("get", "/b", "List")]).replace(&existing);
    assert_eq!(changes, [Change::Updated { operation: "list".into() }]);
    assert_eq!(entry.operations.get("list").unwrap().operation.url_template, "/b");
    assert_eq!(policy(&entry, "list").as_deref(), Some("<policies of=\"list\" />"));
}

#[test]
fn a_new_name_keeps_the_policy_by_method_and_url() {
    let existing = with_policies(document(&[("get", "/a", "list")]));
    let (entry, changes) = document(&[("get", "/a", "all")]).replace(&existing);
    assert_eq!(
        changes,
        [
            Change::Added { operation: "all".into(), policy_from: Some("list".into()) },
            Change::Removed { operation: "list".into(), policy_lost: false }
        ]
    );
    assert_eq!(policy(&entry, "all").as_deref(), Some("<policies of=\"list\" />"));
}

#[test]
fn a_new_name_and_a_new_url_lose_the_policy() {
    let existing = with_policies(document(&[("get", "/a", "list")]));
    let (entry, changes) = document(&[("get", "/b", "all")]).replace(&existing);
    assert_eq!(
        changes,
        [
            Change::Added { operation: "all".into(), policy_from: None },
            Change::Removed { operation: "list".into(), policy_lost: true }
        ]
    );
    assert_eq!(policy(&entry, "all"), None);
}

#[test]
fn settings_of_the_api_stay() {
    let mut existing = with_policies(document(&[("get", "/a", "list")]));
    existing.api.path = "kept/path".into();
    existing.api.api_revision = Some("3".into());
    existing.api.subscription_required = Some(false);
    existing.api.service_url = Some("https://kept.example".into());
    existing.tags = vec!["Kept".into()];
    let (entry, _) = document(&[("get", "/a", "list")]).replace(&existing);
    assert_eq!(entry.api.path, "kept/path");
    assert_eq!(entry.api.api_revision.as_deref(), Some("3"));
    assert_eq!(entry.api.subscription_required, Some(false));
    assert_eq!(entry.api.service_url.as_deref(), Some("https://kept.example"));
    assert_eq!(entry.policy, existing.policy);
    assert_eq!(entry.tags, ["Kept"]);
}

#[test]
fn what_the_document_says_of_access_replaces_what_was() {
    let existing = with_policies(document(&[("get", "/a", "list")]));
    let (entry, _) = document(&[("get", "/a", "list")]).replace(&existing);
    assert_eq!(entry.api, existing.api, "a document of 3.0 says no protocols");
    let text = serde_json::json!({
        "swagger": "2.0", "info": {"title": "T", "version": "1"}, "host": "h", "schemes": ["http", "https"],
        "securityDefinitions": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}, "sign-in": {"type": "oauth2"}},
        "paths": {}
    });
    let mut options = Options::default();
    options.map_security = true;
    let (entry, _) = openapi(text.to_string().as_bytes(), &options).replace(&existing);
    assert_eq!(entry.api.protocols, [ApiProtocol::Http, ApiProtocol::Https]);
    let header = entry.api.subscription_key_parameter_names.and_then(|names| names.header);
    assert_eq!(header.as_deref(), Some("X-Key"));
    assert!(entry.api.authentication_settings.is_some());
    let (entry, _) = openapi(text.to_string().as_bytes(), &Options::default()).replace(&existing);
    assert_eq!(entry.api.subscription_key_parameter_names, None);
}

#[test]
fn many_operations_with_new_names_are_matched() {
    let operations = |prefix: &str| {
        let paths: Vec<_> = (0..3_000).map(|n| (format!("/p{n}"), format!("{prefix}{n}"))).collect();
        document(&paths.iter().map(|(path, id)| ("get", path.as_str(), id.as_str())).collect::<Vec<_>>())
    };
    let (entry, changes) = operations("new").replace(&with_policies(operations("old")));
    assert_eq!(changes.len(), 6_000);
    assert_eq!(policy(&entry, "new7").as_deref(), Some("<policies of=\"old7\" />"));
}

#[test]
fn appended_operations_get_a_number_when_their_name_is_taken() {
    let existing = with_policies(document(&[("get", "/a", "list"), ("get", "/x", "other")]));
    let (entry, changes) = document(&[("get", "/a", "list"), ("get", "/b", "new")]).append(&existing);
    let added = |name: &str| Change::Added { operation: name.into(), policy_from: None };
    assert_eq!(changes, [added("list-1"), added("new")]);
    assert_eq!(entry.operations.len(), 4);
    let renamed = &entry.operations.get("list-1").unwrap().operation;
    assert_eq!((renamed.url_template.as_str(), renamed.display_name.as_deref()), ("/a-1", Some("list-1")));
    assert_eq!(policy(&entry, "list").as_deref(), Some("<policies of=\"list\" />"));
}

#[test]
fn appended_schemas_do_not_replace_others() {
    let with_body = |kind: &str| {
        let document = serde_json::json!({
            "openapi": "3.0.3", "info": {"title": "T", "version": "1"},
            "paths": {"/a": {"post": {
                "operationId": "make",
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}},
                "responses": {"200": {"description": "fine"}}
            }}},
            "components": {"schemas": {"A": {"type": kind}}}
        });
        let mut options = Options::default();
        options.schema_id = Some("types".into());
        openapi(document.to_string().as_bytes(), &options)
    };
    let (entry, _) = with_body("string").append(&with_body("object").into_entry());
    let schema = |operation: &str| {
        let made = &entry.operations.get(operation).unwrap().operation;
        made.request.as_ref().unwrap().representations[0].schema_id.clone().unwrap()
    };
    assert_eq!((schema("make"), schema("make-1")), ("types".into(), "types-1".into()));
    assert_eq!(entry.schemas.len(), 2);
}
