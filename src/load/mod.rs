//! Reads an ARM template, an APIOps folder or a plain folder into a store.
//!
//! ```no_run
//! let loaded = gatewright::load::path("apim/")?;
//! for warning in &loaded.warnings {
//!     eprintln!("{warning}");
//! }
//! println!("{} APIs", loaded.store.service.apis.len());
//! # Ok::<_, gatewright::load::Problems>(())
//! ```
//!
//! What is read from which file is in `docs/configuration.md`.

mod arm;
mod assemble;
mod fingerprint;
mod folder;
#[cfg(feature = "import")]
mod importer;
mod item;
mod json;
mod overrides;
mod problem;
mod reference;
mod source;
mod specification;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use fingerprint::Fingerprint;
pub use problem::{Problem, Problems};

use crate::model::{Sensitive, Store};
use item::Collected;
use overrides::Overrides;

/// A configuration that was read.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Loaded {
    /// All entities.
    pub store: Store,
    /// What is there but not read, or has no effect.
    pub warnings: Vec<Problem>,
    /// The files that it was read from, without parameters and overrides.
    pub files: Vec<PathBuf>,
}

/// What is given beside the configuration: parameters of a template, secrets, and what differs between environments.
///
/// ```no_run
/// use gatewright::load::Options;
///
/// let loaded = Options::new()
///     .parameter("apimServiceName", "contoso")
///     .named_value("orders-key", std::env::var("ORDERS_KEY").unwrap_or_default())
///     .overrides_file("configuration.prod.json")
///     .load("apim/")?;
/// # Ok::<_, gatewright::load::Problems>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Options {
    parameters: BTreeMap<String, Hidden>,
    parameters_files: Vec<PathBuf>,
    named_values: BTreeMap<String, Sensitive>,
    overrides_files: Vec<PathBuf>,
}

impl Options {
    /// Makes options in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives a parameter of the template its value; wins over parameters files.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<serde_json::Value>) -> Self {
        self.parameters.insert(name.into(), Hidden(value.into()));
        self
    }

    /// Reads parameters of the template from a file: `{"parameters": {"name": {"value": …}}}`. Later files win.
    #[must_use]
    pub fn parameters_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.parameters_files.push(path.into());
        self
    }

    /// Gives a named value of the service its value, by display name or resource name; wins over all files and over
    /// Key Vault.
    #[must_use]
    pub fn named_value(mut self, name: impl Into<String>, value: impl Into<Sensitive>) -> Self {
        self.named_values.insert(name.into(), value.into());
        self
    }

    /// Reads overrides from a file: lists (`namedValues`, `backends`, `apis`, …) of `{"name": …, "properties": {…}}` that
    /// are laid over the configuration member by member. Later files win. `{#[NAME]#}` in a string is replaced by the
    /// environment variable `NAME`. YAML needs the feature `import`.
    #[must_use]
    pub fn overrides_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.overrides_files.push(path.into());
        self
    }

    /// Reads a configuration: a file is an ARM template, a folder is an APIOps folder of either layout or a plain one.
    ///
    /// Reads files, so it blocks; call it outside of async code or through `spawn_blocking`.
    ///
    /// # Errors
    ///
    /// [`Problems`] with everything that is wrong: files that cannot be read, JSON or template expressions that are
    /// not valid, members that do not fit, references to entities that are not there. Nothing is loaded then.
    pub fn load(&self, path: impl AsRef<Path>) -> Result<Loaded, Problems> {
        let path = path.as_ref();
        let mut collected = Collected::default();
        let mut overrides = Overrides::default();
        for file in &self.overrides_files {
            overrides.read(file, &mut collected.problems);
        }
        for (name, value) in &self.named_values {
            overrides.named_value(name, value.expose());
        }
        if path.is_dir() {
            folder::collect(path, &mut collected);
            if !(self.parameters.is_empty() && self.parameters_files.is_empty()) {
                let message = "parameters have no effect on a folder: give values by overrides";
                collected.warnings.push(Problem::new(path.display().to_string(), None, message));
            }
        } else {
            let mut parameters = arm::Parameters::default();
            for file in &self.parameters_files {
                parameters.read(file, &mut collected.problems);
            }
            for (name, Hidden(value)) in &self.parameters {
                parameters.set(name, value);
            }
            arm::collect(path, parameters, &mut collected);
            collected.files.push(path.to_owned());
        }
        assemble::assemble(collected, &overrides, &path.display().to_string())
    }

    /// What the files look like that [`load`](Self::load) reads: another fingerprint means that something has changed.
    pub fn fingerprint(&self, path: impl AsRef<Path>) -> Fingerprint {
        let beside = self.parameters_files.iter().chain(&self.overrides_files).map(PathBuf::as_path);
        Fingerprint::of(std::iter::once(path.as_ref()).chain(beside))
    }
}

/// Reads a configuration with nothing given beside it; see [`Options::load`].
///
/// # Errors
///
/// [`Problems`] with everything that is wrong; nothing is loaded then.
pub fn path(path: impl AsRef<Path>) -> Result<Loaded, Problems> {
    Options::new().load(path)
}

/// A parameter, which may be a secret.
#[derive(Clone)]
struct Hidden(serde_json::Value);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<hidden>")
    }
}
