//! Every workflow of the corpus against its expected summary.

use std::path::Path;

use gatewright::import::{Imported, LogicAppOptions, logic_app};
use serde_json::{Value, json};

use crate::documents;

fn differences(imported: &Imported, expected: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut differ = |what: &str, ours: Value, theirs: &Value| {
        if !theirs.is_null() && ours != *theirs {
            found.push(format!("{what}: {ours} instead of {theirs}"));
        }
    };
    differ("importable", json!(imported.accepted), &expected["importable"]);
    differ("serviceUrl", json!(imported.api.properties.service_url), &expected["serviceUrl"]);
    let codes: Vec<_> = imported.findings.iter().map(|finding| finding.code).collect();
    if let Some(reason) = expected["reason"].as_str() {
        differ("reason", json!(codes.contains(&reason)), &json!(true));
    }
    let operations = expected["operations"].as_array().cloned().unwrap_or_default();
    if !operations.is_empty() {
        differ("number of operations", json!(imported.operations.len()), &json!(operations.len()));
    }
    for (ours, theirs) in imported.operations.iter().zip(&operations) {
        let operation = &ours.properties;
        differ("name", json!(ours.name), &theirs["name"]);
        differ("method", json!(operation.method), &theirs["method"]);
        differ("urlTemplate", json!(operation.url_template), &theirs["urlTemplate"]);
        differ("hasSchema", json!(operation.request.is_some()), &theirs["hasSchema"]);
        let parameters: Vec<_> = operation.template_parameters.iter().map(|parameter| &parameter.name).collect();
        differ("templateParameters", json!(parameters), &theirs["templateParameters"]);
        let policy = imported.policies.iter().find(|policy| policy.operation == ours.name).unwrap();
        let template = policy.properties.value.split("template=\"").nth(1).unwrap().split('"').next().unwrap();
        let key = imported.named_values[0].name.clone().unwrap();
        let template = template.replace("&amp;", "&").replace(&key, "NAMED-VALUE");
        differ("rewriteTemplate", json!(template), &theirs["rewriteTemplate"]);
    }
    found
}

fn compare(folder: &Path) {
    documents::compare(documents::expected(folder, "documents"), |name, expected| {
        let imported = logic_app(&std::fs::read(folder.join(name)).unwrap(), &LogicAppOptions::default());
        let told = serde_json::to_string(&imported).unwrap();
        assert!(!told.contains("NOT-A-SIGNATURE"), "{name}: the signature is told");
        differences(&imported, expected)
    });
}

#[test]
fn takes_odd_workflows() {
    compare(&documents::odd("logicapp"));
}

#[test]
fn agrees_on_the_corpus() {
    if let Some(folder) = documents::corpus("logicapp") {
        compare(&folder);
    }
}

#[test]
fn refuses_what_is_no_workflow() {
    for (text, code) in
        [("{", "invalid-json"), ("{}", "not-a-workflow"), ("[]", "not-a-workflow"), ("null", "not-a-workflow")]
    {
        let imported = logic_app(text.as_bytes(), &LogicAppOptions::default());
        assert!(!imported.accepted, "{text}");
        assert_eq!(imported.findings[0].code, code, "{text}");
    }
}

#[test]
fn operations_of_one_trigger_have_names_of_their_own() {
    let document = br#"{"swagger": "2.0", "info": {"title": "flow"}, "host": "h.logic.azure.com", "basePath": "/workflows/1/triggers",
        "paths": {"/manual/paths/invoke/{id}": {"get": {}, "post": {}}}}"#;
    let imported = logic_app(document, &LogicAppOptions::default());
    let names: Vec<_> = imported.operations.iter().filter_map(|operation| operation.name.as_deref()).collect();
    assert_eq!(names, ["manual-invoke", "manual-invoke-1"]);
    assert_eq!(imported.into_entry().operations.len(), 2);
}

#[test]
fn a_workflow_of_a_standard_plan_is_called_at_its_site() {
    let document = br#"{"method": "POST", "basePath": "https://site.azurewebsites.net:443/api/Order-Flow/triggers/manual/invoke",
        "relativePath": "orders/{id}", "queries": {"api-version": "2022-05-01", "sp": "/triggers/manual/run", "sv": "1.0", "sig": "NOT-A-SIGNATURE"}}"#;
    let imported = logic_app(document, &LogicAppOptions::default());
    assert!(imported.accepted, "{:?}", imported.findings);
    assert_eq!(imported.api.name.as_deref(), Some("order-flow"));
    let url = "https://site.azurewebsites.net/api/Order-Flow/triggers";
    assert_eq!(imported.api.properties.service_url.as_deref(), Some(url));
    assert_eq!(imported.operations[0].properties.url_template, "/manual/invoke/orders/{id}");
    let policy = &imported.policies[1].properties.value;
    let key = imported.named_values[0].name.as_deref().unwrap();
    let template = format!(
        "template=\"/manual/invoke/orders/{{id}}?api-version=2022-05-01&amp;sp=/triggers/manual/run&amp;sv=1.0&amp;sig={{{{{key}}}}}\""
    );
    assert!(policy.contains(&template), "{policy}");
}
