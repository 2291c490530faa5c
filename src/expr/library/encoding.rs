//! `System.Text.Encoding`.

use std::any::Any;

use crate::expr::code::Run;
use crate::expr::dotnet::encoding::Encoding;
use crate::expr::fault::Fault;
use crate::expr::library::args::{int, long, required, string};
use crate::expr::library::array::{Array, array, bytes, to_bytes};
use crate::expr::library::convert::cut;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value};

struct EncodingObject(Encoding);

impl Object for EncodingObject {
    fn ty(&self) -> Ty {
        Ty::Named(if self.0 == Encoding::Utf8 { TypeId::UTF8Encoding } else { TypeId::Encoding })
    }

    fn equals(&self, other: &Value) -> Option<bool> {
        Some(other.downcast::<Self>().is_some_and(|encoding| encoding.0 == self.0))
    }

    fn is_same(&self, other: &dyn Object) -> Option<bool> {
        let other: &dyn Any = other;
        Some(other.downcast_ref::<Self>().is_some_and(|encoding| encoding.0 == self.0))
    }

    fn hash_code(&self) -> Option<i32> {
        Some(self.0.code_page() as i32)
    }
}

fn object(encoding: Encoding) -> Value {
    Value::object(EncodingObject(encoding))
}

fn get(value: &Value) -> Result<Encoding, Fault> {
    value.downcast::<EncodingObject>().map(|encoding| encoding.0).ok_or_else(Fault::null_reference)
}

/// The text of a `char[]`.
fn chars(value: &Value) -> Result<Str, Fault> {
    let Some(array) = value.downcast::<Array>() else { return Err(Fault::argument_null("chars")) };
    let units: Vec<u16> = array.to_vec().iter().map(|unit| int(unit) as u16).collect();
    Ok(Str::from_utf16(&units))
}

fn encode(run: &mut Run<'_>, a: &[Value], text: &Str) -> Result<Vec<u8>, Fault> {
    run.charge(text.len() * 4)?;
    Ok(get(&a[0])?.encode(&text.text()))
}

fn decode(run: &mut Run<'_>, a: &[Value], bytes: &[u8]) -> Result<String, Fault> {
    run.charge(bytes.len())?;
    Ok(get(&a[0])?.decode(bytes))
}

/// Adds the members of `Encoding`.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::Encoding)
        .def("static Encoding UTF8", |_, _| Ok(object(Encoding::Utf8)))
        .def("static Encoding Default", |_, _| Ok(object(Encoding::Utf8)))
        .def("static Encoding ASCII", |_, _| Ok(object(Encoding::Ascii)))
        .def("static Encoding Unicode", |_, _| Ok(object(Encoding::Utf16)))
        .def("static Encoding BigEndianUnicode", |_, _| Ok(object(Encoding::Utf16BigEndian)))
        .def("static Encoding UTF32", |_, _| Ok(object(Encoding::Utf32)))
        .def("static Encoding UTF7", |_, _| Ok(object(Encoding::Utf7)))
        .def("static Encoding Latin1", |_, _| Ok(object(Encoding::Latin1)))
        .def("static Encoding GetEncoding(string name)", |_, a| {
            Ok(object(Encoding::by_name(&string(&a[0], "name")?.text())?))
        })
        .def("static Encoding GetEncoding(int codepage)", |_, a| Ok(object(Encoding::by_code_page(long(&a[0]))?)))
        .def("static byte[] Convert(Encoding srcEncoding, Encoding dstEncoding, byte[] bytes)", |run, a| {
            required(&a[0], "srcEncoding")?;
            required(&a[1], "dstEncoding")?;
            let text = decode(run, a, &to_bytes(&a[2], "bytes")?)?;
            Ok(bytes(get(&a[1])?.encode(&text)))
        })
        .def("string WebName", |_, a| Ok(get(&a[0])?.web_name().into()))
        .def("string BodyName", |_, a| Ok(get(&a[0])?.web_name().into()))
        .def("string HeaderName", |_, a| Ok(get(&a[0])?.web_name().into()))
        .def("string EncodingName", |_, a| Ok(get(&a[0])?.display_name().into()))
        .def("int CodePage", |_, a| Ok(Value::Int(get(&a[0])?.code_page() as i32)))
        .def("bool IsSingleByte", |_, a| Ok(matches!(get(&a[0])?, Encoding::Ascii | Encoding::Latin1).into()))
        .def("byte[] GetPreamble()", |_, a| Ok(bytes(get(&a[0])?.preamble().to_vec())))
        .def("int GetMaxByteCount(int charCount)", |_, a| {
            let count = long(&a[1]).saturating_add(1);
            let each = match get(&a[0])? {
                Encoding::Utf8 | Encoding::Utf7 => 3,
                Encoding::Utf32 => 4,
                Encoding::Utf16 | Encoding::Utf16BigEndian => 2,
                Encoding::Ascii | Encoding::Latin1 => 1,
            };
            Ok(Value::Int(i32::try_from(count.saturating_mul(each)).unwrap_or(i32::MAX)))
        });
    encoding(table);
    decoding(table);
    table
        .on(TypeId::UTF8Encoding)
        .def("new()", |_, _| Ok(object(Encoding::Utf8)))
        .def("new(bool encoderShouldEmitUTF8Identifier)", |_, _| Ok(object(Encoding::Utf8)));
}

fn encoding(table: &mut Table) {
    table
        .on(TypeId::Encoding)
        .def("byte[] GetBytes(string s)", |run, a| {
            let text = string(&a[1], "s")?.clone();
            Ok(bytes(encode(run, a, &text)?))
        })
        .def("byte[] GetBytes(char[] chars)", |run, a| {
            let text = chars(&a[1])?;
            Ok(bytes(encode(run, a, &text)?))
        })
        .def("byte[] GetBytes(char[] chars, int index, int count)", |run, a| {
            let text = chars(&a[1])?;
            let (Ok(start), Ok(length)) = (usize::try_from(int(&a[2])), usize::try_from(int(&a[3]))) else {
                return Err(Fault::out_of_range("Non-negative number required. (Parameter 'index')"));
            };
            let part = text.slice(start, length).ok_or_else(|| {
                Fault::out_of_range("Index and count must refer to a location within the buffer. (Parameter 'chars')")
            })?;
            Ok(bytes(encode(run, a, &part)?))
        })
        .def("int GetByteCount(string s)", |run, a| {
            let text = string(&a[1], "s")?.clone();
            Ok(Value::Int(encode(run, a, &text)?.len() as i32))
        })
        .def("int GetByteCount(char[] chars)", |run, a| {
            let text = chars(&a[1])?;
            Ok(Value::Int(encode(run, a, &text)?.len() as i32))
        });
}

fn decoding(table: &mut Table) {
    table
        .on(TypeId::Encoding)
        .def("string GetString(byte[] bytes)", |run, a| {
            let data = to_bytes(&a[1], "bytes")?;
            Ok(decode(run, a, &data)?.into())
        })
        .def("string GetString(byte[] bytes, int index, int count)", |run, a| {
            let data = to_bytes(&a[1], "bytes")?;
            Ok(decode(run, a, cut(&data, &a[2], &a[3])?)?.into())
        })
        .def("char[] GetChars(byte[] bytes)", |run, a| {
            let data = to_bytes(&a[1], "bytes")?;
            let text = decode(run, a, &data)?;
            Ok(array(Ty::Char, text.encode_utf16().map(Value::Char).collect()))
        })
        .def("int GetCharCount(byte[] bytes)", |run, a| {
            let data = to_bytes(&a[1], "bytes")?;
            Ok(Value::Int(decode(run, a, &data)?.encode_utf16().count() as i32))
        });
}
