//! Writes values as bytes.

use super::super::{Object as _, Response, Value};
use super::{DEPTH, ITEMS};
use crate::expr::dotnet::DateTimeKind;
use crate::expr::json::{Formatting, JToken, TokenClass};
use crate::expr::library::array::Array;
use crate::expr::library::dictionary::Dictionary;
use crate::expr::library::list::List;
use crate::expr::types::Ty;
use crate::expr::xlinq::{Layout, XObject, XObjectClass};

pub(super) struct Out {
    pub(super) bytes: Vec<u8>,
    pub(super) limit: usize,
}

impl Out {
    pub(super) fn value(&mut self, value: &Value, depth: u32) -> Option<()> {
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
