//! Statements.

use super::Binder;
use super::tree::{Scope, Stmt, StmtKind};
use crate::expr::deep::deeper;
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{self, ExprKind, StatementKind};

/// What `break` and `continue` stand in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Enclosing {
    Loop,
    /// Allows `break` but not `continue`.
    Switch,
    /// A `finally` block, which nothing may leave.
    Finally,
}

/// Whether an expression may stand as a statement.
pub(super) fn is_statement_expression(expr: &ast::Expr<'_>) -> bool {
    match &expr.kind {
        ExprKind::Assign(..) | ExprKind::Call(..) | ExprKind::Step(..) | ExprKind::New(..) => true,
        ExprKind::ConditionalAccess(_, rest) => is_statement_expression(rest),
        _ => false,
    }
}

impl<'t> Binder<'t> {
    /// The statements of a block, in a scope of their own.
    pub(super) fn block_scope(&mut self, statements: &'t [ast::Statement<'t>]) -> Scope {
        self.push_inner_scope();
        let before = self.labels.len();
        let body = self.statements(statements);
        self.labels.truncate(before);
        Scope { locals: self.pop_scope(), body }
    }

    pub(super) fn statements(&mut self, statements: &'t [ast::Statement<'t>]) -> Vec<Stmt> {
        for statement in statements {
            let mut at = statement;
            while let StatementKind::Label(name, inner) = &at.kind {
                let id = self.next_label;
                self.next_label += 1;
                if self.labels.iter().any(|(n, _)| n == name) {
                    self.error(at.span, "CS0140", format!("The label '{name}' is a duplicate"));
                }
                self.labels.push(((*name).to_owned(), id));
                at = inner;
            }
            if let StatementKind::Function(function) = &at.kind {
                self.declare_function(function);
            }
        }
        statements.iter().map(|s| self.statement(s)).collect()
    }

    /// A statement that is not a block of its own, in a scope of its own.
    pub(super) fn embedded(&mut self, statement: &'t ast::Statement<'t>) -> Box<Stmt> {
        self.push_inner_scope();
        let bound = self.statement(statement);
        let locals = self.pop_scope();
        let span = bound.span;
        Box::new(if locals.is_empty() {
            bound
        } else {
            Stmt { span, kind: StmtKind::Block(Scope { locals, body: vec![bound] }) }
        })
    }

    /// `if (…) … else if (…) … else …`: what a condition declares is seen by all that follows it.
    fn branches(
        &mut self,
        arms: &'t [(ast::Expr<'t>, ast::Statement<'t>)],
        other: Option<&'t ast::Statement<'t>>,
    ) -> StmtKind {
        let mut bound = Vec::new();
        for (i, (condition, then)) in arms.iter().enumerate() {
            if i > 0 {
                self.push_inner_scope();
            }
            let test = self.condition(condition);
            bound.push((test, self.embedded(then), condition.span));
        }
        let mut other = other.map(|s| self.embedded(s));
        while let Some((test, then, span)) = bound.pop() {
            let kind = StmtKind::If(test, then, other.take());
            if bound.is_empty() {
                return kind;
            }
            let locals = self.pop_scope();
            let inner = Stmt { span, kind };
            other = Some(Box::new(if locals.is_empty() {
                inner
            } else {
                Stmt { span, kind: StmtKind::Block(Scope { locals, body: vec![inner] }) }
            }));
        }
        StmtKind::Empty
    }

    /// `break` and `continue` need something to jump to, on this side of a `finally`.
    fn check_jump(&mut self, span: Span, leads_to: impl Fn(Enclosing) -> bool) {
        let mut leaves_finally = false;
        for open in self.loops.iter().rev() {
            if leads_to(*open) {
                if leaves_finally {
                    self.error(span, "CS0157", "Control cannot leave the body of a finally clause");
                }
                return;
            }
            leaves_finally |= *open == Enclosing::Finally;
        }
        self.error(span, "CS0139", "No enclosing loop out of which to break or continue");
    }

    pub(super) fn loop_body(&mut self, statement: &'t ast::Statement<'t>) -> Box<Stmt> {
        self.loops.push(Enclosing::Loop);
        let body = self.embedded(statement);
        self.loops.pop();
        body
    }

    pub(super) fn statement(&mut self, statement: &'t ast::Statement<'t>) -> Stmt {
        let span = statement.span;
        if !self.burn(span) {
            return Stmt { span, kind: StmtKind::Empty };
        }
        deeper(|| self.statement_here(statement))
    }

    fn statement_here(&mut self, statement: &'t ast::Statement<'t>) -> Stmt {
        let span = statement.span;
        let kind = match &statement.kind {
            StatementKind::Empty => StmtKind::Empty,
            StatementKind::Block(block) => StmtKind::Block(self.block_scope(&block.statements)),
            StatementKind::Declare { ty, is_const, is_ref, locals } => {
                self.declaration(ty, *is_const, *is_ref, locals, span)
            }
            StatementKind::Function(function) => {
                self.bind_function(function);
                StmtKind::Empty
            }
            StatementKind::Expression(expr) => {
                if !is_statement_expression(expr) {
                    self.error(span, "CS0201", "Only assignment, call, increment, decrement, and new object expressions can be used as a statement");
                }
                StmtKind::Expression(self.expr(expr))
            }
            StatementKind::If(arms, other) => self.branches(arms, other.as_deref()),
            StatementKind::While(condition, body) => {
                self.push_inner_scope();
                let condition = self.condition(condition);
                let body = self.loop_body(body);
                StmtKind::While { condition, body, scope: self.pop_scope() }
            }
            StatementKind::Do(body, condition) => {
                let body = self.loop_body(body);
                StmtKind::Do { condition: self.condition(condition), body }
            }
            StatementKind::For { init, condition, step, body } => {
                self.push_inner_scope();
                let init = init.iter().map(|s| self.statement(s)).collect();
                let condition = condition.as_ref().map(|c| self.condition(c));
                let body = self.loop_body(body);
                let step = step.iter().map(|e| self.expr(e)).collect();
                StmtKind::For { init, condition, step, body, scope: self.pop_scope() }
            }
            StatementKind::ForEach { ty, name, name_span, source, body } => {
                self.for_each(ty, name, *name_span, source, body)
            }
            StatementKind::Break => {
                self.check_jump(span, |l| l != Enclosing::Finally);
                StmtKind::Break
            }
            StatementKind::Continue => {
                self.check_jump(span, |l| l == Enclosing::Loop);
                StmtKind::Continue
            }
            StatementKind::Return(value) => self.return_statement(value.as_ref(), span),
            StatementKind::Throw(value) => {
                if value.is_none() && self.handlers == 0 {
                    self.error(
                        span,
                        "CS0156",
                        "A throw statement with no arguments is not allowed outside of a catch clause",
                    );
                }
                StmtKind::Throw(value.as_ref().map(|v| self.thrown(v)))
            }
            StatementKind::Try { body, catches, finally } => self.try_statement(body, catches, finally.as_ref()),
            StatementKind::Using(resource, body) => self.using(resource, body, span),
            StatementKind::Lock(target, body) => {
                let target = self.rvalue(target);
                if target.ty.is_value_type() {
                    let message =
                        format!("'{}' is not a reference type as required by the lock statement", target.ty.short());
                    self.error(span, "CS0185", message);
                }
                let body = self.embedded(body);
                let first = Stmt { span, kind: StmtKind::Expression(target) };
                StmtKind::Block(Scope { locals: Vec::new(), body: vec![first, *body] })
            }
            StatementKind::Checked(checked, block) => {
                let saved = std::mem::replace(&mut self.checked, *checked);
                let was = std::mem::replace(&mut self.explicitly_unchecked, !*checked);
                let scope = self.block_scope(&block.statements);
                self.checked = saved;
                self.explicitly_unchecked = was;
                StmtKind::Block(scope)
            }
            StatementKind::Switch(value, sections) => self.switch(value, sections),
            StatementKind::Goto(label) => match self.labels.iter().find(|(n, _)| n == label) {
                Some((_, id)) => StmtKind::Goto(*id),
                None => {
                    self.error(
                        span,
                        "CS0159",
                        format!("No such label '{label}' within the scope of the goto statement"),
                    );
                    StmtKind::Empty
                }
            },
            StatementKind::GotoCase(expr) => {
                let node = self.rvalue(expr);
                self.goto_case(node, span)
            }
            StatementKind::GotoDefault => match self.switches.last().and_then(|s| s.default) {
                Some(section) => StmtKind::GotoSection(section),
                None => {
                    self.error(span, "CS0159", "No such label 'default:' within the scope of the goto statement");
                    StmtKind::Empty
                }
            },
            StatementKind::Label(name, inner) => {
                let id = self.labels.iter().find(|(n, _)| n == name).map_or(0, |(_, id)| *id);
                let inner = self.statement(inner);
                StmtKind::Label(id, Box::new(inner))
            }
        };
        Stmt { span, kind }
    }
}
