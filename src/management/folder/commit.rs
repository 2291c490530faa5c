//! Puts a change of files on the disk, as a whole or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::OWN;
use super::files::{Files, Text};

/// Files to write and files to remove.
#[derive(Serialize, Deserialize)]
pub(super) struct Change {
    write: Files,
    remove: BTreeSet<String>,
}

impl Change {
    /// What makes the one of the other.
    pub(super) fn between(before: &Files, after: &Files) -> Self {
        let is_new = |(path, text): &(&String, &Text)| before.get(*path) != Some(*text);
        let write = after.iter().filter(is_new).map(|(path, text)| (path.clone(), text.clone())).collect();
        Self { write, remove: before.keys().filter(|path| !after.contains_key(*path)).cloned().collect() }
    }

    /// All files, and nothing of what was there.
    pub(super) fn instead(present: &BTreeSet<String>, after: &Files) -> Self {
        let remove = present.iter().filter(|path| !after.contains_key(*path)).cloned().collect();
        Self { write: after.clone(), remove }
    }
}

/// Why a change is not on the disk.
#[derive(Debug)]
pub(super) struct Failed {
    pub source: io::Error,
    /// Whether all is as it was; otherwise the next process that opens the folder takes the change back.
    pub is_undone: bool,
}

/// Does a change. When this returns, it is on the disk; when it fails, it is not, or will be taken back.
pub(super) fn commit(root: &Path, change: &Change) -> Result<(), Failed> {
    let steps = change.write.len() + change.remove.len();
    if steps == 0 {
        return Ok(());
    }
    let before = Before::of(root, change).map_err(|source| Failed { source, is_undone: true })?;
    // A rename, or a removal, is there or not.
    let is_noted = steps > 1;
    if is_noted && let Err(source) = note(root, change) {
        return Err(Failed { source, is_undone: forget(root).is_ok() });
    }
    // From here on it is done, by this process or by the next one.
    let forgotten = |()| if is_noted { forget(root) } else { Ok(()) };
    apply(root, change).and_then(forgotten).map_err(|source| {
        let is_undone = before.restore(root).and_then(forgotten).is_ok();
        if !is_undone {
            let _ = note(root, &before.into_change());
        }
        Failed { source, is_undone }
    })
}

/// The files of a change before it: what is in them, or none where there is none.
struct Before(BTreeMap<String, Option<Kept>>);

struct Kept {
    bytes: Vec<u8>,
    is_private: bool,
}

impl Before {
    fn of(root: &Path, change: &Change) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        for name in change.write.keys().chain(&change.remove) {
            let path = inside(root, name)?;
            let kept = match fs::read(&path) {
                Ok(bytes) => Some(Kept { bytes, is_private: is_private(&path)? }),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            files.insert(name.clone(), kept);
        }
        Ok(Self(files))
    }

    /// Puts all back as it was.
    fn restore(&self, root: &Path) -> io::Result<()> {
        let mut folders = BTreeSet::new();
        for (name, kept) in &self.0 {
            match kept {
                Some(Kept { bytes, is_private }) => put(root, name, bytes, *is_private, &mut folders)?,
                None => take(root, name, &mut folders)?,
            }
        }
        folders.iter().try_for_each(|folder| sync(folder))
    }

    /// The same for a journal; what is no text stays as it is.
    fn into_change(self) -> Change {
        let mut change = Change { write: Files::new(), remove: BTreeSet::new() };
        for (name, kept) in self.0 {
            match kept.map(|kept| (String::from_utf8(kept.bytes), kept.is_private)) {
                Some((Ok(text), is_private)) => {
                    change.write.insert(name, Text { text, is_private });
                }
                Some((Err(_), _)) => {}
                None => {
                    change.remove.insert(name);
                }
            }
        }
        change
    }
}

/// Does a change that was interrupted.
pub(super) fn finish(root: &Path) -> io::Result<()> {
    let text = match fs::read(journal(root)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let change: Change = serde_json::from_slice(&text)?;
    apply(root, &change)?;
    forget(root)
}

/// Writes a change down.
pub(super) fn note(root: &Path, change: &Change) -> io::Result<()> {
    let text = Text { text: serde_json::to_string(change)?, is_private: true };
    write(root, &journal(root), text.text.as_bytes(), text.is_private)?;
    sync(&root.join(OWN))
}

/// Removes what was written down, if anything was.
fn forget(root: &Path) -> io::Result<()> {
    match fs::remove_file(journal(root)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(()) => sync(&root.join(OWN)),
    }
}

fn journal(root: &Path) -> PathBuf {
    root.join(OWN).join("journal.json")
}

/// Does the steps of a change, also those that are done already.
fn apply(root: &Path, change: &Change) -> io::Result<()> {
    let mut folders = BTreeSet::new();
    for (name, text) in &change.write {
        put(root, name, text.text.as_bytes(), text.is_private, &mut folders)?;
    }
    for name in &change.remove {
        take(root, name, &mut folders)?;
    }
    folders.iter().try_for_each(|folder| sync(folder))
}

/// Writes a file, with the folders that it is in; notes those whose entries change.
fn put(root: &Path, name: &str, bytes: &[u8], is_private: bool, folders: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    let path = inside(root, name)?;
    make_folders(root, &path, folders)?;
    write(root, &path, bytes, is_private)
}

/// Removes a file, if it is there, and the folders that it leaves empty.
fn take(root: &Path, name: &str, folders: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    let path = inside(root, name)?;
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => remove_empty_folders(root, &path, folders),
    }
}

/// The path of a file; a journal that says another place was not written by us.
fn inside(root: &Path, name: &str) -> io::Result<PathBuf> {
    let path = Path::new(name);
    match !name.is_empty() && path.components().all(|part| matches!(part, Component::Normal(_))) {
        true => Ok(root.join(path)),
        false => Err(io::Error::new(io::ErrorKind::InvalidData, format!("`{name}` is not a path in the folder"))),
    }
}

/// Makes the folders of a file; notes those whose entries change.
fn make_folders(root: &Path, path: &Path, folders: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    folders.insert(folder.to_owned());
    if !folder.is_dir() {
        let above = folder.ancestors().skip(1).take_while(|above| above.starts_with(root));
        folders.extend(above.map(Path::to_owned));
        fs::create_dir_all(folder)?;
    }
    Ok(())
}

/// Removes the folders that a file leaves empty: each would be warned of.
fn remove_empty_folders(root: &Path, path: &Path, folders: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    for folder in path.ancestors().skip(1).take_while(|folder| *folder != root) {
        match fs::remove_dir(folder) {
            Ok(()) => {
                folders.remove(folder);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                folders.insert(folder.to_owned());
                return Ok(());
            }
            // A link to a folder stays.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                folders.extend(folder.parent().map(Path::to_owned));
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    }
    folders.insert(root.to_owned());
    Ok(())
}

/// Writes a file beside, and puts it in its place.
fn write(root: &Path, path: &Path, bytes: &[u8], is_private: bool) -> io::Result<()> {
    let next = root.join(OWN).join("next");
    match fs::remove_file(&next) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if is_private {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    let mut file = options.open(&next)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&next, path)
}

/// Whether only its owner may read a file.
fn is_private(path: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    return Ok(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path)?.permissions()) & 0o044 == 0);
    #[cfg(not(unix))]
    fs::metadata(path).map(|_| false)
}

/// Makes the entries of a folder durable.
fn sync(folder: &Path) -> io::Result<()> {
    // Folders cannot be opened everywhere.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
