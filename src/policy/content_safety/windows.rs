//! Long texts, cut into windows that the service takes.

/// The most characters that the service takes at once.
pub(crate) const LARGEST: usize = 10_000;

/// How a text is cut: characters are those of .NET, UTF-16 units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Windows {
    size: usize,
    overlap: usize,
}

impl Windows {
    /// Windows of `size` characters, each beginning with the last `overlap` characters of the one before.
    pub(crate) fn new(size: usize, overlap: usize) -> Self {
        let size = size.clamp(1, LARGEST);
        Self { size, overlap: overlap.min(size - 1) }
    }

    /// How many characters a window has.
    pub(super) fn size(self) -> usize {
        self.size
    }

    /// The windows of a text.
    pub(super) fn of(self, text: &str) -> impl Iterator<Item = &str> {
        let mut rest = (!text.is_empty()).then_some(text);
        std::iter::from_fn(move || {
            let from = rest?;
            let window = first(from, self.size);
            rest = from.get(window.len()..).filter(|after| !after.is_empty()).and_then(|_| {
                // Each window begins at least one character behind the one before.
                let least = from.chars().next().map_or(1, char::len_utf8);
                from.get((window.len() - self.end_of(window).len()).max(least)..)
            });
            Some(window)
        })
    }

    /// What the next window repeats of a text.
    pub(super) fn end_of(self, text: &str) -> &str {
        let mut units = 0;
        let starts = text.char_indices().rev().take_while(|(_, c)| {
            units += c.len_utf16();
            units <= self.overlap
        });
        starts.last().map_or("", |(at, _)| text.get(at..).unwrap_or_default())
    }
}

/// The first characters of a text, one at least.
fn first(text: &str, size: usize) -> &str {
    let mut units = 0;
    let end = text.char_indices().enumerate().find(|(index, (_, c))| {
        units += c.len_utf16();
        *index > 0 && units > size
    });
    end.map_or(text, |(_, (at, _))| text.get(..at).unwrap_or_default())
}

/// How many characters a text has.
pub(super) fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_cut_with_and_without_overlap() {
        let cases: [(&str, usize, usize, &[&str]); 8] = [
            ("", 3, 0, &[]),
            ("abc", 3, 0, &["abc"]),
            ("abcdefg", 3, 0, &["abc", "def", "g"]),
            ("abcdefg", 3, 1, &["abc", "cde", "efg"]),
            ("abcdefg", 3, 2, &["abc", "bcd", "cde", "def", "efg"]),
            ("abcd", 2, 9, &["ab", "bc", "cd"]),
            ("a😀b", 2, 0, &["a", "😀", "b"]),
            ("😀😀", 1, 0, &["😀", "😀"]),
        ];
        for (text, size, overlap, expected) in cases {
            let found: Vec<_> = Windows::new(size, overlap).of(text).collect();
            assert_eq!(found, expected, "{text} {size} {overlap}");
        }
        assert_eq!(Windows::new(0, 0), Windows::new(1, 0));
        assert_eq!(Windows::new(20_000, 20_000).size(), LARGEST);
    }

    proptest! {
        #[test]
        fn windows_cover_the_text(text in "[a-c😀é]{0,40}", size in 1_usize..12, overlap in 0_usize..12) {
            let cut = Windows::new(size, overlap);
            let mut at = 0;
            for window in cut.of(&text) {
                let start = window.as_ptr() as usize - text.as_ptr() as usize;
                prop_assert!(start <= at && length(window) <= size.max(2));
                prop_assert!(start + window.len() >= at);
                at = start + window.len();
            }
            prop_assert_eq!(at, text.len());
        }
    }
}
