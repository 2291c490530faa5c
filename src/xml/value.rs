//! Turns text into a value: named values spliced in, then one expression or a literal, then entities decoded.

use std::borrow::Cow;

use super::expression::{self, Entities, ScanError};
use super::text::is_white;
use super::{Document, Error, PieceKind, Text, entity};

/// What becomes of white space around a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// It belongs to the literal: attributes and bodies.
    Keep,
    /// It does not: scalar elements such as `<value>`.
    Trim,
}

/// A use of a named value, `{{name}}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference<'r> {
    /// The name between the braces, without white space around it.
    pub name: &'r str,
    /// Byte offset of the first brace in the document.
    pub offset: usize,
}

/// What an attribute or a scalar element says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// The whole text is one expression; brackets included: `@(…)` or `@{…}`.
    Expression(Decoded),
    /// Anything else.
    Literal(Decoded),
}

/// Decoded text that remembers where in the document each part of it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The text.
    pub text: String,
    /// From `text` to the spliced text, then from there to the document.
    maps: [Map; 2],
}

impl Decoded {
    /// The byte offset in the document of a byte offset in [`text`](Self::text).
    ///
    /// What came from a named value is placed at its reference.
    pub fn source_offset(&self, offset: usize) -> usize {
        self.maps.iter().fold(offset, |offset, map| map.source(offset))
    }

    /// Whether an expression stands somewhere in this text. In a literal it is not evaluated, which deserves a warning.
    pub fn mentions_expression(&self) -> bool {
        let starts = self.text.match_indices('@').map(|(at, _)| at);
        let starts = starts.filter(|&at| expression::starts_at(self.text.as_bytes(), at));
        starts.take(16).any(|at| expression::scan(&self.text, at, Entities::Kept).is_ok())
    }
}

/// Reads a text that stands in no document; offsets are those of `raw`.
///
/// # Errors
///
/// [`ScanError`] when it begins as an expression that does not end.
pub fn value(raw: &str, space: Space) -> Result<Value, ScanError> {
    Spliced { text: Cow::Borrowed(raw), kinds: vec![(0, PieceKind::Text)], map: Map::default() }.value(space)
}

impl Text {
    /// Splices named values in, then decides whether the result is one expression or a literal, then decodes entities.
    ///
    /// `named` gives the text for a reference; a reference that it answers with none stays as it is written.
    ///
    /// # Errors
    ///
    /// [`Error`] when the result begins as an expression that does not end.
    pub fn value<'v>(
        &self,
        document: &Document,
        space: Space,
        mut named: impl FnMut(Reference<'_>) -> Option<&'v str>,
    ) -> Result<Value, Error> {
        let spliced = Spliced::of(self, document, &mut named);
        spliced.value(space).map_err(|error| {
            let offset = spliced.map.source(error.offset);
            Error { offset, position: document.position(offset), message: error.to_string() }
        })
    }

    /// Splices named values in and decodes entities, without looking for expressions.
    pub fn literal<'v>(&self, document: &Document, mut named: impl FnMut(Reference<'_>) -> Option<&'v str>) -> Decoded {
        let spliced = Spliced::of(self, document, &mut named);
        let (text, map) = spliced.decode();
        Decoded { text: text.into_owned(), maps: [map, spliced.map] }
    }
}

/// Offsets of a text made from another: runs that start at an offset, and whether they are copies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Map(Vec<Run>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    at: usize,
    source: usize,
    is_copy: bool,
}

impl Map {
    fn source(&self, offset: usize) -> usize {
        match self.0.partition_point(|run| run.at <= offset).checked_sub(1).and_then(|index| self.0.get(index)) {
            Some(run) if run.is_copy => run.source + (offset - run.at),
            Some(run) => run.source,
            None => offset,
        }
    }

    fn copy(&mut self, at: usize, source: usize) {
        self.0.push(Run { at, source, is_copy: true });
    }

    fn replacement(&mut self, at: usize, source: usize) {
        self.0.push(Run { at, source, is_copy: false });
    }

    /// The same map for the text from `start` on.
    fn from(mut self, start: usize) -> Self {
        let first = Run { at: 0, source: self.source(start), is_copy: true };
        let copies = match self.0.iter().rfind(|run| run.at <= start) {
            Some(run) => Run { is_copy: run.is_copy, ..first },
            None => first,
        };
        self.0.retain(|run| run.at > start);
        for run in &mut self.0 {
            run.at -= start;
        }
        self.0.insert(0, copies);
        self
    }
}

/// Raw text after splicing: how each part of it is to be read, and where it came from.
struct Spliced<'d> {
    text: Cow<'d, str>,
    /// Offset from which on the text is of that kind.
    kinds: Vec<(usize, PieceKind)>,
    map: Map,
}

impl<'d> Spliced<'d> {
    fn of<'v>(text: &Text, document: &'d Document, named: &mut impl FnMut(Reference<'_>) -> Option<&'v str>) -> Self {
        let mut spliced = Self { text: text.raw(document), kinds: Vec::new(), map: Map::default() };
        let has_references = spliced.text.contains("{{");
        let mut result = String::new();
        let mut length = 0;
        for piece in text.pieces() {
            let raw = document.text(piece.span);
            spliced.kinds.push((length, piece.kind));
            if !has_references || piece.kind == PieceKind::Comment {
                spliced.map.copy(length, piece.span.start);
                result.push_str(if has_references { raw } else { "" });
                length += raw.len();
                continue;
            }
            splice(raw, piece.span.start, &mut result, &mut spliced.map, named);
            length = result.len();
        }
        if has_references {
            spliced.text = Cow::Owned(result);
        }
        spliced
    }

    fn value(&self, space: Space) -> Result<Value, ScanError> {
        let (decoded, map) = self.decode();
        let start = white(&decoded, decoded.bytes());
        let end = decoded.len() - white(&decoded, decoded.bytes().rev());
        let expression = |text: &str, map: Map| {
            let maps = [map.from(start), self.map.clone()];
            Value::Expression(Decoded { text: text.to_owned(), maps })
        };
        if start < end && expression::starts_at(decoded.as_bytes(), start) {
            match expression::scan(&decoded, start, Entities::Kept) {
                Ok(found) if found == end => return Ok(expression(&decoded[start..end], map)),
                Ok(_) => {}
                Err(mut error) => {
                    let raw = self.text.trim_matches(|c: char| c.is_ascii() && is_white(c as u8));
                    let raw_start = white(&self.text, self.text.bytes());
                    if expression::scan(raw, 0, Entities::Kept) == Ok(raw.len()) {
                        let mut map = Map::default();
                        map.copy(0, raw_start);
                        let maps = [map, self.map.clone()];
                        return Ok(Value::Expression(Decoded { text: raw.to_owned(), maps }));
                    }
                    error.offset = map.source(error.offset);
                    return Err(error);
                }
            }
        }
        let maps = |map| [map, self.map.clone()];
        Ok(Value::Literal(match space {
            Space::Trim if start < end => Decoded { text: decoded[start..end].to_owned(), maps: maps(map.from(start)) },
            Space::Trim => Decoded { text: String::new(), maps: maps(map) },
            Space::Keep => Decoded { text: decoded.into_owned(), maps: maps(map) },
        }))
    }

    /// The text with its entities decoded where its kind says so.
    fn decode(&self) -> (Cow<'_, str>, Map) {
        let mut map = Map::default();
        if !self.text.contains('&') {
            map.copy(0, 0);
            return (Cow::Borrowed(&self.text), map);
        }
        let mut result = String::with_capacity(self.text.len());
        for (index, &(start, kind)) in self.kinds.iter().enumerate() {
            let end = self.kinds.get(index + 1).map_or(self.text.len(), |next| next.0);
            let part = &self.text[start..end];
            let mut copied = 0;
            map.copy(result.len(), start);
            if kind == PieceKind::Text {
                for (at, _) in part.match_indices('&') {
                    if let Some((character, length)) = entity::reference(&part.as_bytes()[at..]) {
                        result.push_str(&part[copied..at]);
                        map.replacement(result.len(), start + at);
                        result.push(character);
                        copied = at + length;
                        map.copy(result.len(), start + copied);
                    }
                }
            }
            result.push_str(&part[copied..]);
        }
        (Cow::Owned(result), map)
    }
}

/// How many bytes of white space come first.
fn white(text: &str, bytes: impl Iterator<Item = u8>) -> usize {
    bytes.take_while(|&byte| is_white(byte)).count().min(text.len())
}

/// Appends `raw` with its named values replaced, once and left to right.
fn splice<'v>(
    raw: &str,
    start: usize,
    result: &mut String,
    map: &mut Map,
    named: &mut impl FnMut(Reference<'_>) -> Option<&'v str>,
) {
    let mut copied = 0;
    let mut at = 0;
    map.copy(result.len(), start);
    while let Some(found) = raw[at..].find("{{") {
        let open = at + found;
        let Some((name, end)) = reference(raw, open) else {
            at = open + 1;
            continue;
        };
        if let Some(value) = named(Reference { name, offset: start + open }) {
            result.push_str(&raw[copied..open]);
            map.replacement(result.len(), start + open);
            result.push_str(value);
            map.copy(result.len(), start + end);
            copied = end;
        }
        at = end;
    }
    result.push_str(&raw[copied..]);
}

/// The name of the reference at `open`, and the offset behind it.
fn reference(raw: &str, open: usize) -> Option<(&str, usize)> {
    let inside = &raw[open + 2..];
    let trimmed = inside.trim_ascii_start();
    let length = trimmed.bytes().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')))?;
    let rest = trimmed[length..].trim_ascii_start().strip_prefix("}}")?;
    (length > 0).then(|| (&trimmed[..length], raw.len() - rest.len()))
}
