//! The whole index of API Management's policies: each is there as the index says.

use std::collections::BTreeSet;

use gatewright::policy::{Document, Environment, Scope, Scopes, Section, Sections, lint, specs};

/// Where this crate takes more than the index says, because real documents rely on it: element, sections, scopes.
const WIDER: &[(&str, &str)] = &[
    // Seen in `outbound` of real documents.
    ("authentication-managed-identity", "I B O E"),
    // The toolkit's own documents have it in all sections.
    ("set-backend-service", "I B O E"),
];

#[test]
fn none_of_the_index_is_missing() {
    let mut wrong = Vec::new();
    let mut known = BTreeSet::new();
    for line in include_str!("index.txt").lines().filter(|line| !line.starts_with('#')) {
        let [element, sections, scopes] = line.splitn(3, '|').map(str::trim).collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        known.insert(element);
        let Some(spec) = specs().find(|spec| spec.element == element) else {
            wrong.push(format!("{element}: missing"));
            continue;
        };
        let sections = WIDER.iter().find(|(name, _)| *name == element).map_or(sections, |(_, sections)| sections);
        let found: Vec<_> = spec.sections.iter().map(letter).collect();
        if found.join(" ") != sections {
            wrong.push(format!("{element}: sections: expected {sections}, found {}", found.join(" ")));
        }
        let found: Vec<_> = spec.scopes.iter().map(letters).collect();
        if found.join(" ") != scopes {
            wrong.push(format!("{element}: scopes: expected {scopes}, found {}", found.join(" ")));
        }
    }
    wrong.extend(specs().map(|spec| spec.element).filter(|name| !known.contains(name)).map(str::to_owned));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(known.len(), 74);
}

#[test]
fn each_policy_is_refused_where_it_does_not_belong() {
    let mut wrong = Vec::new();
    for spec in specs() {
        let element = spec.element;
        let mut check = |section: Section, scope: Scope, expected: String| {
            let text = format!("<policies><{section}><{element} /></{section}></policies>");
            let found = match Document::compile("a", &text, scope, &Environment::new()) {
                Ok(_) => "it is accepted".to_owned(),
                Err(error) => error.to_string(),
            };
            if !found.contains(&expected) {
                wrong.push(format!("{element} in {section} of {scope:?}: expected {expected}, found {found}"));
            }
        };
        let own = spec.scopes.iter().next().unwrap_or(Scope::Api);
        for section in Sections::ALL.iter().filter(|section| !spec.sections.contains(*section)) {
            // Resolvers have words of their own.
            let is_of_resolvers = spec.sections == Sections::of(&[]);
            let rest = if is_of_resolvers { String::new() } else { format!(" is not allowed in `{section}`") };
            check(section, own, format!("`{element}`{rest}"));
        }
        let Some(section) = spec.sections.iter().next() else { continue };
        for scope in Scopes::ALL.iter().filter(|scope| !spec.scopes.contains(*scope)) {
            let scope_name = scope.name();
            check(section, scope, format!("`{element}` is not allowed in a document of scope `{scope_name}`"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_not_in_the_index_is_unknown() {
    for (element, hint) in [
        ("set-graphql-resolver", ""),
        ("publish-to-darp", ": did you mean `publish-to-dapr`?"),
        ("invoke-darp-binding", ": did you mean `invoke-dapr-binding`?"),
        ("invoke-request", ""),
        ("set-request-metric-dimension-value", ""),
        ("set-url", ""),
        ("value", ""),
        ("message", ""),
        ("metadata", ""),
        ("dimension", ""),
        ("when", ""),
        ("otherwise", ""),
        ("authentication-token", ""),
        ("authentication-token-store", ""),
        ("Set-Header", ": did you mean `set-header`?"),
        ("rate-limits", ": did you mean `rate-limit`?"),
    ] {
        let text = format!("<fragment><{element} /></fragment>");
        let found = lint("a", &text, &Environment::new())[0].to_string();
        assert_eq!(found, format!("a:1:11: unknown policy `{element}`{hint}"));
    }
}

fn letter(section: Section) -> &'static str {
    match section {
        Section::Inbound => "I",
        Section::Backend => "B",
        Section::Outbound => "O",
        Section::OnError => "E",
    }
}

fn letters(scope: Scope) -> &'static str {
    match scope {
        Scope::Global => "G",
        Scope::Workspace => "W",
        Scope::Product => "P",
        Scope::Api => "A",
        Scope::Operation => "Op",
    }
}
