//! A path segment that mixes text and parameters: `{id}.json`, `v{major}.{minor}`.

use std::ops::Range;

/// Text around one or more parameters, each of which takes at least one byte.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pattern {
    /// What comes before the first parameter.
    pub prefix: Box<[u8]>,
    /// What comes after each parameter; only the last may be empty.
    pub after: Box<[Box<[u8]>]>,
}

impl Pattern {
    /// Whether a decoded segment fits; `found` is told where each parameter is, up to the point where it does not.
    ///
    /// Each parameter takes as little as it can; the last takes the rest.
    pub fn matches(&self, segment: &[u8], mut found: impl FnMut(usize, Range<usize>)) -> bool {
        let Some((last, inner)) = self.after.split_last() else { return false };
        if !starts_with(segment, &self.prefix) {
            return false;
        }
        let mut at = self.prefix.len();
        for (index, text) in inner.iter().enumerate() {
            let Some(length) = find(segment.get(at + 1..).unwrap_or_default(), text) else { return false };
            let end = at + 1 + length;
            found(index, at..end);
            at = end + text.len();
        }
        let Some(end) = segment.len().checked_sub(last.len()) else { return false };
        let fits = end > at && segment.get(end..).is_some_and(|tail| tail.eq_ignore_ascii_case(last));
        if fits {
            found(inner.len(), at..end);
        }
        fits
    }

    /// The same pattern in lower case: patterns that match the same segments become equal.
    pub fn to_lower(&self) -> Self {
        let lower = |text: &[u8]| text.to_ascii_lowercase().into_boxed_slice();
        Self { prefix: lower(&self.prefix), after: self.after.iter().map(|text| lower(text)).collect() }
    }
}

fn starts_with(text: &[u8], prefix: &[u8]) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len().max(1)).position(|window| window.eq_ignore_ascii_case(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(prefix: &str, after: &[&str]) -> Pattern {
        Pattern { prefix: prefix.as_bytes().into(), after: after.iter().map(|text| text.as_bytes().into()).collect() }
    }

    fn values<'a>(pattern: &Pattern, segment: &'a str) -> Option<Vec<&'a str>> {
        let mut values = Vec::new();
        pattern.matches(segment.as_bytes(), |_, range| values.push(&segment[range])).then_some(values)
    }

    #[test]
    fn each_parameter_takes_as_little_as_it_can() {
        let cases: &[(&str, &[&str], &str, Option<&[&str]>)] = &[
            ("", &[".json"], "7.json", Some(&["7"])),
            ("", &[".json"], "7.JSON", Some(&["7"])),
            ("", &[".json"], ".json", None),
            ("", &[".json"], "a.json.json", Some(&["a.json"])),
            ("v", &[".", ""], "V1.2.3", Some(&["1", "2.3"])),
            ("v", &[".", ""], "v1.", None),
            ("v", &[".", ""], "v.1", None),
            ("", &["-", "-", ""], "--a-b-c", Some(&["-", "a", "b-c"])),
            ("(", &[")"], "(1)", Some(&["1"])),
            ("(", &[")"], "()", None),
            ("abc", &["abc"], "abcabc", None),
        ];
        for (prefix, after, segment, expected) in cases {
            assert_eq!(values(&pattern(prefix, after), segment).as_deref(), *expected, "{prefix} {after:?} {segment}");
        }
    }
}
