//! `publish-event`: the value of a field goes to those who have subscribed.

use super::super::compile::Compiler;
use super::super::document::Node;
use super::super::spec::{Attribute, Child, Content, Spec};
use crate::xml::Element;

const ID: Attribute = Attribute::required("id", "the name of a field of the subscription type");
const SUBSCRIPTION: Child = Child::new("graphql-subscription", "1..n", Content::Nothing).attributes(&[ID]);
const TARGETS: Child = Child::new("targets", "1", Content::Elements(&[SUBSCRIPTION]));

pub(crate) const SPEC: Spec = Spec::new(
    "publish-event",
    "Gives the value of a field, when its resolver has it, to those who have subscribed to fields of a GraphQL API.",
)
.sections(&[])
.scopes(&[])
.content(Content::Elements(&[TARGETS]))
.state("who has subscribed, in the process: an event reaches the subscribers of its own instance.");

/// It stands in `http-response` alone.
pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let message = "`publish-event` belongs in `http-response` of a GraphQL resolver";
    compiler.error(element.span.start, message.to_owned());
    None
}

/// The subscriptions that it names.
#[cfg(feature = "graphql")]
pub(crate) fn targets(compiler: &mut Compiler<'_>, element: &Element) -> Vec<String> {
    let mut ids = Vec::new();
    for targets in element.elements().filter(|child| *child.name == *TARGETS.element) {
        compiler.check_child(&TARGETS, targets);
        for target in targets.elements().filter(|child| *child.name == *SUBSCRIPTION.element) {
            compiler.check_child(&SUBSCRIPTION, target);
            ids.extend(compiler.constant::<String>(target, &ID));
        }
    }
    if ids.is_empty() {
        let message = "`publish-event` needs `targets` with a `graphql-subscription`";
        compiler.error(element.span.start, message.to_owned());
    }
    ids
}
