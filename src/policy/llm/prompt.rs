//! What a request asks a model: an estimate of its tokens, and whether the answer is to come in pieces.

use serde_json::Value as Json;

use super::super::setting::Literal;
use super::counter::TokenCounter;
use super::dialog;
use crate::expr::Value;

/// What a request asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prompt {
    /// As the request names it; empty when it does not.
    pub(crate) model: String,
    pub(crate) tokens: u64,
    /// Whether the answer is to come in pieces.
    pub(crate) streams: bool,
}

/// `prompt-type`: how the body is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PromptType {
    #[default]
    Auto,
    ChatCompletion,
    Completion,
    Embeddings,
}

impl Literal for PromptType {
    fn literal(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(Self::Auto),
            "chat-completion" => Some(Self::ChatCompletion),
            "completion" => Some(Self::Completion),
            "embeddings" => Some(Self::Embeddings),
            _ => None,
        }
    }

    fn value(_: Value) -> Result<Self, String> {
        Err("`prompt-type` does not take an expression".to_owned())
    }
}

/// What chat adds to each message, and to all of them.
const FRAME: u64 = 3;
/// What an image is counted as.
const IMAGE: u64 = 1_200;
/// How deep parts of messages may hold parts.
const DEPTH: u32 = 8;

impl Prompt {
    /// Reads the body of a request; a body that is no prompt has no tokens. `path` may ask for an answer in pieces too.
    pub(crate) fn read(body: &[u8], path: &str, kind: PromptType, counter: &dyn TokenCounter) -> Self {
        let Ok(json) = serde_json::from_slice::<Json>(body) else { return Self::default() };
        let model = json.get("model").and_then(Json::as_str).unwrap_or_default().to_owned();
        let streams = dialog::streams(&json, path);
        let text = Text { counter, model: &model };
        let of = |name: &str| json.get(name).map_or(0, |part| text.tokens(part, 0));
        let tokens = match kind {
            PromptType::Auto if json.get("messages").is_some() => of("system") + text.chat(json.get("messages")),
            PromptType::Auto => {
                ["prompt", "input", "instructions", "systemInstruction", "contents"].into_iter().map(of).sum()
            }
            PromptType::ChatCompletion => text.chat(json.get("messages")),
            PromptType::Completion => of("prompt"),
            PromptType::Embeddings => of("input"),
        };
        Self { tokens, streams, model }
    }
}

struct Text<'a> {
    counter: &'a dyn TokenCounter,
    model: &'a str,
}

impl Text<'_> {
    fn chat(&self, messages: Option<&Json>) -> u64 {
        let Some(Json::Array(messages)) = messages else { return 0 };
        let of = |message: &Json| message.get("content").map_or(0, |content| self.tokens(content, 0)) + FRAME;
        messages.iter().map(of).sum::<u64>() + FRAME
    }

    /// The tokens of a text, of a list, or of an object that holds text: as `text`, `content` or `parts`.
    fn tokens(&self, part: &Json, depth: u32) -> u64 {
        if depth > DEPTH {
            return 0;
        }
        match part {
            Json::String(text) => self.counter.count(self.model, text),
            // Tokens already.
            Json::Number(_) => 1,
            Json::Array(parts) => parts.iter().map(|part| self.tokens(part, depth + 1)).sum(),
            Json::Object(part) => {
                let kind = part.get("type").and_then(Json::as_str).unwrap_or_default();
                if kind.contains("image") || part.contains_key("inlineData") || part.contains_key("inline_data") {
                    return IMAGE;
                }
                let texts = ["text", "content", "parts"].into_iter().filter_map(|name| part.get(name));
                texts.map(|text| self.tokens(text, depth + 1)).sum()
            }
            Json::Null | Json::Bool(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::counter::CharacterCounter;
    use super::*;

    fn read(body: &str, kind: PromptType) -> (u64, bool) {
        let prompt = Prompt::read(body.as_bytes(), "/models/m:generateContent?a=b", kind, &CharacterCounter);
        (prompt.tokens, prompt.streams)
    }

    #[test]
    fn prompts_of_all_kinds() {
        use PromptType::{Auto, ChatCompletion, Completion, Embeddings};
        for (body, kind, expected) in [
            (
                r#"{"messages":[{"role":"system","content":"12345678"},{"role":"user","content":"1234"}]}"#,
                Auto,
                (12, false),
            ),
            (
                r#"{"messages":[{"content":[{"type":"text","text":"1234"},{"type":"image_url"}]}],"stream":true}"#,
                Auto,
                (1_207, true),
            ),
            (r#"{"input":"12345","instructions":"1"}"#, Auto, (3, false)),
            (r#"{"input":[{"role":"user","content":[{"type":"input_text","text":"1234"}]}]}"#, Auto, (1, false)),
            (r#"{"prompt":["1234","12345"],"stream":false}"#, Auto, (3, false)),
            (r#"{"input":[[1,2,3],[4]]}"#, Auto, (4, false)),
            (r#"{"system":"1234","messages":[{"content":"1234"}]}"#, Auto, (8, false)),
            (
                r#"{"systemInstruction":{"parts":[{"text":"1234"}]},"contents":[{"parts":[{"text":"12"},{"inlineData":{}}]}]}"#,
                Auto,
                (1_202, false),
            ),
            (r#"{"prompt":"1234","messages":[]}"#, Completion, (1, false)),
            (r#"{"prompt":"1234","messages":[]}"#, ChatCompletion, (3, false)),
            (r#"{"prompt":"1234","input":"12345678"}"#, Embeddings, (2, false)),
            ("no JSON", Auto, (0, false)),
            ("[]", Auto, (0, false)),
        ] {
            assert_eq!(read(body, kind), expected, "{body}");
        }
        let vertex = Prompt::read(b"{}", "/models/m:streamGenerateContent?alt=sse", Auto, &CharacterCounter);
        assert!(vertex.streams);
    }

    proptest! {
        #[test]
        fn any_body_is_read(body in prop::collection::vec(any::<u8>(), 0..80)) {
            Prompt::read(&body, "", PromptType::Auto, &CharacterCounter);
        }
    }
}
