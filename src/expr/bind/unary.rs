//! Unary operators.

use super::Binder;
use super::constant::boolean;
use super::tree::{Node, NodeKind};
use crate::expr::code::arithmetic;
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{self, UnaryOp};
use crate::expr::types::{Ty, TypeId};
use crate::expr::value::Value;

impl<'t> Binder<'t> {
    /// A unary operator.
    pub(super) fn unary(&mut self, op: UnaryOp, operand: &'t ast::Expr<'t>, span: Span) -> Node {
        let operand = self.rvalue(operand);
        if operand.ty.is_error() {
            return Node::error(span);
        }
        if let Ty::Nullable(inner) = &operand.ty {
            let inner = (**inner).clone();
            let temp = self.temp(inner.clone());
            let body = self.unary_value(op, Node::new(inner, span, NodeKind::Local(temp)), span);
            if body.ty.is_error() {
                return body;
            }
            let ty = Ty::nullable(body.ty.clone());
            let kind = NodeKind::Lift { operands: vec![(temp, operand)], body: body.boxed(), null_result: Value::Null };
            return Node::new(ty, span, kind);
        }
        self.unary_value(op, operand, span)
    }

    pub(super) fn unary_value(&mut self, op: UnaryOp, operand: Node, span: Span) -> Node {
        use TypeId::*;
        let symbol = match op {
            UnaryOp::Plus => "+",
            UnaryOp::Minus => "-",
            UnaryOp::Not => "!",
            UnaryOp::Complement => "~",
        };
        let id = operand.ty.id();
        if op == UnaryOp::Not && operand.ty == Ty::Bool {
            return match boolean(&operand) {
                Some(value) => Node::constant(Ty::Bool, span, Value::Bool(!value)),
                None => Node::new(Ty::Bool, span, NodeKind::Not(operand.boxed())),
            };
        }
        if op == UnaryOp::Complement && operand.ty.is_enum() {
            let ty = operand.ty.clone();
            let on = id.unwrap_or(Int32);
            let number = self.number(operand, on, Int32, Ty::Int, false);
            let node = self.unary_value(op, number, span);
            return self.number(node, Int32, on, ty, false);
        }
        let on = match (op, id) {
            (UnaryOp::Not, _) => None,
            (_, Some(SByte | Byte | Int16 | UInt16 | Char | Int32)) => Some(Int32),
            (UnaryOp::Minus, Some(UInt32)) => Some(Int64),
            (UnaryOp::Minus, Some(UInt64)) => None,
            (_, Some(id @ (UInt32 | Int64 | UInt64))) => Some(id),
            (UnaryOp::Complement, _) => None,
            (_, Some(id @ (Single | Double | Decimal))) => Some(id),
            (UnaryOp::Minus | UnaryOp::Plus, Some(TimeSpan)) => Some(TimeSpan),
            _ => None,
        };
        let Some(on) = on else {
            let message = format!("Operator '{symbol}' cannot be applied to operand of type '{}'", operand.ty.short());
            return self.error_node(span, "CS0023", message);
        };
        let ty = Ty::Named(on);
        let operand = self.convert(operand, &ty);
        if let Some(value) = operand.as_const() {
            let folded = match op {
                UnaryOp::Plus => Ok(value.clone()),
                UnaryOp::Complement => Ok(arithmetic::complement(on, value)),
                _ => arithmetic::negate(on, value, !self.explicitly_unchecked),
            };
            return match folded {
                Ok(value) => Node::constant(ty, span, value),
                Err(_) => self.error_node(span, "CS0220", "The operation overflows at compile time in checked mode"),
            };
        }
        let checked = self.checked;
        match op {
            UnaryOp::Plus => Node { span, ..operand },
            UnaryOp::Complement => Node::new(ty, span, NodeKind::Complement { on, operand: operand.boxed() }),
            _ => Node::new(ty, span, NodeKind::Negate { on, checked, operand: operand.boxed() }),
        }
    }
}
