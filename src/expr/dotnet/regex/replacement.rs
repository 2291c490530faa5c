//! Replacement patterns: `$1`, `${name}`, `$&` and their kin.

use super::{Match, Regex, Units};

/// A part of a replacement.
#[derive(Debug)]
pub(super) enum Part {
    Text(Units),
    Group(usize),
    /// `` $` ``
    Before,
    /// `$'`
    After,
    /// `$+`
    LastGroup,
    /// `$_`
    WholeText,
}

/// A replacement pattern that was read.
#[derive(Debug)]
pub struct Replacement(Vec<Part>);

impl Replacement {
    pub(super) fn new(pattern: &str, regex: &Regex) -> Self {
        Self(parse(pattern, regex))
    }

    /// Appends the text for one match; false, with nothing more appended, when `out` would have more than `limit` units.
    pub fn append(&self, text: &[u16], found: &Match, out: &mut Units, limit: usize) -> bool {
        self.0.iter().all(|part| {
            let new = part.text(text, found);
            let fits = out.len().saturating_add(new.len()) <= limit;
            if fits {
                out.extend_from_slice(new);
            }
            fits
        })
    }
}

/// Reads a replacement; what names no group is copied.
pub(super) fn parse(replacement: &str, regex: &Regex) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = replacement;
    while let Some(dollar) = rest.find('$') {
        push_text(&mut parts, &rest[..dollar]);
        rest = &rest[dollar + 1..];
        match special(rest, regex) {
            Some((part, length)) => {
                parts.push(part);
                rest = &rest[length..];
            }
            None => {
                push_text(&mut parts, "$");
                rest = rest.strip_prefix('$').unwrap_or(rest);
            }
        }
    }
    push_text(&mut parts, rest);
    parts
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Text(text.encode_utf16().collect()));
    }
}

/// The part after a dollar sign, and the length of its text.
fn special(rest: &str, regex: &Regex) -> Option<(Part, usize)> {
    let part = match rest.chars().next()? {
        '&' => Part::Group(0),
        '`' => Part::Before,
        '\'' => Part::After,
        '+' => Part::LastGroup,
        '_' => Part::WholeText,
        '0'..='9' => return numbered(rest, regex),
        '{' => {
            let end = rest.find('}')?;
            return Some((Part::Group(regex.group_by_name(&rest[1..end])?), end + 1));
        }
        _ => return None,
    };
    Some((part, 1))
}

fn numbered(rest: &str, regex: &Regex) -> Option<(Part, usize)> {
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    let shortest = if regex.options.has(super::Options::ECMA_SCRIPT) { 1 } else { length };
    (shortest..=length).rev().find_map(|length| {
        let group = regex.group_by_number(rest[..length].parse().ok()?)?;
        Some((Part::Group(group), length))
    })
}

/// The text of a replacement for one match.
pub(super) fn expand(parts: &[Part], text: &[u16], found: &Match) -> Units {
    parts.iter().flat_map(|part| part.text(text, found)).copied().collect()
}

impl Part {
    fn text<'t>(&'t self, text: &'t [u16], found: &Match) -> &'t [u16] {
        let whole = found.span();
        let group = |index| found.group(index).map_or(&[][..], |span| &text[span.start..span.end]);
        match self {
            Self::Text(units) => units,
            Self::Group(index) => group(*index),
            Self::Before => &text[..whole.start],
            Self::After => &text[whole.end..],
            Self::LastGroup => group(found.groups.len() - 1),
            Self::WholeText => text,
        }
    }
}
