//! Values as bytes, for caches: what comes back is of the same kind, and nobody else's.

use super::{Object as _, Response, Str, Value};
use crate::expr::dotnet::{DateTime, DateTimeKind, DateTimeOffset, Decimal, Guid, TimeSpan};
use crate::expr::host::Body;
use crate::expr::json::{Expected, Formatting, JToken, Scalars, TokenClass};
use crate::expr::library::array::Array;
use crate::expr::library::dictionary::Dictionary;
use crate::expr::library::list::List;
use crate::expr::library::{array, dictionary, list};
use crate::expr::types::{Ty, TypeId};
use crate::expr::xlinq::{Layout, Root, XObject, XObjectClass};

/// How deep what is kept may nest.
const DEPTH: u32 = 16;

/// The types that items of kept collections may have, by their place.
const ITEMS: [TypeId; 10] = [
    TypeId::String,
    TypeId::Int32,
    TypeId::Int64,
    TypeId::Double,
    TypeId::Boolean,
    TypeId::Object,
    TypeId::JToken,
    TypeId::JObject,
    TypeId::JArray,
    TypeId::Guid,
];

impl Value {
    /// The value as bytes; none when it is of a kind that cannot be kept, or would take more than `limit`.
    ///
    /// Strings, numbers, dates, `byte[]`, JSON tokens, XML elements and documents, responses, and arrays, lists and
    /// dictionaries of them can be kept.
    pub(crate) fn to_kept(&self, limit: usize) -> Option<Vec<u8>> {
        let mut out = Out { bytes: Vec::new(), limit };
        out.value(self, 0)?;
        (out.bytes.len() <= limit).then_some(out.bytes)
    }

    /// The value of such bytes; none when they are no value.
    pub(crate) fn from_kept(bytes: &[u8]) -> Option<Self> {
        let mut input = In { rest: bytes };
        let value = input.value(0)?;
        input.rest.is_empty().then_some(value)
    }
}

struct Out {
    bytes: Vec<u8>,
    limit: usize,
}

impl Out {
    fn value(&mut self, value: &Value, depth: u32) -> Option<()> {
        if depth > DEPTH || self.bytes.len() > self.limit {
            return None;
        }
        match value {
            Value::Null => self.tag(b'0', &[]),
            Value::Bool(v) => self.tag(b'b', &[u8::from(*v)]),
            Value::Char(v) => self.tag(b'c', &v.to_le_bytes()),
            Value::SByte(v) => self.tag(b'1', &v.to_le_bytes()),
            Value::Byte(v) => self.tag(b'2', &[*v]),
            Value::Short(v) => self.tag(b'3', &v.to_le_bytes()),
            Value::UShort(v) => self.tag(b'4', &v.to_le_bytes()),
            Value::Int(v) => self.tag(b'5', &v.to_le_bytes()),
            Value::UInt(v) => self.tag(b'6', &v.to_le_bytes()),
            Value::Long(v) => self.tag(b'7', &v.to_le_bytes()),
            Value::ULong(v) => self.tag(b'8', &v.to_le_bytes()),
            Value::Float(v) => self.tag(b'f', &v.to_le_bytes()),
            Value::Double(v) => self.tag(b'd', &v.to_le_bytes()),
            Value::Decimal(v) => self.tag(b'm', &v.serialize()),
            Value::Str(text) => match text.as_str() {
                Some(text) => self.text(b's', text),
                None => {
                    let units: Vec<u8> = text.units().iter().flat_map(|unit| unit.to_le_bytes()).collect();
                    self.tag(b'w', &[]);
                    self.run(&units);
                }
            },
            Value::DateTime(v) => {
                let kind = match v.kind() {
                    DateTimeKind::Unspecified => 0,
                    DateTimeKind::Utc => 1,
                    DateTimeKind::Local => 2,
                };
                self.tag(b't', &v.ticks().to_le_bytes());
                self.bytes.push(kind);
            }
            Value::DateTimeOffset(v) => {
                self.tag(b'o', &v.utc_ticks().to_le_bytes());
                self.bytes.extend(v.offset().ticks().to_le_bytes());
            }
            Value::TimeSpan(v) => self.tag(b'p', &v.ticks().to_le_bytes()),
            Value::Guid(v) => self.tag(b'g', &v.to_bytes()),
            Value::Enum(..) | Value::View(_) => return None,
            Value::Object(_) => return self.object(value, depth),
        }
        Some(())
    }

    fn object(&mut self, value: &Value, depth: u32) -> Option<()> {
        if let Some(token) = value.downcast::<JToken>() {
            if token.class() == TokenClass::Property {
                return None;
            }
            self.text(b'j', &token.to_json(Formatting::None, self.limit).ok()?);
        } else if let Some(node) = value.downcast::<XObject>() {
            let tag = match node.class() {
                XObjectClass::Element => b'x',
                XObjectClass::Document => b'X',
                _ => return None,
            };
            self.text(tag, &node.to_xml(Layout::Plain, "\n", self.limit).ok()?);
        } else if let Some(response) = value.as_response() {
            self.response(response)?;
        } else if let Some(bytes) = value.as_bytes() {
            self.tag(b'B', &[]);
            self.run(&bytes);
        } else if let Some(array) = value.downcast::<Array>() {
            if array.lengths.len() != 1 {
                return None;
            }
            self.tag(b'a', &[item_type(array.element())?]);
            self.items(&array.to_vec(), depth)?;
        } else if let Some(list) = value.downcast::<List>() {
            self.tag(b'l', &[item_type(list.element())?]);
            self.items(&list.to_vec(), depth)?;
        } else if let Some(dictionary) = value.downcast::<Dictionary>() {
            let (key, item) = dictionary.types();
            self.tag(b'D', &[item_type(key)?, item_type(item)?]);
            let pairs = dictionary.entries()?;
            let flat: Vec<Value> = pairs.into_iter().flat_map(|(key, value)| [key, value]).collect();
            self.items(&flat, depth)?;
        } else {
            return None;
        }
        Some(())
    }

    fn response(&mut self, response: &Response) -> Option<()> {
        self.tag(b'r', &response.status().to_le_bytes());
        self.run(response.reason().as_bytes());
        self.count(response.headers().len());
        for (name, values) in response.headers() {
            self.run(name.as_bytes());
            self.count(values.len());
            values.iter().for_each(|value| self.run(value.as_bytes()));
        }
        // A body that somebody has read is gone here too.
        match response.body(true) {
            Ok(Some(body)) => {
                self.bytes.push(1);
                self.run(&body.bytes);
                self.run(body.content_type.unwrap_or_default().as_bytes());
            }
            Ok(None) => self.bytes.push(0),
            Err(_) => return None,
        }
        Some(())
    }

    fn items(&mut self, items: &[Value], depth: u32) -> Option<()> {
        self.count(items.len());
        items.iter().try_for_each(|item| self.value(item, depth + 1))
    }

    fn tag(&mut self, tag: u8, bytes: &[u8]) {
        self.bytes.push(tag);
        self.bytes.extend_from_slice(bytes);
    }

    fn text(&mut self, tag: u8, text: &str) {
        self.bytes.push(tag);
        self.run(text.as_bytes());
    }

    fn run(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    fn count(&mut self, count: usize) {
        self.bytes.extend((count as u64).to_le_bytes());
    }
}

fn item_type(ty: &Ty) -> Option<u8> {
    let Ty::Named(id) = ty else { return None };
    ITEMS.iter().position(|known| known == id).and_then(|at| u8::try_from(at).ok())
}

struct In<'a> {
    rest: &'a [u8],
}

impl<'a> In<'a> {
    fn value(&mut self, depth: u32) -> Option<Value> {
        if depth > DEPTH {
            return None;
        }
        Some(match self.byte()? {
            b'0' => Value::Null,
            b'b' => Value::Bool(self.byte()? != 0),
            b'c' => Value::Char(u16::from_le_bytes(self.array()?)),
            b'1' => Value::SByte(i8::from_le_bytes(self.array()?)),
            b'2' => Value::Byte(self.byte()?),
            b'3' => Value::Short(i16::from_le_bytes(self.array()?)),
            b'4' => Value::UShort(u16::from_le_bytes(self.array()?)),
            b'5' => Value::Int(i32::from_le_bytes(self.array()?)),
            b'6' => Value::UInt(u32::from_le_bytes(self.array()?)),
            b'7' => Value::Long(self.long()?),
            b'8' => Value::ULong(u64::from_le_bytes(self.array()?)),
            b'f' => Value::Float(f32::from_le_bytes(self.array()?)),
            b'd' => Value::Double(f64::from_le_bytes(self.array()?)),
            b'm' => {
                let bytes = self.array()?;
                // The scale stands in the third byte of the flags.
                if bytes[2] > 28 {
                    return None;
                }
                Value::Decimal(Decimal::deserialize(bytes))
            }
            b's' => Value::from(self.text()?),
            b'w' => {
                let units: Vec<u16> =
                    self.run()?.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
                Value::Str(Str::from_utf16(&units))
            }
            b't' => {
                let ticks = self.long()?;
                let kind = match self.byte()? {
                    0 => DateTimeKind::Unspecified,
                    1 => DateTimeKind::Utc,
                    2 => DateTimeKind::Local,
                    _ => return None,
                };
                Value::DateTime(DateTime::new(ticks, kind).ok()?)
            }
            b'o' => {
                let utc = DateTime::new(self.long()?, DateTimeKind::Utc).ok()?;
                let offset = TimeSpan::from_ticks(self.long()?);
                Value::DateTimeOffset(DateTimeOffset::from_utc(utc).to_offset(offset).ok()?)
            }
            b'p' => Value::TimeSpan(TimeSpan::from_ticks(self.long()?)),
            b'g' => Value::Guid(Guid::from_bytes(self.array()?)),
            b'j' => {
                let token = JToken::parse_with(self.text()?, Expected::Token, Scalars::Typed).ok()??;
                Value::object(token)
            }
            b'x' => Value::object(XObject::parse(self.text()?, Root::Element, true).ok()?),
            b'X' => Value::object(XObject::parse(self.text()?, Root::Document, true).ok()?),
            b'r' => self.response()?,
            b'B' => Value::bytes(self.run()?),
            b'a' => {
                let element = self.item_type()?;
                array::array(element, self.items(depth)?)
            }
            b'l' => {
                let element = self.item_type()?;
                list::make(element, self.items(depth)?)
            }
            b'D' => {
                let (key, item) = (self.item_type()?, self.item_type()?);
                let mut flat = self.items(depth)?.into_iter();
                let mut pairs = Vec::new();
                while let Some(key) = flat.next() {
                    pairs.push((key, flat.next()?));
                }
                dictionary::make(key, item, pairs)
            }
            _ => return None,
        })
    }

    fn response(&mut self) -> Option<Value> {
        let status = u16::try_from(i32::from_le_bytes(self.array()?)).ok()?;
        let reason = self.text()?;
        let mut headers = Vec::new();
        for _ in 0..self.count()? {
            let name = self.text()?.to_owned();
            let values = (0..self.count()?).map(|_| self.text().map(str::to_owned)).collect::<Option<_>>()?;
            headers.push((name, values));
        }
        let body = match self.byte()? {
            0 => None,
            _ => {
                let bytes = self.run()?.to_vec();
                let content_type = Some(self.text()?.to_owned()).filter(|text| !text.is_empty());
                Some(Body { bytes, content_type })
            }
        };
        Some(Value::from(Response::new(status, reason, headers, body)))
    }

    fn items(&mut self, depth: u32) -> Option<Vec<Value>> {
        (0..self.count()?).map(|_| self.value(depth + 1)).collect()
    }

    fn item_type(&mut self) -> Option<Ty> {
        let at = self.byte()?;
        ITEMS.get(usize::from(at)).map(|id| Ty::Named(*id))
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*first)
    }

    fn long(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    /// How many items or bytes follow; never more than there are bytes.
    fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(u64::from_le_bytes(self.array()?)).ok()?;
        (count <= self.rest.len()).then_some(count)
    }

    fn run(&mut self) -> Option<&'a [u8]> {
        let count = self.count()?;
        let (run, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(run)
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.run()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::expr::{Budget, Expression, JsonHost, Library};

    fn canonical(value: &Value) -> String {
        value.to_canonical(&mut JsonHost::default(), &Budget::default()).unwrap().to_string()
    }

    #[test]
    fn values_come_back_as_the_same_kind() {
        for source in [
            "true",
            "'a'",
            "(sbyte)-3",
            "(byte)3",
            "(short)-3",
            "(ushort)3",
            "7",
            "7u",
            "7L",
            "7ul",
            "1.5f",
            "1.5",
            "1.50m",
            "\"text \\u00e9\"",
            "\"\\ud800 alone\"",
            "new DateTime(2024, 3, 15, 1, 2, 3, DateTimeKind.Utc)",
            "new DateTimeOffset(2024, 3, 15, 1, 2, 3, TimeSpan.FromHours(2))",
            "TimeSpan.FromSeconds(90)",
            "new Guid(\"0f8fad5b-d9cb-469f-a165-70867728950e\")",
            "new byte[] { 1, 2, 255 }",
            "JObject.Parse(\"{\\\"a\\\": [1, 2.50, null, \\\"x\\\"]}\")",
            "JArray.Parse(\"[true]\")",
            "new JValue(5)",
            "XElement.Parse(\"<a b='c'> <d/> text</a>\")",
            "new[] { \"a\", null }",
            "new List<int> { 1, 2 }",
            "new Dictionary<string, object> { { \"a\", 1 }, { \"b\", new List<string> { \"c\" } } }",
        ] {
            let expression = Expression::compile(&format!("@({source})"), &Library::strict())
                .unwrap_or_else(|e| panic!("{source}: {e:?}"));
            let value = expression.eval(&mut JsonHost::default(), &Budget::default()).unwrap();
            let bytes = value.to_kept(10_000).unwrap_or_else(|| panic!("{source} is not kept"));
            let back = Value::from_kept(&bytes).unwrap_or_else(|| panic!("{source} does not come back"));
            assert_eq!((back.type_name(), canonical(&back)), (value.type_name(), canonical(&value)), "{source}");
            assert!(value.to_kept(bytes.len() - 1).is_none(), "{source}: the limit");
        }
    }

    #[test]
    fn responses_come_back() {
        let body = Body { bytes: vec![1, 2], content_type: Some("a/b".to_owned()) };
        let headers = vec![("X".to_owned(), vec!["1".to_owned(), "2".to_owned()])];
        let response = Response::new(404, "Gone", headers, Some(body));
        let bytes = Value::from(response).to_kept(1_000).unwrap();
        let back = Value::from_kept(&bytes).unwrap();
        let back = back.as_response().unwrap();
        assert_eq!((back.status(), back.reason(), back.headers()[0].1.len()), (404, "Gone", 2));
        let body = back.body(false).unwrap().unwrap();
        assert_eq!((body.bytes, body.content_type.as_deref()), (vec![1, 2], Some("a/b")));
    }

    #[test]
    fn a_copy_of_an_object_is_kept() {
        let token = JToken::parse("{\"a\":1}", Expected::Object).unwrap().unwrap();
        let kept = Value::object(token.clone()).to_kept(1_000).unwrap();
        token.remove_property("a");
        assert!(canonical(&Value::from_kept(&kept).unwrap()).contains('a'));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_value_or_none(bytes in prop::collection::vec(any::<u8>(), 0..64), tag in "[0-9a-zA-Z]") {
            Value::from_kept(&bytes);
            Value::from_kept(&[tag.as_bytes(), &bytes].concat());
        }

        #[test]
        fn texts_come_back(text in ".*") {
            let kept = Value::from(text.as_str()).to_kept(100_000).unwrap();
            prop_assert_eq!(Value::from_kept(&kept).unwrap().to_text(), Some(text));
        }
    }
}
