//! The query of the outgoing URL: parameters are changed one by one, the others keep their exact text.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What is not escaped in a query: RFC 3986's unreserved characters.
pub(crate) const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What stands in no path and no query, but for braces, which .NET sends too, and bytes beyond ASCII.
const ILLEGAL: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'|');

/// A path and query in which everything is escaped that a URL cannot have; `%XX` stays as it is.
pub(crate) fn legal(text: &str) -> Cow<'_, str> {
    let is_escape = |rest: &[u8]| matches!(rest, [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
    let lone = |(at, _): &(usize, &str)| !is_escape(text.as_bytes().get(at + 1..).unwrap_or_default());
    let mut out = String::new();
    let mut copied = 0;
    for (at, _) in text.match_indices('%').filter(lone) {
        out.push_str(text.get(copied..at).unwrap_or_default());
        out.push_str("%25");
        copied = at + 1;
    }
    if copied == 0 {
        return utf8_percent_encode(text, ILLEGAL).into();
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    utf8_percent_encode(&out, ILLEGAL).to_string().into()
}

/// Escapes a name or value of a query.
pub(crate) fn encode(text: &str) -> impl std::fmt::Display {
    utf8_percent_encode(text, UNRESERVED)
}

/// Decodes `+` and `%XX`.
pub(crate) fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// Splits `path?query` at the first question mark.
pub(crate) fn split(rest: &str) -> (&str, &str) {
    rest.split_once('?').unwrap_or((rest, ""))
}

/// The parameters of a query as they are written.
pub(crate) fn parameters(query: &str) -> impl Iterator<Item = &str> {
    query.split('&').filter(|parameter| !parameter.is_empty())
}

/// Whether a written parameter has that name; names are compared without case.
pub(crate) fn is_named(parameter: &str, name: &str) -> bool {
    let written = parameter.split_once('=').map_or(parameter, |(name, _)| name);
    if written.contains(['%', '+']) {
        decode(written).to_lowercase() == name.to_lowercase()
    } else {
        written.eq_ignore_ascii_case(name)
    }
}

/// A path with the given parameters behind it.
pub(crate) fn join<'p>(path: &str, parameters: impl IntoIterator<Item = &'p str>) -> String {
    let mut out = path.to_owned();
    for (i, parameter) in parameters.into_iter().enumerate() {
        out.push(if i == 0 { '?' } else { '&' });
        out.push_str(parameter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_decoded_and_without_case() {
        assert!(is_named("Page=2", "page"));
        assert!(is_named("a%20b", "A b"));
        assert!(!is_named("pages=2", "page"));
    }

    #[test]
    fn what_a_url_cannot_have_is_escaped() {
        for (text, expected) in [
            ("/a/b?c=d&e=[f]", "/a/b?c=d&e=[f]"),
            ("/my files/é#x", "/my%20files/%C3%A9%23x"),
            ("/100%/%41%2f%zz%4", "/100%25/%41%2f%25zz%254"),
            ("/a\r\n\"<>\\^`|{b}", "/a%0D%0A%22%3C%3E%5C%5E%60%7C{b}"),
        ] {
            assert_eq!(legal(text), expected);
            assert!(http::uri::PathAndQuery::try_from(&*legal(text)).is_ok(), "{text}");
        }
    }

    #[test]
    fn untouched_parameters_keep_their_text() {
        let kept: Vec<_> = parameters("a=%7e&&b=x+y&c").filter(|p| !is_named(p, "c")).collect();
        assert_eq!(join("/p", kept), "/p?a=%7e&b=x+y");
    }
}
