//! The parser: recursive descent, precedence climbing for operators, a limit on nesting.

mod creation;
mod expression;
mod interpolation;
mod loops;
mod primary;
mod query;
mod statement;
mod switch;
mod tuple;
mod type_ref;

use super::Span;
use super::ast::{Expr, ExprKind, Tree};
use super::token::{T, Token};
use crate::expr::deep::deeper;
use crate::expr::diagnostic::Diagnostic;

/// How deep the text may nest.
const MAX_DEPTH: u16 = 200;
/// How high a tree may grow, chains of operators included.
const MAX_HEIGHT: u16 = 1000;
/// How many mistakes are told at once.
const MAX_ERRORS: usize = 20;
/// How many `else if` may follow each other.
const MAX_ELSE_IF: usize = 2000;

type Parsed<R> = Result<R, Box<Diagnostic>>;

/// Parses tokens that end with an end token.
pub(super) fn parse(source: &str, tokens: Vec<Token>, is_block: bool, depth: u16) -> Result<Tree<'_>, Vec<Diagnostic>> {
    let mut parser = Parser { source, tokens, at: 0, depth, transparent: 0, errors: Vec::new() };
    let tree = if is_block { parser.whole_block().map(Tree::Block) } else { parser.whole().map(Tree::Expression) };
    match tree {
        Ok(tree) if parser.errors.is_empty() => Ok(tree),
        Ok(_) => Err(parser.errors),
        Err(last) => {
            parser.record(*last);
            Err(parser.errors)
        }
    }
}

struct Parser<'a> {
    source: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: u16,
    /// How many lambda parameters queries have made.
    transparent: usize,
    /// What is wrong so far; the parser goes on after a statement or an argument list that has a mistake.
    errors: Vec<Diagnostic>,
}

impl<'a> Parser<'a> {
    fn whole(&mut self) -> Parsed<Expr<'a>> {
        let expr = self.expression()?;
        self.expect_end()?;
        Ok(expr)
    }

    fn expect_end(&mut self) -> Parsed<()> {
        match self.kind() {
            T::End => Ok(()),
            _ => Err(self.error("CS1026", ") expected")),
        }
    }

    fn kind(&self) -> T {
        self.peek(0)
    }

    fn token(&self, index: usize) -> Token {
        self.tokens.get(index).or(self.tokens.last()).copied().unwrap_or(Token {
            kind: T::End,
            span: Span::default(),
            mate: 0,
        })
    }

    fn peek(&self, offset: usize) -> T {
        self.token(self.at + offset).kind
    }

    fn span(&self) -> Span {
        self.token(self.at).span
    }

    /// The end of the last token.
    fn end(&self) -> Span {
        self.token(self.at.saturating_sub(1)).span
    }

    fn text(&self) -> &'a str {
        self.slice(self.span())
    }

    fn slice(&self, span: Span) -> &'a str {
        self.source.get(span.range()).unwrap_or_default()
    }

    fn bump(&mut self) -> Token {
        let token = self.token(self.at);
        if token.kind != T::End {
            self.at += 1;
        }
        token
    }

    fn eat(&mut self, kind: T) -> bool {
        let found = self.kind() == kind;
        if found {
            self.at += 1;
        }
        found
    }

    fn expect(&mut self, kind: T, code: &'static str, what: &str) -> Parsed<Token> {
        if self.kind() == kind {
            return Ok(self.bump());
        }
        Err(self.error(code, format!("{what} expected")))
    }

    fn error(&self, code: &'static str, message: impl Into<String>) -> Box<Diagnostic> {
        Box::new(self.span().error(code, message))
    }

    /// Notes a mistake; one at each place, and not without end.
    fn record(&mut self, error: Diagnostic) {
        let told = self.errors.iter().any(|e| e.span.start == error.span.start);
        if !told && self.errors.len() < MAX_ERRORS {
            self.errors.push(error);
        }
    }

    /// Skips to the end of the statement that starts at a token: past its `;`, or to the brace that closes its block.
    fn skip_statement(&mut self, start: usize) {
        self.at = self.at.max(start);
        loop {
            match self.kind() {
                T::End | T::CloseBrace => return,
                T::Semicolon => {
                    self.at += 1;
                    return;
                }
                T::OpenBrace if self.mate().is_some() => {
                    self.at = self.mate().unwrap_or(self.at) + 1;
                    return;
                }
                _ => self.at = self.mate().unwrap_or(self.at) + 1,
            }
        }
    }

    /// The bracket that closes the one at the cursor.
    fn mate(&self) -> Option<usize> {
        let mate = self.token(self.at).mate as usize;
        (mate > self.at).then_some(mate)
    }

    /// An identifier that is the given contextual keyword.
    fn is_word(&self, offset: usize, word: &str) -> bool {
        let token = self.token(self.at + offset);
        token.kind == T::Ident && self.slice(token.span) == word
    }

    fn identifier(&mut self) -> Parsed<(&'a str, Span)> {
        if self.kind() != T::Ident {
            return Err(self.error("CS1001", "Identifier expected"));
        }
        let span = self.bump().span;
        let text = self.slice(span);
        Ok((text.strip_prefix('@').unwrap_or(text), span))
    }

    /// Runs a part of the parser one level deeper.
    fn nested<R>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<R>) -> Parsed<R> {
        if self.depth >= MAX_DEPTH {
            return Err(Box::new(self.span().not_supported(format!("nesting deeper than {MAX_DEPTH} levels"))));
        }
        self.depth += 1;
        let result = deeper(|| parse(self));
        self.depth -= 1;
        result
    }

    /// Makes a node, minding the height of the tree.
    fn node(&self, span: Span, height: u16, kind: ExprKind<'a>) -> Parsed<Expr<'a>> {
        let height = height.saturating_add(1);
        if height > MAX_HEIGHT {
            return Err(Box::new(span.not_supported(format!("a chain of more than {MAX_HEIGHT} operations"))));
        }
        Ok(Expr { span, height, kind })
    }
}
