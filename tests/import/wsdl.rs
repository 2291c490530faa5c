//! Every endpoint of every WSDL document of the corpus and of `rules/` against its expected summary.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use gatewright::import::{Imported, Imports, Severity, SoapForm, SourceFile, WsdlOptions, wsdl, wsdl_with_files};
use gatewright::xml;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::documents::{self, codes};

/// The WSDL documents and schemas in the folder of a document, which it may import.
fn neighbours(path: &Path) -> Vec<(String, Vec<u8>)> {
    let files = std::fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "wsdl" || ending == "xsd"));
    files.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), bytes(&path).unwrap())).collect()
}

fn strings(value: &Value) -> BTreeSet<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The bytes of a document, unpacked when it is packed; none when there is no program to unpack it.
fn bytes(path: &Path) -> Option<Vec<u8>> {
    if path.extension().is_some_and(|extension| extension == "gz") {
        let output = Command::new("gzip").arg("-dc").arg(path).output().ok()?;
        return output.status.success().then_some(output.stdout);
    }
    Some(std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn refusing(mut options: WsdlOptions) -> WsdlOptions {
    options.imports = Imports::Refuse;
    options
}

fn options(service: &Value, endpoint: &Value) -> WsdlOptions {
    let mut options = WsdlOptions::default();
    options.service = service.as_str().map(str::to_owned);
    options.endpoint = endpoint.as_str().map(str::to_owned);
    options
}

/// What differs from the expected summary of one endpoint.
fn differences(imported: &Imported, document: &BTreeSet<&str>, expected: &Value) -> Vec<String> {
    // Of a large document the data lists the first ten operations.
    let listed = expected["operations"].as_array().map_or(0, Vec::len);
    let shown = if listed == 10 { listed } else { imported.operations.len() };
    let operations: Vec<_> = imported
        .operations
        .iter()
        .take(shown)
        .map(|operation| &operation.properties)
        .map(|operation| json!([operation.display_name, operation.method, operation.url_template]))
        .collect();
    let issues: BTreeSet<_> = document.union(&strings(&expected["issues"])).copied().collect();
    let pairs = [
        ("accepted", json!(imported.accepted), expected["accepted"].clone()),
        ("issues", json!(codes(imported)), json!(issues)),
        ("serviceUrl", json!(imported.api.properties.service_url), expected["serviceUrl"].clone()),
        ("operations", json!(operations), expected["operations"].clone()),
    ];
    let differing = pairs.into_iter().filter(|(_, ours, theirs)| ours != theirs);
    differing.map(|(what, ours, theirs)| format!("{what}: {ours} instead of {theirs}")).collect()
}

/// Compares every endpoint of the documents in a folder; `member` is where in the summary the importer's part is.
fn compare(folder: &Path, member: &str) {
    documents::compare(documents::expected(folder, "documents"), |name, expected| {
        let expected = if expected[member].is_object() { &expected[member] } else { expected };
        let Some(bytes) = bytes(&folder.join(name)) else { return Vec::new() };
        // The data's reader followed imports into neighbours; only these two folders have any.
        let neighbours = if name.contains('/') { neighbours(&folder.join(name)) } else { Vec::new() };
        let files: Vec<_> = neighbours.iter().map(|(path, bytes)| SourceFile { path, bytes }).collect();
        let document = strings(&expected["issues"]);
        let endpoints = expected["endpoints"].as_array().cloned().unwrap_or_default();
        let mut found = Vec::new();
        if endpoints.len() != 1 {
            let imported = wsdl_with_files(&bytes, &files, &refusing(WsdlOptions::default()));
            if imported.accepted || codes(&imported) != document {
                found.push(format!("issues: {:?} instead of {document:?}", codes(&imported)));
            }
        }
        for endpoint in &endpoints {
            let options = refusing(options(&endpoint["service"], &endpoint["endpoint"]));
            let imported = wsdl_with_files(&bytes, &files, &options);
            let differences = differences(&imported, &document, endpoint);
            found.extend(differences.into_iter().map(|text| format!("{}: {text}", endpoint["endpoint"])));
        }
        found
    });
}

fn rules() -> PathBuf {
    documents::rules("wsdl")
}

#[test]
fn follows_the_rules() {
    compare(&rules(), "");
}

#[test]
fn takes_odd_documents() {
    compare(&documents::odd("wsdl"), "");
}

#[test]
fn agrees_on_the_corpus() {
    if let Some(folder) = documents::corpus("wsdl") {
        compare(&folder, "apim");
    }
}

#[test]
fn imports_from_files_are_followed() {
    let Some(folder) = documents::corpus("wsdl") else { return };
    for (name, types) in
        [("wsdl-import/main.wsdl", 2), ("xsd-include/echoInclude.wsdl", 2), ("xsd-include/xsd_include.wsdl", 2)]
    {
        let path = folder.join(name);
        let neighbours = neighbours(&path);
        let files: Vec<_> = neighbours.iter().map(|(path, bytes)| SourceFile { path, bytes }).collect();
        let imported = wsdl_with_files(&bytes(&path).unwrap(), &files, &WsdlOptions::default());
        let errors = imported.findings.iter().filter(|finding| finding.severity == Severity::Error);
        let errors: Vec<_> = errors.map(|finding| finding.code).collect();
        // One of the documents lacks what it refers to even with its include.
        let lacks: &[&str] =
            if name.ends_with("/xsd_include.wsdl") { &["unresolved-type", "operation-not-found"] } else { &[] };
        assert_eq!(errors, lacks, "{name}: {:?}", imported.findings);
        assert_eq!(imported.schemas.len(), types, "{name}");
        let request = imported.operations[0].properties.request.as_ref().unwrap();
        assert!(request.representations[0].schema_id.is_some(), "{name}");
    }
}

#[test]
fn schemas_stand_alone() {
    let bytes = bytes(&rules().join("w05-import-without-location.wsdl")).unwrap();
    let imported = wsdl(&bytes, &WsdlOptions::default());
    assert!(!imported.schemas.is_empty());
    for schema in &imported.schemas {
        let document = schema.properties.document.as_ref().unwrap();
        roxmltree::Document::parse(document["value"].as_str().unwrap()).unwrap();
    }
    let request = imported.operations[0].properties.request.as_ref().unwrap();
    let body = &request.representations[0];
    assert!(imported.schemas.iter().any(|schema| schema.name.as_deref() == body.schema_id.as_deref()));
}

fn rest(name: &str) -> Imported {
    let mut options = WsdlOptions::default();
    options.endpoint = name.starts_with("w01").then(|| "CalculatorSoap12".to_owned());
    options.form = SoapForm::Rest;
    wsdl(&bytes(&rules().join(name)).unwrap(), &options)
}

#[test]
fn soap_becomes_rest() {
    let imported = rest("w02-wrapped-arrays.wsdl");
    assert!(imported.accepted);
    assert_eq!(imported.api.properties.service_url.as_deref(), Some("https://svc.example.com"));
    assert_eq!(imported.operations[0].properties.url_template, "/PlaceOrder");
    let policy = &imported.policies[0].properties.value;
    for part in [
        r#"<rewrite-uri template="/soap/service" copy-unmatched-params="false" />"#,
        r#"<value>&quot;http://orders.example.com/PlaceOrder&quot;</value>"#,
        "<Lines>{% for item in body.placeOrder.lines -%}<Line><Sku>{{item.sku | Escape}}</Sku><Qty>{{item.qty}}</Qty></Line>",
        "{% if body.placeOrder.notes %}<Notes>",
        "[ {% JSONArrayFor item in body.envelope.body.PlaceOrderResponse.OrderNumbers.string -%}",
        r#""total": {{body.envelope.body.PlaceOrderResponse.Total}}"#,
    ] {
        assert!(policy.contains(part), "{part} is not in\n{policy}");
    }
}

#[test]
fn soap_12_sends_its_action_in_the_content_type() {
    let imported = rest("w01-calculator-two-endpoints.wsdl");
    let policy = &imported.policies[0].properties.value;
    assert!(policy.contains("application/soap+xml; action=&quot;") && !policy.contains("SOAPAction"), "{policy}");
    assert!(policy.contains("http://www.w3.org/2003/05/soap-envelope"), "{policy}");
}

#[test]
fn addressing_that_must_be_and_security_are_refused() {
    let text = include_str!("odd/wsdl/soap12-only.wsdl");
    let port = "<w:port name=\"P\" binding=\"t:B\">";
    assert!(text.contains(port));
    let with = |inside: &str| {
        let imported = wsdl(text.replace(port, &format!("{port}{inside}")).as_bytes(), &WsdlOptions::default());
        codes(&imported).contains("ws-star")
    };
    let addressing = "xmlns:a='http://www.w3.org/2006/05/addressing/wsdl'";
    assert!(with(&format!("<a:UsingAddressing {addressing} w:required='true'/>")));
    assert!(!with(&format!("<a:UsingAddressing {addressing}/>")), "callers may leave it out");
    for uri in [
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
        "http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702",
    ] {
        assert!(with(&format!("<a:Security xmlns:a='{uri}'/>")), "{uri}");
    }
}

#[test]
fn refusals_have_places() {
    let place = |bytes: &[u8]| {
        let finding = wsdl(bytes, &WsdlOptions::default()).findings.remove(0);
        (finding.line, finding.column)
    };
    assert_eq!(place(b"<a>\n<b c='\xff'/></a>"), (Some(2), Some(7)));
    let deep = format!("<a>\n{}", "<b>".repeat(300));
    assert_eq!(place(deep.as_bytes()), (Some(2), Some(766)));
}

#[test]
fn policies_of_every_endpoint_can_be_read() {
    let Some(folder) = documents::corpus("wsdl") else { return };
    let mut count = 0;
    for (name, document) in documents::expected(&folder, "documents") {
        let Some(bytes) = bytes(&folder.join(&name)) else { continue };
        let Some(endpoint) = document["apim"]["endpoints"].as_array().and_then(|endpoints| endpoints.first()) else {
            continue;
        };
        let mut options = options(&endpoint["service"], &endpoint["endpoint"]);
        options.form = SoapForm::Rest;
        for policy in wsdl(&bytes, &options).policies {
            xml::parse(&policy.properties.value).unwrap_or_else(|error| panic!("{name}: {error}"));
            count += 1;
        }
    }
    println!("{count} policies");
    assert!(count > 0);
}

proptest! {
    #[test]
    fn never_panics_on_damaged_documents(
        name in prop::sample::select(vec!["w01-calculator-two-endpoints.wsdl", "w02-wrapped-arrays.wsdl", "w06-recursive-type.wsdl"]),
        at in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>(), byte in any::<u8>()
    ) {
        let mut document = bytes(&rules().join(name)).unwrap();
        let at = at.index(document.len());
        document[at] = byte;
        wsdl(&document, &WsdlOptions::default());
        let mut options = WsdlOptions::default();
        options.endpoint = Some("CalculatorSoap".to_owned()).filter(|_| name.starts_with("w01"));
        options.form = SoapForm::Rest;
        wsdl(&document, &options);
        let cut = cut.index(document.len());
        document.drain(cut..(cut + 20).min(document.len()));
        wsdl(&document, &WsdlOptions::default());
    }
}
