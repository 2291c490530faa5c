//! References: `ref` variables, results and arguments.

use super::Binder;
use super::assign::Place;
use super::tree::{LocalId, Node, NodeKind, Target};
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{self, ExprKind};
use crate::expr::types::Ty;

impl<'t> Binder<'t> {
    /// A reference to a place; the parts of the place are evaluated once.
    pub(super) fn reference_to(&mut self, mut place: Place, out: bool, span: Span) -> Node {
        if let Some(local) = place.local_id() {
            self.locals[local.0 as usize].captured |= !self.local(local).by_ref;
        }
        let prelude = std::mem::take(&mut place.prelude);
        let target = place.target(self);
        let node = Node::new(place.ty, span, NodeKind::Reference { target, out });
        self.with_prelude(prelude, node)
    }

    /// A reference to a variable that an argument declares, or to nothing.
    pub(super) fn reference_to_new(&mut self, local: Option<LocalId>, ty: &Ty, span: Span) -> Node {
        let target = match local {
            Some(local) => {
                self.locals[local.0 as usize].captured = true;
                Target::Local(local)
            }
            None => Target::Discard,
        };
        Node::new(ty.clone(), span, NodeKind::Reference { target, out: true })
    }

    /// The operand of `ref`: a reference, and whether it may be returned.
    fn referred(&mut self, expr: &'t ast::Expr<'t>) -> Option<(Node, bool)> {
        let place = self.place(expr)?;
        if place.is_property() {
            self.error(expr.span, "CS0206", "A property or indexer may not be passed as an out or ref parameter");
            return None;
        }
        let returnable = place.local_id().is_none_or(|id| self.local(id).returnable);
        Some((self.reference_to(place, false, expr.span), returnable))
    }

    /// The value of `ref T x = …`.
    pub(super) fn reference_value(&mut self, local: &'t ast::Local<'t>, written: Option<&Ty>) -> Option<(Node, bool)> {
        let Some(value) = &local.value else {
            self.error(local.span, "CS8174", "A declaration of a by-reference variable must have an initializer");
            return None;
        };
        let ExprKind::Ref(inner) = &value.kind else {
            self.error(value.span, "CS8172", "Cannot initialize a by-reference variable with a value");
            return None;
        };
        let (node, returnable) = self.referred(inner)?;
        if let Some(ty) = written.filter(|ty| **ty != node.ty && !node.ty.is_error()) {
            let message =
                format!("The expression must be of type '{}' because it is being assigned by reference", ty.short());
            self.error(inner.span, "CS8173", message);
            return None;
        }
        Some((node, returnable))
    }

    /// What a function that returns by reference returns.
    pub(super) fn returned_reference(&mut self, expr: &'t ast::Expr<'t>, result: &Ty) -> Node {
        let ExprKind::Ref(inner) = &expr.kind else {
            return self.error_node(
                expr.span,
                "CS8150",
                "By-value returns may only be used in methods that return by value",
            );
        };
        let Some((node, returnable)) = self.referred(inner) else { return Node::error(expr.span) };
        if !returnable {
            let message = "Cannot return a local variable by reference because it is not a ref local";
            return self.error_node(inner.span, "CS8168", message);
        }
        if node.ty != *result && !node.ty.is_error() {
            let message = format!(
                "The return expression must be of type '{}' because this method returns by reference",
                result.short()
            );
            return self.error_node(inner.span, "CS8151", message);
        }
        node
    }
}
