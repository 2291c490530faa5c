//! The ways to choose among the members that take turns.

use std::sync::atomic::Ordering;

use super::{Picker, Turns};
use crate::backend::pool::latency::Latencies;
use crate::backend::pool::options::{Balance, PoolOptions};
use crate::backend::pool::rendezvous::Rendezvous;
use crate::backend::pool::schedule::Share;
use crate::backend::pool::slow_start::STEPS;
use crate::random::Random;

/// A [`Balance`] with all that it needs.
pub(super) enum Way {
    RoundRobin,
    LeastRequests,
    RandomTwo(Random),
    PeakLatency(Random, Latencies),
    Hash(Rendezvous),
}

impl Way {
    pub(super) fn new(options: &PoolOptions, names: &[&str], shares: &[Share]) -> Self {
        // The system's source is slow: it is asked once.
        let random = || Random::seeded(options.random.number());
        match &options.balance {
            Balance::RoundRobin => Self::RoundRobin,
            Balance::LeastRequests => Self::LeastRequests,
            Balance::RandomTwo => Self::RandomTwo(random()),
            Balance::PeakLatency => Self::PeakLatency(random(), Latencies::new(options.latency_decay, shares.len())),
            Balance::Hash(_) => Self::Hash(Rendezvous::new(names, shares)),
        }
    }
}

impl Picker {
    /// The member that is to serve a request with this key.
    #[inline]
    pub(super) fn next_of(&self, turns: &Turns, key: Option<u64>) -> Option<usize> {
        match &self.way {
            Way::RoundRobin => self.turn(&turns.order),
            Way::LeastRequests if turns.warmth.is_none() => self.least(&turns.members),
            way => self.next_by(way, turns, key),
        }
    }

    /// Apart from the others, so that those stay small.
    #[inline(never)]
    fn next_by(&self, way: &Way, turns: &Turns, key: Option<u64>) -> Option<usize> {
        match (way, key) {
            (Way::RoundRobin, _) | (Way::Hash(_), None) => self.turn(&turns.order),
            (Way::LeastRequests, _) => self.least_for_now(turns),
            (Way::RandomTwo(random), _) => self.better_of_two(turns, random, |member| self.in_flight(member).into()),
            (Way::PeakLatency(random, latencies), _) => {
                let now = self.now();
                self.better_of_two(turns, random, |member| latencies.cost(member, self.in_flight(member), now))
            }
            (Way::Hash(table), Some(key)) => by_key(table, turns, key),
        }
    }

    #[inline]
    fn turn(&self, order: &[u8]) -> Option<usize> {
        let length = u64::try_from(order.len()).ok().filter(|length| *length > 0)?;
        let at = self.next.fetch_add(1, Ordering::Relaxed) % length;
        order.get(usize::try_from(at).ok()?).copied().map(usize::from)
    }

    /// The member with the fewest requests for its weight; of equals, and of those with none, each in its turn.
    fn least(&self, members: &[(usize, u32)]) -> Option<usize> {
        let length = u64::try_from(members.len()).ok().filter(|length| *length > 0)?;
        let first = usize::try_from(self.next.fetch_add(1, Ordering::Relaxed) % length).ok()?;
        let (head, tail) = members.split_at_checked(first)?;
        let mut best: Option<(usize, u64, u64)> = None;
        for (member, weight) in tail.iter().chain(head) {
            let running = self.in_flight(*member);
            if running == 0 {
                return Some(*member);
            }
            let (running, weight) = (u64::from(running), u64::from(*weight));
            // Fractions are compared without a division.
            if best.is_none_or(|(_, least, of)| running * of < least * weight) {
                best = Some((*member, running, weight));
            }
        }
        best.map(|(member, ..)| member)
    }

    /// The same while somebody has less than his share: whoever is idle is asked when its turn by weight has come, and others
    /// may be asked before an idle one that has little weight.
    fn least_for_now(&self, turns: &Turns) -> Option<usize> {
        let first = self.turn(&turns.order)?;
        if self.in_flight(first) == 0 {
            return Some(first);
        }
        // Half a request more than there are, so that the weight of an idle one counts too.
        let load = |(member, weight): &(usize, u32)| (f64::from(self.in_flight(*member)) + 0.5) / f64::from(*weight);
        let best = turns.members.iter().min_by(|a, b| load(a).total_cmp(&load(b)));
        best.map(|(member, _)| *member)
    }

    /// Of two members that chance draws by weight, the one that costs less for its weight, and of equals the first.
    fn better_of_two(&self, turns: &Turns, random: &Random, cost: impl Fn(usize) -> f64) -> Option<usize> {
        let (first, second) = draw_two(&turns.order, random.number())?;
        let Some(second) = second else { return Some(first) };
        // Fractions are compared without a division.
        let of = |member, other| cost(member) * f64::from(turns.weight(other));
        Some(if of(first, second) <= of(second, first) { first } else { second })
    }
}

/// The member for a key; one that has less than its share has that part of its keys.
fn by_key(table: &Rendezvous, turns: &Turns, key: u64) -> Option<usize> {
    let serves = |member: usize| turns.weight(member) > 0;
    let Some(warmth) = &turns.warmth else { return table.choose(key, serves) };
    // The bits that do not tell the slot.
    let is_ripe = |member: usize| key % u64::from(STEPS) < u64::from(warmth.level(member));
    table.choose(key, |member| serves(member) && is_ripe(member)).or_else(|| table.choose(key, serves))
}

/// Two different entries of a list in which members stand as often as their weight says; the second is none when all are one.
fn draw_two(order: &[u8], drawn: u64) -> Option<(usize, Option<usize>)> {
    let at = |drawn: u64| usize::try_from(drawn.wrapping_mul(order.len() as u64) >> 32).unwrap_or_default();
    let first = *order.get(at(drawn & u64::from(u32::MAX)))?;
    // The same one again gives way to whoever comes next.
    let (before, from) = order.split_at_checked(at(drawn >> 32))?;
    let second = from.iter().chain(before).find(|second| **second != first);
    Some((first.into(), second.map(|second| usize::from(*second))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn two_are_drawn_by_weight(weights in prop::collection::vec(1_u32..6, 0..6), seed: u64) {
            let members: Vec<_> = weights.iter().copied().enumerate().collect();
            let order = crate::backend::pool::schedule::cycle(&members);
            let random = Random::seeded(seed);
            let mut counts = vec![0_u32; weights.len()];
            for _ in 0..2_000 {
                match draw_two(&order, random.number()) {
                    None => prop_assert!(weights.is_empty()),
                    Some((first, None)) => prop_assert!(first == 0 && weights.len() == 1),
                    Some((first, Some(second))) => {
                        prop_assert!(first != second && second < weights.len());
                        counts[first] += 1;
                    }
                }
            }
            for (count, weight) in counts.iter().zip(&weights).filter(|_| weights.len() > 1) {
                let due = 2_000.0 * f64::from(*weight) / f64::from(weights.iter().sum::<u32>());
                prop_assert!((f64::from(*count) - due).abs() < 6.0 * due.sqrt(), "{count}, not {due}");
            }
        }
    }
}
