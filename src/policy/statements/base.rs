//! `base`: the same section of the next broader scope.

use super::super::compile::Compiler;
use super::super::document::{Node, NodeBody};
use super::super::spec::Spec;
use crate::xml::Element;

pub(crate) const SPEC: Spec =
    Spec::new("base", "Stands for the policies of the broader scopes in this section; at global scope, for none.")
        .differences(&["It is refused in `choose` and other containers, and so is a second one in a section."]);

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    if compiler.is_fragment {
        compiler.error(element.span.start, "`base` cannot stand in a fragment".to_owned());
        return None;
    }
    Some(Node { element: "base", id: None, body: NodeBody::Base })
}
