//! Comparison of strings: ordinal without case, and by the culture en-US.

use std::cmp::Ordering;

use unicode_normalization::UnicodeNormalization;

use super::chars;

/// `StringComparison.OrdinalIgnoreCase`: each unit by its simple upper case.
pub fn ordinal_ignore_case(a: &str, b: &str) -> Ordering {
    a.encode_utf16().map(chars::to_upper).cmp(b.encode_utf16().map(chars::to_upper))
}

/// Comparison in en-US: letters alphabetically, accents, then lower before upper case; punctuation before digits
/// before letters; hyphens and apostrophes count only between strings that are otherwise equal.
pub fn culture(a: &str, b: &str, ignore_case: bool) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    let same = common_prefix(a, b);
    let (a, b) = (a.get(same..).unwrap_or(a), b.get(same..).unwrap_or(b));
    weights(a)
        .cmp(weights(b))
        .then_with(|| accents(a).cmp(accents(b)))
        .then_with(|| if ignore_case { Ordering::Equal } else { capitals(a).cmp(capitals(b)) })
        .then_with(|| hyphens(a).cmp(hyphens(b)))
}

/// How many bytes of two texts [`culture`] reads more than once: those after what they have in common.
pub fn differing(a: &str, b: &str) -> usize {
    a.len().min(b.len()) - common_prefix(a, b)
}

/// How far both texts are the same, up to a place between two letters or digits of ASCII, where both can be cut.
fn common_prefix(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let chunks = a.chunks_exact(32).zip(b.chunks_exact(32)).take_while(|(a, b)| a == b).count() * 32;
    let rest = a.iter().zip(b).skip(chunks).take_while(|(a, b)| a == b).count();
    let plain = |at: usize| a.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let cut = (1..chunks + rest).rev().take(256).find(|at| plain(at - 1) && plain(*at));
    cut.unwrap_or(0)
}

const PUNCTUATION: &str = "_,;:!?.\"()[]{}@*/\\&#%`^+<=>|~$";

/// What a text is made of, in the order of its characters.
enum Element {
    /// In lower case, and whether it was a capital.
    Letter(char, bool),
    Accent(char),
    Hyphen(char),
}

fn elements(text: &str) -> impl Iterator<Item = Element> {
    text.nfd().flat_map(|c| {
        let pair = |a, b, capital| [Some(Element::Letter(a, capital)), Some(Element::Letter(b, capital))];
        let elements = match c {
            '-' | '\'' | '\u{AD}' => [Some(Element::Hyphen(c)), None],
            'ß' => pair('s', 's', false),
            'æ' | 'Æ' => pair('a', 'e', c == 'Æ'),
            '\0' | '\u{200B}'..='\u{200D}' | '\u{FEFF}' => [None, None],
            _ if is_mark(c) => [Some(Element::Accent(c)), None],
            _ => {
                let lower = c.to_lowercase().next().unwrap_or(c);
                [Some(Element::Letter(lower, lower != c)), None]
            }
        };
        elements.into_iter().flatten()
    })
}

fn weights(text: &str) -> impl Iterator<Item = (u8, u32)> {
    elements(text).filter_map(|element| match element {
        Element::Letter(lower, _) => Some(weight(lower)),
        _ => None,
    })
}

/// The accents of each letter; a zero stands before those of the next.
fn accents(text: &str) -> impl Iterator<Item = char> {
    elements(text)
        .filter_map(|element| match element {
            Element::Letter(..) => Some('\0'),
            Element::Accent(accent) => Some(accent),
            Element::Hyphen(_) => None,
        })
        .skip_while(|c| *c != '\0')
}

fn capitals(text: &str) -> impl Iterator<Item = bool> {
    elements(text).filter_map(|element| match element {
        Element::Letter(_, capital) => Some(capital),
        _ => None,
    })
}

/// Where hyphens and apostrophes stand, in letters.
fn hyphens(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut letters = 0;
    elements(text).filter_map(move |element| match element {
        Element::Letter(..) => {
            letters += 1;
            None
        }
        Element::Accent(_) => None,
        Element::Hyphen(hyphen) => Some((letters, hyphen)),
    })
}

fn weight(lower: char) -> (u8, u32) {
    match PUNCTUATION.find(lower) {
        Some(index) => (1, index as u32),
        None if lower.is_whitespace() || lower.is_control() => (0, lower.into()),
        None if lower.is_numeric() => (3, lower.into()),
        None if lower.is_alphabetic() => (4, lower.into()),
        None => (2, lower.into()),
    }
}

fn is_mark(c: char) -> bool {
    u16::try_from(u32::from(c)).is_ok_and(|unit| chars::category(unit) == chars::Category::Mn)
}

/// A Unicode normalization form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NormalizationForm {
    /// Canonical composition.
    C,
    /// Canonical decomposition.
    D,
    /// Compatibility composition.
    KC,
    /// Compatibility decomposition.
    KD,
}

impl NormalizationForm {
    /// The member of `System.Text.NormalizationForm` with a number.
    pub fn from_number(value: i32) -> Option<Self> {
        Some(match value {
            1 => Self::C,
            2 => Self::D,
            5 => Self::KC,
            6 => Self::KD,
            _ => return None,
        })
    }
}

/// `Normalize(form)`.
pub fn normalize(text: &str, form: NormalizationForm) -> String {
    match form {
        NormalizationForm::C => text.nfc().collect(),
        NormalizationForm::D => text.nfd().collect(),
        NormalizationForm::KC => text.nfkc().collect(),
        NormalizationForm::KD => text.nfkd().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn culture_puts_lower_first_and_letters_last() {
        let ordered = ["", " ", "_", ",", "0", "9", "a", "A", "ab", "aB", "b", "B", "co-op", "cop", "é", "ez"];
        for pair in ordered.windows(2) {
            assert_eq!(culture(pair[0], pair[1], false), Ordering::Less, "{pair:?}");
            assert_eq!(culture(pair[1], pair[0], false), Ordering::Greater, "{pair:?}");
        }
        assert_eq!(culture("Abc", "aBC", true), Ordering::Equal);
        assert_eq!(culture("straße", "strasse", true), Ordering::Equal);
        assert_eq!(culture("coop", "co-op", false), Ordering::Less);
        assert_eq!(culture("cafe\u{301}s", "cafes", false), Ordering::Greater, "an accent after what is the same");
        assert_eq!(culture("abcde-f", "abcdef", false), Ordering::Greater);
        assert_eq!(culture("abc-defx", "abc-defy", false), Ordering::Less);
    }

    #[test]
    fn ordinal_ignores_case_by_unit() {
        assert_eq!(ordinal_ignore_case("é", "É"), Ordering::Equal);
        assert_eq!(ordinal_ignore_case("straße", "STRASSE"), Ordering::Greater);
        assert_eq!(ordinal_ignore_case("_", "a"), Ordering::Greater);
    }
}
