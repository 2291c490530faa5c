//! Looks at a policy document or fragment by itself, with or without a root element.

use std::sync::Arc;

use super::compile::{self, Compiler};
use super::diagnostic::Diagnostic;
use super::document::Node;
use super::environment::Environment;
use super::list;
use super::spec::{Scope, Section};

/// What a text of policies turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Document,
    Fragment,
    /// Sections without `policies` around them.
    Sections,
    /// Statements alone.
    Statements,
    /// The document of a GraphQL resolver.
    #[cfg(feature = "graphql")]
    Resolver,
}

/// Reports everything that is wrong with a document, a fragment, sections or bare statements.
///
/// ```
/// use gatewright::policy::{Environment, Severity, lint};
///
/// let found = lint("x.xml", "<set-hedder name=\"a\" />", &Environment::new());
/// assert_eq!(found[0].to_string(), "x.xml:1:1: unknown policy `set-hedder`: did you mean `set-header`?");
/// assert_eq!(found[0].severity, Severity::Error);
/// ```
pub fn lint(file: &str, text: &str, environment: &Environment) -> Vec<Diagnostic> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let shape = shape(text);
    let (open, close) = match shape {
        #[cfg(feature = "graphql")]
        Shape::Resolver => return super::graphql::lint_data_source(file, text, environment),
        Shape::Document | Shape::Fragment => ("", ""),
        Shape::Sections => ("<policies>", "</policies>"),
        Shape::Statements => ("<fragment>", "</fragment>"),
    };
    let wrapped = format!("{open}{text}{close}");
    let mut diagnostics = match shape {
        // The broadest rules: which scope it is for cannot be seen.
        Shape::Document | Shape::Sections => Compiler::document(file, &wrapped, Scope::Global, environment).1,
        _ => fragment(file, &wrapped, environment),
    };
    let shift = u32::try_from(open.chars().count()).unwrap_or(0);
    for diagnostic in diagnostics.iter_mut().filter(|diagnostic| diagnostic.line == 1) {
        diagnostic.column = diagnostic.column.saturating_sub(shift).max(1);
    }
    diagnostics
}

fn fragment(file: &str, text: &str, environment: &Environment) -> Vec<Diagnostic> {
    let file = Arc::<str>::from(file);
    let document = match compile::read(&file, text, environment.longest_document()) {
        Ok(document) => document,
        Err(diagnostics) => return diagnostics,
    };
    let mut compiler = Compiler::new(environment, &document, file, Scope::Operation, Section::Inbound);
    compiler.knows_section = false;
    compiler.fragment();
    compiler.diagnostics
}

/// What the first element says.
fn shape(text: &str) -> Shape {
    let mut rest = text.trim_start();
    loop {
        let end = if rest.starts_with("<!--") {
            "-->"
        } else if rest.starts_with("<?") {
            "?>"
        } else {
            break;
        };
        let Some(at) = rest.find(end) else { break };
        rest = rest[at + end.len()..].trim_start();
    }
    let name: String = rest
        .strip_prefix('<')
        .unwrap_or(rest)
        .chars()
        .take_while(|c| c.is_alphanumeric() || "-_:.".contains(*c))
        .collect();
    match name.as_str() {
        "fragment" => Shape::Fragment,
        #[cfg(feature = "graphql")]
        "http-data-source" | "graphql-data-source" | "sql-data-source" | "cosmosdb-data-source" => Shape::Resolver,
        name if Section::parse(name).is_some() => Shape::Sections,
        name if list::find(name).is_some() => Shape::Statements,
        "policies" => Shape::Document,
        // An unknown element is more likely a misspelt policy than a misspelt root.
        _ if rest.starts_with('<') => Shape::Statements,
        _ => Shape::Document,
    }
}

impl Compiler<'_> {
    /// Compiles the statements of a fragment.
    pub(crate) fn fragment(&mut self) -> Vec<Node> {
        self.is_fragment = true;
        let document = self.document;
        let root = &document.root;
        if &*root.name != "fragment" {
            self.error(root.span.start, format!("the root element is `{}`: expected `fragment`", root.name));
            return Vec::new();
        }
        self.no_attributes(root);
        if root.elements().next().is_none() {
            self.error(root.span.start, "the fragment is empty: it needs at least one policy".to_owned());
        }
        self.nodes(root)
    }
}
