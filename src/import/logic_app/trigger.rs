//! A trigger of type `Request`: how it is called, and whether that can be written into a policy.

use serde_json::Value;

use super::workflow::schema;
use crate::import::generated::{escape, without_expressions};
use crate::import::limits::LONGEST_PATH;

/// How a trigger is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// `/{trigger}/paths/invoke`
    Consumption,
    /// `/{trigger}/invoke`
    Standard,
}

impl Call {
    /// The version of the trigger's own API, when nothing says another one.
    pub(super) fn api_version(self) -> &'static str {
        match self {
            Self::Consumption => "2016-10-01",
            Self::Standard => "2022-05-01",
        }
    }
}

/// A trigger that requests can start.
#[derive(Debug)]
pub(super) struct Trigger<'d> {
    pub(super) call: Call,
    pub(super) name: String,
    /// Upper case.
    pub(super) method: String,
    /// Behind `invoke`, without slashes at the ends; may be empty.
    pub(super) relative_path: String,
    pub(super) api_version: String,
    pub(super) schema: Option<&'d Value>,
    /// JSON pointer to where it is described.
    pub(super) pointer: String,
}

impl<'d> Trigger<'d> {
    /// A trigger of a definition; none when it is of another type.
    pub(super) fn defined(name: &str, trigger: &'d Value, pointer: String) -> Option<Self> {
        if !trigger["type"].as_str()?.eq_ignore_ascii_case("Request") {
            return None;
        }
        let inputs = &trigger["inputs"];
        Some(Self {
            call: Call::Consumption,
            name: name.to_owned(),
            method: inputs["method"].as_str().unwrap_or("POST").to_ascii_uppercase(),
            relative_path: inputs["relativePath"].as_str().unwrap_or_default().trim_matches('/').to_owned(),
            api_version: Call::Consumption.api_version().to_owned(),
            schema: schema(&inputs["schema"]),
            pointer,
        })
    }

    /// `/manual/paths/invoke` and the relative path.
    pub(super) fn url_template(&self) -> String {
        let call = match self.call {
            Call::Consumption => "paths/invoke",
            Call::Standard => "invoke",
        };
        let path = format!("/{}/{call}/{}", self.name, self.relative_path);
        path.trim_end_matches('/').to_owned()
    }

    /// Why the trigger is left out, if it is: code and sentence.
    pub(super) fn problem(&self) -> Option<(&'static str, String)> {
        if self.name.len() + self.relative_path.len() > LONGEST_PATH {
            return Some(("path-too-long", format!("the path of a trigger has more than {LONGEST_PATH} bytes")));
        }
        let name = &self.name;
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '(' | ')' | ' ');
        if name.is_empty() || !name.chars().all(is_part) {
            let message = format!("trigger `{name}` is left out: its name has characters that no trigger has");
            return Some(("invalid-name", message));
        }
        let is_method = (1..=20).contains(&self.method.len()) && self.method.bytes().all(|b| b.is_ascii_alphabetic());
        let is_version = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
        let wrong = if !is_method {
            ("method", &self.method)
        } else if self.api_version.len() > 40 || !self.api_version.bytes().all(is_version) {
            ("API version", &self.api_version)
        } else if !is_path(&self.relative_path) {
            ("relative path", &self.relative_path)
        } else {
            return None;
        };
        let message =
            format!("trigger `{name}` is left out: its {} `{}` cannot be written into a policy", wrong.0, wrong.1);
        Some(("unsafe-text", message))
    }

    /// The statements that turn a call into one that the trigger accepts. `key` is the named value of the signature.
    pub(super) fn policy(&self, key: &str) -> String {
        let end = match self.call {
            Call::Consumption => "/",
            Call::Standard => "",
        };
        let template = format!(
            "{}{end}?api-version={}&amp;sp=/triggers/{}/run&amp;sv=1.0&amp;sig={{{{{key}}}}}",
            escape(&without_expressions(&self.url_template())),
            escape(&self.api_version),
            escape(&self.name),
        );
        format!(
            "        <set-method id=\"apim-generated-policy\">{}</set-method>\n        \
             <rewrite-uri id=\"apim-generated-policy\" template=\"{template}\" />\n        \
             <set-header id=\"apim-generated-policy\" name=\"Ocp-Apim-Subscription-Key\" exists-action=\"delete\" />\n",
            escape(&self.method),
        )
    }
}

/// Whether a path has no query, and braces only around names.
fn is_path(path: &str) -> bool {
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let is_text = |text: &str| !text.chars().any(|c| matches!(c, '{' | '}' | '?' | '#') || c.is_control());
    let mut pieces = path.split('{');
    let is_first = pieces.next().is_none_or(is_text);
    is_first && pieces.all(|piece| piece.split_once('}').is_some_and(|(name, rest)| is_name(name) && is_text(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_paths() {
        for path in ["", "orders", "orders/{id}/@{x}", "a-b.c/{a_b}"] {
            assert!(is_path(path), "{path}");
        }
        for path in ["{{key}}", "a?b", "{}", "{a", "a}", "{%a%}", "a\nb", "{a b}"] {
            assert!(!is_path(path), "{path}");
        }
    }
}
