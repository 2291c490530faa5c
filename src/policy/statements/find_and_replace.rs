//! `find-and-replace`: replaces text in the body.

use bytes::Bytes;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::{Exchange, Message};
use super::super::list::{Flow, Statement};
use super::super::media::MediaType;
use super::super::messages::{MessageBody, replace_body};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Spec};
use crate::expr::dotnet::encoding::Encoding;
use crate::xml::Element;

const FROM: Attribute = Attribute::required("from", "text").or_expression();
const TO: Attribute = Attribute::required("to", "text").or_expression();

pub(crate) const SPEC: Spec =
    Spec::new("find-and-replace", "Replaces all occurrences of a text in the body of the request or response.")
        .attributes(&[FROM, TO])
        .differences(&["An empty `from` changes nothing, which the trace says."]);

/// `find-and-replace`, compiled.
#[derive(Debug)]
pub(crate) struct FindAndReplace {
    message: Message,
    from: Setting<Option<String>>,
    to: Setting<Option<String>>,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let (from, to) = (compiler.setting(element, &FROM), compiler.setting(element, &TO));
    let message = Message::of(compiler.section);
    Some(step("find-and-replace", FindAndReplace { message, from: from?, to: to? }))
}

/// All occurrences of `from` replaced; none when there is no occurrence. `unit` is how many bytes a character takes at
/// least, so that nothing is found between two of them.
///
/// # Errors
///
/// When the result would be larger than `limit`.
fn replace(body: &[u8], from: &[u8], to: &[u8], unit: usize, limit: usize) -> Result<Option<Bytes>, TooLarge> {
    if from.is_empty() {
        return Ok(None);
    }
    let places: Vec<usize> = match (std::str::from_utf8(body), std::str::from_utf8(from)) {
        // The search of the standard library is faster than ours, and safe where all is UTF-8.
        (Ok(body), Ok(from)) if unit == 1 => body.match_indices(from).map(|(at, _)| at).collect(),
        _ => places(body, from, unit),
    };
    if places.is_empty() {
        return Ok(None);
    }
    let length = body.len() - places.len() * from.len() + places.len().saturating_mul(to.len());
    if length > limit {
        return Err(TooLarge);
    }
    let mut out = Vec::with_capacity(length);
    let mut copied = 0;
    for at in places {
        out.extend_from_slice(body.get(copied..at).unwrap_or_default());
        out.extend_from_slice(to);
        copied = at + from.len();
    }
    out.extend_from_slice(body.get(copied..).unwrap_or_default());
    Ok(Some(out.into()))
}

#[derive(Debug, PartialEq, Eq)]
struct TooLarge;

/// Where `from` stands, occurrences that overlap an earlier one left out.
fn places(body: &[u8], from: &[u8], unit: usize) -> Vec<usize> {
    let mut places = Vec::new();
    let mut at = 0;
    while let Some(rest) = body.get(at..).filter(|rest| rest.len() >= from.len()) {
        if rest.starts_with(from) {
            places.push(at);
            at += from.len();
        } else {
            at += unit;
        }
    }
    places
}

impl Statement for FindAndReplace {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let from = self.from.get(exchange)?.into_owned().unwrap_or_default();
        let to = self.to.get(exchange)?.into_owned().unwrap_or_default();
        if from.is_empty() {
            exchange.warn("find-and-replace", "`from` is empty");
            return Ok(Flow::Continue);
        }
        let limit = exchange.settings.body_limit;
        let Some((body, headers)) = exchange.message(self.message) else { return Ok(Flow::Continue) };
        let MessageBody::Bytes(old) = body else { return Ok(Flow::Continue) };
        let new = match MediaType::of(headers).and_then(MediaType::encoding) {
            None | Some(Encoding::Utf8) => replace(old, from.as_bytes(), to.as_bytes(), 1, limit),
            Some(encoding) => {
                let unit = match encoding {
                    Encoding::Utf16 | Encoding::Utf16BigEndian => 2,
                    Encoding::Utf32 => 4,
                    _ => 1,
                };
                let searched = encoding.encode(&from);
                // What the charset cannot say is nowhere in the body.
                let is_there = encoding.decode(&searched) == *from;
                if is_there { replace(old, &searched, &encoding.encode(&to), unit, limit) } else { Ok(None) }
            }
        };
        if let Some(new) = new.map_err(|TooLarge| self.message.too_large(limit))? {
            replace_body(body, headers, new);
        }
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        self.message.body_needs() | self.from.needs() | self.to.needs()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(body: &str, from: &str, to: &str) -> Option<String> {
        let new = replace(body.as_bytes(), from.as_bytes(), to.as_bytes(), 1, 1000).unwrap();
        new.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[test]
    fn all_occurrences_are_replaced_once() {
        assert_eq!(run("aXbXc", "X", "XX").as_deref(), Some("aXXbXXc"));
        assert_eq!(run("aaa", "aa", "b").as_deref(), Some("ba"));
        assert_eq!(run("abc", "abc", "").as_deref(), Some(""));
        assert_eq!(run("ab", "abc", "x"), None);
        assert_eq!(run("", "a", "x"), None);
    }

    #[test]
    fn bytes_of_two_characters_are_not_found_as_one() {
        assert!(places(b"\0a\0b\0a", b"a\0", 2).is_empty());
        assert_eq!(places(b"a\0b\0a\0", b"a\0", 2), [0, 4]);
        assert_eq!(places(b"\xffaa", b"a", 1), [1, 2]);
    }

    #[test]
    fn a_result_that_is_too_large_is_refused() {
        assert_eq!(replace(&[b'a'; 100], b"a", &[b'b'; 100], 1, 9_999), Err(TooLarge));
    }

    proptest! {
        #[test]
        fn it_does_what_the_standard_library_does(body in "[ab\u{e9}]{0,30}", from in "[ab\u{e9}]{1,3}", to in "[abc]{0,3}") {
            let expected = body.replace(&from, &to);
            prop_assert_eq!(run(&body, &from, &to).unwrap_or(body.clone()), expected.clone());
            let bytes: Vec<u8> = places(body.as_bytes(), from.as_bytes(), 1).into_iter().map(|at| at as u8).collect();
            let theirs: Vec<u8> = body.match_indices(&from).map(|(at, _)| at as u8).collect();
            prop_assert_eq!(bytes, theirs);
        }
    }
}
