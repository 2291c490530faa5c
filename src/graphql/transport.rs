//! The messages of `graphql-transport-ws`, the protocol of subscriptions over WebSocket.

use serde::Serialize;

use super::{GraphError, JsonMap, JsonValue};

/// What the protocol is called when a connection is opened.
pub(crate) const NAME: &str = "graphql-transport-ws";

/// What a client says.
#[derive(Debug, PartialEq)]
pub(crate) enum Said {
    /// It begins.
    Init,
    Ping,
    Pong,
    /// It asks for something, under a name of its own.
    Subscribe {
        id: String,
        request: JsonMap,
    },
    /// It wants no more of that.
    Complete {
        id: String,
    },
}

/// Why a connection is closed, in the protocol's numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) code: u16,
    pub(crate) reason: String,
}

impl Violation {
    pub(crate) fn new(code: u16, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}

/// Reads a message of a client.
pub(crate) fn read(text: &str) -> Result<Said, Violation> {
    let invalid = |reason: &str| Violation::new(4400, reason);
    let Ok(JsonValue::Object(mut members)) = serde_json::from_str(text) else {
        return Err(invalid("A message is not a JSON object"));
    };
    let kind = members.get("type").and_then(JsonValue::as_str).unwrap_or_default().to_owned();
    let id = members.get("id").and_then(JsonValue::as_str).map(str::to_owned).filter(|id| !id.is_empty());
    match kind.as_str() {
        "connection_init" => Ok(Said::Init),
        "ping" => Ok(Said::Ping),
        "pong" => Ok(Said::Pong),
        "complete" => Ok(Said::Complete { id: id.ok_or_else(|| invalid("A message has no id"))? }),
        "subscribe" => {
            let id = id.ok_or_else(|| invalid("A message has no id"))?;
            match members.remove("payload") {
                Some(JsonValue::Object(request)) => Ok(Said::Subscribe { id, request }),
                _ => Err(invalid("A message has no payload")),
            }
        }
        _ => Err(invalid("A message is of an unknown type")),
    }
}

/// The answer to the beginning.
pub(crate) fn ack() -> String {
    r#"{"type":"connection_ack"}"#.to_owned()
}

/// The answer to a ping.
pub(crate) fn pong() -> String {
    r#"{"type":"pong"}"#.to_owned()
}

#[derive(Serialize)]
struct Message<'a, T: Serialize> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    payload: T,
}

#[derive(Serialize)]
struct Payload<'a> {
    data: &'a JsonValue,
    #[serde(skip_serializing_if = "<[GraphError]>::is_empty")]
    errors: &'a [GraphError],
}

/// A value of a subscription.
pub(crate) fn next(id: &str, data: &JsonValue, errors: &[GraphError]) -> String {
    written(&Message { id, kind: "next", payload: Payload { data, errors } })
}

/// A subscription that is refused.
pub(crate) fn error(id: &str, errors: &[GraphError]) -> String {
    written(&Message { id, kind: "error", payload: errors })
}

fn written(message: &impl Serialize) -> String {
    // INVARIANT: texts, numbers, lists and maps with text keys are always JSON.
    serde_json::to_string(message).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn messages_are_read_and_written() {
        assert_eq!(read(r#"{"type":"connection_init","payload":{"token":"x"}}"#), Ok(Said::Init));
        assert_eq!(read(r#"{"type":"complete","id":"1"}"#), Ok(Said::Complete { id: "1".into() }));
        let Ok(Said::Subscribe { id, request }) = read(r#"{"type":"subscribe","id":"1","payload":{"query":"{a}"}}"#)
        else {
            panic!("it is one")
        };
        assert_eq!((id.as_str(), request.len()), ("1", 1));
        assert_eq!(next("1", &JsonValue::Null, &[]), r#"{"id":"1","type":"next","payload":{"data":null}}"#);
        let errors = [GraphError::new("no")];
        assert_eq!(error("1", &errors), r#"{"id":"1","type":"error","payload":[{"message":"no"}]}"#);
    }

    #[test]
    fn what_is_no_message_is_a_violation() {
        for text in [
            "",
            "1",
            "{}",
            r#"{"type":"start"}"#,
            r#"{"type":"subscribe","payload":{}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
        ] {
            assert_eq!(read(text).unwrap_err().code, 4400, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in any::<String>()) {
            let _ = read(&text);
        }
    }
}
