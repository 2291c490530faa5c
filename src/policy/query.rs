//! The query of the outgoing URL: parameters are changed one by one, the others keep their exact text.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What is not escaped in a query: RFC 3986's unreserved characters.
pub(crate) const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

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
    fn untouched_parameters_keep_their_text() {
        let kept: Vec<_> = parameters("a=%7e&&b=x+y&c").filter(|p| !is_named(p, "c")).collect();
        assert_eq!(join("/p", kept), "/p?a=%7e&b=x+y");
    }
}
