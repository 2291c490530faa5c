//! Consistent hashing: each key has all members in an order of its own, in which they stand in for each other.

use std::cmp::Ordering;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::hash_key::hash;
use super::schedule::Share;
use crate::random::{STEP, mix};

/// Keys fall into slots by the first bits of their hash. More slots are fairer, and take longer to make.
const BITS: u32 = 14;
/// The members of a slot that are kept; those behind them are found when they are needed.
const LISTED: usize = 4;
/// No list: the same member is not in one twice.
const UNKNOWN: u32 = 0;

/// Highest random weight hashing: in each slot a member has a random score, and the better the more weight it has; the best
/// one that serves takes the requests. Who comes or goes moves no keys but his own.
pub(super) struct Rendezvous {
    /// The best members of each slot, the best first, once a key of it was asked for: all of them take long to find, and a
    /// pool is made anew whenever an address of its members changes.
    slots: Box<[AtomicU32]>,
    members: Vec<Stake>,
}

struct Stake {
    identity: u64,
    weight: f64,
    /// A better priority comes first, and in it the members with a weight.
    rank: (u32, bool),
}

impl Rendezvous {
    /// Of members by name and share. Names in another case of letters are the same.
    pub(super) fn new(names: &[&str], shares: &[Share]) -> Self {
        let mut members: Vec<Stake> = Vec::with_capacity(shares.len());
        for (name, share) in names.iter().zip(shares) {
            let mut identity = hash(name.to_ascii_lowercase().as_bytes()).unwrap_or_default();
            while members.iter().any(|known| known.identity == identity) {
                identity = mix(identity.wrapping_add(STEP));
            }
            let (weight, rank) = (f64::from(share.weight.max(1)), (share.priority, share.weight == 0));
            members.push(Stake { identity, weight, rank });
        }
        Self { slots: (0..1_u32 << BITS).map(|_| AtomicU32::new(UNKNOWN)).collect(), members }
    }

    /// The member for the hash of a key, among those that serve.
    pub(super) fn choose(&self, key: u64, serves: impl Fn(usize) -> bool) -> Option<usize> {
        let slot = key >> (u64::BITS - BITS);
        let kept = self.slots.get(usize::try_from(slot).ok()?)?;
        let listed = match kept.load(Relaxed) {
            UNKNOWN => self.learn(slot, kept),
            known => known.to_le_bytes(),
        };
        let mut known = listed.into_iter().map(usize::from).filter(|member| *member < self.members.len());
        known.find(|member| serves(*member)).or_else(|| self.best(slot, serves))
    }

    /// Whoever does the same at the same time finds the same.
    #[cold]
    fn learn(&self, slot: u64, kept: &AtomicU32) -> [u8; LISTED] {
        let listed = self.listed(slot);
        kept.store(u32::from_le_bytes(listed), Relaxed);
        listed
    }

    fn best(&self, slot: u64, serves: impl Fn(usize) -> bool) -> Option<usize> {
        let serving = self.members.iter().enumerate().filter(|(member, _)| serves(*member));
        let places = serving.map(|(member, stake)| (member, stake.place(slot)));
        places.min_by(|a, b| by_place(a.1, b.1)).map(|(member, _)| member)
    }

    fn listed(&self, slot: u64) -> [u8; LISTED] {
        let mut best = [(u8::MAX, ((u32::MAX, true), f64::INFINITY)); LISTED];
        for (member, stake) in self.members.iter().enumerate() {
            let mut next = (u8::try_from(member).unwrap_or(u8::MAX), stake.place(slot));
            if best.last().is_some_and(|last| by_place(next.1, last.1).is_ge()) {
                continue;
            }
            for known in &mut best {
                if by_place(next.1, known.1).is_lt() {
                    std::mem::swap(known, &mut next);
                }
            }
        }
        best.map(|(member, _)| member)
    }
}

/// Rank and score: the least comes first.
type Place = ((u32, bool), f64);

fn by_place(a: Place, b: Place) -> Ordering {
    a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
}

impl Stake {
    /// The score is the time until an event that happens `weight` times as often, so that the least is distributed by weight.
    fn place(&self, slot: u64) -> Place {
        let drawn = mix(self.identity ^ mix(slot.wrapping_add(STEP)));
        // 53 bits, above zero.
        let fraction = ((drawn >> 11) + 1) as f64 / (1_u64 << 53) as f64;
        (self.rank, -fraction.ln() / self.weight)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys() -> impl Iterator<Item = u64> {
        // One in each slot.
        (0..1_u64 << BITS).map(|slot| slot << (u64::BITS - BITS))
    }

    fn made(shares: &[(u32, u32)]) -> Rendezvous {
        let names: Vec<_> = (0..shares.len()).map(|member| format!("member-{member}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        Rendezvous::new(
            &names,
            &shares.iter().map(|(priority, weight)| Share { priority: *priority, weight: *weight }).collect::<Vec<_>>(),
        )
    }

    #[test]
    fn each_member_has_its_share_of_the_keys() {
        let cases: [&[u32]; 4] = [&[1, 1, 1, 1], &[3, 1], &[80, 15, 5], &[1; 30]];
        for weights in cases {
            let table = made(&weights.iter().map(|weight| (1, *weight)).collect::<Vec<_>>());
            let mut counts = vec![0_u32; weights.len()];
            keys().for_each(|key| counts[table.choose(key, |_| true).unwrap()] += 1);
            for (count, weight) in counts.iter().zip(weights) {
                let due = f64::from(1 << BITS) * f64::from(*weight) / f64::from(weights.iter().sum::<u32>());
                // Four standard deviations of chance.
                assert!((f64::from(*count) - due).abs() < 4.0 * due.sqrt(), "{weights:?}: {count}, not {due}");
            }
        }
    }

    /// A pool is made where requests are served, too.
    #[test]
    fn nothing_is_worked_out_before_it_is_asked_for() {
        let table = made(&[(1, 1); 128]);
        assert!(table.slots.iter().all(|slot| slot.load(Relaxed) == UNKNOWN));
        let key = 7 << (u64::BITS - BITS);
        let first = table.choose(key, |_| true);
        let known: Vec<_> = table.slots.iter().map(|slot| slot.load(Relaxed)).collect();
        assert_eq!(known.iter().position(|known| *known != UNKNOWN), Some(7));
        assert_eq!(known.iter().filter(|known| **known != UNKNOWN).count(), 1);
        assert_eq!(table.choose(key, |_| true), first);
        // The list of one member, of which no other byte is its own.
        let alone = made(&[(1, 1)]);
        assert_eq!([alone.choose(0, |_| true), alone.choose(0, |_| true)], [Some(0); 2]);
        assert_ne!(alone.slots[0].load(Relaxed), UNKNOWN);
    }

    #[test]
    fn names_are_told_apart_without_regard_to_case_and_twins_share() {
        let share = [Share { priority: 1, weight: 1 }; 2];
        let (one, other) = (Rendezvous::new(&["a", "b"], &share), Rendezvous::new(&["A", "B"], &share));
        assert!(keys().all(|key| one.choose(key, |_| true) == other.choose(key, |_| true)));
        let twins = Rendezvous::new(&["a", "a"], &share);
        let first = keys().filter(|key| twins.choose(*key, |_| true) == Some(0)).count();
        assert!((7_500..9_000).contains(&first), "{first}");
        assert_eq!(Rendezvous::new(&[], &[]).choose(1, |_| true), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        /// The list that is kept changes nothing, and who is out moves no keys but his own.
        #[test]
        fn only_the_keys_of_whoever_is_out_move(
            shares in prop::collection::vec((0_u32..2, 0_u32..5), 1..12),
            out in prop::collection::vec(0_usize..12, 0..8),
        ) {
            let table = made(&shares);
            let serves = |member: usize| member < shares.len() && !out.contains(&member);
            for key in keys().step_by(7) {
                let whole = table.choose(key, |member| member < shares.len()).unwrap();
                let chosen = table.choose(key, serves);
                prop_assert_eq!(chosen, table.best(key >> (u64::BITS - BITS), serves));
                prop_assert_eq!(chosen, table.choose(key, serves), "once more");
                match chosen {
                    None => prop_assert!((0..shares.len()).all(|member| out.contains(&member))),
                    Some(chosen) => prop_assert!(serves(chosen) && (chosen == whole || out.contains(&whole))),
                }
            }
        }

        /// A member that is new takes keys, and no two others exchange any; one that has more weight too.
        #[test]
        fn a_change_of_members_moves_few_keys(
            weights in prop::collection::vec(1_u32..5, 1..10),
            added in 1_u32..5,
        ) {
            let shares: Vec<_> = weights.iter().map(|weight| (1, *weight)).collect();
            let before = made(&shares);
            let new = [&shares[..], &[(1, added)]].concat();
            let mut heavier = shares.clone();
            heavier[0].1 += added;
            for (table, winner) in [(made(&new), shares.len()), (made(&heavier), 0)] {
                let mut moved = 0.0;
                for key in keys() {
                    let (was, is) = (before.choose(key, |_| true), table.choose(key, |_| true));
                    if was != is {
                        prop_assert_eq!(is, Some(winner));
                        moved += 1.0;
                    }
                }
                // No more than the share that is new.
                let total = f64::from(weights.iter().sum::<u32>());
                let due = f64::from(1 << BITS) * f64::from(added) / (total + f64::from(added));
                prop_assert!(moved < due + 5.0 * due.sqrt(), "{} of {}", moved, due);
            }
        }
    }
}
