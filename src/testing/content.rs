//! Headers and body of a message, and the claims that a test makes of them.

use std::fmt;

use bytes::Bytes;
use http::HeaderMap;

/// Headers and body of a message.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Content {
    /// All values of a header.
    pub(super) fn values(&self, name: &str) -> Vec<String> {
        let values = self.headers.get_all(name).iter();
        values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
    }

    /// The body as text.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn check_header(&self, name: &str, value: &str) -> Result<(), String> {
        let found = self.values(name);
        match found.as_slice() {
            [one] if one == value => Ok(()),
            [] => Err(format!("header `{name}`: expected `{value}`, it is not there")),
            [one] => Err(format!("header `{name}`: expected `{value}`, found `{one}`")),
            many if many.iter().any(|one| one == value) => Ok(()),
            many => Err(format!("header `{name}`: expected `{value}`, found {many:?}")),
        }
    }

    pub(super) fn check_no_header(&self, name: &str) -> Result<(), String> {
        match self.values(name).as_slice() {
            [] => Ok(()),
            found => Err(format!("header `{name}`: expected none, found {found:?}")),
        }
    }

    pub(super) fn check_body(&self, expected: &str) -> Result<(), String> {
        let found = self.text();
        if found == expected { Ok(()) } else { Err(format!("body: expected\n  {expected}\nfound\n  {found}")) }
    }

    pub(super) fn check_body_has(&self, part: &str) -> Result<(), String> {
        let found = self.text();
        if found.contains(part) { Ok(()) } else { Err(format!("body: expected `{part}` in it, found\n  {found}")) }
    }

    pub(super) fn check_json(&self, expected: &serde_json::Value) -> Result<(), String> {
        let found: serde_json::Value = serde_json::from_slice(&self.body)
            .map_err(|error| format!("body: expected JSON: {error}, found\n  {}", self.text()))?;
        if found == *expected { Ok(()) } else { Err(format!("body: expected\n  {expected}\nfound\n  {found}")) }
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.headers {
            let shown = if value.is_sensitive() { "***".into() } else { String::from_utf8_lossy(value.as_bytes()) };
            writeln!(f, "  {name}: {shown}")?;
        }
        if self.body.is_empty() {
            return Ok(());
        }
        let text = self.text();
        let shown: String = text.chars().take(2000).collect();
        writeln!(f, "\n  {}{}", shown.replace('\n', "\n  "), if shown.len() < text.len() { "…" } else { "" })
    }
}
