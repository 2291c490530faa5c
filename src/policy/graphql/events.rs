//! Who has subscribed to what: values are handed on in process, and nobody waits for a slow reader.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use crate::graphql::JsonValue;

/// The subscribers of all APIs of a gateway. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Events(Arc<Mutex<Subscribers>>);

#[derive(Default)]
struct Subscribers {
    /// By the name of the API and the field.
    by_field: HashMap<(Arc<str>, String), Vec<Subscriber>>,
    next: u64,
}

struct Subscriber {
    number: u64,
    /// What the connection calls the subscription.
    id: Arc<str>,
    mailbox: Mailbox,
}

/// Where a connection gets its values.
#[derive(Clone)]
pub(super) struct Mailbox {
    pub(super) sender: Sender<Event>,
    /// Whether something was lost because the connection is slow.
    pub(super) has_lost: Arc<AtomicBool>,
}

/// A value for one subscription.
pub(super) struct Event {
    pub(super) id: Arc<str>,
    pub(super) value: Arc<JsonValue>,
}

/// A subscription; it ends when this is dropped.
pub(super) struct Subscription {
    events: Events,
    key: (Arc<str>, String),
    number: u64,
}

impl Events {
    /// Subscribes to a field.
    pub(super) fn subscribe(&self, api: &Arc<str>, field: &str, id: Arc<str>, mailbox: Mailbox) -> Subscription {
        let key = (Arc::clone(api), field.to_owned());
        let mut all = self.lock();
        all.next += 1;
        let number = all.next;
        all.by_field.entry(key.clone()).or_default().push(Subscriber { number, id, mailbox });
        Subscription { events: self.clone(), key, number }
    }

    /// Hands a value to everybody who has subscribed to a field. Who has no room for it is subscribed no more.
    pub(super) fn publish(&self, api: &Arc<str>, field: &str, value: &Arc<JsonValue>) {
        let key = (Arc::clone(api), field.to_owned());
        let mut all = self.lock();
        let Some(subscribers) = all.by_field.get_mut(&key) else { return };
        subscribers.retain(|subscriber| {
            let event = Event { id: Arc::clone(&subscriber.id), value: Arc::clone(value) };
            match subscriber.mailbox.sender.try_send(event) {
                Ok(()) => true,
                Err(TrySendError::Full(_)) => {
                    subscriber.mailbox.has_lost.store(true, Ordering::Relaxed);
                    false
                }
                Err(TrySendError::Closed(_)) => false,
            }
        });
        if subscribers.is_empty() {
            all.by_field.remove(&key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Subscribers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut all = self.events.lock();
        if let Some(subscribers) = all.by_field.get_mut(&self.key) {
            subscribers.retain(|subscriber| subscriber.number != self.number);
            if subscribers.is_empty() {
                all.by_field.remove(&self.key);
            }
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::channel;

    use super::*;

    #[test]
    fn values_go_to_those_who_have_subscribed_and_nobody_is_waited_for() {
        let (events, api, value) = (Events::default(), Arc::from("a"), Arc::new(JsonValue::from(1)));
        let (sender, mut received) = channel(2);
        let mailbox = Mailbox { sender, has_lost: Arc::default() };
        let first = events.subscribe(&api, "f", "1".into(), mailbox.clone());
        let second = events.subscribe(&api, "g", "2".into(), mailbox.clone());
        events.publish(&api, "f", &value);
        events.publish(&Arc::from("b"), "f", &value);
        events.publish(&api, "h", &value);
        let event = received.try_recv().unwrap();
        assert_eq!((&*event.id, &*event.value), ("1", &JsonValue::from(1)));
        assert!(received.try_recv().is_err());
        drop(second);
        events.publish(&api, "g", &value);
        assert!(received.try_recv().is_err());
        for _ in 0..3 {
            events.publish(&api, "f", &value);
        }
        assert!(mailbox.has_lost.load(Ordering::Relaxed));
        drop(first);
        assert!(events.lock().by_field.is_empty());
    }
}
