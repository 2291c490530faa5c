//! Reads values that were written as bytes.

use super::super::{Response, Str, Value};
use super::{DEPTH, ITEMS};
use crate::expr::dotnet::{DateTime, DateTimeKind, DateTimeOffset, Decimal, Guid, TimeSpan};
use crate::expr::host::Body;
use crate::expr::json::{Expected, JToken, Scalars};
use crate::expr::library::{array, dictionary, list};
use crate::expr::types::Ty;
use crate::expr::xlinq::{Root, XObject};

pub(super) struct In<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> In<'a> {
    pub(super) fn value(&mut self, depth: u32) -> Option<Value> {
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
