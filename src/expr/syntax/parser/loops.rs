//! `for`, and `foreach` over tuples.

use super::{Parsed, Parser};
use crate::expr::syntax::ast::{Block, ExprKind, Name, Statement, StatementKind, TypeKind, TypeRef};
use crate::expr::syntax::token::T;

impl<'a> Parser<'a> {
    pub(super) fn for_loop(&mut self) -> Parsed<StatementKind<'a>> {
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

    /// `var (a, b) in source) body`: the item is a variable named by the text of the tuple, taken apart in the body.
    pub(super) fn foreach_tuple(&mut self) -> Parsed<StatementKind<'a>> {
        let var = self.bump_span();
        let variables = self.variables()?;
        let span = variables.span;
        let name = self.slice(span);
        self.expect(T::In, "CS1515", "'in'")?;
        let source = self.expression()?;
        self.expect(T::Close, "CS1026", ")")?;
        let body = self.boxed()?;
        let read = self.node(span, 0, ExprKind::Name(Name { text: name, span, args: None }))?;
        let apart = self.node(span, 1, ExprKind::Assign(None, Box::new(variables), Box::new(read)))?;
        let apart = Statement { span, kind: StatementKind::Expression(apart) };
        let statements = vec![apart, *body];
        let body = Box::new(Statement { span, kind: StatementKind::Block(Block { span, statements }) });
        let ty = TypeRef { span: var, kind: TypeKind::Name(vec![Name { text: "var", span: var, args: None }]) };
        Ok(StatementKind::ForEach { ty, name, name_span: span, source, body })
    }
}
