//! Reads expressions, as `$filter` has them.

use super::super::functions;
use super::super::lexer::Kind as Lexeme;
use super::super::metadata::{Kind, Member};
use super::{Fault, Parser};

impl<'t> Parser<'t, '_> {
    /// An expression of `$filter`.
    pub(in crate::policy::odata) fn expression(&mut self) -> Result<Kind, Fault> {
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
    pub(in crate::policy::odata) fn member(&self, kind: &Kind, name: &str) -> Result<Kind, Fault> {
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
    pub(in crate::policy::odata) fn arguments(&mut self) -> Result<usize, Fault> {
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
}
