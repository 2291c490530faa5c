//! Json.NET's lenient reader: text to a tree, with its error messages.

mod containers;
mod cursor;
mod scalars;

use super::text;
use super::token::{JToken, JTokenType};
use super::tree::{Children, Data, JsonTree, NODE_WEIGHT, NONE};
use super::value::Stored;
use crate::expr::arena::{MAX_WEIGHT, Tree};
use crate::expr::dotnet::exception::Result;

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
