//! `choose`: the first branch whose condition holds.

use std::sync::Arc;

use super::super::compile::Compiler;
use super::super::document::{Branch, Node, NodeBody, Otherwise};
use super::super::spec::{Attribute, Child, Content, Spec};
use crate::xml::Element;

const CONDITION: Attribute = Attribute::required("condition", "`true`, `false` or an expression").or_expression();
const WHEN: Child = Child::new("when", "1..n", Content::Policies).attributes(&[CONDITION, ID]);
const OTHERWISE: Child = Child::new("otherwise", "0..1", Content::Policies).attributes(&[ID]);
const ID: Attribute = Attribute::optional("id", "a name", "none");

pub(crate) const SPEC: Spec = Spec::new("choose", "Runs the first branch whose condition holds, else `otherwise`.")
    .content(Content::Elements(&[WHEN, OTHERWISE]))
    .differences(&[
        "A text `true` or `false`, in any case, is a condition too.",
        "`otherwise` may stand before a `when`; it is evaluated last all the same.",
    ]);

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let (mut branches, mut otherwise, mut whens) = (Vec::new(), None, 0);
    for child in element.elements() {
        match &*child.name {
            "when" => {
                whens += 1;
                compiler.check_child(&WHEN, child);
                let condition = compiler.setting(child, &CONDITION);
                let nodes = compiler.nodes(child);
                let id = compiler.constant::<String>(child, &ID).map(Into::into);
                if let Some(condition) = condition {
                    branches.push(Branch { condition: Arc::new(condition), id, nodes });
                }
            }
            "otherwise" => {
                compiler.check_child(&OTHERWISE, child);
                let nodes = compiler.nodes(child);
                otherwise = Some(Otherwise { id: compiler.constant::<String>(child, &ID).map(Into::into), nodes });
            }
            _ => {}
        }
    }
    if whens == 0 {
        compiler.error(element.span.start, "`choose` has no `when`: it needs at least one".to_owned());
        return None;
    }
    Some(Node { element: "choose", id: None, body: NodeBody::Choose { branches, otherwise } })
}
