//! Serves a configuration again whenever its files change.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::key_vault::KeyVaultSecrets;
use super::problem::ConfigurationError;
use super::service::Gateway;
use crate::load::{Fingerprint, Loaded, Options, Problem};
use crate::model::Store;

/// A folder or file that is looked at again and again.
///
/// Made before the configuration is loaded for the first time, so that no change is missed.
///
/// ```no_run
/// use gatewright::gateway::{ConfigurationWatch, Gateway};
/// use gatewright::load::Options;
///
/// # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
/// let watch = ConfigurationWatch::new("apim/", Options::new());
/// let gateway = Gateway::builder().load("apim/")?;
/// let watched = gateway.clone();
/// tokio::spawn(async move {
///     watched
///         .watch(watch, |outcome| match outcome {
///             Ok(_) => eprintln!("the configuration has changed"),
///             Err(problems) => eprintln!("the configuration stays: {problems}"),
///         })
///         .await;
/// });
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ConfigurationWatch {
    path: PathBuf,
    options: Options,
    interval: Duration,
    seen: Fingerprint,
    secrets: Option<Arc<KeyVaultSecrets>>,
}

impl ConfigurationWatch {
    /// Looks at a configuration for the first time, which blocks for a moment; then every second.
    pub fn new(path: impl Into<PathBuf>, options: Options) -> Self {
        let path = path.into();
        let seen = options.fingerprint(&path);
        Self { path, options, interval: Duration::from_secs(1), seen, secrets: None }
    }

    /// Sets: how long to wait between two looks. A change is taken when it has stood for one interval.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets: what the configuration has in a Key Vault, which is fetched for each one, and kept fresh between them.
    #[must_use]
    pub fn secrets(mut self, secrets: Arc<KeyVaultSecrets>) -> Self {
        self.secrets = Some(secrets);
        self
    }
}

/// What became of a look.
enum Look {
    /// Nothing has changed, or something is changing.
    Wait(Fingerprint),
    Loaded(Fingerprint, Result<Box<Loaded>, ConfigurationError>),
}

/// What was told last, which is not told again until it is something else.
#[derive(Default)]
struct Told(Vec<String>);

impl Told {
    /// Whether problems are others than those that were told.
    fn is_new(&mut self, problems: &[ConfigurationError]) -> bool {
        let before = std::mem::replace(&mut self.0, problems.iter().map(ToString::to_string).collect());
        self.0 != before
    }
}

impl Gateway {
    /// Serves the configuration again whenever its files have changed, for ever: a host runs this in a task of its own.
    ///
    /// `report` is told the warnings of each configuration that is served from now on; or what is wrong with one that
    /// cannot be, once, and then the last good one stays, with its secrets kept fresh. Folders that change by links (a mounted
    /// ConfigMap) are seen, too. Whoever watches a configuration must not change it by `management` as well.
    pub async fn watch(
        &self,
        watch: ConfigurationWatch,
        mut report: impl FnMut(Result<Vec<Problem>, ConfigurationError>),
    ) {
        let ConfigurationWatch { path, options, interval, seen, secrets } = watch;
        // What is served, and what the last look saw.
        let (mut served, mut last) = (seen, seen);
        let (mut told, mut told_of_secrets) = (Told::default(), Told::default());
        let mut store = match &secrets {
            Some(secrets) => first(path.clone(), options.clone(), secrets).await,
            None => None,
        };
        let mut fetching = JoinSet::new();
        loop {
            tokio::time::sleep(interval).await;
            if let (Some(secrets), Some(current)) = (&secrets, &mut store) {
                // Beside: files are looked at, too, when a vault takes its time.
                if fetching.is_empty() && secrets.next_due() == Some(Duration::ZERO) {
                    let (secrets, current) = (Arc::clone(secrets), Arc::clone(current));
                    fetching.spawn(async move { secrets.fetch_due(&current).await.has_asked });
                }
                if let Some(Ok(true)) = fetching.try_join_next() {
                    let problems = self.take_secrets(secrets, current).await;
                    if told_of_secrets.is_new(&problems) {
                        problems.into_iter().for_each(|problem| report(Err(problem)));
                    }
                }
            }
            let (path, options) = (path.clone(), options.clone());
            let look = tokio::task::spawn_blocking(move || {
                let now = options.fingerprint(&path);
                if now != last || now == served {
                    return Look::Wait(now);
                }
                let loaded = options.load(&path).map(Box::new).map_err(ConfigurationError::from);
                if options.fingerprint(&path) != now {
                    return Look::Wait(now);
                }
                Look::Loaded(now, loaded)
            });
            match look.await {
                Ok(Look::Wait(now)) => last = now,
                Ok(Look::Loaded(now, loaded)) => {
                    (served, last) = (now, now);
                    let outcome = match loaded {
                        Ok(loaded) => self.take(*loaded, secrets.as_deref()).await,
                        Err(error) => Some(Err(error)),
                    };
                    match outcome {
                        Some(Ok((good, warnings))) => {
                            (store, told) = (Some(good), Told::default());
                            report(Ok(warnings));
                        }
                        Some(Err(error)) if told.is_new(std::slice::from_ref(&error)) => report(Err(error)),
                        Some(Err(_)) | None => {}
                    }
                }
                // The runtime ends.
                Err(_) => return,
            }
        }
    }

    /// Serves a configuration.
    async fn take(
        &self,
        loaded: Loaded,
        secrets: Option<&KeyVaultSecrets>,
    ) -> Option<Result<(Arc<Store>, Vec<Problem>), ConfigurationError>> {
        let Loaded { mut store, warnings, .. } = loaded;
        if let Some(secrets) = secrets {
            secrets.fill(&mut store).await;
        }
        let gateway = self.clone();
        let replaced = tokio::task::spawn_blocking(move || gateway.replace(&store).map(|()| Arc::new(store))).await;
        replaced.ok().map(|replaced| replaced.map(|store| (store, warnings)))
    }

    /// Serves the last good configuration with the secrets that have come; what it cannot be served with.
    async fn take_secrets(&self, secrets: &Arc<KeyVaultSecrets>, store: &mut Arc<Store>) -> Vec<ConfigurationError> {
        let (gateway, secrets, before) = (self.clone(), Arc::clone(secrets), Arc::clone(store));
        let work = tokio::task::spawn_blocking(move || {
            let mut problems = Vec::new();
            let after = secrets.serve(&gateway, &before, &mut |problem| problems.push(problem.clone()));
            (after, problems)
        });
        // It fails when the runtime ends.
        let Ok((after, problems)) = work.await else { return Vec::new() };
        if let Some(after) = after {
            *store = Arc::new(after);
        }
        problems
    }
}

/// The configuration that is served when a watch begins; none when it has become a bad one meanwhile.
async fn first(path: PathBuf, options: Options, secrets: &KeyVaultSecrets) -> Option<Arc<Store>> {
    let loaded = tokio::task::spawn_blocking(move || options.load(&path).ok()).await.ok()??;
    let mut store = loaded.store;
    secrets.apply(&mut store, None);
    Some(Arc::new(store))
}
