//! Patterns in the .NET dialect to trees.

use super::super::exception::{Exception, Result};
use super::class;
use super::groups::Groups;
use super::node::{Assertion, Node, UNBOUNDED};
use super::options::Options;
use super::set::Set;

/// Groups may nest this deep.
const MAX_DEPTH: usize = 250;

/// Reads `pattern`, twice: group numbers must be known before the first reference.
pub(super) fn parse(pattern: &str, options: Options) -> Result<(Node, Groups)> {
    let mut counting = Parser::new(pattern, options, None);
    counting.read()?;
    let groups = Groups::new(counting.numbers, counting.names, counting.unnamed);
    let node = Parser::new(pattern, options, Some(&groups)).read()?;
    Ok((node, groups))
}

pub(super) struct Parser<'a> {
    source: &'a str,
    pub(super) pattern: Vec<u16>,
    pub(super) at: usize,
    pub(super) options: Options,
    pub(super) groups: Option<&'a Groups>,
    pub(super) numbers: Vec<usize>,
    pub(super) names: Vec<String>,
    pub(super) unnamed: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn new(source: &'a str, options: Options, groups: Option<&'a Groups>) -> Self {
        let pattern = source.encode_utf16().collect();
        Self { source, pattern, at: 0, options, groups, numbers: Vec::new(), names: Vec::new(), unnamed: 0, depth: 0 }
    }

    pub(super) fn error<T>(&self, message: impl std::fmt::Display) -> Result<T> {
        Err(Exception::argument(format!("Invalid pattern '{}' at offset {}. {message}", self.source, self.at)))
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<char> {
        let unit = *self.pattern.get(self.at + ahead)?;
        Some(char::from_u32(unit.into()).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    pub(super) fn eat(&mut self, expected: char) -> bool {
        let found = self.peek() == Some(expected);
        self.at += usize::from(found);
        found
    }

    pub(super) fn eat_text(&mut self, expected: &str) -> bool {
        let found = expected.chars().enumerate().all(|(ahead, c)| self.peek_at(ahead) == Some(c));
        if found {
            self.at += expected.len();
        }
        found
    }

    pub(super) fn has(&self, option: u32) -> bool {
        self.options.has(option)
    }

    fn read(&mut self) -> Result<Node> {
        let node = self.alternatives()?;
        if self.at < self.pattern.len() {
            return self.error("Too many )'s.");
        }
        Ok(node)
    }

    /// Alternatives up to a closing parenthesis or the end; options set inside end with them.
    pub(super) fn alternatives(&mut self) -> Result<Node> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.error("Groups are nested too deeply.");
        }
        let outer = self.options;
        let mut branches = vec![self.sequence()?];
        while self.eat('|') {
            branches.push(self.sequence()?);
        }
        self.options = outer;
        self.depth -= 1;
        Ok(if branches.len() == 1 { branches.remove(0) } else { Node::Alternate(branches) })
    }

    fn sequence(&mut self) -> Result<Node> {
        let mut nodes = Vec::new();
        loop {
            self.skip_blanks()?;
            match self.peek() {
                None | Some('|' | ')') => break,
                Some(_) => {}
            }
            let Some(atom) = self.atom()? else { continue };
            nodes.push(self.quantified(atom)?);
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { Node::Concat(nodes) })
    }

    fn skip_blanks(&mut self) -> Result<()> {
        loop {
            let extended = self.has(Options::IGNORE_WHITE_SPACE);
            match self.peek() {
                Some(' ' | '\t'..='\r') if extended => self.at += 1,
                Some('#') if extended => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                Some('(') if self.peek_at(1) == Some('?') && self.peek_at(2) == Some('#') => {
                    while self.peek().is_some_and(|c| c != ')') {
                        self.at += 1;
                    }
                    if !self.eat(')') {
                        return self.error("Unterminated (?#...) comment.");
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    fn atom(&mut self) -> Result<Option<Node>> {
        let unit = self.pattern[self.at];
        let multiline = self.has(Options::MULTILINE);
        let node = match self.peek().unwrap_or_default() {
            '(' => return self.group(),
            '[' => {
                self.at += 1;
                Node::Set(class::class(self)?)
            }
            '\\' => return self.escape().map(Some),
            '*' | '+' | '?' => {
                return self.error(format!("Quantifier '{}' following nothing.", char::from(unit as u8)));
            }
            '{' if self.counts().is_some() => return self.error("Quantifier '{' following nothing."),
            '^' if multiline => self.simple(Node::Assertion(Assertion::LineStart)),
            '^' => self.simple(Node::Assertion(Assertion::Start)),
            '$' if multiline => self.simple(Node::Assertion(Assertion::LineEnd)),
            '$' => self.simple(Node::Assertion(Assertion::EndOrLastLineFeed)),
            '.' => {
                let set = Set::any(self.has(Options::SINGLE_LINE));
                self.simple(Node::Set(set))
            }
            _ => {
                let node = self.literal(unit);
                self.simple(node)
            }
        };
        Ok(Some(node))
    }

    fn simple(&mut self, node: Node) -> Node {
        self.at += 1;
        node
    }

    fn literal(&self, unit: u16) -> Node {
        let ignore = self.has(Options::IGNORE_CASE);
        Node::Set(if ignore { Set::unit_ignoring_case(unit) } else { Set::unit(unit) })
    }

    /// The bounds of `{n}`, `{n,}` or `{n,m}` here, and the length of its text.
    fn counts(&self) -> Option<(u32, u32, usize)> {
        let rest: String =
            self.pattern[self.at..].iter().take(32).map(|&u| u8::try_from(u).map_or('?', char::from)).collect();
        let inner = rest.strip_prefix('{')?;
        let end = inner.find('}')?;
        let (min, max) = match inner[..end].split_once(',') {
            Some((min, "")) => (min, None),
            Some((min, max)) => (min, Some(max)),
            None => (&inner[..end], Some(&inner[..end])),
        };
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| text.parse().unwrap_or(i32::MAX as u32))
        };
        let min = number(min)?;
        let max = match max {
            Some(max) => number(max)?,
            None => UNBOUNDED,
        };
        Some((min, max, end + 2))
    }

    fn quantified(&mut self, atom: Node) -> Result<Node> {
        self.skip_blanks()?;
        let Some((min, max, length)) = self.quantifier() else { return Ok(atom) };
        self.at += length;
        if min > max {
            return self.error("Illegal {x,y} with x > y.");
        }
        self.skip_blanks()?;
        let lazy = self.eat('?');
        self.skip_blanks()?;
        if self.quantifier().is_some() {
            return self.error(format!("Nested quantifier '{}'.", self.peek().unwrap_or_default()));
        }
        Ok(Node::Repeat { body: Box::new(atom), min, max, lazy })
    }

    fn quantifier(&self) -> Option<(u32, u32, usize)> {
        match self.peek()? {
            '*' => Some((0, UNBOUNDED, 1)),
            '+' => Some((1, UNBOUNDED, 1)),
            '?' => Some((0, 1, 1)),
            '{' => self.counts(),
            _ => None,
        }
    }

    pub(super) fn word(&mut self) -> String {
        let start = self.at;
        while self.pattern.get(self.at).is_some_and(|&unit| super::set::is_boundary_word(unit, false)) {
            self.at += 1;
        }
        String::from_utf16_lossy(&self.pattern[start..self.at])
    }

    fn escape(&mut self) -> Result<Node> {
        self.at += 1;
        let Some(letter) = self.peek() else { return self.error("Illegal \\ at end of pattern.") };
        let ecma = self.has(Options::ECMA_SCRIPT);
        let assertion = match letter {
            'A' => Some(Assertion::Start),
            'Z' => Some(Assertion::EndOrLastLineFeed),
            'z' => Some(Assertion::End),
            'G' => Some(Assertion::SearchStart),
            'b' => Some(Assertion::Boundary { negated: false, ecma }),
            'B' => Some(Assertion::Boundary { negated: true, ecma }),
            _ => None,
        };
        if let Some(assertion) = assertion {
            return Ok(self.simple(Node::Assertion(assertion)));
        }
        if let Some(set) = class::class_escape(self)? {
            return Ok(Node::Set(set));
        }
        match letter {
            'k' => {
                self.at += 1;
                let closing = match self.peek() {
                    Some('<') => '>',
                    Some('\'') => '\'',
                    _ => return self.error("Malformed \\k<...> named back reference."),
                };
                self.at += 1;
                let name = self.word();
                if name.is_empty() || !self.eat(closing) {
                    return self.error("Malformed \\k<...> named back reference.");
                }
                match self.groups.map_or(Some(0), |groups| groups.named_slot(&name)) {
                    Some(group) => Ok(self.back_reference(group)),
                    None => self.error(format!("Reference to undefined group name {name}.")),
                }
            }
            '1'..='9' => self.numbered_reference(ecma),
            _ => class::char_escape(self).map(|unit| self.literal(unit)),
        }
    }

    fn back_reference(&self, group: usize) -> Node {
        let ecma = self.has(Options::ECMA_SCRIPT);
        Node::BackReference { group, ignore_case: self.has(Options::IGNORE_CASE), ecma }
    }

    /// `\n`: a reference when there is such a group, else an octal escape.
    fn numbered_reference(&mut self, ecma: bool) -> Result<Node> {
        let length = (0..).take_while(|&ahead| self.peek_at(ahead).is_some_and(|c| c.is_ascii_digit())).count();
        let shortest = if ecma { 1 } else { length };
        for length in (shortest..=length).rev() {
            let digits: String = (0..length).filter_map(|ahead| self.peek_at(ahead)).collect();
            let number: usize = digits.parse().unwrap_or(usize::MAX);
            let slot = self.groups.map_or(Some(0), |groups| groups.slot(number));
            if let Some(group) = slot {
                self.at += length;
                return Ok(self.back_reference(group));
            }
            if number <= 9 && !ecma {
                return self.error(format!("Reference to undefined group number {number}."));
            }
        }
        class::char_escape(self).map(|unit| self.literal(unit))
    }
}

/// `Regex.Unescape`: escapes of characters, outside of any pattern.
pub(super) fn unescape(text: &str) -> Result<String> {
    let mut parser = Parser::new(text, Options::default(), None);
    let mut units = Vec::with_capacity(parser.pattern.len());
    while let Some(&unit) = parser.pattern.get(parser.at) {
        if parser.eat('\\') {
            units.push(class::char_escape(&mut parser)?);
        } else {
            units.push(unit);
            parser.at += 1;
        }
    }
    Ok(String::from_utf16_lossy(&units))
}
