//! Secrets in the files of a folder.

use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use async_trait::async_trait;
use zeroize::Zeroizing;

use super::{Error, SecretProvider, SecretValue};

const LARGEST: u64 = 1 << 20;

/// A folder with one file for each secret, such as a mounted Kubernetes secret.
///
/// The id is the path of the file in the folder (`backend-key`, `billing/key`). One line end at the end of the file is
/// cut. Files are UTF-8, at most 1 MiB. A path that leaves the folder, also through a link, is refused. The version is
/// the time of the last change. Files are read at each call, on the runtime's blocking threads.
#[derive(Clone, Debug)]
pub struct FileProvider {
    folder: PathBuf,
}

impl FileProvider {
    /// A provider of the files below `folder`, which may come to exist later.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }
}

#[async_trait]
impl SecretProvider for FileProvider {
    async fn get(&self, id: &str) -> Result<SecretValue, Error> {
        let plain = Path::new(id).components().all(|part| matches!(part, Component::Normal(_)));
        if id.is_empty() || !plain || id.contains(['\\', '\0']) {
            return Err(Error::invalid_id(id, "expected a relative path without `..`"));
        }
        let (folder, name) = (self.folder.clone(), id.to_owned());
        match tokio::task::spawn_blocking(move || read(&folder, &name)).await {
            Ok(result) => result,
            Err(stopped) => Err(Error::unavailable(id, stopped)),
        }
    }
}

fn read(folder: &Path, id: &str) -> Result<SecretValue, Error> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Error::not_found(id),
        _ => Error::unavailable(id, error),
    };
    let folder = folder.canonicalize().map_err(|error| Error::unavailable(id, error))?;
    // Kubernetes mounts each file as a link to a folder beside it, so links are followed, within the folder.
    let path = folder.join(id).canonicalize().map_err(failed)?;
    if !path.starts_with(&folder) {
        return Err(Error::invalid_id(id, "the file is a link that leaves the folder"));
    }
    let file = fs::File::open(&path).map_err(failed)?;
    let meta = file.metadata().map_err(failed)?;
    if !meta.is_file() {
        return Err(Error::not_found(id));
    }
    if meta.len() > LARGEST {
        return Err(Error::unavailable(id, "the file is larger than 1 MiB"));
    }
    // Sized beforehand: a buffer that grows would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(meta.len() as usize + 1));
    file.take(LARGEST).read_to_end(&mut bytes).map_err(failed)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Error::unavailable(id, "the file is not valid UTF-8"))?;
    let text = text.strip_suffix('\n').map_or(text, |cut| cut.strip_suffix('\r').unwrap_or(cut));
    let mut value = SecretValue::new(text);
    let changed = meta.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    value.version = changed.map(|at| format!("{}.{:09}", at.as_secs(), at.subsec_nanos()));
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(folder: &Path, id: &str) -> Result<String, Error> {
        FileProvider::new(folder).get(id).await.map(|value| value.secret.expose().to_owned())
    }

    #[tokio::test]
    async fn cuts_one_line_end() {
        let folder = tempfile::tempdir().unwrap();
        let cases: [(&[u8], &str); 6] =
            [(b"a", "a"), (b"a\n", "a"), (b"a\r\n", "a"), (b"a\n\n", "a\n"), (b" a ", " a "), (b"", "")];
        for (content, expected) in cases {
            fs::write(folder.path().join("key"), content).unwrap();
            assert_eq!(get(folder.path(), "key").await.unwrap(), expected, "{content:?}");
        }
    }

    #[tokio::test]
    async fn refuses_to_leave_the_folder() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("inner");
        fs::create_dir(&folder).unwrap();
        fs::write(outer.path().join("key"), "outside").unwrap();
        let absolute = outer.path().join("key");
        for id in ["../key", "a/../../key", "./../key", "", "..", "a\0b", "..\\key", absolute.to_str().unwrap()] {
            assert!(get(&folder, id).await.unwrap_err().is_invalid_id(), "{id:?}");
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn follows_links_within_the_folder_only() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("inner");
        fs::create_dir_all(folder.join("..2026")).unwrap();
        fs::write(folder.join("..2026/key"), "inside").unwrap();
        fs::write(outer.path().join("key"), "outside").unwrap();
        std::os::unix::fs::symlink("..2026", folder.join("..data")).unwrap();
        std::os::unix::fs::symlink("..data/key", folder.join("key")).unwrap();
        std::os::unix::fs::symlink("../key", folder.join("leak")).unwrap();
        assert_eq!(get(&folder, "key").await.unwrap(), "inside");
        assert!(get(&folder, "leak").await.unwrap_err().is_invalid_id());
    }

    #[tokio::test]
    async fn says_why_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        fs::write(folder.path().join("binary"), b"\xff\xfe").unwrap();
        fs::write(folder.path().join("large"), vec![b'a'; LARGEST as usize + 1]).unwrap();
        assert!(get(folder.path(), "sub").await.unwrap_err().is_not_found());
        assert!(get(folder.path(), "binary/x").await.unwrap_err().is_not_found());
        for id in ["binary", "large"] {
            assert!(get(folder.path(), id).await.unwrap_err().is_unavailable(), "{id}");
        }
        assert!(get(&folder.path().join("gone"), "key").await.unwrap_err().is_unavailable());
    }
}
