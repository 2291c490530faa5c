//! `==`, `!=`, `&&`, `||` and concatenation.

use super::Binder;
use super::constant::boolean;
use super::implicit::implicit;
use super::tree::{Node, NodeKind};
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::BinaryOp;
use crate::expr::types::{Operator, Ty, table};
use crate::expr::value::{Str, Value};

impl<'t> Binder<'t> {
    /// Whether `==` compares references (or strings, or null): `Some(false)` when the types rule it out.
    pub(super) fn reference_equality(&self, _: BinaryOp, left: &Node, right: &Node) -> Option<bool> {
        let (a, b) = (&left.ty, &right.ty);
        if *a == Ty::Null && *b == Ty::Null {
            return Some(true);
        }
        if *a == Ty::Null || *b == Ty::Null {
            return Some(true);
        }
        if a.is_reference() && b.is_reference() {
            return Some(self.can_be(a, b) || self.can_be(b, a));
        }
        if a.is_reference() || b.is_reference() {
            return Some(false);
        }
        let plain = |t: &Ty| t.underlying().is_numeric() || t.underlying().is_enum() || *t.underlying() == Ty::Bool;
        (!plain(a) || !plain(b)).then_some(false)
    }

    pub(super) fn equality(&mut self, op: BinaryOp, left: Node, right: Node, span: Span) -> Node {
        let negated = op == BinaryOp::NotEqual;
        if let (Some(a), Some(b)) = (left.as_const(), right.as_const()) {
            let same = match (a, b) {
                (Value::Null, Value::Null) => Some(true),
                (Value::Str(a), Value::Str(b)) => Some(a == b),
                _ => None,
            };
            if let Some(same) = same {
                return Node::constant(Ty::Bool, span, Value::Bool(same != negated));
            }
        }
        let value_against_null = |t: &Ty| t.is_value_type() && !matches!(t, Ty::Nullable(_));
        if value_against_null(&left.ty) || value_against_null(&right.ty) {
            let shown = if left.ty == Ty::Null { &right.ty } else { &left.ty };
            let allowed =
                shown.is_numeric() || shown.is_enum() || *shown == Ty::Bool || has_operator(shown, Operator::Equal);
            if !allowed {
                return self.bad_operands("CS0019", op, &left.ty, &right.ty, span);
            }
        }
        let strings = |t: &Ty| *t == Ty::String || *t == Ty::Null;
        let kind = if strings(&left.ty) && strings(&right.ty) {
            NodeKind::StringEqual { negated, left: left.boxed(), right: right.boxed() }
        } else {
            NodeKind::ReferenceEqual { negated, left: left.boxed(), right: right.boxed() }
        };
        Node::new(Ty::Bool, span, kind)
    }

    pub(super) fn short_circuit(&mut self, op: BinaryOp, left: Node, right: Node, span: Span) -> Node {
        if left.ty != Ty::Bool || right.ty != Ty::Bool {
            let fits = |n: &Node| implicit(&n.ty, None, &Ty::Bool).is_some();
            if !fits(&left) || !fits(&right) {
                return self.bad_operands("CS0019", op, &left.ty, &right.ty, span);
            }
        }
        let (left, right) = (self.convert(left, &Ty::Bool), self.convert(right, &Ty::Bool));
        if let (Some(a), Some(b)) = (boolean(&left), boolean(&right)) {
            let value = if op == BinaryOp::AndAlso { a && b } else { a || b };
            return Node::constant(Ty::Bool, span, Value::Bool(value));
        }
        let kind = if op == BinaryOp::AndAlso {
            NodeKind::AndAlso(left.boxed(), right.boxed())
        } else {
            NodeKind::OrElse(left.boxed(), right.boxed())
        };
        Node::new(Ty::Bool, span, kind)
    }

    pub(super) fn concat(&mut self, left: Node, right: Node, span: Span) -> Node {
        let text = |node: &Node| match node.as_const() {
            Some(Value::Str(text)) => Some(text.clone()),
            Some(Value::Null) => Some(Str::from("")),
            _ => None,
        };
        if let (Some(a), Some(b)) = (text(&left), text(&right)) {
            let mut units = a.units();
            units.extend(b.units());
            return Node::constant(Ty::String, span, Value::Str(Str::from_utf16(&units)));
        }
        let mut parts = match left.kind {
            NodeKind::Concat(parts) => parts,
            kind => vec![Node { kind, ..left }],
        };
        parts.push(right);
        Node::new(Ty::String, span, NodeKind::Concat(parts))
    }
}

pub(super) fn has_operator(ty: &Ty, operator: Operator) -> bool {
    ty.id().is_some_and(|id| table().info(id).operators.contains_key(&operator))
}
