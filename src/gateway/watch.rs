//! Serves a configuration again whenever its files change.

use std::path::PathBuf;
use std::time::Duration;

use super::problem::ConfigurationError;
use super::service::Gateway;
use crate::load::{Fingerprint, Options, Problem};

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
}

impl ConfigurationWatch {
    /// Looks at a configuration for the first time, which blocks for a moment; then every second.
    pub fn new(path: impl Into<PathBuf>, options: Options) -> Self {
        let path = path.into();
        let seen = options.fingerprint(&path);
        Self { path, options, interval: Duration::from_secs(1), seen }
    }

    /// Sets: how long to wait between two looks. A change is taken when it has stood for one interval.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }
}

/// What became of a look.
enum Look {
    /// Nothing has changed, or something is changing.
    Wait(Fingerprint),
    Loaded(Fingerprint, Result<Vec<Problem>, ConfigurationError>),
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
        let ConfigurationWatch { path, options, interval, seen } = watch;
        // What is served, and what the last look saw.
        let (mut served, mut last) = (seen, seen);
        loop {
            tokio::time::sleep(interval).await;
            let (gateway, path, options) = (self.clone(), path.clone(), options.clone());
            let look = tokio::task::spawn_blocking(move || {
                let now = options.fingerprint(&path);
                if now == served || now != last {
                    return Look::Wait(now);
                }
                let loaded = options.load(&path).map_err(ConfigurationError::from);
                if options.fingerprint(&path) != now {
                    return Look::Wait(now);
                }
                let outcome = loaded.and_then(|loaded| {
                    gateway.replace(&loaded.store)?;
                    Ok(loaded.warnings)
                });
                Look::Loaded(now, outcome)
            });
            match look.await {
                Ok(Look::Wait(now)) => last = now,
                Ok(Look::Loaded(now, outcome)) => {
                    (served, last) = (now, now);
                    report(outcome);
                }
                // The runtime ends.
                Err(_) => return,
            }
        }
    }
}
