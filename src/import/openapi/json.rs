//! Reads JSON into a [`Document`].

mod strings;

use super::document::Document;

/// As deep as `serde_json` reads, so that it can read what is kept as text.
pub(super) const DEEPEST: usize = 127;

/// What is said when there are more values than are read.
pub(super) const TOO_MANY: &str = "it has too many values";

/// Why a text is no JSON.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct JsonError {
    /// Where, in bytes from the start.
    pub(super) offset: usize,
    pub(super) message: &'static str,
}

/// Reads a text that is one value, with its limits: how deep it may nest, and how many values it may have.
pub(super) fn read(text: &str, deepest: usize, most: usize) -> Result<Document<'_>, JsonError> {
    let document = Document::of_json(text, most);
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, left: deepest.min(DEEPEST), document };
    reader.space();
    reader.value()?;
    reader.check_size()?;
    reader.space();
    if reader.at < text.len() { Err(reader.error("expected nothing after the value")) } else { Ok(reader.document) }
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    /// How much deeper values may nest.
    left: usize,
    document: Document<'t>,
}

impl<'t> Reader<'t> {
    fn error(&self, message: &'static str) -> JsonError {
        let message = if self.at >= self.bytes.len() { "the text ends too early" } else { message };
        JsonError { offset: self.at.min(self.bytes.len()), message }
    }

    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or_default()
    }

    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            b'"' => self.string(),
            b'{' => self.nested(Self::map),
            b'[' => self.nested(Self::list),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word("true", |document| document.push_bool(true)),
            b'f' => self.word("false", |document| document.push_bool(false)),
            b'n' => self.word("null", Document::push_null),
            _ => Err(self.error("expected a value")),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<(), JsonError>) -> Result<(), JsonError> {
        let Some(left) = self.left.checked_sub(1) else {
            return Err(self.error("lists and objects nest too deep"));
        };
        self.left = left;
        read(self)?;
        self.left = left + 1;
        Ok(())
    }

    fn check_size(&self) -> Result<(), JsonError> {
        if self.document.is_full() { Err(JsonError { offset: self.at, message: TOO_MANY }) } else { Ok(()) }
    }

    fn map(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        let open = self.document.open();
        self.at += 1;
        self.space();
        if self.peek() != b'}' {
            loop {
                if self.peek() != b'"' {
                    return Err(self.error("expected a name in double quotes"));
                }
                self.string()?;
                self.space();
                if self.peek() != b':' {
                    return Err(self.error("expected `:`"));
                }
                self.at += 1;
                self.space();
                self.value()?;
                self.check_size()?;
                self.space();
                match self.peek() {
                    b',' => self.at += 1,
                    b'}' => break,
                    _ => return Err(self.error("expected `,` or `}`")),
                }
                self.space();
            }
        }
        self.at += 1;
        self.document.close_map(open, start, self.at);
        Ok(())
    }

    fn list(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        let open = self.document.open();
        self.at += 1;
        self.space();
        if self.peek() != b']' {
            loop {
                self.value()?;
                self.check_size()?;
                self.space();
                match self.peek() {
                    b',' => self.at += 1,
                    b']' => break,
                    _ => return Err(self.error("expected `,` or `]`")),
                }
                self.space();
            }
        }
        self.at += 1;
        self.document.close_list(open, start, self.at);
        Ok(())
    }

    fn word(&mut self, word: &str, push: impl FnOnce(&mut Document<'t>)) -> Result<(), JsonError> {
        if !self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            return Err(self.error("expected a value"));
        }
        self.at += word.len();
        push(&mut self.document);
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        if !self.peek().is_ascii_digit() {
            return Err(self.error("expected a digit"));
        }
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        if self.peek() == b'-' {
            self.at += 1;
        }
        if self.peek() == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        let has_exponent = matches!(self.peek(), b'e' | b'E');
        if has_exponent {
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        // Only these can be too large for a number of 64 bits.
        if has_exponent || self.at - start > 300 {
            let number = self.text.get(start..self.at).unwrap_or_default();
            if !number.parse::<f64>().is_ok_and(f64::is_finite) {
                return Err(JsonError { offset: start, message: "a number is out of range" });
            }
        }
        self.document.push_number(start, self.at);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use serde_json::Value;

    use super::super::document::{Node, escape};
    use super::*;

    fn read(text: &str) -> Result<Document<'_>, JsonError> {
        super::read(text, DEEPEST, 10_000)
    }

    fn value(text: &str) -> Option<Value> {
        read(text).ok().map(|document| document.root().to_json())
    }

    #[test]
    fn reads_what_serde_json_reads() {
        for text in [
            "{}",
            "[]",
            " [ 1 , -0.5e+3 , 0 ] ",
            "\"\"",
            "\"a\\u00e4\\ud83d\\ude00\\n\\/\"",
            "null",
            "tru",
            "truee",
            "-",
            "01",
            "1.",
            "1e",
            "1e999",
            "-1e400",
            "123456789012345678901234567890",
            "[1,]",
            "{\"a\":1,}",
            "{\"a\"}",
            "{a:1}",
            "\"\\x\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\\udc00\"",
            "\"\\u12\"",
            "\"\\u12g4\"",
            "\"\\u+123\"",
            "\"a\nb\"",
            "\"a",
            "",
            " ",
            "{\"a\":1,\"b\":{\"a\":2},\"a\":3}",
            "[[[[[]]]]]",
            "1 2",
            "\u{feff}1",
            "\"\u{7f}ä\u{2028}\"",
            "[1 2]",
            "\u{0}",
            "{\"a\":\u{0}}",
        ] {
            assert_eq!(value(text), serde_json::from_str(text).ok(), "{text}");
        }
        for depth in [126, 127, 128, 129] {
            let text = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            assert_eq!(value(&text), serde_json::from_str(&text).ok(), "{depth}");
        }
        let long = format!("[1{}]", "0".repeat(400));
        assert_eq!(value(&long), serde_json::from_str(&long).ok());
    }

    #[test]
    fn keeps_order_and_the_last_of_repeated_members() {
        let document = read(r#"{"z":1,"a":2,"z":3,"m":null,"a":[true]}"#).unwrap();
        let names: Vec<_> = document.root().members().map(|(name, _)| name).collect();
        assert_eq!(names, ["z", "m", "a"]);
        assert_eq!(document.root().get("z").to_text(), "3");
    }

    #[test]
    fn finds_among_many_members_and_by_pointer() {
        let members: Vec<_> = (0..100).map(|n| format!("\"/p~{n}\":[{n}]")).collect();
        let text = format!("{{{},\"/p~42\": [43, 44]}}", members.join(","));
        let document = read(&text).unwrap();
        let root = document.root();
        assert_eq!(root.members().count(), 100);
        assert_eq!(root.pointer("/~1p~042/1").map(Node::to_text).as_deref(), Some("44"));
        assert_eq!(root.pointer("/nothing"), None);
        assert!(root.get("nothing").is_null());
        assert_eq!(escape("/p~42"), "~1p~042");
    }

    #[test]
    fn says_where_it_is_wrong() {
        assert_eq!(read("{\"a\": 1 2}").unwrap_err(), JsonError { offset: 8, message: "expected `,` or `}`" });
        assert_eq!(read("{\"a\": ").unwrap_err(), JsonError { offset: 6, message: "the text ends too early" });
    }

    #[test]
    fn stops_at_too_many_values_and_at_deep_ones() {
        for (text, deepest, most, is_taken) in [
            ("[0,0,0]", 9, 4, true),
            ("[0,0,0]", 9, 3, false),
            (r#"{"a":{"b":0}}"#, 9, 5, true),
            (r#"{"a":{"b":0}}"#, 9, 4, false),
            ("0", 0, 1, true),
            ("0", 0, 0, false),
            ("[[0]]", 2, 9, true),
            ("[[0]]", 1, 9, false),
        ] {
            assert_eq!(super::read(text, deepest, most).is_ok(), is_taken, "{text} {deepest} {most}");
        }
        let long = format!("[{}0]", "0,".repeat(5_000));
        assert_eq!(super::read(&long, 9, 999).unwrap_err().message, TOO_MANY);
        assert!(super::read(&long, 9, 5_002).is_ok());
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(text in "[\\[\\]{}:, \"a\\\\u0-9dbtrue.eE+-]{0,24}") {
            prop_assert_eq!(value(&text), serde_json::from_str(&text).ok());
        }

        #[test]
        fn writes_what_it_read(texts in prop::collection::vec(".{0,12}", 0..40), eighths in any::<i32>()) {
            // Eighths are read as they were written, whatever precision `serde_json` reads with.
            let number = f64::from(eighths) / 8.0;
            let members = texts.iter().map(|text| (text.clone(), serde_json::json!([text, number, null, {"x": text}])));
            let text = serde_json::to_string_pretty(&Value::Object(members.collect())).unwrap();
            let expected: Value = serde_json::from_str(&text).unwrap();
            let document = read(&text).unwrap();
            let mut written = String::new();
            document.root().write(&mut written);
            prop_assert_eq!(&serde_json::from_str::<Value>(&written).unwrap(), &expected);
            prop_assert_eq!(document.root().to_json(), expected);
        }
    }
}
