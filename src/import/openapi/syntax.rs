//! Reads the text of a document, JSON or YAML, into one kind of value.

use std::str;

use serde_saphyr::{Budget, Error as YamlError};

use super::node::Node;

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    Json,
    Yaml,
}

/// Why a text could not be read.
#[derive(Debug)]
pub(super) struct SyntaxError {
    pub(super) code: &'static str,
    /// Line and column, from 1.
    pub(super) place: Option<(u64, u64)>,
    pub(super) message: String,
}

impl SyntaxError {
    fn new(place: Option<(u64, u64)>, message: impl Into<String>) -> Self {
        Self { code: "invalid-syntax", place, message: message.into() }
    }
}

/// Reads a text; what begins with `{` is JSON, anything else YAML.
pub(super) fn read(bytes: &[u8]) -> Result<(Syntax, Node<'_>), SyntaxError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
        SyntaxError::new(Some((line, 1)), "the document is not UTF-8")
    })?;
    if text.trim_ascii_start().starts_with(['{', '[']) {
        read_json(text).map(|node| (Syntax::Json, node))
    } else {
        read_yaml(text).map(|node| (Syntax::Yaml, node))
    }
}

fn read_json(text: &str) -> Result<Node<'_>, SyntaxError> {
    serde_json::from_str(text).map_err(|error| {
        let place = Some((error.line() as u64, error.column() as u64)).filter(|place| place.0 > 0);
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        SyntaxError::new(place, format!("the document is not JSON: {message}"))
    })
}

const GROWS: &str = "the document grows beyond its size when its aliases are followed";

fn read_yaml(text: &str) -> Result<Node<'_>, SyntaxError> {
    // An alias cannot make more out of a document than this many times its size.
    let most = text.len().saturating_mul(4).max(100_000);
    let mut budget = Budget::default();
    budget.max_nodes = most;
    budget.max_events = most.saturating_mul(2);
    budget.max_total_scalar_bytes = most.saturating_mul(4);
    budget.max_depth = 64;
    let mut options = serde_saphyr::Options::default();
    options.budget = Some(budget);
    options.strict_booleans = true;
    options.with_snippet = false;
    options.alias_limits.max_total_replayed_events = most;
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
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

    fn code(text: &str) -> &'static str {
        match read(text.as_bytes()) {
            Ok(_) => "",
            Err(error) => error.code,
        }
    }

    #[test]
    fn reads_yaml_with_text_keys_and_words() {
        let (syntax, node) = read(
            b"\xef\xbb\xbfresponses: &r\n  200: ok\n  4XX: no\n  on: yes\n  2020-01-01: 2020-01-02\n  null: 1\n  1.10: 1.0\nmore: *r\nlist: [1, -2, 0x10, 1e3, null, \"3\"]\n",
        )
        .unwrap();
        assert_eq!(syntax, Syntax::Yaml);
        assert_eq!(
            node.get("responses").to_json().to_string(),
            r#"{"1.10":1.0,"200":"ok","2020-01-01":"2020-01-02","4XX":"no","null":1,"on":"yes"}"#
        );
        assert_eq!(node.get("more"), node.get("responses"));
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
