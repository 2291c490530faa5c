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
    let (a, b) = (Key::of(a), Key::of(b));
    a.letters
        .cmp(&b.letters)
        .then_with(|| a.accents.cmp(&b.accents))
        .then_with(|| if ignore_case { Ordering::Equal } else { a.capitals.cmp(&b.capitals) })
        .then_with(|| a.hyphens.cmp(&b.hyphens))
}

/// Weights of a string, level by level.
#[derive(Default)]
struct Key {
    letters: Vec<(u8, u32)>,
    accents: Vec<Vec<char>>,
    capitals: Vec<bool>,
    /// Where hyphens and apostrophes stand.
    hyphens: Vec<(usize, char)>,
}

const PUNCTUATION: &str = "_,;:!?.\"()[]{}@*/\\&#%`^+<=>|~$";

impl Key {
    fn of(text: &str) -> Self {
        let mut key = Self::default();
        for c in text.nfd() {
            match c {
                '-' | '\'' | '\u{AD}' => key.hyphens.push((key.letters.len(), c)),
                'ß' => {
                    key.push('s', false);
                    key.push('s', false);
                }
                'æ' | 'Æ' => {
                    key.push('a', c == 'Æ');
                    key.push('e', c == 'Æ');
                }
                '\0' | '\u{200B}'..='\u{200D}' | '\u{FEFF}' => {}
                _ if is_mark(c) => {
                    if let Some(accents) = key.accents.last_mut() {
                        accents.push(c);
                    }
                }
                _ => {
                    let lower = c.to_lowercase().next().unwrap_or(c);
                    key.push(lower, lower != c);
                }
            }
        }
        key
    }

    fn push(&mut self, lower: char, capital: bool) {
        let weight = match PUNCTUATION.find(lower) {
            Some(index) => (1, index as u32),
            None if lower.is_whitespace() || lower.is_control() => (0, lower.into()),
            None if lower.is_numeric() => (3, lower.into()),
            None if lower.is_alphabetic() => (4, lower.into()),
            None => (2, lower.into()),
        };
        self.letters.push(weight);
        self.accents.push(Vec::new());
        self.capitals.push(capital);
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
    }

    #[test]
    fn ordinal_ignores_case_by_unit() {
        assert_eq!(ordinal_ignore_case("é", "É"), Ordering::Equal);
        assert_eq!(ordinal_ignore_case("straße", "STRASSE"), Ordering::Greater);
        assert_eq!(ordinal_ignore_case("_", "a"), Ordering::Greater);
    }
}
