//! `wait`: runs its statements at the same time, and goes on when all of them, or any one, is done.

mod tasks;

use std::sync::Arc;

use super::super::compile::{Compiler, one_of};
use super::super::document::{Node, NodeBody};
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement, Step};
use super::super::pipeline::Needs;
use super::super::setting::{Literal, Setting};
use super::super::spec::{Attribute, Content, Section, Spec};
use super::forward_request::ForwardRequest;
use crate::expr::Value;
use crate::xml::Element;
use tasks::Tasks;

const FOR: Attribute = Attribute::optional("for", "`all` or `any`", "all").or_expression();

/// What may stand in it, and in the branches of a `choose` in it.
const CHILDREN: [&str; 6] = [
    "send-request",
    "cache-lookup-value",
    "choose",
    "forward-request",
    "cache-store-value",
    "authentication-managed-identity",
];

pub(crate) const SPEC: Spec = Spec::new(
    "wait",
    "Runs its statements at the same time, and goes on when all of them, or the first one, is done: `send-request`, \
     `cache-lookup-value`, `forward-request` (once), `cache-store-value`, `authentication-managed-identity`, and `choose` \
     around them.",
)
.sections(&[Section::Inbound, Section::Backend, Section::Outbound])
.attributes(&[FOR])
.content(Content::Policies)
.differences(&[
    "Each statement sees the variables as they were at the start. With `any` only the first that succeeds writes some.",
]);

/// When to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitFor {
    /// When all are done.
    All,
    /// When one is done; the others are given up.
    Any,
}

impl Literal for WaitFor {
    fn literal(text: &str) -> Option<Self> {
        match text.trim() {
            "all" => Some(Self::All),
            "any" => Some(Self::Any),
            _ => None,
        }
    }

    fn value(value: Value) -> Result<Self, String> {
        let text = value.to_text().unwrap_or_default();
        Self::literal(&text).ok_or_else(|| format!("'{text}' is neither 'all' nor 'any'."))
    }
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    check(compiler, element);
    let wait_for = match element.attribute(FOR.name) {
        Some(_) => compiler.setting(element, &FOR)?,
        None => Setting::Constant(WaitFor::All),
    };
    if element.elements().next().is_none() {
        compiler.error(element.span.start, "`wait` is empty: it needs at least one policy".to_owned());
    }
    if forwards(element) > 1 {
        let message = "`wait` may forward the request more than once: expected one `forward-request`";
        compiler.error(element.span.start, message.to_owned());
    }
    let nodes = compiler.nodes(element);
    Some(Node { element: "wait", id: None, body: NodeBody::Wait(wait_for, nodes) })
}

/// Reports what cannot stand in a `wait`.
fn check(compiler: &mut Compiler<'_>, parent: &Element) {
    for child in parent.elements() {
        if &*child.name == "choose" {
            child.elements().for_each(|branch| check(compiler, branch));
        } else if !CHILDREN.contains(&&*child.name) {
            let message = format!("`{}` cannot stand in `wait`: expected {}", child.name, one_of(CHILDREN));
            compiler.error(child.span.start, message);
        }
    }
}

/// How often the statements in `parent` may forward the request.
fn forwards(parent: &Element) -> usize {
    let of = |child: &Element| match &*child.name {
        "forward-request" => 1,
        "choose" => child.elements().map(forwards).max().unwrap_or_default(),
        _ => 0,
    };
    parent.elements().map(of).sum()
}

/// `wait`, linked: its statements with their places.
#[derive(Debug)]
pub(crate) struct Wait {
    wait_for: Setting<WaitFor>,
    children: Vec<Arc<[Child]>>,
    needs: Needs,
}

/// A statement in a `wait`.
#[derive(Debug)]
pub(crate) enum Child {
    /// A statement, its place and its element.
    Run(Arc<Step>, u32, &'static str),
    /// A `forward-request`, and its place.
    Forward(Arc<ForwardRequest>, u32),
    /// A `choose`: the branches with their conditions and places, the last one perhaps without a condition.
    Choose(Vec<(Option<Arc<Setting<bool>>>, u32, Arc<[Child]>)>),
}

impl Wait {
    pub(crate) fn new(wait_for: Setting<WaitFor>, children: Vec<Child>) -> Self {
        let needs = children.iter().fold(wait_for.needs(), |needs, child| needs | child.needs());
        Self { wait_for, children: children.into_iter().map(|child| [child].into()).collect(), needs }
    }
}

impl Child {
    fn needs(&self) -> Needs {
        match self {
            Self::Run(step, ..) => step.needs(),
            Self::Forward(forward, _) => forward.needs() | Needs::REQUEST,
            Self::Choose(branches) => branches.iter().fold(Needs::NONE, |needs, (condition, _, children)| {
                let own = condition.as_ref().map_or(Needs::NONE, |condition| condition.needs());
                children.iter().fold(needs | own, |needs, child| needs | child.needs())
            }),
        }
    }
}

impl Statement for Wait {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        Tasks::start(*self.wait_for.get(exchange)?, &self.children, exchange).advance(exchange)
    }

    fn needs(&self) -> Needs {
        self.needs
    }
}
