//! Expressions with operators.

use super::{Parsed, Parser};
use crate::expr::syntax::ast::{
    BinaryOp, Expr, ExprKind, Lambda, LambdaBody, Param, ParamMode, Pattern, TypeKind, UnaryOp,
};
use crate::expr::syntax::literal;
use crate::expr::syntax::token::T;

/// Precedence of a binary operator, from 1 (`??`) to 10 (`*`).
fn binary(kind: T) -> Option<(u8, BinaryOp)> {
    use BinaryOp::*;
    Some(match kind {
        T::Coalesce => (1, Coalesce),
        T::OrOr => (2, OrElse),
        T::AndAnd => (3, AndAlso),
        T::Or => (4, Or),
        T::Xor => (5, Xor),
        T::And => (6, And),
        T::EqEq => (7, Equal),
        T::NotEq => (7, NotEqual),
        T::Less => (8, Less),
        T::Greater => (8, Greater),
        T::LessEq => (8, LessOrEqual),
        T::GreaterEq => (8, GreaterOrEqual),
        T::LeftShift => (9, ShiftLeft),
        T::Plus => (10, Add),
        T::Minus => (10, Subtract),
        T::Star => (11, Multiply),
        T::Slash => (11, Divide),
        T::Percent => (11, Remainder),
        _ => return None,
    })
}

const RELATIONAL: u8 = 8;

impl<'a> Parser<'a> {
    /// Any expression.
    pub(super) fn expression(&mut self) -> Parsed<Expr<'a>> {
        self.nested(Self::assignment)
    }

    fn assignment(&mut self) -> Parsed<Expr<'a>> {
        if self.is_lambda() {
            return self.lambda();
        }
        if self.is_query() {
            return self.query();
        }
        if self.kind() == T::Throw {
            let start = self.bump_span();
            let value = self.expression()?;
            let (span, height) = (start.to(value.span), value.height);
            return self.node(span, height, ExprKind::Throw(Box::new(value)));
        }
        if self.kind() == T::Ref {
            let start = self.bump_span();
            let value = self.expression()?;
            let (span, height) = (start.to(value.span), value.height);
            return self.node(span, height, ExprKind::Ref(Box::new(value)));
        }
        let left = self.conditional()?;
        let op = match self.kind() {
            T::Assign => None,
            T::PlusAssign => Some(BinaryOp::Add),
            T::MinusAssign => Some(BinaryOp::Subtract),
            T::StarAssign => Some(BinaryOp::Multiply),
            T::SlashAssign => Some(BinaryOp::Divide),
            T::PercentAssign => Some(BinaryOp::Remainder),
            T::AndAssign => Some(BinaryOp::And),
            T::OrAssign => Some(BinaryOp::Or),
            T::XorAssign => Some(BinaryOp::Xor),
            T::LeftShiftAssign => Some(BinaryOp::ShiftLeft),
            T::Greater if self.peek(1) == T::GreaterEq => {
                self.bump();
                Some(BinaryOp::ShiftRight)
            }
            _ => return Ok(left),
        };
        self.bump();
        let right = self.expression()?;
        let (span, height) = (left.span.to(right.span), left.height.max(right.height));
        self.node(span, height, ExprKind::Assign(op, Box::new(left), Box::new(right)))
    }

    fn conditional(&mut self) -> Parsed<Expr<'a>> {
        let condition = self.binary(1)?;
        if self.kind() != T::Question {
            return Ok(condition);
        }
        self.bump();
        let yes = self.expression()?;
        self.expect(T::Colon, "CS1003", "Syntax error, ':'")?;
        let no = self.expression()?;
        let span = condition.span.to(no.span);
        let height = condition.height.max(yes.height).max(no.height);
        self.node(span, height, ExprKind::Conditional(Box::new(condition), Box::new(yes), Box::new(no)))
    }

    /// Operators of at least a precedence.
    pub(super) fn binary(&mut self, least: u8) -> Parsed<Expr<'a>> {
        let mut left = self.unary()?;
        loop {
            if least <= RELATIONAL && matches!(self.kind(), T::Is | T::As) {
                left = self.test(left)?;
                continue;
            }
            let mut found = binary(self.kind());
            let mut width = 1;
            if self.kind() == T::Greater && self.token(self.at + 1).span.start == self.span().end {
                match self.peek(1) {
                    T::Greater => {
                        found = Some((9, BinaryOp::ShiftRight));
                        width = 2;
                    }
                    T::GreaterEq => return Ok(left),
                    _ => {}
                }
            }
            let Some((precedence, op)) = found.filter(|(precedence, _)| *precedence >= least) else { return Ok(left) };
            self.at += width;
            let right = if op == BinaryOp::Coalesce {
                self.nested(
                    |p| if p.kind() == T::Throw || p.is_lambda() { p.assignment() } else { p.binary(precedence) },
                )?
            } else {
                self.binary(precedence + 1)?
            };
            let (span, height) = (left.span.to(right.span), left.height.max(right.height));
            left = self.node(span, height, ExprKind::Binary(op, Box::new(left), Box::new(right)))?;
        }
    }

    /// `is` and `as` after their operand.
    fn test(&mut self, left: Expr<'a>) -> Parsed<Expr<'a>> {
        let is_as = self.bump().kind == T::As;
        let (start, height) = (left.span, left.height);
        let kind = if is_as {
            ExprKind::As(Box::new(left), self.test_type()?)
        } else {
            let pattern = self.pattern()?;
            ExprKind::Is(Box::new(left), pattern)
        };
        self.node(start.to(self.end()), height, kind)
    }

    /// What follows `is` or `case`.
    pub(super) fn pattern(&mut self) -> Parsed<Pattern<'a>> {
        if let Some(end) = self.scan_type(self.at) {
            let after = self.token(end).kind;
            let conditional = self.token(end - 1).kind == T::Question;
            let binds = after == T::Ident && !conditional && self.slice(self.token(end).span) != "when";
            if binds {
                let ty = self.type_ref()?;
                let name = self.identifier()?;
                return Ok(Pattern::Declare(ty, (name.0 != "_").then_some(name)));
            }
            let is_sure = self.kind().is_type_keyword() && after != T::Dot;
            if is_sure {
                return Ok(Pattern::Type(self.test_type()?));
            }
            let start = self.at;
            if let Ok(ty) = self.test_type() {
                let type_end = self.at;
                if !matches!(ty.kind, TypeKind::Name(ref path) if path.iter().all(|n| n.args.is_none())) {
                    return Ok(Pattern::Type(ty));
                }
                self.at = start;
                let value = self.nested(|p| p.binary(RELATIONAL + 1))?;
                if self.at == type_end {
                    return Ok(Pattern::TypeOrConstant(ty, Box::new(value)));
                }
                return Ok(Pattern::Constant(Box::new(value)));
            }
            self.at = start;
        }
        Ok(Pattern::Constant(Box::new(self.nested(|p| p.binary(RELATIONAL + 1))?)))
    }

    fn unary(&mut self) -> Parsed<Expr<'a>> {
        let start = self.span();
        let op = match self.kind() {
            T::Plus => UnaryOp::Plus,
            T::Minus => {
                if self.peek(1) == T::Int {
                    let number = self.token(self.at + 1).span;
                    let joined = literal::integer(self.slice(number), number, true)?;
                    let is_least =
                        matches!(joined, crate::expr::Value::Int(i32::MIN) | crate::expr::Value::Long(i64::MIN));
                    if is_least && !matches!(self.peek(2), T::Dot | T::Question | T::OpenBracket) {
                        self.at += 2;
                        return self.node(start.to(number), 0, ExprKind::Literal(joined));
                    }
                }
                UnaryOp::Minus
            }
            T::Not => UnaryOp::Not,
            T::Tilde => UnaryOp::Complement,
            T::Inc | T::Dec => {
                let delta = if self.bump().kind == T::Inc { 1 } else { -1 };
                let operand = self.nested(Self::unary)?;
                let (span, height) = (start.to(operand.span), operand.height);
                return self.node(span, height, ExprKind::Step(delta, false, Box::new(operand)));
            }
            T::Open if self.is_cast() => {
                self.bump();
                let ty = self.type_ref()?;
                self.expect(T::Close, "CS1026", ")")?;
                let operand = self.nested(Self::unary)?;
                let (span, height) = (start.to(operand.span), operand.height);
                return self.node(span, height, ExprKind::Cast(ty, Box::new(operand)));
            }
            T::And | T::Star => return Err(self.error("CS0214", "Pointers may only be used in an unsafe context")),
            T::Xor if self.peek(1) == T::Int => {
                return Err(self.error("CS1525", "Invalid expression term '^': indices from the end are not in C# 7"));
            }
            _ => return self.postfix(),
        };
        self.bump();
        let operand = self.nested(Self::unary)?;
        let (span, height) = (start.to(operand.span), operand.height);
        self.node(span, height, ExprKind::Unary(op, Box::new(operand)))
    }

    /// Whether the parenthesis at the cursor starts a cast.
    fn is_cast(&self) -> bool {
        let Some(end) = self.scan_type(self.at + 1) else { return false };
        if self.token(end).kind != T::Close {
            return false;
        }
        let next = self.token(end + 1);
        let last = self.token(end - 1).kind;
        let first = self.token(self.at + 1).kind;
        let is_surely_type = matches!(last, T::CloseBracket | T::Question)
            || (first.is_type_keyword() && end == self.at + 2)
            || (last == T::Greater);
        let starts_operand = match next.kind {
            T::Ident => !(self.slice(next.span) == "when" && !is_surely_type && self.token(end + 2).kind != T::Close),
            T::Int | T::Real | T::Char | T::Str | T::Verbatim | T::Interpolated | T::Open | T::Not | T::Tilde => true,
            T::New
            | T::Null
            | T::True
            | T::False
            | T::Typeof
            | T::Default
            | T::This
            | T::Base
            | T::Checked
            | T::Unchecked
            | T::DelegateKw
            | T::Sizeof
            | T::Throw => true,
            kind if kind.is_type_keyword() => true,
            _ => false,
        };
        starts_operand
            || (is_surely_type && matches!(next.kind, T::Plus | T::Minus | T::Inc | T::Dec | T::And | T::Star))
    }

    /// Whether a lambda starts at the cursor.
    pub(super) fn is_lambda(&self) -> bool {
        match self.kind() {
            T::Ident => self.peek(1) == T::Arrow,
            T::Open => {
                let mate = self.token(self.at).mate as usize;
                mate > self.at && self.token(mate + 1).kind == T::Arrow
            }
            T::DelegateKw => true,
            _ => false,
        }
    }

    fn lambda(&mut self) -> Parsed<Expr<'a>> {
        let start = self.span();
        if self.kind() == T::DelegateKw {
            self.bump();
            let any_params = self.kind() != T::Open;
            let params = if any_params { Vec::new() } else { self.parameters()? };
            let body = self.block()?;
            let span = start.to(self.end());
            return self.node(span, 0, ExprKind::Lambda(Lambda { any_params, params, body: LambdaBody::Block(body) }));
        }
        let params = if self.kind() == T::Ident {
            let (name, span) = self.identifier()?;
            vec![Param { ty: None, name, span, mode: ParamMode::In, default: None, range: Vec::new() }]
        } else {
            self.parameters()?
        };
        self.expect(T::Arrow, "CS1003", "Syntax error, '=>'")?;
        let body = self.lambda_body()?;
        let height = match &body {
            LambdaBody::Expression(e) => e.height,
            LambdaBody::Block(_) => 0,
        };
        self.node(start.to(self.end()), height, ExprKind::Lambda(Lambda { any_params: false, params, body }))
    }

    pub(super) fn lambda_body(&mut self) -> Parsed<LambdaBody<'a>> {
        Ok(if self.kind() == T::OpenBrace {
            LambdaBody::Block(self.block()?)
        } else {
            LambdaBody::Expression(Box::new(self.expression()?))
        })
    }

    /// Parameters in parentheses, their types optional.
    pub(super) fn parameters(&mut self) -> Parsed<Vec<Param<'a>>> {
        self.expect(T::Open, "CS1003", "Syntax error, '('")?;
        let mut params = Vec::new();
        if self.eat(T::Close) {
            return Ok(params);
        }
        loop {
            let mode = match self.kind() {
                T::Ref => ParamMode::Ref,
                T::Out => ParamMode::Out,
                T::ParamsKw => ParamMode::Params,
                _ => ParamMode::In,
            };
            if mode != ParamMode::In {
                self.bump();
            }
            let is_bare = self.kind() == T::Ident && matches!(self.peek(1), T::Comma | T::Close);
            let ty = if is_bare { None } else { Some(self.type_ref()?) };
            let (name, span) = self.identifier()?;
            let default = if self.eat(T::Assign) { Some(self.expression()?) } else { None };
            params.push(Param { ty, name, span, mode, default, range: Vec::new() });
            if !self.eat(T::Comma) {
                break;
            }
        }
        self.expect(T::Close, "CS1026", ")")?;
        Ok(params)
    }
}
