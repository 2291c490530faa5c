//! Text that is being built.

use std::cell::Cell;

use crate::expr::value::Str;

thread_local! {
    /// The buffer of the text that was built last, so that a text costs the allocation of its result and no other.
    static SPARE: Cell<String> = const { Cell::new(String::new()) };
}

/// The largest buffer that is kept.
const KEPT: usize = 4096;
/// What most texts of policies fit in.
const ROOM: usize = 128;

/// Text being built; turns to UTF-16 only when a lone surrogate comes.
#[derive(Default)]
pub(crate) struct TextBuffer {
    utf8: String,
    units: Option<Vec<u16>>,
}

impl TextBuffer {
    /// An empty text in the buffer that this thread used last.
    pub(super) fn reused() -> Self {
        let mut utf8 = SPARE.take();
        utf8.reserve(ROOM);
        Self { utf8, units: None }
    }

    pub(crate) fn push(&mut self, text: &Str) {
        match text.as_str() {
            Some(text) => self.push_str(text),
            None => self.push_units(&text.units()),
        }
    }

    pub(crate) fn push_str(&mut self, text: &str) {
        match &mut self.units {
            Some(units) => units.extend(text.encode_utf16()),
            None => self.utf8.push_str(text),
        }
    }

    pub(crate) fn push_units(&mut self, more: &[u16]) {
        match char::decode_utf16(more.iter().copied()).collect::<Result<String, _>>() {
            Ok(text) => self.push_str(&text),
            Err(_) => {
                let mut units: Vec<u16> = self.units.take().unwrap_or_else(|| self.utf8.encode_utf16().collect());
                units.extend_from_slice(more);
                self.units = Some(units);
            }
        }
    }

    pub(super) fn push_number(&mut self, number: i32) {
        use std::fmt::Write;
        let _ = match &mut self.units {
            Some(units) => {
                units.extend(number.to_string().encode_utf16());
                Ok(())
            }
            None => write!(self.utf8, "{number}"),
        };
    }

    /// What it takes in memory, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.units.as_ref().map_or(self.utf8.len(), |u| u.len() * 2)
    }

    /// The text; the buffer goes back to its thread unless it is large.
    pub(crate) fn finish(mut self) -> Str {
        if let Some(units) = self.units {
            return Str::from_utf16(&units);
        }
        let text = Str::from(self.utf8.as_str());
        if self.utf8.capacity() <= KEPT {
            self.utf8.clear();
            SPARE.set(self.utf8);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::TextBuffer;
    use crate::expr::value::Str;

    #[test]
    fn lone_surrogates_are_kept() {
        let mut buffer = TextBuffer::reused();
        buffer.push_str("a");
        buffer.push(&Str::from_utf16(&[0xd83d]));
        buffer.push_number(-7);
        let text = buffer.finish();
        assert_eq!(text.units(), [0x61, 0xd83d, 0x2d, 0x37]);
        let mut next = TextBuffer::reused();
        next.push_str("b");
        assert_eq!(next.finish(), Str::from("b"));
    }
}
