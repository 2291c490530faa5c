//! Writes values of a document as JSON.

use serde_json::Value;

use super::document::Node;

/// A list or object with more values than this is kept as it is written, and not sorted.
const LARGEST_VALUE: usize = 10_000;

impl Node<'_> {
    /// A scalar as text; other values as JSON.
    pub(super) fn to_text(self) -> String {
        if let Some(text) = self.text() {
            return text.to_owned();
        }
        if self.weight(LARGEST_VALUE) > LARGEST_VALUE {
            // A value takes many times the memory of its text.
            let mut text = String::new();
            self.write(&mut text);
            return text;
        }
        self.to_json().to_string()
    }

    pub(super) fn to_json(self) -> Value {
        if let Some(text) = self.text() {
            Value::String(text.to_owned())
        } else if let Some(number) = self.number() {
            serde_json::from_str(number).unwrap_or_default()
        } else if let Some(value) = self.bool() {
            Value::Bool(value)
        } else if self.is_list() {
            self.items().map(Self::to_json).collect()
        } else if self.is_map() {
            self.members().map(|(name, value)| (name.to_owned(), value.to_json())).collect()
        } else {
            Value::Null
        }
    }

    /// Writes the value as JSON.
    pub(super) fn write(self, out: &mut String) {
        if let Some(text) = self.text() {
            write_text(text, out);
        } else if let Some(written) = self.number().or_else(|| self.source()) {
            out.push_str(written);
        } else if let Some(value) = self.bool() {
            out.push_str(if value { "true" } else { "false" });
        } else if self.is_list() {
            out.push('[');
            for (number, item) in self.items().enumerate() {
                out.push_str(if number == 0 { "" } else { "," });
                item.write(out);
            }
            out.push(']');
        } else if self.is_map() {
            out.push('{');
            for (number, (name, value)) in self.members().enumerate() {
                out.push_str(if number == 0 { "" } else { "," });
                write_name(name, out);
                value.write(out);
            }
            out.push('}');
        } else {
            out.push_str("null");
        }
    }
}

/// Writes the name of a member and the colon behind it.
pub(super) fn write_name(name: &str, out: &mut String) {
    write_text(name, out);
    out.push(':');
}

/// Writes a text in double quotes.
pub(super) fn write_text(text: &str, out: &mut String) {
    if text.bytes().any(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
        // INVARIANT: a text can always be written as JSON.
        out.push_str(&serde_json::to_string(text).unwrap_or_default());
    } else {
        out.push('"');
        out.push_str(text);
        out.push('"');
    }
}
