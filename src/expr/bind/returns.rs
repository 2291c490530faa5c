//! The `return` statements of a function that is bound.

use super::Binder;
use super::tree::{Body, Node, NodeKind, Stmt, StmtKind};
use crate::expr::types::Ty;

impl<'t> Binder<'t> {
    pub(super) fn convert_returns(&mut self, body: Body, result: &Ty) -> Body {
        match body {
            Body::Expression(node) if matches!(node.kind, NodeKind::Throw(_)) => Body::Expression(node),
            Body::Expression(node) => Body::Expression(self.convert(node, result)),
            Body::Block(mut statement) => {
                visit_returns(&mut statement, &mut |node| {
                    let span = node.span;
                    let taken = std::mem::replace(node, Node::error(span));
                    *node = self.convert(taken, result);
                });
                Body::Block(statement)
            }
            Body::Missing => Body::Missing,
        }
    }
}

pub(super) fn collect_returns(statement: &Stmt, visit: &mut dyn FnMut(&Node)) {
    match &statement.kind {
        StmtKind::Return(Some(node)) => visit(node),
        StmtKind::Block(scope) => scope.body.iter().for_each(|s| collect_returns(s, visit)),
        StmtKind::If(_, then, other) => {
            collect_returns(then, visit);
            other.iter().for_each(|s| collect_returns(s, visit));
        }
        StmtKind::While { body, .. }
        | StmtKind::Do { body, .. }
        | StmtKind::For { body, .. }
        | StmtKind::ForEach { body, .. }
        | StmtKind::Using { body, .. }
        | StmtKind::Label(_, body) => collect_returns(body, visit),
        StmtKind::Switch(switch) => {
            switch.sections.iter().flat_map(|s| &s.body).for_each(|s| collect_returns(s, visit));
        }
        StmtKind::Try { body, catches, finally } => {
            collect_returns(body, visit);
            catches.iter().for_each(|c| collect_returns(&c.body, visit));
            finally.iter().for_each(|s| collect_returns(s, visit));
        }
        _ => {}
    }
}

pub(super) fn visit_returns(statement: &mut Stmt, visit: &mut dyn FnMut(&mut Node)) {
    match &mut statement.kind {
        StmtKind::Return(Some(node)) => visit(node),
        StmtKind::Block(scope) => scope.body.iter_mut().for_each(|s| visit_returns(s, visit)),
        StmtKind::If(_, then, other) => {
            visit_returns(then, visit);
            other.iter_mut().for_each(|s| visit_returns(s, visit));
        }
        StmtKind::While { body, .. }
        | StmtKind::Do { body, .. }
        | StmtKind::For { body, .. }
        | StmtKind::ForEach { body, .. }
        | StmtKind::Using { body, .. }
        | StmtKind::Label(_, body) => visit_returns(body, visit),
        StmtKind::Switch(switch) => {
            switch.sections.iter_mut().flat_map(|s| &mut s.body).for_each(|s| visit_returns(s, visit));
        }
        StmtKind::Try { body, catches, finally } => {
            visit_returns(body, visit);
            catches.iter_mut().for_each(|c| visit_returns(&mut c.body, visit));
            finally.iter_mut().for_each(|s| visit_returns(s, visit));
        }
        _ => {}
    }
}
