//! Reads path segments eight bytes at a time into keys that compare without regard to ASCII case.

/// Segments up to this length are held in their key; longer ones are hashed, and compared by text as well.
pub(super) const INLINE: u32 = 16;

const ONES: u64 = u64::MAX / 255;
const HIGH_BITS: u64 = ONES << 7;

/// The text of a segment with ASCII letters in lower case, or a hash of it when it is longer than [`INLINE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub low: u64,
    pub high: u64,
    pub len: u32,
}

impl Key {
    /// The key of a decoded segment.
    pub fn of(text: &[u8]) -> Self {
        read::<false>(text, 0).key
    }

    /// Spreads the key and the node it is looked up under over 64 bits.
    pub fn hash(&self, parent: u32) -> u64 {
        let left = self.low ^ 0x9e37_79b9_7f4a_7c15 ^ u64::from(parent).rotate_left(40);
        let right = self.high ^ 0xd6e8_feb8_6659_fd93 ^ u64::from(self.len);
        multiply(left, right ^ u64::from(parent))
    }
}

/// One segment of an encoded path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    /// The key of the text as it stands: of use when there is nothing to decode.
    pub key: Key,
    /// Where the segment ends: at a slash, or at the end of the path.
    pub end: usize,
    pub is_encoded: bool,
}

impl Segment {
    /// Reads from `start` to the next slash or the end; `start` is at most the length of the path.
    #[inline(always)]
    pub fn read(path: &[u8], start: usize) -> Self {
        read::<true>(path, start)
    }
}

/// Where the segment that begins at `start` ends.
#[inline(always)]
pub(super) fn end(path: &[u8], start: usize) -> usize {
    let mut at = start;
    loop {
        let (_, taken) = word::<true>(path, at);
        at += taken;
        if taken < 8 {
            return at;
        }
    }
}

#[inline(always)]
fn read<const STOP_AT_SLASH: bool>(text: &[u8], start: usize) -> Segment {
    let (low, taken) = word::<STOP_AT_SLASH>(text, start);
    if taken == 8 {
        return read_long::<STOP_AT_SLASH>(text, start, low);
    }
    let key = Key { low: to_lower(low), high: 0, len: taken as u32 };
    Segment { key, end: start + taken, is_encoded: has(low, b'%') }
}

fn read_long<const STOP_AT_SLASH: bool>(text: &[u8], start: usize, low: u64) -> Segment {
    let (high, mut taken) = word::<STOP_AT_SLASH>(text, start + 8);
    let mut is_encoded = has(low, b'%') || has(high, b'%');
    let (mut low, mut high, mut len) = (to_lower(low), to_lower(high), 8 + taken);
    while taken == 8 {
        let more;
        (more, taken) = word::<STOP_AT_SLASH>(text, start + len);
        if taken > 0 {
            is_encoded |= has(more, b'%');
            let more = to_lower(more);
            low = multiply(low ^ more, 0xa076_1d64_78bd_642f);
            high = multiply(high.rotate_left(29) ^ more, 0xe703_7ed1_a0b4_28db);
            len += taken;
        }
    }
    let key = Key { low, high, len: u32::try_from(len).unwrap_or(u32::MAX) };
    Segment { key, end: start + len, is_encoded }
}

/// Up to eight bytes from `at` on, zero beyond the end of the segment, and how many they are.
#[inline(always)]
fn word<const STOP_AT_SLASH: bool>(text: &[u8], at: usize) -> (u64, usize) {
    let rest = text.get(at..).unwrap_or_default();
    let (word, available) = match rest.first_chunk::<8>() {
        Some(chunk) => (u64::from_le_bytes(*chunk), 8),
        None => (last_word(text, rest), rest.len()),
    };
    let slash = if STOP_AT_SLASH { first(word, b'/') } else { 8 };
    let taken = slash.min(available);
    (if taken == 8 { word } else { word & ((1 << (8 * taken)) - 1) }, taken)
}

/// The fewer than eight bytes that end a text, without a loop when the text is long enough to read backwards.
#[inline(always)]
fn last_word(text: &[u8], rest: &[u8]) -> u64 {
    match (rest.len(), text.last_chunk::<8>()) {
        (0, _) => 0,
        (count, Some(chunk)) => u64::from_le_bytes(*chunk) >> (8 * (8 - count)),
        (_, None) => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// The bytes of `word` that equal `byte`, marked in their high bits; exact up to the first.
#[inline(always)]
fn marks(word: u64, byte: u8) -> u64 {
    let zero = word ^ (ONES * u64::from(byte));
    zero.wrapping_sub(ONES) & !zero & HIGH_BITS
}

#[inline(always)]
fn first(word: u64, byte: u8) -> usize {
    (marks(word, byte).trailing_zeros() / 8) as usize
}

#[inline(always)]
fn has(word: u64, byte: u8) -> bool {
    marks(word, byte) != 0
}

#[inline(always)]
fn to_lower(word: u64) -> u64 {
    let seven_bits = word & !HIGH_BITS;
    let above_z = seven_bits + ONES * u64::from(0x7f - b'Z');
    let from_a = seven_bits + ONES * u64::from(0x80 - b'A');
    word | ((from_a ^ above_z) & !word & HIGH_BITS) >> 2
}

#[inline(always)]
fn multiply(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn reads_what_a_split_at_slashes_gives(path in "[a-zA-Z%/@\\[`{é]{0,60}") {
            let mut start = 0;
            for piece in path.split('/') {
                let segment = Segment::read(path.as_bytes(), start);
                prop_assert_eq!(segment.end - start, piece.len());
                prop_assert_eq!(segment.is_encoded, piece.contains('%'));
                prop_assert_eq!(segment.key, Key::of(piece.to_ascii_lowercase().as_bytes()));
                start = segment.end + 1;
            }
        }

        #[test]
        fn keys_of_short_texts_are_equal_only_for_equal_texts(a in "[a-cA-C\\x00é]{0,9}", b in "[a-cA-C\\x00é]{0,9}") {
            prop_assert_eq!(Key::of(a.as_bytes()) == Key::of(b.as_bytes()), a.eq_ignore_ascii_case(&b));
        }
    }
}
