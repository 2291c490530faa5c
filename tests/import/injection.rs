//! Descriptions whose texts would be more than text in a policy: named values, expressions, Liquid, elements.

use gatewright::import::{
    FunctionAppOptions, Imported, LogicAppOptions, Options, SoapForm, SourceFile, WebAppOptions, WsdlOptions,
    function_app, logic_app, openapi, web_app, wsdl,
};
use gatewright::policy::{Document, Environment, Scope};
use gatewright::secret::{NamedValues, references};
use gatewright::xml;
use proptest::prelude::*;

/// Checks that policies are such as the service takes, and that nothing of the service is put into them or into URLs.
fn check(imported: &Imported) {
    let own: Vec<_> = imported.named_values.iter().filter_map(|value| value.name.as_deref()).collect();
    let backends = imported.backends.iter().filter_map(|backend| backend.name.as_deref());
    let values = own.iter().fold(NamedValues::new(), |values, name| values.secret(*name, "value"));
    let environment = Environment::new().named_values(values).backends(backends);
    for policy in &imported.policies {
        let text = &policy.properties.value;
        xml::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        for found in references(text) {
            let is_liquid = ["body.", "item"].iter().any(|start| found.name.starts_with(start));
            assert!(own.contains(&found.name) || is_liquid, "`{}` in\n{text}", found.name);
        }
        let scope = if policy.operation.is_some() { Scope::Operation } else { Scope::Api };
        if let Err(error) = Document::compile("policy.xml", text, scope, &environment) {
            assert!(!imported.accepted, "{error}\n{text}");
        }
    }
    let urls = imported.backends.iter().map(|backend| &backend.properties.url);
    for url in urls.chain([&imported.api.properties.service_url]).flatten() {
        assert_eq!(references(url).count(), 0, "{url}");
    }
}

fn refused(imported: &Imported, code: &str) {
    check(imported);
    let codes: Vec<_> = imported.findings.iter().map(|finding| finding.code).collect();
    assert!(!imported.accepted && codes.contains(&code), "{code} is not in {codes:?}");
}

const WSDL: &str = include_str!("odd/wsdl/soap12-only.wsdl");

fn service(from: &str, to: &str) -> Imported {
    assert!(WSDL.contains(from), "{from}");
    let mut options = WsdlOptions::default();
    options.form = SoapForm::Rest;
    wsdl(WSDL.replace(from, to).as_bytes(), &options)
}

#[test]
fn names_of_wsdl_are_names() {
    check(&service("urn:t", "urn:t"));
    for name in ["a/&gt;&lt;trace source='x'&gt;", "{{secret}}", "@(1)", "a b", "a'] }}{{ secret", ""] {
        refused(&service("name=\"a\"", &format!("name=\"{name}\"")), "invalid-name");
        refused(&service("name=\"Do\"", &format!("name=\"{name}\"")), "invalid-name");
    }
    for name in ["a.b", "größe", "a-"] {
        let imported = service("name=\"a\"", &format!("name=\"{name}\""));
        assert!(imported.accepted, "{name}: {:?}", imported.findings);
        check(&imported);
    }
}

#[test]
fn texts_of_wsdl_are_texts() {
    for action in ["urn:{{secret}}", "@(context)", "{% raw %}", "urn:do&quot;; x=&quot;", "a&#10;b"] {
        refused(&service("soapAction=\"urn:do\"", &format!("soapAction=\"{action}\"")), "unsafe-text");
    }
    refused(&service("urn:t", "urn:{{secret}}"), "unsafe-text");
}

#[test]
fn addresses_of_wsdl_hold_no_named_values() {
    let imported = service("https://h.example.com/s", "https://h.example.com/{{secret}}/@(1)/{a}");
    assert!(imported.accepted, "{:?}", imported.findings);
    check(&imported);
    let policy = &imported.policies[0].properties.value;
    assert!(policy.contains("template=\"/%7B%7Bsecret%7D%7D/%40(1)/%7Ba%7D\""), "{policy}");
    for form in [SoapForm::PassThrough, SoapForm::Rest] {
        let mut options = WsdlOptions::default();
        options.form = form;
        let text = WSDL.replace("https://h.example.com/s", "https://{{secret}}.example.com/s");
        refused(&wsdl(text.as_bytes(), &options), "unsafe-text");
    }
}

#[test]
fn triggers_hold_no_named_values() {
    let read = |text: &str| logic_app(text.as_bytes(), &LogicAppOptions::default());
    let defined = |name: &str, inputs: &str| {
        read(&format!(
            r#"{{"name": "flow", "properties": {{"accessEndpoint": "https://h.logic.azure.com:443/workflows/1",
            "definition": {{"triggers": {{"{name}": {{"type": "Request", "inputs": {{{inputs}}}}}}}}}}}}}"#
        ))
    };
    let imported = defined("When_a_HTTP_request (1)", r#""relativePath": "orders/{id}/@{x}", "method": "put""#);
    assert!(imported.accepted, "{:?}", imported.findings);
    check(&imported);
    let key = imported.named_values[0].name.as_deref().unwrap();
    assert!(key.starts_with("flow_when-a-http-request-1-invoke_"), "{key}");
    for name in ["{{other-secret}}", "a}}{{other", "@(1)", "a&sig=1", "a/b", ""] {
        refused(&defined(name, ""), "invalid-name");
    }
    for inputs in [
        r#""relativePath": "{{secret}}""#,
        r#""relativePath": "a?x={b}""#,
        r#""method": "@(context.Api.Name)""#,
        r#""method": "{{secret}}""#,
    ] {
        refused(&defined("manual", inputs), "unsafe-text");
    }
    let callback = |base: &str, version: &str| {
        read(&format!(r#"{{"basePath": "{base}", "queries": {{"sig": "s", "api-version": "{version}"}}}}"#))
    };
    let base = "https://h/workflows/1/triggers/manual/paths/invoke";
    check(&callback(base, "2016-10-01"));
    refused(&callback(base, "{{secret}}"), "unsafe-text");
    refused(&callback("https://{{secret}}.h/workflows/1/triggers/manual/paths/invoke", "1"), "unsafe-text");
    let named = read(
        r#"{"name": "{{secret}}", "id": "/resourceGroups/{{secret}}/x", "properties": {"accessEndpoint": "https://h/w",
        "definition": {"triggers": {"a": {"type": "Request"}}}}}"#,
    );
    assert!(named.accepted, "{:?}", named.findings);
    check(&named);
}

#[test]
fn web_apps_hold_no_named_values() {
    let document = |path: &str, key: &str| {
        format!(
            r#"{{"swagger": "2.0", "info": {{"title": "Shop", "version": "1"}}, "schemes": ["https"], "host": "h",
            "securityDefinitions": {{"k": {{"type": "apiKey", {key}}}}},
            "paths": {{"{path}": {{"get": {{"parameters": [{{"name": "id", "in": "path", "required": true, "type": "string"}}],
                                            "responses": {{}}}}}}}}}}"#
        )
    };
    let read = |path: &str, key: &str| {
        web_app(br#"{"name": "shop"}"#, Some(document(path, key).as_bytes()), &WebAppOptions::default())
    };
    let header = r#""in": "header", "name": "X-Key""#;
    for (path, key) in
        [("/@{id}", header), ("/a@(b)/{id}", header), ("/{id}", r#""in": "query", "name": "{{secret}}&x=@(1)\"""#)]
    {
        let imported = read(path, key);
        assert!(imported.accepted, "{path}: {:?}", imported.findings);
        check(&imported);
    }
    for name in ["{{secret}}", "@(context.Api.Name)", "X Key", ""] {
        check(&read("/{id}", &format!(r#""in": "header", "name": "{name}""#)));
    }
    refused(&read("/{id}", r#""in": "header", "name": "{{secret}}""#), "unsafe-text");
    refused(&read("/{{id}}/{id}", header), "unsafe-text");
    refused(
        &web_app(br#"{"name": "a", "hostNames": ["{{secret}}.h"]}"#, None, &WebAppOptions::default()),
        "unsafe-text",
    );
}

#[test]
fn urls_hold_no_named_values() {
    let mut options = Options::default();
    options.make_backend = true;
    let text = r#"{"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "servers": [{"url": "https://{{secret}}.h"}], "paths": {}}"#;
    let imported = openapi(text.as_bytes(), &options);
    refused(&imported, "unsafe-text");
    assert!(imported.backends.is_empty());
    let listing = br#"[{"name": "f", "config": {"bindings": [{"type": "httpTrigger"}]}, "invoke_url_template": "https://{{secret}}.h/api/f"}]"#;
    let files = [SourceFile { path: "functions.json", bytes: listing }];
    refused(&function_app(&files, &FunctionAppOptions::default()), "unsafe-text");
}

/// What somebody might put into a description.
fn nasty() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "{{secret}}",
        "{",
        "}",
        "@(1)",
        "@{",
        "{%",
        "%}",
        "&lt;",
        "&#123;",
        "'",
        "/>",
        "]]>",
        "-->",
        "?",
        "#",
        "é",
        " ",
        ".",
        "-",
        "\\\"",
        "&amp;",
        "|",
    ])
}

const TRIGGER: &str = r#"{"name": "flow", "id": "/subscriptions/s/resourceGroups/g/providers/p", "properties": {"accessEndpoint": "https://h/w",
    "definition": {"triggers": {"manual": {"type": "Request", "inputs": {"method": "PUT", "relativePath": "a/{id}/b", "schema": {"a": 1}}}}}}}"#;
const CALLBACK: &str = r#"{"method": "POST", "basePath": "https://h/workflows/1/triggers/manual/paths/invoke", "relativePath": "a/{id}",
    "queries": {"sig": "s", "api-version": "2016-10-01"}}"#;
const APP: &str =
    r#"{"type": "Microsoft.Web/sites", "name": "shop", "id": "/sites/shop", "hostNames": ["shop.example.com"]}"#;
const DOCUMENT: &str = r#"{"swagger": "2.0", "info": {"title": "Shop", "version": "1"}, "schemes": ["https"], "host": "h", "basePath": "/b",
    "securityDefinitions": {"h": {"type": "apiKey", "in": "header", "name": "X-Key"}, "q": {"type": "apiKey", "in": "query", "name": "code"}},
    "paths": {"/items/{id}": {"get": {"parameters": [{"name": "id", "in": "path", "required": true, "type": "string"},
        {"name": "view", "in": "query", "required": true, "type": "string"}], "responses": {"200": {"description": "one"}}}}}}"#;
const LISTING: &str = r#"[{"name": "f", "function_app_id": "/sites/app", "config": {"bindings": [{"type": "httpTrigger", "route": "a/{id:int}/{*rest}",
    "methods": ["get"]}]}, "invoke_url_template": "https://app.azurewebsites.net/api/a/{id:int}/{*rest}"}]"#;

proptest! {
    #[test]
    fn nothing_that_is_put_in_comes_out_as_more_than_text(
        places in prop::collection::vec((any::<prop::sample::Index>(), nasty()), 1..4), which in 0..6_usize
    ) {
        let calculator = include_str!("rules/wsdl/w02-wrapped-arrays.wsdl");
        let mut text = [WSDL, calculator, TRIGGER, CALLBACK, DOCUMENT, LISTING][which].to_owned();
        for (place, piece) in places {
            let mut at = place.index(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            text.insert_str(at, piece);
        }
        match which {
            0 | 1 => {
                let mut options = WsdlOptions::default();
                options.form = SoapForm::Rest;
                check(&wsdl(text.as_bytes(), &options));
            }
            2 | 3 => check(&logic_app(text.as_bytes(), &LogicAppOptions::default())),
            4 => {
                check(&web_app(APP.as_bytes(), Some(text.as_bytes()), &WebAppOptions::default()));
                check(&openapi(text.as_bytes(), &Options::default()));
            }
            _ => {
                let files = [SourceFile { path: "functions.json", bytes: text.as_bytes() }];
                check(&function_app(&files, &FunctionAppOptions::default()));
            }
        }
    }
}
