//! Reads start tags and their attributes, whose quotes may hold quotes inside expressions.

use std::collections::HashSet;

use super::reader::{Open, Reader, Stop, continues_name, is_padding, starts_name};
use super::text::is_white;
use super::{Attribute, Element, Node, Span, Text, expression};

impl Reader<'_> {
    pub(super) fn start_tag(&mut self) -> Result<(), Stop> {
        let start = self.at;
        self.at += 1;
        let name_span = self.name();
        let name = &self.source[name_span.range()];
        if self.open.len() >= self.depth {
            self.problem(start, format!("elements are nested more than {} deep", self.depth))?;
            return Err(Stop);
        }
        if self.open.is_empty() && self.root.is_some() {
            self.problem(start, format!("`<{name}>` follows the outermost element: expected one outermost element"))?;
        }
        self.attributes.clear();
        let is_self_closing = loop {
            let spaced = self.skip_white();
            match self.bytes.get(self.at) {
                Some(b'>') => {
                    self.at += 1;
                    break false;
                }
                Some(b'/') if self.bytes.get(self.at + 1) == Some(&b'>') => {
                    self.at += 2;
                    break true;
                }
                Some(&byte) if starts_name(byte) => {
                    if !spaced {
                        self.problem(self.at, "expected white space before the attribute".to_owned())?;
                    }
                    let attribute = self.attribute()?;
                    self.attributes.extend(attribute);
                }
                Some(_) => {
                    let found = self.source[self.at..].chars().next().unwrap_or_default();
                    self.problem(self.at, format!("unexpected `{found}` in `<{name}>`: expected an attribute or `>`"))?;
                    self.skip_to_tag_end()?;
                }
                None => {
                    self.problem(start, format!("`<{name}` is not closed: expected `>`"))?;
                    return Err(Stop);
                }
            }
        };
        let attributes: Vec<_> = self.attributes.drain(..).collect();
        self.refuse_repeated(&attributes)?;
        let end = self.at;
        let element = Element {
            name: name.into(),
            span: Span::new(start, end),
            name_span,
            attributes,
            children: Vec::new(),
            inner: Span::new(end, end),
            is_self_closing,
        };
        if let Some(parent) = self.open.last_mut() {
            parent.leading = false;
            if let Some(text) = parent.text.take().filter(|text| !is_padding(text, self.bytes)) {
                self.nodes.push(Node::Text(text));
            }
        }
        self.open.push(Open { element, text: None, first: self.nodes.len(), leading: true });
        if is_self_closing {
            self.close(end);
        }
        Ok(())
    }

    /// One attribute; none when it is so broken that only its problem remains.
    fn attribute(&mut self) -> Result<Option<Attribute>, Stop> {
        let name_span = self.name();
        let name = &self.source[name_span.range()];
        self.skip_white();
        if self.bytes.get(self.at) != Some(&b'=') {
            self.problem(self.at, format!("attribute `{name}` has no value: expected `=`"))?;
            self.skip_to_tag_end()?;
            return Ok(None);
        }
        self.at += 1;
        self.skip_white();
        let quote = match self.bytes.get(self.at) {
            Some(&quote @ (b'"' | b'\'')) => quote,
            _ => {
                self.problem(self.at, format!("the value of attribute `{name}` has no quotes: expected `\"`"))?;
                self.skip_to_tag_end()?;
                return Ok(None);
            }
        };
        self.at += 1;
        let start = self.at;
        let end = self.attribute_end(name, quote)?;
        self.at = (end + 1).min(self.bytes.len());
        let span = Span::new(name_span.start, self.at);
        Ok(Some(Attribute { name: name.into(), span, value: Text::new(Span::new(start, end)) }))
    }

    /// The offset of the quote that ends the value that starts here.
    fn attribute_end(&mut self, name: &str, quote: u8) -> Result<usize, Stop> {
        let start = self.at;
        self.skip_white();
        if !expression::starts_at(self.bytes, self.at) {
            return match self.bytes[self.at..].iter().position(|&byte| byte == quote) {
                Some(found) => Ok(self.at + found),
                None => {
                    let quote = char::from(quote);
                    self.problem(start, format!("the value of attribute `{name}` is not closed: expected `{quote}`"))?;
                    Err(Stop)
                }
            };
        }
        let bytes = self.bytes;
        match self.expression_end(|end| quote_at(bytes, end, quote))? {
            Ok(end) => Ok(end),
            Err(message) => {
                self.problem(self.at, format!("attribute `{name}`: {message}"))?;
                self.find_value_end(quote)
            }
        }
    }

    /// After a broken expression: the next quote that looks like the end of a value, because the tag goes on behind it.
    fn find_value_end(&self, quote: u8) -> Result<usize, Stop> {
        let mut at = self.at;
        while let Some(found) = self.bytes[at..].iter().position(|&byte| byte == quote) {
            at += found + 1;
            let rest = self.bytes[at..].trim_ascii_start();
            let closes = rest.starts_with(b">") || rest.starts_with(b"/>");
            let continues =
                rest.len() < self.bytes.len() - at && rest.first().is_some_and(|&byte| starts_name(byte)) && {
                    let name = rest.iter().position(|&byte| !continues_name(byte)).unwrap_or(rest.len());
                    rest[name..].starts_with(b"=\"") || rest[name..].starts_with(b"='")
                };
            if closes || continues {
                return Ok(at - 1);
            }
        }
        Err(Stop)
    }

    fn refuse_repeated(&mut self, attributes: &[Attribute]) -> Result<(), Stop> {
        let mut seen = HashSet::new();
        for (index, attribute) in attributes.iter().enumerate() {
            // Few attributes are compared faster than hashed; many must not cost the square of their number.
            let is_repeated = match attributes.len() {
                0..=16 => attributes[..index].iter().any(|earlier| earlier.name == attribute.name),
                _ => !seen.insert(&*attribute.name),
            };
            if is_repeated {
                self.problem(attribute.span.start, format!("attribute `{}` is written twice", attribute.name))?;
            }
        }
        Ok(())
    }

    fn skip_to_tag_end(&mut self) -> Result<(), Stop> {
        let found = self.bytes[self.at..].iter().position(|&byte| byte == b'>').ok_or(Stop)?;
        self.at += found;
        if found > 0 && self.bytes[self.at - 1] == b'/' {
            self.at -= 1;
        }
        Ok(())
    }
}

/// The offset of the quote that stands at `end`, white space aside.
fn quote_at(bytes: &[u8], end: usize, quote: u8) -> Option<usize> {
    let found = end + bytes.get(end..)?.iter().position(|&byte| !is_white(byte))?;
    (bytes[found] == quote).then_some(found)
}
