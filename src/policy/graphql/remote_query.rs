//! The query that `graphql-data-source` sends to another service.

use bytes::Bytes;

use super::super::compile::Compiler;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::setting::Setting;
use super::super::statements::graphql_data_source::{DOCUMENT, NAME, OPERATION, VARIABLE, VARIABLES};
use crate::expr::Value;
use crate::expr::json::{Formatting, JToken};
use crate::graphql::{JsonMap, JsonValue};
use crate::xml::Element;

/// The longest value of a variable, in bytes.
const LONGEST: usize = 1 << 20;

/// A query with its variables, to be worked out.
pub(super) struct RemoteQuery {
    document: Setting<String>,
    operation: Option<Setting<String>>,
    variables: Vec<(String, Setting<Value>)>,
}

impl RemoteQuery {
    /// Reads the elements of a `request`.
    pub(super) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let (mut document, mut operation, mut variables) = (None, None, Vec::new());
        for child in element.elements() {
            match &*child.name {
                "document" => {
                    compiler.check_child(&DOCUMENT, child);
                    document = compiler.text(child, true, "a query");
                }
                "operationName" => {
                    compiler.check_child(&OPERATION, child);
                    operation = compiler.text(child, true, "the name of an operation");
                }
                "variables" => {
                    compiler.check_child(&VARIABLES, child);
                    for variable in child.elements().filter(|child| *child.name == *VARIABLE.element) {
                        compiler.check_child(&VARIABLE, variable);
                        let name = compiler.constant::<String>(variable, &NAME);
                        variables.extend(name.zip(compiler.text(variable, true, "a value")));
                    }
                }
                _ => {}
            }
        }
        if element.elements().all(|child| *child.name != *DOCUMENT.element) {
            compiler.error(element.span.start, "`request` needs a `document`".to_owned());
        }
        Some(Self { document: document?, operation, variables })
    }

    /// The body of the request.
    pub(super) fn body(&self, exchange: &mut Exchange) -> Result<Bytes, Box<Failure>> {
        let mut body = JsonMap::new();
        body.insert("query", self.document.get(exchange)?.as_str().into());
        if let Some(operation) = &self.operation {
            body.insert("operationName", operation.get(exchange)?.as_str().into());
        }
        let mut variables = JsonMap::new();
        for (name, value) in &self.variables {
            let value = json(&*value.get(exchange)?);
            variables.insert(name.as_str(), value);
        }
        body.insert("variables", JsonValue::Object(variables));
        // INVARIANT: JSON that was made can be written.
        Ok(serde_json::to_vec(&body).unwrap_or_default().into())
    }
}

/// The `data` of an answer; none when there are errors alone.
pub(super) fn data(answer: &[u8]) -> Option<Bytes> {
    let mut answer: JsonMap = serde_json::from_slice(answer).ok()?;
    let data = answer.remove("data").filter(|data| !data.is_null() || !answer.contains_key("errors"))?;
    serde_json::to_vec(&data).ok().map(Bytes::from)
}

fn json(value: &Value) -> JsonValue {
    if let Some(token) = value.downcast::<JToken>() {
        let text = token.to_json(Formatting::None, LONGEST);
        return text.ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(JsonValue::Null);
    }
    match value {
        Value::Null => JsonValue::Null,
        Value::Bool(is) => (*is).into(),
        Value::Double(number) => (*number).into(),
        other => match other.as_int() {
            Some(whole) => whole.into(),
            None => other.to_text().map_or(JsonValue::Null, JsonValue::from),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_taken_unless_there_are_errors_alone() {
        assert_eq!(data(br#"{"data":{"a":1},"errors":[{}]}"#).unwrap(), r#"{"a":1}"#);
        assert_eq!(data(br#"{"data":null}"#).unwrap(), "null");
        assert_eq!(data(br#"{"data":null,"errors":[{}]}"#), None);
        assert_eq!(data(br#"{"errors":[{}]}"#), None);
        assert_eq!(data(b"oops"), None);
    }
}
