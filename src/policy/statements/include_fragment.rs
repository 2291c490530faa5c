//! `include-fragment`: the statements of a policy fragment, in place.

use super::super::compile::{self, Compiler};
use super::super::document::{Node, NodeBody};
use super::super::spec::{Attribute, Spec};
use crate::xml::Element;

const FRAGMENT_ID: Attribute = Attribute::required("fragment-id", "the id of a policy fragment");

pub(crate) const SPEC: Spec =
    Spec::new("include-fragment", "Runs the statements of a policy fragment.").attributes(&[FRAGMENT_ID]);

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let nodes = inside(compiler, element, |inner| inner.fragment())?;
    Some(Node { element: "include-fragment", id: None, body: NodeBody::Group(nodes) })
}

/// Reads the fragment that is included.
pub(crate) fn inside<T>(
    compiler: &mut Compiler<'_>,
    element: &Element,
    read: impl FnOnce(&mut Compiler<'_>) -> T,
) -> Option<T> {
    let id: String = compiler.constant(element, &FRAGMENT_ID)?;
    let at = element.span.start;
    if compiler.is_fragment {
        let message = format!("a fragment cannot include another one: `{id}` must be included by the document itself");
        compiler.error(at, message);
        return None;
    }
    let Some(fragment) = compiler.environment.fragments.get(&id.to_ascii_lowercase()) else {
        if compiler.environment.takes_as_given() {
            compiler.note(at, format!("fragment `{id}` is taken as given"));
        } else {
            compiler.error(at, format!("fragment `{id}` is not defined"));
        }
        return None;
    };
    let document = match compile::read(&fragment.file, &fragment.text, compiler.environment.longest_fragment()) {
        Ok(document) => document,
        Err(problems) => {
            compiler.diagnostics.extend(problems);
            return None;
        }
    };
    let mut inner =
        Compiler::new(compiler.environment, &document, fragment.file.clone(), compiler.scope, compiler.section);
    inner.knows_section = compiler.knows_section;
    inner.seen_once = std::mem::take(&mut compiler.seen_once);
    inner.is_resolver = compiler.is_resolver;
    let read = read(&mut inner);
    compiler.seen_once = std::mem::take(&mut inner.seen_once);
    compiler.parameters.append(&mut inner.parameters);
    // A fragment that is included twice has its problems reported once.
    for diagnostic in inner.diagnostics {
        if !compiler.diagnostics.contains(&diagnostic) {
            compiler.diagnostics.push(diagnostic);
        }
    }
    Some(read)
}
