//! Counts over a sliding window, in a fixed number of buckets.

/// How many buckets a window has: what is counted leaves it between 31/32 of the interval and the whole interval.
pub(super) const BUCKETS: usize = 32;

/// Failures and attempts of the last interval.
#[derive(Clone, Debug)]
pub(super) struct Window {
    width: u64,
    /// The number of the newest bucket since the beginning of time.
    newest: u64,
    buckets: [Counts; BUCKETS],
    sum: Counts,
}

/// What happened in some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) failures: u64,
    pub(super) attempts: u64,
}

impl Window {
    /// A window over `interval` nanoseconds.
    pub(super) fn new(interval: u64) -> Self {
        let width = interval.div_ceil(BUCKETS as u64).max(1);
        Self { width, newest: 0, buckets: [Counts::default(); BUCKETS], sum: Counts::default() }
    }

    /// Adds what happened at a time, and gives the sums. What is older than the window is left out.
    pub(super) fn add(&mut self, at: u64, counts: Counts) -> Counts {
        let number = at / self.width;
        self.advance(number);
        if self.newest - number < BUCKETS as u64
            && let Some(bucket) = self.buckets.get_mut(slot(number))
        {
            bucket.failures += counts.failures;
            bucket.attempts += counts.attempts;
            self.sum.failures += counts.failures;
            self.sum.attempts += counts.attempts;
        }
        self.sum
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.buckets = [Counts::default(); BUCKETS];
        self.sum = Counts::default();
    }

    /// Begins a bucket, when it is a new one.
    fn advance(&mut self, number: u64) {
        if number <= self.newest {
            return;
        }
        if number - self.newest >= BUCKETS as u64 {
            self.clear();
        } else {
            for passed in self.newest + 1..=number {
                if let Some(bucket) = self.buckets.get_mut(slot(passed)) {
                    let Counts { failures, attempts } = std::mem::take(bucket);
                    self.sum.failures -= failures;
                    self.sum.attempts -= attempts;
                }
            }
        }
        self.newest = number;
    }
}

fn slot(number: u64) -> usize {
    (number % BUCKETS as u64) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Never more than the whole interval holds, never less than 31/32 of it.
        #[test]
        fn agrees_with_a_list_of_events(
            interval in 1_u64..5_000,
            events in prop::collection::vec((0_u64..400, any::<bool>()), 1..200),
        ) {
            let mut window = Window::new(interval);
            let width = interval.div_ceil(BUCKETS as u64).max(1);
            let (mut now, mut list) = (0, Vec::new());
            for (step, failed) in events {
                now += step;
                list.push((now, u64::from(failed)));
                let sum = window.add(now, Counts { failures: u64::from(failed), attempts: 1 });
                let within = |age: u64| -> Counts {
                    let recent = list.iter().filter(|(at, _)| now - at < age);
                    recent.fold(Counts::default(), |sum, (_, failed)| Counts {
                        failures: sum.failures + failed,
                        attempts: sum.attempts + 1,
                    })
                };
                let (least, most) = (within(width * (BUCKETS as u64 - 1)), within(width * BUCKETS as u64));
                prop_assert!(least.failures <= sum.failures && sum.failures <= most.failures);
                prop_assert!(least.attempts <= sum.attempts && sum.attempts <= most.attempts);
            }
        }
    }

    #[test]
    fn a_day_takes_no_more_memory_than_a_second() {
        let mut window = Window::new(86_400_000_000_000);
        for second in 0..200_000_u64 {
            window.add(second * 1_000_000_000, Counts { failures: 1, attempts: 1 });
        }
        assert!((83_000..=86_401).contains(&window.sum.failures), "{:?}", window.sum);
        assert!(size_of::<Window>() < 600);
    }

    #[test]
    fn what_comes_late_goes_where_it_belongs() {
        let mut window = Window::new(3_200);
        window.add(5_000, Counts { failures: 1, attempts: 1 });
        assert_eq!(window.add(4_000, Counts { failures: 0, attempts: 7 }).attempts, 8);
        assert_eq!(window.add(100, Counts { failures: 9, attempts: 9 }).attempts, 8, "older than the window");
        assert_eq!(window.add(7_300, Counts::default()), Counts { failures: 1, attempts: 1 });
    }
}
