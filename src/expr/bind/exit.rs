//! `return`, `try` and `using`: ways out of a block.

use super::Binder;
use super::statement::Enclosing;
use super::tree::{Catch, Role, Stmt, StmtKind};
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{self, StatementKind};
use crate::expr::types::{Ty, TypeId, is_subtype};

impl<'t> Binder<'t> {
    pub(super) fn return_statement(&mut self, value: Option<&'t ast::Expr<'t>>, span: Span) -> StmtKind {
        let in_lambda = !self.returns.is_empty();
        let result = self.functions[self.current().0 as usize].result.clone();
        let local_function = self
            .local_functions
            .iter()
            .find(|f| f.function == self.current() || f.instances.iter().any(|(_, id)| *id == self.current()));
        let (is_local_function, returns_ref) =
            (local_function.is_some(), local_function.is_some_and(|f| f.syntax.returns_ref));
        if self.loops.contains(&Enclosing::Finally) {
            self.error(span, "CS0157", "Control cannot leave the body of a finally clause");
        }
        let Some(expr) = value else {
            if (is_local_function || !in_lambda) && result != Ty::Void {
                let message = format!("An object of a type convertible to '{}' is required", result.short());
                self.error(span, "CS0126", message);
            }
            return StmtKind::Return(None);
        };
        if returns_ref {
            return StmtKind::Return(Some(self.returned_reference(expr, &result)));
        }
        if let ast::ExprKind::Ref(inner) = &expr.kind {
            self.error(
                inner.span,
                "CS8149",
                "By-reference returns may only be used in methods that return by reference",
            );
            return StmtKind::Return(None);
        }
        let operand = self.operand(expr);
        if is_local_function {
            if result == Ty::Void {
                self.error(
                    span,
                    "CS0127",
                    "Since the function returns void, a return keyword must not be followed by an object expression",
                );
            }
            return StmtKind::Return(Some(self.convert_operand(operand, &result, expr.span)));
        }
        if in_lambda {
            let node = self.returned(operand, expr.span);
            return StmtKind::Return(Some(node));
        }
        if matches!(operand, super::name::Operand::Lambda(..)) {
            self.error(
                expr.span,
                "CS1660",
                "Cannot convert lambda expression to type 'object' because it is not a delegate type",
            );
            return StmtKind::Return(None);
        }
        let node = self.value(operand, expr.span);
        if node.ty == Ty::Void {
            self.error(expr.span, "CS0029", "Cannot implicitly convert type 'void' to 'object'");
        }
        StmtKind::Return(Some(node))
    }

    pub(super) fn try_statement(
        &mut self,
        body: &'t ast::Block<'t>,
        catches: &'t [ast::Catch<'t>],
        finally: Option<&'t ast::Block<'t>>,
    ) -> StmtKind {
        let body = self.function_block(body);
        let mut seen: Vec<Ty> = Vec::new();
        let mut bound = Vec::new();
        for catch in catches {
            self.push_inner_scope();
            let ty = match &catch.ty {
                Some(written) => self.type_of(written),
                None => Ty::Named(TypeId::Exception),
            };
            if !ty.is_error() && !Self::is_exception(&ty) {
                self.error(catch.span, "CS0155", "The type caught or thrown must be derived from System.Exception");
            }
            if catch.ty.is_some() && seen.iter().any(|earlier| is_subtype(&ty, earlier)) {
                let message = format!(
                    "A previous catch clause already catches all exceptions of this or of a super type ('{}')",
                    ty.short()
                );
                self.error(catch.span, "CS0160", message);
            }
            if catch.when.is_none() {
                seen.push(ty.clone());
            }
            let local = catch.name.map(|(name, span)| self.declare(name, ty.clone(), span));
            let when = catch.when.as_ref().map(|w| self.condition(w));
            self.handlers += 1;
            let body = Box::new(self.function_block(&catch.body));
            self.handlers -= 1;
            let scope = self.pop_scope();
            bound.push(Catch { ty, local, when, body, scope });
        }
        let finally = finally.map(|f| {
            self.loops.push(Enclosing::Finally);
            let handlers = std::mem::take(&mut self.handlers);
            let block = Box::new(self.function_block(f));
            self.handlers = handlers;
            self.loops.pop();
            block
        });
        StmtKind::Try { body: Box::new(body), catches: bound, finally }
    }

    pub(super) fn using(
        &mut self,
        resource: &'t ast::Statement<'t>,
        body: &'t ast::Statement<'t>,
        span: Span,
    ) -> StmtKind {
        self.push_inner_scope();
        let mut pending = Vec::new();
        match &resource.kind {
            StatementKind::Declare { ty, locals, .. } => {
                let written = if ty.is_var() { None } else { Some(self.type_of(ty)) };
                for local in locals {
                    let Some(expr) = &local.value else {
                        self.error(
                            local.span,
                            "CS0210",
                            "You must provide an initializer in a fixed or using statement declaration",
                        );
                        continue;
                    };
                    let node = self.rvalue(expr);
                    let node = match &written {
                        Some(ty) => self.convert(node, ty),
                        None => node,
                    };
                    let id = self.declare(local.name, node.ty.clone(), local.span);
                    self.locals[id.0 as usize].role = Role::Using;
                    pending.push((id, node));
                }
            }
            StatementKind::Expression(expr) => {
                let node = self.rvalue(expr);
                pending.push((self.temp(node.ty.clone()), node));
            }
            _ => {}
        }
        for (_, node) in &pending {
            let ok = node.ty.is_error() || node.ty == Ty::Null || is_subtype(&node.ty, &Ty::Named(TypeId::IDisposable));
            if !ok {
                let message = format!(
                    "'{}': type used in a using statement must be implicitly convertible to 'System.IDisposable'",
                    node.ty.short()
                );
                self.diagnostics.push(node.span.error("CS1674", message));
            }
        }
        let mut inner = *self.embedded(body);
        let mut scope = self.pop_scope();
        while let Some((local, resource)) = pending.pop() {
            let scope = if pending.is_empty() { std::mem::take(&mut scope) } else { Vec::new() };
            inner = Stmt { span, kind: StmtKind::Using { resource, local, body: Box::new(inner), scope } };
        }
        inner.kind
    }
}
