//! Where chance comes from: the system's source, or a sequence that a test fixes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Random bytes and numbers: `context.RequestId`, `Guid.NewGuid()`, `new Random()`, the delays of `retry`, and members of
/// pools that are drawn.
///
/// ```
/// use gatewright::random::Random;
///
/// assert_eq!(Random::seeded(7).fraction(), Random::seeded(7).fraction());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Random(Option<Arc<AtomicU64>>);

/// The odd number nearest to 2^64 divided by the golden ratio, the step of SplitMix64.
pub(crate) const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Random {
    /// The system's random source.
    pub fn system() -> Self {
        Self(None)
    }

    /// The same sequence for the same seed, for tests; clones go on with one sequence. Not for secrets.
    pub fn seeded(seed: u64) -> Self {
        Self(Some(Arc::new(AtomicU64::new(seed))))
    }

    /// Fills with random bytes; with zeros when the system has none to give.
    pub fn fill(&self, bytes: &mut [u8]) {
        let Some(state) = &self.0 else {
            if getrandom::fill(bytes).is_err() {
                bytes.fill(0);
            }
            return;
        };
        for chunk in bytes.chunks_mut(8) {
            let next = mix(state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP)).to_le_bytes();
            chunk.copy_from_slice(&next[..chunk.len()]);
        }
    }

    /// Any number.
    pub fn number(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// A number from 0 to 1.
    pub fn fraction(&self) -> f64 {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
    }
}

/// The output function of SplitMix64.
pub(crate) fn mix(state: u64) -> u64 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_fixes_the_sequence() {
        // The first outputs of SplitMix64 for the seed 0.
        let mut bytes = [0; 16];
        Random::seeded(0).fill(&mut bytes);
        assert_eq!(u128::from_le_bytes(bytes), 0x6e78_9e6a_a1b9_65f4_e220_a839_7b1d_cdaf);
        assert_eq!(Random::seeded(0).number(), 0xe220_a839_7b1d_cdaf);
        let (one, other) = (Random::seeded(1), Random::seeded(1));
        assert!((0..100).all(|_| one.fraction() == other.fraction()));
        assert!((0..100).all(|_| (0.0..=1.0).contains(&Random::system().fraction())));
    }
}
