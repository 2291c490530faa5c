//! Members that come back get more and more of their share.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The steps in which a share grows; the first is one of them.
pub(super) const STEPS: u32 = 16;
/// More turns than these are not needed to tell shares apart that change all the time.
const MOST_TURNS: u64 = 4096;

/// How the members of one pool come back.
#[derive(Debug)]
pub(super) struct SlowStart {
    time: Duration,
    roster: Arc<Roster>,
}

/// Whether a member is out, or when it came back. The pools of one configuration after the other share it.
#[derive(Debug, Default)]
struct Return(Mutex<Since>);

#[derive(Clone, Copy, Debug, Default)]
enum Since {
    #[default]
    Always,
    Never,
    Then(Instant),
}

/// The members of one pool as a configuration has them, by name in lower case and in its order.
#[derive(Debug, Default)]
pub(in crate::backend) struct Roster(Vec<(String, Arc<Return>)>);

/// How far the members of a pool are.
#[derive(Debug)]
pub(super) struct Warmth {
    /// 1 to [`STEPS`].
    levels: Vec<u32>,
    /// When the first of them goes on.
    pub(super) next: Option<Instant>,
}

impl SlowStart {
    pub(super) fn new(time: Duration, roster: Arc<Roster>) -> Self {
        Self { time, roster }
    }

    /// Notes who is out, and says how far the others are.
    pub(super) fn warmth(&self, is_out: impl Fn(usize) -> bool, now: Instant) -> Warmth {
        let mut next: Option<Instant> = None;
        let levels = self.roster.0.iter().enumerate().map(|(member, (_, known))| {
            let mut since = known.0.lock().unwrap_or_else(PoisonError::into_inner);
            *since = match *since {
                _ if is_out(member) => Since::Never,
                Since::Never => Since::Then(now),
                Since::Then(then) if now.saturating_duration_since(then) >= self.time => Since::Always,
                other => other,
            };
            let Since::Then(then) = *since else { return STEPS };
            let step = (self.time / STEPS).max(Duration::from_nanos(1));
            let steps = now.saturating_duration_since(then).as_nanos() / step.as_nanos();
            let level = u32::try_from(steps).unwrap_or(STEPS).saturating_add(1).min(STEPS);
            let due = if level < STEPS { step.saturating_mul(level) } else { self.time };
            let due = then.checked_add(due);
            next = next.into_iter().chain(due).min();
            level
        });
        Warmth { levels: levels.collect(), next }
    }
}

impl Roster {
    /// A pool with these members, of which the rosters in use know some. Without such a roster nobody is new.
    pub(in crate::backend) fn new<'a>(
        names: impl IntoIterator<Item = &'a str>,
        in_use: &[Arc<Self>],
        now: Instant,
    ) -> Self {
        let known = |name: &str| {
            let mut all = in_use.iter().flat_map(|roster| &roster.0);
            let found = all.find(|(known, _)| known == name).map(|(_, known)| Arc::clone(known));
            let new = if in_use.is_empty() { Since::Always } else { Since::Then(now) };
            found.unwrap_or_else(|| Arc::new(Return(Mutex::new(new))))
        };
        let names = names.into_iter().map(str::to_ascii_lowercase);
        Self(names.map(|name| (known(&name), name)).map(|(known, name)| (name, known)).collect())
    }
}

impl Warmth {
    /// Whether anybody of these is not yet what he was.
    pub(super) fn is_less(&self, members: &[(usize, u32)]) -> bool {
        members.iter().any(|(member, _)| self.level(*member) < STEPS)
    }

    /// 1 to [`STEPS`].
    pub(super) fn level(&self, member: usize) -> u32 {
        self.levels.get(member).copied().unwrap_or(STEPS)
    }

    /// Members with the weights that they have for now.
    pub(super) fn weigh(&self, members: &[(usize, u32)]) -> Vec<(usize, u32)> {
        let weigh = |(member, weight): &(usize, u32)| (*member, u64::from(*weight) * u64::from(self.level(*member)));
        let weighed: Vec<_> = members.iter().map(weigh).collect();
        let total: u64 = weighed.iter().map(|(_, weight)| weight).sum();
        let fitting = |weight: u64| if total > MOST_TURNS { weight * MOST_TURNS / total } else { weight };
        weighed
            .into_iter()
            .map(|(member, weight)| (member, u32::try_from(fitting(weight)).unwrap_or(1).max(1)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn roster(members: usize) -> Arc<Roster> {
        Arc::new(Roster::new(["a", "b"].into_iter().take(members), &[], Instant::now()))
    }

    #[test]
    fn a_share_grows_in_steps_of_the_time() {
        let (start, slow) = (Instant::now(), SlowStart::new(16 * SECOND, roster(2)));
        let levels = |out: &[usize], seconds: u32| {
            let warmth = slow.warmth(|member| out.contains(&member), start + seconds * SECOND);
            (warmth.level(0), warmth.level(1), warmth.next.map(|next| (next - start).as_secs()))
        };
        assert_eq!(levels(&[], 0), (16, 16, None), "all were there");
        assert_eq!(levels(&[0], 1), (16, 16, None), "whoever is out needs nothing");
        assert_eq!(levels(&[], 100), (1, 16, Some(101)));
        assert_eq!(levels(&[], 107), (8, 16, Some(108)));
        assert_eq!(levels(&[1], 108), (9, 16, Some(109)));
        assert_eq!(levels(&[], 112), (13, 1, Some(113)));
        assert_eq!(levels(&[], 115), (16, 4, Some(116)));
        assert_eq!(levels(&[], 116), (16, 5, Some(117)));
        assert_eq!(levels(&[], 200), (16, 16, None));
        // Out again before it was warm.
        assert_eq!(levels(&[1], 201), (16, 16, None));
        assert_eq!(levels(&[], 202), (16, 1, Some(203)));
        assert_eq!(levels(&[1], 203), (16, 16, None));
        assert_eq!(levels(&[], 204), (16, 1, Some(205)));
    }

    #[test]
    fn who_is_new_is_told_by_the_configuration_in_use() {
        let now = Instant::now();
        let made = |names: &[&'static str], in_use: &[Arc<Roster>], seconds: u32| {
            let roster = Arc::new(Roster::new(names.iter().copied(), in_use, now + seconds * SECOND));
            let warmth = SlowStart::new(16 * SECOND, roster.clone()).warmth(|_| false, now + 4 * SECOND);
            (roster, (0..names.len()).map(|member| warmth.level(member)).collect::<Vec<_>>())
        };
        let (first, levels) = made(&["a", "B"], &[], 0);
        assert_eq!(levels, [16, 16], "all are new, and so is nobody");
        let (second, levels) = made(&["b", "A", "c"], std::slice::from_ref(&first), 1);
        assert_eq!(levels, [16, 16, 4]);
        let (_, levels) = made(&["c", "d"], &[first, second], 4);
        assert_eq!(levels, [4, 1], "it goes on");
    }

    proptest! {
        #[test]
        fn weights_follow_the_levels(members in prop::collection::vec((1_u32..=100, 1_u32..=STEPS), 1..128)) {
            let warmth = Warmth { levels: members.iter().map(|(_, level)| *level).collect(), next: None };
            let weights: Vec<_> = members.iter().map(|(weight, _)| *weight).enumerate().collect();
            let weighed = warmth.weigh(&weights);
            let total: u32 = weighed.iter().map(|(_, weight)| weight).sum();
            prop_assert!(total <= 4096 + 128 && weighed.iter().all(|(_, weight)| *weight > 0));
            let whole: f64 = members.iter().map(|(weight, level)| f64::from(weight * level)).sum();
            for ((_, weighed), (weight, level)) in weighed.iter().zip(&members) {
                let due = f64::from(weight * level) / whole;
                prop_assert!((f64::from(*weighed) / f64::from(total) - due).abs() < 0.005, "{weighed} of {total}: {due}");
            }
        }

        /// Any time and any length, none of which is too much.
        #[test]
        fn no_time_is_too_long(time: u64, steps in prop::collection::vec((any::<bool>(), 0_u64..1 << 40), 1..20)) {
            let slow = SlowStart::new(Duration::from_nanos(time), roster(1));
            let mut now = Instant::now();
            for (is_out, passed) in steps {
                let warmth = slow.warmth(|_| is_out, now);
                prop_assert!((1..=STEPS).contains(&warmth.level(0)));
                prop_assert!(warmth.next.is_none_or(|next| next > now));
                now += Duration::from_nanos(passed);
            }
        }
    }
}
