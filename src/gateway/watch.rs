//! Serves a configuration again whenever its files change.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::key_vault::KeyVaultSecrets;
use super::problem::ConfigurationError;
use super::service::Gateway;
use crate::load::{Fingerprint, Loaded, Options, Problem};

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

impl Gateway {
    /// Serves the configuration again whenever its files have changed, for ever: a host runs this in a task of its own.
    ///
    /// `report` is told the warnings of each configuration that is served from now on; or what is wrong with one that
    /// cannot be, and then the last good one stays. Folders that change by links (a mounted ConfigMap) are seen, too.
    /// Whoever watches a configuration must not change it by `management` as well.
    pub async fn watch(
        &self,
        watch: ConfigurationWatch,
        mut report: impl FnMut(Result<Vec<Problem>, ConfigurationError>),
    ) {
        let ConfigurationWatch { path, options, interval, seen, secrets } = watch;
        // What is served, and what the last look saw.
        let (mut served, mut last) = (seen, seen);
        loop {
            tokio::time::sleep(interval).await;
            let is_due = secrets.as_ref().is_some_and(|secrets| secrets.next_due() == Some(Duration::ZERO));
            let (path, options) = (path.clone(), options.clone());
            let look = tokio::task::spawn_blocking(move || {
                let now = options.fingerprint(&path);
                if now != last || now == served && !is_due {
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
                    let is_same = now == served;
                    (served, last) = (now, now);
                    let outcome = match loaded {
                        Ok(loaded) => self.take(*loaded, secrets.as_deref(), is_same).await,
                        Err(error) => Some(Err(error)),
                    };
                    if let Some(outcome) = outcome {
                        report(outcome);
                    }
                }
                // The runtime ends.
                Err(_) => return,
            }
        }
    }

    /// Serves a configuration; one that is the same as before only when a secret is another one.
    async fn take(
        &self,
        loaded: Loaded,
        secrets: Option<&KeyVaultSecrets>,
        is_same: bool,
    ) -> Option<Result<Vec<Problem>, ConfigurationError>> {
        let Loaded { mut store, warnings, .. } = loaded;
        if let Some(secrets) = secrets {
            let round = secrets.fetch_due(&store).await;
            if is_same && !round.has_changed {
                return None;
            }
            secrets.apply(&mut store, None);
        }
        let gateway = self.clone();
        let outcome = tokio::task::spawn_blocking(move || gateway.replace(&store)).await;
        outcome.ok().map(|outcome| outcome.map(|()| warnings))
    }
}
