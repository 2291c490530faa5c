//! A configuration in a plain folder, which each change reaches as a whole or not at all.

mod commit;
mod files;

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use commit::Change;
use files::{Files, NameError};

use crate::load::{Loaded, Options, Problems};
use crate::model::Store;

/// What belongs to this crate alone: it is not read as configuration, and git leaves it out.
const OWN: &str = ".gatewright";

/// A configuration in a plain folder, to which changes are written.
///
/// A change that is saved is on the disk as a whole, whatever ends the process: one file is written beside and renamed, several
/// are written to a journal first, which is done again when the folder is opened. Only files of what has changed are written,
/// in the layout of `docs/configuration.md`. A folder in another layout is written anew by the first change: its files that
/// were read, and are not of the plain layout, go.
///
/// Secrets stand in it as they are, in files that only their owner reads. What was fetched from a Key Vault is not written.
///
/// ```
/// use gatewright::gateway::Gateway;
/// use gatewright::management::{BearerToken, Folder, Management};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let temporary = tempfile::tempdir()?;
/// # let path = temporary.path();
/// let (folder, loaded) = Folder::open(path)?;
/// let gateway = Gateway::builder().build(&loaded.store)?;
/// let management = Management::new(gateway.clone(), loaded.store, BearerToken::new("t0ken")).folder(folder);
/// # let _ = management;
/// # Ok(())
/// # }
/// ```
pub struct Folder {
    root: PathBuf,
    /// What is on the disk.
    kept: Files,
    present: BTreeSet<String>,
    /// Whether a change is half written, which the next process does again.
    is_broken: bool,
    /// Held as long as this is: nobody else writes.
    _lock: File,
}

/// Why a folder cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// It cannot be read or written.
    #[error("`{path}` cannot be opened: {source}")]
    Io {
        /// The folder.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Another process changes it.
    #[error("`{0}` is changed by another process: stop that one first")]
    InUse(String),
    /// What is in it is no configuration.
    #[error(transparent)]
    Load(#[from] Problems),
    /// Something in it has a name with which it cannot be written back.
    #[error("{0}")]
    Name(String),
}

/// Why a change cannot be saved.
#[derive(Debug, thiserror::Error)]
pub(in crate::management) enum SaveError {
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("the folder cannot be written: {0}")]
    Io(#[from] io::Error),
}

impl SaveError {
    /// Whether the change itself is to blame.
    pub fn is_name(&self) -> bool {
        matches!(self, Self::Name(_))
    }
}

impl Folder {
    /// Opens a folder, which is made when it is not there: does an interrupted change again, and reads the configuration.
    ///
    /// Reads and writes files, so it blocks.
    ///
    /// # Errors
    ///
    /// [`FolderError`] when it cannot be read or written, is open already, or holds what cannot be loaded.
    pub fn open(path: impl Into<PathBuf>) -> Result<(Self, Loaded), FolderError> {
        let root = path.into();
        let shown = root.display().to_string();
        let failed = |source: io::Error| FolderError::Io { path: shown.clone(), source };
        let named = |error: NameError| FolderError::Name(error.to_string());
        let own = root.join(OWN);
        fs::create_dir_all(&own).map_err(failed)?;
        let lock = File::options().create(true).truncate(false).write(true).open(own.join("lock")).map_err(failed)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => FolderError::InUse(shown.clone()),
            TryLockError::Error(source) => failed(source),
        })?;
        let ignore = own.join(".gitignore");
        if !ignore.exists() {
            fs::write(ignore, "*\n").map_err(failed)?;
        }
        commit::finish(&root).map_err(failed)?;
        if is_empty(&root).map_err(failed)? {
            let files = files::of(&Store::new(), &BTreeSet::new()).map_err(named)?;
            commit::commit(&root, &Change::between(&Files::new(), &files)).map_err(|error| failed(error.source))?;
        }
        let loaded = Options::new().load(&root)?;
        let present: BTreeSet<String> = loaded.files.iter().filter_map(|file| relative(&root, file)).collect();
        let kept = files::of(&loaded.store, &present).map_err(named)?;
        Ok((Self { root, kept, present, is_broken: false, _lock: lock }, loaded))
    }

    /// Writes what is new in a configuration. When it returns, the change is on the disk; when it fails, it is not.
    ///
    /// Writes files, so it blocks.
    pub(in crate::management) fn save(&mut self, store: &Store) -> Result<(), SaveError> {
        if self.is_broken {
            return Err(io::Error::other("an earlier change is half written: open the folder again").into());
        }
        let files = files::of(store, &self.present)?;
        let is_plain = self.kept.keys().eq(&self.present);
        let change = match is_plain {
            true => Change::between(&self.kept, &files),
            // Another layout than ours, which is left behind as a whole.
            false => Change::instead(&self.present, &files),
        };
        if let Err(failed) = commit::commit(&self.root, &change) {
            self.is_broken = !failed.is_undone;
            return Err(failed.source.into());
        }
        self.present = files.keys().cloned().collect();
        self.kept = files;
        Ok(())
    }
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Folder").field("path", &self.root).finish_non_exhaustive()
    }
}

/// Whether nothing is in a folder that could be a configuration: hidden files and notes are none.
fn is_empty(root: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(root)? {
        let name = entry?.file_name();
        let name = name.as_encoded_bytes();
        if !name.starts_with(b".") && !name.ends_with(b".md") {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A path in the folder, with `/`.
fn relative(root: &Path, file: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = file.strip_prefix(root).ok()?.iter().map(|part| part.to_str()).collect();
    parts.map(|parts| parts.join("/"))
}

#[cfg(all(test, unix))]
mod tests;
