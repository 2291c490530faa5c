//! Reads the tokens of one text: expressions, paths of members, arguments of functions.

use super::functions;
use super::lexer::{Kind as Lexeme, Token, tokens};
use super::metadata::{Kind, Member, ODataMetadata};

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

    /// An expression of `$filter`.
    pub(super) fn expression(&mut self) -> Result<Kind, Fault> {
        self.operands(1)
    }

    /// Operands with operators that bind as strong as `least`, or stronger.
    fn operands(&mut self, least: u8) -> Result<Kind, Fault> {
        self.deeper(|parser| {
            let mut kind = parser.operand()?;
            while let Some(power) = parser.operator().filter(|power| *power >= least) {
                parser.skip();
                parser.operands(power + 1)?;
                kind = Kind::unknown();
            }
            Ok(kind)
        })
    }

    /// How strong the operator binds that is next, if one is.
    fn operator(&self) -> Option<u8> {
        let Some(Lexeme::Name(name)) = self.peek() else { return None };
        match name.to_ascii_lowercase().as_str() {
            "or" => Some(1),
            "and" => Some(2),
            "eq" | "ne" => Some(3),
            "gt" | "ge" | "lt" | "le" | "has" | "in" => Some(4),
            "add" | "sub" => Some(5),
            "mul" | "div" | "divby" | "mod" => Some(6),
            _ => None,
        }
    }

    fn operand(&mut self) -> Result<Kind, Fault> {
        let is_not = matches!(self.peek(), Some(Lexeme::Name(name)) if name.eq_ignore_ascii_case("not"));
        let stands_alone = !matches!(self.ahead(1), None | Some(Lexeme::Mark('/')));
        if (is_not && stands_alone) || self.is_mark('-') {
            self.skip();
            self.deeper(Self::operand)?;
            return Ok(Kind::unknown());
        }
        let kind = self.primary()?;
        self.members(kind)
    }

    fn primary(&mut self) -> Result<Kind, Fault> {
        match self.peek() {
            Some(Lexeme::Literal | Lexeme::Text) => self.skip(),
            Some(Lexeme::Mark('(')) => self.list('(', ')', |parser| parser.expression().map(drop))?,
            Some(Lexeme::Mark('[')) => self.deeper(Self::json)?,
            Some(Lexeme::Mark('{')) => self.deeper(Self::json)?,
            Some(Lexeme::Mark('@')) => {
                self.skip();
                self.name()?;
            }
            Some(Lexeme::Mark('$')) => {
                self.skip();
                return match self.name()? {
                    "it" => Ok(self.it.clone()),
                    "this" => Ok(Kind::unknown()),
                    "root" => {
                        self.expect('/')?;
                        self.root()
                    }
                    "count" => Ok(Kind::unknown()),
                    _ => {
                        self.next -= 1;
                        Err(self.wrong())
                    }
                };
            }
            Some(Lexeme::Name(name)) => return self.named(name),
            _ => return Err(self.wrong()),
        }
        Ok(Kind::unknown())
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

    /// A value of JSON.
    fn json(&mut self) -> Result<(), Fault> {
        match self.peek() {
            Some(Lexeme::Mark('[')) => self.list('[', ']', |parser| parser.deeper(Self::json)),
            Some(Lexeme::Mark('{')) => self.list('{', '}', |parser| {
                if parser.peek() != Some(Lexeme::Quoted) {
                    return Err(parser.wrong());
                }
                parser.skip();
                parser.expect(':')?;
                parser.deeper(Self::json)
            }),
            Some(Lexeme::Quoted | Lexeme::Literal | Lexeme::Text | Lexeme::Name(_)) => {
                self.skip();
                Ok(())
            }
            _ => Err(self.wrong()),
        }
    }

    /// An entity set or singleton behind `$root/`.
    fn root(&mut self) -> Result<Kind, Fault> {
        let name = self.name()?;
        let Some(kind) = self.metadata.set(name).cloned() else {
            return Err(Fault::Said(format!("The entity set '{name}' is not declared.")));
        };
        if self.is_mark('(') {
            self.arguments()?;
            return Ok(kind.item());
        }
        Ok(kind)
    }

    /// What begins with a name: a constant, a literal with a prefix, a function, a type, a variable or a member.
    fn named(&mut self, name: &'t str) -> Result<Kind, Fault> {
        let behind = self.tokens.get(self.next + 1);
        let is_joined = |kind: Lexeme<'_>| behind.is_some_and(|token| !token.is_apart && token.kind == kind);
        if is_joined(Lexeme::Text) {
            self.next += 2;
            return Ok(Kind::unknown());
        }
        if is_joined(Lexeme::Mark('.')) {
            return self.qualified_operand();
        }
        if is_joined(Lexeme::Mark('(')) {
            self.skip();
            let count = self.arguments()?;
            return functions::check(name, count).map(|()| Kind::unknown()).map_err(Fault::Said);
        }
        self.skip();
        if let Some((_, kind)) = self.variables.iter().rev().find(|(variable, _)| *variable == name) {
            return Ok(kind.clone());
        }
        if matches!(name, "null" | "true" | "false" | "INF" | "NaN") {
            return Ok(Kind::unknown());
        }
        let it = self.it.clone();
        self.member(&it, name)
    }

    /// What begins with a qualified name: an enumeration's member, a function, a type.
    fn qualified_operand(&mut self) -> Result<Kind, Fault> {
        let name = self.qualified()?;
        match self.peek() {
            Some(Lexeme::Text) => {
                self.skip();
                Ok(Kind::unknown())
            }
            Some(Lexeme::Mark('(')) => {
                let count = self.arguments()?;
                if functions::is_known(&name) {
                    return functions::check(&name, count).map(|()| Kind::unknown()).map_err(Fault::Said);
                }
                self.operation(&name)
            }
            _ => self.cast(&name),
        }
    }

    /// The value that a function of the API gives.
    fn operation(&mut self, name: &str) -> Result<Kind, Fault> {
        match self.metadata.operations(&self.metadata.full(name)) {
            Some(found) => Ok(found.iter().find_map(|one| one.returns.clone()).unwrap_or_else(Kind::unknown)),
            None => Err(Fault::Said(format!("The function '{name}' is not declared."))),
        }
    }

    /// The same value as one of another type.
    fn cast(&mut self, name: &str) -> Result<Kind, Fault> {
        let full = self.metadata.full(name);
        if !self.metadata.is_type(&full) {
            return Err(Fault::Said(format!("The type '{name}' is not declared.")));
        }
        Ok(Kind { name: full, is_collection: false, is_entity: false })
    }

    /// What a name means to a value.
    pub(super) fn member(&self, kind: &Kind, name: &str) -> Result<Kind, Fault> {
        match self.metadata.member(kind, name) {
            Member::Declared(kind) => Ok(kind),
            Member::Possible => Ok(Kind::unknown()),
            Member::Undeclared => {
                Err(Fault::Said(format!("The property '{name}' is not declared on the type '{}'.", kind.name)))
            }
        }
    }

    /// The members that follow a value: `/Address/City`, `/Items/any(i:…)`, `/Items/$count`.
    fn members(&mut self, mut kind: Kind) -> Result<Kind, Fault> {
        while self.eat('/') {
            if self.eat('$') {
                if !self.word("count") {
                    return Err(self.wrong());
                }
                if self.is_mark('(') {
                    self.balanced()?;
                }
                kind = Kind::unknown();
                continue;
            }
            let Some(Lexeme::Name(name)) = self.peek() else { return Err(self.wrong()) };
            let is_call = self.ahead(1) == Some(Lexeme::Mark('('));
            if is_call && (name == "any" || name == "all") {
                self.skip();
                self.lambda(&kind, name == "any")?;
                kind = Kind::unknown();
            } else if self.ahead(1) == Some(Lexeme::Mark('.')) {
                let is_collection = kind.is_collection;
                kind = self.qualified_operand()?;
                kind.is_collection |= is_collection;
            } else {
                self.skip();
                kind = self.member(&kind, name)?;
            }
        }
        Ok(kind)
    }

    /// `(x:x/Price gt 5)`; `any()` may be without.
    fn lambda(&mut self, of: &Kind, may_be_empty: bool) -> Result<(), Fault> {
        self.expect('(')?;
        if may_be_empty && self.eat(')') {
            return Ok(());
        }
        let variable = self.name()?;
        self.expect(':')?;
        self.variables.push((variable, of.item()));
        let found = self.expression();
        self.variables.pop();
        found?;
        self.expect(')')
    }

    /// The arguments of a function or the values of a key, named or not, and how many there are.
    pub(super) fn arguments(&mut self) -> Result<usize, Fault> {
        let mut count = 0;
        self.deeper(|parser| {
            parser.list('(', ')', |parser| {
                count += 1;
                if matches!(parser.peek(), Some(Lexeme::Name(_))) && parser.ahead(1) == Some(Lexeme::Mark('=')) {
                    parser.next += 2;
                }
                parser.expression()?;
                // The pairs of `case`.
                if parser.eat(':') {
                    parser.expression()?;
                }
                Ok(())
            })
        })?;
        Ok(count)
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
