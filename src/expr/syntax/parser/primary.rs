//! Primary expressions: literals, names, members, calls, creation.

use super::{Parsed, Parser};
use crate::expr::syntax::ast::{Arg, ArgMode, Expr, ExprKind, Name};
use crate::expr::syntax::literal;
use crate::expr::syntax::token::T;
use crate::expr::value::Value;

impl<'a> Parser<'a> {
    /// A primary expression with what follows it.
    pub(super) fn postfix(&mut self) -> Parsed<Expr<'a>> {
        let first = self.primary()?;
        self.chain(first)
    }

    /// Members, calls, indexers, `?.`, `++` after an expression.
    pub(super) fn chain(&mut self, mut left: Expr<'a>) -> Parsed<Expr<'a>> {
        loop {
            let (start, height) = (left.span, left.height);
            match self.kind() {
                T::Dot => {
                    self.bump();
                    let name = self.member_name()?;
                    let span = start.to(self.end());
                    left = self.node(span, height, ExprKind::Member(Box::new(left), name))?;
                }
                T::Open => {
                    let args = self.arguments(T::Open, T::Close)?;
                    let height = height.max(tallest(&args));
                    left = self.node(start.to(self.end()), height, ExprKind::Call(Box::new(left), args))?;
                }
                T::OpenBracket => {
                    let args = self.arguments(T::OpenBracket, T::CloseBracket)?;
                    let height = height.max(tallest(&args));
                    left = self.node(start.to(self.end()), height, ExprKind::Index(Box::new(left), args))?;
                }
                T::Question if matches!(self.peek(1), T::Dot | T::OpenBracket) => {
                    self.bump();
                    let receiver = self.node(start, height, ExprKind::Receiver)?;
                    let rest = self.nested(|p| p.chain(receiver))?;
                    let (span, height) = (start.to(rest.span), rest.height);
                    return self.node(span, height, ExprKind::ConditionalAccess(Box::new(left), Box::new(rest)));
                }
                T::Inc | T::Dec => {
                    let delta = if self.bump().kind == T::Inc { 1 } else { -1 };
                    left = self.node(start.to(self.end()), height, ExprKind::Step(delta, true, Box::new(left)))?;
                }
                T::Not
                    if matches!(
                        self.peek(1),
                        T::Dot | T::Close | T::Semicolon | T::Comma | T::CloseBracket | T::End
                    ) =>
                {
                    return Err(self.error("CS8107", "the null-forgiving operator `!` is not in C# 7"));
                }
                _ => return Ok(left),
            }
        }
    }

    pub(super) fn member_name(&mut self) -> Parsed<Name<'a>> {
        let (text, span) = self.identifier()?;
        Ok(Name { text, span, args: self.generic_args()? })
    }

    /// Type arguments in an expression, when `<` starts them.
    pub(super) fn generic_args(&mut self) -> Parsed<Option<Vec<crate::expr::syntax::ast::TypeRef<'a>>>> {
        if self.kind() != T::Less {
            return Ok(None);
        }
        let Some(end) = self.scan_type_args(self.at) else { return Ok(None) };
        let is_generic = matches!(
            self.token(end).kind,
            T::Open
                | T::Close
                | T::CloseBracket
                | T::CloseBrace
                | T::Colon
                | T::Semicolon
                | T::Comma
                | T::Dot
                | T::Question
                | T::EqEq
                | T::NotEq
                | T::Or
                | T::Xor
                | T::AndAnd
                | T::OrOr
                | T::And
                | T::OpenBracket
                | T::End
        );
        if is_generic { self.type_args().map(Some) } else { Ok(None) }
    }

    /// Arguments between brackets; those that have a mistake are skipped, so that the next mistake is found too.
    pub(super) fn arguments(&mut self, open: T, close: T) -> Parsed<Vec<Arg<'a>>> {
        let mate = self.mate().filter(|mate| self.token(*mate).kind == close);
        match (self.arguments_here(open, close), mate) {
            (Err(error), Some(mate)) if self.at <= mate => {
                self.record(*error);
                self.at = mate + 1;
                Ok(Vec::new())
            }
            (result, _) => result,
        }
    }

    pub(super) fn arguments_here(&mut self, open: T, close: T) -> Parsed<Vec<Arg<'a>>> {
        let (code, what) = if close == T::Close { ("CS1026", ")") } else { ("CS1003", "Syntax error, ']'") };
        self.expect(open, "CS1003", "Syntax error, '('")?;
        let mut args = Vec::new();
        if self.kind() == close {
            if close == T::CloseBracket {
                return Err(self.error("CS0443", "Syntax error; value expected"));
            }
            self.bump();
            return Ok(args);
        }
        loop {
            let name = if self.kind() == T::Ident && self.peek(1) == T::Colon {
                let name = self.identifier()?;
                self.bump();
                Some(name)
            } else {
                None
            };
            let mode = match self.kind() {
                T::Out => ArgMode::Out,
                T::Ref => ArgMode::Ref,
                _ => ArgMode::In,
            };
            if mode != ArgMode::In {
                self.bump();
            }
            let value = match self.declaration(mode)? {
                Some(declared) => declared,
                None => self.expression()?,
            };
            args.push(Arg { name, mode, value });
            if !self.eat(T::Comma) {
                break;
            }
        }
        self.expect(close, code, what)?;
        Ok(args)
    }

    /// `var x` or `int x` after `out`.
    pub(super) fn declaration(&mut self, mode: ArgMode) -> Parsed<Option<Expr<'a>>> {
        if mode != ArgMode::Out {
            return Ok(None);
        }
        match self.scan_type(self.at) {
            Some(end) if self.token(end).kind == T::Ident => {
                let start = self.span();
                let ty = self.type_ref()?;
                let (name, name_span) = self.identifier()?;
                self.node(start.to(name_span), 0, ExprKind::Declare(ty, name, name_span)).map(Some)
            }
            _ => Ok(None),
        }
    }

    pub(super) fn leaf(&mut self, kind: ExprKind<'a>) -> Parsed<Expr<'a>> {
        let span = self.bump_span();
        self.node(span, 0, kind)
    }

    pub(super) fn primary(&mut self) -> Parsed<Expr<'a>> {
        let start = self.span();
        let text = self.text();
        match self.kind() {
            T::Int => self.leaf(ExprKind::Literal(literal::integer(text, start, false)?)),
            T::Real => self.leaf(ExprKind::Literal(literal::real(text, start)?)),
            T::Char => self.leaf(ExprKind::Literal(literal::character(text, start)?)),
            T::Str => {
                let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
                let value = literal::text(inner, start)?;
                self.leaf(ExprKind::Literal(Value::Str(value)))
            }
            T::Verbatim => {
                let inner = text.get(2..text.len().saturating_sub(1)).unwrap_or_default();
                self.leaf(ExprKind::Literal(Value::Str(literal::verbatim(inner))))
            }
            T::Interpolated => {
                self.bump();
                let pieces = self.interpolation(start)?;
                self.node(start, 0, ExprKind::Interpolated(pieces))
            }
            T::True => self.leaf(ExprKind::Literal(Value::Bool(true))),
            T::False => self.leaf(ExprKind::Literal(Value::Bool(false))),
            T::Null => self.leaf(ExprKind::Literal(Value::Null)),
            T::Ident if self.is_word(0, "nameof") && self.peek(1) == T::Open => {
                self.at += 2;
                let inner = self.expression()?;
                self.expect(T::Close, "CS1026", ")")?;
                let height = inner.height;
                self.node(start.to(self.end()), height, ExprKind::NameOf(Box::new(inner)))
            }
            T::Ident if self.is_word(0, "global") && self.peek(1) == T::ColonColon => {
                self.at += 2;
                self.primary()
            }
            T::Ident if self.is_word(0, "var") && self.is_deconstruction() => {
                self.bump();
                self.variables()
            }
            T::Ident => {
                let name = self.member_name()?;
                let span = start.to(self.end());
                self.node(span, 0, ExprKind::Name(name))
            }
            k if k.is_type_keyword() => {
                if self.peek(1) != T::Dot {
                    return Err(self.error("CS1525", format!("Invalid expression term '{text}'")));
                }
                self.leaf(ExprKind::Predefined(text))
            }
            T::Open => self.parenthesized(),
            T::New => self.creation(),
            T::Typeof => {
                self.bump();
                self.expect(T::Open, "CS1003", "Syntax error, '('")?;
                let ty = self.type_ref()?;
                self.expect(T::Close, "CS1026", ")")?;
                self.node(start.to(self.end()), 0, ExprKind::TypeOf(ty))
            }
            T::Default => {
                self.bump();
                if self.kind() != T::Open {
                    return Err(Box::new(start.error("CS8107", "Feature 'default literal' is not available in C# 7")));
                }
                self.bump();
                let ty = self.type_ref()?;
                self.expect(T::Close, "CS1026", ")")?;
                self.node(start.to(self.end()), 0, ExprKind::Default(ty))
            }
            T::Checked | T::Unchecked => {
                let checked = self.bump().kind == T::Checked;
                self.expect(T::Open, "CS1003", "Syntax error, '('")?;
                let inner = self.expression()?;
                self.expect(T::Close, "CS1026", ")")?;
                let height = inner.height;
                self.node(start.to(self.end()), height, ExprKind::Checked(checked, Box::new(inner)))
            }
            T::This => Err(self.error("CS0026", "Keyword 'this' is not valid in a policy expression")),
            T::Base => Err(self.error("CS1511", "Keyword 'base' is not available in the current context")),
            T::Stackalloc | T::Sizeof => {
                Err(self.error("CS0233", format!("'{text}' is not allowed in a policy expression")))
            }
            T::End => Err(self.error("CS1525", "Invalid expression term ')'")),
            _ => Err(self.error("CS1525", format!("Invalid expression term '{text}'"))),
        }
    }
}

pub(super) fn tallest(args: &[Arg<'_>]) -> u16 {
    args.iter().map(|a| a.value.height).max().unwrap_or(0)
}
