//! Errors as a GraphQL response lists them.

use apollo_compiler::response::GraphQLError;
use bytes::Bytes;
use serde::Serialize;

use super::JsonValue;

/// An error of a request, or of one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct GraphError {
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) path: Vec<Step>,
}

/// A place in the text of a query; both begin with 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Location {
    line: usize,
    column: usize,
}

/// A step of the way from the data's root to a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Step {
    /// A member, by what the response calls it.
    Key(String),
    /// An item of a list.
    Index(usize),
}

impl GraphError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), locations: Vec::new(), path: Vec::new() }
    }

    /// Adds where in the query the error is.
    pub(crate) fn at(mut self, line: usize, column: usize) -> Self {
        self.locations.push(Location { line, column });
        self
    }

    /// Adds what value is concerned.
    pub(crate) fn of(mut self, path: Vec<Step>) -> Self {
        self.path = path;
        self
    }
}

impl From<GraphQLError> for GraphError {
    fn from(error: GraphQLError) -> Self {
        let error_of = Self::new(error.message);
        error.locations.iter().fold(error_of, |all, place| all.at(place.line, place.column))
    }
}

/// The body of a response: a request error has no data.
pub(crate) fn answer_of(errors: &[GraphError], data: Option<&JsonValue>) -> Bytes {
    #[derive(Serialize)]
    struct Answer<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<&'a JsonValue>,
        #[serde(skip_serializing_if = "<[GraphError]>::is_empty")]
        errors: &'a [GraphError],
    }
    // INVARIANT: texts, numbers, lists and maps with text keys are always JSON.
    serde_json::to_vec(&Answer { data, errors }).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_error_has_no_data() {
        let error = GraphError::new("no \"a\"").at(1, 3).of(vec![Step::Key("a".into()), Step::Index(0)]);
        let text = r#"{"errors":[{"message":"no \"a\"","locations":[{"line":1,"column":3}],"path":["a",0]}]}"#;
        assert_eq!(answer_of(&[error], None), text);
        assert_eq!(answer_of(&[], Some(&JsonValue::Null)), r#"{"data":null}"#);
    }
}
