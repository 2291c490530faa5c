//! References and aliases that multiply what they lead to.

use std::fmt::Write as _;

use super::{document, hurt, read, refused};

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
pub(super) fn shared(operation: &str, components: &str, paths: usize) -> String {
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

/// Lines of YAML in which each alias stands for nine of the one before.
fn alias_bomb(levels: usize) -> String {
    let mut text = "openapi: 3.0.3\na0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..levels {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        let _ = writeln!(text, "a{level}: &a{level} [{aliases}]");
    }
    text
}
