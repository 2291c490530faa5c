//! The texts of a prompt, message by message, in the forms of the model APIs.

use serde_json::Value as Json;

/// What a request says to a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dialog {
    pub(crate) messages: Vec<Message>,
    /// As the request names it; empty when it does not.
    pub(crate) model: String,
    /// Whether the answer is to come in pieces.
    pub(crate) streams: bool,
}

/// One message of a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// Whether it is an instruction of whoever made the application.
    pub(crate) is_system: bool,
    pub(crate) text: String,
}

/// How deep parts of messages may hold parts.
const DEPTH: u32 = 8;

impl Dialog {
    /// Reads the body of a request; none when it is not in the form of a model API.
    pub(crate) fn read(body: &[u8], path: &str) -> Option<Self> {
        let json = serde_json::from_slice::<Json>(body).ok()?;
        let mut messages = Vec::new();
        let instructions = ["system", "instructions", "systemInstruction", "system_instruction"];
        let instructions = instructions.into_iter().filter_map(|name| json.get(name));
        messages.extend(instructions.map(|part| Message { is_system: true, text: text(part) }));
        // A body may have several of them, whichever the model reads.
        let mut is_known = false;
        for said in ["messages", "input", "prompt", "contents"].into_iter().filter_map(|name| json.get(name)) {
            is_known = true;
            match said {
                Json::Array(turns) => messages.extend(turns.iter().map(Message::of)),
                one => messages.push(Message::of(one)),
            }
        }
        let streams = streams(&json, path);
        let model = json.get("model").and_then(Json::as_str).unwrap_or_default().to_owned();
        is_known.then_some(Self { messages, model, streams })
    }

    /// All that is said, a line each.
    pub(crate) fn text(&self) -> String {
        joined(self.messages.iter().map(|message| message.text.as_str()))
    }
}

impl Message {
    fn of(turn: &Json) -> Self {
        let role = turn.get("role").and_then(Json::as_str).unwrap_or_default();
        let is_system = role.eq_ignore_ascii_case("system") || role.eq_ignore_ascii_case("developer");
        Self { is_system, text: text(turn) }
    }
}

/// Whether a request asks for an answer in pieces: `stream` is true, or what services take for it.
pub(super) fn streams(json: &Json, path: &str) -> bool {
    const TRUE: [&str; 6] = ["true", "1", "yes", "on", "y", "t"];
    let path = path.split('?').next().unwrap_or_default();
    let asks = match json.get("stream") {
        Some(Json::Bool(asks)) => *asks,
        Some(Json::Number(number)) => number.as_f64() != Some(0.0),
        Some(Json::String(text)) => TRUE.iter().any(|known| text.trim().eq_ignore_ascii_case(known)),
        _ => false,
    };
    asks || path.ends_with(":streamGenerateContent")
}

/// The texts that are not empty, a line each.
pub(super) fn joined<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let mut out = String::new();
    for text in texts.filter(|text| !text.is_empty()) {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(text);
    }
    out
}

/// The text of a part: a string, or what an object holds as `text`, `content`, `parts` or `output`.
pub(super) fn text(part: &Json) -> String {
    let mut texts = Vec::new();
    gather(part, 0, &mut texts);
    joined(texts.into_iter())
}

fn gather<'j>(part: &'j Json, depth: u32, texts: &mut Vec<&'j str>) {
    if depth > DEPTH {
        return;
    }
    match part {
        Json::String(text) => texts.push(text),
        Json::Array(parts) => parts.iter().for_each(|part| gather(part, depth + 1, texts)),
        Json::Object(part) => {
            let held = ["text", "content", "parts", "output"].into_iter().filter_map(|name| part.get(name));
            held.for_each(|held| gather(held, depth + 1, texts));
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The messages, with `*` before those of the system.
    fn read(body: &str) -> Option<Vec<String>> {
        let dialog = Dialog::read(body.as_bytes(), "/chat")?;
        let shown = |message: Message| format!("{}{}", if message.is_system { "*" } else { "" }, message.text);
        Some(dialog.messages.into_iter().map(shown).collect())
    }

    #[test]
    fn prompts_of_all_kinds() {
        let cases: [(&str, Option<&[&str]>); 13] = [
            (
                r#"{"messages":[{"role":"system","content":"s"},{"role":"developer","content":"d"},{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"x"}},{"type":"text","text":"b"}]},{"role":"assistant","content":null,"tool_calls":[]}]}"#,
                Some(&["*s", "*d", "a\nb", ""]),
            ),
            (r#"{"instructions":"i","input":"a"}"#, Some(&["*i", "a"])),
            (
                r#"{"input":[{"role":"user","content":[{"type":"input_text","text":"a"}]},{"type":"function_call_output","output":"b"}]}"#,
                Some(&["a", "b"]),
            ),
            (r#"{"prompt":"a"}"#, Some(&["a"])),
            (r#"{"prompt":["a","b"]}"#, Some(&["a", "b"])),
            (r#"{"input":[1,2]}"#, Some(&["", ""])),
            (
                r#"{"system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":"a"}]}"#,
                Some(&["*s", "a"]),
            ),
            (
                r#"{"systemInstruction":{"parts":[{"text":"s"}]},"contents":[{"role":"user","parts":[{"text":"a"},{"inlineData":{}}]}]}"#,
                Some(&["*s", "a"]),
            ),
            (r#"{"contents":{"parts":{"text":"a"}}}"#, Some(&["a"])),
            (r#"{"messages":[],"input":"a","prompt":"b"}"#, Some(&["a", "b"])),
            (r#"{"query":"a"}"#, None),
            ("[]", None),
            ("text", None),
        ];
        for (body, expected) in cases {
            let expected = expected.map(|texts| texts.iter().map(|text| (*text).to_owned()).collect());
            assert_eq!(read(body), expected, "{body}");
        }
    }

    #[test]
    fn models_and_streams() {
        let dialog = |body: &str, path| Dialog::read(body.as_bytes(), path).unwrap();
        let found = dialog(r#"{"model":"m","messages":[],"stream":true}"#, "/");
        assert!(found.streams && found.model == "m" && found.text().is_empty());
        assert!(dialog(r#"{"contents":[]}"#, "/models/m:streamGenerateContent?alt=sse").streams);
        for (stream, expected) in [("true", true), ("1", true), ("\"True\"", true), ("0", false), ("\"no\"", false)] {
            let body = format!(r#"{{"contents":[{{}}],"stream":{stream}}}"#);
            assert_eq!(dialog(&body, "/models/m:generateContent").streams, expected, "{stream}");
        }
    }

    proptest! {
        #[test]
        fn any_body_is_read(body in "[{}\":,a-z0-9\\[\\]]{0,60}|\\{\"(messages|input|contents)\":[\\[\\]{}\",:a]{0,40}\\}") {
            if let Some(dialog) = Dialog::read(body.as_bytes(), "") {
                prop_assert!(dialog.text().len() <= body.len());
            }
        }

        #[test]
        fn parts_in_parts_end(depth in 0_usize..200) {
            let body = format!("{{\"messages\":[{}\"a\"{}]}}", "{\"content\":[".repeat(depth), "]}".repeat(depth));
            Dialog::read(body.as_bytes(), "");
        }
    }
}
