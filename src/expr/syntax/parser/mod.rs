//! The parser: recursive descent, precedence climbing for operators, a limit on nesting.

mod expression;
mod interpolation;
mod primary;
mod query;
mod statement;
mod type_ref;

use super::Span;
use super::ast::{Expr, ExprKind, Tree};
use super::token::{T, Token};
use crate::expr::diagnostic::Diagnostic;

/// How deep the text may nest.
const MAX_DEPTH: u16 = 50;
/// How high a tree may grow, chains of operators included.
const MAX_HEIGHT: u16 = 250;

type Parsed<R> = Result<R, Box<Diagnostic>>;

/// Parses tokens that end with an end token.
pub(super) fn parse(source: &str, tokens: Vec<Token>, is_block: bool, depth: u16) -> Result<Tree<'_>, Vec<Diagnostic>> {
    let mut parser = Parser { source, tokens, at: 0, depth, transparent: 0 };
    let tree = if is_block { parser.whole_block().map(Tree::Block) } else { parser.whole().map(Tree::Expression) };
    tree.map_err(|d| vec![*d])
}

struct Parser<'a> {
    source: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: u16,
    /// How many lambda parameters queries have made.
    transparent: usize,
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
        let result = parse(self);
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
