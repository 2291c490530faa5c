//! Named values and certificates that are in a Key Vault.

mod slot;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::problem::ConfigurationError;
use super::service::Gateway;
use crate::clock::Clock;
use crate::model::{KeyVault, KeyVaultStatus, Store};
use crate::secret::{Secret, SecretProvider};
use slot::{each, wanted};

/// How long a secret is taken for fresh: what API Management promises.
const INTERVAL: Duration = Duration::from_secs(4 * 60 * 60);
/// When a secret that could not be had is asked for again, at the earliest.
const PAUSE: Duration = Duration::from_secs(60);
/// How long a provider may take for a secret.
const LONGEST_QUESTION: Duration = Duration::from_secs(60);
/// How many secrets are asked for at a time.
const AT_A_TIME: usize = 8;

/// The secrets that the named values and certificates of a configuration have in a Key Vault (`keyVault`), kept fresh.
///
/// Each is asked for when it is new, and again after an interval of 4 hours; an identifier of one version is asked for once.
/// When that fails, the last good value stays, `lastStatus` says why, and the provider is asked again after a minute, or when
/// it wants to be (`Retry-After`).
///
/// ```
/// use gatewright::gateway::{Gateway, KeyVaultSecrets};
/// use gatewright::model::{KeyVault, NamedValue, Store};
/// use gatewright::secret::MemoryProvider;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let id = "https://contoso.vault.azure.net/secrets/orders-key";
/// let secrets = KeyVaultSecrets::new(MemoryProvider::new().secret(id, "s3cr3t"));
///
/// let mut store = Store::new();
/// store.service.named_values.insert("orders-key", NamedValue::new().key_vault(KeyVault::new(id)));
/// secrets.fill(&mut store).await;
/// assert_eq!(store.service.named_values.get("orders-key").unwrap().value.as_ref().unwrap().expose(), "s3cr3t");
///
/// let gateway = Gateway::builder().build(&store)?;
/// tokio::spawn(async move { gateway.rotate(store, &secrets, |problem| eprintln!("{problem}")).await });
/// # Ok(())
/// # }
/// ```
///
/// Source: *Use named values in Azure API Management policies*, *Key Vault secrets*.
pub struct KeyVaultSecrets {
    provider: Arc<dyn SecretProvider>,
    interval: Duration,
    timeout: Duration,
    clock: Clock,
    entries: Mutex<HashMap<Wanted, Entry>>,
}

/// A secret, and who asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Wanted {
    pub(crate) identifier: String,
    /// Client id of a user-assigned identity.
    pub(crate) client_id: Option<String>,
}

#[derive(Clone)]
struct Entry {
    /// The last good value.
    secret: Option<Secret>,
    status: KeyVaultStatus,
    /// When it is asked for again; none for never.
    due: Option<Instant>,
}

/// What has become of a look at what is due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Round {
    pub(crate) has_asked: bool,
    /// Whether a secret is another one.
    pub(crate) has_changed: bool,
}

/// What has become of a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Applied {
    has_new_values: bool,
    has_new_statuses: bool,
}

impl Wanted {
    pub(crate) fn of(vault: &KeyVault) -> Self {
        let client_id = vault.identity_client_id.clone().filter(|id| !id.is_empty());
        Self { identifier: vault.secret_identifier.clone(), client_id }
    }
}

impl KeyVaultSecrets {
    /// Takes secrets from `provider`, which is asked for the `secretIdentifier` of an entity as it is written.
    pub fn new(provider: impl SecretProvider) -> Self {
        let provider = Arc::new(provider);
        let (interval, timeout) = (INTERVAL, LONGEST_QUESTION);
        Self { provider, interval, timeout, clock: Clock::system(), entries: Mutex::default() }
    }

    /// Sets: how long a secret is taken for fresh; 4 hours by default.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets: how long the provider may take for a secret before it is taken for failed; 60 seconds by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets: the time.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Fetches what a configuration names and is new or due, and puts everything that is known into it. What could not be had
    /// has its last good value, or none; `lastStatus` says why.
    ///
    /// Cancel safe: what was fetched is kept, and the configuration is not changed.
    pub async fn fill(&self, store: &mut Store) {
        self.fetch_due(store).await;
        self.apply(store, None);
    }

    /// How long until a secret is to be asked for again; none when there is none.
    pub fn next_due(&self) -> Option<Duration> {
        let now = self.clock.instant();
        let due = self.entries().values().filter_map(|entry| entry.due).min();
        due.map(|due| due.saturating_duration_since(now))
    }

    /// Fetches what a configuration names and is new or due, and forgets the rest.
    pub(crate) async fn fetch_due(&self, store: &Store) -> Round {
        let now = self.clock.instant();
        let all = wanted(store);
        let due: Vec<Wanted> = {
            let mut entries = self.entries();
            entries.retain(|wanted, _| all.contains(wanted));
            let is_due =
                |wanted: &&Wanted| entries.get(wanted).is_none_or(|entry| entry.due.is_some_and(|due| due <= now));
            all.iter().filter(is_due).cloned().collect()
        };
        let mut round = Round { has_asked: !due.is_empty(), has_changed: false };
        let (mut waiting, mut running) = (due.into_iter(), JoinSet::new());
        loop {
            while running.len() < AT_A_TIME
                && let Some(wanted) = waiting.next()
            {
                let (provider, timeout) = (Arc::clone(&self.provider), self.timeout);
                running.spawn(async move {
                    let outcome = ask(&*provider, &wanted, timeout).await;
                    (wanted, outcome)
                });
            }
            match running.join_next().await {
                None => return round,
                Some(Ok((wanted, outcome))) => round.has_changed |= self.note(&wanted, &outcome),
                // A provider that panics has failed for this time.
                Some(Err(_)) => {}
            }
        }
    }

    /// Fetches one secret now, and says how that went.
    #[cfg(feature = "management")]
    pub(crate) async fn fetch(&self, wanted: &Wanted) -> (Result<Secret, String>, KeyVaultStatus) {
        let outcome = ask(&*self.provider, wanted, self.timeout).await;
        self.note(wanted, &outcome);
        let status = self.entries().get(wanted).map(|entry| entry.status.clone());
        (outcome.map_err(|failure| failure.message), status.unwrap_or_default())
    }

    /// Keeps what came of a question; whether it is another secret.
    fn note(&self, wanted: &Wanted, outcome: &Result<Secret, Failure>) -> bool {
        let (now, time) = (self.clock.instant(), time_stamp(self.clock.wall()));
        let mut entries = self.entries();
        let before = entries.get(wanted).and_then(|entry| entry.secret.clone());
        let status = KeyVaultStatus::new().time_stamp_utc(time);
        let entry = match outcome {
            Ok(secret) => Entry {
                secret: Some(secret.clone()),
                status: status.code("Success"),
                due: (!self.provider.is_fixed(&wanted.identifier)).then(|| later(now, self.interval)),
            },
            Err(failure) => {
                let (identifier, message) = (&*wanted.identifier, &*failure.message);
                tracing::warn!(target: "gatewright::secret", identifier, message, "a secret was not refreshed");
                let wait = failure.retry_after.unwrap_or_default().max(PAUSE.min(self.interval));
                let due = Some(later(now, wait));
                Entry { secret: before.clone(), status: status.code("RefreshFailed").message(message), due }
            }
        };
        let has_changed = entry.secret != before;
        entries.insert(wanted.clone(), entry);
        has_changed
    }

    /// Puts what is known into a configuration, or only what is known of one secret.
    pub(super) fn apply(&self, store: &mut Store, chosen: Option<&Wanted>) -> Applied {
        let entries = self.entries().clone();
        let mut applied = Applied::default();
        each(store, &mut |wanted, place| {
            let Some(entry) = entries.get(wanted).filter(|_| chosen.is_none_or(|chosen| chosen == wanted)) else {
                return;
            };
            let mut status = entry.status.clone();
            if let Some(secret) = &entry.secret {
                match place.put(secret) {
                    Ok(is_new) => applied.has_new_values |= is_new,
                    Err(message) => status = status.code("RefreshFailed").message(message),
                }
            }
            applied.has_new_statuses |= place.tell(status);
        });
        applied
    }

    /// Puts what is known into a copy of a configuration, which the gateway serves when a value is another one; none when
    /// nothing is. A value that cannot be served is left out, and `lastStatus` says so.
    ///
    /// It compiles, so it blocks.
    pub(crate) fn serve(
        &self,
        gateway: &Gateway,
        before: &Store,
        report: &mut dyn FnMut(&ConfigurationError),
    ) -> Option<Store> {
        let mut after = before.clone();
        let applied = self.apply(&mut after, None);
        if !applied.has_new_values {
            return applied.has_new_statuses.then_some(after);
        }
        if gateway.replace(&after).is_ok() {
            return Some(after);
        }
        // One of them is to blame, and does not stop the others.
        let mut good = before.clone();
        for wanted in wanted(before) {
            let mut next = good.clone();
            if !self.apply(&mut next, Some(&wanted)).has_new_values {
                good = next;
                continue;
            }
            match gateway.replace(&next) {
                Ok(()) => good = next,
                Err(error) => {
                    report(&error);
                    let status =
                        KeyVaultStatus::new().code("RefreshFailed").time_stamp_utc(time_stamp(self.clock.wall()));
                    let status = status.message("the configuration cannot be served with the new value");
                    each(&mut good, &mut |other, place| {
                        if *other == wanted {
                            place.tell(status.clone());
                        }
                    });
                }
            }
        }
        Some(good)
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Wanted, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for KeyVaultSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.entries().len();
        f.debug_struct("KeyVaultSecrets")
            .field("interval", &self.interval)
            .field("known", &known)
            .finish_non_exhaustive()
    }
}

impl Gateway {
    /// Serves a configuration again whenever one of its secrets has changed, for ever: a host runs this in a task of its own.
    ///
    /// `store` is what is served now. `report` is told what cannot be served with a new secret, which is then left out.
    /// A configuration that changes by `management` or in a watched folder is kept fresh there.
    pub async fn rotate(
        &self,
        mut store: Store,
        secrets: &KeyVaultSecrets,
        mut report: impl FnMut(&ConfigurationError),
    ) {
        loop {
            // Without anything to refresh there is nothing to do but to wait.
            let wait = secrets.next_due().unwrap_or(INTERVAL);
            tokio::time::sleep(wait.max(Duration::from_secs(1))).await;
            if secrets.fetch_due(&store).await.has_asked
                && let Some(after) = secrets.serve(self, &store, &mut report)
            {
                store = after;
            }
        }
    }
}

/// Why there is no secret.
#[derive(Debug)]
struct Failure {
    message: String,
    retry_after: Option<Duration>,
}

async fn ask(provider: &dyn SecretProvider, wanted: &Wanted, timeout: Duration) -> Result<Secret, Failure> {
    let Wanted { identifier, client_id } = wanted;
    let question = match client_id {
        Some(client_id) => provider.get_as(identifier, client_id),
        None => provider.get(identifier),
    };
    let Ok(asked) = tokio::time::timeout(timeout, question).await else {
        let message = format!("`{identifier}` was not given within {timeout:?}");
        return Err(Failure { message, retry_after: None });
    };
    match asked {
        Ok(found) if found.secret.expose().is_empty() => {
            Err(Failure { message: format!("`{identifier}` is empty"), retry_after: None })
        }
        Ok(found) => Ok(found.secret),
        Err(error) => Err(Failure { message: error.to_string(), retry_after: error.retry_after() }),
    }
}

/// As ISO 8601, with the digits that the contract shows.
fn time_stamp(time: SystemTime) -> String {
    let time = jiff::Timestamp::try_from(time).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S%.7fZ").to_string()
}

fn later(now: Instant, wait: Duration) -> Instant {
    // A wait that is longer than time itself is a year.
    now.checked_add(wait).unwrap_or(now + Duration::from_secs(365 * 24 * 60 * 60))
}
