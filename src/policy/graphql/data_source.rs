//! Reads `http-data-source`.

use std::sync::Arc;

use super::super::compile::{Compiler, one_of};
use super::super::diagnostic::Diagnostic;
use super::super::document::{Node, NodeBody};
use super::super::environment::Environment;
use super::super::list::Step;
use super::super::own_request::OwnRequest;
use super::super::spec::Section;
use super::super::statements::forward_request::{self, ForwardRequest};
use super::super::statements::http_data_source::{BACKEND, REQUEST, RESPONSE, SPEC};
use super::super::statements::{get_authorization_context, publish_event};
use super::resolver::Resolver;
use crate::xml::Element;

/// What is wrong with the document of a resolver.
pub(crate) fn lint(file: &str, text: &str, environment: &Environment) -> Vec<Diagnostic> {
    Resolver::read(file, text, environment).1
}

/// Reads the root element of a document.
pub(super) fn compile(compiler: &mut Compiler<'_>, root: &Element) -> Option<Resolver> {
    if *root.name != *SPEC.element {
        let message = match &*root.name {
            name @ ("sql-data-source" | "cosmosdb-data-source" | "graphql-data-source") => {
                format!("`{name}` is not supported yet: expected `http-data-source`")
            }
            name => format!("the root element of a resolver is `{name}`: expected `http-data-source`"),
        };
        compiler.error(root.span.start, message);
        return None;
    }
    compiler.check(&SPEC, root);
    let mut children = [None; 3];
    for child in root.elements() {
        for (place, known) in [REQUEST, BACKEND, RESPONSE].iter().enumerate() {
            if *known.element != *child.name {
                continue;
            }
            if children[place].replace(child).is_some() {
                let message = format!("a second `{}`: `{}` may have one", known.element, SPEC.element);
                compiler.error(child.span.start, message);
            }
            compiler.check_child(known, child);
        }
    }
    let [request, backend, response] = children;
    let Some(request) = request else {
        compiler.error(root.span.start, "`http-data-source` needs an `http-request`".to_owned());
        return None;
    };
    let (before, request) = self::request(compiler, request);
    let forward = match backend {
        Some(backend) => self::backend(compiler, backend),
        None => Some(Arc::default()),
    };
    let (after, events) = match response {
        Some(response) => self::response(compiler, response),
        None => Default::default(),
    };
    Some(Resolver { before, request: request?, forward: forward?, after, events })
}

fn request(compiler: &mut Compiler<'_>, element: &Element) -> (Vec<Arc<Step>>, Option<OwnRequest>) {
    let mut before = Vec::new();
    for child in element.elements().filter(|child| *child.name == *get_authorization_context::SPEC.element) {
        let node = compiler.statement(child);
        flatten(compiler, child, node, &mut before);
    }
    let mut is_whole = true;
    for name in ["set-method", "set-url"] {
        let has_fragment = element.elements().any(|child| &*child.name == "include-fragment");
        if !has_fragment && element.elements().all(|child| &*child.name != name) {
            compiler.error(element.span.start, format!("`http-request` needs a `{name}`"));
            is_whole = false;
        }
    }
    (before, if is_whole { OwnRequest::compile(compiler, element) } else { None })
}

fn backend(compiler: &mut Compiler<'_>, element: &Element) -> Option<Arc<ForwardRequest>> {
    compiler.section = Section::Backend;
    let mut forwards = element.elements().filter(|child| *child.name == *forward_request::SPEC.element);
    let node = forwards.next().map(|child| compiler.statement(child));
    if let Some(second) = forwards.next() {
        compiler.error(second.span.start, "a second `forward-request`: `backend` may have one".to_owned());
    }
    compiler.section = Section::Inbound;
    match node {
        None => Some(Arc::default()),
        Some(Some(Node { body: NodeBody::Forward(forward), .. })) => Some(forward),
        Some(_) => None,
    }
}

fn response(compiler: &mut Compiler<'_>, element: &Element) -> (Vec<Arc<Step>>, Vec<String>) {
    compiler.section = Section::Outbound;
    let (mut after, mut events) = (Vec::new(), Vec::new());
    for child in element.elements() {
        if *child.name == *publish_event::SPEC.element {
            events.extend(publish_event::targets(compiler, child));
        } else if RESPONSE.has(&child.name) {
            let node = compiler.statement(child);
            flatten(compiler, child, node, &mut after);
        }
    }
    compiler.section = Section::Inbound;
    (after, events)
}

/// The statements of a node, those of fragments among them.
fn flatten(compiler: &mut Compiler<'_>, element: &Element, node: Option<Node>, steps: &mut Vec<Arc<Step>>) {
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
