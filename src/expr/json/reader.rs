//! Json.NET's lenient reader: text to a tree, with its error messages.

use super::token::{JToken, JTokenType, push_index, push_name};
use super::tree::{Children, Data, JsonTree, NODE_WEIGHT, NONE};
use super::value::{IntType, Stored};
use super::{number, text};
use crate::expr::arena::{MAX_WEIGHT, Tree};
use crate::expr::dotnet::exception::{Exception, Result};

/// How deep arrays and objects may nest.
const MAX_DEPTH: usize = 1024;

/// What the text must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// `JToken.Parse`
    Token,
    /// `JObject.Parse`
    Object,
    /// `JArray.Parse`
    Array,
    /// `JsonConvert.DeserializeObject`: empty text is no error.
    Anything,
}

/// What numbers, words and strings become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scalars {
    /// Numbers, booleans and dates are told from text.
    Typed,
    /// Numbers and booleans are told from text; what looks like a date stays text.
    TypedWithoutDates,
    /// All but null stays text as written: what a deserialiser of strings reads.
    AsText,
}

impl JToken {
    /// The most that a text can weigh as a token: each value has a mark before it.
    pub(crate) fn weight_at_most(json: &str) -> usize {
        let marks = json.bytes().filter(|byte| matches!(byte, b',' | b':' | b'[' | b'{')).count();
        json.len().saturating_add((marks + 1).saturating_mul(NODE_WEIGHT))
    }

    /// Reads JSON text; none only for empty text where [`Expected::Anything`] goes.
    pub(crate) fn parse(json: &str, expected: Expected) -> Result<Option<Self>> {
        Self::parse_with(json, expected, Scalars::Typed)
    }

    /// As [`JToken::parse`], with a choice of what scalars become.
    pub(crate) fn parse_with(json: &str, expected: Expected, scalars: Scalars) -> Result<Option<Self>> {
        let mut reader = Reader::new(json, expected, scalars);
        match reader.read()? {
            Some(root) => Ok(Some(Self::of_tree(reader.tree, root))),
            None => Ok(None),
        }
    }
}

struct Reader<'a> {
    json: &'a str,
    bytes: &'a [u8],
    at: usize,
    expected: Expected,
    scalars: Scalars,
    tree: JsonTree,
    open: Vec<Open>,
    /// Children of the open containers, innermost last.
    pending: Vec<u32>,
    /// Whether a token was begun: .NET then counts lines from 1.
    started: bool,
}

struct Open {
    kind: Kind,
    node: u32,
    /// Where its children begin in `pending`.
    first: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Object,
    Array,
    Constructor,
}

/// What comes next.
enum Step {
    /// A value; after `[` or `(` also their end.
    Value,
    /// A property's name or `}`.
    Name,
    /// A comma or an end.
    After,
}

impl<'a> Reader<'a> {
    fn new(json: &'a str, expected: Expected, scalars: Scalars) -> Self {
        Self {
            json,
            bytes: json.as_bytes(),
            at: 0,
            expected,
            scalars,
            tree: JsonTree::for_json(json.len()),
            open: Vec::with_capacity(8),
            pending: Vec::with_capacity(16),
            started: false,
        }
    }

    fn read(&mut self) -> Result<Option<u32>> {
        if self.json.len() > MAX_WEIGHT / 2 {
            return Err(crate::expr::arena::TooLarge.into());
        }
        if self.json.starts_with('\u{feff}') {
            self.at = 3;
        }
        self.skip_space_and_comments()?;
        if self.peek().is_none() {
            return self.nothing();
        }
        let mut root = None;
        let mut step = Step::Value;
        loop {
            step = match step {
                Step::Value => self.value(&mut root)?,
                Step::Name => self.name()?,
                Step::After => {
                    if self.open.is_empty() {
                        break;
                    }
                    self.after()?
                }
            };
            if self.tree.weight() > MAX_WEIGHT {
                return Err(crate::expr::arena::TooLarge.into());
            }
        }
        self.skip_space_and_comments()?;
        match self.peek_char() {
            None => Ok(root),
            Some(c) => {
                Err(self.error(format!("Additional text encountered after finished reading JSON content: {c}.")))
            }
        }
    }

    fn nothing(&mut self) -> Result<Option<u32>> {
        let kind = match self.expected {
            Expected::Anything => return Ok(None),
            Expected::Token => "JToken",
            Expected::Object => "JObject",
            Expected::Array => "JArray",
        };
        Err(self.error(format!("Error reading {kind} from JsonReader.")))
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn peek_char(&self) -> Option<char> {
        self.json.get(self.at..).and_then(|rest| rest.chars().next())
    }

    fn starts_with(&self, text: &str) -> bool {
        self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(text.as_bytes()))
    }

    fn skip_space(&mut self) {
        while let Some(b) = self.peek() {
            match b {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                0x0b | 0x0c | 0x80.. if self.peek_char().is_some_and(char::is_whitespace) => {
                    self.at += self.peek_char().map_or(1, char::len_utf8);
                }
                _ => return,
            }
        }
    }

    fn skip_space_and_comments(&mut self) -> Result<()> {
        loop {
            self.skip_space();
            if self.peek() != Some(b'/') {
                return Ok(());
            }
            let rest = self.json.get(self.at + 1..).unwrap_or_default();
            if let Some(body) = rest.strip_prefix('*') {
                let Some(end) = body.find("*/") else {
                    self.at = self.json.len();
                    return Err(self.error("Unexpected end while parsing comment."));
                };
                self.at += end + 4;
            } else if let Some(body) = rest.strip_prefix('/') {
                self.at += 2 + body.find(['\r', '\n']).unwrap_or(body.len());
            } else {
                self.at = (self.at + 1).min(self.json.len());
                let got = rest.chars().next().map_or_else(String::new, String::from);
                return Err(match got.as_str() {
                    "" => self.error("Unexpected end while parsing comment."),
                    _ => self.error(format!("Error parsing comment. Expected: *, got {got}.")),
                });
            }
            self.started = true;
        }
    }

    fn value(&mut self, root: &mut Option<u32>) -> Result<Step> {
        self.skip_space_and_comments()?;
        let Some(byte) = self.peek() else { return Err(self.unfinished()) };
        let start = self.at;
        let (mut token_type, mut stored) = match byte {
            b'"' | b'\'' => {
                self.at += 1;
                let span = self.string(byte)?;
                match text::read_date(self.tree.text(span)).filter(|_| self.scalars == Scalars::Typed) {
                    Some(date) => (JTokenType::Date, Stored::Date(date)),
                    None => (JTokenType::String, Stored::String(span)),
                }
            }
            b'{' => return self.begin(Kind::Object, Data::Object(Children::default()), root),
            b'[' => return self.begin(Kind::Array, Data::Array(Children::default()), root),
            b']' | b')' if self.open.last().is_some_and(|open| open.kind.end() == byte) => return self.end(byte),
            b']' => return Err(self.misplaced_end("EndArray", byte)),
            b')' => return Err(self.misplaced_end("EndConstructor", byte)),
            b',' if !self.open.is_empty() => (JTokenType::Undefined, Stored::Null),
            b'0'..=b'9' | b'.' => self.number()?,
            b'-' => match self.starts_with("-I") {
                true => self.word("-Infinity", "negative infinity")?,
                false => self.number()?,
            },
            b't' => self.word("true", "boolean")?,
            b'f' => self.word("false", "boolean")?,
            b'n' => match self.bytes.get(self.at + 1) {
                Some(b'e') => return self.constructor(root),
                Some(b'u') | None => self.word("null", "null")?,
                Some(_) => return Err(self.unexpected()),
            },
            b'u' => self.word("undefined", "undefined")?,
            b'N' => self.word("NaN", "NaN")?,
            b'I' => self.word("Infinity", "positive infinity")?,
            _ => return Err(self.unexpected()),
        };
        if self.open.is_empty() {
            self.check_root(token_type, &stored)?;
        }
        let is_word = matches!(token_type, JTokenType::Integer | JTokenType::Float | JTokenType::Boolean);
        if is_word && self.scalars == Scalars::AsText {
            let json = self.json;
            let span = self.tree.store(json.get(start..self.at).unwrap_or_default());
            (token_type, stored) = (JTokenType::String, Stored::String(span));
        }
        self.started = true;
        let node = self.tree.add(Data::Value(token_type, stored));
        self.attach(node, root);
        Ok(Step::After)
    }

    fn unexpected(&self) -> Exception {
        let c = self.peek_char().unwrap_or_default();
        self.error(format!("Unexpected character encountered while parsing value: {c}."))
    }

    /// `JObject.Parse` and `JArray.Parse` refuse other kinds of tokens.
    fn check_root(&self, token_type: JTokenType, stored: &Stored) -> Result<()> {
        let name = match (token_type, stored) {
            (JTokenType::Object, _) => "StartObject",
            (JTokenType::Array, _) => "StartArray",
            (JTokenType::Constructor, _) => "StartConstructor",
            (other, _) => other.name(),
        };
        match (self.expected, token_type) {
            (Expected::Object, JTokenType::Object) | (Expected::Array, JTokenType::Array) => Ok(()),
            (Expected::Object, _) => Err(self.error(format!(
                "Error reading JObject from JsonReader. Current JsonReader item is not an object: {name}."
            ))),
            (Expected::Array, _) => Err(self.error(format!(
                "Error reading JArray from JsonReader. Current JsonReader item is not an array: {name}."
            ))),
            (Expected::Token | Expected::Anything, _) => Ok(()),
        }
    }

    fn attach(&mut self, node: u32, root: &mut Option<u32>) {
        match self.open.last() {
            None => *root = Some(node),
            Some(Open { kind: Kind::Object, .. }) => {
                let property = self.pending.last().copied().unwrap_or(NONE);
                if property != NONE {
                    if let Data::Property(_, value) = &mut self.tree.node_mut(property).data {
                        *value = node;
                    }
                    self.tree.node_mut(node).parent = property;
                }
            }
            Some(_) => self.pending.push(node),
        }
    }

    fn begin(&mut self, kind: Kind, data: Data, root: &mut Option<u32>) -> Result<Step> {
        self.at += 1;
        if self.open.is_empty() {
            let token_type = match kind {
                Kind::Object => JTokenType::Object,
                Kind::Array => JTokenType::Array,
                Kind::Constructor => JTokenType::Constructor,
            };
            self.started = true;
            self.check_root(token_type, &Stored::Null)?;
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(self.error(format!("The reader's MaxDepth of {MAX_DEPTH} has been exceeded.")));
        }
        let node = self.tree.add(data);
        self.attach(node, root);
        self.open.push(Open { kind, node, first: self.pending.len() });
        Ok(if kind == Kind::Object { Step::Name } else { Step::Value })
    }

    fn end(&mut self, byte: u8) -> Result<Step> {
        let expected = self.open.last().map(|open| open.kind.end());
        if expected != Some(byte) {
            let name = match byte {
                b'}' => "EndObject",
                b']' => "EndArray",
                _ => "EndConstructor",
            };
            return Err(self.misplaced_end(name, byte));
        }
        self.at += 1;
        if let Some(open) = self.open.pop() {
            let list = self.pending.split_off(open.first);
            if let Data::Object(children) | Data::Array(children) | Data::Constructor(_, children) =
                &mut self.tree.node_mut(open.node).data
            {
                *children = Children::of(list);
            }
            if open.kind == Kind::Object {
                self.tree.index_names(open.node);
                self.drop_repeated(open.node);
            }
            self.tree.adopt(open.node);
        }
        Ok(Step::After)
    }

    /// Of properties with one name, the value of the last stays, in the place of the first.
    fn drop_repeated(&mut self, object: u32) {
        let repeated = match self.tree.children(object) {
            [] | [_] => return,
            list => {
                let last = list
                    .iter()
                    .rev()
                    .find(|p| self.tree.name(**p).and_then(|n| self.tree.property(object, n)) != Some(**p));
                last.is_some()
            }
        };
        if !repeated {
            return;
        }
        let mut seen = std::collections::HashMap::new();
        let mut kept: Vec<u32> = Vec::new();
        for property in self.tree.children(object).to_vec() {
            let name = self.tree.name(property).unwrap_or_default().to_owned();
            match seen.get(&name) {
                None => {
                    seen.insert(name, kept.len());
                    kept.push(property);
                }
                Some(place) => kept[*place] = property,
            }
        }
        if let Data::Object(children) = &mut self.tree.node_mut(object).data {
            *children = Children::of(kept);
        }
        self.tree.index_names(object);
    }

    fn misplaced_end(&self, token: &str, byte: u8) -> Exception {
        match self.open.last() {
            None => self.unexpected(),
            Some(_) if byte == b')' => self.unexpected(),
            Some(open) => {
                let container = match open.kind {
                    Kind::Object => "Object",
                    Kind::Array => "Array",
                    Kind::Constructor => "Constructor",
                };
                self.error(format!("JsonToken {token} is not valid for closing JsonType {container}."))
            }
        }
    }

    fn name(&mut self) -> Result<Step> {
        self.skip_space_and_comments()?;
        let Some(byte) = self.peek() else { return Err(self.unfinished()) };
        let name = match byte {
            b'}' => return self.end(byte),
            b'"' | b'\'' => {
                self.at += 1;
                self.string(byte)?
            }
            _ => {
                let c = self.peek_char().unwrap_or_default();
                if !is_identifier(c) {
                    return Err(self.error(format!("Invalid property identifier character: {c}.")));
                }
                self.unquoted_name()?
            }
        };
        self.skip_space();
        if self.peek() != Some(b':') {
            let got = self.peek_char().map_or_else(|| "\0".to_owned(), String::from);
            return Err(
                self.error(format!("Invalid character after parsing property name. Expected ':' but got: {got}."))
            );
        }
        self.at += 1;
        let property = self.tree.add(Data::Property(name, NONE));
        self.pending.push(property);
        Ok(Step::Value)
    }

    fn unquoted_name(&mut self) -> Result<super::tree::Span> {
        let start = self.at;
        loop {
            match self.peek_char() {
                None => return Err(self.error("Unexpected end while parsing unquoted property name.")),
                Some(c) if is_identifier(c) => self.at += c.len_utf8(),
                Some(c) if c.is_whitespace() || c == ':' => {
                    let json = self.json;
                    return Ok(self.tree.store(json.get(start..self.at).unwrap_or_default()));
                }
                Some(c) => {
                    return Err(self.error(format!("Invalid JavaScript property identifier character: {c}.")));
                }
            }
        }
    }

    fn after(&mut self) -> Result<Step> {
        self.skip_space_and_comments()?;
        let in_object = self.open.last().is_some_and(|open| open.kind == Kind::Object);
        match self.peek() {
            None => Err(self.unfinished()),
            Some(byte @ (b'}' | b']' | b')')) => self.end(byte),
            Some(b',') => {
                self.at += 1;
                Ok(if in_object { Step::Name } else { Step::Value })
            }
            Some(_) => {
                let c = self.peek_char().unwrap_or_default();
                Err(self.error(format!("After parsing a value an unexpected character was encountered: {c}.")))
            }
        }
    }

    fn constructor(&mut self, root: &mut Option<u32>) -> Result<Step> {
        if !self.starts_with("new") {
            return Err(self.unexpected());
        }
        self.at += 3;
        self.skip_space();
        let start = self.at;
        while self.peek_char().is_some_and(char::is_alphanumeric) {
            self.at += self.peek_char().map_or(1, char::len_utf8);
        }
        let json = self.json;
        let name = json.get(start..self.at).unwrap_or_default();
        self.skip_space();
        match self.peek() {
            Some(b'(') => {}
            None => return Err(self.error("Unexpected end while parsing constructor.")),
            Some(_) => {
                let c = self.peek_char().unwrap_or_default();
                return Err(self.error(format!("Unexpected character while parsing constructor: {c}.")));
            }
        }
        let name = self.tree.store(name);
        self.begin(Kind::Constructor, Data::Constructor(name, Children::default()), root)
    }

    fn word(&mut self, word: &str, what: &str) -> Result<(JTokenType, Stored)> {
        if !self.starts_with(word) {
            let matched = word.bytes().zip(self.bytes.iter().skip(self.at)).take_while(|(a, b)| a == *b).count();
            self.at += matched;
            return Err(if self.at >= self.json.len() {
                self.error("Unexpected end when reading JSON.")
            } else {
                self.bad_word(what)
            });
        }
        self.at += word.len();
        let separated = self.peek_char().is_none_or(|c| {
            c.is_whitespace()
                || matches!(c, ',' | '}' | ']')
                || (c == ')' && self.open.last().is_some_and(|open| open.kind == Kind::Constructor))
                || (c == '/' && matches!(self.bytes.get(self.at + 1), Some(b'/' | b'*')))
        });
        if !separated {
            return Err(self.bad_word(what));
        }
        Ok(match word {
            "true" => (JTokenType::Boolean, Stored::Boolean(true)),
            "false" => (JTokenType::Boolean, Stored::Boolean(false)),
            "null" => (JTokenType::Null, Stored::Null),
            "undefined" => (JTokenType::Undefined, Stored::Null),
            "NaN" => (JTokenType::Float, Stored::Double(f64::NAN)),
            "Infinity" => (JTokenType::Float, Stored::Double(f64::INFINITY)),
            _ => (JTokenType::Float, Stored::Double(f64::NEG_INFINITY)),
        })
    }

    fn bad_word(&self, what: &str) -> Exception {
        self.error(format!("Error parsing {what} value."))
    }

    fn number(&mut self) -> Result<(JTokenType, Stored)> {
        let start = self.at;
        while let Some(b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' | b'x' | b'X') = self.peek() {
            self.at += 1;
        }
        if let Some(c) = self.peek_char()
            && !c.is_whitespace()
            && !matches!(c, ',' | '}' | ']' | ')' | '/')
        {
            return Err(self.error(format!("Unexpected character encountered while parsing number: {c}.")));
        }
        let json = self.json;
        let digits = json.get(start..self.at).unwrap_or_default();
        match number::parse(digits) {
            Some(number::Number::Integer(value)) => Ok((JTokenType::Integer, Stored::Integer(IntType::Int64, value))),
            Some(number::Number::Big(digits)) => {
                Ok((JTokenType::Integer, Stored::BigInteger(self.tree.store(&digits))))
            }
            Some(number::Number::Float(value)) => Ok((JTokenType::Float, Stored::Double(value))),
            Some(number::Number::TooLong) => Err(self.error(format!("JSON integer {digits} is too large to parse."))),
            None => Err(self.error(format!("Input string '{digits}' is not a valid number."))),
        }
    }

    /// The text up to the closing quote, decoded into the tree's buffer.
    fn string(&mut self, quote: u8) -> Result<super::tree::Span> {
        let json = self.json;
        let begin = self.tree.buffer().len();
        let mut from = self.at;
        loop {
            let Some(byte) = self.peek() else {
                return Err(self.error(format!("Unterminated string. Expected delimiter: {}.", char::from(quote))));
            };
            if byte == quote {
                self.tree.buffer().push_str(json.get(from..self.at).unwrap_or_default());
                self.at += 1;
                let len = self.tree.buffer().len() - begin;
                return Ok(super::tree::Span { start: begin as u32, len: len as u32 });
            }
            if byte == b'\\' {
                self.tree.buffer().push_str(json.get(from..self.at).unwrap_or_default());
                self.at += 1;
                let decoded = self.escape()?;
                self.tree.buffer().push(decoded);
                from = self.at;
            } else {
                self.at += 1;
            }
        }
    }

    fn escape(&mut self) -> Result<char> {
        let Some(c) = self.peek_char() else {
            return Err(self.error("Unterminated string. Expected delimiter: \"."));
        };
        self.at += c.len_utf8();
        Ok(match c {
            'b' => '\u{8}',
            't' => '\t',
            'n' => '\n',
            'f' => '\u{c}',
            'r' => '\r',
            '\\' | '"' | '\'' | '/' => c,
            'u' => {
                let first = self.hex()?;
                let second =
                    self.json.get(self.at..).and_then(|rest| rest.strip_prefix("\\u")).and_then(|rest| rest.get(..4));
                let low = second.and_then(|digits| u16::from_str_radix(digits, 16).ok());
                match (first, low) {
                    (0xD800..=0xDBFF, Some(low @ 0xDC00..=0xDFFF)) => {
                        self.at += 6;
                        let code = 0x10000 + ((u32::from(first) - 0xD800) << 10) + (u32::from(low) - 0xDC00);
                        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
                    }
                    _ => char::from_u32(u32::from(first)).unwrap_or(char::REPLACEMENT_CHARACTER),
                }
            }
            other => return Err(self.error(format!("Bad JSON escape sequence: \\{other}."))),
        })
    }

    fn hex(&mut self) -> Result<u16> {
        let Some(digits) = self.json.get(self.at..self.at + 4) else {
            return Err(self.error("Unexpected end while parsing Unicode escape sequence."));
        };
        match u16::from_str_radix(digits, 16) {
            Ok(unit) if !digits.starts_with('+') => {
                self.at += 4;
                Ok(unit)
            }
            _ => Err(self.error(format!("Invalid Unicode escape sequence: \\u{digits}."))),
        }
    }

    /// The text ends within a value.
    fn unfinished(&self) -> Exception {
        let kind = match self.open.last().map(|open| open.kind) {
            Some(Kind::Array) => ("JArray", "array"),
            Some(Kind::Constructor) => ("JConstructor", "constructor"),
            Some(Kind::Object) | None => ("JObject", "object"),
        };
        if self.expected == Expected::Anything {
            let message = self.with_position(&format!("Unexpected end when deserializing {}.", kind.1));
            return Exception::new("Newtonsoft.Json.JsonSerializationException", message);
        }
        self.error(format!("Unexpected end of content while loading {}.", kind.0))
    }

    fn error(&self, message: impl AsRef<str>) -> Exception {
        Exception::new("Newtonsoft.Json.JsonReaderException", self.with_position(message.as_ref()))
    }

    fn with_position(&self, message: &str) -> String {
        let before = self.json.get(..self.at).unwrap_or(self.json);
        let line_start = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let breaks = before.matches('\n').count() + before.matches('\r').count() - before.matches("\r\n").count();
        let position: usize = before.get(line_start..).unwrap_or_default().chars().map(char::len_utf16).sum();
        let line = if !self.started && position == 0 { 0 } else { breaks + 1 };
        let path = self.path();
        let stop = if message.ends_with('.') { "" } else { "." };
        format!("{message}{stop} Path '{path}', line {line}, position {position}.")
    }

    fn path(&self) -> String {
        let mut path = String::new();
        for (depth, open) in self.open.iter().enumerate() {
            let end = self.open.get(depth + 1).map_or(self.pending.len(), |inner| inner.first);
            let Some(count) = end.checked_sub(open.first + 1) else { continue };
            match open.kind {
                Kind::Object => {
                    let property = self.pending.get(end - 1).copied();
                    push_name(&mut path, property.and_then(|property| self.tree.name(property)).unwrap_or_default());
                }
                Kind::Array | Kind::Constructor => push_index(&mut path, count),
            }
        }
        path
    }
}

impl Kind {
    fn end(self) -> u8 {
        match self {
            Self::Object => b'}',
            Self::Array => b']',
            Self::Constructor => b')',
        }
    }
}

fn is_identifier(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}
