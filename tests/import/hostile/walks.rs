//! Documents that are small and make a reader walk, or write, the same part again and again.

use gatewright::import::{
    FunctionAppOptions, LogicAppOptions, Options, SoapForm, SourceFile, WebAppOptions, WsdlOptions, function_app,
    logic_app, openapi, web_app, wsdl,
};

use super::references::shared;
use super::{hurt, refused};

const PATHS: usize = 14_000;

fn many(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect::<Vec<_>>().join(",")
}

fn read(text: String) -> gatewright::import::Imported {
    openapi(text.as_bytes(), &Options::default())
}

const NOTHING: &str = r#""schemas": {}"#;

#[test]
fn members_that_are_no_operations() {
    let junk = many(50_000, |n| format!(r#""junk{n}": 0"#));
    let paths = many(5_000, |n| format!(r##""/p{n}": {{"$ref": "#/components/pathItems/Shared"}}"##));
    let text = format!(
        r#"{{"openapi": "3.1.0", "info": {{"title": "T", "version": "1"}}, "servers": [{{"url": "https://h"}}],
        "paths": {{{paths}}}, "components": {{"pathItems": {{"Shared": {{{junk}, "post": {{}}, "get": {{}}}}}}}}}}"#
    );
    let imported = hurt("junk in a path item", || read(text));
    assert_eq!(imported.operations.len(), 10_000);
    assert_eq!(imported.operations[0].properties.method, "POST", "the order of the document is kept");
}

#[test]
fn lists_that_give_nothing() {
    let numbers = many(100_000, |_| "0".to_owned());
    hurt("tags that are no texts", || read(shared(&format!(r#"{{"tags": [{numbers}]}}"#), NOTHING, PATHS)));
    hurt("parameters that are none", || {
        let parameters = many(100_000, |_| "{}".to_owned());
        read(shared(&format!(r#"{{"parameters": [{parameters}]}}"#), NOTHING, PATHS))
    });
    hurt("parameters without a place", || {
        let parameters = many(900, |n| format!(r#"{{"name": "p{n}"}}"#));
        read(shared(&format!(r#"{{"parameters": [{parameters}]}}"#), NOTHING, PATHS))
    });
    let imported = hurt("responses without a status", || {
        let responses = many(100_000, |n| format!(r#""r{n}": {{}}"#));
        read(shared(&format!(r#"{{"responses": {{{responses}}}}}"#), NOTHING, PATHS))
    });
    assert_eq!(imported.dropped.len(), 1, "{:?}", imported.dropped);
    hurt("forms without fields", || {
        let media = many(5_000, |n| format!(r#""multipart/form-data; n={n}": {{}}"#));
        read(shared(&format!(r#"{{"requestBody": {{"content": {{{media}}}}}}}"#), NOTHING, PATHS))
    });
    hurt("media types of 2.0", || {
        let paths = many(PATHS, |n| format!(r##""/p{n}": {{"$ref": "#/x-shared"}}"##));
        read(format!(
            r#"{{"swagger": "2.0", "info": {{"title": "T", "version": "1"}}, "host": "h", "schemes": ["https"],
            "consumes": [{numbers}], "produces": [{numbers}],
            "x-shared": {{"post": {{"parameters": [{{"in": "body", "name": "b", "schema": {{}}}}], "responses": {{"200": {{"description": "d", "schema": {{}}}}}}}}}},
            "paths": {{{paths}}}}}"#
        ))
    });
}

#[test]
fn maps_that_are_searched_at_many_places() {
    let junk = many(50_000, |n| format!(r#""junk{n}": 0"#));
    hurt("a schema with much in it", || {
        let operation = r##"{"parameters": [{"name": "a", "in": "query", "schema": {"$ref": "#/components/schemas/Wide"}}],
            "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Wide"}}}}}"##;
        read(shared(operation, &format!(r#""schemas": {{"Wide": {{{junk}}}}}"#), 3_000))
    });
    hurt("a media type with much in it", || {
        let operation = r##"{"responses": {"200": {"$ref": "#/components/responses/Wide"}}}"##;
        let response = format!(r#"{{"description": "d", {junk}, "content": {{"application/json": {{{junk}}}}}}}"#);
        read(shared(operation, &format!(r#""responses": {{"Wide": {response}}}"#), 3_000))
    });
    hurt("an operation with much in it", || read(shared(&format!("{{{junk}}}"), NOTHING, 3_000)));
}

#[test]
fn required_fields_that_multiply() {
    let names = many(100_000, |n| format!(r#""name{n}""#));
    let parts = many(1_000, |_| r##"{"$ref": "#/components/schemas/Names"}"##.to_owned());
    let operation =
        format!(r#"{{"requestBody": {{"content": {{"multipart/form-data": {{"schema": {{"allOf": [{parts}]}}}}}}}}}}"#);
    refused("required fields", "reference-bomb", || {
        read(shared(&operation, &format!(r#""schemas": {{"Names": {{"required": [{names}]}}}}"#), 100))
    });
}

#[test]
fn values_that_are_many() {
    let numbers = |count| format!(r#"{{"openapi": "3.1.0", "a": [{}0]}}"#, "0,".repeat(count));
    let (some, many_objects) = (numbers(7_000_000), format!("[{}0]", "{},".repeat(10 << 20)));
    let many = numbers(10 << 20);
    refused("numbers", "too-many-values", || openapi(many.as_bytes(), &Options::default()));
    refused("objects", "too-many-values", || openapi(many_objects.as_bytes(), &Options::default()));
    hurt("numbers that are allowed", || openapi(some.as_bytes(), &Options::default()));
    refused("numbers in YAML", "too-many-values", || {
        let mut options = Options::default();
        options.max_values = 100_000;
        openapi(format!("openapi: 3.1.0\na: [{}0]\n", "0,".repeat(200_000)).as_bytes(), &options)
    });
    let with = |parameter: String| {
        format!(
            r#"{{"openapi": "3.1.0", "info": {{"title": "T", "version": "1"}}, "servers": [{{"url": "https://h"}}],
            "paths": {{"/a": {{"get": {{"parameters": [{{"name": "a", "in": "query", "schema": {{{parameter}}}}}]}}}}}}}}"#
        )
    };
    let objects = r#"{"":0},"#.repeat(1 << 20);
    for (name, text) in [
        ("a long enumeration", with(format!(r#""enum": [{}0]"#, "0,".repeat(5 << 20)))),
        ("a large default", with(format!(r#""default": [{objects}0]"#))),
        (
            "large defaults of servers",
            format!(
                r#"{{"openapi": "3.1.0", "servers": [{{"url": "https://{{a}}", "variables": {{"a": {{"default": [{objects}0]}}}}}}]}}"#
            ),
        ),
        (
            "large terms",
            format!(
                r#"{{"openapi": "3.1.0", "info": {{"termsOfService": [{objects}0], "contact": {{"name": [{objects}0]}}}}}}"#
            ),
        ),
    ] {
        hurt(name, || openapi(text.as_bytes(), &Options::default()));
    }
}

#[test]
fn descriptions_of_apps_that_are_many_values() {
    for (name, text) in [
        ("small objects", format!("[{}0]", r#"{"":0},"#.repeat(2_000_000))),
        ("numbers", format!("[{}0]", "0,".repeat(7_000_000))),
    ] {
        let files = |path| [SourceFile { path, bytes: text.as_bytes() }];
        let options = FunctionAppOptions::default();
        refused(name, "too-many-values", || function_app(&files("functions.json"), &options));
        let function = hurt(name, || function_app(&files("A/function.json"), &options));
        assert!(function.findings.iter().any(|finding| finding.code == "too-many-values"), "{:?}", function.findings);
        refused(name, "too-many-values", || logic_app(text.as_bytes(), &LogicAppOptions::default()));
        refused(name, "too-many-values", || web_app(text.as_bytes(), None, &WebAppOptions::default()));
    }
    let long = " ".repeat(17 << 20);
    refused("a long listing", "inline-too-large", || {
        function_app(&[SourceFile { path: "functions.json", bytes: long.as_bytes() }], &FunctionAppOptions::default())
    });
    refused("a long workflow", "inline-too-large", || logic_app(long.as_bytes(), &LogicAppOptions::default()));
    refused("a long web app", "inline-too-large", || web_app(long.as_bytes(), None, &WebAppOptions::default()));
    hurt("as many values as are allowed", || {
        let bindings = many(99_000, |_| r#"{"":0}"#.to_owned());
        let text = format!(r#"[{{"name": "a", "bindings": [{bindings}]}}]"#);
        function_app(&[SourceFile { path: "functions.json", bytes: text.as_bytes() }], &FunctionAppOptions::default())
    });
    hurt("one schema for many paths", || {
        let paths =
            many(5_000, |n| format!(r#""/manual/paths/invoke/p{n}": {{"get": {{}}, "post": {{}}, "put": {{}}}}"#));
        let schema = "x".repeat(1 << 20);
        let text = format!(
            r#"{{"swagger": "2.0", "host": "h", "paths": {{{paths}}}, "definitions": {{"request-manual": {{"title": "{schema}"}}}}}}"#
        );
        logic_app(text.as_bytes(), &LogicAppOptions::default())
    });
    hurt("a name of many parameters", || {
        let name = many(20_000, |_| "parameters('a')".to_owned());
        let text = format!(
            r#"{{"parameters": {{"a": {{"defaultValue": "{}"}}}}, "resources": [{{"type": "Microsoft.Web/sites", "name": "[concat({name})]"}}]}}"#,
            "x".repeat(1 << 20)
        );
        function_app(&[SourceFile { path: "template.json", bytes: text.as_bytes() }], &FunctionAppOptions::default())
    });
}

const WSDL: &str = "<w:definitions xmlns:w='http://schemas.xmlsoap.org/wsdl/' xmlns:s='http://schemas.xmlsoap.org/wsdl/soap/' xmlns:x='http://www.w3.org/2001/XMLSchema' xmlns:t='u'";

/// A document with so many operations that have one message, whose type is made of `types`.
fn service(attributes: &str, operations: usize, types: &str, address: &str) -> String {
    let of = |inner: &str| {
        (0..operations).map(|n| format!("<w:operation name='o{n}'>{inner}</w:operation>")).collect::<String>()
    };
    format!(
        "{WSDL}{attributes}><w:types>{types}</w:types><w:message name='m'><w:part name='p' element='t:E'/></w:message>\
         <w:portType name='t'>{}</w:portType><w:binding name='b' type='t'><s:binding/>{}</w:binding>\
         <w:service name='s'><w:port name='p' binding='b'><s:address location='{address}'/></w:port></w:service></w:definitions>",
        of("<w:input message='m'/><w:output message='m'/>"),
        of("<s:operation soapAction='a'/>"),
    )
}

fn element(inside: &str) -> String {
    format!(
        "<x:schema targetNamespace='u'><x:element name='E'><x:complexType><x:sequence>{inside}</x:sequence></x:complexType></x:element></x:schema>"
    )
}

#[test]
fn namespaces_times_schemas() {
    let prefixes: String = (0..1_000).map(|n| format!(" xmlns:p{n}='u{n}'")).collect();
    hurt("namespaces that are not used", || {
        wsdl(service(&prefixes, 1, &"<x:schema/>".repeat(90_000), "https://h").as_bytes(), &WsdlOptions::default())
    });
    let long = format!(" xmlns:long='{}'", "u".repeat(100_000));
    refused("a long namespace", "schemas-too-large", || {
        let schemas = "<x:schema a='long:'/>".repeat(10_000);
        wsdl(service(&long, 1, &schemas, "https://h").as_bytes(), &WsdlOptions::default())
    });
}

#[test]
fn policies_that_multiply() {
    let mut options = WsdlOptions::default();
    options.form = SoapForm::Rest;
    let rest = |text: String| wsdl(text.as_bytes(), &options);
    let elements = |count: usize, name: &str| {
        (0..count).map(|n| format!("<x:element name='{name}{n}' type='x:int'/>")).collect::<String>()
    };
    let long = "n".repeat(900);
    refused("policies that are too large", "policy-too-large", || {
        rest(service("", 20_000, &element(&elements(4_000, &long)), "https://h"))
    });
    refused("policies that are large", "policy-too-large", || {
        rest(service("", 20_000, &element(&elements(25, &long)), "https://h"))
    });
    refused("comments in a type", "policy-too-large", || {
        rest(service("", 20_000, &element(&"<!---->x<!---->".repeat(40_000)), "https://h"))
    });
    hurt("a long name", || {
        let name = "n".repeat(1 << 20);
        rest(service("", 20_000, &element(&elements(1, &name)), "https://h"))
    });
    hurt("a long address", || {
        rest(service("", 20_000, &element(&elements(1, "a")), &format!("https://h/{}", "p".repeat(1 << 20))))
    });
    refused("places far behind in one line", "unwrapped-array", || {
        let array = "<x:element name='a' maxOccurs='9'/><x:element name='b'/>";
        rest(service("", 20_000, &format!("<!--{}-->{}", "x".repeat(4 << 20), element(array)), "https://h"))
    });
}
