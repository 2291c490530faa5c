//! The table in `docs/policies.md` is what the policies say of themselves.

use std::fmt::Write as _;
use std::fs;

use gatewright::policy::{Attribute, Child, Content, Sections, Spec, specs};

#[test]
fn the_table_of_policies_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/policies.md");
    let page = fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once("<!-- table -->\n").unwrap();
    let (table, after) = rest.split_once("<!-- /table -->").unwrap();
    let made: String = specs().map(describe).collect();
    if std::env::var_os("GATEWRIGHT_BLESS").is_some() {
        fs::write(path, format!("{before}<!-- table -->\n{made}<!-- /table -->{after}")).unwrap();
    } else {
        assert!(table == made, "docs/policies.md is out of date: run with GATEWRIGHT_BLESS=1");
    }
}

fn describe(spec: &Spec) -> String {
    let mut out = format!("\n### `{}`\n\n{}\n\n", spec.element, spec.summary);
    if spec.sections == Sections::of(&[]) {
        out.push_str("In the documents of GraphQL resolvers.\n");
        return finish(out, spec);
    }
    let sections: Vec<_> = spec.sections.iter().map(|section| format!("`{section}`")).collect();
    let sections = if spec.sections == Sections::ALL { "all".to_owned() } else { sections.join(", ") };
    let scopes: Vec<_> = spec.scopes.iter().map(|scope| scope.name()).collect();
    let once = if spec.once { " At most once in a section." } else { "" };
    writeln!(out, "Sections: {sections}. Scopes: {}.{once}", scopes.join(", ")).unwrap();
    finish(out, spec)
}

/// Adds what the policy keeps, and where it differs.
fn remarks(out: &mut String, spec: &Spec) {
    writeln!(out, "\nState: {}", if spec.state.is_empty() { "none." } else { spec.state }).unwrap();
    if !spec.differences.is_empty() {
        writeln!(out, "\nDifferences:\n").unwrap();
        spec.differences.iter().for_each(|difference| writeln!(out, "- {difference}").unwrap());
    }
}

/// Adds the table of attributes and content, and remarks.
fn finish(mut out: String, spec: &Spec) -> String {
    let mut rows = Vec::new();
    attributes("", spec.attributes, &mut rows);
    content("", spec.content, &mut rows);
    if !rows.is_empty() {
        out.push_str("\n| part | value | default | expression |\n| --- | --- | --- | --- |\n");
        out.push_str(&rows.concat());
    }
    remarks(&mut out, spec);
    out
}

fn attributes(owner: &str, attributes: &[Attribute], rows: &mut Vec<String>) {
    for attribute in attributes {
        let default = if attribute.required { "required" } else { attribute.default };
        let expression = if attribute.expressions { "yes" } else { "no" };
        rows.push(format!("| `{owner}@{}` | {} | {default} | {expression} |\n", attribute.name, attribute.kind));
    }
}

fn content(owner: &str, content: Content, rows: &mut Vec<String>) {
    match content {
        Content::Text { expressions } => {
            rows.push(format!("| text{} | text | | {} |\n", of(owner), if expressions { "yes" } else { "no" }));
        }
        Content::Policies => rows.push(format!("| content{} | statements | | |\n", of(owner))),
        Content::Verbatim => rows.push(format!("| content{} | text, elements or an expression | | yes |\n", of(owner))),
        Content::Elements(children) => children.iter().for_each(|known| child(owner, known, rows)),
        Content::TextOrElements(children) => {
            rows.push(format!("| text{} | text, without elements | | yes |\n", of(owner)));
            children.iter().for_each(|known| child(owner, known, rows));
        }
        _ => {}
    }
}

fn of(owner: &str) -> String {
    if owner.is_empty() { String::new() } else { format!(" of `{owner}`") }
}

fn child(owner: &str, known: &Child, rows: &mut Vec<String>) {
    let path = if owner.is_empty() { known.element.to_owned() } else { format!("{owner}/{}", known.element) };
    if known.is_policy {
        rows.push(format!("| `{path}` | {}, as [`{}`](#{}) | | |\n", known.count, known.element, known.element));
        return;
    }
    rows.push(format!("| `{path}` | {} | | |\n", known.count));
    attributes(&path, known.attributes, rows);
    content(&path, known.content, rows);
}
