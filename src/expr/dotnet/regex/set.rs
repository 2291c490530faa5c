//! Sets of UTF-16 units, for character classes.

use std::sync::LazyLock;

use super::super::chars::{self, CATEGORIES, Category};

/// A set of units as sorted ranges that do not touch, with the ASCII part as bits.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Set {
    ranges: Vec<(u16, u16)>,
    ascii: u128,
}

impl Set {
    pub fn from_ranges(mut ranges: Vec<(u16, u16)>) -> Self {
        ranges.sort_unstable();
        let mut merged: Vec<(u16, u16)> = Vec::with_capacity(ranges.len());
        for (start, end) in ranges {
            match merged.last_mut() {
                Some(last) if u32::from(start) <= u32::from(last.1) + 1 => last.1 = last.1.max(end),
                _ => merged.push((start, end)),
            }
        }
        let mut set = Self { ranges: merged, ascii: 0 };
        for unit in 0..128u16 {
            if set.search(unit) {
                set.ascii |= 1 << unit;
            }
        }
        set
    }

    pub fn unit(unit: u16) -> Self {
        Self::from_ranges(vec![(unit, unit)])
    }

    /// The unit in both cases.
    pub fn unit_ignoring_case(unit: u16) -> Self {
        Self::from_ranges([unit, chars::to_lower(unit), chars::to_upper(unit)].map(|u| (u, u)).to_vec())
    }

    fn filter(test: impl Fn(u16) -> bool) -> Self {
        let mut ranges: Vec<(u16, u16)> = Vec::new();
        for unit in 0..=u16::MAX {
            if test(unit) {
                match ranges.last_mut() {
                    Some(last) if u32::from(last.1) + 1 == u32::from(unit) => last.1 = unit,
                    _ => ranges.push((unit, unit)),
                }
            }
        }
        Self::from_ranges(ranges)
    }

    pub fn contains(&self, unit: u16) -> bool {
        if unit < 128 { self.ascii >> unit & 1 == 1 } else { self.search(unit) }
    }

    fn search(&self, unit: u16) -> bool {
        let at = self.ranges.partition_point(|&(_, end)| end < unit);
        self.ranges.get(at).is_some_and(|&(start, _)| start <= unit)
    }

    pub fn ranges(&self) -> &[(u16, u16)] {
        &self.ranges
    }

    /// The only unit, when there is just one.
    pub fn single(&self) -> Option<u16> {
        match self.ranges.as_slice() {
            [(start, end)] if start == end => Some(*start),
            _ => None,
        }
    }

    pub fn union(&self, other: &Self) -> Self {
        Self::from_ranges([self.ranges.as_slice(), &other.ranges].concat())
    }

    pub fn negate(&self) -> Self {
        let mut ranges = Vec::with_capacity(self.ranges.len() + 1);
        let mut next = 0u32;
        for &(start, end) in &self.ranges {
            if next < u32::from(start) {
                ranges.push((next as u16, start - 1));
            }
            next = u32::from(end) + 1;
        }
        if next <= 0xFFFF {
            ranges.push((next as u16, 0xFFFF));
        }
        Self::from_ranges(ranges)
    }

    pub fn subtract(&self, other: &Self) -> Self {
        self.negate().union(other).negate()
    }

    /// All units, or all but the line feed.
    pub fn any(with_line_feed: bool) -> Self {
        let none = Self::default();
        if with_line_feed { none.negate() } else { Self::unit(u16::from(b'\n')).negate() }
    }

    /// `\d`
    pub fn digits(ecma: bool) -> Self {
        static UNICODE: LazyLock<Set> = LazyLock::new(|| Set::filter(chars::is_digit));
        if ecma { Self::from_ranges(vec![(48, 57)]) } else { UNICODE.clone() }
    }

    /// `\w`
    pub fn word(ecma: bool) -> Self {
        if ecma { Self::from_ranges(vec![(48, 57), (65, 90), (95, 95), (97, 122)]) } else { WORD.clone() }
    }

    /// `\s`
    pub fn space(ecma: bool) -> Self {
        static UNICODE: LazyLock<Set> = LazyLock::new(|| Set::filter(chars::is_white_space));
        if ecma { Self::from_ranges(vec![(9, 13), (32, 32)]) } else { UNICODE.clone() }
    }

    /// `\p{name}`: a category, a group of categories, or a block.
    pub fn named(name: &str) -> Option<Self> {
        if let Some(&(_, start, end)) = BLOCKS.iter().find(|(block, ..)| *block == name) {
            return Some(Self::from_ranges(vec![(start, end)]));
        }
        let wanted: Vec<Category> = CATEGORIES
            .iter()
            .filter(|(known, _)| *known == name || (name.len() == 1 && known.starts_with(name)))
            .map(|&(_, category)| category)
            .collect();
        (!wanted.is_empty()).then(|| Self::filter(|unit| wanted.contains(&chars::category(unit))))
    }
}

static WORD: LazyLock<Set> = LazyLock::new(|| {
    Set::filter(|unit| {
        chars::is_letter_or_digit(unit) || matches!(chars::category(unit), Category::Mn | Category::Mc | Category::Pc)
    })
});

/// Whether a unit counts as part of a word for `\b`.
pub(super) fn is_boundary_word(unit: u16, ecma: bool) -> bool {
    match unit {
        0..128 => (unit as u8).is_ascii_alphanumeric() || unit == u16::from(b'_'),
        _ if ecma => false,
        0x200C | 0x200D => true,
        _ => WORD.contains(unit),
    }
}

#[rustfmt::skip]
const BLOCKS: &[(&str, u16, u16)] = &[
    ("IsBasicLatin", 0x0000, 0x007F), ("IsLatin-1Supplement", 0x0080, 0x00FF), ("IsLatinExtended-A", 0x0100, 0x017F),
    ("IsLatinExtended-B", 0x0180, 0x024F), ("IsIPAExtensions", 0x0250, 0x02AF),
    ("IsSpacingModifierLetters", 0x02B0, 0x02FF), ("IsCombiningDiacriticalMarks", 0x0300, 0x036F),
    ("IsGreek", 0x0370, 0x03FF), ("IsGreekandCoptic", 0x0370, 0x03FF), ("IsCyrillic", 0x0400, 0x04FF),
    ("IsCyrillicSupplement", 0x0500, 0x052F), ("IsArmenian", 0x0530, 0x058F), ("IsHebrew", 0x0590, 0x05FF),
    ("IsArabic", 0x0600, 0x06FF), ("IsSyriac", 0x0700, 0x074F), ("IsThaana", 0x0780, 0x07BF),
    ("IsDevanagari", 0x0900, 0x097F), ("IsBengali", 0x0980, 0x09FF), ("IsGurmukhi", 0x0A00, 0x0A7F),
    ("IsGujarati", 0x0A80, 0x0AFF), ("IsTamil", 0x0B80, 0x0BFF), ("IsThai", 0x0E00, 0x0E7F),
    ("IsGeorgian", 0x10A0, 0x10FF), ("IsHangulJamo", 0x1100, 0x11FF), ("IsLatinExtendedAdditional", 0x1E00, 0x1EFF),
    ("IsGreekExtended", 0x1F00, 0x1FFF), ("IsGeneralPunctuation", 0x2000, 0x206F),
    ("IsSuperscriptsandSubscripts", 0x2070, 0x209F), ("IsCurrencySymbols", 0x20A0, 0x20CF),
    ("IsLetterlikeSymbols", 0x2100, 0x214F), ("IsNumberForms", 0x2150, 0x218F), ("IsArrows", 0x2190, 0x21FF),
    ("IsMathematicalOperators", 0x2200, 0x22FF), ("IsMiscellaneousTechnical", 0x2300, 0x23FF),
    ("IsBoxDrawing", 0x2500, 0x257F), ("IsGeometricShapes", 0x25A0, 0x25FF), ("IsMiscellaneousSymbols", 0x2600, 0x26FF),
    ("IsDingbats", 0x2700, 0x27BF), ("IsCJKSymbolsandPunctuation", 0x3000, 0x303F), ("IsHiragana", 0x3040, 0x309F),
    ("IsKatakana", 0x30A0, 0x30FF), ("IsBopomofo", 0x3100, 0x312F), ("IsCJKUnifiedIdeographs", 0x4E00, 0x9FFF),
    ("IsHangulSyllables", 0xAC00, 0xD7AF), ("IsHighSurrogates", 0xD800, 0xDB7F), ("IsLowSurrogates", 0xDC00, 0xDFFF),
    ("IsPrivateUse", 0xE000, 0xF8FF), ("IsHalfwidthandFullwidthForms", 0xFF00, 0xFFEF),
];
