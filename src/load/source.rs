//! The text of a file, and where its lines begin.

use std::cell::OnceCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use super::problem::Problem;

/// The text of a file without byte order mark.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) file: Arc<str>,
    pub(super) text: String,
    lines: OnceCell<Vec<usize>>,
}

impl Source {
    pub(super) fn new(file: impl Into<Arc<str>>, text: impl Into<String>) -> Rc<Self> {
        Rc::new(Self { file: file.into(), text: text.into(), lines: OnceCell::new() })
    }

    /// Reads a file that is shown to the user as `file`.
    pub(super) fn read(path: &Path, file: impl Into<Arc<str>>) -> Result<Rc<Self>, Problem> {
        Self::read_as(path, file, |bytes| String::from_utf8(bytes).ok())
    }

    /// The same for a file whose text `decode` makes of its bytes.
    pub(super) fn read_as(
        path: &Path,
        file: impl Into<Arc<str>>,
        decode: fn(Vec<u8>) -> Option<String>,
    ) -> Result<Rc<Self>, Problem> {
        let file = file.into();
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => return Err(Problem::new(file, None, format!("cannot be read: {error}"))),
        };
        let Some(mut text) = decode(bytes) else {
            return Err(Problem::new(file, None, "is not UTF-8 text: save it as UTF-8"));
        };
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        Ok(Self::new(file, text))
    }

    /// Line and column, from 1, of a byte offset.
    pub(super) fn position(&self, offset: usize) -> (u32, u32) {
        let lines = self.lines.get_or_init(|| {
            std::iter::once(0).chain(self.text.match_indices('\n').map(|(index, _)| index + 1)).collect()
        });
        let line = lines.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = lines.get(line).copied().unwrap_or_default();
        let column = self.text.get(start..offset).map_or(offset - start, |text| text.chars().count());
        (u32::try_from(line + 1).unwrap_or(u32::MAX), u32::try_from(column + 1).unwrap_or(u32::MAX))
    }

    pub(super) fn problem(&self, offset: usize, message: impl Into<String>) -> Problem {
        Problem::new(Arc::clone(&self.file), Some(self.position(offset)), message)
    }
}
