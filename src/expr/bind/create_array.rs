//! Creation of arrays and anonymous objects.

use super::Binder;
use super::tree::{Node, NodeKind};
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{self, ExprKind, TypeRef};
use crate::expr::types::{Anonymous, Ty};
use crate::expr::value::Value;
use std::sync::Arc;

impl<'t> Binder<'t> {
    /// `new T[…] { … }`
    pub(super) fn array_creation(
        &mut self,
        element: &TypeRef<'t>,
        sizes: &'t [ast::Expr<'t>],
        rank: u8,
        items: Option<&'t ast::Expr<'t>>,
        span: Span,
    ) -> Node {
        let element = self.type_of(element);
        if element.is_error() {
            return Node::error(span);
        }
        let mut lengths = Vec::new();
        for size in sizes {
            let node = self.rvalue(size);
            let to = [Ty::Int, Ty::UInt, Ty::Long, Ty::ULong].into_iter().find(|t| self.converts(&node, t));
            if let Some(value) = node.as_const().and_then(Value::integral)
                && value < 0
            {
                return self.error_node(size.span, "CS0248", "Cannot create an array with a negative size");
            }
            lengths.push(self.convert(node, &to.unwrap_or(Ty::Int)));
        }
        let ty = Ty::Array(element.clone().into(), rank);
        match items {
            Some(items) => {
                let node = self.array_items(&element, rank, items);
                let wanted: Option<Vec<usize>> = lengths
                    .iter()
                    .map(|n| n.as_const().and_then(Value::integral).and_then(|v| usize::try_from(v).ok()))
                    .collect();
                match (&node.kind, wanted) {
                    (NodeKind::ArrayItems { lengths: found, .. }, Some(wanted))
                        if !wanted.is_empty() && *found != wanted =>
                    {
                        self.error_node(span, "CS0847", "An array initializer of another length is expected")
                    }
                    (NodeKind::ArrayItems { .. }, None) => {
                        self.error_node(span, "CS0150", "A constant value is expected")
                    }
                    _ => node,
                }
            }
            None => Node::new(ty, span, NodeKind::NewArray { element, sizes: lengths }),
        }
    }

    /// `{ … }` of a known element type and rank.
    pub(super) fn array_items(&mut self, element: &Ty, rank: u8, items: &'t ast::Expr<'t>) -> Node {
        let span = items.span;
        let Some((lengths, flat)) = self.flatten(rank, items) else { return Node::error(span) };
        let items = flat
            .into_iter()
            .map(|e| {
                let operand = self.operand(e);
                self.convert_operand(operand, element, e.span)
            })
            .collect();
        let ty = Ty::Array(element.clone().into(), rank);
        Node::new(ty, span, NodeKind::ArrayItems { element: element.clone(), lengths, items })
    }

    /// The lengths and the items of nested `{ … }`.
    fn flatten(&mut self, rank: u8, items: &'t ast::Expr<'t>) -> Option<(Vec<usize>, Vec<&'t ast::Expr<'t>>)> {
        let mut lengths = Vec::new();
        let mut flat: Vec<&'t ast::Expr<'t>> = vec![items];
        for _ in 0..rank {
            let mut next = Vec::new();
            let mut length = None;
            for group in flat {
                let ExprKind::ArrayItems(inner) = &group.kind else {
                    self.error(group.span, "CS0846", "A nested array initializer is expected");
                    return None;
                };
                if length.is_some_and(|l| l != inner.len()) {
                    self.error(group.span, "CS0847", "An array initializer of another length is expected");
                    return None;
                }
                length = Some(inner.len());
                next.extend(inner.iter());
            }
            lengths.push(length.unwrap_or(0));
            flat = next;
        }
        Some((lengths, flat))
    }

    /// `new[] { … }`
    pub(super) fn implicit_array(&mut self, rank: u8, items: &'t ast::Expr<'t>, span: Span) -> Node {
        if rank != 1 {
            return self.implicit_rectangle(rank, items, span);
        }
        let ExprKind::ArrayItems(items) = &items.kind else { return Node::error(span) };
        let nodes: Vec<Node> = items.iter().map(|e| self.rvalue(e)).collect();
        if nodes.iter().any(|n| n.ty.is_error()) {
            return Node::error(span);
        }
        let Some(element) = self.common_type(&nodes, span) else { return Node::error(span) };
        let items: Vec<Node> = nodes.into_iter().map(|n| self.convert(n, &element)).collect();
        let ty = Ty::array(element.clone());
        Node::new(ty, span, NodeKind::ArrayItems { element, lengths: vec![items.len()], items })
    }

    /// `new[,] { { … }, { … } }`: the best common type of all items.
    fn implicit_rectangle(&mut self, rank: u8, items: &'t ast::Expr<'t>, span: Span) -> Node {
        let Some((lengths, flat)) = self.flatten(rank, items) else { return Node::error(span) };
        let nodes: Vec<Node> = flat.into_iter().map(|e| self.rvalue(e)).collect();
        if nodes.iter().any(|n| n.ty.is_error()) {
            return Node::error(span);
        }
        let Some(element) = self.common_type(&nodes, span) else { return Node::error(span) };
        let items = nodes.into_iter().map(|n| self.convert(n, &element)).collect();
        let ty = Ty::Array(element.clone().into(), rank);
        Node::new(ty, span, NodeKind::ArrayItems { element, lengths, items })
    }

    /// `new { A = 1, s.Length }`
    pub(super) fn anonymous(&mut self, members: &'t [(Option<(&'t str, Span)>, ast::Expr<'t>)], span: Span) -> Node {
        let mut names: Vec<Box<str>> = Vec::new();
        let mut nodes = Vec::new();
        for (name, expr) in members {
            let name = match (name, &expr.kind) {
                (Some((name, _)), _) => *name,
                (None, ExprKind::Name(name) | ExprKind::Member(_, name)) if name.args.is_none() => name.text,
                (None, ExprKind::ConditionalAccess(_, rest)) => match &rest.kind {
                    ExprKind::Member(_, name) => name.text,
                    _ => return self.error_node(expr.span, "CS0746", "Invalid anonymous type member declarator."),
                },
                _ => {
                    return self.error_node(expr.span, "CS0746", "Invalid anonymous type member declarator. Anonymous type members must be declared with a member assignment, simple name or member access.");
                }
            };
            let node = self.rvalue(expr);
            if matches!(node.ty, Ty::Null) {
                return self.error_node(expr.span, "CS0828", "Cannot assign <null> to anonymous type property");
            }
            if names.iter().any(|n| **n == *name) {
                return self.error_node(
                    expr.span,
                    "CS0833",
                    "An anonymous type cannot have multiple properties with the same name",
                );
            }
            names.push(name.into());
            nodes.push(node);
        }
        if nodes.iter().any(|n| n.ty.is_error()) {
            return Node::error(span);
        }
        let types = nodes.iter().map(|n| n.ty.clone()).collect();
        let ty = Ty::Anonymous(Arc::new(Anonymous { names, types }));
        Node::new(ty, span, NodeKind::Anonymous(nodes))
    }
}
