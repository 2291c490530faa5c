//! Documents that are made to hurt: each gives a finding, soon and in little memory.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use gatewright::import::{
    FunctionAppOptions, Imported, LogicAppOptions, Options, SoapForm, SourceFile, WebAppOptions, WsdlOptions,
    function_app, logic_app, openapi, web_app, wsdl, wsdl_with_files,
};

const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// How long a document may take: one second in a build that is optimised, several times that in one that is not.
const LONGEST: Duration = Duration::from_secs(if cfg!(debug_assertions) { 10 } else { 1 });

fn hurt(name: &str, import: impl FnOnce() -> Imported) -> Imported {
    let mut imported = None;
    #[allow(clippy::disallowed_methods)] // the time that an import takes is what is tested
    let start = Instant::now();
    let used = allocation_counter::measure(|| imported = Some(import()));
    let time = start.elapsed();
    assert!(used.bytes_max < MOST_BYTES, "{name}: {} bytes", used.bytes_max);
    assert!(time < LONGEST, "{name}: {time:?}");
    println!("{name}: {:.1} MB, {time:?}", used.bytes_max as f64 / 1e6);
    imported.unwrap()
}

/// Expects that a document is refused with that finding.
fn refused(name: &str, code: &str, import: impl FnOnce() -> Imported) {
    let imported = hurt(name, import);
    let codes: Vec<_> = imported.findings.iter().map(|finding| finding.code).collect();
    assert!(!imported.accepted && codes.contains(&code), "{name}: {:?}", codes.iter().take(20).collect::<Vec<_>>());
}

fn read(text: impl AsRef<[u8]>) -> Imported {
    openapi(text.as_ref(), &Options::default())
}

/// Lines of YAML in which each alias stands for nine of the one before.
fn alias_bomb(levels: usize) -> String {
    let mut text = "openapi: 3.0.3\na0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..levels {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        let _ = writeln!(text, "a{level}: &a{level} [{aliases}]");
    }
    text
}

fn document(schemas: &str) -> String {
    format!(
        r##"{{"openapi": "3.0.3", "info": {{"title": "T", "version": "1"}}, "servers": [{{"url": "https://h"}}], "paths": {{"/a": {{"post": {{
        "requestBody": {{"content": {{"application/json": {{"schema": {{"$ref": "#/components/schemas/S0"}}}}}}}}, "responses": {{}}}}}}}},
        "components": {{"schemas": {{{schemas}}}}}}}"##
    )
}

#[test]
fn yaml_aliases_that_multiply() {
    for levels in [6, 9, 30] {
        refused("aliases", "alias-bomb", || read(alias_bomb(levels)));
    }
    let long = "x".repeat(100_000);
    refused("alias of a long text", "alias-bomb", || {
        read(format!("openapi: 3.0.3\nlong: &l {long}\nall: [{}]\n", vec!["*l"; 50_000].join(", ")))
    });
    refused("alias of itself", "invalid-syntax", || read("openapi: 3.0.3\na: &a [*a]\n"));
    refused("merge keys", "alias-bomb", || {
        let mut text = "openapi: 3.0.3\nm0: &m0 {a: 1}\n".to_owned();
        for level in 1..40 {
            let _ = writeln!(text, "m{level}: &m{level} {{x{level}: [*m{0}, *m{0}], <<: *m{0}}}", level - 1);
        }
        read(text)
    });
}

#[test]
fn references_in_rings_and_trees() {
    refused("ring", "circular-ref", || {
        let schemas: Vec<_> = (0..20_000)
            .map(|n| format!(r##""S{n}": {{"$ref": "#/components/schemas/S{}"}}"##, (n + 1) % 20_000))
            .collect();
        read(document(&schemas.join(",")))
    });
    hurt("a tree that doubles at each level", || {
        let schemas: Vec<_> = (0..60)
            .map(|n| {
                let next = format!(r##"{{"$ref": "#/components/schemas/S{}"}}"##, n + 1);
                format!(r#""S{n}": {{"properties": {{"a": {next}, "b": {next}}}, "allOf": [{next}, {next}]}}"#)
            })
            .collect();
        read(document(&format!("{},\"S60\": {{}}", schemas.join(","))))
    });
    hurt("a long chain", || {
        let schemas: Vec<_> = (0..50_000)
            .map(|n| format!(r##""S{n}": {{"items": {{"$ref": "#/components/schemas/S{}"}}}}"##, n + 1))
            .collect();
        read(document(&format!("{},\"S50000\": {{}}", schemas.join(","))))
    });
    refused("path items in a ring", "circular-ref", || {
        read(
            r##"{"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {"/a": {"$ref": "#/paths/~1b"}, "/b": {"$ref": "#/paths/~1a"}}}"##,
        )
    });
}

/// A document with so many paths that are all one path item, which has `operation` for every method.
fn shared(operation: &str, components: &str, paths: usize) -> String {
    let methods = ["get", "put", "post", "delete", "options", "head", "patch"];
    let methods: Vec<_> = methods.iter().map(|method| format!(r#""{method}": {operation}"#)).collect();
    let paths: Vec<_> =
        (0..paths).map(|n| format!(r##""/p{n}": {{"$ref": "#/components/pathItems/Shared"}}"##)).collect();
    format!(
        r#"{{"openapi": "3.1.0", "info": {{"title": "T", "version": "1"}}, "servers": [{{"url": "https://h"}}],
        "paths": {{{}}}, "components": {{"pathItems": {{"Shared": {{{}}}}}, {components}}}}}"#,
        paths.join(","),
        methods.join(",")
    )
}

#[test]
fn references_that_multiply_what_they_lead_to() {
    let (paths, long) = (14_000, "x".repeat(100_000));
    let parameters = |kind: &str| {
        let one = |n| format!(r#"{{"name": "p{n}", "in": "{kind}", "schema": {{"type": "string"}}}}"#);
        (0..1_000).map(one).collect::<Vec<_>>().join(",")
    };
    let numbers = (0..10_000).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let properties =
        (0..150).map(|n| format!(r##""p{n}": {{"$ref": "#/components/schemas/Long"}}"##)).collect::<Vec<_>>().join(",");
    let media = |inside: &str| {
        format!(
            r#"{{"responses": {{"200": {{"description": "d", "content": {{"application/json": {{{inside}}}}}}}}}}}"#
        )
    };
    for (name, operation, components) in [
        ("parameters", format!(r#"{{"parameters": [{}]}}"#, parameters("query")), String::new()),
        ("a long description", format!(r#"{{"description": "{long}"}}"#), String::new()),
        ("a long tag", format!(r#"{{"tags": ["{long}"]}}"#), String::new()),
        (
            "a long response",
            r##"{"responses": {"200": {"$ref": "#/components/responses/Long"}}}"##.to_owned(),
            format!(r#""responses": {{"Long": {{"description": "{long}"}}}}"#),
        ),
        ("a long schema", media(&format!(r#""schema": {{"description": "{long}"}}"#)), String::new()),
        ("a long example", media(&format!(r#""example": "{long}""#)), String::new()),
        (
            "a long media type",
            format!(r#"{{"responses": {{"200": {{"description": "d", "content": {{"{long}": {{}}}}}}}}}}"#),
            String::new(),
        ),
        (
            "a long enumeration",
            format!(
                r#"{{"parameters": [{{"name": "a", "in": "query", "schema": {{"type": "integer", "enum": [{numbers}]}}}}]}}"#
            ),
            String::new(),
        ),
        (
            "a long name",
            format!(
                r#"{{"parameters": [{{"name": "{long}", "in": "query", "required": true, "schema": {{"type": "integer"}}}}]}}"#
            ),
            String::new(),
        ),
    ] {
        let components = if components.is_empty() { r#""schemas": {}"#.to_owned() } else { components };
        refused(name, "reference-bomb", || read(shared(&operation, &components, paths)));
    }
    hurt("parameters that are left out", || {
        read(shared(&format!(r#"{{"parameters": [{}]}}"#, parameters("cookie")), r#""schemas": {}"#, paths))
    });
    hurt("long examples in samples", || {
        let schema = format!(r#""schema": {{"properties": {{{properties}}}}}"#);
        read(shared(&media(&schema), &format!(r#""schemas": {{"Long": {{"example": "{long}"}}}}"#), paths / 10))
    });
    hurt("a list that is looked into at many places", || {
        let list = vec!["{}"; 100_000].join(",");
        let all = (0..100_000).map(|n| format!(r##"{{"$ref": "#/x-list/{n}"}}"##)).collect::<Vec<_>>().join(",");
        read(format!(
            r#"{{"openapi": "3.1.0", "x-list": [{list}], "components": {{"schemas": {{"A": {{"allOf": [{all}]}}}}}}}}"#
        ))
    });
    hurt("servers that multiply", || {
        let variables =
            (0..20_000).map(|n| format!(r#""v{n}": {{"default": "{{v}}{{v}}"}}"#)).collect::<Vec<_>>().join(",");
        let url = (0..20_000).map(|n| format!("{{v{n}}}")).collect::<String>();
        read(format!(
            r#"{{"openapi": "3.1.0", "servers": [{{"url": "https://h/{url}", "variables": {{"v": {{"default": "{long}"}}, {variables}}}}}]}}"#
        ))
    });
    hurt("schemes that multiply", || {
        let schemes = (0..100_000).map(|n| format!(r#""s{n}""#)).collect::<Vec<_>>().join(",");
        read(format!(r#"{{"swagger": "2.0", "host": "{long}", "schemes": [{schemes}]}}"#))
    });
}

#[test]
fn deep_documents() {
    for depth in [200, 100_000, 5_000_000] {
        refused("lists in JSON", "invalid-syntax", || read(format!("{{\"openapi\": {}", "[".repeat(depth))));
        refused("maps in JSON", "invalid-syntax", || read("{\"a\":".repeat(depth)));
    }
    for depth in [200, 100_000] {
        let imported = hurt("lists in YAML", || read(format!("openapi: {}", "[".repeat(depth))));
        assert!(!imported.accepted);
    }
    let imported = hurt("maps in YAML", || {
        let mut text = String::new();
        for depth in 0..2_000 {
            let _ = writeln!(text, "{}a:", " ".repeat(depth));
        }
        read(text)
    });
    assert!(!imported.accepted);
    refused("elements", "invalid-syntax", || wsdl("<a>".repeat(1_000_000).as_bytes(), &WsdlOptions::default()));
    refused("closed elements", "not-wsdl", || {
        let text = format!("{}{}", "<a>".repeat(200), "</a>".repeat(200));
        wsdl(text.as_bytes(), &WsdlOptions::default())
    });
    refused("attributes", "invalid-syntax", || {
        let attributes: String = (0..300_000).map(|n| format!(" a{n}=''")).collect();
        wsdl(format!("<a{attributes}/>").as_bytes(), &WsdlOptions::default())
    });
    refused("namespaces", "invalid-syntax", || {
        let namespaces: String = (0..100_000).map(|n| format!(" xmlns:a{n}='u{n}'")).collect();
        wsdl(format!("<a{namespaces}>{}</a>", "<b/>".repeat(500_000)).as_bytes(), &WsdlOptions::default())
    });
    refused("a workflow", "invalid-json", || logic_app("[".repeat(1_000_000).as_bytes(), &LogicAppOptions::default()));
}

#[test]
fn large_texts() {
    let long = "x".repeat(10 << 20);
    hurt("one string", || {
        read(format!(r#"{{"openapi": "3.0.3", "info": {{"title": "{long}", "version": "1"}}, "paths": {{}}}}"#))
    });
    hurt("one key", || read(format!(r#"{{"openapi": "3.0.3", "{long}": 1, "paths": {{}}}}"#)));
    hurt("one path", || read(format!(r#"{{"openapi": "3.0.3", "paths": {{"/{long}": {{"get": {{}}}}}}}}"#)));
    hurt("one name", || {
        read(format!(
            r#"{{"openapi": "3.0.3", "paths": {{"/a": {{"get": {{"operationId": "{long}", "summary": "{long}"}}}}}}}}"#
        ))
    });
    hurt("one YAML text", || read(format!("openapi: 3.0.3\ninfo: {{title: {long}, version: 1}}\n")));
    hurt("one block", || {
        read(format!("openapi: 3.0.3\ninfo:\n  title: |\n{}", format!("    {}\n", "y".repeat(70)).repeat(140_000)))
    });
    refused("one attribute", "not-wsdl", || wsdl(format!("<a b='{long}'/>").as_bytes(), &WsdlOptions::default()));
    refused("one text", "not-wsdl", || wsdl(format!("<a>{long}</a>").as_bytes(), &WsdlOptions::default()));
    hurt("one route", || {
        let function = format!(r#"{{"bindings": [{{"type": "httpTrigger", "route": "{}"}}]}}"#, "{a}".repeat(3 << 20));
        function_app(
            &[SourceFile { path: "A/function.json", bytes: function.as_bytes() }],
            &FunctionAppOptions::default(),
        )
    });
    hurt("one trigger", || {
        logic_app(
            format!(r#"{{"triggers": {{"{long}": {{"type": "Request"}}}}}}"#).as_bytes(),
            &LogicAppOptions::default(),
        )
    });
    hurt("one web app", || web_app(format!(r#"{{"name": "{long}"}}"#).as_bytes(), None, &WebAppOptions::default()));
}

#[test]
fn broken_texts() {
    let text = document(r#""S0": {}"#);
    for end in (0..text.len() - 1).step_by(7) {
        refused(
            "cut off",
            if text[..end].trim().is_empty() { "unsupported-version" } else { "invalid-syntax" },
            || read(&text[..end]),
        );
    }
    let utf16: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    refused("UTF-16", "invalid-syntax", || read(&utf16));
    let without_mark: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    refused("UTF-16 without a mark", "invalid-syntax", || read(&without_mark));
    refused("Latin-1", "invalid-syntax", || read(b"{\"openapi\": \"3.0.3\", \"info\": {\"title\": \"Gr\xf6\xdfe\"}}"));
    refused("Latin-1 in YAML", "invalid-syntax", || read(b"openapi: 3.0.3\ninfo: {title: Gr\xf6\xdfe}\n"));
    refused("zeros", "invalid-syntax", || read(vec![0; 10 << 20]));
    refused("nothing", "unsupported-version", || read(""));
    refused("a mark alone", "unsupported-version", || read(b"\xef\xbb\xbf"));
    refused("a number", "unsupported-version", || read("7"));
    let xml = include_str!("rules/wsdl/w01-calculator-two-endpoints.wsdl");
    for end in (0..xml.len() - 20).step_by(97) {
        refused("WSDL cut off", "invalid-syntax", || wsdl(&xml.as_bytes()[..end], &WsdlOptions::default()));
    }
    refused("WSDL in Latin-1 that says UTF-8", "invalid-syntax", || {
        wsdl(b"<?xml version='1.0' encoding='UTF-8'?><a b='\xfc'/>", &WsdlOptions::default())
    });
    refused("half a UTF-16 unit", "invalid-syntax", || wsdl(b"\xff\xfe<\0a\0/\0>", &WsdlOptions::default()));
}

#[test]
fn entities_that_multiply() {
    let mut text = "<!DOCTYPE a [<!ENTITY e0 \"x\">".to_owned();
    for level in 1..30 {
        let _ = write!(text, "<!ENTITY e{level} \"{}\">", format!("&e{};", level - 1).repeat(9));
    }
    text.push_str("]><a>&e29;</a>");
    refused("entities", "doctype", || wsdl(text.as_bytes(), &WsdlOptions::default()));
    let outside = "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>";
    refused("an outer entity", "doctype", || wsdl(outside.as_bytes(), &WsdlOptions::default()));
}

/// A document whose message has a type that is twice in the next one, and so on.
fn wide_wsdl(levels: usize) -> String {
    let mut types = String::new();
    for level in 0..levels {
        let next = format!("t:T{}", level + 1);
        let _ = write!(
            types,
            "<x:complexType name='T{level}'><x:sequence><x:element name='a' type='{next}'/><x:element name='b' type='{next}'/></x:sequence></x:complexType>"
        );
    }
    include_str!("odd/wsdl/soap12-only.wsdl")
        .replace("<x:element name=\"a\" type=\"x:int\"/>", "<x:element name=\"a\" type=\"t:T0\"/>")
        .replace("</x:schema>", &format!("{types}<x:complexType name='T{levels}'/></x:schema>"))
}

#[test]
fn types_that_double_at_each_level() {
    for form in [SoapForm::PassThrough, SoapForm::Rest] {
        let mut options = WsdlOptions::default();
        options.form = form;
        hurt("types", || wsdl(wide_wsdl(60).as_bytes(), &options));
        hurt("many types", || wsdl(wide_wsdl(20_000).as_bytes(), &options));
    }
}

#[test]
fn many_of_everything() {
    let start =
        "<w:definitions xmlns:w='http://schemas.xmlsoap.org/wsdl/' xmlns:s='http://schemas.xmlsoap.org/wsdl/soap/'>";
    let operations: String =
        (0..20_000).map(|n| format!("<w:operation name='o'><w:input name='i{n}'/></w:operation>")).collect();
    let ports = "<w:port name='p' binding='b'><s:address location='https://h'/></w:port>".repeat(20_000);
    let binding = format!(
        "<w:binding name='b' type='t'><s:binding/>{operations}</w:binding><w:portType name='t'>{operations}</w:portType>"
    );
    let mut options = WsdlOptions::default();
    options.any_endpoint = true;
    hurt("ports and overloads", || {
        wsdl(format!("{start}{binding}<w:service name='s'>{ports}</w:service></w:definitions>").as_bytes(), &options)
    });
    let listing = |of: &dyn Fn(usize) -> String| {
        let functions: Vec<_> =
            (0..20_000).map(|n| format!(r#"{{"name": "f{n}", "bindings": [{}]}}"#, of(n))).collect();
        format!("[{}]", functions.join(","))
    };
    for (name, text) in [
        (
            "functions with one route",
            listing(&|n| format!(r#"{{"type": "httpTrigger", "route": "r", "methods": ["m{n}"]}}"#)),
        ),
        (
            "functions with one route and every method",
            listing(&|_| r#"{"type": "httpTrigger", "route": "r"}"#.to_owned()),
        ),
        (
            "functions with many parameters",
            listing(&|n| format!(r#"{{"type": "httpTrigger", "route": "{n}/{{a}}/{{b}}"}}"#)),
        ),
    ] {
        hurt(name, || {
            let files = [SourceFile { path: "functions.json", bytes: text.as_bytes() }];
            function_app(&files, &FunctionAppOptions::default())
        });
    }
    hurt("triggers", || {
        let triggers: Vec<_> = (0..20_000).map(|n| format!(r#""t{n}": {{"type": "Request"}}"#)).collect();
        logic_app(format!(r#"{{"triggers": {{{}}}}}"#, triggers.join(",")).as_bytes(), &LogicAppOptions::default())
    });
    refused("keys times operations", "policy-too-large", || {
        let keys: Vec<_> =
            (0..4_000).map(|n| format!(r#""k{n}": {{"type": "apiKey", "in": "header", "name": "h{n}"}}"#)).collect();
        let paths: Vec<_> = (0..4_000).map(|n| format!(r#""/p{n}": {{"get": {{}}}}"#)).collect();
        let text = format!(
            r#"{{"swagger": "2.0", "schemes": ["https"], "host": "h", "securityDefinitions": {{{}}}, "paths": {{{}}}}}"#,
            keys.join(","),
            paths.join(",")
        );
        web_app(br#"{"name": "shop"}"#, Some(text.as_bytes()), &WebAppOptions::default())
    });
}

#[test]
fn broken_apps() {
    let function = |bytes: &'static [u8]| {
        function_app(&[SourceFile { path: "A/function.json", bytes }], &FunctionAppOptions::default())
    };
    let host =
        |bytes: &'static [u8]| function_app(&[SourceFile { path: "host.json", bytes }], &FunctionAppOptions::default());
    for bytes in [&b"{\"bindings\": ["[..], b"\xff\xfe{\0}\0", b"{\"bindings\": \"\xe4\"}", b"", b"\0\0\0"] {
        refused("a function", "no-operations", || function(bytes));
        refused("a host", "invalid-json", || host(bytes));
        refused("a workflow", "invalid-json", || logic_app(bytes, &LogicAppOptions::default()));
    }
    let deep = "[".repeat(1_000_000);
    refused("a deep listing", "invalid-json", || {
        let files = [SourceFile { path: "functions.json", bytes: deep.as_bytes() }];
        function_app(&files, &FunctionAppOptions::default())
    });
    let text = format!(
        r#"{{"triggers": {{"manual": {{"type": "Request", "inputs": {{"schema": {{"title": "{}"}}}}}}}}}}"#,
        "x".repeat(10 << 20)
    );
    hurt("a workflow with a long text", || logic_app(text.as_bytes(), &LogicAppOptions::default()));
    refused("a workflow cut off", "invalid-json", || {
        logic_app(&text.as_bytes()[..text.len() / 2], &LogicAppOptions::default())
    });
}

#[test]
fn files_that_import_each_other() {
    let main = "<w:definitions xmlns:w='http://schemas.xmlsoap.org/wsdl/'><w:import location='a.wsdl'/><w:import location='b.wsdl'/></w:definitions>";
    let other = main.replace("<w:import location='a.wsdl'/>", "<w:import location='main.wsdl'/><w:types><x:schema xmlns:x='http://www.w3.org/2001/XMLSchema'><x:include schemaLocation='c.xsd'/></x:schema></w:types>");
    let schema = "<x:schema xmlns:x='http://www.w3.org/2001/XMLSchema'><x:include schemaLocation='c.xsd'/><x:import schemaLocation='../c.xsd'/></x:schema>";
    let files = [("main.wsdl", main), ("a.wsdl", &other), ("b.wsdl", &other), ("c.xsd", schema)];
    let files = files.map(|(path, text)| SourceFile { path, bytes: text.as_bytes() });
    refused("a ring of files", "no-service", || wsdl_with_files(main.as_bytes(), &files, &WsdlOptions::default()));
}
