//! The clock: wall time and elapsed time, from the system or set by hand in tests.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// What time it is: the system's time, or a time that a test sets.
///
/// Elapsed time is [`tokio::time::Instant`], so that `tokio::time::pause` works too.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use gatewright::clock::Clock;
///
/// let clock = Clock::manual(SystemTime::UNIX_EPOCH);
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.wall(), SystemTime::UNIX_EPOCH + Duration::from_secs(60));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<Mutex<Manual>>>);

#[derive(Debug)]
struct Manual {
    wall: SystemTime,
    instant: Instant,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands still at `wall` until [`advance`](Self::advance) moves it.
    pub fn manual(wall: SystemTime) -> Self {
        Self(Some(Arc::new(Mutex::new(Manual { wall, instant: Instant::now() }))))
    }

    /// Moves a manual clock forward; the system's clock is left alone.
    pub fn advance(&self, by: Duration) {
        if let Some(manual) = &self.0 {
            let mut manual = manual.lock().unwrap_or_else(PoisonError::into_inner);
            manual.wall += by;
            manual.instant += by;
        }
    }

    /// The time of day, UTC.
    pub fn wall(&self) -> SystemTime {
        match &self.0 {
            None => SystemTime::now(),
            Some(manual) => manual.lock().unwrap_or_else(PoisonError::into_inner).wall,
        }
    }

    /// A point in time to measure from; never goes back.
    pub fn instant(&self) -> Instant {
        match &self.0 {
            None => Instant::now(),
            Some(manual) => manual.lock().unwrap_or_else(PoisonError::into_inner).instant,
        }
    }
}
