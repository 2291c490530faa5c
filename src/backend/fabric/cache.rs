//! Partitions that were resolved, by service.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::naming::Partition;
use super::resolver::{KeyKind, Question, ResolveError, Resolver};
use crate::clock::Clock;

/// Expressions make names of services; of more than this, one that nobody uses is forgotten.
const MOST_SERVICES: usize = 1024;
/// And partitions of one service.
const MOST_PARTITIONS: usize = 4096;

/// Remembers where services are until told otherwise. Of many requests for a service, one asks the cluster.
#[derive(Default)]
pub(super) struct Cache {
    services: Mutex<HashMap<Box<str>, Arc<Service>>>,
    clock: Clock,
}

#[derive(Default)]
struct Service {
    partitions: Mutex<Vec<Known>>,
    /// A key that looks like a number is a name here.
    has_named: AtomicBool,
    /// Held by whoever asks the cluster; holds the key of the last question that failed, and why.
    flight: tokio::sync::Mutex<Option<(Option<String>, ResolveError)>>,
    /// How many questions to the cluster have ended.
    answers: AtomicU64,
}

/// A partition, and what is known of the answer.
struct Known {
    partition: Arc<Partition>,
    /// When the cluster was last asked.
    asked: Instant,
    /// Whether a request used it since.
    is_used: bool,
    /// Whether the cluster is asked again just now.
    is_being_asked: bool,
    /// A version that a request found to be out of date: a node of the cluster may still give it.
    outdated: Option<Box<str>>,
}

/// An address that is being resolved again. Dropping it lets others ask.
pub(in crate::backend) struct Address {
    pub(super) service: Box<str>,
    entry: Arc<Service>,
    partition: Arc<Partition>,
}

impl Cache {
    /// An empty one, which tells the age of answers by this clock.
    pub(super) fn new(clock: Clock) -> Self {
        Self { services: Mutex::default(), clock }
    }

    /// Where a partition is: what is known, unless its version is `stale`, or else what the cluster says.
    pub(super) async fn find(
        &self,
        resolver: &Resolver,
        service: &str,
        key: Option<&str>,
        stale: Option<&str>,
    ) -> Result<Arc<Partition>, ResolveError> {
        let entry = self.service(service);
        if let Some(known) = entry.known(key, stale) {
            return Ok(known);
        }
        let before = entry.answers.load(Ordering::Acquire);
        let mut flight = entry.flight.lock().await;
        // Another request asked meanwhile.
        if let Some(known) = entry.known(key, stale) {
            return Ok(known);
        }
        if entry.answers.load(Ordering::Acquire) > before
            && let Some((asked, error)) = &*flight
            && asked.as_deref() == key
        {
            return Err(error.clone());
        }
        let resolved = entry.resolve(resolver, service, key, stale).await;
        *flight = resolved.as_ref().err().map(|error| (key.map(str::to_owned), error.clone()));
        entry.answers.fetch_add(1, Ordering::AcqRel);
        let partition = Arc::new(resolved?);
        let outdated = stale.filter(|stale| *stale != partition.version).map(Box::from);
        let asked = self.clock.instant();
        let (is_used, is_being_asked) = (true, false);
        entry.keep(Known { partition: Arc::clone(&partition), asked, is_used, is_being_asked, outdated });
        Ok(partition)
    }

    /// All partitions that are known.
    pub(super) fn partitions(&self) -> Vec<Arc<Partition>> {
        let partitions = |service: &Arc<Service>| {
            lock(&service.partitions).iter().map(|known| Arc::clone(&known.partition)).collect::<Vec<_>>()
        };
        lock(&self.services).values().flat_map(partitions).collect()
    }

    /// What is to be resolved again now, since requests use it and it is that old, as long as no more than `most` are asked
    /// about at a time; and when the next may be.
    pub(super) fn due(&self, after: Duration, now: Instant, most: usize) -> (Vec<Address>, Option<Instant>) {
        let (mut due, mut next) = (Vec::new(), None::<Instant>);
        let services = lock(&self.services);
        let asked = services.values().map(|entry| lock(&entry.partitions).iter().filter(|k| k.is_being_asked).count());
        let room = most.saturating_sub(asked.sum());
        for (name, entry) in services.iter() {
            for known in lock(&entry.partitions).iter_mut().filter(|known| known.is_used && !known.is_being_asked) {
                // Too long a time never comes.
                let Some(then) = known.asked.checked_add(after) else { continue };
                if then > now {
                    next = next.into_iter().chain([then]).min();
                } else if due.len() < room {
                    known.is_being_asked = true;
                    let (service, partition) = (name.clone(), Arc::clone(&known.partition));
                    due.push(Address { service, entry: Arc::clone(entry), partition });
                }
            }
        }
        (due, next)
    }

    /// Asks the cluster for an address again; true when there is another one now. A failure changes nothing but the time.
    pub(super) async fn refresh(&self, resolver: &Resolver, address: Address) -> Result<bool, ResolveError> {
        let Address { service, entry, partition } = &address;
        let resolved = entry.resolve(resolver, service, partition.key().as_deref(), None).await;
        let now = self.clock.instant();
        let (outcome, new) = match resolved {
            Ok(new) => (Ok(()), Some(new)),
            Err(error) => (Err(error), None),
        };
        let is_changed = entry.renew(partition, new, now);
        outcome.map(|()| is_changed)
    }

    fn service(&self, name: &str) -> Arc<Service> {
        let mut services = lock(&self.services);
        if let Some(service) = services.get(name) {
            return Arc::clone(service);
        }
        if services.len() >= MOST_SERVICES {
            let idle = services.iter().find(|(_, service)| Arc::strong_count(service) == 1);
            if let Some(idle) = idle.map(|(name, _)| name.clone()) {
                services.remove(&idle);
            }
        }
        let service = Arc::<Service>::default();
        services.insert(name.into(), Arc::clone(&service));
        service
    }
}

impl Service {
    fn known(&self, key: Option<&str>, stale: Option<&str>) -> Option<Arc<Partition>> {
        let mut partitions = lock(&self.partitions);
        let fits = |known: &&mut Known| {
            known.partition.serves(key) && stale.is_none_or(|stale| known.partition.version != stale)
        };
        let known = partitions.iter_mut().find(fits)?;
        known.is_used = true;
        Some(Arc::clone(&known.partition))
    }

    async fn resolve(
        &self,
        resolver: &Resolver,
        service: &str,
        key: Option<&str>,
        stale: Option<&str>,
    ) -> Result<Partition, ResolveError> {
        let kind = match key {
            None => KeyKind::None,
            Some(key) if !self.has_named.load(Ordering::Relaxed) && key.parse::<i64>().is_ok() => KeyKind::Int64,
            Some(_) => KeyKind::Named,
        };
        let resolved = resolver.resolve(&Question { service, kind, key, stale }).await;
        if kind == KeyKind::Int64 && resolved.as_ref().is_err_and(ResolveError::is_key_kind) {
            let named = resolver.resolve(&Question { service, kind: KeyKind::Named, key, stale }).await;
            self.has_named.store(named.is_ok(), Ordering::Relaxed);
            return named;
        }
        resolved
    }

    /// Keeps a partition in the place of what was known of it.
    fn keep(&self, new: Known) {
        let mut partitions = lock(&self.partitions);
        let (keys, id) = (&new.partition.keys, &new.partition.id);
        let is_same = |known: &Known| known.partition.keys == *keys || (!id.is_empty() && known.partition.id == *id);
        partitions.retain(|known| !is_same(known));
        if partitions.len() >= MOST_PARTITIONS {
            partitions.remove(0);
        }
        partitions.push(new);
    }

    /// Notes that the cluster was asked about a partition again, and keeps a new answer, unless a request has found that one
    /// to be out of date, or has asked meanwhile; true when there is another answer now.
    fn renew(&self, old: &Arc<Partition>, new: Option<Partition>, now: Instant) -> bool {
        let mut partitions = lock(&self.partitions);
        let Some(known) = partitions.iter_mut().find(|known| Arc::ptr_eq(&known.partition, old)) else { return false };
        (known.asked, known.is_used) = (now, false);
        let outdated = known.outdated.take();
        let is_outdated = |new: &Partition| outdated.as_deref() == Some(&*new.version);
        let Some(new) = new.filter(|new| *new != **old && !is_outdated(new)) else {
            known.outdated = outdated;
            return false;
        };
        let (partition, asked) = (Arc::new(new), now);
        drop(partitions);
        self.keep(Known { partition, asked, is_used: false, is_being_asked: false, outdated });
        true
    }
}

impl Drop for Address {
    fn drop(&mut self) {
        let mut partitions = lock(&self.entry.partitions);
        if let Some(known) = partitions.iter_mut().find(|known| Arc::ptr_eq(&known.partition, &self.partition)) {
            known.is_being_asked = false;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
