//! Single flight: of several requests that miss the same entry, one makes it and the others wait.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::state::CacheKey;

/// The entries that requests are making now. A clone shares them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flights(Arc<Mutex<HashMap<CacheKey, Arc<Semaphore>>>>);

/// Makes an entry; when it is dropped, those who wait for it go on.
#[derive(Debug)]
pub(crate) struct Lead {
    of: Flights,
    key: CacheKey,
}

/// Another request makes the entry.
pub(crate) struct Follow(Arc<Semaphore>);

/// Who makes an entry.
pub(crate) enum Begun {
    Lead(Lead),
    Follow(Follow),
}

impl Flights {
    /// Begins to make an entry, unless somebody does already.
    pub(crate) fn begin(&self, key: &CacheKey) -> Begun {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match flights.entry(key.clone()) {
            Entry::Occupied(flight) => Begun::Follow(Follow(flight.get().clone())),
            Entry::Vacant(place) => {
                place.insert(Arc::new(Semaphore::new(0)));
                Begun::Lead(Lead { of: self.clone(), key: key.clone() })
            }
        }
    }
}

impl Follow {
    /// Waits until the other request is done, or for `limit`.
    pub(crate) async fn over(self, limit: Duration) {
        // A permit never comes: the semaphore is closed.
        let _ = timeout(limit, self.0.acquire()).await;
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        let flight = self.of.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
        if let Some(flight) = flight {
            flight.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_leads_and_the_others_wait_for_it() {
        let (flights, key) = (Flights::default(), CacheKey::value("k"));
        let Begun::Lead(lead) = flights.begin(&key) else { panic!("somebody leads already") };
        let Begun::Follow(follow) = flights.begin(&key) else { panic!("two lead") };
        let waiting = tokio::spawn(follow.over(Duration::from_secs(60)));
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert!(!waiting.is_finished());
        drop(lead);
        waiting.await.unwrap();
        assert!(matches!(flights.begin(&key), Begun::Lead(_)) && flights.0.lock().unwrap().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever() {
        let (flights, key) = (Flights::default(), CacheKey::value("k"));
        let _lead = flights.begin(&key);
        let Begun::Follow(follow) = flights.begin(&key) else { panic!("two lead") };
        follow.over(Duration::from_secs(60)).await;
    }
}
