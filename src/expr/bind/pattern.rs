//! Patterns of `is` and `case`.

use super::Binder;
use super::name::Operand;
use super::tree::{Node, NodeKind};
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{self, Pattern};
use crate::expr::types::Ty;

impl<'t> Binder<'t> {
    /// `value is pattern`
    pub(super) fn is_pattern(&mut self, value: Node, pattern: &'t Pattern<'t>, span: Span) -> Node {
        if value.ty.is_error() {
            return Node::new(Ty::Bool, span, NodeKind::Error);
        }
        match pattern {
            Pattern::Type(ty) => {
                let ty = self.type_of(ty);
                self.is_type(value, ty, span)
            }
            Pattern::Declare(written, name) => {
                let is_var = written.is_var();
                let ty = if is_var { value.ty.clone() } else { self.type_of(written) };
                if ty.is_error() {
                    return Node::new(Ty::Bool, span, NodeKind::Error);
                }
                if !is_var {
                    if matches!(ty, Ty::Nullable(_)) {
                        return self.error_node(
                            span,
                            "CS8116",
                            "It is not legal to use a nullable type in a pattern; use the underlying type instead.",
                        );
                    }
                    if !self.pattern_possible(&value, &ty) {
                        let message = format!(
                            "An expression of type '{}' cannot be handled by a pattern of type '{}'.",
                            value.ty.short(),
                            ty.short()
                        );
                        return self.error_node(span, "CS8121", message);
                    }
                }
                let local = name.map(|(name, at)| {
                    let id = self.declare(name, ty.clone(), at);
                    self.locals[id.0 as usize].needs_assignment = true;
                    id
                });
                let test = (!is_var).then_some(ty);
                Node::new(Ty::Bool, span, NodeKind::IsDeclare(value.boxed(), test, local))
            }
            Pattern::Constant(expr) => self.is_constant(value, expr, span),
            Pattern::TypeOrConstant(ty, expr) => match self.operand(expr) {
                Operand::Type(found) => {
                    let _ = ty;
                    self.is_type(value, found, span)
                }
                operand => {
                    let constant = self.value(operand, expr.span);
                    self.constant_test(value, constant, span)
                }
            },
        }
    }

    fn pattern_possible(&self, value: &Node, ty: &Ty) -> bool {
        value.ty == Ty::Null || self.can_be(value.ty.underlying(), ty) || self.can_be(&value.ty, ty)
    }

    fn is_type(&mut self, value: Node, ty: Ty, span: Span) -> Node {
        if ty.is_error() {
            return Node::new(Ty::Bool, span, NodeKind::Error);
        }
        Node::new(Ty::Bool, span, NodeKind::Is(value.boxed(), ty))
    }

    fn is_constant(&mut self, value: Node, expr: &'t ast::Expr<'t>, span: Span) -> Node {
        let constant = self.rvalue(expr);
        self.constant_test(value, constant, span)
    }

    fn constant_test(&mut self, value: Node, constant: Node, span: Span) -> Node {
        if constant.ty.is_error() {
            return Node::new(Ty::Bool, span, NodeKind::Error);
        }
        if constant.as_const().is_none() {
            return self.error_node(constant.span, "CS0150", "A constant value is expected");
        }
        let target = value.ty.underlying().clone();
        let constant = if target.is_value_type() || target == Ty::String {
            if constant.ty == Ty::Null && (!target.is_value_type() || matches!(value.ty, Ty::Nullable(_))) {
                constant
            } else {
                self.convert(constant, &target)
            }
        } else {
            constant
        };
        Node::new(Ty::Bool, span, NodeKind::IsConstant(value.boxed(), constant.boxed()))
    }
}
