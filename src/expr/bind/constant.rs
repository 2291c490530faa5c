//! Arithmetic on constants, always checked for overflow.

use super::tree::{Node, NodeKind};
use crate::expr::code::arithmetic;
use crate::expr::syntax::ast::BinaryOp;
use crate::expr::types::{Ty, TypeId};
use crate::expr::value::Value;

/// Converts a constant to a numeric type or an enumeration; `Err` when it does not fit and `checked` is set.
pub(super) fn convert(value: &Value, to: TypeId, checked: bool) -> Option<Result<Value, ()>> {
    let numeric = value.ty().is_numeric() || value.ty().is_enum();
    let target = Ty::Named(to);
    if !numeric || !(target.is_numeric() || target.is_enum()) {
        return None;
    }
    Some(arithmetic::convert(value, to, checked).map_err(|_| ()))
}

/// The result of a failed constant operation.
pub(super) enum Failure {
    Overflow,
    DivideByZero,
}

/// Computes a binary operation on two constants of one numeric type.
pub(super) fn arithmetic(
    op: BinaryOp,
    on: TypeId,
    left: &Value,
    right: &Value,
    checked: bool,
) -> Result<Value, Failure> {
    let is_zero = right.integral() == Some(0) || matches!(right, Value::Decimal(d) if d.is_zero());
    if matches!(op, BinaryOp::Divide | BinaryOp::Remainder) && is_zero {
        return Err(Failure::DivideByZero);
    }
    arithmetic::binary(op, on, left, right, checked).map_err(|_| Failure::Overflow)
}

/// The bool that a node is, when it is constant.
pub(super) fn boolean(node: &Node) -> Option<bool> {
    match &node.kind {
        NodeKind::Const(Value::Bool(value)) => Some(*value),
        _ => None,
    }
}
