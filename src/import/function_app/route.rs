//! Routes of HTTP functions: ASP.NET attribute routes, reduced to URL templates.

use crate::model::{Operation, Parameter};

/// A route as a URL template.
#[derive(Debug, PartialEq)]
pub(super) struct Route {
    pub(super) url_template: String,
    pub(super) parameters: Vec<Parameter>,
}

/// Reads `orders/{id:int?}/{*rest}`: constraints become types, the template keeps the names.
pub(super) fn read(route: &str) -> Route {
    let mut url_template = "/".to_owned();
    let mut parameters = Vec::new();
    let mut rest = route.trim_matches('/');
    while let Some(open) = rest.find('{') {
        url_template.push_str(&rest[..open]);
        let inside = &rest[open + 1..];
        let end = closing(inside);
        let (parameter, name) = parameter(&inside[..end]);
        url_template.push_str(&format!("{{{name}}}"));
        parameters.push(parameter);
        rest = inside.get(end + 1..).unwrap_or_default();
    }
    url_template.push_str(rest);
    Route { url_template, parameters }
}

/// Takes an optional parameter that is the last segment off a URL template; false when there is none.
pub(super) fn shorten(operation: &mut Operation) -> bool {
    let Some((start, last)) = operation.url_template.rsplit_once('/') else { return false };
    let name = last.strip_prefix('{').and_then(|last| last.strip_suffix('}')).map(|name| name.trim_start_matches('*'));
    let is_it = |parameter: &Parameter| Some(parameter.name.as_str()) == name && parameter.required == Some(false);
    let Some(at) = operation.template_parameters.iter().rposition(is_it) else { return false };
    operation.template_parameters.remove(at);
    operation.url_template = if start.is_empty() { "/".to_owned() } else { start.to_owned() };
    true
}

/// The offset of the brace that closes a parameter; doubled braces are part of a constraint.
fn closing(inside: &str) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in inside.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return at,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    inside.len()
}

/// A parameter and how the template names it, from `id:int?`, `page=1`, `*rest`.
fn parameter(text: &str) -> (Parameter, String) {
    let parts = split(text);
    let (first, constraints) = parts.split_first().map_or((text, &[] as &[&str]), |(first, rest)| (*first, rest));
    let last = constraints.last().copied().unwrap_or(first);
    let (last, default) = match outside_parentheses(last, b'=') {
        Some(at) => (&last[..at], Some(&last[at + 1..])),
        None => (last, None),
    };
    let is_optional = last.ends_with('?');
    let first = if constraints.is_empty() { last } else { first };
    let name = first.trim_end_matches('?').trim_start_matches('*').trim();
    let is_catch_all = first.starts_with('*');
    let kind = constraints.iter().find_map(|constraint| kind(constraint)).unwrap_or("string");
    let mut parameter = Parameter::new(name).kind(kind).required(!is_optional && default.is_none());
    parameter.default_value = default.map(|value| serde_json::Value::String(value.to_owned()));
    (parameter, if is_catch_all { format!("*{name}") } else { name.to_owned() })
}

/// The parts between colons that are not in parentheses.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = outside_parentheses(rest, b':') {
        parts.push(&rest[..at]);
        rest = &rest[at + 1..];
    }
    parts.push(rest);
    parts
}

fn outside_parentheses(text: &str, wanted: u8) -> Option<usize> {
    let mut depth = 0_usize;
    text.bytes().position(|byte| {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && byte == wanted
    })
}

/// The type that a constraint stands for.
fn kind(constraint: &str) -> Option<&'static str> {
    let word = constraint.split(['(', '?', '=']).next().unwrap_or_default().trim().to_ascii_lowercase();
    match word.as_str() {
        "alpha" | "datetime" | "guid" | "length" | "minlength" | "maxlength" | "regex" => Some("string"),
        "int" | "long" | "min" | "max" | "range" => Some("integer"),
        "decimal" | "float" | "double" => Some("number"),
        "bool" => Some("boolean"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_routes() {
        for (route, template, parameters) in [
            ("orders", "/orders", vec![]),
            ("/a/{id}/", "/a/{id}", vec![("id", "string", true, None)]),
            ("a/{id:int?}", "/a/{id}", vec![("id", "integer", false, None)]),
            ("a/{extra?}", "/a/{extra}", vec![("extra", "string", false, None)]),
            (
                "{page=1}/{size:int=20}",
                "/{page}/{size}",
                vec![("page", "string", false, Some("1")), ("size", "integer", false, Some("20"))],
            ),
            ("f/{*rest}", "/f/{*rest}", vec![("rest", "string", true, None)]),
            ("{x}-{y}", "/{x}-{y}", vec![("x", "string", true, None), ("y", "string", true, None)]),
            ("{n:regex(^[a-z:=]{{2,8}}$)=all}", "/{n}", vec![("n", "string", false, Some("all"))]),
            ("{a:alpha:minlength(2)}", "/{a}", vec![("a", "string", true, None)]),
        ] {
            let read = read(route);
            assert_eq!(read.url_template, template);
            let found: Vec<_> = read
                .parameters
                .iter()
                .map(|p| {
                    let default = p.default_value.as_ref().and_then(|value| value.as_str());
                    (p.name.as_str(), p.kind.as_deref().unwrap_or(""), p.required == Some(true), default)
                })
                .collect();
            assert_eq!(found, parameters, "{route}");
        }
    }

    #[test]
    fn shortens_templates() {
        for (route, expected) in [
            ("orders/{id:int?}", &["/orders"][..]),
            ("{page=1}/{size:int=20}", &["/{page}", "/"]),
            ("a/{id}", &[]),
            ("a/{x?}-{y?}", &[]),
            ("a/{x?}/b", &[]),
        ] {
            let Route { url_template, parameters } = read(route);
            let mut operation = Operation::new("GET", url_template);
            operation.template_parameters = parameters;
            let mut found = Vec::new();
            while shorten(&mut operation) {
                found.push(operation.url_template.clone());
            }
            assert_eq!(found, expected, "{route}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(route in "[a-z{}:=?*()/é]{0,30}") {
            read(&route);
        }
    }
}
