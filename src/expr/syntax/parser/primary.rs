//! Primary expressions: literals, names, members, calls, creation.

use super::{Parsed, Parser};
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{
    Arg, ArgMode, Child, Expr, ExprKind, InitTarget, InitValue, Initializer, MemberInit, Name,
};
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
    fn chain(&mut self, mut left: Expr<'a>) -> Parsed<Expr<'a>> {
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
                T::Question if matches!(self.peek(1), T::Dot | T::OpenBracket) && self.is_conditional_access() => {
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

    /// Whether `?` is followed at once by `.` or `[`, as in `a?.b`.
    fn is_conditional_access(&self) -> bool {
        self.span().end == self.token(self.at + 1).span.start
    }

    fn member_name(&mut self) -> Parsed<Name<'a>> {
        let (text, span) = self.identifier()?;
        Ok(Name { text, span, args: self.generic_args()? })
    }

    /// Type arguments in an expression, when `<` starts them.
    fn generic_args(&mut self) -> Parsed<Option<Vec<crate::expr::syntax::ast::TypeRef<'a>>>> {
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

    /// Arguments between brackets.
    pub(super) fn arguments(&mut self, open: T, close: T) -> Parsed<Vec<Arg<'a>>> {
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
    fn declaration(&mut self, mode: ArgMode) -> Parsed<Option<Expr<'a>>> {
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

    fn leaf(&mut self, kind: ExprKind<'a>) -> Parsed<Expr<'a>> {
        let span = self.bump_span();
        self.node(span, 0, kind)
    }

    fn primary(&mut self) -> Parsed<Expr<'a>> {
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

    fn parenthesized(&mut self) -> Parsed<Expr<'a>> {
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

    fn creation(&mut self) -> Parsed<Expr<'a>> {
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

    fn array_creation(&mut self, start: Span, element: crate::expr::syntax::ast::TypeRef<'a>) -> Parsed<Expr<'a>> {
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

    fn anonymous_members(&mut self) -> Parsed<Vec<(Option<(&'a str, Span)>, Expr<'a>)>> {
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

    fn initializer(&mut self) -> Parsed<Initializer<'a>> {
        self.nested(Self::initializer_inner)
    }

    fn initializer_inner(&mut self) -> Parsed<Initializer<'a>> {
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

fn tallest(args: &[Arg<'_>]) -> u16 {
    args.iter().map(|a| a.value.height).max().unwrap_or(0)
}
