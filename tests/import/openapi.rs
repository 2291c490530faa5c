//! Every document of the corpus and of `rules/` against its expected summary.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use gatewright::import::{Imported, OpenApiFormat, Options, QueryParameters, Severity, Strictness, openapi};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::documents::{self, codes};

/// Codes that depend on strictness: the data names them where our reading is the more lenient one.
const OPEN: [&str; 2] = ["invalid-document", "circular-ref"];

/// Query parameters of a template in order, because their order is not settled.
pub fn sorted_query(template: &str) -> String {
    match template.split_once('?') {
        Some((path, query)) => {
            let mut pairs: Vec<_> = query.split('&').collect();
            pairs.sort_unstable();
            format!("{path}?{}", pairs.join("&"))
        }
        None => template.to_owned(),
    }
}

fn names_digest(imported: &Imported) -> String {
    let mut lines: Vec<_> = imported
        .operations
        .iter()
        .map(|operation| {
            let name = operation.name.as_deref().unwrap_or_default();
            format!("{}\t{}\t{name}\n", operation.properties.method, operation.properties.url_template)
        })
        .collect();
    lines.sort_unstable();
    let digest = Sha256::digest(lines.concat());
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// What differs from the expected summary.
fn differences(imported: &Imported, expected: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut differ = |what: &str, ours: Value, theirs: &Value| {
        if ours != *theirs {
            found.push(format!("{what}: {ours} instead of {theirs}"));
        }
    };
    if !expected["accepted"].is_null() {
        differ("accepted", json!(imported.accepted), &expected["accepted"]);
    }
    let theirs: BTreeSet<_> = expected["issues"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let ours = codes(imported);
    let settled = |codes: &BTreeSet<&str>| json!(codes.iter().filter(|code| !OPEN.contains(code)).collect::<Vec<_>>());
    differ("issues", settled(&ours), &settled(&theirs));
    differ("serviceUrl", json!(imported.api.properties.service_url), &expected["serviceUrl"]);
    if let Some(operations) = expected["operations"].as_array() {
        differ("number of operations", json!(imported.operations.len()), &json!(operations.len()));
        for (ours, theirs) in imported.operations.iter().zip(operations) {
            let operation = &ours.properties;
            let template = sorted_query(&operation.url_template);
            let ours = json!([ours.name, operation.method, template, operation.display_name]);
            let mut theirs = theirs.clone();
            theirs[2] = json!(sorted_query(theirs[2].as_str().unwrap_or_default()));
            differ("operation", ours, &theirs);
        }
    } else if let Some(digest) = expected["namesDigest"].as_str() {
        differ("namesDigest", json!(names_digest(imported)), &json!(digest));
    }
    found
}

/// Compares the documents in a folder; `member` is where in the summary of each the importer's part is.
fn compare(folder: &Path, member: &str) {
    documents::compare(documents::expected(folder, "documents"), |name, expected| {
        let expected = if expected[member].is_object() { &expected[member] } else { expected };
        let bytes = std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let imported = openapi(&bytes, &Options::default());
        let invalid = |codes: BTreeSet<&str>| codes.contains("invalid-document");
        let theirs = expected["issues"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if invalid(codes(&imported)) != invalid(theirs) {
            println!("{name}: `invalid-document` differs (not settled)");
        }
        differences(&imported, expected)
    });
}

fn rules() -> PathBuf {
    documents::rules("openapi")
}

#[test]
fn follows_the_rules() {
    compare(&rules(), "");
}

#[test]
fn takes_odd_documents() {
    compare(&documents::odd("openapi"), "");
}

#[test]
fn agrees_on_the_corpus() {
    if let Some(folder) = documents::corpus("openapi") {
        compare(&folder, "apim");
    }
}

#[test]
fn lenient_takes_more() {
    let read = |name: &str| std::fs::read(rules().join(name)).unwrap();
    let mut options = Options::default();
    options.strictness = Strictness::Lenient;
    let imported = openapi(&read("r16-undeclared-parameter.v30.yaml"), &options);
    let names: Vec<_> = imported.operations[0].properties.template_parameters.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["x", "y"]);
}

#[test]
fn options_change_what_is_made() {
    let read = |name: &str| std::fs::read(rules().join(name)).unwrap();
    let mut options = Options::default();
    options.query_parameters = QueryParameters::Query;
    let imported = openapi(&read("r02-required-query.v30.yaml"), &options);
    assert_eq!(imported.operations[0].properties.url_template, "/search");

    let mut options = Options::default();
    options.allow_http_server = true;
    options.make_backend = true;
    let imported = openapi(&read("r06-http-only.v30.yaml"), &options);
    assert_eq!(imported.api.properties.service_url.as_deref(), Some("http://one.example.com/api"));
    assert_eq!(imported.backends[0].name, imported.api.name);

    let mut options = Options::default();
    options.document_url = Some("https://docs.example.com/v1/openapi.json".to_owned());
    let imported = openapi(&read("r07-relative-server.v31.json"), &options);
    assert_eq!(imported.api.properties.service_url.as_deref(), Some("https://docs.example.com/api/v3"));
    let imported = openapi(&read("r10-no-scheme.v2.json"), &options);
    assert_eq!(imported.api.properties.service_url.as_deref(), Some("https://ns.example.com/v1"));
    assert!(imported.accepted);

    let mut options = Options::default();
    options.map_security = true;
    let api = openapi(&read("r14-ignored.v30.yaml"), &options).api.properties;
    assert_eq!(api.subscription_key_parameter_names.and_then(|names| names.header).as_deref(), Some("X-Api-Key"));

    let mut options = Options::default();
    options.strictness = Strictness::Strict;
    assert!(!openapi(&read("r01-names.v30.yaml"), &options).accepted);
    options.max_bytes = 10;
    assert_eq!(codes(&openapi(&read("r01-names.v30.yaml"), &options)), BTreeSet::from(["inline-too-large"]));
}

#[test]
fn servers_are_resolved_before_one_is_chosen() {
    let import = |servers: &str, from: Option<&str>, allow_http: bool| {
        let text = format!(
            r#"{{"openapi": "3.0.3", "info": {{"title": "T", "version": "1"}}, "servers": [{servers}], "paths": {{}}}}"#
        );
        let mut options = Options::default();
        options.document_url = from.map(str::to_owned);
        options.allow_http_server = allow_http;
        let imported = openapi(text.as_bytes(), &options);
        let mut codes: Vec<_> = codes(&imported).into_iter().filter(|code| *code != "several-servers").collect();
        codes.sort_unstable();
        (imported.api.properties.service_url.clone(), codes.join(" "))
    };
    let (relative, both) = (r#"{"url": "/v1"}"#, r#"{"url": "/v1"}, {"url": "https://other.example.com"}"#);
    let some = |url: &str| Some(url.to_owned());
    let (https, http) = (Some("https://docs.example.com/a.json"), Some("http://docs.example.com/a.json"));
    for (servers, from, allow, url, found) in [
        (both, https, false, some("https://docs.example.com/v1"), ""),
        (both, http, false, some("https://other.example.com"), ""),
        (both, None, false, some("https://other.example.com"), ""),
        (relative, http, false, None, "no-https-server"),
        (relative, http, true, some("http://docs.example.com/v1"), "no-https-server"),
        (relative, None, true, None, "relative-server"),
    ] {
        assert_eq!(import(servers, from, allow), (url, found.to_owned()), "{servers} {from:?}");
    }
}

#[test]
fn what_has_no_place_is_told_once() {
    let document = br##"{"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "servers": [{"url": "https://h"}],
        "externalDocs": {"url": "https://d"}, "tags": [{"name": "a", "externalDocs": {"url": "https://d"}}],
        "paths": {"/a": {"get": {"deprecated": true, "responses": {
            "200": {"description": "ok", "links": {"next": {"operationId": "x"}}}, "all": {"description": "no"}, "9XX": {"description": "no"}}}}}}"##;
    let imported = openapi(document, &Options::default());
    assert_eq!(imported.findings, []);
    let dropped: Vec<_> = imported.dropped.iter().map(|found| (found.code, found.pointer.as_str())).collect();
    assert_eq!(
        dropped,
        [
            ("links-ignored", "/paths/~1a/get/responses/200/links"),
            ("external-docs-ignored", "/externalDocs"),
            ("deprecated-ignored", "/paths/~1a/get/deprecated"),
            ("responses-ignored", "/paths/~1a/get/responses/all"),
        ]
    );
    assert!(imported.dropped[1].message.starts_with("2 ") && imported.dropped[3].message.starts_with("2 "));
}

#[test]
fn responses_of_ranges_and_of_all_others_are_kept() {
    let document = br##"{"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "servers": [{"url": "https://h"}],
        "components": {"responses": {"e": {"description": "error", "content": {"application/json": {}}}}},
        "paths": {"/a": {
            "get": {"responses": {"default": {"$ref": "#/components/responses/e"}, "200": {"description": "ok"}, "4xx": {"description": "yours"}}},
            "put": {"responses": {"default": {"description": ""}}}}}}"##;
    let imported = openapi(document, &Options::default());
    assert_eq!(imported.dropped, []);
    let others = |at: usize| {
        let others = imported.operations[at].properties.other_responses.iter();
        let shown = others.map(|other| (other.status_class, other.description.as_deref(), other.representations.len()));
        shown.collect::<Vec<_>>()
    };
    assert_eq!(others(0), [(None, Some("error"), 1), (Some(4), Some("yours"), 0)]);
    assert_eq!(others(1), [], "it says nothing");
    assert_eq!(imported.operations[0].properties.responses.len(), 1);
}

#[test]
fn a_format_that_is_named_must_be_the_right_one() {
    let version = |version: &str| {
        format!(
            r#"{{{version}, "info": {{"title": "T", "version": "1"}}, "host": "h", "schemes": ["https"], "paths": {{}}}}"#
        )
    };
    let (two, three) = (version(r#""swagger": "2.0""#), version(r#""openapi": "3.0.3""#));
    let yaml = "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths: {}\n".to_owned();
    for (format, text, code) in [
        (OpenApiFormat::SwaggerJson, &two, ""),
        (OpenApiFormat::SwaggerJson, &three, "unsupported-version"),
        (OpenApiFormat::OpenApi, &three, ""),
        (OpenApiFormat::OpenApi, &yaml, ""),
        (OpenApiFormat::OpenApi, &two, "unsupported-version"),
        (OpenApiFormat::OpenApiJson, &three, ""),
        (OpenApiFormat::OpenApiJson, &yaml, "invalid-syntax"),
        (OpenApiFormat::OpenApiJson, &two, "unsupported-version"),
    ] {
        let mut options = Options::default();
        options.format = Some(format);
        let imported = openapi(text.as_bytes(), &options);
        let refusing = imported.findings.iter().find(|finding| finding.severity == Severity::Error);
        assert_eq!(refusing.map_or("", |finding| finding.code), code, "{format:?} {text}");
    }
}

#[test]
fn limits_are_settings() {
    let text = br#"{"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "x": [[[[]]]], "paths": {}}"#;
    let refused = |change: fn(&mut Options)| {
        let mut options = Options::default();
        change(&mut options);
        codes(&openapi(text, &options)).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(refused(|options| options.max_depth = 4), ["invalid-syntax"]);
    assert_eq!(refused(|options| options.max_values = 10), ["too-many-values"]);
    let yaml = "openapi: 3.0.3\na: &a [x, x, x, x]\nb: [*a, *a]\n";
    let mut options = Options::default();
    options.max_depth = 1;
    assert!(!openapi(yaml.as_bytes(), &options).accepted);
}

#[test]
fn forms_have_the_fields_of_all_parts() {
    let document = br##"{"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "servers": [{"url": "https://h"}],
        "paths": {"/a": {"post": {"responses": {"200": {"description": "ok"}}, "requestBody": {"content": {"multipart/form-data": {
            "schema": {"allOf": [{"$ref": "#/components/schemas/File"}, {"required": ["note"], "properties": {"note": {"type": "integer"}}}]}}}}}}},
        "components": {"schemas": {"File": {"required": ["file"], "properties": {"file": {"type": "string"}, "note": {"type": "string"}, "x": {}}}}}}"##;
    let imported = openapi(document, &Options::default());
    let request = imported.operations[0].properties.request.as_ref().unwrap();
    let fields = request.representations[0].form_parameters.iter();
    let fields: Vec<_> = fields.map(|field| (field.name.as_str(), field.kind.as_deref(), field.required)).collect();
    assert_eq!(
        fields,
        [
            ("file", Some("string"), Some(true)),
            ("note", Some("integer"), Some(true)),
            ("x", Some("string"), Some(false))
        ]
    );
}

#[test]
fn examples_are_those_of_the_media_type() {
    let document = br#"{"swagger": "2.0", "info": {"title": "T", "version": "1"}, "host": "h", "schemes": ["https"],
        "produces": ["application/json", "text/xml", "text/json"], "paths": {"/a": {"get": {"responses": {"200": {"description": "ok",
            "schema": {"type": "object", "properties": {"a": {"type": "integer"}}},
            "examples": {"text/xml": "<a>1</a>", "application/json": {"a": 7}}}}}}}}"#;
    let imported = openapi(document, &Options::default());
    let representations = imported.operations[0].properties.responses[0].representations.iter();
    let examples: Vec<_> =
        representations.map(|body| body.examples.as_ref().unwrap()["default"]["value"].clone()).collect();
    assert_eq!(examples, [json!({"a": 7}), json!("<a>1</a>"), json!({"a": 0})]);
}

#[test]
fn findings_point_into_lists() {
    let document = br##"{"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": {},
        "servers": [{"url": "https://h"}, {"url": 7}],
        "components": {"schemas": {"A": {"allOf": [{}, {"items": {"$ref": "other.json"}}]}}}}"##;
    let pointers: Vec<_> = openapi(document, &Options::default())
        .findings
        .into_iter()
        .filter(|finding| matches!(finding.code, "external-ref" | "invalid-document"))
        .map(|finding| finding.pointer)
        .collect();
    let place = "/components/schemas/A/allOf/1/items";
    assert_eq!(pointers, [place, "/servers/1/url", place]);
}

#[test]
fn lists_of_findings_end() {
    let paths: Vec<_> = (0..3_000).map(|n| format!(r#""/p{n}": {{"trace": {{}}}}"#)).collect();
    let document = format!(
        r#"{{"openapi": "3.0.3", "info": {{"title": "T", "version": "1"}}, "servers": [{{"url": "https://h"}}], "paths": {{{}}}}}"#,
        paths.join(",")
    );
    let findings = openapi(document.as_bytes(), &Options::default()).findings;
    assert_eq!(findings.len(), 1_001);
    assert_eq!(findings[1_000].message, "2000 more of this kind are not listed");
}

#[test]
fn becomes_an_entry_of_a_store() {
    let bytes = std::fs::read(rules().join("r14-ignored.v30.yaml")).unwrap();
    let entry = openapi(&bytes, &Options::default()).into_entry();
    assert_eq!(entry.operations.len(), 2);
    assert_eq!(
        entry.operations.get("startJob").map(|operation| operation.tags.clone()),
        Some(vec!["alpha".into(), "gamma".into()])
    );
    assert_eq!(entry.tags, ["alpha", "beta", "gamma"]);
}

fn documents() -> Vec<Vec<u8>> {
    let files = std::fs::read_dir(rules()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|path| path.file_name().is_some_and(|name| name != "expected.json")).collect();
    files.sort();
    files.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// A value made of the words that the importer looks for.
fn value() -> impl Strategy<Value = Value> {
    let words = vec![
        "openapi",
        "swagger",
        "2.0",
        "3.0.0",
        "3.1.0",
        "paths",
        "/a/{b}",
        "/{b",
        "get",
        "post",
        "parameters",
        "name",
        "in",
        "path",
        "query",
        "body",
        "schema",
        "schemas",
        "components",
        "definitions",
        "$ref",
        "#/components/schemas/a",
        "#/",
        "#",
        "type",
        "array",
        "items",
        "properties",
        "allOf",
        "oneOf",
        "enum",
        "responses",
        "200",
        "content",
        "application/json",
        "servers",
        "url",
        "https://h",
        "variables",
        "default",
        "requestBody",
        "operationId",
        "required",
        "example",
        "examples",
        "a",
        "",
        "tags",
        "security",
        "callbacks",
        "x-ms-paths",
        "headers",
        "produces",
        "schemes",
        "info",
        "title",
        "{b}",
        "~1",
    ];
    let word = prop::sample::select(words);
    let leaf = prop_oneof![
        word.clone().prop_map(|word| json!(word)),
        Just(Value::Null),
        any::<bool>().prop_map(|b| json!(b)),
        any::<i32>().prop_map(|n| json!(n)),
    ];
    leaf.prop_recursive(8, 120, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((word.clone(), inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().map(|(name, v)| (name.to_owned(), v)).collect())),
        ]
    })
}

proptest! {
    #[test]
    fn never_panics_on_damaged_documents(
        document in prop::sample::select(documents()), cut in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte in any::<u8>()
    ) {
        let mut document = document;
        let at = at.index(document.len());
        document[at] = byte;
        openapi(&document, &Options::default());
        document.truncate(cut.index(document.len()));
        openapi(&document, &Options::default());
    }

    #[test]
    fn never_panics_on_odd_values(value in value(), version in prop::sample::select(vec!["2.0", "3.0.3", "3.1.0"])) {
        let mut value = value;
        if let Some(members) = value.as_object_mut() {
            members.insert(if version == "2.0" { "swagger" } else { "openapi" }.to_owned(), json!(version));
        }
        let imported = openapi(value.to_string().as_bytes(), &Options::default());
        imported.into_entry();
    }
}
