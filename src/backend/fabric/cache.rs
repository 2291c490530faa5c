//! Partitions that were resolved, by service.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::naming::Partition;
use super::resolver::{KeyKind, Question, ResolveError, Resolver};

/// Expressions make names of services; of more than this, one that nobody uses is forgotten.
const MOST_SERVICES: usize = 1024;
/// And partitions of one service.
const MOST_PARTITIONS: usize = 4096;

/// Remembers where services are until told otherwise. Of many requests for a service, one asks the cluster.
#[derive(Default)]
pub(super) struct Cache(Mutex<HashMap<Box<str>, Arc<Service>>>);

#[derive(Default)]
struct Service {
    partitions: Mutex<Vec<Arc<Partition>>>,
    /// A key that looks like a number is a name here.
    has_named: AtomicBool,
    /// Held by whoever asks the cluster; holds the key of the last question that failed, and why.
    flight: tokio::sync::Mutex<Option<(Option<String>, ResolveError)>>,
    /// How many questions to the cluster have ended.
    answers: AtomicU64,
}

impl Cache {
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
        entry.keep(Arc::clone(&partition));
        Ok(partition)
    }

    /// All partitions that are known.
    pub(super) fn partitions(&self) -> Vec<Arc<Partition>> {
        lock(&self.0).values().flat_map(|service| lock(&service.partitions).clone()).collect()
    }

    fn service(&self, name: &str) -> Arc<Service> {
        let mut services = lock(&self.0);
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
        let partitions = lock(&self.partitions);
        let fits =
            |partition: &&Arc<Partition>| partition.serves(key) && stale.is_none_or(|stale| partition.version != stale);
        partitions.iter().find(fits).cloned()
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
    fn keep(&self, partition: Arc<Partition>) {
        let mut partitions = lock(&self.partitions);
        let is_same =
            |known: &Arc<Partition>| known.keys == partition.keys || (!known.id.is_empty() && known.id == partition.id);
        partitions.retain(|known| !is_same(known));
        if partitions.len() >= MOST_PARTITIONS {
            partitions.remove(0);
        }
        partitions.push(partition);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
