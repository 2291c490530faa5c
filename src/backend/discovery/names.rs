//! What is known of the names of hosts: it outlives a configuration.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::resolver::{NameResolver, SystemResolver};

/// A resolver that takes longer has failed.
const LONGEST: Duration = Duration::from_secs(10);

/// The last good answers of a resolver, for the names that pools use.
pub(in crate::backend) struct Names {
    resolver: Box<dyn NameResolver>,
    known: Mutex<HashMap<Box<str>, Known>>,
}

#[derive(Default)]
struct Known {
    /// How many use it.
    users: usize,
    addresses: Option<Arc<[IpAddr]>>,
    asked: Option<Instant>,
    is_running: bool,
    has_failed: bool,
}

/// That somebody uses a name: what nobody uses any more is forgotten.
pub(super) struct Used {
    names: Arc<Names>,
    name: Box<str>,
}

/// A look-up under way. Dropping it gives the look-up up.
pub(super) struct Running {
    names: Arc<Names>,
    name: Box<str>,
}

impl Default for Names {
    fn default() -> Self {
        Self::new(SystemResolver)
    }
}

impl Names {
    pub(in crate::backend) fn new(resolver: impl NameResolver) -> Self {
        Self { resolver: Box::new(resolver), known: Mutex::default() }
    }

    /// From now on somebody uses this name.
    pub(super) fn used(self: &Arc<Self>, name: &str) -> Used {
        self.lock().entry(name.into()).or_default().users += 1;
        Used { names: Arc::clone(self), name: name.into() }
    }

    /// The addresses of a host, in order; none before the first answer.
    pub(super) fn addresses(&self, name: &str) -> Option<Arc<[IpAddr]>> {
        self.lock().get(name)?.addresses.clone()
    }

    /// A look-up of a name in use, which is that of whoever asks, when the last one began a while ago and has ended.
    pub(super) fn begin(self: &Arc<Self>, name: &str, interval: Duration, now: Instant) -> Option<Running> {
        let mut names = self.lock();
        let known = names.get_mut(name)?;
        let is_due = known.asked.is_none_or(|asked| now.saturating_duration_since(asked) >= interval);
        if !is_due || known.is_running {
            return None;
        }
        (known.asked, known.is_running) = (Some(now), true);
        Some(Running { names: Arc::clone(self), name: name.into() })
    }

    /// The time until a look-up of a name in use is due; none while one is running.
    pub(super) fn due(&self, name: &str, interval: Duration, now: Instant) -> Option<Duration> {
        let names = self.lock();
        let known = names.get(name)?;
        let Some(asked) = known.asked else { return Some(Duration::ZERO) };
        (!known.is_running).then(|| interval.saturating_sub(now.saturating_duration_since(asked)))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn learned(&self, name: &str, answer: Result<Vec<IpAddr>, String>) {
        let mut names = self.lock();
        // Nobody may use it any more.
        let Some(known) = names.get_mut(name) else { return };
        match answer {
            Ok(mut addresses) => {
                addresses.sort_unstable();
                addresses.dedup();
                known.has_failed = false;
                if known.addresses.as_deref() != Some(&*addresses) {
                    tracing::info!(target: "gatewright::names", host = name, ?addresses, "addresses changed");
                    known.addresses = Some(addresses.into());
                }
            }
            // Once, until it works again.
            Err(problem) if !known.has_failed => {
                known.has_failed = true;
                let kept = known.addresses.as_deref().map_or(0, <[IpAddr]>::len);
                tracing::warn!(target: "gatewright::names", host = name, problem, kept, "no addresses were found");
            }
            Err(_) => {}
        }
    }
}

impl Used {
    /// The name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Used {
    fn drop(&mut self) {
        let mut names = self.names.lock();
        let Some(known) = names.get_mut(&self.name) else { return };
        known.users = known.users.saturating_sub(1);
        if known.users == 0 {
            names.remove(&self.name);
        }
    }
}

impl Running {
    /// Asks the resolver, and keeps a good answer.
    pub(super) async fn look_up(self) {
        let answer = tokio::time::timeout(LONGEST, self.names.resolver.resolve(&self.name)).await;
        let answer = match answer {
            Ok(Ok(addresses)) if addresses.is_empty() => Err("the answer is empty".to_owned()),
            Ok(Ok(addresses)) => Ok(addresses),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("no answer in time".to_owned()),
        };
        self.names.learned(&self.name, answer);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(known) = self.names.lock().get_mut(&*self.name) {
            known.is_running = false;
        }
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Answers what stands in its turn, and then never.
    struct Script(Vec<io::Result<Vec<IpAddr>>>, AtomicUsize);

    #[async_trait::async_trait]
    impl NameResolver for Script {
        async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
            match self.0.get(self.1.fetch_add(1, Ordering::SeqCst)) {
                Some(Ok(addresses)) => Ok(addresses.clone()),
                Some(Err(error)) => Err(io::Error::from(error.kind())),
                None => std::future::pending().await,
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_good_answer_is_kept() {
        let ip = |last: u8| IpAddr::from([10, 0, 0, last]);
        let script = vec![Err(io::ErrorKind::NotFound.into()), Ok(vec![ip(2), ip(1), ip(2)]), Ok(Vec::new())];
        let names = Arc::new(Names::new(Script(script, AtomicUsize::new(0))));
        let _used = names.used("h");
        let second = Duration::from_secs(1);
        let expected = [None, Some(vec![ip(1), ip(2)]), Some(vec![ip(1), ip(2)]), Some(vec![ip(1), ip(2)])];
        assert_eq!(names.due("h", second, Instant::now()), Some(Duration::ZERO));
        for expected in expected {
            let start = Instant::now();
            let running = names.begin("h", second, start).unwrap();
            assert!(names.begin("h", second, start + second * 9).is_none(), "one at a time");
            assert_eq!(names.due("h", second, start), None);
            running.look_up().await;
            assert!(start.elapsed() < LONGEST + second);
            assert_eq!(names.addresses("h").as_deref().map(<[IpAddr]>::to_vec), expected);
            assert!(names.begin("h", second * 20, Instant::now()).is_none(), "it is not due");
            tokio::time::advance(second).await;
        }
        drop(names.begin("h", second, Instant::now()));
        assert_eq!(names.due("h", second, Instant::now()), Some(second), "it was given up");
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_uses_is_forgotten() {
        let answer = || Ok(vec![IpAddr::from([10, 0, 0, 1])]);
        let names = Arc::new(Names::new(Script(vec![answer(), answer()], AtomicUsize::new(0))));
        let second = Duration::from_secs(1);
        let [before, after] = [names.used("h"), names.used("h")];
        names.begin("h", second, Instant::now()).unwrap().look_up().await;
        drop(before);
        assert!(names.addresses("h").is_some(), "another configuration uses it");
        tokio::time::advance(second).await;
        let running = names.begin("h", second, Instant::now()).unwrap();
        drop(after);
        assert!(names.lock().is_empty());
        running.look_up().await;
        assert!(names.lock().is_empty(), "nobody waits for the answer any more");
        assert!(names.begin("h", second, Instant::now()).is_none() && names.due("h", second, Instant::now()).is_none());
    }
}
