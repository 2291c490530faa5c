//! `new`: objects, arrays, anonymous objects, initializers.

use super::primary::tallest;
use super::{Parsed, Parser};
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{Child, Expr, ExprKind, InitTarget, InitValue, Initializer, MemberInit};
use crate::expr::syntax::token::T;

impl<'a> Parser<'a> {
    pub(super) fn creation(&mut self) -> Parsed<Expr<'a>> {
        let start = self.bump_span();
        match self.kind() {
            T::OpenBrace => {
                let members = self.anonymous_members()?;
                let height = members.iter().map(|(_, e)| e.height).max().unwrap_or(0);
                return self.node(start.to(self.end()), height, ExprKind::Anonymous(members));
            }
            T::OpenBracket => {
                self.bump();
                let mut rank = 1u8;
                while self.eat(T::Comma) {
                    rank = rank.saturating_add(1);
                }
                self.expect(T::CloseBracket, "CS1003", "Syntax error, ']'")?;
                let items = self.array_items()?;
                let height = items.height;
                return self.node(start.to(self.end()), height, ExprKind::NewImplicitArray(rank, items));
            }
            T::Open => return Err(self.error("CS8107", "target-typed `new()` is not in C# 7")),
            _ => {}
        }
        let element = self.element_type()?;
        if self.kind() == T::OpenBracket {
            return self.array_creation(start, element);
        }
        let args = if self.kind() == T::Open { self.arguments(T::Open, T::Close)? } else { Vec::new() };
        let has_args = self.end().end > element.span.end;
        let initializer = if self.kind() == T::OpenBrace { Some(self.initializer()?) } else { None };
        if !has_args && initializer.is_none() {
            return Err(self.error("CS1526", "A new expression requires (), [], or {} after type"));
        }
        let height = tallest(&args);
        self.node(start.to(self.end()), height, ExprKind::New(element, args, initializer))
    }

    pub(super) fn array_creation(
        &mut self,
        start: Span,
        element: crate::expr::syntax::ast::TypeRef<'a>,
    ) -> Parsed<Expr<'a>> {
        use crate::expr::syntax::ast::{TypeKind, TypeRef};
        self.bump();
        let mut sizes = Vec::new();
        let mut rank = 1u8;
        if matches!(self.kind(), T::CloseBracket | T::Comma) {
            while self.eat(T::Comma) {
                rank = rank.saturating_add(1);
            }
        } else {
            loop {
                sizes.push(self.expression()?);
                if !self.eat(T::Comma) {
                    break;
                }
            }
            rank = u8::try_from(sizes.len()).unwrap_or(u8::MAX);
        }
        self.expect(T::CloseBracket, "CS1003", "Syntax error, ']'")?;
        let mut inner = Vec::new();
        while self.kind() == T::OpenBracket && matches!(self.peek(1), T::CloseBracket | T::Comma) {
            self.bump();
            let mut rank = 1u8;
            while self.eat(T::Comma) {
                rank = rank.saturating_add(1);
            }
            self.expect(T::CloseBracket, "CS1003", "Syntax error, ']'")?;
            inner.push(rank);
        }
        let mut element = element;
        while let Some(rank) = inner.pop() {
            let span = element.span;
            element = TypeRef { span, kind: TypeKind::Array(Box::new(element), rank) };
        }
        let items = if self.kind() == T::OpenBrace { Some(self.array_items()?) } else { None };
        if items.is_none() && self.kind() == T::OpenBracket {
            return Err(self.error("CS0178", "Invalid rank specifier: expected ',' or ']'"));
        }
        if sizes.is_empty() && items.is_none() {
            return Err(self.error("CS1586", "Array creation must have array size or array initializer"));
        }
        let height = sizes.iter().map(|e| e.height).chain(items.iter().map(|e| e.height)).max().unwrap_or(0);
        self.node(start.to(self.end()), height, ExprKind::NewArray(element, sizes, rank, items))
    }

    /// `{ 1, 2 }`, possibly nested.
    pub(super) fn array_items(&mut self) -> Parsed<Child<'a>> {
        self.nested(|p| {
            let start = p.expect(T::OpenBrace, "CS1514", "{")?.span;
            let mut items = Vec::new();
            while p.kind() != T::CloseBrace {
                items.push(if p.kind() == T::OpenBrace { *p.array_items()? } else { p.expression()? });
                if !p.eat(T::Comma) {
                    break;
                }
            }
            p.expect(T::CloseBrace, "CS1513", "}")?;
            let height = items.iter().map(|e| e.height).max().unwrap_or(0);
            Ok(Box::new(p.node(start.to(p.end()), height, ExprKind::ArrayItems(items))?))
        })
    }

    pub(super) fn anonymous_members(&mut self) -> Parsed<Vec<(Option<(&'a str, Span)>, Expr<'a>)>> {
        self.expect(T::OpenBrace, "CS1514", "{")?;
        let mut members = Vec::new();
        while self.kind() != T::CloseBrace {
            let name = if self.kind() == T::Ident && self.peek(1) == T::Assign {
                let name = self.identifier()?;
                self.bump();
                Some(name)
            } else {
                None
            };
            members.push((name, self.expression()?));
            if !self.eat(T::Comma) {
                break;
            }
        }
        self.expect(T::CloseBrace, "CS1513", "}")?;
        Ok(members)
    }

    pub(super) fn initializer(&mut self) -> Parsed<Initializer<'a>> {
        self.nested(Self::initializer_inner)
    }

    pub(super) fn initializer_inner(&mut self) -> Parsed<Initializer<'a>> {
        self.expect(T::OpenBrace, "CS1514", "{")?;
        let is_members = match self.kind() {
            T::Ident => self.peek(1) == T::Assign,
            T::OpenBracket | T::CloseBrace => true,
            _ => false,
        };
        if is_members {
            let mut members = Vec::new();
            while self.kind() != T::CloseBrace {
                let start = self.span();
                let target = if self.kind() == T::OpenBracket {
                    InitTarget::Index(self.arguments(T::OpenBracket, T::CloseBracket)?)
                } else {
                    InitTarget::Member(self.identifier()?.0)
                };
                self.expect(T::Assign, "CS1003", "Syntax error, '='")?;
                let value = if self.kind() == T::OpenBrace {
                    InitValue::Nested(self.initializer()?)
                } else {
                    InitValue::Value(self.expression()?)
                };
                members.push(MemberInit { span: start.to(self.end()), target, value });
                if !self.eat(T::Comma) {
                    break;
                }
            }
            self.expect(T::CloseBrace, "CS1513", "}")?;
            return Ok(Initializer::Members(members));
        }
        let mut items = Vec::new();
        while self.kind() != T::CloseBrace {
            if self.eat(T::OpenBrace) {
                let mut parts = Vec::new();
                loop {
                    parts.push(self.expression()?);
                    if !self.eat(T::Comma) {
                        break;
                    }
                }
                self.expect(T::CloseBrace, "CS1513", "}")?;
                items.push(parts);
            } else {
                items.push(vec![self.expression()?]);
            }
            if !self.eat(T::Comma) {
                break;
            }
        }
        self.expect(T::CloseBrace, "CS1513", "}")?;
        Ok(Initializer::Items(items))
    }
}
