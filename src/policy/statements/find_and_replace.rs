//! `find-and-replace`: replaces text in the body.

use bytes::Bytes;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::{Exchange, Message, MessageBody, replace_body};
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Spec};
use crate::xml::Element;

const FROM: Attribute = Attribute::required("from", "text").or_expression();
const TO: Attribute = Attribute::required("to", "text").or_expression();

pub(crate) const SPEC: Spec =
    Spec::new("find-and-replace", "Replaces all occurrences of a text in the body of the request or response.")
        .attributes(&[FROM, TO]);

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

/// All occurrences of `from` replaced; none when there is no occurrence.
///
/// Works on the bytes as they are, so a body in any encoding that the text's characters share with UTF-8 stays valid.
fn replace(body: &[u8], from: &[u8], to: &[u8]) -> Option<Bytes> {
    let mut out = Vec::new();
    let (mut copied, mut at, mut found) = (0, 0, false);
    while at + from.len() <= body.len() {
        if body[at..].starts_with(from) {
            out.extend_from_slice(&body[copied..at]);
            out.extend_from_slice(to);
            at += from.len();
            copied = at;
            found = true;
        } else {
            // The next place where the first byte stands is the next that can match.
            at += 1 + body[at + 1..].iter().position(|byte| *byte == from[0]).unwrap_or(body.len() - at - 1);
        }
    }
    out.extend_from_slice(&body[copied..]);
    found.then(|| out.into())
}

impl Statement for FindAndReplace {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let from = self.from.get(exchange)?.into_owned().unwrap_or_default();
        let to = self.to.get(exchange)?.into_owned().unwrap_or_default();
        if from.is_empty() {
            tracing::debug!(target: "gatewright::policy", "find-and-replace: `from` is empty");
            return Ok(Flow::Continue);
        }
        let (body, headers) = match (self.message, &mut exchange.response) {
            (Message::Request, _) => (&mut exchange.request.body, &mut exchange.request.headers),
            (Message::Response, Some(response)) => (&mut response.body, &mut response.headers),
            (Message::Response, None) => return Ok(Flow::Continue),
        };
        let MessageBody::Bytes(old) = body else { return Ok(Flow::Continue) };
        if let Some(new) = replace(old, from.as_bytes(), to.as_bytes()) {
            replace_body(body, headers, new);
        }
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        let body = match self.message {
            Message::Request => Needs::REQUEST_BODY,
            Message::Response => Needs::RESPONSE_BODY,
        };
        body | self.from.needs() | self.to.needs()
    }
}

#[cfg(test)]
mod tests {
    use super::replace;

    #[test]
    fn all_occurrences_are_replaced_once() {
        let run = |body: &str, from: &str, to: &str| {
            replace(body.as_bytes(), from.as_bytes(), to.as_bytes()).map(|b| String::from_utf8(b.to_vec()).unwrap())
        };
        assert_eq!(run("aXbXc", "X", "XX").as_deref(), Some("aXXbXXc"));
        assert_eq!(run("aaa", "aa", "b").as_deref(), Some("ba"));
        assert_eq!(run("abc", "abc", "").as_deref(), Some(""));
        assert_eq!(run("ab", "abc", "x"), None);
        assert_eq!(run("", "a", "x"), None);
    }
}
