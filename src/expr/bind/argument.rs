//! Arguments of calls, before and after a method is chosen.

use super::Binder;
use super::assign::Place;
use super::name::{Group, Operand};
use super::tree::{Node, NodeKind, Target};
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{self, ArgMode, ExprKind};
use crate::expr::types::{Mode, Ty};

/// An argument as written.
pub(super) struct Argument<'t> {
    pub(super) name: Option<(&'t str, Span)>,
    pub(super) mode: ArgMode,
    pub(super) span: Span,
    pub(super) value: ArgValue<'t>,
}

pub(super) enum ArgValue<'t> {
    Value(Node),
    Lambda(&'t ast::Lambda<'t>),
    Group(Option<Group<'t>>),
    /// `out var x`
    Declare(&'t str, Span),
    /// `out _`
    Discard,
    Place(Place),
    /// Was moved to its place.
    Taken,
}

impl Argument<'_> {
    /// The type, when it is known by itself.
    pub(super) fn ty(&self) -> Option<&Ty> {
        match &self.value {
            ArgValue::Value(node) => Some(&node.ty),
            ArgValue::Place(place) => Some(&place.ty),
            _ => None,
        }
    }

    pub(super) fn fits_mode(&self, mode: Mode) -> bool {
        matches!(
            (self.mode, mode),
            (ArgMode::In, Mode::In | Mode::Params) | (ArgMode::Out, Mode::Out) | (ArgMode::Ref, Mode::Ref)
        )
    }
}

impl<'t> Binder<'t> {
    pub(super) fn arguments(&mut self, args: &'t [ast::Arg<'t>]) -> Vec<Argument<'t>> {
        args.iter().map(|arg| self.argument(arg)).collect()
    }

    fn argument(&mut self, arg: &'t ast::Arg<'t>) -> Argument<'t> {
        let span = arg.value.span;
        let value = match (&arg.value.kind, arg.mode) {
            (ExprKind::Declare(ty, name, name_span), ArgMode::Out) => {
                if *name == "_" {
                    ArgValue::Discard
                } else if ty.is_var() {
                    ArgValue::Declare(name, *name_span)
                } else {
                    let ty = self.type_of(ty);
                    let local = self.declare(name, ty.clone(), *name_span);
                    self.locals[local.0 as usize].needs_assignment = true;
                    ArgValue::Place(Place::local(local, ty))
                }
            }
            (ExprKind::Name(name), ArgMode::Out) if name.text == "_" && self.lookup("_").is_none() => ArgValue::Discard,
            (_, ArgMode::Out | ArgMode::Ref) => match self.place(&arg.value) {
                Some(place) if place.is_property() => {
                    let message = "A property or indexer may not be passed as an out or ref parameter";
                    ArgValue::Value(self.error_node(span, "CS0206", message))
                }
                Some(place) => ArgValue::Place(place),
                None => ArgValue::Value(Node::error(span)),
            },
            (_, ArgMode::In) => match self.operand(&arg.value) {
                Operand::Lambda(lambda, _) => ArgValue::Lambda(lambda),
                Operand::Group(group) => ArgValue::Group(Some(group)),
                operand => {
                    let node = self.value(operand, span);
                    ArgValue::Value(if node.ty == Ty::Void {
                        self.error_node(span, "CS1503", "cannot convert from 'void'")
                    } else {
                        node
                    })
                }
            },
        };
        Argument { name: arg.name, mode: arg.mode, span, value }
    }

    /// An argument that is already a value.
    pub(super) fn given(node: Node) -> Argument<'t> {
        Argument { name: None, mode: ArgMode::In, span: node.span, value: ArgValue::Value(node) }
    }

    /// Turns an argument into the node that is passed, and the target that is written back.
    pub(super) fn pass(
        &mut self,
        argument: &mut Argument<'t>,
        to: &Ty,
        prelude: &mut Vec<(super::tree::LocalId, Node)>,
    ) -> (Node, Option<Target>) {
        let span = argument.span;
        match std::mem::replace(&mut argument.value, ArgValue::Taken) {
            ArgValue::Value(node) => (self.convert(node, to), None),
            ArgValue::Lambda(lambda) => (self.convert_lambda(lambda, to, span), None),
            ArgValue::Group(Some(group)) => (self.convert_group(group, to), None),
            ArgValue::Group(None) | ArgValue::Taken => (Node::error(span), None),
            ArgValue::Declare(name, name_span) => {
                let local = self.declare(name, to.clone(), name_span);
                self.locals[local.0 as usize].needs_assignment = true;
                (Node::new(to.clone(), span, NodeKind::Nothing), Some(Target::Local(local)))
            }
            ArgValue::Discard => (Node::new(to.clone(), span, NodeKind::Nothing), Some(Target::Discard)),
            ArgValue::Place(mut place) => {
                if place.ty != *to && !place.ty.is_error() {
                    let message = format!("cannot convert from '{}' to '{}'", place.ty.short(), to.short());
                    self.error(span, "CS1503", message);
                }
                prelude.append(&mut place.prelude);
                let value = if argument.mode == ArgMode::Ref {
                    place.read(self, span)
                } else {
                    Node::new(to.clone(), span, NodeKind::Nothing)
                };
                (value, Some(place.target(self)))
            }
        }
    }

    /// Evaluates temporaries before a node.
    pub(super) fn with_prelude(&self, prelude: Vec<(super::tree::LocalId, Node)>, node: Node) -> Node {
        prelude.into_iter().rev().fold(node, |result, (local, value)| {
            let (ty, span) = (result.ty.clone(), result.span);
            let kind = NodeKind::Let { local, value: value.boxed(), then: Vec::new(), result: result.boxed() };
            Node::new(ty, span, kind)
        })
    }
}
