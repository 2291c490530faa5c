//! Statements, and what comes of them.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value as Json;

use super::SqlServer;
use crate::forward::CertificateName;
use crate::secret::Secret;

/// A statement to be run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SqlRequest {
    /// Where.
    pub server: SqlServer,
    /// Who asks.
    pub credential: SqlCredential,
    /// The client certificate to show.
    pub certificate: Option<CertificateName>,
    /// The text, with parameters such as `@name`.
    pub statement: Arc<str>,
    /// What the parameters stand for. They are sent beside the text.
    pub parameters: Vec<SqlParameter>,
    /// The longest answer, in bytes of JSON; a longer one is an error.
    pub byte_limit: usize,
    /// The most rows; more are an error.
    pub row_limit: usize,
}

/// Who asks a server. It never prints a password or token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SqlCredential {
    /// A login of the server.
    Login {
        /// Its name.
        user: String,
        /// Its password.
        password: Secret,
    },
    /// A token of Microsoft Entra ID.
    Token(Secret),
}

/// A parameter of a statement.
#[derive(Clone, Debug, PartialEq)]
pub struct SqlParameter {
    /// The name, with the `@`.
    pub name: Arc<str>,
    /// The type, such as `nvarchar(20)`; the value says it without one.
    pub sql_type: Option<Arc<str>>,
    /// The value: null, a boolean, a number or a string; of a list or an object the JSON is the value.
    pub value: Json,
}

/// The rows of the last result of a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SqlRows {
    /// A JSON object each, in order.
    pub rows: Vec<Bytes>,
}

impl SqlParameter {
    /// Whether a text is the name of a parameter: `@` and letters, digits, `_`, `#` or `$`.
    pub(crate) fn is_name(text: &str) -> bool {
        let letters = text.strip_prefix('@').unwrap_or_default();
        let is_letter = |c: char| c.is_alphanumeric() || matches!(c, '_' | '#' | '$');
        !letters.is_empty() && letters.chars().count() <= 100 && letters.chars().all(is_letter)
    }

    /// Whether a text is a type of SQL Server, such as `int`, `nvarchar(20)`, `varbinary(max)` or `decimal(10, 2)`.
    pub(crate) fn is_type(text: &str) -> bool {
        let (name, lengths) = match text.split_once('(') {
            None => (text, None),
            Some((name, rest)) => (name, Some(rest)),
        };
        let is_word = |text: &str| text.len() <= 40 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let is_length = |text: &str| {
            let text = text.trim();
            text.eq_ignore_ascii_case("max")
                || !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit())
        };
        let name = name.trim();
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && is_word(name)
            && lengths
                .is_none_or(|rest| rest.strip_suffix(')').is_some_and(|inner| inner.splitn(3, ',').all(is_length)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_words_with_lengths() {
        for text in ["int", "NVarChar(20)", "varbinary(max)", "decimal(10, 2)", "sql_variant", "datetime2 (7)"] {
            assert!(SqlParameter::is_type(text), "{text}");
        }
        for text in ["", "1", "int,@x int", "int)", "a(b)", "a(1", "a()", "a(1;2)", "int -- x", "a b", "a(12345)"] {
            assert!(!SqlParameter::is_type(text), "{text}");
        }
    }
}
