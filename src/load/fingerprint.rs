//! Whether files have changed since they were looked at.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What the files of a configuration looked like at one moment: names, sizes, times, and where links lead. No file is read.
///
/// ```
/// use gatewright::load::Options;
///
/// let (folder, options) = (std::path::Path::new("apim"), Options::new());
/// let before = options.fingerprint(folder);
/// assert!(options.fingerprint(folder) == before);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(u64);

impl Fingerprint {
    pub(super) fn of<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Self {
        let (mut hasher, mut folders) = (DefaultHasher::new(), HashSet::new());
        for path in paths {
            look(path, &mut folders, &mut hasher);
        }
        Self(hasher.finish())
    }
}

/// Looks at each of the `folders` once: links may lead in circles.
fn look(path: &Path, folders: &mut HashSet<PathBuf>, hasher: &mut DefaultHasher) {
    path.hash(hasher);
    let Ok(metadata) = std::fs::metadata(path) else { return false.hash(hasher) };
    if metadata.is_dir() {
        if !std::fs::canonicalize(path).is_ok_and(|folder| folders.insert(folder)) {
            return;
        }
        let names = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        // Hidden ones are not loaded: those of git change all the time.
        let is_hidden = |path: &PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let mut names: Vec<PathBuf> = names.filter(|path| !is_hidden(path)).collect();
        names.sort();
        names.iter().for_each(|path| look(path, folders, hasher));
        return;
    }
    // A file of a ConfigMap is a link to a link: another one may have the size and the time of the one before.
    std::fs::canonicalize(path).ok().hash(hasher);
    metadata.len().hash(hasher);
    let changed = metadata.modified().ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    changed.hash(hasher);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Options;

    #[test]
    fn it_sees_changes_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let (path, options) = (folder.path().join("config"), Options::new());
        let mut last = options.fingerprint(&path);
        let mut changed = |expected: bool, what: &str| {
            let now = options.fingerprint(&path);
            assert_eq!(now != last, expected, "{what}");
            last = now;
        };
        std::fs::create_dir_all(path.join("apis")).unwrap();
        changed(true, "made");
        std::fs::write(path.join("apis/a.json"), "1").unwrap();
        changed(true, "a file");
        changed(false, "nothing");
        std::fs::write(path.join("apis/a.json"), "22").unwrap();
        changed(true, "a size");
        std::fs::rename(path.join("apis/a.json"), path.join("apis/b.json")).unwrap();
        changed(true, "a name");
        std::fs::write(path.join(".hidden"), "1").unwrap();
        changed(false, "hidden");
        std::fs::remove_dir_all(&path).unwrap();
        changed(true, "gone");
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_elsewhere_and_in_circles() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let options = Options::new();
        let long_ago = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1);
        for version in ["..1", "..2"] {
            std::fs::create_dir(path.join(version)).unwrap();
            std::fs::write(path.join(version).join("policy.xml"), version).unwrap();
            let file = std::fs::File::options().write(true).open(path.join(version).join("policy.xml")).unwrap();
            file.set_modified(long_ago).unwrap();
        }
        symlink("..1", path.join("..data")).unwrap();
        symlink("..data/policy.xml", path.join("policy.xml")).unwrap();
        symlink(".", path.join("circle")).unwrap();
        symlink(".", path.join("another")).unwrap();
        let before = options.fingerprint(&path);
        symlink("..2", path.join("..data_tmp")).unwrap();
        std::fs::rename(path.join("..data_tmp"), path.join("..data")).unwrap();
        assert!(options.fingerprint(&path) != before);
    }
}
