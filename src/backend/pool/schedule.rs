//! In which order the members of a pool take their turns.

/// What a member counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::backend) struct Share {
    /// A lower number is preferred.
    pub(super) priority: u32,
    pub(super) weight: u32,
}

/// The members that take turns: those of the best priority with a candidate, and of these the ones with a weight, or all
/// when none has one.
pub(super) fn in_turn(
    shares: &[Share],
    zero_weight_serves: bool,
    is_candidate: impl Fn(usize) -> bool,
) -> Vec<(usize, u32)> {
    let serves = |share: &Share| zero_weight_serves || share.weight > 0;
    let candidates = || shares.iter().enumerate().filter(|(index, share)| serves(share) && is_candidate(*index));
    let Some(best) = candidates().map(|(_, share)| share.priority).min() else { return Vec::new() };
    let group = || candidates().filter(|(_, share)| share.priority == best);
    let weighted: Vec<_> = group().filter(|(_, s)| s.weight > 0).map(|(index, share)| (index, share.weight)).collect();
    if weighted.is_empty() { group().map(|(index, _)| (index, 1)).collect() } else { weighted }
}

/// One cycle of smooth weighted round robin: each member as often as its weight says, spread as evenly as can be, and of
/// equals the first listed first.
pub(super) fn cycle(members: &[(usize, u32)]) -> Vec<u8> {
    let divisor = members.iter().fold(0, |divisor, (_, weight)| gcd(divisor, *weight)).max(1);
    let mut current: Vec<i64> = vec![0; members.len()];
    let weights: Vec<i64> = members.iter().map(|(_, weight)| i64::from(weight / divisor)).collect();
    let total: i64 = weights.iter().sum();
    let mut order = Vec::with_capacity(usize::try_from(total).unwrap_or(0));
    for _ in 0..total {
        let mut best: Option<(usize, i64)> = None;
        for (index, (value, weight)) in current.iter_mut().zip(&weights).enumerate() {
            *value += weight;
            if best.is_none_or(|(_, most)| *value > most) {
                best = Some((index, *value));
            }
        }
        let Some((index, _)) = best else { break };
        if let (Some(value), Some((member, _))) = (current.get_mut(index), members.get(index)) {
            *value -= total;
            order.push(u8::try_from(*member).unwrap_or(u8::MAX));
        }
    }
    order
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn turns_are_spread() {
        let cases: &[(&[u32], &[u8])] = &[
            (&[1, 1], &[0, 1]),
            (&[50, 50], &[0, 1]),
            (&[80, 20], &[0, 0, 1, 0, 0]),
            (&[75, 25], &[0, 0, 1, 0]),
            (&[5, 1, 1], &[0, 0, 1, 0, 2, 0, 0]),
            (&[7], &[0]),
            (&[], &[]),
        ];
        for (weights, expected) in cases {
            let members: Vec<_> = weights.iter().copied().enumerate().collect();
            assert_eq!(cycle(&members), *expected, "{weights:?}");
        }
    }

    #[test]
    fn members_take_turns_by_priority_and_weight() {
        let share = |priority, weight| Share { priority, weight };
        let shares = [share(1, 3), share(1, 0), share(2, 1), share(2, 1)];
        let cases: &[(&[usize], bool, &[(usize, u32)])] = &[
            (&[], true, &[(0, 3)]),
            (&[0], true, &[(1, 1)]),
            (&[0], false, &[(2, 1), (3, 1)]),
            (&[0, 1], true, &[(2, 1), (3, 1)]),
            (&[0, 1, 2], true, &[(3, 1)]),
            (&[0, 1, 2, 3], true, &[]),
        ];
        for (tripped, zero, expected) in cases {
            assert_eq!(in_turn(&shares, *zero, |index| !tripped.contains(&index)), *expected, "{tripped:?} {zero}");
        }
    }

    proptest! {
        /// Any run of picks differs from the weights by less than one turn for each other member.
        #[test]
        fn is_fair_at_any_time(weights in prop::collection::vec(1_u32..=100, 1..12), start in 0_usize..5_000) {
            let members: Vec<_> = weights.iter().copied().enumerate().collect();
            let order = cycle(&members);
            let total: u32 = weights.iter().sum();
            let mut counts = vec![0_u32; weights.len()];
            for picks in 0..order.len().min(600) {
                counts[usize::from(order[(start + picks) % order.len()])] += 1;
                for (count, weight) in counts.iter().zip(&weights) {
                    let due = f64::from(*weight) * (picks + 1) as f64 / f64::from(total);
                    prop_assert!((f64::from(*count) - due).abs() <= weights.len() as f64, "{count} for {due}");
                }
            }
        }
    }
}
