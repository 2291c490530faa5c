//! Regular expressions of .NET: its dialect, its group numbering, its backtracking order.
//!
//! Text is UTF-16 units, as in .NET, so that positions are .NET's.

mod class;
mod groups;
mod machine;
mod node;
mod options;
mod parentheses;
mod parser;
mod program;
mod replacement;
mod set;

use super::exception::{Exception, Result};
use groups::Groups;
use machine::Machine;
pub use options::Options;
use program::Program;
pub use replacement::Replacement;
use set::Set;

/// A range of units of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First unit.
    pub start: usize,
    /// Unit behind the last.
    pub end: usize,
}

/// What keeping a match counts, in steps.
const STEPS_PER_MATCH: u64 = 30;

/// The steps of a search ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limit;

impl From<Limit> for Exception {
    fn from(_: Limit) -> Self {
        Self::new(
            "System.Text.RegularExpressions.RegexMatchTimeoutException",
            "The Regex engine has timed out while trying to match a pattern to an input string. This can occur for many reasons, including very large inputs or excessive backtracking caused by nested quantifiers, back-references and other factors.",
        )
    }
}

/// A compiled pattern.
#[derive(Debug)]
pub struct Regex {
    program: Program,
    groups: Groups,
    options: Options,
    /// The units that a match can begin with.
    first: Option<Set>,
    anchored: bool,
}

/// A successful match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The captures of each group in their order; group 0 is the match itself.
    pub groups: Vec<Vec<Span>>,
}

impl Match {
    /// What the whole pattern matched.
    pub fn span(&self) -> Span {
        self.group(0).unwrap_or(Span { start: 0, end: 0 })
    }

    /// The match with all its places so many units further on.
    pub fn moved(mut self, by: usize) -> Self {
        for span in self.groups.iter_mut().flatten() {
            span.start += by;
            span.end += by;
        }
        self
    }

    /// The last capture of a group, by its index.
    pub fn group(&self, index: usize) -> Option<Span> {
        self.groups.get(index)?.last().copied()
    }
}

/// Text that a replacement or a split gives.
pub type Units = Vec<u16>;

impl Regex {
    /// `new Regex(pattern, options)`.
    pub fn new(pattern: &str, options: Options) -> Result<Self> {
        let (node, groups) = parser::parse(pattern, options)?;
        let right_to_left = options.has(Options::RIGHT_TO_LEFT);
        let first = if right_to_left { None } else { node.first_units().filter(|set| !set.ranges().is_empty()) };
        let anchored = !right_to_left && node.is_anchored();
        Ok(Self { program: Program::new(&node, right_to_left), groups, options, first, anchored })
    }

    /// The index of a group in [`Match::groups`] by its number.
    pub fn group_by_number(&self, number: usize) -> Option<usize> {
        self.groups.slot(number)
    }

    /// The index of a group in [`Match::groups`] by its name.
    pub fn group_by_name(&self, name: &str) -> Option<usize> {
        self.groups.named_slot(name)
    }

    /// The name of the group at an index: its name, or its number.
    pub fn group_name(&self, index: usize) -> String {
        self.groups.name(index)
    }

    fn right_to_left(&self) -> bool {
        self.options.has(Options::RIGHT_TO_LEFT)
    }

    /// The number of operations of the program.
    pub fn size(&self) -> usize {
        self.program.ops.len()
    }

    /// Where a search of the whole text begins.
    pub fn default_start(&self, text: &[u16]) -> usize {
        if self.right_to_left() { text.len() } else { 0 }
    }

    /// The first match from `start` on (to the left with `RightToLeft`). `steps` is counted down.
    pub fn find(&self, text: &[u16], start: usize, steps: &mut u64) -> Result<Option<Match>> {
        self.search(text, start, start, steps)
    }

    /// The match after `previous`.
    pub fn find_next(&self, text: &[u16], previous: &Match, steps: &mut u64) -> Result<Option<Match>> {
        let span = previous.span();
        let backwards = self.right_to_left();
        let origin = if backwards { span.start } else { span.end };
        let next = match (span.start == span.end, backwards) {
            (false, _) => Some(origin),
            (true, true) => origin.checked_sub(1),
            (true, false) => (origin < text.len()).then_some(origin + 1),
        };
        next.map_or(Ok(None), |next| self.search(text, next, origin, steps))
    }

    fn search(&self, text: &[u16], from: usize, origin: usize, steps: &mut u64) -> Result<Option<Match>> {
        let mut machine = Machine::new(&self.program, text, origin, self.groups.count(), steps);
        let mut at = from.min(text.len());
        loop {
            if let Some(first) = &self.first {
                match text[at..].iter().position(|&unit| first.contains(unit)) {
                    Some(skipped) if !self.anchored => {
                        at += skipped;
                        machine.skip(skipped);
                    }
                    Some(_) => {}
                    None => return Ok(None),
                }
            }
            if let Some(end) = machine.run(at)? {
                let mut groups = std::mem::take(&mut machine.captures);
                groups[0].push(Span { start: at.min(end), end: at.max(end) });
                return Ok(Some(Match { groups }));
            }
            if self.right_to_left() {
                if at == 0 {
                    return Ok(None);
                }
                at -= 1;
            } else {
                if at >= text.len() || self.anchored {
                    return Ok(None);
                }
                at += 1;
            }
        }
    }

    /// `Matches(text, start)`.
    pub fn matches(&self, text: &[u16], start: usize, steps: &mut u64) -> Result<Vec<Match>> {
        let mut all = Vec::new();
        let mut next = self.find(text, start, steps)?;
        while let Some(found) = next {
            *steps = steps.saturating_sub(STEPS_PER_MATCH);
            next = self.find_next(text, &found, steps)?;
            all.push(found);
        }
        Ok(all)
    }

    /// At most `count` matches from `start` on; -1 is all.
    fn some_matches(&self, text: &[u16], start: usize, count: i64, steps: &mut u64) -> Result<Vec<Match>> {
        let mut all = Vec::new();
        let mut next = if count == 0 { None } else { self.find(text, start, steps)? };
        while let Some(found) = next {
            *steps = steps.saturating_sub(STEPS_PER_MATCH);
            let more = count < 0 || (all.len() as i64) < count - 1;
            next = if more { self.find_next(text, &found, steps)? } else { None };
            all.push(found);
        }
        Ok(all)
    }

    /// `Replace` with a function of the match; at most `count` times (-1 for all), from `start` on.
    pub fn replace_with<E: From<Exception>>(
        &self,
        text: &[u16],
        count: i64,
        start: usize,
        steps: &mut u64,
        mut replacement: impl FnMut(&Match) -> std::result::Result<Units, E>,
    ) -> std::result::Result<Units, E> {
        let matches = self.some_matches(text, start, count, steps)?;
        let mut parts = Vec::with_capacity(matches.len());
        for found in &matches {
            parts.push((found.span(), replacement(found)?));
        }
        if self.right_to_left() {
            parts.reverse();
        }
        let mut out = Units::new();
        let mut copied = 0;
        for (span, part) in parts {
            out.extend_from_slice(&text[copied..span.start]);
            out.extend(part);
            copied = span.end;
        }
        out.extend_from_slice(&text[copied..]);
        Ok(out)
    }

    /// A replacement pattern, read once for many matches of this expression.
    pub fn replacement(&self, pattern: &str) -> Replacement {
        Replacement::new(pattern, self)
    }

    /// `Match.Result(replacement)`.
    pub fn expand(&self, text: &[u16], found: &Match, replacement: &str) -> Units {
        replacement::expand(&replacement::parse(replacement, self), text, found)
    }

    /// `Split(text, count, start)`: at most `count` parts (0 for all); captured groups are parts too.
    pub fn split(&self, text: &[u16], count: i64, start: usize, steps: &mut u64) -> Result<Vec<Units>> {
        let most = if count == 0 { -1 } else { count - 1 };
        let mut matches = self.some_matches(text, start, most, steps)?;
        if self.right_to_left() {
            matches.reverse();
        }
        let mut parts = Vec::new();
        let mut copied = 0;
        for found in matches {
            let span = found.span();
            parts.push(text[copied..span.start].to_vec());
            copied = span.end;
            let captured = (1..found.groups.len()).filter_map(|group| found.group(group));
            parts.extend(captured.map(|span| text[span.start..span.end].to_vec()));
        }
        parts.push(text[copied..].to_vec());
        Ok(parts)
    }
}

/// `Regex.Unescape(text)`.
pub fn unescape(text: &str) -> Result<String> {
    parser::unescape(text)
}

/// `Regex.Escape(text)`.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{C}' => out.push_str("\\f"),
            '\\' | '*' | '+' | '?' | '|' | '{' | '[' | '(' | ')' | '^' | '$' | '.' | '#' | ' ' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
