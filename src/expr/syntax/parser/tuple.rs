//! Parentheses, tuples and deconstruction.

use super::{Parsed, Parser};
use crate::expr::syntax::ast::{ArgMode, Expr, ExprKind, Name, TypeKind, TypeRef};
use crate::expr::syntax::token::T;

impl<'a> Parser<'a> {
    /// Whether `var (a, b) =` starts at the cursor.
    pub(super) fn is_deconstruction(&self) -> bool {
        let open = self.token(self.at + 1);
        let after = self.token(open.mate as usize + 1).kind;
        open.kind == T::Open && open.mate as usize > self.at && matches!(after, T::Assign | T::In)
    }

    /// `(a, (b, _))` after `var`.
    pub(super) fn variables(&mut self) -> Parsed<Expr<'a>> {
        self.nested(|p| {
            let start = p.expect(T::Open, "CS1003", "Syntax error, '('")?.span;
            let mut items = Vec::new();
            loop {
                items.push((None, if p.kind() == T::Open { p.variables()? } else { p.variable()? }));
                if !p.eat(T::Comma) {
                    break;
                }
            }
            p.expect(T::Close, "CS1026", ")")?;
            p.node(start.to(p.end()), 0, ExprKind::Tuple(items))
        })
    }

    pub(super) fn variable(&mut self) -> Parsed<Expr<'a>> {
        let (name, span) = self.identifier()?;
        if name == "_" {
            return self.node(span, 0, ExprKind::Name(Name { text: name, span, args: None }));
        }
        let var = Name { text: "var", span, args: None };
        let ty = TypeRef { span, kind: TypeKind::Name(vec![var]) };
        self.node(span, 0, ExprKind::Declare(ty, name, span))
    }

    pub(super) fn parenthesized(&mut self) -> Parsed<Expr<'a>> {
        let start = self.bump_span();
        let mut items: Vec<(Option<&'a str>, Expr<'a>)> = Vec::new();
        loop {
            let name = if self.kind() == T::Ident && self.peek(1) == T::Colon {
                let (name, _) = self.identifier()?;
                self.bump();
                Some(name)
            } else {
                None
            };
            let item = match self.scan_type(self.at) {
                Some(end)
                    if end > self.at
                        && self.token(end).kind == T::Ident
                        && matches!(self.token(end + 1).kind, T::Comma | T::Close) =>
                {
                    self.declaration(ArgMode::Out)?
                }
                _ => None,
            };
            let item = match item {
                Some(item) => item,
                None => self.expression()?,
            };
            items.push((name, item));
            if !self.eat(T::Comma) {
                break;
            }
        }
        self.expect(T::Close, "CS1026", ")")?;
        let span = start.to(self.end());
        let height = items.iter().map(|(_, e)| e.height).max().unwrap_or(0);
        if items.len() == 1 {
            if let Some((None, inner)) = items.pop() {
                return self.node(span, height, ExprKind::Paren(Box::new(inner)));
            }
            return Err(Box::new(span.error("CS8124", "Tuple must contain at least two elements.")));
        }
        self.node(span, height, ExprKind::Tuple(items))
    }
}
