//! Reads the text of a document, JSON or YAML, into one kind of value.

use std::str;

use serde_json::Value;
use serde_saphyr::Error as YamlError;

use super::document::{Document, LARGEST_SOURCE};
use super::{json, yaml};

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    Json,
    Yaml,
}

/// How much of a text is read.
#[derive(Clone, Copy, Debug)]
pub(in crate::import) struct Limits {
    /// How deep values may nest.
    pub(in crate::import) depth: usize,
    /// How many values there may be, names of members among them.
    pub(in crate::import) values: usize,
    /// How many times larger aliases may make YAML.
    pub(in crate::import) alias_growth: usize,
}

/// Why a text could not be read.
#[derive(Debug)]
pub(in crate::import) struct SyntaxError {
    pub(in crate::import) code: &'static str,
    /// Line and column, from 1.
    pub(in crate::import) place: Option<(u64, u64)>,
    pub(in crate::import) message: String,
}

impl SyntaxError {
    fn new(place: Option<(u64, u64)>, message: impl Into<String>) -> Self {
        Self { code: "invalid-syntax", place, message: message.into() }
    }

    fn too_many(place: Option<(u64, u64)>, limits: &Limits) -> Self {
        let message = format!("the document has more than {} values", limits.values);
        Self { code: "too-many-values", place, message }
    }
}

/// Reads a text; unless `syntax` says which it is, what begins with `{` or `[` is JSON, anything else YAML.
pub(super) fn read<'t>(
    bytes: &'t [u8],
    syntax: Option<Syntax>,
    limits: &Limits,
) -> Result<(Syntax, Document<'t>), SyntaxError> {
    let text = text(bytes)?;
    let is_json = text.trim_ascii_start().starts_with(['{', '[']);
    match syntax.unwrap_or(if is_json { Syntax::Json } else { Syntax::Yaml }) {
        Syntax::Json => read_json(text, limits).map(|document| (Syntax::Json, document)),
        Syntax::Yaml => read_yaml(text, limits).map(|document| (Syntax::Yaml, document)),
    }
}

/// Reads a text that is JSON into a value, and counts the values in it, names of members among them.
pub(in crate::import) fn json_value(bytes: &[u8], limits: &Limits) -> Result<(Value, usize), SyntaxError> {
    read_json(text(bytes)?, limits).map(|document| (document.root().to_json(), document.count()))
}

fn text(bytes: &[u8]) -> Result<&str, SyntaxError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
        SyntaxError::new(Some((line, 1)), "the document is not UTF-8")
    })?;
    if text.len() > LARGEST_SOURCE {
        return Err(SyntaxError::new(
            None,
            format!("the document has {} bytes: at most {LARGEST_SOURCE} are read", text.len()),
        ));
    }
    Ok(text)
}

fn read_json<'t>(text: &'t str, limits: &Limits) -> Result<Document<'t>, SyntaxError> {
    json::read(text, limits.depth, limits.values).map_err(|error| {
        let before = text.get(..error.offset).unwrap_or(text);
        let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
        let column = before.len() - before.rfind('\n').map_or(0, |end| end + 1) + 1;
        let place = Some((line as u64, column as u64));
        match error.message {
            json::TOO_MANY => SyntaxError::too_many(place, limits),
            message => SyntaxError::new(place, format!("the document is not JSON: {message}")),
        }
    })
}

const GROWS: &str = "the document grows beyond its size when its aliases are followed";

fn read_yaml<'t>(text: &'t str, limits: &Limits) -> Result<Document<'t>, SyntaxError> {
    yaml::read(text, limits).map_err(|problem| {
        let error = match problem {
            yaml::Problem::TooMany => return SyntaxError::too_many(None, limits),
            yaml::Problem::Yaml(error) => error,
        };
        let place = error.location().map(|location| (location.line(), location.column())).filter(|place| place.0 > 0);
        let mut cause = &error;
        while let YamlError::AliasError { error, .. } | YamlError::WithSnippet { error, .. } = cause {
            cause = error;
        }
        match cause {
            YamlError::Budget { .. }
            | YamlError::AliasReplayLimitExceeded { .. }
            | YamlError::AliasExpansionLimitExceeded { .. }
            | YamlError::AliasReplayStackDepthExceeded { .. }
            | YamlError::AliasReplayCounterOverflow { .. } => {
                SyntaxError { code: "alias-bomb", place, message: GROWS.to_owned() }
            }
            error => {
                let message = error.to_string();
                let message = message.split(" at line ").next().unwrap_or_default();
                SyntaxError::new(place, format!("the document is not YAML: {message}"))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<(Syntax, Document<'_>), SyntaxError> {
        super::read(bytes, None, &Limits { depth: 127, values: 100_000, alias_growth: 4 })
    }

    fn code(text: &str) -> &'static str {
        match read(text.as_bytes()) {
            Ok(_) => "",
            Err(error) => error.code,
        }
    }

    #[test]
    fn reads_yaml_with_text_keys_and_words() {
        let (syntax, document) = read(
            b"\xef\xbb\xbfresponses: &r\n  200: ok\n  4XX: no\n  on: yes\n  2020-01-01: 2020-01-02\n  null: 1\n  1.10: 1.0\nmore: *r\nlist: [1, -2, 0x10, 1e3, null, \"3\"]\n",
        )
        .unwrap();
        assert_eq!(syntax, Syntax::Yaml);
        let node = document.root();
        assert_eq!(
            node.get("responses").to_json().to_string(),
            r#"{"1.10":1.0,"200":"ok","2020-01-01":"2020-01-02","4XX":"no","null":1,"on":"yes"}"#
        );
        assert_eq!(node.get("more").to_json(), node.get("responses").to_json());
        let mut written = String::new();
        node.write(&mut written);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap(), node.to_json());
    }

    #[test]
    fn refuses_what_is_broken() {
        for text in ["{\"a\": ", "{\"a\" 1}", "a: b: c", "a: [", "a:\n\tb: 1", "a: 1\na: 2"] {
            assert_eq!(code(text), "invalid-syntax", "{text}");
        }
        assert!(read(b"a: \xff").is_err());
    }

    #[test]
    fn refuses_aliases_that_multiply() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..10 {
            let alias = format!("*a{}, ", n - 1).repeat(9);
            text.push_str(&format!("a{n}: &a{n} [{alias}]\n"));
        }
        assert_eq!(code(&text), "alias-bomb");
    }
}
