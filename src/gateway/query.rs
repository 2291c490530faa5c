//! Reads the parameters of an encoded query string.

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// The values of the parameters named `name`, in order, decoded; names are compared without regard to case.
pub(super) fn values<'q>(query: &'q str, name: &str) -> impl Iterator<Item = Cow<'q, str>> {
    query.split('&').filter_map(move |item| {
        let (key, value) = item.split_once('=').unwrap_or((item, ""));
        is_name(key, name).then(|| decode(value))
    })
}

/// Whether the query has a parameter named `name`, with any value or none.
pub(super) fn has(query: &str, name: &str) -> bool {
    query.split('&').any(|item| is_name(item.split('=').next().unwrap_or_default(), name))
}

/// Percent-decodes a name or value of a query; `+` is a space.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let spaced = text.replace('+', " ");
    Cow::Owned(percent_decode(spaced.as_bytes()).decode_utf8_lossy().into_owned())
}

fn is_name(key: &str, name: &str) -> bool {
    if key.contains(['%', '+']) { decode(key).eq_ignore_ascii_case(name) } else { key.eq_ignore_ascii_case(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_in_any_case_and_decodes_values() {
        let query = "a=1&B=two+words&b=%2F&flag&%63=3&empty=";
        let all = |name| values(query, name).collect::<Vec<_>>();
        assert_eq!(all("A"), ["1"]);
        assert_eq!(all("b"), ["two words", "/"]);
        assert_eq!(all("flag"), [""]);
        assert_eq!(all("c"), ["3"]);
        assert_eq!(all("x"), [""; 0]);
        assert!(has(query, "EMPTY") && has(query, "flag") && !has(query, "1"));
        assert!(!has("", "a"));
    }
}
