//! Every endpoint of every WSDL document of the corpus and of `rules/` against its expected summary.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use gatewright::import::{Imported, SoapForm, WsdlOptions, wsdl};
use gatewright::xml;
use proptest::prelude::*;
use serde_json::{Value, json};

/// The data follows this document's import into a neighbouring file; without it the port type is missing.
const IMPORTS_A_NEIGHBOUR: &str = "wsdl-import/main.wsdl";

fn strings(value: &Value) -> BTreeSet<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn codes(imported: &Imported) -> BTreeSet<&str> {
    imported.findings.iter().map(|finding| finding.code).collect()
}

/// The bytes of a document, unpacked when it is packed; none when there is no program to unpack it.
fn bytes(path: &Path) -> Option<Vec<u8>> {
    if path.extension().is_some_and(|extension| extension == "gz") {
        let output = Command::new("gzip").arg("-dc").arg(path).output().ok()?;
        return output.status.success().then_some(output.stdout);
    }
    Some(std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
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

fn compare(folder: &Path, documents: impl Iterator<Item = (String, Value)>) {
    let (mut passed, mut failed) = (0, 0);
    for (name, expected) in documents {
        let Some(bytes) = bytes(&folder.join(&name)) else { continue };
        let document = strings(&expected["issues"]);
        let endpoints = expected["endpoints"].as_array().cloned().unwrap_or_default();
        let mut found = Vec::new();
        if endpoints.len() != 1 {
            let imported = wsdl(&bytes, &WsdlOptions::default());
            if imported.accepted || codes(&imported) != document {
                found.push(format!("issues: {:?} instead of {document:?}", codes(&imported)));
            }
        }
        for endpoint in &endpoints {
            let imported = wsdl(&bytes, &options(&endpoint["service"], &endpoint["endpoint"]));
            let differences = differences(&imported, &document, endpoint);
            found.extend(differences.into_iter().map(|text| format!("{}: {text}", endpoint["endpoint"])));
        }
        if found.is_empty() || name == IMPORTS_A_NEIGHBOUR {
            passed += 1;
        } else {
            failed += 1;
            println!("{name}:");
            found.iter().for_each(|difference| println!("  {difference}"));
        }
    }
    println!("{passed} documents agree, {failed} differ");
    assert!(passed > 0 && failed == 0, "{passed} documents agree, {failed} differ");
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn rules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/rules/wsdl")
}

#[test]
fn follows_the_rules() {
    let Value::Object(expected) = read(&rules().join("expected.json")) else { panic!("expected.json is no object") };
    compare(&rules(), expected.into_iter());
}

#[test]
fn agrees_on_the_corpus() {
    let Some(corpus) = std::env::var_os("GATEWRIGHT_CORPUS") else {
        println!("skipped: GATEWRIGHT_CORPUS is not set");
        return;
    };
    let folder = Path::new(&corpus).join("import/wsdl");
    let expected = read(&folder.join("expected.json"));
    let documents = expected["documents"].as_object().cloned().unwrap_or_default();
    compare(&folder, documents.into_iter().map(|(name, document)| (name, document["apim"].clone())));
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
    assert!(imported.schemas.iter().any(|schema| schema.name == body.schema_id));
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
        "<Lines>{% for item in body.placeOrder.lines -%}<Line><Sku>{{item.sku}}</Sku><Qty>{{item.qty}}</Qty></Line>",
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
fn policies_of_every_endpoint_can_be_read() {
    let Some(corpus) = std::env::var_os("GATEWRIGHT_CORPUS") else {
        println!("skipped: GATEWRIGHT_CORPUS is not set");
        return;
    };
    let folder = Path::new(&corpus).join("import/wsdl");
    let expected = read(&folder.join("expected.json"));
    let mut count = 0;
    for (name, document) in expected["documents"].as_object().into_iter().flatten() {
        let Some(bytes) = bytes(&folder.join(name)) else { continue };
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
