//! Whether a caller has a kept response already: `If-None-Match` and `If-Modified-Since`.

use http::{HeaderMap, HeaderValue, header};

/// Whether a conditional GET is answered by 304, given the headers of the response that is kept (RFC 9110, section 13).
pub(crate) fn is_unchanged(request: &HeaderMap, response: &HeaderMap) -> bool {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    if request.contains_key(header::IF_NONE_MATCH) {
        let Some(tag) = response.get(header::ETAG).and_then(text) else { return false };
        let asked = request.get_all(header::IF_NONE_MATCH).into_iter().filter_map(text);
        return asked.into_iter().any(|list| list.trim() == "*" || tags(&list).any(|known| known == opaque(&tag)));
    }
    let Some(since) = request.get(header::IF_MODIFIED_SINCE) else { return false };
    let Some(modified) = response.get(header::LAST_MODIFIED) else { return false };
    match (seconds(since), seconds(modified)) {
        (Some(since), Some(modified)) => modified <= since,
        _ => false,
    }
}

/// The tags of a list, without `W/`: they are compared weakly.
fn tags(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = list;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let quoted = rest.strip_prefix("W/").unwrap_or(rest);
        let end = match quoted.strip_prefix('"') {
            Some(inner) => inner.find('"')? + 2,
            None => quoted.find(',').unwrap_or(quoted.len()),
        };
        let (tag, after) = quoted.split_at_checked(end)?;
        rest = after;
        Some(tag.trim()).filter(|tag| !tag.is_empty())
    })
}

fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

/// A date of HTTP in seconds since 1970.
fn seconds(value: &HeaderValue) -> Option<i64> {
    let text = value.to_str().ok()?;
    Some(jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?.as_second())
}

#[cfg(test)]
mod tests {
    use http::HeaderName;
    use proptest::prelude::*;

    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_bytes(value.as_bytes()).unwrap())])
    }

    #[test]
    fn tags_are_compared_weakly() {
        for (asked, tag, expected) in [
            ("\"a\"", "\"a\"", true),
            ("W/\"a\"", "\"a\"", true),
            ("\"a\"", "W/\"a\"", true),
            ("\"b\", \"a,c\" , W/\"a\"", "\"a\"", true),
            ("\"a,c\"", "\"a\"", false),
            ("*", "\"a\"", true),
            ("a", "\"a\"", false),
            ("plain", "plain", true),
            ("", "\"a\"", false),
            ("\"open", "\"open", false),
        ] {
            let (request, response) = (headers(header::IF_NONE_MATCH, asked), headers(header::ETAG, tag));
            assert_eq!(is_unchanged(&request, &response), expected, "{asked} {tag}");
        }
        assert!(!is_unchanged(&headers(header::IF_NONE_MATCH, "*"), &HeaderMap::new()));
    }

    #[test]
    fn dates_count_when_no_tag_is_asked_for() {
        let modified = headers(header::LAST_MODIFIED, "Fri, 15 Mar 2024 10:00:00 GMT");
        for (since, expected) in [
            ("Fri, 15 Mar 2024 10:00:00 GMT", true),
            ("Fri, 15 Mar 2024 10:00:01 GMT", true),
            ("Fri, 15 Mar 2024 09:59:59 GMT", false),
            ("yesterday", false),
        ] {
            let mut request = headers(header::IF_MODIFIED_SINCE, since);
            assert_eq!(is_unchanged(&request, &modified), expected, "{since}");
            request.insert(header::IF_NONE_MATCH, HeaderValue::from_static("\"a\""));
            assert!(!is_unchanged(&request, &modified), "{since}");
        }
    }

    proptest! {
        #[test]
        fn any_list_of_tags_ends(list in ".{0,60}") {
            prop_assert!(tags(&list).count() <= list.len());
        }
    }
}
