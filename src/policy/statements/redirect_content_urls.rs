//! `redirect-content-urls`: links of the body go through the gateway, or past it.

use std::fmt::Write as _;

use super::super::compile::{Compiler, step};
use super::super::context::Context;
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::{Exchange, Message};
use super::super::list::{Flow, Statement};
use super::super::media::{self, MediaType};
use super::super::messages::{MessageBody, replace_body};
use super::super::pipeline::Needs;
use super::super::spec::{Section, Spec};
use crate::expr::Url;
use crate::expr::dotnet::encoding::Encoding;
use crate::xml::Element;

pub(crate) const SPEC: Spec = Spec::new(
    "redirect-content-urls",
    "Rewrites links of the body: from the backend to the gateway in `outbound`, the other way in `inbound`.",
)
.sections(&[Section::Inbound, Section::Outbound])
.once()
.differences(&["Bodies of text, JSON, XML and JavaScript only."]);

/// `redirect-content-urls`, compiled.
#[derive(Debug)]
pub(crate) struct RedirectContentUrls(Message);

pub(crate) fn compile(compiler: &mut Compiler<'_>, _: &Element) -> Option<Node> {
    Some(step("redirect-content-urls", RedirectContentUrls(Message::of(compiler.section))))
}

/// A URL that links begin with: without a slash at its end.
#[derive(Debug)]
struct Base {
    scheme: String,
    authority: String,
    path: String,
}

impl Base {
    fn new(scheme: &str, authority: &str, path: &str) -> Self {
        let scheme = scheme.to_ascii_lowercase();
        let port = if scheme == "https" { ":443" } else { ":80" };
        let authority = authority.strip_suffix(port).unwrap_or(authority).to_owned();
        Self { scheme, authority, path: path.trim_end_matches('/').to_owned() }
    }

    /// How much of `text` is this URL, when it starts with it; `slash` is how slashes are written.
    fn matches(&self, text: &str, slash: &str) -> Option<usize> {
        let rest = strip(text, &self.scheme)?.strip_prefix(':')?.strip_prefix(slash)?.strip_prefix(slash)?;
        let rest = strip(rest, &self.authority)?;
        let port = if self.scheme == "https" { ":443" } else { ":80" };
        let rest = rest.strip_prefix(port).unwrap_or(rest);
        let rest = match slash {
            "/" => rest.strip_prefix(&*self.path)?,
            _ => rest.strip_prefix(&*self.path.replace('/', slash))?,
        };
        let ends = rest.is_empty()
            || rest.starts_with(|c: char| "/?#\"'<>)]".contains(c) || c.is_whitespace())
            || rest.starts_with("\\/");
        ends.then(|| text.len() - rest.len())
    }

    fn write(&self, slash: &str, out: &mut String) {
        // INVARIANT: writing to a String does not fail.
        let _ = write!(out, "{}:{slash}{slash}{}{}", self.scheme, self.authority, self.path.replace('/', slash));
    }
}

/// The rest of a text that starts with another, ASCII case aside.
fn strip<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(start.len())?;
    head.eq_ignore_ascii_case(start).then_some(rest)
}

/// Replaces one URL by another where it is not part of a longer one; none when it is nowhere.
fn redirect(text: &str, from: &Base, to: &Base) -> Option<String> {
    let mut out = String::new();
    let mut copied = 0;
    for (colon, _) in text.match_indices(':') {
        let Some(start) = colon.checked_sub(from.scheme.len()).filter(|start| *start >= copied) else { continue };
        let slash = match text.as_bytes().get(colon + 1) {
            Some(b'/') => "/",
            Some(b'\\') => "\\/",
            _ => continue,
        };
        let Some(rest) = text.get(start..) else { continue };
        let is_inside = text.get(..start).is_some_and(|text| text.ends_with(|c: char| c.is_ascii_alphanumeric()));
        let Some(length) = from.matches(rest, slash).filter(|_| !is_inside) else { continue };
        out.push_str(text.get(copied..start).unwrap_or_default());
        to.write(slash, &mut out);
        copied = start + length;
    }
    if copied == 0 {
        return None;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Some(out)
}

impl Statement for RedirectContentUrls {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let whole = exchange.request.original_uri.path();
        let own_path = whole.get(..exchange.api_path_length).unwrap_or_default().to_owned();
        let context = Context::new(exchange);
        let Some(backend) = context.base() else { return Ok(Flow::Continue) };
        let backend = Base::new(backend.scheme().as_str(), backend.authority().as_str(), backend.path());
        let scheme = context.scheme(Url::Original).unwrap_or("http");
        let gateway = Base::new(scheme, context.authority(Url::Original).unwrap_or_default(), &own_path);
        if gateway.authority.is_empty() {
            return Ok(Flow::Continue);
        }
        let (from, to) = match self.0 {
            Message::Request => (&gateway, &backend),
            Message::Response => (&backend, &gateway),
        };
        let Some((body, headers)) = exchange.message(self.0) else { return Ok(Flow::Continue) };
        let MessageBody::Bytes(bytes) = body else { return Ok(Flow::Continue) };
        let media = MediaType::of(headers).filter(|media| media.is_text());
        let Some(media) = media else { return Ok(Flow::Continue) };
        let encoding = media.encoding().unwrap_or(Encoding::Utf8);
        let new = match (encoding, std::str::from_utf8(bytes)) {
            (Encoding::Utf8, Ok(text)) => redirect(text, from, to).map(String::into_bytes),
            // A body that is not in its charset is left alone: nothing of it may be lost.
            (Encoding::Utf8, Err(_)) => None,
            (encoding, _) => redirect(&media::text(bytes, headers), from, to).map(|text| encoding.encode(&text)),
        };
        if let Some(new) = new {
            replace_body(body, headers, new.into());
        }
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        self.0.body_needs() | Needs::REQUEST
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(text: &str) -> Option<String> {
        let from = Base::new("http", "Backend.example:80", "/v1/");
        redirect(text, &from, &Base::new("https", "gateway.example", "/orders"))
    }

    #[test]
    fn whole_urls_are_replaced_in_every_spelling() {
        let to = "https://gateway.example/orders";
        assert_eq!(run("<a href='http://backend.example/v1/x'>").unwrap(), format!("<a href='{to}/x'>"));
        assert_eq!(run("HTTP://BACKEND.EXAMPLE:80/v1?q").unwrap(), format!("{to}?q"));
        let escaped = run(r#"{"u":"http:\/\/backend.example\/v1\/x"}"#).unwrap();
        assert_eq!(escaped, r#"{"u":"https:\/\/gateway.example\/orders\/x"}"#);
        for other in [
            "http://backend.example/v12",
            "http://backend.example:8080/v1",
            "https://backend.example/v1",
            "xhttp://backend.example/v1",
            "http://backend.example/V1",
        ] {
            assert_eq!(run(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "[htp:/\\\\bé v1]{0,40}") {
            let _ = run(&text);
        }
    }
}
