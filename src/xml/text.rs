//! Text of a document as it was written: not decoded, named values not yet spliced in.

use std::borrow::Cow;

use super::{Document, Span};

/// How a piece of text is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind {
    /// Ordinary text: entities stand for characters.
    Text,
    /// The inside of `<![CDATA[ ]]>`, or source taken as written: `&lt;` is four characters.
    Verbatim,
    /// A comment in source taken as written: nothing in it is replaced.
    Comment,
}

/// A piece of text that is read in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Where it stands, without the brackets of CDATA.
    pub span: Span,
    /// How it is to be read.
    pub kind: PieceKind,
}

/// The text of an attribute or element, as one or more pieces of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    first: Piece,
    rest: Vec<Piece>,
}

impl Text {
    pub(super) fn new(span: Span) -> Self {
        Self { first: Piece { span, kind: PieceKind::Text }, rest: Vec::new() }
    }

    pub(super) fn empty(offset: usize) -> Self {
        Self::new(Span::new(offset, offset))
    }

    pub(super) fn push(&mut self, piece: Piece) {
        if piece.span.is_empty() {
            return;
        }
        if self.rest.is_empty() && self.first.span.is_empty() {
            self.first = piece;
        } else {
            self.rest.push(piece);
        }
    }

    /// The pieces, in order.
    pub fn pieces(&self) -> impl Iterator<Item = Piece> {
        std::iter::once(self.first).chain(self.rest.iter().copied())
    }

    /// From the first to the last piece.
    pub fn span(&self) -> Span {
        Span::new(self.first.span.start, self.rest.last().unwrap_or(&self.first).span.end)
    }

    /// The text as written, without the brackets of CDATA.
    pub fn raw<'d>(&self, document: &'d Document) -> Cow<'d, str> {
        if self.rest.is_empty() {
            Cow::Borrowed(document.text(self.first.span))
        } else {
            Cow::Owned(self.pieces().map(|piece| document.text(piece.span)).collect())
        }
    }

    /// Whether it is empty or white space alone.
    pub fn is_blank(&self, document: &Document) -> bool {
        self.pieces().all(|piece| document.text(piece.span).bytes().all(is_white))
    }
}

/// White space as XML has it.
pub(super) fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
