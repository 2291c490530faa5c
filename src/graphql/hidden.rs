//! The fields that rules took out of a query: null in its answer, with an error each.

use bytes::Bytes;

use super::{GraphError, JsonMap, JsonValue, answer_of};

/// Fields that were taken out of a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Hidden {
    /// Where they would be: the names of members from the root of the data.
    pub(super) places: Vec<Vec<String>>,
    pub(super) errors: Vec<GraphError>,
}

impl Hidden {
    /// The answer when nothing of the query is left to ask for.
    pub(crate) fn answer(&self) -> Bytes {
        let mut data = JsonValue::Object(JsonMap::new());
        self.put_nulls(&mut data);
        answer_of(&self.errors, Some(&data))
    }

    /// The errors, when the fields were taken out.
    pub(crate) fn errors(&self) -> &[GraphError] {
        &self.errors
    }

    /// Puts nulls into data.
    pub(crate) fn put_nulls(&self, data: &mut JsonValue) {
        self.places.iter().for_each(|place| put_null(data, place));
    }

    /// Puts nulls and errors into the answer to what was left; none when that is no answer of GraphQL.
    pub(crate) fn put_into(&self, answer: &[u8]) -> Option<Bytes> {
        let mut answer: JsonMap = serde_json::from_slice(answer).ok()?;
        if let Some(data) = answer.get_mut("data") {
            self.put_nulls(data);
        }
        let own =
            self.errors.iter().filter_map(|error| apollo_compiler::response::serde_json_bytes::to_value(error).ok());
        match answer.get_mut("errors") {
            Some(JsonValue::Array(errors)) => errors.extend(own),
            _ => {
                answer.insert("errors", JsonValue::Array(own.collect()));
            }
        }
        serde_json::to_vec(&answer).ok().map(Bytes::from)
    }
}

/// Puts null at the end of a path, in each item of the lists on the way; what is there stays.
fn put_null(value: &mut JsonValue, path: &[String]) {
    match (value, path) {
        (JsonValue::Array(items), _) => items.iter_mut().for_each(|item| put_null(item, path)),
        (JsonValue::Object(members), [last]) => {
            members.entry(last.as_str()).or_insert(JsonValue::Null);
        }
        (JsonValue::Object(members), [first, rest @ ..]) => {
            if let Some(inner) = members.get_mut(first.as_str()) {
                put_null(inner, rest);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_and_errors_are_put_in() {
        let place = |path: &[&str]| path.iter().map(|step| (*step).to_owned()).collect();
        let hidden =
            Hidden { places: vec![place(&["users", "email"]), place(&["me"])], errors: vec![GraphError::new("no")] };
        let answer = hidden.put_into(br#"{"data":{"users":[{"id":1},null,{"id":2}]}}"#).unwrap();
        let expected = r#"{"data":{"users":[{"id":1,"email":null},null,{"id":2,"email":null}],"me":null},"errors":[{"message":"no"}]}"#;
        assert_eq!(answer, expected);
        let answer = hidden.put_into(br#"{"errors":[{"message":"other"}],"data":null}"#).unwrap();
        assert_eq!(answer, r#"{"errors":[{"message":"other"},{"message":"no"}],"data":null}"#);
        assert_eq!(hidden.put_into(b"oops"), None);
        assert_eq!(hidden.put_into(b"[1]"), None);
        let hidden = Hidden { places: vec![place(&["me"])], errors: vec![GraphError::new("no")] };
        assert_eq!(hidden.answer(), r#"{"data":{"me":null},"errors":[{"message":"no"}]}"#);
    }
}
