//! Takes the tokens of one text one by one.

mod expression;

use super::lexer::{Kind as Lexeme, Token, tokens};
use super::metadata::{Kind, ODataMetadata};

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is not of the syntax, from this offset on.
    Syntax(usize),
    /// It names what is not there, or nests too deep: the whole message.
    Said(String),
}

/// Expressions may nest so deep.
const DEEPEST: u32 = 64;

/// Reads one text.
pub(super) struct Parser<'t, 'm> {
    text: &'t str,
    tokens: Vec<Token<'t>>,
    next: usize,
    depth: u32,
    pub(super) metadata: &'m ODataMetadata,
    /// What names are members of.
    pub(super) it: Kind,
    /// The variables of lambdas.
    variables: Vec<(&'t str, Kind)>,
}

impl<'t, 'm> Parser<'t, 'm> {
    pub(super) fn new(text: &'t str, metadata: &'m ODataMetadata, it: Kind) -> Result<Self, Fault> {
        let tokens = tokens(text).map_err(Fault::Syntax)?;
        Ok(Self { text, tokens, next: 0, depth: 0, metadata, it, variables: Vec::new() })
    }

    /// Reads a whole text; nothing may stand behind it.
    pub(super) fn whole<T>(mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        let found = read(&mut self)?;
        if self.is_over() { Ok(found) } else { Err(self.wrong()) }
    }

    pub(super) fn is_over(&self) -> bool {
        self.next >= self.tokens.len()
    }

    /// The next token is wrong.
    pub(super) fn wrong(&self) -> Fault {
        Fault::Syntax(self.tokens.get(self.next).map_or(self.text.len(), |token| token.at))
    }

    fn ahead(&self, count: usize) -> Option<Lexeme<'t>> {
        self.tokens.get(self.next + count).map(|token| token.kind)
    }

    pub(super) fn peek(&self) -> Option<Lexeme<'t>> {
        self.ahead(0)
    }

    pub(super) fn is_mark(&self, mark: char) -> bool {
        self.peek() == Some(Lexeme::Mark(mark))
    }

    /// Whether a mark stands behind the next token.
    pub(super) fn is_followed_by(&self, mark: char) -> bool {
        self.ahead(1) == Some(Lexeme::Mark(mark))
    }

    /// The text of the next token, when it is a literal.
    pub(super) fn literal(&self) -> Option<&'t str> {
        let token = self.tokens.get(self.next).filter(|token| token.kind == Lexeme::Literal)?;
        let end = self.tokens.get(self.next + 1).map_or(self.text.len(), |next| next.at);
        self.text.get(token.at..end).map(str::trim_end)
    }

    pub(super) fn skip(&mut self) {
        self.next += 1;
    }

    /// Takes a mark if it is there.
    pub(super) fn eat(&mut self, mark: char) -> bool {
        let is_there = self.is_mark(mark);
        self.next += usize::from(is_there);
        is_there
    }

    pub(super) fn expect(&mut self, mark: char) -> Result<(), Fault> {
        if self.eat(mark) { Ok(()) } else { Err(self.wrong()) }
    }

    pub(super) fn name(&mut self) -> Result<&'t str, Fault> {
        match self.peek() {
            Some(Lexeme::Name(name)) => {
                self.skip();
                Ok(name)
            }
            _ => Err(self.wrong()),
        }
    }

    /// Takes a word if it is there, in whatever case.
    pub(super) fn word(&mut self, word: &str) -> bool {
        let is_there = matches!(self.peek(), Some(Lexeme::Name(name)) if name.eq_ignore_ascii_case(word));
        self.next += usize::from(is_there);
        is_there
    }

    /// A name that may be qualified, with its namespace.
    pub(super) fn qualified(&mut self) -> Result<String, Fault> {
        let mut name = self.name()?.to_owned();
        while self.is_mark('.') && matches!(self.ahead(1), Some(Lexeme::Name(_))) {
            self.skip();
            name = [&name, ".", self.name()?].concat();
        }
        Ok(name)
    }

    /// Something inside of something.
    pub(super) fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth >= DEEPEST {
            return Err(Fault::Said(format!("It nests more than {DEEPEST} deep.")));
        }
        self.depth += 1;
        let found = read(self);
        self.depth -= 1;
        found
    }

    /// What stands between marks, separated by commas; nothing may.
    pub(super) fn list(
        &mut self,
        open: char,
        close: char,
        mut read: impl FnMut(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.expect(open)?;
        if self.eat(close) {
            return Ok(());
        }
        loop {
            read(self)?;
            if !self.eat(',') {
                return self.expect(close);
            }
        }
    }

    /// Takes what stands in brackets, whatever it is.
    pub(super) fn balanced(&mut self) -> Result<(), Fault> {
        let mut open = 0_usize;
        loop {
            match self.peek() {
                Some(Lexeme::Mark('(')) => open += 1,
                Some(Lexeme::Mark(')')) => open = open.saturating_sub(1),
                Some(_) => {}
                None => return Err(self.wrong()),
            }
            self.skip();
            if open == 0 {
                return Ok(());
            }
        }
    }

    /// Reads with other things being meant by names.
    pub(super) fn of<T>(&mut self, it: Kind, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        let before = std::mem::replace(&mut self.it, it);
        let found = self.deeper(read);
        self.it = before;
        found
    }
}
