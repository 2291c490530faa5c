//! Strings of .NET: sequences of UTF-16 units, held as UTF-8 where that loses nothing.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// An immutable .NET string; cheap to clone, constant-time indexing of ASCII text.
#[derive(Clone)]
pub struct Str(Repr);

#[derive(Clone)]
enum Repr {
    Ascii(Arc<str>),
    /// With the number of its UTF-16 units.
    Utf8(Arc<str>, u32),
    /// Text with a lone surrogate, which UTF-8 cannot hold.
    Wide(Arc<[u16]>),
}

impl Str {
    /// Text from UTF-16 units; lone surrogates are kept.
    pub fn from_utf16(units: &[u16]) -> Self {
        match String::from_utf16(units) {
            Ok(text) => Self::from(text),
            Err(_) => Self(Repr::Wide(units.into())),
        }
    }

    /// The text, with U+FFFD for lone surrogates.
    pub fn text(&self) -> Cow<'_, str> {
        match &self.0 {
            Repr::Ascii(s) | Repr::Utf8(s, _) => Cow::Borrowed(s),
            Repr::Wide(units) => Cow::Owned(String::from_utf16_lossy(units)),
        }
    }

    /// The text, when it has no lone surrogates.
    pub fn as_str(&self) -> Option<&str> {
        match &self.0 {
            Repr::Ascii(s) | Repr::Utf8(s, _) => Some(s),
            Repr::Wide(_) => None,
        }
    }

    /// The number of UTF-16 units: `string.Length`.
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Ascii(s) => s.len(),
            Repr::Utf8(_, units) => *units as usize,
            Repr::Wide(units) => units.len(),
        }
    }

    /// How many bytes it takes in memory.
    pub(crate) fn byte_len(&self) -> usize {
        match &self.0 {
            Repr::Ascii(s) | Repr::Utf8(s, _) => s.len(),
            Repr::Wide(units) => units.len() * 2,
        }
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Repr::Ascii(s) | Repr::Utf8(s, _) => s.is_empty(),
            Repr::Wide(units) => units.is_empty(),
        }
    }

    /// The UTF-16 unit at an index.
    pub fn unit(&self, index: usize) -> Option<u16> {
        match &self.0 {
            Repr::Ascii(s) => s.as_bytes().get(index).map(|b| u16::from(*b)),
            Repr::Utf8(s, _) => s.encode_utf16().nth(index),
            Repr::Wide(units) => units.get(index).copied(),
        }
    }

    /// All UTF-16 units.
    pub fn units(&self) -> Vec<u16> {
        match &self.0 {
            Repr::Ascii(s) | Repr::Utf8(s, _) => s.encode_utf16().collect(),
            Repr::Wide(units) => units.to_vec(),
        }
    }

    /// The units from `start`, `length` of them; None when out of range.
    pub fn slice(&self, start: usize, length: usize) -> Option<Self> {
        let end = start.checked_add(length)?;
        match &self.0 {
            Repr::Ascii(s) if start == 0 && end == s.len() => Some(self.clone()),
            Repr::Ascii(s) => s.get(start..end).map(|s| Self(Repr::Ascii(s.into()))),
            _ => self.units().get(start..end).map(Self::from_utf16),
        }
    }

    /// Whether every unit is ASCII, so that units and bytes are the same.
    pub fn is_ascii(&self) -> bool {
        matches!(self.0, Repr::Ascii(_))
    }

    /// Whether both are the same object.
    pub(crate) fn same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Ascii(a) | Repr::Utf8(a, _), Repr::Ascii(b) | Repr::Utf8(b, _)) => Arc::ptr_eq(a, b),
            (Repr::Wide(a), Repr::Wide(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// Compares unit by unit: `string.CompareOrdinal`.
    pub(crate) fn compare_ordinal(&self, other: &Self) -> std::cmp::Ordering {
        match (&self.0, &other.0) {
            (Repr::Ascii(a), Repr::Ascii(b)) => a.cmp(b),
            _ => self.units().cmp(&other.units()),
        }
    }
}

impl From<&str> for Str {
    fn from(text: &str) -> Self {
        Self(match units_of(text) {
            None => Repr::Ascii(text.into()),
            Some(units) => Repr::Utf8(text.into(), units),
        })
    }
}

impl From<String> for Str {
    fn from(text: String) -> Self {
        Self(match units_of(&text) {
            None => Repr::Ascii(text.into()),
            Some(units) => Repr::Utf8(text.into(), units),
        })
    }
}

/// The number of UTF-16 units; None for ASCII, where it is that of the bytes.
fn units_of(text: &str) -> Option<u32> {
    if text.is_ascii() {
        return None;
    }
    // Each character has one byte that does not continue it, and those of four bytes are two units.
    let units: usize = text.bytes().map(|byte| usize::from(byte & 0xc0 != 0x80) + usize::from(byte >= 0xf0)).sum();
    Some(u32::try_from(units).unwrap_or(u32::MAX))
}

impl From<Cow<'_, str>> for Str {
    fn from(text: Cow<'_, str>) -> Self {
        match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}

impl PartialEq for Str {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Ascii(a) | Repr::Utf8(a, _), Repr::Ascii(b) | Repr::Utf8(b, _)) => a == b,
            (Repr::Wide(a), Repr::Wide(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Str {}

impl PartialEq<str> for Str {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == Some(other)
    }
}

impl Hash for Str {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Repr::Ascii(s) | Repr::Utf8(s, _) => s.hash(state),
            Repr::Wide(units) => units.hash(state),
        }
    }
}

impl fmt::Display for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text(), f)
    }
}
