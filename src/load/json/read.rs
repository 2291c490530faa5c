//! Reads JSON as templates are written: with comments, line breaks in strings, and unescaped control characters.

use std::collections::HashSet;

use super::{Node, Value};

/// Nesting beyond this is refused, so that no input exhausts the stack.
const MAX_DEPTH: usize = 128;

/// Up to this many members of an object are compared one by one.
const FEW: usize = 16;

/// Reads one JSON value; the error is a byte offset and what is wrong there.
pub(crate) fn parse(text: &str) -> Result<Node, (usize, String)> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    reader.skip_space()?;
    let node = reader.value()?;
    reader.skip_space()?;
    if reader.at < text.len() {
        return Err((reader.at, "unexpected text after the end of the JSON value".to_owned()));
    }
    Ok(node)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

type Outcome<T> = Result<T, (usize, String)>;

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn fail<T>(&self, expected: &str) -> Outcome<T> {
        let found = match self.rest().chars().next() {
            Some(found) if found.is_control() => format!("unexpected `{}`", found.escape_default()),
            Some(found) => format!("unexpected `{found}`"),
            None => "unexpected end of file".to_owned(),
        };
        Err((self.at, format!("{found}: expected {expected}")))
    }

    fn skip_space(&mut self) -> Outcome<()> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                Some(b'/') if self.rest().starts_with("//") => {
                    self.at += self.rest().find('\n').unwrap_or(self.rest().len());
                }
                Some(b'/') if self.rest().starts_with("/*") => match self.rest().find("*/") {
                    Some(end) => self.at += end + 2,
                    None => return Err((self.at, "comment is not closed: expected `*/`".to_owned())),
                },
                _ => return Ok(()),
            }
        }
    }

    fn value(&mut self) -> Outcome<Node> {
        let offset = self.at;
        let value = match self.peek() {
            Some(b'{') => self.nested(Self::object)?,
            Some(b'[') => self.nested(Self::array)?,
            Some(b'"') => Value::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        };
        Ok(Node::new(offset, value))
    }

    fn nested(&mut self, read: fn(&mut Self) -> Outcome<Value>) -> Outcome<Value> {
        if self.depth == MAX_DEPTH {
            return Err((self.at, format!("values are nested more than {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Outcome<Value> {
        let mut members: Vec<(String, Node)> = Vec::new();
        self.skip_space()?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(members));
        }
        let mut names = HashSet::new();
        loop {
            self.skip_space()?;
            let at = self.at;
            if self.peek() != Some(b'"') {
                return self.fail("a member name in double quotes");
            }
            let name = self.string()?;
            let is_twice = if members.len() < FEW {
                members.iter().any(|(other, _)| *other == name)
            } else {
                if members.len() == FEW {
                    names.extend(members.iter().map(|(name, _)| name.clone()));
                }
                !names.insert(name.clone())
            };
            if is_twice {
                return Err((at, format!("`{name}` is there twice in one object")));
            }
            self.skip_space()?;
            if self.peek() != Some(b':') {
                return self.fail("`:`");
            }
            self.at += 1;
            self.skip_space()?;
            members.push((name, self.value()?));
            self.skip_space()?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Object(members));
                }
                _ => return self.fail("`,` or `}`"),
            }
        }
    }

    fn array(&mut self) -> Outcome<Value> {
        let mut elements = Vec::new();
        self.skip_space()?;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(elements));
        }
        loop {
            self.skip_space()?;
            elements.push(self.value()?);
            self.skip_space()?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::Array(elements));
                }
                _ => return self.fail("`,` or `]`"),
            }
        }
    }

    fn string(&mut self) -> Outcome<String> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let Some(end) = rest.find(['"', '\\']) else {
                return Err((start, "string is not closed: expected `\"`".to_owned()));
            };
            text.push_str(rest.get(..end).unwrap_or_default());
            self.at += end;
            if self.peek() == Some(b'"') {
                self.at += 1;
                return Ok(text);
            }
            text.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Outcome<char> {
        let start = self.at;
        self.at += 1;
        let letter = self.peek();
        self.at += 1;
        Ok(match letter {
            Some(letter @ (b'"' | b'\\' | b'/')) => char::from(letter),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => self.unicode(start)?,
            _ => {
                return Err((
                    start,
                    "unknown escape: expected one of `\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u`".to_owned(),
                ));
            }
        })
    }

    fn unicode(&mut self, start: usize) -> Outcome<char> {
        let first = self.hex(start)?;
        let is_high = (0xD800..0xDC00).contains(&first);
        if is_high && self.rest().starts_with("\\u") {
            self.at += 2;
            let second = self.hex(start)?;
            let pair = 0x10000 + ((first - 0xD800) << 10) + second.wrapping_sub(0xDC00);
            let is_low = (0xDC00..0xE000).contains(&second);
            if let Some(letter) = char::from_u32(pair).filter(|_| is_low) {
                return Ok(letter);
            }
        }
        char::from_u32(first).ok_or_else(|| (start, "half of a surrogate pair: expected two `\\u` escapes".to_owned()))
    }

    fn hex(&mut self, start: usize) -> Outcome<u32> {
        let digits = self.text.get(self.at..self.at + 4).filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(code) = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) else {
            return Err((start, "broken `\\u` escape: expected four hex digits".to_owned()));
        };
        self.at += 4;
        Ok(code)
    }

    fn number(&mut self) -> Outcome<Value> {
        let rest = self.rest();
        let end = rest.find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E')).unwrap_or(rest.len());
        let text = rest.get(..end).unwrap_or_default();
        match text.parse() {
            Ok(number) => {
                self.at += end;
                Ok(Value::Number(number))
            }
            Err(_) => Err((self.at, format!("`{text}` is not a number"))),
        }
    }

    fn word(&mut self) -> Outcome<Value> {
        for (word, value) in [("null", Value::Null), ("true", Value::Bool(true)), ("false", Value::Bool(false))] {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        self.fail("a JSON value")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_serde_json() {
        let text = r#"{"a": [1, -2.5e3, "x\u00e9\ud83d\ude00\n", true, null, {}], "b": {"c": []}}"#;
        let expected: serde_json::Value = serde_json::from_str(text).unwrap();
        let read: serde_json::Value = serde::Deserialize::deserialize(&parse(text).unwrap()).unwrap();
        assert_eq!(read, expected);
    }

    #[test]
    fn takes_what_templates_contain() {
        assert!(parse("// note\n{ /* inside */ \"a\": \"two\nlines\" } // end").is_ok());
    }

    #[test]
    fn says_where_and_what() {
        for (text, offset, message) in [
            ("", 0, "unexpected end of file: expected a JSON value"),
            ("{\"a\" 1}", 5, "unexpected `1`: expected `:`"),
            ("{\"a\": 1,}", 8, "unexpected `}`: expected a member name in double quotes"),
            ("[1 2]", 3, "unexpected `2`: expected `,` or `]`"),
            ("\"abc", 0, "string is not closed: expected `\"`"),
            ("01x", 0, "`01` is not a number"),
            ("1 2", 2, "unexpected text after the end of the JSON value"),
            ("{\"a\": 1, \"a\": 2}", 9, "`a` is there twice in one object"),
            ("\"\\ud800\"", 1, "half of a surrogate pair: expected two `\\u` escapes"),
        ] {
            assert_eq!(parse(text), Err((offset, message.to_owned())), "{text}");
        }
        let many: String = (0..40).map(|index| format!("\"m{index}\": {index}, ")).collect();
        assert!(parse(&format!("{{ {many} \"last\": 1 }}")).is_ok());
        assert!(parse(&format!("{{ {many} \"m3\": 1 }}")).unwrap_err().1.contains("`m3` is there twice"));
        assert!(parse(&format!("{{ {many} \"m30\": 1 }}")).unwrap_err().1.contains("`m30` is there twice"));
        assert!(parse(&"[".repeat(100_000)).unwrap_err().1.contains("nested"));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = parse(&text);
        }

        #[test]
        fn never_panics_on_nearly_json(text in "[\\[\\]{}\",:\\\\u0-9a-f /*]*") {
            let _ = parse(&text);
        }
    }
}
