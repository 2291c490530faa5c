//! Form text, such as the query of a URL: its pairs, decoded.

use std::borrow::Cow;
use std::collections::HashMap;

use super::dotnet::chars;

/// The pairs of a form or a query (with or without its `?`), in order; a name without `=` has an empty value.
pub(crate) fn pairs(text: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    written(text).map(|(name, value)| (decode(name), decode(value)))
}

/// The values of a name, which is compared without case, in order.
pub(crate) fn values<'t>(text: &'t str, name: &str) -> impl Iterator<Item = Cow<'t, str>> {
    let folded = (!name.is_ascii()).then(|| chars::upper_text(name));
    let is_wanted = move |written: &str| match &folded {
        None => written.eq_ignore_ascii_case(name),
        Some(folded) => chars::upper_text(written) == *folded,
    };
    written(text).filter(move |(name, _)| is_wanted(&decode(name))).map(|(_, value)| decode(value))
}

/// The values of a name joined with `,`; borrowed when there is one and nothing of it is escaped.
pub(crate) fn joined<'t>(text: &'t str, name: &str) -> Option<Cow<'t, str>> {
    let mut values = values(text, name);
    let mut all = values.next()?;
    for more in values {
        let all = all.to_mut();
        all.push(',');
        all.push_str(&more);
    }
    Some(all)
}

/// All names, each once as it is first written, with their values, in order; names are compared without case.
pub(crate) fn groups(text: &str) -> Vec<(Cow<'_, str>, Vec<Cow<'_, str>>)> {
    let mut groups: Vec<(Cow<'_, str>, Vec<Cow<'_, str>>)> = Vec::new();
    let mut places = HashMap::new();
    for (name, value) in pairs(text) {
        let place = *places.entry(chars::upper_text(&name)).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, values)) => values.push(value),
            None => groups.push((name, vec![value])),
        }
    }
    groups
}

/// Decodes `+` and `%XX`.
pub(crate) fn decode(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(text);
    }
    let spaced = text.replace('+', " ");
    Cow::Owned(percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}

/// Names and values as they are written.
fn written(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = text.strip_prefix('?').unwrap_or(text).split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_found_by_decoded_names_without_case() {
        let query = "?Tag=a&page=2&%74ag=b+c&x&tag=%C3%A9&=d&&é=1&%c3%89=2";
        let of = |name| values(query, name).collect::<Vec<_>>();
        assert_eq!(of("tag"), ["a", "b c", "é"]);
        assert_eq!(of("X"), [""]);
        assert_eq!(of(""), ["d"]);
        assert_eq!(of("É"), ["1", "2"]);
        assert!(of("ta").is_empty());
        assert_eq!(joined(query, "TAG").as_deref(), Some("a,b c,é"));
        assert_eq!(joined(query, "none"), None);
    }

    #[test]
    fn one_plain_value_is_not_copied() {
        assert!(matches!(joined("?page=2&size=10", "SIZE"), Some(Cow::Borrowed("10"))));
        assert!(matches!(joined("?page=%32", "page"), Some(Cow::Owned(_))));
    }

    #[test]
    fn names_are_grouped_as_first_written() {
        let found = groups("B=1&a=2&b=3&A=4");
        assert_eq!(found, [("B".into(), vec!["1".into(), "3".into()]), ("a".into(), vec!["2".into(), "4".into()])]);
        assert!(groups("").is_empty() && groups("?").is_empty());
    }

    proptest! {
        #[test]
        fn groups_have_what_is_found_by_name(text in "[aAbéÉ%34+=&?]{0,40}") {
            let groups = groups(&text);
            for (name, values) in &groups {
                prop_assert_eq!(&super::values(&text, name).collect::<Vec<_>>(), values);
            }
            prop_assert_eq!(groups.iter().map(|(_, values)| values.len()).sum::<usize>(), pairs(&text).count());
        }

        #[test]
        fn any_text_is_read(text in ".{0,200}", name in ".{0,10}") {
            prop_assert_eq!(values(&text, &name).next().is_some(), joined(&text, &name).is_some());
        }
    }
}
