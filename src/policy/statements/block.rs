//! `block`: a group of statements, to give them an `id`.

use super::super::compile::Compiler;
use super::super::document::{Node, NodeBody};
use super::super::spec::{Content, Spec};
use crate::xml::Element;

pub(crate) const SPEC: Spec = Spec::new("block", "Runs its statements in order.")
    .content(Content::Policies)
    .differences(&["It is known from the schema of API Management only, not from its reference."]);

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    Some(Node { element: "block", id: None, body: NodeBody::Group(compiler.nodes(element)) })
}
