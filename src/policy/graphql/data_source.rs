//! Reads the documents of resolvers: one kind of data source each.

use std::sync::Arc;

use super::super::compile::{Compiler, one_of};
use super::super::diagnostic::Diagnostic;
use super::super::document::{Node, NodeBody};
use super::super::environment::Environment;
use super::super::list::Step;
use super::super::own_request::OwnRequest;
use super::super::spec::{Child, Section};
use super::super::statements::forward_request::{self, ForwardRequest};
use super::super::statements::{
    cosmosdb_data_source, get_authorization_context, graphql_data_source, http_data_source, publish_event,
    sql_data_source,
};
use super::cosmos::CosmosSource;
use super::http_source::HttpSource;
use super::remote_query::RemoteQuery;
use super::resolver::{Resolver, Source};
use super::sql::SqlDocument;
use crate::xml::Element;

/// What is wrong with the document of a resolver.
pub(crate) fn lint(file: &str, text: &str, environment: &Environment) -> Vec<Diagnostic> {
    Resolver::read(file, text, environment).1
}

/// Reads the root element of a document.
pub(super) fn compile(compiler: &mut Compiler<'_>, root: &Element) -> Option<Resolver> {
    match &*root.name {
        "http-data-source" => http_source(compiler, root),
        "graphql-data-source" => graphql_source(compiler, root),
        "cosmosdb-data-source" => cosmos_source(compiler, root),
        "sql-data-source" => sql_source(compiler, root),
        name => {
            let message = format!(
                "the root element of a resolver is `{name}`: expected `http-data-source`, `graphql-data-source`, \
                 `cosmosdb-data-source` or `sql-data-source`"
            );
            compiler.error(root.span.start, message);
            None
        }
    }
}

fn http_source(compiler: &mut Compiler<'_>, root: &Element) -> Option<Resolver> {
    compiler.check(&http_data_source::SPEC, root);
    let [request, backend, response] =
        children(compiler, root, [http_data_source::REQUEST, http_data_source::BACKEND, http_data_source::RESPONSE]);
    let Some(request) = request else {
        compiler.error(root.span.start, "`http-data-source` needs an `http-request`".to_owned());
        return None;
    };
    let before = self::before(compiler, request);
    let request = self::request(compiler, request, &["set-method", "set-url"]);
    let forward = match backend {
        Some(backend) => self::backend(compiler, backend),
        None => Some(Arc::default()),
    };
    let (after, events) = self::response(compiler, response, &http_data_source::RESPONSE);
    let source = Source::Http(Box::new(HttpSource { request: request?, query: None, forward: forward? }));
    Some(Resolver { before, source, after, events })
}

fn graphql_source(compiler: &mut Compiler<'_>, root: &Element) -> Option<Resolver> {
    compiler.check(&graphql_data_source::SPEC, root);
    let [request, response] = children(compiler, root, [graphql_data_source::REQUEST, graphql_data_source::RESPONSE]);
    let Some(request) = request else {
        compiler.error(root.span.start, "`graphql-data-source` needs a `request`".to_owned());
        return None;
    };
    let before = self::before(compiler, request);
    let query = RemoteQuery::compile(compiler, request);
    let request = self::request(compiler, request, &["set-url"]);
    let (after, events) = self::response(compiler, response, &graphql_data_source::RESPONSE);
    let source = Source::Http(Box::new(HttpSource { request: request?, query: Some(query?), forward: Arc::default() }));
    Some(Resolver { before, source, after, events })
}

fn cosmos_source(compiler: &mut Compiler<'_>, root: &Element) -> Option<Resolver> {
    compiler.check(&cosmosdb_data_source::SPEC, root);
    if !cfg!(feature = "cosmos") && !compiler.environment.asks_cosmos() {
        let message =
            "`cosmosdb-data-source` needs a build with the feature `cosmos`, or a `CosmosExecutor` of the host";
        compiler.error(root.span.start, message.to_owned());
        return None;
    }
    let source = CosmosSource::compile(compiler, root);
    let response = child(compiler, root, &cosmosdb_data_source::RESPONSE);
    let (after, events) = self::response(compiler, response, &cosmosdb_data_source::RESPONSE);
    Some(Resolver { before: Vec::new(), source: Source::Cosmos(Box::new(source?)), after, events })
}

fn sql_source(compiler: &mut Compiler<'_>, root: &Element) -> Option<Resolver> {
    compiler.check(&sql_data_source::SPEC, root);
    if !cfg!(feature = "sql") && !compiler.environment.asks_sql() {
        let message = "`sql-data-source` needs a build with the feature `sql`, or a `SqlExecutor` of the host";
        compiler.error(root.span.start, message.to_owned());
        return None;
    }
    let mut document = SqlDocument::compile(compiler, root);
    let (before, after) = (std::mem::take(&mut document.before), std::mem::take(&mut document.after));
    let events = std::mem::take(&mut document.events);
    Some(Resolver { before, source: Source::Sql(Box::new(document.source()?)), after, events })
}

/// The child of that name, checked, when it is there.
pub(super) fn child<'e>(compiler: &mut Compiler<'_>, parent: &'e Element, known: &Child) -> Option<&'e Element> {
    let first = parent.elements().find(|child| *child.name == *known.element)?;
    compiler.check_child(known, first);
    Some(first)
}

/// The children of a document.
fn children<'e, const N: usize>(
    compiler: &mut Compiler<'_>,
    root: &'e Element,
    known: [Child; N],
) -> [Option<&'e Element>; N] {
    known.map(|known| child(compiler, root, &known))
}

/// What runs before the request is made.
fn before(compiler: &mut Compiler<'_>, element: &Element) -> Vec<Arc<Step>> {
    let mut before = Vec::new();
    for child in element.elements().filter(|child| *child.name == *get_authorization_context::SPEC.element) {
        let node = compiler.statement(child);
        flatten(compiler, child, node, &mut before);
    }
    before
}

/// The request; `needed` are the elements that describe it.
fn request(compiler: &mut Compiler<'_>, element: &Element, needed: &[&str]) -> Option<OwnRequest> {
    let has_fragment = element.elements().any(|child| &*child.name == "include-fragment");
    let is_missing = |name: &&&str| !has_fragment && element.elements().all(|child| *child.name != ***name);
    let missing: Vec<_> = needed.iter().filter(is_missing).collect();
    for name in &missing {
        compiler.error(element.span.start, format!("`{}` needs a `{name}`", element.name));
    }
    if missing.is_empty() { OwnRequest::compile(compiler, element) } else { None }
}

fn backend(compiler: &mut Compiler<'_>, element: &Element) -> Option<Arc<ForwardRequest>> {
    compiler.section = Section::Backend;
    let forward = element.elements().find(|child| *child.name == *forward_request::SPEC.element);
    let node = forward.map(|child| compiler.statement(child));
    compiler.section = Section::Inbound;
    match node {
        None => Some(Arc::default()),
        Some(Some(Node { body: NodeBody::Forward(forward), .. })) => Some(forward),
        Some(_) => None,
    }
}

/// What becomes of the answer, and who is told.
pub(super) fn response(
    compiler: &mut Compiler<'_>,
    element: Option<&Element>,
    known: &Child,
) -> (Vec<Arc<Step>>, Vec<String>) {
    let (mut after, mut events) = (Vec::new(), Vec::new());
    let Some(element) = element else { return (after, events) };
    compiler.section = Section::Outbound;
    for child in element.elements() {
        if *child.name == *publish_event::SPEC.element {
            events.extend(publish_event::targets(compiler, child));
        } else if known.has(&child.name) {
            let node = compiler.statement(child);
            flatten(compiler, child, node, &mut after);
        }
    }
    compiler.section = Section::Inbound;
    (after, events)
}

/// The statements of a node, those of fragments among them.
pub(super) fn flatten(compiler: &mut Compiler<'_>, element: &Element, node: Option<Node>, steps: &mut Vec<Arc<Step>>) {
    let Some(node) = node else { return };
    match node.body {
        NodeBody::Run(step) => steps.push(step),
        NodeBody::Group(nodes) => nodes.into_iter().for_each(|node| flatten(compiler, element, Some(node), steps)),
        _ => {
            let places = one_of(["set-body", "json-to-xml", "xml-to-json", "find-and-replace"]);
            let message = format!("`{}` cannot stand in a resolver: expected {places}", node.element);
            compiler.error(element.span.start, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_root_is_told_those_there_are() {
        let problems = lint("r", "<soap-data-source />", &Environment::default());
        let message = &problems[0].message;
        assert!(message.contains("`soap-data-source`") && message.contains("or `sql-data-source`"), "{message}");
    }
}
