//! What a model says that it used.

use serde_json::Value as Json;

/// The tokens of a prompt and of its completion, without further categories.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) prompt: u64,
    pub(crate) completion: u64,
}

/// Where answers say it: the block, and the names of both counts.
const FORMS: [(&str, &str, &str); 4] = [
    ("usage", "prompt_tokens", "completion_tokens"),
    ("usage", "input_tokens", "output_tokens"),
    ("usage", "inputTokens", "outputTokens"),
    ("usageMetadata", "promptTokenCount", "candidatesTokenCount"),
];

impl Usage {
    /// Reads an answer; none when it does not say.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        Self::of(&serde_json::from_slice(body).ok()?)
    }

    /// What an answer, or a part of one, says; one of the counts may be missing.
    pub(super) fn of(json: &Json) -> Option<Self> {
        FORMS.iter().find_map(|(block, prompt, completion)| {
            let block = json.get(block)?;
            let count = |name: &str| block.get(name).and_then(Json::as_u64);
            match (count(prompt), count(completion)) {
                (None, None) => None,
                (prompt, completion) => Some(Self { prompt: prompt.unwrap_or(0), completion: completion.unwrap_or(0) }),
            }
        })
    }

    /// All tokens, or those of the completion alone.
    pub(super) fn counted(self, ignores_prompt: bool) -> u64 {
        if ignores_prompt { self.completion } else { self.prompt.saturating_add(self.completion) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_all_kinds() {
        for (body, expected) in [
            (r#"{"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":99}}"#, Some((5, 7))),
            (r#"{"usage":{"prompt_tokens":5,"total_tokens":5}}"#, Some((5, 0))),
            (r#"{"object":"response","usage":{"input_tokens":5,"output_tokens":7}}"#, Some((5, 7))),
            (r#"{"usage":{"inputTokens":5,"outputTokens":7}}"#, Some((5, 7))),
            (r#"{"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":7}}"#, Some((5, 7))),
            (r#"{"usage":null}"#, None),
            (r#"{"usage":{"prompt_tokens":-5}}"#, None),
            ("text", None),
        ] {
            let expected = expected.map(|(prompt, completion)| Usage { prompt, completion });
            assert_eq!(Usage::read(body.as_bytes()), expected, "{body}");
        }
    }
}
