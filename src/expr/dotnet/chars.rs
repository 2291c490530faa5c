//! Unicode categories and simple case mappings of UTF-16 units, as `System.Char` sees them.

use std::sync::LazyLock;

use regex_syntax::hir::{Class, HirKind};

/// A Unicode general category, in the order of `System.Globalization.UnicodeCategory`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[rustfmt::skip]
#[allow(missing_docs)]
pub enum Category { Lu, Ll, Lt, Lm, Lo, Mn, Mc, Me, Nd, Nl, No, Zs, Zl, Zp, Cc, Cf, Cs, Co, Pc, Pd, Ps, Pe, Pi, Pf, Po, Sm, Sc, Sk, So, Cn }

use Category::*;

/// All categories with their two-letter names.
pub const CATEGORIES: [(&str, Category); 30] = [
    ("Lu", Lu),
    ("Ll", Ll),
    ("Lt", Lt),
    ("Lm", Lm),
    ("Lo", Lo),
    ("Mn", Mn),
    ("Mc", Mc),
    ("Me", Me),
    ("Nd", Nd),
    ("Nl", Nl),
    ("No", No),
    ("Zs", Zs),
    ("Zl", Zl),
    ("Zp", Zp),
    ("Cc", Cc),
    ("Cf", Cf),
    ("Cs", Cs),
    ("Co", Co),
    ("Pc", Pc),
    ("Pd", Pd),
    ("Ps", Ps),
    ("Pe", Pe),
    ("Pi", Pi),
    ("Pf", Pf),
    ("Po", Po),
    ("Sm", Sm),
    ("Sc", Sc),
    ("Sk", Sk),
    ("So", So),
    ("Cn", Cn),
];

static TABLE: LazyLock<Vec<Category>> = LazyLock::new(|| {
    let mut table = vec![Cn; 0x1_0000];
    table[0xD800..0xE000].fill(Cs);
    for (name, category) in CATEGORIES {
        if matches!(category, Cs | Cn) {
            continue;
        }
        let parsed = regex_syntax::parse(&format!(r"\p{{{name}}}"));
        let Ok(HirKind::Class(Class::Unicode(class))) = parsed.map(|hir| hir.into_kind()) else { continue };
        for range in class.ranges() {
            let (start, end) = (range.start() as usize, (range.end() as usize).min(0xFFFF));
            if start <= end {
                table[start..=end].fill(category);
            }
        }
    }
    table
});

/// The category of a unit.
pub fn category(unit: u16) -> Category {
    TABLE[usize::from(unit)]
}

/// `char.IsLetter`.
pub fn is_letter(unit: u16) -> bool {
    matches!(category(unit), Lu | Ll | Lt | Lm | Lo)
}

/// `char.IsDigit`.
pub fn is_digit(unit: u16) -> bool {
    category(unit) == Nd
}

/// `char.IsLetterOrDigit`.
pub fn is_letter_or_digit(unit: u16) -> bool {
    is_letter(unit) || is_digit(unit)
}

/// `char.IsNumber`.
pub fn is_number(unit: u16) -> bool {
    matches!(category(unit), Nd | Nl | No)
}

/// `char.IsPunctuation`.
pub fn is_punctuation(unit: u16) -> bool {
    matches!(category(unit), Pc | Pd | Ps | Pe | Pi | Pf | Po)
}

/// `char.IsSymbol`.
pub fn is_symbol(unit: u16) -> bool {
    matches!(category(unit), Sm | Sc | Sk | So)
}

/// `char.IsSeparator`.
pub fn is_separator(unit: u16) -> bool {
    matches!(category(unit), Zs | Zl | Zp)
}

/// `char.IsWhiteSpace`.
pub fn is_white_space(unit: u16) -> bool {
    matches!(unit, 9..=13 | 0x85) || is_separator(unit)
}

/// `char.IsControl`.
pub fn is_control(unit: u16) -> bool {
    category(unit) == Cc
}

/// `char.IsUpper`.
pub fn is_upper(unit: u16) -> bool {
    category(unit) == Lu
}

/// `char.IsLower`.
pub fn is_lower(unit: u16) -> bool {
    category(unit) == Ll
}

/// `char.GetNumericValue`: -1 when the unit is no number.
pub fn numeric_value(unit: u16) -> f64 {
    match unit {
        0xB2 => 2.0,
        0xB3 => 3.0,
        0xB9 => 1.0,
        0xBC => 0.25,
        0xBD => 0.5,
        0xBE => 0.75,
        0x2070 | 0x2074..=0x2079 => f64::from(unit - 0x2070),
        0x2080..=0x2089 => f64::from(unit - 0x2080),
        0x2160..=0x216B => f64::from(unit - 0x2160 + 1),
        0x2170..=0x217B => f64::from(unit - 0x2170 + 1),
        0x2460..=0x2473 => f64::from(unit - 0x2460 + 1),
        _ if is_digit(unit) => {
            // Digits come in runs of ten that start at zero.
            let before = (0..unit).rev().take_while(|&u| is_digit(u)).count();
            (before % 10) as f64
        }
        _ => -1.0,
    }
}

fn simple(unit: u16, mut mapped: impl Iterator<Item = char>) -> u16 {
    match (mapped.next(), mapped.next()) {
        (Some(single), None) => u16::try_from(u32::from(single)).unwrap_or(unit),
        _ => unit,
    }
}

/// The simple upper-case mapping of a unit.
pub fn to_upper(unit: u16) -> u16 {
    match unit {
        0..0x80 => u16::from((unit as u8).to_ascii_uppercase()),
        // The invariant culture leaves dotless i and long s alone.
        0x131 | 0x17F => unit,
        _ => char::from_u32(unit.into()).map_or(unit, |c| simple(unit, c.to_uppercase())),
    }
}

/// The simple lower-case mapping of a unit.
pub fn to_lower(unit: u16) -> u16 {
    match unit {
        0..0x80 => u16::from((unit as u8).to_ascii_lowercase()),
        0x130 | 0x212A | 0x2126 | 0x212B => unit,
        _ => char::from_u32(unit.into()).map_or(unit, |c| simple(unit, c.to_lowercase())),
    }
}

/// `ToUpper` of text.
pub fn upper_text(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_uppercase();
    }
    text.chars().map(|c| map_char(c, to_upper, |c| single(c, c.to_uppercase()))).collect()
}

/// `ToLower` of text.
pub fn lower_text(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().map(|c| map_char(c, to_lower, |c| single(c, c.to_lowercase()))).collect()
}

fn map_char(c: char, unit: fn(u16) -> u16, wide: impl Fn(char) -> char) -> char {
    match u16::try_from(u32::from(c)) {
        Ok(small) => char::from_u32(unit(small).into()).unwrap_or(c),
        Err(_) => wide(c),
    }
}

fn single(c: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(single), None) => single,
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classifies_units() {
        let unit = |c: char| c as u16;
        assert!(is_letter(unit('é')) && is_letter(unit('中')) && !is_letter(unit('ⅷ')) && is_number(unit('ⅷ')));
        assert!(is_digit(unit('٣')) && !is_digit(unit('²')) && is_number(unit('²')));
        assert!(is_punctuation(unit('!')) && is_punctuation(unit('_')) && !is_punctuation(unit('$')));
        assert!(is_symbol(unit('$')) && is_symbol(unit('+')));
        assert!(is_separator(unit(' ')) && !is_separator(unit('\t')) && is_white_space(unit('\t')));
        assert!(is_control(unit('\n')) && category(0xD800) == Cs && category(0xFFFF) == Cn);
        assert_eq!(numeric_value(unit('٣')), 3.0);
        assert_eq!(numeric_value(unit('7')), 7.0);
        assert_eq!(numeric_value(unit('½')), 0.5);
        assert_eq!(numeric_value(unit('a')), -1.0);
    }

    #[test]
    fn maps_case_one_to_one() {
        assert_eq!(upper_text("straße é ı"), "STRAßE É ı");
        assert_eq!(lower_text("ÉİA"), "éİa");
        assert_eq!(upper_text("𐐨"), "𐐀");
    }
}
