//! References to named values in a text: `{{name}}`.

use std::iter::FusedIterator;
use std::ops::Range;

/// One `{{name}}` in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference<'a> {
    /// The name between the braces.
    pub name: &'a str,
    /// The bytes of the text that the reference takes, braces included.
    pub range: Range<usize>,
}

/// The references in a text, in order. Made by [`references`].
#[derive(Clone, Debug)]
pub struct References<'a> {
    text: &'a str,
    at: usize,
}

/// Finds the references to named values in `text`.
///
/// A reference is `{{`, one or more of `A-Z a-z 0-9 - . _`, and `}}`, without spaces. Anything else between braces is
/// ordinary text.
///
/// ```
/// use gatewright::secret::references;
///
/// let names: Vec<_> = references("{{a}}/{{ b }}/{{c.d-e}}").map(|found| found.name).collect();
/// assert_eq!(names, ["a", "c.d-e"]);
/// ```
pub fn references(text: &str) -> References<'_> {
    References { text, at: 0 }
}

impl<'a> Iterator for References<'a> {
    type Item = Reference<'a>;

    fn next(&mut self) -> Option<Reference<'a>> {
        loop {
            let rest = self.text.get(self.at..)?;
            let start = self.at + rest.find("{{")?;
            let inner = self.text.get(start + 2..)?;
            let length = inner.find(|c: char| !is_name(c)).unwrap_or(inner.len());
            let (name, after) = inner.split_at(length);
            if !name.is_empty() && after.starts_with("}}") {
                self.at = start + length + 4;
                return Some(Reference { name, range: start..self.at });
            }
            self.at = start + 1;
        }
    }
}

impl FusedIterator for References<'_> {}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn finds_names_by_the_grammar() {
        let cases: [(&str, &[&str]); 12] = [
            ("", &[]),
            ("{{a}}", &["a"]),
            ("x{{a}}y{{b}}z", &["a", "b"]),
            ("{{{a}}}", &["a"]),
            ("{{a}}}}", &["a"]),
            ("{{ a }}", &[]),
            ("{{}}", &[]),
            ("{{a}", &[]),
            ("{{a{{b}}", &["b"]),
            ("{{A-b.c_9}}", &["A-b.c_9"]),
            ("{{é}}{{a}}", &["a"]),
            ("{{a}}{{a}}", &["a", "a"]),
        ];
        for (text, names) in cases {
            assert_eq!(references(text).map(|r| r.name).collect::<Vec<_>>(), names, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_range_holds_its_reference(text in "[{}a. é-]{0,40}") {
            let mut end = 0;
            for found in references(&text) {
                prop_assert!(found.range.start >= end);
                let whole = format!("{{{{{}}}}}", found.name);
                prop_assert_eq!(text.get(found.range.clone()), Some(whole.as_str()));
                end = found.range.end;
            }
        }
    }
}
