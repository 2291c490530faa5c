//! Documents that are made to hurt: each gives a finding, soon and in little memory.

mod references;
mod walks;
mod wsdl;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use gatewright::import::{
    FunctionAppOptions, Imported, LogicAppOptions, Options, SourceFile, WebAppOptions, WsdlOptions, function_app,
    logic_app, openapi, web_app, wsdl,
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

fn document(schemas: &str) -> String {
    format!(
        r##"{{"openapi": "3.0.3", "info": {{"title": "T", "version": "1"}}, "servers": [{{"url": "https://h"}}], "paths": {{"/a": {{"post": {{
        "requestBody": {{"content": {{"application/json": {{"schema": {{"$ref": "#/components/schemas/S0"}}}}}}}}, "responses": {{}}}}}}}},
        "components": {{"schemas": {{{schemas}}}}}}}"##
    )
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
