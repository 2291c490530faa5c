//! A file for what can be read only from one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A file that is gone when it is dropped: in memory where the system has such, else in the folder for temporary files.
pub(super) struct Scratch {
    path: PathBuf,
    file: File,
    is_on_disk: bool,
}

impl Scratch {
    pub(super) fn of(content: &[u8]) -> io::Result<Self> {
        let mut scratch = match Self::in_memory() {
            Some(scratch) => scratch,
            None => Self::on_disk()?,
        };
        scratch.file.write_all(content)?;
        Ok(scratch)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    #[cfg(target_os = "linux")]
    fn in_memory() -> Option<Self> {
        use std::os::fd::AsRawFd as _;

        use rustix::fs::{MemfdFlags, memfd_create};

        let file = File::from(memfd_create("stylesheet", MemfdFlags::CLOEXEC).ok()?);
        let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        // Without `/proc` it has no path.
        path.is_file().then_some(Self { path, file, is_on_disk: false })
    }

    #[cfg(not(target_os = "linux"))]
    fn in_memory() -> Option<Self> {
        None
    }

    fn on_disk() -> io::Result<Self> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let name: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let path = std::env::temp_dir().join(format!("gatewright-{name}.xsl"));
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        Ok(Self { path, file, is_on_disk: true })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.is_on_disk {
            // A file that stays behind does no harm but to order.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_can_be_read_while_it_is_there() {
        let whole = Scratch::of(b"<a/>").unwrap();
        assert_eq!(fs::read(whole.path()).unwrap(), b"<a/>");
        assert_eq!(whole.is_on_disk, !cfg!(target_os = "linux"));
        let on_disk = Scratch::on_disk().unwrap();
        let path = on_disk.path().to_owned();
        assert!(path.is_file());
        drop(on_disk);
        assert!(!path.exists());
    }
}
