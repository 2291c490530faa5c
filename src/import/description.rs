//! Reads the JSON that describes an app or a workflow, within limits.

use serde_json::Value;

use super::openapi::{Limits, SyntaxError, json_value};

/// Lists and objects nest no deeper.
const DEEPEST: usize = 127;

/// How much may still be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    bytes: usize,
    values: usize,
}

impl Budget {
    pub(super) fn new(bytes: usize, values: usize) -> Self {
        Self { bytes, values }
    }

    /// Reads a text, which takes its size off what may still be read.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<Value, SyntaxError> {
        let Some(left) = self.bytes.checked_sub(bytes.len()) else {
            let message = format!("the description has {} bytes: at most {} are taken", bytes.len(), self.bytes);
            return Err(SyntaxError { code: "inline-too-large", place: None, message });
        };
        self.bytes = left;
        let limits = Limits { depth: DEEPEST, values: self.values, alias_growth: 1 };
        match json_value(bytes, &limits) {
            Ok((value, count)) => {
                self.values = self.values.saturating_sub(count);
                Ok(value)
            }
            Err(error) if error.code == "invalid-syntax" => Err(SyntaxError { code: "invalid-json", ..error }),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_what_was_read() {
        let mut budget = Budget::new(20, 9);
        assert!(budget.read(b"[1,2,3]").is_ok());
        assert_eq!(budget.read(b"{").unwrap_err().code, "invalid-json");
        assert_eq!(budget.read(b"[1,2,3,4,5]").unwrap_err().code, "too-many-values");
        assert_eq!(budget.read(b"[1]").unwrap_err().code, "inline-too-large");
    }
}
