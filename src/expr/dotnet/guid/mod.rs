//! `System.Guid`: 16 bytes, compared field by field.

mod text;

/// `System.Guid`, in the order of its text (not of `ToByteArray`), so that derived comparison is .NET's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Guid(pub [u8; 16]);

impl Guid {
    /// `Guid.Empty`.
    pub const EMPTY: Self = Self([0; 16]);

    /// `new Guid(bytes)`: the first three fields are little-endian.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(swap_fields(bytes))
    }

    /// `ToByteArray()`.
    pub fn to_bytes(self) -> [u8; 16] {
        swap_fields(self.0)
    }

    /// A version 4 Guid from random bytes, as `Guid.NewGuid()` gives.
    pub fn from_random(mut bytes: [u8; 16]) -> Self {
        bytes[6] = bytes[6] & 0x0F | 0x40;
        bytes[8] = bytes[8] & 0x3F | 0x80;
        Self(bytes)
    }
}

fn swap_fields(mut b: [u8; 16]) -> [u8; 16] {
    b[0..4].reverse();
    b[4..6].reverse();
    b[6..8].reverse();
    b
}
