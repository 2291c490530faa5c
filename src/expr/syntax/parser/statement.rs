//! Statements.

use super::{MAX_ELSE_IF, Parsed, Parser};
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{
    Block, Constraint, Expr, ExprKind, Function, LambdaBody, Local, Statement, StatementKind,
};
use crate::expr::syntax::token::T;
use crate::expr::value::Value;

impl<'a> Parser<'a> {
    /// The statements of `@{ … }`.
    pub(super) fn whole_block(&mut self) -> Parsed<Block<'a>> {
        let start = self.span();
        let mut statements = Vec::new();
        while self.kind() != T::End {
            if self.kind() == T::CloseBrace {
                let error = self.error("CS1513", "a `}` closes no block");
                self.record(*error);
                self.bump();
            }
            self.statement_or_skip(&mut statements);
        }
        Ok(Block { span: start.to(self.end()), statements })
    }

    pub(super) fn block(&mut self) -> Parsed<Block<'a>> {
        self.nested(|p| {
            let start = p.expect(T::OpenBrace, "CS1514", "{")?.span;
            let mut statements = Vec::new();
            while p.kind() != T::CloseBrace {
                if p.kind() == T::End {
                    return Err(p.error("CS1513", "} expected"));
                }
                p.statement_or_skip(&mut statements);
            }
            p.bump();
            Ok(Block { span: start.to(p.end()), statements })
        })
    }

    /// A statement; one that has a mistake is skipped, so that the next mistake is found too.
    pub(super) fn statement_or_skip(&mut self, statements: &mut Vec<Statement<'a>>) {
        if matches!(self.kind(), T::End | T::CloseBrace) {
            return;
        }
        let start = self.at;
        match self.statement() {
            Ok(statement) => statements.push(statement),
            Err(error) => {
                self.record(*error);
                self.skip_statement(start);
            }
        }
    }

    pub(super) fn statement(&mut self) -> Parsed<Statement<'a>> {
        self.nested(|p| {
            let start = p.span();
            let kind = p.statement_kind()?;
            Ok(Statement { span: start.to(p.end()), kind })
        })
    }

    pub(super) fn semicolon(&mut self) -> Parsed<()> {
        self.expect(T::Semicolon, "CS1002", ";").map(|_| ())
    }

    /// A condition in parentheses; one that has a mistake is skipped, so that the next mistake is found too.
    pub(super) fn condition(&mut self) -> Parsed<Expr<'a>> {
        let (start, mate) = (self.span(), self.mate().filter(|_| self.kind() == T::Open));
        match (self.condition_here(), mate) {
            (Err(error), Some(mate)) if self.at <= mate => {
                self.record(*error);
                self.at = mate + 1;
                self.node(start, 0, ExprKind::Literal(Value::Bool(true)))
            }
            (result, _) => result,
        }
    }

    pub(super) fn condition_here(&mut self) -> Parsed<Expr<'a>> {
        self.expect(T::Open, "CS1003", "Syntax error, '('")?;
        let condition = self.expression()?;
        self.expect(T::Close, "CS1026", ")")?;
        Ok(condition)
    }

    pub(super) fn boxed(&mut self) -> Parsed<Box<Statement<'a>>> {
        let statement = self.statement()?;
        if matches!(
            statement.kind,
            StatementKind::Declare { .. } | StatementKind::Function(_) | StatementKind::Label(..)
        ) {
            let message = "Embedded statement cannot be a declaration or labeled statement";
            return Err(Box::new(statement.span.error("CS1023", message)));
        }
        Ok(Box::new(statement))
    }

    pub(super) fn statement_kind(&mut self) -> Parsed<StatementKind<'a>> {
        match self.kind() {
            T::Semicolon => {
                self.bump();
                Ok(StatementKind::Empty)
            }
            T::OpenBrace => self.block().map(StatementKind::Block),
            T::If => {
                let mut arms = Vec::new();
                loop {
                    self.bump();
                    let condition = self.condition()?;
                    arms.push((condition, *self.boxed()?));
                    if !self.eat(T::Else) {
                        return Ok(StatementKind::If(arms, None));
                    }
                    if self.kind() != T::If {
                        return Ok(StatementKind::If(arms, Some(self.boxed()?)));
                    }
                    if arms.len() > MAX_ELSE_IF {
                        let message = format!("more than {MAX_ELSE_IF} `else if` after each other");
                        return Err(Box::new(self.span().not_supported(message)));
                    }
                }
            }
            T::Switch => self.switch(),
            T::While => {
                self.bump();
                let condition = self.condition()?;
                Ok(StatementKind::While(condition, self.boxed()?))
            }
            T::Do => {
                self.bump();
                let body = self.boxed()?;
                self.expect(T::While, "CS1003", "Syntax error, 'while'")?;
                let condition = self.condition()?;
                self.semicolon()?;
                Ok(StatementKind::Do(body, condition))
            }
            T::For => self.for_loop(),
            T::Foreach => {
                self.bump();
                self.expect(T::Open, "CS1003", "Syntax error, '('")?;
                if self.is_word(0, "var") && self.is_deconstruction() {
                    return self.foreach_tuple();
                }
                let ty = self.type_ref()?;
                let (name, name_span) = self.identifier()?;
                self.expect(T::In, "CS1515", "'in'")?;
                let source = self.expression()?;
                self.expect(T::Close, "CS1026", ")")?;
                Ok(StatementKind::ForEach { ty, name, name_span, source, body: self.boxed()? })
            }
            T::Break => {
                self.bump();
                self.semicolon()?;
                Ok(StatementKind::Break)
            }
            T::Continue => {
                self.bump();
                self.semicolon()?;
                Ok(StatementKind::Continue)
            }
            T::Return => {
                self.bump();
                let value = if self.kind() == T::Semicolon { None } else { Some(self.expression()?) };
                self.semicolon()?;
                Ok(StatementKind::Return(value))
            }
            T::Throw => {
                self.bump();
                let value = if self.kind() == T::Semicolon { None } else { Some(self.expression()?) };
                self.semicolon()?;
                Ok(StatementKind::Throw(value))
            }
            T::Try => self.try_catch(),
            T::Using => {
                self.bump();
                self.expect(T::Open, "CS1003", "Syntax error, '('")?;
                let start = self.span();
                let kind = match self.declaration_type() {
                    true => self.local_declaration(false)?,
                    false => StatementKind::Expression(self.expression()?),
                };
                let resource = Box::new(Statement { span: start.to(self.end()), kind });
                self.expect(T::Close, "CS1026", ")")?;
                Ok(StatementKind::Using(resource, self.boxed()?))
            }
            T::Lock => {
                self.bump();
                let target = self.condition()?;
                Ok(StatementKind::Lock(target, self.boxed()?))
            }
            T::Checked | T::Unchecked if self.peek(1) == T::OpenBrace => {
                let checked = self.bump().kind == T::Checked;
                Ok(StatementKind::Checked(checked, self.block()?))
            }
            T::Goto => {
                self.bump();
                let kind = match self.kind() {
                    T::Case => {
                        self.bump();
                        StatementKind::GotoCase(self.expression()?)
                    }
                    T::Default => {
                        self.bump();
                        StatementKind::GotoDefault
                    }
                    _ => StatementKind::Goto(self.identifier()?.0),
                };
                self.semicolon()?;
                Ok(kind)
            }
            T::Const => {
                self.bump();
                let kind = self.local_declaration(true)?;
                self.semicolon()?;
                Ok(kind)
            }
            T::Ident if self.peek(1) == T::Colon => {
                let (name, _) = self.identifier()?;
                self.bump();
                Ok(StatementKind::Label(name, Box::new(self.statement()?)))
            }
            T::Else => Err(self.error("CS1525", "Invalid expression term 'else'")),
            T::Class
            | T::Struct
            | T::Interface
            | T::EnumKw
            | T::Static
            | T::Public
            | T::Private
            | T::Unsafe
            | T::Fixed => Err(self.error("CS1513", format!("`{}` is not allowed in a policy expression", self.text()))),
            _ => self.simple(),
        }
    }

    /// Whether a local declaration starts at the cursor.
    pub(super) fn declaration_type(&self) -> bool {
        let from = if self.kind() == T::Ref { self.at + 1 } else { self.at };
        self.scan_type(from).is_some_and(|end| {
            self.token(end).kind == T::Ident
                && matches!(
                    self.token(end + 1).kind,
                    T::Assign
                        | T::Semicolon
                        | T::Comma
                        | T::Open
                        | T::Less
                        | T::Close
                        | T::End
                        | T::CloseBrace
                        | T::OpenBracket
                )
        })
    }

    pub(super) fn simple(&mut self) -> Parsed<StatementKind<'a>> {
        if self.declaration_type() {
            let from = if self.kind() == T::Ref { self.at + 1 } else { self.at };
            let name_at = self.scan_type(from).unwrap_or(from);
            let is_function = match self.token(name_at + 1).kind {
                T::Open => true,
                T::Less => self.scan_type_args(name_at + 1).is_some_and(|end| self.token(end).kind == T::Open),
                _ => false,
            };
            if is_function {
                return self.function().map(StatementKind::Function);
            }
            let kind = self.local_declaration(false)?;
            self.semicolon()?;
            return Ok(kind);
        }
        let expression = self.expression()?;
        self.semicolon()?;
        Ok(StatementKind::Expression(expression))
    }

    pub(super) fn local_declaration(&mut self, is_const: bool) -> Parsed<StatementKind<'a>> {
        let is_ref = self.eat(T::Ref);
        let ty = self.type_ref()?;
        let mut locals = Vec::new();
        loop {
            let (name, span) = self.identifier()?;
            let value = if self.eat(T::Assign) {
                Some(if self.kind() == T::OpenBrace { *self.array_items()? } else { self.expression()? })
            } else {
                None
            };
            locals.push(Local { name, span, value });
            if !self.eat(T::Comma) {
                break;
            }
        }
        Ok(StatementKind::Declare { ty, is_const, is_ref, locals })
    }

    pub(super) fn function(&mut self) -> Parsed<Function<'a>> {
        let returns_ref = self.eat(T::Ref);
        let ty = self.type_ref()?;
        let (name, name_span) = self.identifier()?;
        let mut type_params = Vec::new();
        if self.eat(T::Less) {
            loop {
                type_params.push(self.identifier()?.0);
                if !self.eat(T::Comma) {
                    break;
                }
            }
            self.expect(T::Greater, "CS1003", "Syntax error, '>'")?;
        }
        let params = self.parameters()?;
        let constraints = self.constraints()?;
        let body = if self.eat(T::Arrow) {
            let value = self.expression()?;
            self.semicolon()?;
            LambdaBody::Expression(Box::new(value))
        } else if self.kind() == T::OpenBrace {
            LambdaBody::Block(self.block()?)
        } else {
            return Err(self.error("CS8112", "a local function must have a body"));
        };
        Ok(Function { ty, returns_ref, name, name_span, type_params, params, constraints, body })
    }

    /// `where T : class, new() where U : …`
    fn constraints(&mut self) -> Parsed<Vec<(&'a str, Span, Constraint<'a>)>> {
        let mut found = Vec::new();
        while self.is_word(0, "where") {
            self.bump();
            let (name, span) = self.identifier()?;
            self.expect(T::Colon, "CS1003", "Syntax error, ':'")?;
            loop {
                let constraint = match self.kind() {
                    T::Class => Constraint::Class,
                    T::Struct => Constraint::Struct,
                    T::New => Constraint::New,
                    _ => Constraint::Type(self.type_ref()?),
                };
                if !matches!(constraint, Constraint::Type(_)) {
                    self.bump();
                }
                if matches!(constraint, Constraint::New) {
                    self.expect(T::Open, "CS1003", "Syntax error, '('")?;
                    self.expect(T::Close, "CS1026", ")")?;
                }
                found.push((name, span, constraint));
                if !self.eat(T::Comma) {
                    break;
                }
            }
        }
        Ok(found)
    }
}
