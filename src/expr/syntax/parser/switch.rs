//! `switch` and `try`, statements with sections.

use super::{Parsed, Parser};
use crate::expr::syntax::ast::{Catch, Label, Section, StatementKind};
use crate::expr::syntax::token::T;

impl<'a> Parser<'a> {
    pub(super) fn switch(&mut self) -> Parsed<StatementKind<'a>> {
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

    pub(super) fn try_catch(&mut self) -> Parsed<StatementKind<'a>> {
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
