//! A GraphQL request as HTTP carries it: in the query of a URL, or in a body.

use std::borrow::Cow;

use bytes::Bytes;
use url::form_urlencoded;

use super::{GraphError, JsonMap, JsonValue};

/// What a caller asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GraphRequest {
    pub(crate) query: String,
    pub(crate) operation: Option<String>,
    pub(crate) variables: JsonMap,
    form: Form,
}

/// How it came, for writing it again.
#[derive(Clone, Debug, PartialEq)]
enum Form {
    /// A JSON object, with all its members.
    Json(JsonMap),
    /// The query alone: `application/graphql`.
    Text,
    /// Parameters of a URL, in order.
    Parameters(Vec<(String, String)>),
}

/// A request as it is written again.
#[derive(Debug, PartialEq)]
pub(crate) enum Written {
    /// As a body.
    Body(Bytes),
    /// As the query of a URL.
    Query(String),
}

impl GraphRequest {
    /// Reads a body; `media_type` is the essence of its `Content-Type`, when it has one.
    pub(crate) fn of_body(bytes: &[u8], media_type: Option<&str>) -> Result<Self, GraphError> {
        let is = |name: &str| media_type.is_some_and(|found| found.eq_ignore_ascii_case(name));
        if is("application/graphql") {
            let query = std::str::from_utf8(bytes).map_err(|_| GraphError::new("The query is not UTF-8."))?;
            return Ok(Self::new(query.to_owned(), None, JsonMap::new(), Form::Text));
        }
        if let Some(other) = media_type.filter(|found| !is_json(found)) {
            let message = format!("Requests of the content type {other} are not supported: expected application/json.");
            return Err(GraphError::new(message));
        }
        match serde_json::from_slice::<JsonValue>(bytes) {
            Ok(JsonValue::Object(members)) => Self::of_members(members),
            Ok(JsonValue::Array(_)) => Err(GraphError::new("Batched requests are not supported.")),
            Ok(_) => Err(GraphError::new("The request is not a JSON object.")),
            Err(error) => Err(GraphError::new(format!("The request is not JSON: {error}."))),
        }
    }

    /// Reads a JSON object with `query`, `operationName` and `variables`.
    pub(crate) fn of_members(members: JsonMap) -> Result<Self, GraphError> {
        let Some(query) = members.get("query").and_then(JsonValue::as_str).map(str::to_owned) else {
            return Err(GraphError::new("The request has no text `query`."));
        };
        let operation = match members.get("operationName") {
            None | Some(JsonValue::Null) => None,
            Some(JsonValue::String(name)) => Some(name.as_str().to_owned()),
            Some(_) => return Err(GraphError::new("`operationName` is not a text.")),
        };
        let variables = match members.get("variables") {
            None | Some(JsonValue::Null) => JsonMap::new(),
            Some(JsonValue::Object(variables)) => variables.clone(),
            Some(_) => return Err(GraphError::new("`variables` is not an object.")),
        };
        Ok(Self::new(query, operation, variables, Form::Json(members)))
    }

    /// Reads the query of a URL, without its question mark.
    pub(crate) fn of_url(text: &str) -> Result<Self, GraphError> {
        let parameters: Vec<(String, String)> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
        let one = |name: &str| {
            let mut found = parameters.iter().filter(|(known, _)| known == name).map(|(_, value)| value);
            match (found.next(), found.next()) {
                (_, Some(_)) => Err(GraphError::new(format!("The parameter `{name}` is there twice."))),
                (found, None) => Ok(found.cloned()),
            }
        };
        let Some(query) = one("query")? else {
            return Err(GraphError::new("The request has no parameter `query`."));
        };
        let variables = match one("variables")?.filter(|text| !text.trim().is_empty()).as_deref() {
            None => JsonMap::new(),
            Some(text) => match serde_json::from_str::<JsonValue>(text) {
                Ok(JsonValue::Object(variables)) => variables,
                Ok(JsonValue::Null) => JsonMap::new(),
                _ => return Err(GraphError::new("`variables` is not a JSON object.")),
            },
        };
        let operation = one("operationName")?.filter(|name| !name.is_empty());
        Ok(Self::new(query, operation, variables, Form::Parameters(parameters)))
    }

    fn new(query: String, operation: Option<String>, variables: JsonMap, form: Form) -> Self {
        Self { query, operation, variables, form }
    }

    /// Whether it came in the query of a URL.
    pub(crate) fn is_of_url(&self) -> bool {
        matches!(self.form, Form::Parameters(_))
    }

    /// The request in the form in which it came, and in one reading: each member is there once.
    pub(crate) fn write(&self, query: &str) -> Written {
        match &self.form {
            Form::Text => Written::Body(Bytes::copy_from_slice(query.as_bytes())),
            Form::Json(members) => {
                let mut members = members.clone();
                members.insert("query", query.into());
                // INVARIANT: JSON that was read can be written.
                Written::Body(serde_json::to_vec(&members).unwrap_or_default().into())
            }
            Form::Parameters(parameters) => {
                let mut out = form_urlencoded::Serializer::new(String::new());
                for (name, value) in parameters {
                    let value = if name == "query" { Cow::Borrowed(query) } else { Cow::Borrowed(value.as_str()) };
                    out.append_pair(name, &value);
                }
                Written::Query(out.finish())
            }
        }
    }
}

/// Whether the query of a URL holds a request.
pub(crate) fn is_in_url(text: &str) -> bool {
    form_urlencoded::parse(text.as_bytes()).any(|(name, _)| name == "query")
}

fn is_json(media_type: &str) -> bool {
    let lower = media_type.to_ascii_lowercase();
    matches!(lower.as_str(), "application/json" | "text/json") || lower.ends_with("+json")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn is_read_in_every_form() {
        let text = r#"{"query":"{a}","operationName":null,"variables":{"x":1},"extensions":{}}"#;
        let request = GraphRequest::of_body(text.as_bytes(), Some("application/json")).unwrap();
        assert_eq!((request.query.as_str(), request.operation.as_deref(), request.variables.len()), ("{a}", None, 1));
        assert_eq!(request.write("{a}"), Written::Body(text.into()));
        let request = GraphRequest::of_body(b"{b}", Some("Application/GraphQL")).unwrap();
        assert_eq!(request.write("{c}"), Written::Body("{c}".into()));
        let request = GraphRequest::of_url("key=1&query=%7Ba%7D&operationName=&variables=%7B%22x%22:1%7D").unwrap();
        assert_eq!((request.query.as_str(), request.operation.as_deref(), request.variables.len()), ("{a}", None, 1));
        let written = "key=1&query=%7Bb%7D&operationName=&variables=%7B%22x%22%3A1%7D";
        assert_eq!(request.write("{b}"), Written::Query(written.into()));
    }

    #[test]
    fn what_is_written_again_has_one_reading() {
        let text = r#"{"query":"{a}","query":"{b}"}"#;
        let request = GraphRequest::of_body(text.as_bytes(), None).unwrap();
        assert_eq!(request.query, "{b}");
        assert_eq!(request.write("{b}"), Written::Body(r#"{"query":"{b}"}"#.into()));
    }

    #[test]
    fn says_what_is_wrong() {
        let body = |text: &str, kind| GraphRequest::of_body(text.as_bytes(), kind).unwrap_err().message;
        for (text, start) in [
            ("", "The request is not JSON: "),
            ("1", "The request is not a JSON object."),
            ("[{}]", "Batched requests are not supported."),
            ("{}", "The request has no text `query`."),
            (r#"{"query": 1}"#, "The request has no text `query`."),
            (r#"{"query": "{a}", "operationName": 1}"#, "`operationName` is not a text."),
            (r#"{"query": "{a}", "variables": []}"#, "`variables` is not an object."),
        ] {
            assert!(body(text, None).starts_with(start), "{text}");
        }
        assert!(
            body("{}", Some("multipart/form-data")).starts_with("Requests of the content type multipart/form-data")
        );
        for (text, expected) in [
            ("", "The request has no parameter `query`."),
            ("query=a&query=b", "The parameter `query` is there twice."),
            ("query=a&variables=1", "`variables` is not a JSON object."),
        ] {
            assert_eq!(GraphRequest::of_url(text).unwrap_err().message, expected);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_request_or_an_error(bytes in any::<Vec<u8>>(), text in any::<String>()) {
            let _ = GraphRequest::of_body(&bytes, None);
            let _ = GraphRequest::of_url(&text);
        }
    }
}
