//! Statements.

use super::{Parsed, Parser};
use crate::expr::syntax::ast::{
    Block, Catch, Expr, Function, Label, LambdaBody, Local, Section, Statement, StatementKind,
};
use crate::expr::syntax::token::T;

impl<'a> Parser<'a> {
    /// The statements of `@{ … }`.
    pub(super) fn whole_block(&mut self) -> Parsed<Block<'a>> {
        let start = self.span();
        let mut statements = Vec::new();
        while self.kind() != T::End {
            statements.push(self.statement()?);
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
                statements.push(p.statement()?);
            }
            p.bump();
            Ok(Block { span: start.to(p.end()), statements })
        })
    }

    pub(super) fn statement(&mut self) -> Parsed<Statement<'a>> {
        self.nested(|p| {
            let start = p.span();
            let kind = p.statement_kind()?;
            Ok(Statement { span: start.to(p.end()), kind })
        })
    }

    fn semicolon(&mut self) -> Parsed<()> {
        self.expect(T::Semicolon, "CS1002", ";").map(|_| ())
    }

    fn condition(&mut self) -> Parsed<Expr<'a>> {
        self.expect(T::Open, "CS1003", "Syntax error, '('")?;
        let condition = self.expression()?;
        self.expect(T::Close, "CS1026", ")")?;
        Ok(condition)
    }

    fn boxed(&mut self) -> Parsed<Box<Statement<'a>>> {
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

    fn statement_kind(&mut self) -> Parsed<StatementKind<'a>> {
        match self.kind() {
            T::Semicolon => {
                self.bump();
                Ok(StatementKind::Empty)
            }
            T::OpenBrace => self.block().map(StatementKind::Block),
            T::If => {
                self.bump();
                let condition = self.condition()?;
                let then = self.boxed()?;
                let other = if self.eat(T::Else) { Some(self.boxed()?) } else { None };
                Ok(StatementKind::If(condition, then, other))
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
    fn declaration_type(&self) -> bool {
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

    fn simple(&mut self) -> Parsed<StatementKind<'a>> {
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

    fn local_declaration(&mut self, is_const: bool) -> Parsed<StatementKind<'a>> {
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

    fn function(&mut self) -> Parsed<Function<'a>> {
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
        let body = if self.eat(T::Arrow) {
            let value = self.expression()?;
            self.semicolon()?;
            LambdaBody::Expression(Box::new(value))
        } else if self.kind() == T::OpenBrace {
            LambdaBody::Block(self.block()?)
        } else {
            return Err(self.error("CS8112", "a local function must have a body"));
        };
        Ok(Function { ty, returns_ref, name, name_span, type_params, params, body })
    }

    fn for_loop(&mut self) -> Parsed<StatementKind<'a>> {
        self.bump();
        self.expect(T::Open, "CS1003", "Syntax error, '('")?;
        let mut init = Vec::new();
        if self.kind() != T::Semicolon {
            let start = self.span();
            if self.declaration_type() {
                let kind = self.local_declaration(false)?;
                init.push(Statement { span: start.to(self.end()), kind });
            } else {
                loop {
                    let value = self.expression()?;
                    init.push(Statement { span: value.span, kind: StatementKind::Expression(value) });
                    if !self.eat(T::Comma) {
                        break;
                    }
                }
            }
        }
        self.semicolon()?;
        let condition = if self.kind() == T::Semicolon { None } else { Some(self.expression()?) };
        self.semicolon()?;
        let mut step = Vec::new();
        if self.kind() != T::Close {
            loop {
                step.push(self.expression()?);
                if !self.eat(T::Comma) {
                    break;
                }
            }
        }
        self.expect(T::Close, "CS1026", ")")?;
        Ok(StatementKind::For { init, condition, step, body: self.boxed()? })
    }

    fn switch(&mut self) -> Parsed<StatementKind<'a>> {
        self.bump();
        let value = self.condition()?;
        self.expect(T::OpenBrace, "CS1514", "{")?;
        let mut sections = Vec::new();
        while !self.eat(T::CloseBrace) {
            let start = self.span();
            let mut labels = Vec::new();
            loop {
                let label_start = self.span();
                match self.kind() {
                    T::Case => {
                        self.bump();
                        let pattern = Some(self.pattern()?);
                        let when = if self.is_word(0, "when") {
                            self.bump();
                            Some(self.expression()?)
                        } else {
                            None
                        };
                        self.expect(T::Colon, "CS1003", "Syntax error, ':'")?;
                        labels.push(Label { span: label_start.to(self.end()), pattern, when });
                    }
                    T::Default if self.peek(1) == T::Colon => {
                        self.at += 2;
                        labels.push(Label { span: label_start, pattern: None, when: None });
                    }
                    _ => break,
                }
            }
            if labels.is_empty() {
                return Err(self.error("CS1513", "} expected"));
            }
            let mut body = Vec::new();
            let ends = |parser: &Self| match parser.kind() {
                T::Case | T::CloseBrace | T::End => true,
                kind => kind == T::Default && parser.peek(1) == T::Colon,
            };
            while !ends(self) {
                body.push(self.statement()?);
            }
            sections.push(Section { span: start.to(self.end()), labels, body });
        }
        Ok(StatementKind::Switch(value, sections))
    }

    fn try_catch(&mut self) -> Parsed<StatementKind<'a>> {
        self.bump();
        let body = self.block()?;
        let mut catches = Vec::new();
        while self.kind() == T::Catch {
            let start = self.bump_span();
            let (mut ty, mut name) = (None, None);
            if self.eat(T::Open) {
                ty = Some(self.type_ref()?);
                if self.kind() == T::Ident {
                    name = Some(self.identifier()?);
                }
                self.expect(T::Close, "CS1026", ")")?;
            }
            let when = if self.is_word(0, "when") {
                self.bump();
                Some(self.condition()?)
            } else {
                None
            };
            let body = self.block()?;
            catches.push(Catch { span: start, ty, name, when, body });
        }
        let finally = if self.eat(T::Finally) { Some(self.block()?) } else { None };
        if catches.is_empty() && finally.is_none() {
            return Err(self.error("CS1524", "Expected catch or finally"));
        }
        Ok(StatementKind::Try { body, catches, finally })
    }
}
