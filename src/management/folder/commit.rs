//! Puts a change of files on the disk, as a whole or not at all.

use std::collections::BTreeSet;
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

/// Does a change. When this returns, it is on the disk.
pub(super) fn commit(root: &Path, change: &Change) -> io::Result<()> {
    match change.write.len() + change.remove.len() {
        0 => Ok(()),
        // A rename, or a removal, is there or not.
        1 => apply(root, change),
        _ => {
            note(root, change)?;
            // From here on it is done, by this process or by the next one.
            apply(root, change)?;
            forget(root)
        }
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
    write(root, &journal(root), &text)?;
    sync(&root.join(OWN))
}

fn forget(root: &Path) -> io::Result<()> {
    fs::remove_file(journal(root))?;
    sync(&root.join(OWN))
}

fn journal(root: &Path) -> PathBuf {
    root.join(OWN).join("journal.json")
}

/// Does the steps of a change, also those that are done already.
fn apply(root: &Path, change: &Change) -> io::Result<()> {
    let mut folders = BTreeSet::new();
    for (name, text) in &change.write {
        let path = inside(root, name)?;
        make_folders(root, &path, &mut folders)?;
        write(root, &path, text)?;
    }
    for name in &change.remove {
        let path = inside(root, name)?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => remove_empty_folders(root, &path, &mut folders)?,
        }
    }
    folders.iter().try_for_each(|folder| sync(folder))
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
            Err(error) => return Err(error),
        }
    }
    folders.insert(root.to_owned());
    Ok(())
}

/// Writes a file beside, and puts it in its place.
fn write(root: &Path, path: &Path, text: &Text) -> io::Result<()> {
    let next = root.join(OWN).join("next");
    match fs::remove_file(&next) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if text.is_private {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    let mut file = options.open(&next)?;
    file.write_all(text.text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&next, path)
}

/// Makes the entries of a folder durable.
fn sync(folder: &Path) -> io::Result<()> {
    // Folders cannot be opened everywhere.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
