//! Answers that come in pieces, as server-sent events: what is said, and what the model says that it used.

use serde_json::Value as Json;

use super::usage::Usage;

/// What has been read of an answer in pieces.
#[derive(Debug, Default)]
pub(crate) struct Events {
    /// The line that has begun.
    line: Vec<u8>,
    /// What the model has said.
    pub(super) text: String,
    /// What the model says that it used; the last that it says holds.
    pub(super) usage: Option<Usage>,
    /// Whether data that is no JSON counts as said.
    takes_any: bool,
    /// Whether something was too long to be looked at.
    is_cut: bool,
}

/// What is longer is not looked at.
const LONGEST_LINE: usize = 1 << 20;
const LONGEST_TEXT: usize = 8 << 20;

impl Events {
    /// Takes what is no JSON for what the model says.
    pub(crate) fn of_any_form() -> Self {
        Self { takes_any: true, ..Self::default() }
    }

    /// What the model has said since it was last taken; none when something was too long to be looked at.
    pub(crate) fn take_text(&mut self) -> Option<String> {
        (!self.is_cut).then(|| std::mem::take(&mut self.text))
    }

    /// Reads the next bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (content, is_over) = match piece.split_last() {
                Some((b'\n', content)) => (content, true),
                _ => (piece, false),
            };
            if self.line.len() + content.len() <= LONGEST_LINE {
                self.line.extend_from_slice(content);
            } else {
                self.is_cut = true;
            }
            if is_over {
                let line = std::mem::take(&mut self.line);
                self.line(&line);
            }
        }
    }

    /// Reads what has not been ended by a line end.
    pub(crate) fn finish(&mut self) {
        let line = std::mem::take(&mut self.line);
        self.line(&line);
    }

    fn line(&mut self, line: &[u8]) {
        let Some(data) = line.strip_prefix(b"data:") else { return };
        let Ok(json) = serde_json::from_slice::<Json>(data.trim_ascii()) else {
            if self.takes_any && data.trim_ascii() != b"[DONE]" {
                self.say(&String::from_utf8_lossy(data));
                self.say("\n");
            }
            return;
        };
        let said = [Some(&json), json.get("response"), json.get("message")].into_iter().flatten().find_map(Usage::of);
        if let Some(said) = said {
            self.usage.get_or_insert_default().update(said);
        }
        let choices = json.get("choices").and_then(Json::as_array).into_iter().flatten();
        let of_choices = choices.flat_map(|choice| [choice.pointer("/delta/content"), choice.get("text")]);
        let candidates = json.get("candidates").and_then(Json::as_array).into_iter().flatten();
        let parts = candidates.filter_map(|candidate| candidate.pointer("/content/parts").and_then(Json::as_array));
        let of_candidates = parts.flatten().map(|part| part.get("text"));
        let others = [json.get("delta"), json.pointer("/delta/text")];
        for text in of_choices.chain(of_candidates).chain(others).flatten().filter_map(Json::as_str) {
            self.say(text);
        }
    }

    fn say(&mut self, text: &str) {
        if self.text.len() + text.len() <= LONGEST_TEXT {
            self.text.push_str(text);
        } else {
            self.is_cut = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(events: &[&str], size: usize) -> (String, Option<(u64, u64)>) {
        let text: String = events.iter().map(|event| format!("event: x\r\ndata: {event}\r\n\r\n")).collect();
        let mut events = Events::default();
        text.as_bytes().chunks(size).for_each(|chunk| events.feed(chunk));
        events.finish();
        (events.text, events.usage.map(|usage| (usage.prompt, usage.completion)))
    }

    #[test]
    fn answers_of_all_kinds() {
        let cases: [(&[&str], &str, Option<(u64, u64)>); 5] = [
            (
                &[
                    r#"{"choices":[{"delta":{"role":"assistant"}}],"usage":null}"#,
                    r#"{"choices":[{"delta":{"content":"Hel"}}]}"#,
                    r#"{"choices":[{"delta":{"content":"lo"}}]}"#,
                    r#"{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}}"#,
                    "[DONE]",
                ],
                "Hello",
                Some((5, 2)),
            ),
            (&[r#"{"choices":[{"text":"a"},{"text":"b"}]}"#], "ab", None),
            (
                &[
                    r#"{"type":"response.output_text.delta","delta":"Hi"}"#,
                    r#"{"type":"response.completed","response":{"usage":{"input_tokens":3,"output_tokens":1}}}"#,
                ],
                "Hi",
                Some((3, 1)),
            ),
            (
                &[
                    r#"{"type":"message_start","message":{"usage":{"input_tokens":9,"output_tokens":1}}}"#,
                    r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"Hi"}}"#,
                    r#"{"type":"message_delta","usage":{"output_tokens":15}}"#,
                ],
                "Hi",
                Some((9, 15)),
            ),
            (
                &[
                    r#"{"candidates":[{"content":{"parts":[{"text":"H"},{"text":"i"}]}}],"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":2}}"#,
                ],
                "Hi",
                Some((4, 2)),
            ),
        ];
        for (events, text, usage) in cases {
            for size in [1, 7, 10_000] {
                assert_eq!(read(events, size), (text.to_owned(), usage), "{events:?} by {size}");
            }
        }
    }

    #[test]
    fn data_of_any_form_is_said_where_it_counts() {
        let mut events = Events::of_any_form();
        events.feed(b"data: plain text\ndata: [DONE]\n\ndata: {\"choices\":[{\"text\":\"a\"}]}\n");
        assert_eq!(events.take_text().as_deref(), Some(" plain text\na"));
        assert_eq!(events.take_text().as_deref(), Some(""));
        events.feed(&vec![b'a'; LONGEST_LINE + 1]);
        assert_eq!(events.take_text(), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..80), json in "[{}\":a,0-9\\[\\]]{0,30}") {
            let mut events = Events::default();
            events.feed(&bytes);
            events.feed(format!("\ndata: {json}\n").as_bytes());
            events.finish();
        }
    }
}
