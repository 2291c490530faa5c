//! Types, and the look-ahead that tells them from expressions.

use super::{Parsed, Parser};
use crate::expr::syntax::ast::{Name, TypeKind, TypeRef};
use crate::expr::syntax::token::T;

impl<'a> Parser<'a> {
    /// Where a type that starts at a token ends, if there is one.
    pub(super) fn scan_type(&self, from: usize) -> Option<usize> {
        self.scan_type_in(from, 0)
    }

    fn scan_type_in(&self, from: usize, depth: u8) -> Option<usize> {
        if depth > 30 {
            return None;
        }
        let mut at = from;
        match self.token(at).kind {
            k if k.is_type_keyword() => at += 1,
            T::Ident => loop {
                if self.token(at).kind != T::Ident {
                    return None;
                }
                at += 1;
                if self.token(at).kind == T::Less {
                    at = self.scan_type_args_in(at, depth)?;
                }
                if !matches!(self.token(at).kind, T::Dot | T::ColonColon) {
                    break;
                }
                at += 1;
            },
            T::Open => {
                at += 1;
                let mut items = 0;
                loop {
                    at = self.scan_type_in(at, depth + 1)?;
                    if self.token(at).kind == T::Ident {
                        at += 1;
                    }
                    items += 1;
                    match self.token(at).kind {
                        T::Comma => at += 1,
                        T::Close if items > 1 => {
                            at += 1;
                            break;
                        }
                        _ => return None,
                    }
                }
            }
            _ => return None,
        }
        loop {
            match self.token(at).kind {
                T::Question => at += 1,
                T::OpenBracket => {
                    let mut end = at + 1;
                    while self.token(end).kind == T::Comma {
                        end += 1;
                    }
                    if self.token(end).kind != T::CloseBracket {
                        return Some(at);
                    }
                    at = end + 1;
                }
                _ => return Some(at),
            }
        }
    }

    /// Where type arguments that start at `<` end.
    pub(super) fn scan_type_args(&self, from: usize) -> Option<usize> {
        self.scan_type_args_in(from, 0)
    }

    fn scan_type_args_in(&self, from: usize, depth: u8) -> Option<usize> {
        let mut at = from + 1;
        loop {
            at = self.scan_type_in(at, depth + 1)?;
            match self.token(at).kind {
                T::Comma => at += 1,
                T::Greater => return Some(at + 1),
                _ => return None,
            }
        }
    }

    /// A type.
    pub(super) fn type_ref(&mut self) -> Parsed<TypeRef<'a>> {
        self.type_with(true, true)
    }

    /// A type without array brackets: of `new T[…]`.
    pub(super) fn element_type(&mut self) -> Parsed<TypeRef<'a>> {
        self.type_with(true, false)
    }

    /// A type after `is` or `as`: a `?` belongs to it only when no expression follows.
    pub(super) fn test_type(&mut self) -> Parsed<TypeRef<'a>> {
        let mut ty = self.type_with(false, true)?;
        let closes = matches!(
            self.peek(1),
            T::Close
                | T::CloseBracket
                | T::CloseBrace
                | T::Comma
                | T::Semicolon
                | T::End
                | T::Colon
                | T::AndAnd
                | T::OrOr
                | T::Coalesce
                | T::EqEq
                | T::NotEq
                | T::Question
        );
        if self.kind() == T::Question && closes {
            self.bump();
            let span = ty.span.to(self.end());
            ty = TypeRef { span, kind: TypeKind::Nullable(Box::new(ty)) };
        }
        Ok(ty)
    }

    fn type_with(&mut self, question: bool, brackets: bool) -> Parsed<TypeRef<'a>> {
        self.nested(|p| p.type_inner(question, brackets))
    }

    fn type_inner(&mut self, question: bool, brackets: bool) -> Parsed<TypeRef<'a>> {
        let start = self.span();
        let kind = match self.kind() {
            k if k.is_type_keyword() => {
                let span = self.bump_span();
                TypeKind::Keyword(self.slice(span))
            }
            T::Ident => {
                let mut path = vec![self.type_name()?];
                while matches!(self.kind(), T::Dot | T::ColonColon) {
                    let is_global = self.kind() == T::ColonColon;
                    self.bump();
                    if is_global {
                        path.clear();
                    }
                    path.push(self.type_name()?);
                }
                TypeKind::Name(path)
            }
            T::Open => {
                self.bump();
                let mut items = Vec::new();
                loop {
                    let item = self.type_ref()?;
                    let name = if self.kind() == T::Ident { Some(self.identifier()?.0) } else { None };
                    items.push((item, name));
                    if !self.eat(T::Comma) {
                        break;
                    }
                }
                self.expect(T::Close, "CS1026", ")")?;
                TypeKind::Tuple(items)
            }
            _ => return Err(self.error("CS1031", "Type expected")),
        };
        let mut ty = TypeRef { span: start.to(self.end()), kind };
        let mut ranks = Vec::new();
        loop {
            match self.kind() {
                T::Question if question => {
                    self.bump();
                    ty = self.ranked(ty, &mut ranks);
                    ty = TypeRef { span: start.to(self.end()), kind: TypeKind::Nullable(Box::new(ty)) };
                }
                T::OpenBracket if brackets && matches!(self.peek(1), T::CloseBracket | T::Comma) => {
                    self.bump();
                    let mut rank = 1u8;
                    while self.eat(T::Comma) {
                        rank = rank.saturating_add(1);
                    }
                    self.expect(T::CloseBracket, "CS1003", "Syntax error, ']'")?;
                    ranks.push(rank);
                }
                _ => return Ok(self.ranked(ty, &mut ranks)),
            }
        }
    }

    /// `int[][,]` is an array of two-dimensional arrays: the brackets read from the outside.
    fn ranked(&self, mut ty: TypeRef<'a>, ranks: &mut Vec<u8>) -> TypeRef<'a> {
        let span = ty.span.to(self.end());
        while let Some(rank) = ranks.pop() {
            ty = TypeRef { span, kind: TypeKind::Array(Box::new(ty), rank) };
        }
        ty
    }

    pub(super) fn bump_span(&mut self) -> crate::expr::syntax::Span {
        self.bump().span
    }

    fn type_name(&mut self) -> Parsed<Name<'a>> {
        let (text, span) = self.identifier()?;
        let args = if self.kind() == T::Less { Some(self.type_args()?) } else { None };
        Ok(Name { text, span, args })
    }

    /// `<int, string>`
    pub(super) fn type_args(&mut self) -> Parsed<Vec<TypeRef<'a>>> {
        self.expect(T::Less, "CS1003", "Syntax error, '<'")?;
        let mut args = Vec::new();
        loop {
            args.push(self.type_ref()?);
            if !self.eat(T::Comma) {
                break;
            }
        }
        self.expect(T::Greater, "CS1003", "Syntax error, '>'")?;
        Ok(args)
    }
}
