//! What a document is made of, and where each part stands in the source.

use std::fmt;
use std::ops::Range;

use super::Text;
use super::text::{Piece, PieceKind};

/// A part of the source: byte offsets in [`Document::source`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset after the last byte.
    pub end: usize,
}

impl Span {
    /// The part from `start` up to `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The same as a standard range.
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }

    /// Whether the part has no text.
    pub const fn is_empty(self) -> bool {
        self.start >= self.end
    }
}

/// Line and column, both counted from 1; columns count characters. Its text form is `line:column`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A document that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The text, without byte order mark and with every line ending as one line feed.
    pub source: String,
    /// The one outermost element.
    pub root: Element,
    pub(super) lines: Lines,
}

impl Document {
    /// Line and column of a byte offset; an offset behind the end counts as the end.
    pub fn position(&self, offset: usize) -> Position {
        self.lines.position(&self.source, offset)
    }

    /// The source text of `span`, empty when the span is not of this document.
    pub fn text(&self, span: Span) -> &str {
        self.source.get(span.range()).unwrap_or_default()
    }
}

/// Where the lines of a text start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(source: &str) -> Self {
        let breaks = source.match_indices('\n').map(|(at, _)| at + 1);
        Self(std::iter::once(0).chain(breaks).collect())
    }

    pub(super) fn position(&self, source: &str, offset: usize) -> Position {
        let line = self.0.partition_point(|&start| start <= offset).max(1);
        let start = self.0.get(line - 1).copied().unwrap_or_default();
        let column = source[start..].char_indices().take_while(|&(at, _)| start + at < offset).count() + 1;
        Position { line, column }
    }
}

/// An element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// The name as written, with its prefix if it has one.
    pub name: Box<str>,
    /// The start tag, from `<` to behind `>`.
    pub span: Span,
    /// The name in the start tag.
    pub name_span: Span,
    /// The attributes, in the order written; no name twice.
    pub attributes: Vec<Attribute>,
    /// Elements and text, in the order written. Comments and processing instructions are left out; white space is left
    /// out where it stands beside an element.
    pub children: Vec<Node>,
    /// What stands between the start tag and the end tag; empty when there is no end tag.
    pub inner: Span,
    /// Whether it was written as `<name />`.
    pub is_self_closing: bool,
}

impl Element {
    /// The attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| &*attribute.name == name)
    }

    /// The child elements, in order.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The text directly in this element, joined, without that of its child elements.
    pub fn text(&self) -> Text {
        let mut joined = Text::empty(self.inner.start);
        for node in &self.children {
            if let Node::Text(text) = node {
                for piece in text.pieces() {
                    joined.push(piece);
                }
            }
        }
        joined
    }

    /// The first text in this element that is not white space: a mistake where only elements belong.
    pub fn stray_text(&self, document: &Document) -> Option<&Text> {
        self.children.iter().find_map(|node| match node {
            Node::Text(text) if !text.is_blank(document) => Some(text),
            _ => None,
        })
    }

    /// The content as written, tags included, for bodies that are XML: entities are never decoded in it, and named
    /// values are not replaced in its comments.
    pub fn inner_text(&self, document: &Document) -> Text {
        let mut text = Text::empty(self.inner.start);
        let (mut at, end) = (self.inner.start, self.inner.end);
        while at < end {
            let rest = document.text(Span::new(at, end));
            let comment = rest.find("<!--").map_or(end, |found| at + found);
            text.push(Piece { span: Span::new(at, comment), kind: PieceKind::Verbatim });
            let rest = document.text(Span::new(comment, end));
            at = rest.find("-->").map_or(end, |found| comment + found + 3);
            text.push(Piece { span: Span::new(comment, at), kind: PieceKind::Comment });
        }
        text
    }
}

/// An attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The name as written, with its prefix if it has one.
    pub name: Box<str>,
    /// The attribute, from its name to behind the closing quote.
    pub span: Span,
    /// What stands between the quotes, line breaks included.
    pub value: Text,
}

/// One piece of an element's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A child element.
    Element(Element),
    /// Text, with whatever CDATA stands in it.
    Text(Text),
}
