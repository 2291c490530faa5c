//! A matcher that reads the rules literally: every template against every request, then the precedence.

use std::cmp::Reverse;

use http::{HeaderMap, Method, Uri};
use percent_encoding::percent_decode_str;
use proptest::prelude::*;

use super::super::{Route, Router};
use super::api;

/// A segment of a template: how specific it is, and whether it matches.
fn segment(template: &str, request: &str) -> Option<u8> {
    let decoded = percent_decode_str(request).decode_utf8_lossy().to_ascii_lowercase();
    if !template.contains('{') {
        let literal = percent_decode_str(template).decode_utf8_lossy().to_ascii_lowercase();
        return (literal == decoded).then_some(0);
    }
    if template.starts_with('{') && template.find('}') == Some(template.len() - 1) {
        return (!request.is_empty()).then_some(2);
    }
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((text, after)) = rest.split_once('{') {
        pieces.push(text.to_ascii_lowercase());
        rest = after.split_once('}').unwrap().1;
    }
    pieces.push(rest.to_ascii_lowercase());
    mix(&pieces[0], &pieces[1..], &decoded).then_some(1)
}

/// Tries every way to share a text out among parameters.
fn mix(prefix: &str, after: &[String], text: &str) -> bool {
    let Some(rest) = text.strip_prefix(prefix) else { return false };
    let Some((next, after)) = after.split_first() else { return rest.is_empty() };
    (1..=rest.len()).filter(|at| rest.is_char_boundary(*at)).any(|at| mix(next, after, &rest[at..]))
}

/// How specific each segment is, when the path matches.
fn path(template: &str, request: &str) -> Option<Vec<u8>> {
    let split = |path: &str| -> Vec<String> { path.split('/').skip(1).map(str::to_owned).collect() };
    let (template, request) = (split(template), split(request));
    let mut classes = Vec::new();
    for (index, part) in template.iter().enumerate() {
        if part == "*" || part.starts_with("{*") {
            classes.push(4);
            return Some(classes);
        }
        classes.push(segment(part, request.get(index)?)?);
    }
    // A template that ends is more specific than one that goes on with a wildcard.
    classes.push(3);
    (template.len() == request.len()).then_some(classes)
}

fn query(template: &str, request: &str) -> Option<(usize, usize)> {
    let items = |query: &str| -> Vec<(String, String)> {
        let pairs = query.split('&').filter(|item| !item.is_empty());
        pairs
            .map(|item| item.split_once('=').unwrap_or((item, "")))
            .map(|(n, v)| (n.to_lowercase(), v.to_owned()))
            .collect()
    };
    let (wanted, given) = (items(template), items(request));
    let fixed = wanted.iter().filter(|(_, value)| !value.starts_with('{')).count();
    let is_there = |(name, value): &(String, String)| {
        given.iter().any(|(other, text)| other == name && (value.starts_with('{') || value == text))
    };
    wanted.iter().all(is_there).then_some((wanted.len(), fixed))
}

fn best(operations: &[(&str, &str)], method: &str, request: &str, query_text: &str) -> Option<usize> {
    let strip = |path: &str| path.strip_suffix('/').unwrap_or(path).to_owned();
    let candidates = |exact: bool| {
        let mut all = Vec::new();
        for (index, (operation, template)) in operations.iter().enumerate() {
            let (template_path, template_query) = template.split_once('?').unwrap_or((template, ""));
            let classes =
                if exact { path(template_path, request) } else { path(&strip(template_path), &strip(request)) };
            if let (true, Some(classes), Some((count, fixed))) =
                (*operation == method, classes, query(template_query, query_text))
            {
                all.push((classes, Reverse((count, fixed, template.len())), index));
            }
        }
        all
    };
    let (exact, relaxed) = (candidates(true), candidates(false));
    let chosen = if exact.is_empty() { relaxed } else { exact };
    chosen.into_iter().min().map(|(_, _, index)| index)
}

fn template() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        4 => "[ab]", 1 => Just("B%41".to_owned()), 1 => Just("a-longer-literal-segment".to_owned()),
        1 => Just("a-longer-literal-sEgmenu".to_owned()), 3 => Just("{p}".to_owned()), 1 => Just("{p}.x".to_owned()),
        1 => Just("a{p}".to_owned()), 1 => Just("{p}-{q}".to_owned()), 1 => Just(String::new()),
    ];
    let last = prop_oneof![4 => Just(""), 1 => Just("/"), 1 => Just("/*"), 1 => Just("/{*rest}")];
    let query = prop_oneof![5 => Just(""), 1 => Just("?k={v}"), 1 => Just("?k=1"), 1 => Just("?k=1&m={w}"), 1 => Just("?M={w}")];
    (prop::collection::vec(segment, 0..4), last, query).prop_map(|(segments, last, query)| {
        // Parameters get names of their own.
        let mut path = String::new();
        for (index, segment) in segments.iter().enumerate() {
            path.push('/');
            path.push_str(&segment.replace("{p}", &format!("{{p{index}}}")).replace("{q}", &format!("{{q{index}}}")));
        }
        format!("{path}{last}{query}")
    })
}

fn request() -> impl Strategy<Value = (String, String)> {
    let segment = prop_oneof![
        4 => "[abAB]", 1 => Just("ba".to_owned()), 1 => Just("%62a".to_owned()), 1 => Just("ab.x".to_owned()),
        1 => Just("a%2Fb".to_owned()), 1 => Just("a-b.X".to_owned()), 1 => Just("a-longer-literal-segment".to_owned()),
        1 => Just("A-LONGER-literal-segmenu".to_owned()), 1 => Just(String::new()),
    ];
    let query = prop_oneof![Just(""), Just("k=1"), Just("K=2"), Just("m=3&k=1"), Just("m")];
    (prop::collection::vec(segment, 0..5), query).prop_map(|(segments, query)| {
        (segments.iter().map(|segment| format!("/{segment}")).collect(), query.to_owned())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn finds_what_the_rules_say(
        templates in prop::collection::vec((prop::sample::select(vec!["GET", "PUT"]), template()), 1..12),
        (path, query) in request(),
    ) {
        let operations: Vec<_> = templates.iter().map(|(method, template)| (*method, template.as_str())).collect();
        let router = Router::new(vec![api("root/of", &operations)]).unwrap();
        let uri: Uri = format!("/root/of{path}?{query}").parse().unwrap();
        let found = match router.find(&Method::GET, &uri, &HeaderMap::new()) {
            Route::Operation(_, operation) => Some(operation),
            Route::NoOperation(_) => None,
            Route::NoApi => return Err(TestCaseError::fail("no API")),
        };
        prop_assert_eq!(found, best(&operations, "GET", &path, &query), "{:?} {}", operations, uri);
        if let Some(operation) = found {
            let names = router.template(0, operation).unwrap().parameters(&path, Some(&query));
            prop_assert!(names.is_some(), "{:?} {}", operations[operation], uri);
        }
    }

    #[test]
    fn templates_never_panic(text in "[a{}*/?&=%é.]{0,20}", path in "[a/%é]{0,10}") {
        if let Ok(template) = super::super::UrlTemplate::parse(&text) {
            let _ = template.parameters(&path, None);
        }
    }
}
