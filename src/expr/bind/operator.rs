//! Unary and binary operators.

use super::Binder;
use super::name::Operand;
use super::numeric::promote;
use super::tree::Node;
use super::tree::NodeKind;
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{self, BinaryOp, ExprKind};
use crate::expr::types::{Ty, TypeId};

impl<'t> Binder<'t> {
    /// A chain of binary operators, bound from its left end without recursion.
    pub(super) fn binary_chain(&mut self, expr: &'t ast::Expr<'t>) -> Node {
        let mut spine = Vec::new();
        let mut at = expr;
        while let ExprKind::Binary(op, left, right) = &at.kind {
            spine.push((*op, &**right, at.span));
            at = left;
        }
        let mut left = match self.operand(at) {
            Operand::Value(node) => node,
            other => self.value(other, at.span),
        };
        while let Some((op, right, span)) = spine.pop() {
            left = match op {
                BinaryOp::Coalesce => self.coalesce(left, right, span),
                _ => {
                    let right = self.expr(right);
                    self.binary(op, left, right, span)
                }
            };
        }
        left
    }

    pub(super) fn bad_operands(&mut self, code: &'static str, op: BinaryOp, left: &Ty, right: &Ty, span: Span) -> Node {
        let (a, b, symbol) = (left.short(), right.short(), op.symbol());
        let message = if code == "CS0034" {
            format!("Operator '{symbol}' is ambiguous on operands of type '{a}' and '{b}'")
        } else {
            format!("Operator '{symbol}' cannot be applied to operands of type '{a}' and '{b}'")
        };
        self.error_node(span, code, message)
    }

    /// `+` and `-` on delegates of one type.
    fn combine(&mut self, op: BinaryOp, left: Node, right: Node, span: Span) -> Node {
        let ty = if left.ty == Ty::Null { right.ty.clone() } else { left.ty.clone() };
        if !self.converts(&left, &ty) || !self.converts(&right, &ty) {
            return self.bad_operands("CS0019", op, &left.ty, &right.ty, span);
        }
        let (left, right) = (self.convert(left, &ty).boxed(), self.convert(right, &ty).boxed());
        Node::new(ty, span, NodeKind::Combine { removes: op == BinaryOp::Subtract, left, right })
    }

    /// A binary operator on bound operands.
    pub(super) fn binary(&mut self, op: BinaryOp, left: Node, right: Node, span: Span) -> Node {
        if left.ty.is_error() || right.ty.is_error() {
            return Node::error(span);
        }
        if left.ty == Ty::Void || right.ty == Ty::Void {
            return self.bad_operands("CS0019", op, &left.ty, &right.ty, span);
        }
        let (left, right) = match self.lifted_user_operator(op, left, right, span) {
            Ok(node) => return node,
            Err(operands) => operands,
        };
        let is_equality = matches!(op, BinaryOp::Equal | BinaryOp::NotEqual);
        if is_equality && left.ty == Ty::String && right.ty == Ty::String {
            return self.equality(op, left, right, span);
        }
        if let Some(node) = self.user_operator(op, &left, &right, span) {
            return match node {
                Ok(chosen) => {
                    let args = vec![Self::given(left), Self::given(right)];
                    self.call(&chosen, None, args, span)
                }
                Err(node) => node,
            };
        }
        match op {
            BinaryOp::AndAlso | BinaryOp::OrElse => return self.short_circuit(op, left, right, span),
            BinaryOp::Add if left.ty == Ty::String || right.ty == Ty::String => return self.concat(left, right, span),
            BinaryOp::Add | BinaryOp::Subtract if left.ty.is_delegate() || right.ty.is_delegate() => {
                return self.combine(op, left, right, span);
            }
            BinaryOp::ShiftLeft | BinaryOp::ShiftRight => return self.shift(op, left, right, span),
            BinaryOp::Equal | BinaryOp::NotEqual => {
                if let Some(node) = self.reference_equality(op, &left, &right) {
                    return match node {
                        true => self.equality(op, left, right, span),
                        false => self.bad_operands("CS0019", op, &left.ty, &right.ty, span),
                    };
                }
            }
            _ => {}
        }
        let (a, b) = (left.ty.underlying().clone(), right.ty.underlying().clone());
        let lifted = matches!(left.ty, Ty::Nullable(_))
            || matches!(right.ty, Ty::Nullable(_))
            || left.ty == Ty::Null
            || right.ty == Ty::Null;
        if a.is_enum() || b.is_enum() {
            return self.enum_operator(op, left, right, lifted, span);
        }
        let is_bool = |t: &Ty| *t == Ty::Bool || *t == Ty::Null;
        if is_bool(&a) && is_bool(&b) && !(a == Ty::Null && b == Ty::Null) {
            return self.bool_operator(op, left, right, lifted, span);
        }
        let numeric = |t: &Ty| t.is_numeric() || *t == Ty::Null;
        if !numeric(&a) || !numeric(&b) || (a == Ty::Null && b == Ty::Null) {
            return self.bad_operands("CS0019", op, &left.ty, &right.ty, span);
        }
        let id = |t: &Ty, other: &Ty| if *t == Ty::Null { other.id() } else { t.id() };
        let (Some(x), Some(y)) = (id(&a, &b), id(&b, &a)) else {
            return self.bad_operands("CS0019", op, &left.ty, &right.ty, span);
        };
        let constant = |n: &Node| n.as_const().filter(|_| !lifted).cloned();
        let on = match promote(x, y, constant(&left).as_ref(), constant(&right).as_ref()) {
            Ok(on) => on,
            Err(code) => return self.bad_operands(code, op, &left.ty, &right.ty, span),
        };
        if matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Xor)
            && matches!(on, TypeId::Single | TypeId::Double | TypeId::Decimal)
        {
            return self.bad_operands("CS0019", op, &left.ty, &right.ty, span);
        }
        let operand_ty = Ty::Named(on);
        if lifted {
            return self.lift_binary(op, left, right, span, |binder, l, r| {
                let l = binder.convert(l, &operand_ty);
                let r = binder.convert(r, &operand_ty);
                binder.numeric(op, on, l, r, operand_ty.clone(), span)
            });
        }
        let left = self.convert(left, &operand_ty);
        let right = self.convert(right, &operand_ty);
        self.numeric(op, on, left, right, operand_ty, span)
    }
}
