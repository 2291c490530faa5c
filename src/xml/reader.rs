//! The reader: one pass over the text, a stack of open elements, as many problems as make sense.

use super::document::Lines;
use super::expression::{self, Entities};
use super::text::{Piece, PieceKind, is_white};
use super::{Attribute, Document, Element, Error, Errors, Node, Span, Text};

/// How much of a document is read before it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How many elements may stand in each other: 64, at most 512.
    pub depth: usize,
    /// How many problems are listed: 32.
    pub errors: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 64, errors: 32 }
    }
}

/// Reads a document under the default [`Limits`].
///
/// A byte order mark is dropped and line endings become line feeds before anything else; all offsets are those of the
/// text after that.
///
/// # Errors
///
/// [`Errors`] lists what is wrong with the text, in order.
pub fn parse(source: &str) -> Result<Document, Errors> {
    parse_within(source, &Limits::default())
}

/// Reads a document under other limits than the default.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_within(source: &str, limits: &Limits) -> Result<Document, Errors> {
    let source = normalise(source);
    let mut reader = Reader {
        source: &source,
        bytes: source.as_bytes(),
        at: 0,
        depth: limits.depth.min(512),
        most_errors: limits.errors.max(1),
        open: Vec::new(),
        nodes: Vec::new(),
        attributes: Vec::new(),
        root: None,
        problems: Vec::new(),
        wasted: 0,
    };
    // A stop has said why in the list of problems.
    let _ = reader.document();
    let (root, mut problems) = (reader.root, reader.problems);
    let lines = Lines::of(&source);
    match root {
        Some(root) if problems.is_empty() => Ok(Document { source, root, lines }),
        _ => {
            problems.sort_by_key(|problem| problem.0);
            let place = |(offset, message)| Error { offset, position: lines.position(&source, offset), message };
            Err(Errors(problems.into_iter().map(place).collect()))
        }
    }
}

fn normalise(source: &str) -> String {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    if source.contains('\r') { source.replace("\r\n", "\n").replace('\r', "\n") } else { source.to_owned() }
}

/// Reading cannot go on; the reason is among the problems.
pub(super) struct Stop;

pub(super) struct Open {
    pub(super) element: Element,
    pub(super) text: Option<Text>,
    /// Where its children begin among the nodes that have no parent yet.
    pub(super) first: usize,
    /// Whether only white space and comments have been seen in it.
    pub(super) leading: bool,
}

pub(super) struct Reader<'s> {
    pub(super) source: &'s str,
    pub(super) bytes: &'s [u8],
    pub(super) at: usize,
    pub(super) depth: usize,
    most_errors: usize,
    pub(super) open: Vec<Open>,
    /// Children of open elements.
    pub(super) nodes: Vec<Node>,
    /// The attributes of the tag that is being read.
    pub(super) attributes: Vec<Attribute>,
    pub(super) root: Option<Element>,
    problems: Vec<(usize, String)>,
    /// Bytes of scans that found no end: bounded, so that a text full of `@(` costs no more than its length.
    wasted: usize,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<(), Stop> {
        while self.at < self.bytes.len() {
            self.text()?;
            self.markup()?;
        }
        let end = self.bytes.len();
        if self.root.is_none() && self.open.is_empty() {
            self.problem(end, "there is no element".to_owned())?;
        }
        while let Some(open) = self.open.last() {
            let (offset, name) = (open.element.span.start, open.element.name.clone());
            self.close(end);
            self.problem(offset, format!("`<{name}>` is not closed: expected `</{name}>`"))?;
        }
        Ok(())
    }

    /// Takes text up to the next markup.
    fn text(&mut self) -> Result<(), Stop> {
        let start = self.at;
        while let Some(found) = self.bytes[self.at..].iter().position(|&byte| byte == b'<' || byte == b'@') {
            self.at += found;
            if self.bytes[self.at] == b'<' {
                if self.is_markup() {
                    return self.end_text(start);
                }
            } else if !self.open.is_empty() && expression::starts_at(self.bytes, self.at) && self.expression(start)? {
                continue;
            }
            self.at += 1;
        }
        self.at = self.bytes.len();
        self.end_text(start)
    }

    fn end_text(&mut self, start: usize) -> Result<(), Stop> {
        let span = Span::new(start, self.at);
        if span.is_empty() {
            return Ok(());
        }
        let blank = self.bytes[span.range()].iter().all(|&byte| is_white(byte));
        match self.open.last_mut() {
            Some(open) => {
                open.leading &= blank;
                open.text.get_or_insert_with(|| Text::empty(start)).push(Piece { span, kind: PieceKind::Text });
                Ok(())
            }
            None if blank => Ok(()),
            None => {
                let place = start + self.bytes[start..].iter().position(|&byte| !is_white(byte)).unwrap_or_default();
                self.problem(place, "text outside the outermost element: expected an element".to_owned())
            }
        }
    }

    /// At `@(` or `@{` in text that began at `start`: moves behind the expression if there is one.
    fn expression(&mut self, start: usize) -> Result<bool, Stop> {
        let leading = self.open.last().is_some_and(|open| open.leading)
            && self.bytes[start..self.at].iter().all(|&byte| is_white(byte));
        match self.expression_end(Some)? {
            Ok(end) => {
                self.at = end;
                Ok(true)
            }
            Err(message) => {
                if leading {
                    self.problem(self.at, message)?;
                    let name = self.open.last().map(|open| open.element.name.clone()).unwrap_or_default();
                    let found = self.source[self.at..].find(&format!("</{name}")).ok_or(Stop)?;
                    self.at += found;
                }
                Ok(leading)
            }
        }
    }

    /// The end of the expression that starts here, if `accept` makes something of what follows it; else what is wrong.
    pub(super) fn expression_end(
        &mut self,
        accept: impl Fn(usize) -> Option<usize>,
    ) -> Result<Result<usize, String>, Stop> {
        let mut problem = None;
        for entities in [Entities::Decoded, Entities::Kept] {
            let reached = match expression::scan(self.source, self.at, entities) {
                Ok(end) => match accept(end) {
                    Some(end) => return Ok(Ok(end)),
                    None => {
                        problem.get_or_insert_with(|| "expected the closing quote behind the expression".to_owned());
                        end
                    }
                },
                Err(error) => {
                    problem.get_or_insert_with(|| error.to_string());
                    error.offset
                }
            };
            self.wasted += reached - self.at;
            if self.wasted > 8 * self.bytes.len() + 4096 {
                self.problem(self.at, "too many expressions that do not end".to_owned())?;
                return Err(Stop);
            }
            if !self.bytes[self.at..reached].contains(&b'&') {
                break;
            }
        }
        Ok(Err(problem.unwrap_or_default()))
    }

    /// Whether the `<` here begins markup; otherwise it is text.
    fn is_markup(&self) -> bool {
        let rest = &self.bytes[self.at + 1..];
        match rest.first() {
            Some(b'/' | b'?') => true,
            Some(b'!') => rest.starts_with(b"!--") || rest.starts_with(b"![CDATA[") || is_doctype(rest),
            Some(&byte) => starts_name(byte),
            None => false,
        }
    }

    fn markup(&mut self) -> Result<(), Stop> {
        let Some(rest) = self.bytes.get(self.at + 1..) else { return Ok(()) };
        match rest.first() {
            Some(b'/') => self.end_tag(),
            Some(b'?') => self.skip_to("?>", "processing instruction").map(drop),
            Some(b'!') if rest.starts_with(b"!--") => self.skip_to("-->", "comment").map(drop),
            Some(b'!') if rest.starts_with(b"![CDATA[") => self.cdata(),
            Some(b'!') => {
                self.problem(self.at, "a document type is not allowed: remove `<!DOCTYPE>`".to_owned())?;
                self.skip_to(">", "document type").map(drop)
            }
            _ => self.start_tag(),
        }
    }

    /// Moves behind the next `end` and returns the offset of that `end`.
    fn skip_to(&mut self, end: &str, what: &str) -> Result<usize, Stop> {
        // `<!-->` is not a whole comment: the end is looked for behind the opening.
        let from = self.at + if end == "-->" { 4 } else { 2 };
        match self.source.get(from..).and_then(|rest| rest.find(end)) {
            Some(found) => {
                self.at = from + found + end.len();
                Ok(from + found)
            }
            None => {
                self.problem(self.at, format!("the {what} is not closed: expected `{end}`"))?;
                Err(Stop)
            }
        }
    }

    fn cdata(&mut self) -> Result<(), Stop> {
        let start = self.at;
        let end = self.skip_to("]]>", "CDATA section")?;
        let piece = Piece { span: Span::new(start + "<![CDATA[".len(), end), kind: PieceKind::Verbatim };
        match self.open.last_mut() {
            Some(open) => {
                open.leading = false;
                open.text.get_or_insert_with(|| Text::empty(start)).push(piece);
                Ok(())
            }
            None => self.problem(start, "CDATA outside the outermost element: expected an element".to_owned()),
        }
    }

    fn end_tag(&mut self) -> Result<(), Stop> {
        let start = self.at;
        self.at += 2;
        let name_span = self.name();
        let name = &self.source[name_span.range()];
        self.skip_white();
        if self.bytes.get(self.at) == Some(&b'>') {
            self.at += 1;
        } else {
            self.problem(start, format!("end tag `</{name}` is not closed: expected `>`"))?;
            self.skip_to(">", "end tag")?;
        }
        if self.open.last().is_some_and(|open| &*open.element.name == name) {
            self.close(start);
            return Ok(());
        }
        let Some(depth) = self.open.iter().rposition(|open| &*open.element.name == name) else {
            return match self.open.last() {
                Some(open) => {
                    let expected = open.element.name.clone();
                    self.problem(start, format!("`</{name}>` closes nothing: expected `</{expected}>`"))
                }
                None => self.problem(start, format!("`</{name}>` closes nothing: expected an element")),
            };
        };
        while self.open.len() > depth + 1 {
            if let Some(open) = self.open.last() {
                let (offset, inner) = (open.element.span.start, open.element.name.clone());
                self.problem(offset, format!("`<{inner}>` is not closed: expected `</{inner}>` before `</{name}>`"))?;
            }
            self.close(start);
        }
        self.close(start);
        Ok(())
    }

    /// Takes the innermost element off the stack; its content ends at `end`.
    pub(super) fn close(&mut self, end: usize) {
        let Some(Open { mut element, text, first, .. }) = self.open.pop() else { return };
        element.inner.end = end.max(element.inner.start);
        let has_children = self.nodes.len() > first;
        if let Some(text) = text.filter(|text| !has_children || !is_padding(text, self.bytes)) {
            self.nodes.push(Node::Text(text));
        }
        element.children = self.nodes.drain(first..).collect();
        if self.open.is_empty() {
            self.root.get_or_insert(element);
        } else {
            self.nodes.push(Node::Element(element));
        }
    }

    pub(super) fn name(&mut self) -> Span {
        let start = self.at;
        let rest = &self.bytes[start.min(self.bytes.len())..];
        self.at = start + rest.iter().position(|&byte| !continues_name(byte)).unwrap_or(rest.len());
        Span::new(start, self.at)
    }

    pub(super) fn skip_white(&mut self) -> bool {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(|&byte| is_white(byte)) {
            self.at += 1;
        }
        self.at > start
    }

    pub(super) fn problem(&mut self, offset: usize, message: String) -> Result<(), Stop> {
        self.problems.push((offset, message));
        if self.problems.len() < self.most_errors { Ok(()) } else { Err(Stop) }
    }
}

/// Whether a text is white space that was not asked for with CDATA.
pub(super) fn is_padding(text: &Text, bytes: &[u8]) -> bool {
    let blank = |piece: Piece| bytes[piece.span.range()].iter().all(|&byte| is_white(byte));
    text.pieces().all(|piece| piece.kind == PieceKind::Text && blank(piece))
}

pub(super) fn starts_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

pub(super) fn continues_name(byte: u8) -> bool {
    NAME[usize::from(byte)]
}

const NAME: [bool; 256] = {
    let mut name = [true; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        name[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'-');
        byte += 1;
    }
    name
};

fn is_doctype(rest: &[u8]) -> bool {
    rest.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"!DOCTYPE"))
}
