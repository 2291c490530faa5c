//! Local declarations and constants.

use super::Binder;
use super::tree::{LocalId, Node, Role, Scope, Stmt, StmtKind};
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{self, ExprKind, TypeRef};
use crate::expr::types::Ty;

impl<'t> Binder<'t> {
    pub(super) fn declaration(
        &mut self,
        ty: &TypeRef<'t>,
        is_const: bool,
        is_ref: bool,
        locals: &'t [ast::Local<'t>],
        span: Span,
    ) -> StmtKind {
        let written = if ty.is_var() { None } else { Some(self.type_of(ty)) };
        if written == Some(Ty::Void) {
            self.error(ty.span, "CS1547", "Keyword 'void' cannot be used in this context");
        }
        if written.is_none() && is_const {
            self.error(ty.span, "CS0822", "Implicitly-typed variables cannot be constant");
        }
        if written.is_none()
            && let [_, second, ..] = locals
        {
            self.error(second.span, "CS0819", "Implicitly-typed variables cannot have multiple declarators");
        }
        if let Some(ty) = written.as_ref().filter(|ty| is_const && !can_be_constant(ty)) {
            self.error(span, "CS0283", format!("The type '{}' cannot be declared const", ty.short()));
        }
        let mut body = Vec::new();
        for local in locals {
            if is_ref {
                let (node, returnable) =
                    self.reference_value(local, written.as_ref()).unwrap_or((Node::error(span), false));
                let ty = written.clone().unwrap_or_else(|| node.ty.clone());
                let id = self.declare(local.name, ty, local.span);
                let info = &mut self.locals[id.0 as usize];
                (info.by_ref, info.returnable) = (true, returnable);
                body.push(Stmt { span: local.span, kind: StmtKind::Declare(id, Some(node)) });
                continue;
            }
            if let Some(ExprKind::Ref(inner)) = local.value.as_ref().map(|v| &v.kind) {
                self.error(inner.span, "CS8171", "Cannot initialize a by-value variable with a reference");
            }
            let (value, declared) = match &local.value {
                Some(expr) => {
                    let (node, declared) = self.initial_value(local, expr, written.as_ref());
                    (Some(node), declared)
                }
                None => (None, None),
            };
            if written.is_none() && value.is_none() {
                self.error(local.span, "CS0818", "Implicitly-typed variables must be initialized");
            }
            let ty = written.clone().or_else(|| value.as_ref().map(|v| v.ty.clone())).unwrap_or(Ty::Error);
            let id = declared.unwrap_or_else(|| self.declare(local.name, ty, local.span));
            if is_const {
                self.declare_constant(id, value.as_ref(), local.span);
                continue;
            }
            self.locals[id.0 as usize].needs_assignment = value.is_none() || declared.is_some();
            body.push(Stmt { span: local.span, kind: StmtKind::Declare(id, value) });
        }
        match body.len() {
            1 => body.pop().map_or(StmtKind::Empty, |s| s.kind),
            _ => StmtKind::Block(Scope { locals: Vec::new(), body }),
        }
    }

    /// The value of a declaration; a lambda sees the variable it is stored in, so that is declared first.
    pub(super) fn initial_value(
        &mut self,
        local: &ast::Local<'t>,
        expr: &'t ast::Expr<'t>,
        written: Option<&Ty>,
    ) -> (Node, Option<LocalId>) {
        use super::name::Operand;
        if let (Some(Ty::Array(element, rank)), ExprKind::ArrayItems(_)) = (written, &expr.kind) {
            return (self.array_items(element, *rank, expr), None);
        }
        let operand = self.operand(expr);
        match (written, operand) {
            (Some(ty), Operand::Lambda(lambda, at)) => {
                let id = self.declare(local.name, ty.clone(), local.span);
                (self.convert_lambda(lambda, ty, at), Some(id))
            }
            (Some(ty), operand) => (self.convert_operand(operand, ty, expr.span), None),
            (None, Operand::Lambda(..) | Operand::Group(_)) => {
                let message = "Cannot assign lambda expression or method group to an implicitly-typed variable";
                (self.error_node(local.span, "CS0815", message), None)
            }
            (None, operand) => {
                let node = self.value(operand, expr.span);
                if matches!(node.ty, Ty::Null | Ty::Void) {
                    let message = format!("Cannot assign {} to an implicitly-typed variable", node.ty.short());
                    return (self.error_node(local.span, "CS0815", message), None);
                }
                (node, None)
            }
        }
    }

    pub(super) fn declare_constant(&mut self, id: LocalId, value: Option<&Node>, span: Span) {
        let constant = value.and_then(Node::as_const).cloned();
        match (&constant, value) {
            (None, None) => self.error(span, "CS0145", "A const field requires a value to be provided"),
            (None, Some(node)) if !node.ty.is_error() => {
                let name = self.local(id).name.clone();
                self.error(span, "CS0133", format!("The expression being assigned to '{name}' must be constant"));
            }
            _ => {}
        }
        let local = &mut self.locals[id.0 as usize];
        local.role = Role::Constant;
        local.constant = constant;
    }
}

/// Numbers, bool, strings and enumerations, and any reference type (for null).
fn can_be_constant(ty: &Ty) -> bool {
    ty.is_error() || ty.is_numeric() || ty.is_enum() || *ty == Ty::Bool || ty.is_reference()
}
