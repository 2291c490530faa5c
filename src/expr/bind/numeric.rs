//! Operators on numbers, enumerations and bool, and their lifting to nullables.

use super::Binder;
use super::constant::{self, Failure, boolean};
use super::implicit::implicit;
use super::tree::{Node, NodeKind};
use crate::expr::code::arithmetic;
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::BinaryOp;
use crate::expr::types::{Ty, TypeId};
use crate::expr::value::Value;

impl<'t> Binder<'t> {
    /// An operator on operands of one numeric type (or an enumeration's number).
    pub(super) fn numeric(
        &mut self,
        op: BinaryOp,
        on: TypeId,
        left: Node,
        right: Node,
        result: Ty,
        span: Span,
    ) -> Node {
        if let (Some(a), Some(b)) = (left.as_const(), right.as_const()) {
            if op.is_comparison() {
                let value = arithmetic::compare(op, on, a, b);
                return Node::constant(Ty::Bool, span, Value::Bool(value));
            }
            return match constant::arithmetic(op, on, a, b, !self.explicitly_unchecked) {
                Ok(value) => Node::constant(result, span, value),
                Err(Failure::DivideByZero) => self.error_node(span, "CS0020", "Division by constant zero"),
                Err(Failure::Overflow) => {
                    let code = if on == TypeId::Decimal { "CS0463" } else { "CS0220" };
                    self.error_node(span, code, "The operation overflows at compile time in checked mode")
                }
            };
        }
        let is_zero = right.as_const().and_then(Value::integral) == Some(0)
            || matches!(right.as_const(), Some(Value::Decimal(d)) if d.is_zero());
        if matches!(op, BinaryOp::Divide | BinaryOp::Remainder) && is_zero {
            return self.error_node(span, "CS0020", "Division by constant zero");
        }
        let checked = self.checked;
        let (left, right) = (left.boxed(), right.boxed());
        if op.is_comparison() {
            return Node::new(Ty::Bool, span, NodeKind::Compare { op, on, left, right });
        }
        Node::new(result, span, NodeKind::Arithmetic { op, on, checked, left, right })
    }

    /// Binds an operator on the values of nullables.
    pub(super) fn lift_binary(
        &mut self,
        op: BinaryOp,
        left: Node,
        right: Node,
        span: Span,
        body: impl FnOnce(&mut Self, Node, Node) -> Node,
    ) -> Node {
        let inner =
            |ty: &Ty, other: &Ty| if *ty == Ty::Null { other.underlying().clone() } else { ty.underlying().clone() };
        let (a, b) = (inner(&left.ty, &right.ty), inner(&right.ty, &left.ty));
        let (x, y) = (self.temp(a.clone()), self.temp(b.clone()));
        let constant = |node: &Node, ty: &Ty, temp| match node.as_const() {
            Some(value) if !value.is_null() => Node::constant(ty.clone(), span, value.clone()),
            _ => Node::new(ty.clone(), span, NodeKind::Local(temp)),
        };
        let (l, r) = (constant(&left, &a, x), constant(&right, &b, y));
        let body = body(self, l, r);
        let result = body.ty.clone();
        if result.is_error() {
            return Node::error(span);
        }
        if matches!(op, BinaryOp::Equal | BinaryOp::NotEqual) {
            let kind = NodeKind::LiftEqual {
                negated: op == BinaryOp::NotEqual,
                left: (x, left.boxed()),
                right: (y, right.boxed()),
                body: body.boxed(),
            };
            return Node::new(Ty::Bool, span, kind);
        }
        let (ty, null_result) =
            if op.is_comparison() { (Ty::Bool, Value::Bool(false)) } else { (Ty::nullable(result), Value::Null) };
        let kind = NodeKind::Lift { operands: vec![(x, left), (y, right)], body: body.boxed(), null_result };
        Node::new(ty, span, kind)
    }

    pub(super) fn shift(&mut self, op: BinaryOp, left: Node, right: Node, span: Span) -> Node {
        use TypeId::*;
        let base = left.ty.underlying().id();
        let on = match base {
            Some(SByte | Byte | Int16 | UInt16 | Char | Int32) => Int32,
            Some(id @ (UInt32 | Int64 | UInt64)) => id,
            _ => return self.bad_operands("CS0019", op, &left.ty, &right.ty, span),
        };
        if implicit(right.ty.underlying(), right.as_const(), &Ty::Int).is_none() {
            return self.bad_operands("CS0019", op, &left.ty, &right.ty, span);
        }
        let left_shift = op == BinaryOp::ShiftLeft;
        let ty = Ty::Named(on);
        let make = move |binder: &mut Self, l: Node, r: Node| {
            let value = binder.convert(l, &Ty::Named(on));
            let count = binder.convert(r, &Ty::Int);
            if let (Some(a), Some(b)) = (value.as_const(), count.as_const()) {
                let shifted = arithmetic::shift(left_shift, on, a, b);
                return Node::constant(Ty::Named(on), span, shifted);
            }
            let kind = NodeKind::Shift { left_shift, on, value: value.boxed(), count: count.boxed() };
            Node::new(Ty::Named(on), span, kind)
        };
        if matches!(left.ty, Ty::Nullable(_)) || matches!(right.ty, Ty::Nullable(_)) {
            return self.lift_binary(op, left, right, span, make);
        }
        let _ = ty;
        make(self, left, right)
    }

    pub(super) fn bool_operator(&mut self, op: BinaryOp, left: Node, right: Node, lifted: bool, span: Span) -> Node {
        match op {
            BinaryOp::And | BinaryOp::Or | BinaryOp::Xor if !lifted => {
                if let (Some(a), Some(b)) = (boolean(&left), boolean(&right)) {
                    let value = match op {
                        BinaryOp::And => a & b,
                        BinaryOp::Or => a | b,
                        _ => a ^ b,
                    };
                    return Node::constant(Ty::Bool, span, Value::Bool(value));
                }
                Node::new(Ty::Bool, span, NodeKind::Logic(op, left.boxed(), right.boxed()))
            }
            BinaryOp::And | BinaryOp::Or => {
                Node::new(Ty::nullable(Ty::Bool), span, NodeKind::Logic3(op, left.boxed(), right.boxed()))
            }
            BinaryOp::Xor | BinaryOp::Equal | BinaryOp::NotEqual => {
                let make = |binder: &mut Self, l: Node, r: Node| {
                    if op == BinaryOp::Xor {
                        return Node::new(Ty::Bool, span, NodeKind::Logic(op, l.boxed(), r.boxed()));
                    }
                    binder.numeric(op, TypeId::Boolean, l, r, Ty::Bool, span)
                };
                if lifted { self.lift_binary(op, left, right, span, make) } else { make(self, left, right) }
            }
            _ => self.bad_operands("CS0019", op, &left.ty, &right.ty, span),
        }
    }

    pub(super) fn enum_operator(&mut self, op: BinaryOp, left: Node, right: Node, lifted: bool, span: Span) -> Node {
        let (a, b) = (left.ty.underlying().clone(), right.ty.underlying().clone());
        let zero = |n: &Node| matches!(n.as_const(), Some(Value::Int(0)));
        let both =
            a == b || (a.is_enum() && zero(&right)) || (b.is_enum() && zero(&left)) || a == Ty::Null || b == Ty::Null;
        let enumeration = if a.is_enum() { a.clone() } else { b.clone() };
        let Some(on) = enumeration.id() else { return Node::error(span) };
        let result = match op {
            _ if op.is_comparison() && both => Ty::Bool,
            BinaryOp::And | BinaryOp::Or | BinaryOp::Xor if both => enumeration.clone(),
            BinaryOp::Subtract if a == b => Ty::Int,
            BinaryOp::Add | BinaryOp::Subtract if a.is_enum() && implicit(&b, right.as_const(), &Ty::Int).is_some() => {
                enumeration.clone()
            }
            BinaryOp::Add if b.is_enum() && implicit(&a, left.as_const(), &Ty::Int).is_some() => enumeration.clone(),
            _ => return self.bad_operands("CS0019", op, &left.ty, &right.ty, span),
        };
        let make = |binder: &mut Self, l: Node, r: Node| {
            let number = |binder: &mut Self, n: Node| {
                let from = n.ty.id().unwrap_or(TypeId::Int32);
                if from == TypeId::Int32 { n } else { binder.number(n, from, TypeId::Int32, Ty::Int, false) }
            };
            let (l, r) = (number(binder, l), number(binder, r));
            let node = binder.numeric(op, TypeId::Int32, l, r, Ty::Int, span);
            if result.is_enum() { binder.number(node, TypeId::Int32, on, result.clone(), false) } else { node }
        };
        if lifted { self.lift_binary(op, left, right, span, make) } else { make(self, left, right) }
    }
}

/// The type that arithmetic on two numeric types is done in.
pub(super) fn promote(
    a: TypeId,
    b: TypeId,
    left: Option<&Value>,
    right: Option<&Value>,
) -> Result<TypeId, &'static str> {
    use TypeId::*;
    let either = |id| a == id || b == id;
    let real = |id| matches!(id, Single | Double);
    if either(Decimal) {
        return if real(a) || real(b) { Err("CS0019") } else { Ok(Decimal) };
    }
    if either(Double) {
        return Ok(Double);
    }
    if either(Single) {
        return Ok(Single);
    }
    if either(UInt64) {
        let (other, constant) = if a == UInt64 { (b, right) } else { (a, left) };
        let signed = matches!(other, SByte | Int16 | Int32 | Int64);
        let fits = constant.and_then(Value::integral).is_some_and(|v| v >= 0);
        return if signed && !fits { Err("CS0034") } else { Ok(UInt64) };
    }
    if either(Int64) {
        return Ok(Int64);
    }
    if either(UInt32) {
        let (other, constant) = if a == UInt32 { (b, right) } else { (a, left) };
        let signed = matches!(other, SByte | Int16 | Int32);
        let fits = constant.and_then(Value::integral).is_some_and(|v| v >= 0);
        return Ok(if signed && !(fits && other == Int32) { Int64 } else { UInt32 });
    }
    Ok(Int32)
}
