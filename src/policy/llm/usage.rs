//! What a model says that it used.

use serde_json::Value as Json;

/// The tokens of a prompt and of its completion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) prompt: u64,
    pub(crate) completion: u64,
    /// All of them, when the model says so itself.
    pub(crate) total: Option<u64>,
    /// Those of the prompt that the model had seen before, when it says so.
    pub(crate) cached: Option<u64>,
    /// Those of the completion that the model used to think, when it says so.
    pub(crate) reasoning: Option<u64>,
}

/// How one family of models says it: the block, and where in it the counts are.
struct Form {
    block: &'static str,
    prompt: &'static str,
    completion: &'static str,
    total: &'static str,
    cached: &'static str,
    reasoning: &'static str,
}

/// Chat, completions and embeddings; responses and Anthropic; Bedrock; Vertex AI.
const FORMS: [Form; 4] = [
    Form {
        block: "usage",
        prompt: "/prompt_tokens",
        completion: "/completion_tokens",
        total: "/total_tokens",
        cached: "/prompt_tokens_details/cached_tokens",
        reasoning: "/completion_tokens_details/reasoning_tokens",
    },
    Form {
        block: "usage",
        prompt: "/input_tokens",
        completion: "/output_tokens",
        total: "/total_tokens",
        cached: "/input_tokens_details/cached_tokens",
        reasoning: "/output_tokens_details/reasoning_tokens",
    },
    Form {
        block: "usage",
        prompt: "/inputTokens",
        completion: "/outputTokens",
        total: "/totalTokens",
        cached: "/cacheReadInputTokens",
        reasoning: "/reasoningTokens",
    },
    Form {
        block: "usageMetadata",
        prompt: "/promptTokenCount",
        completion: "/candidatesTokenCount",
        total: "/totalTokenCount",
        cached: "/cachedContentTokenCount",
        reasoning: "/thoughtsTokenCount",
    },
];
/// Where Anthropic has the cached tokens.
const READ_FROM_CACHE: &str = "/cache_read_input_tokens";

impl Usage {
    /// Reads an answer; none when it does not say.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        Self::of(&serde_json::from_slice(body).ok()?)
    }

    /// What an answer, or a part of one, says; one of the counts may be missing.
    pub(super) fn of(json: &Json) -> Option<Self> {
        FORMS.iter().find_map(|form| {
            let block = json.get(form.block)?;
            let count = |pointer: &str| block.pointer(pointer).and_then(Json::as_u64);
            let (prompt, completion) = (count(form.prompt), count(form.completion));
            if prompt.is_none() && completion.is_none() {
                return None;
            }
            Some(Self {
                prompt: prompt.unwrap_or(0),
                completion: completion.unwrap_or(0),
                total: count(form.total),
                cached: count(form.cached).or_else(|| count(READ_FROM_CACHE)),
                reasoning: count(form.reasoning),
            })
        })
    }

    /// Takes what a later part of the same answer says; what it says nothing of stays.
    pub(super) fn update(&mut self, later: Self) {
        self.prompt = if later.prompt > 0 { later.prompt } else { self.prompt };
        self.completion = if later.completion > 0 { later.completion } else { self.completion };
        self.total = later.total.or(self.total);
        self.cached = later.cached.or(self.cached);
        self.reasoning = later.reasoning.or(self.reasoning);
    }

    /// All tokens, or those of the completion alone, without further categories.
    pub(super) fn counted(self, ignores_prompt: bool) -> u64 {
        if ignores_prompt { self.completion } else { self.prompt.saturating_add(self.completion) }
    }

    /// All tokens, as the model says, or else the sum.
    pub(super) fn total(self) -> u64 {
        self.total.unwrap_or_else(|| self.prompt.saturating_add(self.completion))
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
            let found = Usage::read(body.as_bytes()).map(|usage| (usage.prompt, usage.completion));
            assert_eq!(found, expected, "{body}");
        }
    }

    #[test]
    fn further_categories_and_the_total_are_read_where_they_are_said() {
        for (body, total, cached, reasoning) in [
            (
                r#"{"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":3},"completion_tokens_details":{"reasoning_tokens":2}}}"#,
                13,
                Some(3),
                Some(2),
            ),
            (
                r#"{"usage":{"input_tokens":5,"output_tokens":7,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":1}}}"#,
                12,
                Some(0),
                Some(1),
            ),
            (r#"{"usage":{"input_tokens":5,"output_tokens":7,"cache_read_input_tokens":4}}"#, 12, Some(4), None),
            (
                r#"{"usage":{"inputTokens":5,"outputTokens":7,"totalTokens":12,"cacheReadInputTokens":1}}"#,
                12,
                Some(1),
                None,
            ),
            (
                r#"{"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":7,"totalTokenCount":21,"thoughtsTokenCount":9}}"#,
                21,
                None,
                Some(9),
            ),
        ] {
            let usage = Usage::read(body.as_bytes()).unwrap();
            assert_eq!((usage.total(), usage.cached, usage.reasoning), (total, cached, reasoning), "{body}");
        }
    }
}
