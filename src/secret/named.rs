//! Named values: what `{{name}}` stands for.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::{Secret, references};

/// What one name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedValue {
    /// A text that may be shown.
    Plain(String),
    /// A text that may not.
    Secret(Secret),
}

impl NamedValue {
    /// The text, secret or not. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Secret(secret) => secret.expose(),
        }
    }

    /// Whether the text may not be shown.
    pub fn is_secret(&self) -> bool {
        matches!(self, Self::Secret(_))
    }
}

/// Named values by display name.
///
/// A name is looked up as it is written, then without regard to the case of ASCII letters; of two names that differ
/// only in case, the one added first answers to a third spelling.
#[derive(Clone, Debug, Default)]
pub struct NamedValues {
    values: BTreeMap<String, NamedValue>,
    folded: HashMap<String, String>,
}

impl NamedValues {
    /// No named values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value that may be shown, or replaces what has exactly this name.
    pub fn plain(self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.insert(name, NamedValue::Plain(text.into()))
    }

    /// Adds a secret, or replaces what has exactly this name.
    pub fn secret(self, name: impl Into<String>, secret: impl Into<Secret>) -> Self {
        self.insert(name, NamedValue::Secret(secret.into()))
    }

    /// Adds a value, or replaces what has exactly this name.
    pub fn insert(mut self, name: impl Into<String>, value: NamedValue) -> Self {
        let name = name.into();
        self.folded.entry(name.to_ascii_lowercase()).or_insert_with(|| name.clone());
        self.values.insert(name, value);
        self
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&NamedValue> {
        let folded = || self.values.get(self.folded.get(&name.to_ascii_lowercase())?);
        self.values.get(name).or_else(folded)
    }

    /// The value of exactly this name.
    pub fn get_exact(&self, name: &str) -> Option<&NamedValue> {
        self.values.get(name)
    }

    /// All names with their values, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &NamedValue)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Replaces each `{{name}}` in a value of an entity; see [`references`] for what counts as one.
    ///
    /// Values are put in as they are: a `{{name}}` within a value stays. The result may hold secrets.
    ///
    /// # Errors
    ///
    /// [`MissingNamedValue`] for the first name that is not defined.
    pub fn substitute<'a>(&self, text: &'a str) -> Result<Cow<'a, str>, MissingNamedValue> {
        let (mut out, mut copied) = (None::<String>, 0);
        for found in references(text) {
            let missing = || MissingNamedValue { name: found.name.to_owned(), offset: found.range.start };
            let value = self.get(found.name).ok_or_else(missing)?;
            let out = out.get_or_insert_default();
            out.push_str(text.get(copied..found.range.start).unwrap_or_default());
            out.push_str(value.expose());
            copied = found.range.end;
        }
        let Some(mut out) = out else { return Ok(Cow::Borrowed(text)) };
        out.push_str(text.get(copied..).unwrap_or_default());
        Ok(Cow::Owned(out))
    }
}

/// A reference to a named value that is not defined.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("named value `{name}` is not defined")]
pub struct MissingNamedValue {
    /// The name between the braces.
    pub name: String,
    /// The byte of the text at which the reference starts.
    pub offset: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> NamedValues {
        NamedValues::new().plain("Env", "prod").secret("key", "s3cr3t").plain("nested", "{{Env}}").plain("KEY", "upper")
    }

    #[test]
    fn looks_up_exactly_then_by_any_case() {
        let values = values();
        let cases = [("Env", Some("prod")), ("ENV", Some("prod")), ("key", Some("s3cr3t")), ("KEY", Some("upper"))];
        for (name, expected) in cases.into_iter().chain([("Key", Some("s3cr3t")), ("no", None)]) {
            assert_eq!(values.get(name).map(NamedValue::expose), expected, "{name}");
        }
    }

    #[test]
    fn substitutes_parts_and_does_not_recurse() {
        let cases = [
            ("", Ok("")),
            ("plain", Ok("plain")),
            ("ECHO_{{Env}}", Ok("ECHO_prod")),
            ("{{Env}}{{env}}!", Ok("prodprod!")),
            ("{{nested}}", Ok("{{Env}}")),
            ("{{ Env }}", Ok("{{ Env }}")),
            ("é{{missing}}", Err(("missing", 2))),
        ];
        for (text, expected) in cases {
            let expected = expected.map(str::to_owned).map_err(|(name, offset): (&str, _)| (name.to_owned(), offset));
            let got = values().substitute(text).map(Cow::into_owned).map_err(|e| (e.name, e.offset));
            assert_eq!(got, expected, "{text}");
        }
        assert!(matches!(values().substitute("plain"), Ok(Cow::Borrowed(_))));
    }

    #[test]
    fn debug_shows_no_secret() {
        assert!(!format!("{:?}", values()).contains("s3cr3t"));
    }
}
