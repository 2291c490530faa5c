//! Parentheses: captures, look-around, options, conditionals.

use super::super::exception::Result;
use super::node::Node;
use super::options::Options;
use super::parser::Parser;

impl Parser<'_> {
    fn close(&mut self) -> Result<()> {
        if self.eat(')') { Ok(()) } else { self.error("Not enough )'s.") }
    }

    fn body(&mut self) -> Result<Box<Node>> {
        let node = self.alternatives()?;
        self.close()?;
        Ok(Box::new(node))
    }

    /// A parenthesis; nothing when it only sets options.
    pub(super) fn group(&mut self) -> Result<Option<Node>> {
        self.at += 1;
        if !self.eat('?') {
            if self.has(Options::EXPLICIT_CAPTURE) {
                return Ok(Some(*self.body()?));
            }
            self.unnamed += 1;
            let number = self.unnamed;
            self.numbers.push(number);
            let group = self.slot(number);
            return Ok(Some(Node::Capture { group, popped: None, body: self.body()? }));
        }
        let look = |ahead, negated| move |body| Node::Look { ahead, negated, body };
        let node = if self.eat(':') {
            *self.body()?
        } else if self.eat('=') {
            look(true, false)(self.body()?)
        } else if self.eat('!') {
            look(true, true)(self.body()?)
        } else if self.eat('>') {
            Node::Atomic(self.body()?)
        } else if self.eat_text("<=") {
            look(false, false)(self.body()?)
        } else if self.eat_text("<!") {
            look(false, true)(self.body()?)
        } else if self.eat('<') {
            self.named('>')?
        } else if self.eat('\'') {
            self.named('\'')?
        } else if self.eat('(') {
            self.conditional()?
        } else {
            return self.inline_options();
        };
        Ok(Some(node))
    }

    fn inline_options(&mut self) -> Result<Option<Node>> {
        let outer = self.options;
        let mut off = false;
        while let Some(letter) = self.peek() {
            match letter {
                '+' => off = false,
                '-' => off = true,
                _ => match Options::letter(letter) {
                    Some(option) if off => self.options.0 &= !option,
                    Some(option) => self.options.0 |= option,
                    None => break,
                },
            }
            self.at += 1;
        }
        if self.eat(')') {
            return Ok(None);
        }
        if !self.eat(':') {
            return self.error("Unrecognized grouping construct.");
        }
        let body = self.body()?;
        self.options = outer;
        Ok(Some(*body))
    }

    fn slot(&self, number: usize) -> Option<usize> {
        self.groups.and_then(|groups| groups.slot(number))
    }

    fn named(&mut self, closing: char) -> Result<Node> {
        let name = self.word();
        let mut group = None;
        if !name.is_empty() {
            group = self.declare(&name)?;
        }
        let mut popped = None;
        if self.eat('-') {
            let other = self.word();
            popped = match self.groups {
                None => Some(0),
                Some(groups) => groups.named_slot(&other),
            };
            if popped.is_none() || other.is_empty() {
                return self.error(format!("Reference to undefined group name {other}."));
            }
        } else if name.is_empty() {
            return self.error("Invalid group name: Group names must begin with a word character.");
        }
        if !self.eat(closing) {
            return self.error("Invalid group name: Group names must begin with a word character.");
        }
        Ok(Node::Capture { group, popped, body: self.body()? })
    }

    fn declare(&mut self, name: &str) -> Result<Option<usize>> {
        if !name.starts_with(|c: char| c.is_ascii_digit()) {
            self.names.push(name.to_owned());
            return Ok(self.groups.and_then(|groups| groups.named_slot(name)));
        }
        match name.parse() {
            Ok(0) => self.error("Capture number cannot be zero."),
            Ok(number) => {
                self.numbers.push(number);
                Ok(self.slot(number))
            }
            Err(_) => self.error("Invalid group name: Group names must begin with a word character."),
        }
    }

    fn conditional(&mut self) -> Result<Node> {
        let start = self.at;
        let name = self.word();
        let is_name = !name.is_empty() && self.eat(')');
        let slot = self.groups.map_or(Some(0), |groups| groups.named_slot(&name)).filter(|_| is_name);
        if let Some(group) = slot {
            let (yes, no) = self.branches()?;
            return Ok(Node::IfGroup { group, yes, no });
        }
        if is_name && name.starts_with(|c: char| c.is_ascii_digit()) {
            return self.error(format!("(?({name}) ) reference to undefined group."));
        }
        self.at = start;
        let test = if self.peek() == Some('?') {
            self.at -= 1;
            self.group()?.unwrap_or_else(Node::empty)
        } else {
            Node::Look { ahead: true, negated: false, body: self.body()? }
        };
        let (yes, no) = self.branches()?;
        Ok(Node::IfMatches { test: Box::new(test), yes, no })
    }

    fn branches(&mut self) -> Result<(Box<Node>, Box<Node>)> {
        let mut body = match *self.body()? {
            Node::Alternate(branches) => branches,
            other => vec![other],
        };
        if body.len() > 2 {
            return self.error("Too many | in (?()|).");
        }
        let no = if body.len() == 2 { body.pop() } else { None };
        let yes = body.pop().unwrap_or_else(Node::empty);
        Ok((Box::new(yes), Box::new(no.unwrap_or_else(Node::empty))))
    }
}
