//! Reads the declarations of members, written as C# writes them.

use std::cell::RefCell;

use super::member::{Mode, Operator, Parameter};
use super::table::Table;
use super::ty::{Ty, of_keyword};
use crate::expr::Value;

/// A member's declaration, read.
#[derive(Debug)]
pub(crate) struct Signature {
    pub(crate) lenient: bool,
    pub(crate) is_static: bool,
    pub(crate) extension: bool,
    pub(crate) shape: Shape,
    pub(crate) ty: Ty,
    pub(crate) type_params: u16,
    pub(crate) params: Vec<Parameter>,
    /// What the first type parameter has to be.
    pub(crate) constraint: Option<Ty>,
}

/// What sort of member it is.
#[derive(Debug, PartialEq)]
pub(crate) enum Shape {
    Method(&'static str),
    Property(&'static str),
    Indexer,
    Constructor,
    Operator(Operator),
    Implicit,
    Explicit,
}

/// Reads declarations in the scope of a type's parameters.
pub(crate) struct Reader<'a> {
    table: &'a Table,
    text: &'static str,
    at: usize,
    type_params: Vec<&'static str>,
    /// What cannot be understood; a test keeps this empty.
    problems: RefCell<Vec<String>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(table: &'a Table, text: &'static str, type_params: Vec<&'static str>) -> Self {
        Self { table, text, at: 0, type_params, problems: RefCell::default() }
    }

    fn problem(&self, what: impl std::fmt::Display) {
        self.problems.borrow_mut().push(format!("{what} in `{}`", self.text));
    }

    fn skip_space(&mut self) {
        while self.text[self.at..].starts_with(' ') {
            self.at += 1;
        }
    }

    pub(crate) fn peek(&mut self) -> Option<char> {
        self.skip_space();
        self.text[self.at..].chars().next()
    }

    pub(crate) fn eat(&mut self, symbol: &str) -> bool {
        self.skip_space();
        let found = self.text[self.at..].starts_with(symbol);
        if found {
            self.at += symbol.len();
        }
        found
    }

    fn word(&mut self) -> &'static str {
        self.skip_space();
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let start = self.at;
        if self.word() == word {
            return true;
        }
        self.at = start;
        false
    }

    /// Reads a type.
    pub(crate) fn ty(&mut self) -> Ty {
        let start = self.at;
        let mut name = self.word();
        if name.is_empty() {
            self.problem(format_args!("a type is missing at {start}"));
            return Ty::Error;
        }
        self.skip_space();
        let first = self.at - name.len();
        while self.text[self.at..].starts_with('.') {
            self.at += 1;
            self.word();
            name = &self.text[first..self.at];
        }
        let mut args = Vec::new();
        if self.eat("<") {
            loop {
                args.push(self.ty());
                if !self.eat(",") {
                    break;
                }
            }
            self.eat(">");
        }
        let mut ty = self.named(name, args);
        loop {
            if self.eat("?") {
                ty = Ty::nullable(ty);
            } else if self.eat("[]") {
                ty = Ty::array(ty);
            } else if self.eat("[,]") {
                ty = Ty::Array(std::sync::Arc::new(ty), 2);
            } else {
                return ty;
            }
        }
    }

    fn named(&self, name: &'static str, args: Vec<Ty>) -> Ty {
        if let Some(ty) = of_keyword(name) {
            return ty;
        }
        if let Some(i) = self.type_params.iter().position(|p| *p == name) {
            return Ty::Param(i as u16);
        }
        let id = self.table.find(name, args.len());
        let Some(id) = id else {
            self.problem(format_args!("`{name}` is not in the list of types"));
            return Ty::Error;
        };
        if args.is_empty() { Ty::Named(id) } else { Ty::generic(id, args) }
    }

    /// Reads a whole member.
    pub(crate) fn member(mut self) -> (Signature, Vec<String>) {
        let signature = self.signature();
        (signature, self.problems.into_inner())
    }

    fn signature(&mut self) -> Signature {
        let lenient = self.eat_word("lenient");
        let is_static = self.eat_word("static");
        let mut signature = Signature {
            lenient,
            is_static,
            extension: false,
            shape: Shape::Constructor,
            ty: Ty::Void,
            type_params: 0,
            params: Vec::new(),
            constraint: None,
        };
        if self.eat_word("new") {
            self.params(&mut signature, "(", ")");
            return signature;
        }
        for (word, shape) in [("implicit", Shape::Implicit), ("explicit", Shape::Explicit)] {
            if self.eat_word(word) {
                self.eat_word("operator");
                signature.ty = self.ty();
                signature.shape = shape;
                self.params(&mut signature, "(", ")");
                return signature;
            }
        }
        let own = self.type_params.len();
        self.own_type_params();
        signature.type_params = (self.type_params.len() - own) as u16;
        signature.ty = self.ty();
        if self.eat_word("operator") {
            self.skip_space();
            let rest = &self.text[self.at..];
            let end = rest.find('(').unwrap_or(rest.len());
            self.at += end;
            let symbol = rest[..end].trim();
            match Operator::of(symbol) {
                Some(operator) => signature.shape = Shape::Operator(operator),
                None => self.problem(format_args!("operator `{symbol}` is not known")),
            }
            self.params(&mut signature, "(", ")");
            return signature;
        }
        let name = self.word();
        if name == "this" {
            signature.shape = Shape::Indexer;
            self.params(&mut signature, "[", "]");
            return signature;
        }
        if self.eat("<") {
            while !self.eat(">") {
                self.at += 1;
            }
        }
        if self.peek() == Some('(') {
            signature.shape = Shape::Method(name);
            self.params(&mut signature, "(", ")");
            if self.eat_word("where") {
                self.word();
                self.eat(":");
                signature.constraint = Some(self.ty());
            }
        } else {
            signature.shape = Shape::Property(name);
        }
        signature
    }

    /// Finds the type parameters that follow the member's name, as in `T Max<T>(…)`, before its types are read.
    fn own_type_params(&mut self) {
        let Some(open) = self.text.find('(') else { return };
        let head = self.text[self.at..open].trim_end();
        let Some(inner) = head.strip_suffix('>') else { return };
        let Some(start) = inner.rfind('<') else { return };
        self.type_params.extend(inner[start + 1..].split(',').map(str::trim));
    }

    /// Reads parameters up to the closing bracket.
    pub(crate) fn params(&mut self, signature: &mut Signature, open: &str, close: &str) {
        if !self.eat(open) {
            self.problem(format_args!("`{open}` is missing"));
            return;
        }
        while !self.eat(close) {
            if self.peek().is_none() {
                self.problem(format_args!("`{close}` is missing"));
                return;
            }
            if self.eat_word("this") {
                signature.extension = true;
            }
            let mode = if self.eat_word("out") {
                Mode::Out
            } else if self.eat_word("ref") {
                Mode::Ref
            } else if self.eat_word("params") {
                Mode::Params
            } else {
                Mode::In
            };
            let ty = self.ty();
            let name = self.word();
            let default = self.eat("=").then(|| self.default_value());
            signature.params.push(Parameter { name, ty, mode, default });
            self.eat(",");
        }
    }

    fn default_value(&mut self) -> Value {
        if self.eat_word("null") {
            Value::Null
        } else if self.eat_word("true") {
            Value::Bool(true)
        } else if self.eat_word("false") {
            Value::Bool(false)
        } else {
            let word = self.word();
            if self.eat(".") {
                let name = self.word();
                let id = self.table.find(word, 0);
                let found = id.and_then(|id| {
                    let (_, value) = self.table.info(id).constants.iter().find(|(n, _)| *n == name)?;
                    Some(Value::enumeration(id, *value))
                });
                return found.unwrap_or_else(|| {
                    self.problem(format_args!("`{word}.{name}` is not a constant"));
                    Value::Null
                });
            }
            Value::Int(word.parse().unwrap_or_else(|_| {
                self.problem(format_args!("`{word}` is not a default"));
                0
            }))
        }
    }
}
