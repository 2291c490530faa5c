//! The text of a model's answer, in the forms of the model APIs.

use serde_json::Value as Json;

use super::dialog::{joined, text};

/// Where answers have their texts: chat and completions, responses and Bedrock, Anthropic, Vertex AI.
const PLACES: [&str; 4] = ["choices", "output", "content", "candidates"];

/// All that a model says in a whole answer; none when the answer is not in the form of a model API.
pub(super) fn completion(body: &[u8]) -> Option<String> {
    let json = serde_json::from_slice::<Json>(body).ok()?;
    let mut texts = Vec::new();
    let mut is_known = false;
    for answers in PLACES.into_iter().filter_map(|place| json.get(place)) {
        is_known = true;
        match answers {
            Json::Array(answers) => texts.extend(answers.iter().map(said)),
            one => texts.push(said(one)),
        }
    }
    is_known.then(|| joined(texts.iter().map(String::as_str)))
}

/// What one of the answers says: as a message, or by itself.
fn said(answer: &Json) -> String {
    let message = answer.get("message").or_else(|| answer.get("content").filter(|content| content.is_object()));
    let refusal = message.and_then(|message| message.get("refusal")).and_then(Json::as_str);
    let texts = [text(message.unwrap_or(answer)), refusal.unwrap_or_default().to_owned()];
    joined(texts.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn answers_of_all_kinds() {
        for (body, expected) in [
            (
                r#"{"choices":[{"message":{"role":"assistant","content":"a"}},{"message":{"content":"b"}}]}"#,
                Some("a\nb"),
            ),
            (r#"{"choices":[{"message":{"content":null,"refusal":"no"}}]}"#, Some("no")),
            (r#"{"choices":[{"text":"a"}],"usage":{}}"#, Some("a")),
            (
                r#"{"object":"response","output":[{"type":"reasoning"},{"type":"message","content":[{"type":"output_text","text":"a"},{"type":"output_text","text":"b"}]}]}"#,
                Some("a\nb"),
            ),
            (r#"{"type":"message","content":[{"type":"text","text":"a"}]}"#, Some("a")),
            (r#"{"candidates":[{"content":{"parts":[{"text":"a"},{"text":"b"}]}}]}"#, Some("a\nb")),
            (r#"{"output":{"message":{"role":"assistant","content":[{"text":"a"}]}}}"#, Some("a")),
            (r#"{"data":[{"embedding":[1]}]}"#, None),
            ("text", None),
        ] {
            assert_eq!(completion(body.as_bytes()).as_deref(), expected, "{body}");
        }
    }

    proptest! {
        #[test]
        fn any_body_is_read(body in "\\{\"(choices|output|content|candidates)\":[\\[\\]{}\",:a]{0,40}\\}") {
            completion(body.as_bytes());
        }
    }
}
