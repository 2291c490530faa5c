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

pub(super) fn object(encoding: Encoding) -> Value {
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
        .def(
            "static byte[] Convert(Encoding srcEncoding, Encoding dstEncoding, byte[] bytes, int index, int count)",
            |run, a| {
                required(&a[0], "srcEncoding")?;
                required(&a[1], "dstEncoding")?;
                let data = to_bytes(&a[2], "bytes")?;
                let text = decode(run, a, cut(&data, &a[3], &a[4])?)?;
                Ok(bytes(get(&a[1])?.encode(&text)))
            },
        )
        .def("string WebName", |_, a| Ok(get(&a[0])?.web_name().into()))
        .def("string BodyName", |_, a| Ok(get(&a[0])?.web_name().into()))
        .def("string HeaderName", |_, a| Ok(get(&a[0])?.web_name().into()))
        .def("string EncodingName", |_, a| Ok(get(&a[0])?.display_name().into()))
        .def("int CodePage", |_, a| Ok(Value::Int(get(&a[0])?.code_page() as i32)))
        .def("bool IsSingleByte", |_, a| Ok(matches!(get(&a[0])?, Encoding::Ascii | Encoding::Latin1).into()))
        .def("int WindowsCodePage", |_, a| {
            Ok(Value::Int(match get(&a[0])? {
                Encoding::Ascii | Encoding::Latin1 => 1252,
                _ => 1200,
            }))
        })
        .def("bool IsBrowserDisplay", |_, a| Ok(is_for_browsers(get(&a[0])?).into()))
        .def("bool IsBrowserSave", |_, a| Ok((is_for_browsers(get(&a[0])?) || get(&a[0])? == Encoding::Utf16).into()))
        .def("bool IsMailNewsDisplay", |_, a| {
            Ok((is_for_browsers(get(&a[0])?) || matches!(get(&a[0])?, Encoding::Ascii | Encoding::Utf7)).into())
        })
        .def("bool IsMailNewsSave", |_, a| {
            Ok((is_for_browsers(get(&a[0])?) || matches!(get(&a[0])?, Encoding::Ascii | Encoding::Utf7)).into())
        })
        .def("bool IsReadOnly", |_, a| get(&a[0]).map(|_| true.into()))
        .def("bool IsAlwaysNormalized()", |_, a| Ok(matches!(get(&a[0])?, Encoding::Ascii | Encoding::Latin1).into()))
        .def("bool IsAlwaysNormalized(NormalizationForm form)", |_, a| {
            let form = int(&a[1]);
            Ok((get(&a[0])? == Encoding::Ascii || (get(&a[0])? == Encoding::Latin1 && form == 1)).into())
        })
        .def("object Clone()", |_, a| Ok(a[0].clone()))
        .def("static EncodingInfo[] GetEncodings()", |_, _| {
            let all = Encoding::ALL.iter().map(|encoding| Value::object(Info(*encoding))).collect();
            Ok(array(Ty::Named(TypeId::EncodingInfo), all))
        })
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
    coders(table);
    table
        .on(TypeId::UTF8Encoding)
        .def("new()", |_, _| Ok(object(Encoding::Utf8)))
        .def("new(bool encoderShouldEmitUTF8Identifier)", |_, _| Ok(object(Encoding::Utf8)));
}

fn is_for_browsers(encoding: Encoding) -> bool {
    matches!(encoding, Encoding::Utf8 | Encoding::Latin1)
}

/// An `EncodingInfo`.
struct Info(Encoding);

impl Object for Info {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::EncodingInfo)
    }
}

fn info(value: &Value) -> Result<Encoding, Fault> {
    value.downcast::<Info>().map(|info| info.0).ok_or_else(Fault::null_reference)
}

/// An `Encoder` or a `Decoder`: of a whole text at once.
struct Coder(TypeId, Encoding);

impl Object for Coder {
    fn ty(&self) -> Ty {
        Ty::Named(self.0)
    }
}

fn coder(value: &Value) -> Result<Value, Fault> {
    value.downcast::<Coder>().map(|coder| object(coder.1)).ok_or_else(Fault::null_reference)
}

/// Puts values into a part of an array.
fn put(target: &Value, at: &Value, parameter: &str, items: Vec<Value>) -> Result<Value, Fault> {
    let target = target.downcast::<Array>().ok_or_else(|| Fault::argument_null(parameter))?;
    let at = usize::try_from(int(at)).ok().filter(|at| *at <= target.len());
    let at = at.ok_or_else(|| {
        Fault::out_of_range("Index was out of range. Must be non-negative and less than the size of the collection.")
    })?;
    if at + items.len() > target.len() {
        return Err(Fault::argument(format!(
            "The output {} buffer is too small to contain the result. (Parameter '{parameter}')",
            if parameter == "bytes" { "byte" } else { "char" }
        )));
    }
    let count = items.len();
    for (offset, item) in items.into_iter().enumerate() {
        target.set(at + offset, item);
    }
    Ok(Value::Int(count as i32))
}

/// A part of the characters in a `char[]` or a string.
fn char_part(value: &Value, start: &Value, count: &Value) -> Result<Str, Fault> {
    let text = match value.as_text() {
        Some(text) => text.clone(),
        None => chars(value)?,
    };
    let (Ok(start), Ok(length)) = (usize::try_from(int(start)), usize::try_from(int(count))) else {
        return Err(Fault::out_of_range("Non-negative number required. (Parameter 'index')"));
    };
    text.slice(start, length).ok_or_else(|| {
        Fault::out_of_range("Index and count must refer to a location within the buffer. (Parameter 'chars')")
    })
}

/// `GetBytes` into an array.
fn encode_into(run: &mut Run<'_>, a: &mut [Value]) -> Result<Value, Fault> {
    let text = char_part(required(&a[1], "chars")?, &a[2], &a[3])?;
    let bytes = encode(run, a, &text)?;
    put(&a[4], &a[5], "bytes", bytes.into_iter().map(Value::Byte).collect())
}

/// `GetChars` into an array.
fn decode_into(run: &mut Run<'_>, a: &mut [Value]) -> Result<Value, Fault> {
    let data = to_bytes(&a[1], "bytes")?;
    let text = decode(run, a, cut(&data, &a[2], &a[3])?)?;
    put(&a[4], &a[5], "chars", text.encode_utf16().map(Value::Char).collect())
}

fn coders(table: &mut Table) {
    table
        .on(TypeId::Encoding)
        .def("Encoder GetEncoder()", |_, a| Ok(Value::object(Coder(TypeId::Encoder, get(&a[0])?))))
        .def("Decoder GetDecoder()", |_, a| Ok(Value::object(Coder(TypeId::Decoder, get(&a[0])?))));
    table
        .on(TypeId::Encoder)
        .def("int GetByteCount(char[] chars, int index, int count, bool flush)", |run, a| {
            let text = char_part(required(&a[1], "chars")?, &a[2], &a[3])?;
            Ok(Value::Int(encode(run, &[coder(&a[0])?], &text)?.len() as i32))
        })
        .def(
            "int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex, bool flush)",
            |run, a| {
                a[0] = coder(&a[0])?;
                encode_into(run, a)
            },
        );
    table
        .on(TypeId::Decoder)
        .def("int GetCharCount(byte[] bytes, int index, int count)", |run, a| {
            let data = to_bytes(&a[1], "bytes")?;
            let text = decode(run, &[coder(&a[0])?], cut(&data, &a[2], &a[3])?)?;
            Ok(Value::Int(text.encode_utf16().count() as i32))
        })
        .def("int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)", |run, a| {
            a[0] = coder(&a[0])?;
            decode_into(run, a)
        });
    table
        .on(TypeId::EncodingInfo)
        .def("string Name", |_, a| Ok(info(&a[0])?.web_name().into()))
        .def("string DisplayName", |_, a| Ok(info(&a[0])?.display_name().into()))
        .def("int CodePage", |_, a| Ok(Value::Int(info(&a[0])?.code_page() as i32)))
        .def("Encoding GetEncoding()", |_, a| Ok(object(info(&a[0])?)));
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
            let part = char_part(required(&a[1], "chars")?, &a[2], &a[3])?;
            Ok(bytes(encode(run, a, &part)?))
        })
        .def("byte[] GetBytes(string s, int index, int count)", |run, a| {
            let part = char_part(required(&a[1], "s")?, &a[2], &a[3])?;
            Ok(bytes(encode(run, a, &part)?))
        })
        .def("int GetBytes(string s, int charIndex, int charCount, byte[] bytes, int byteIndex)", encode_into)
        .def("int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex)", encode_into)
        .def("int GetByteCount(char[] chars, int index, int count)", |run, a| {
            let part = char_part(required(&a[1], "chars")?, &a[2], &a[3])?;
            Ok(Value::Int(encode(run, a, &part)?.len() as i32))
        })
        .def("int GetMaxCharCount(int byteCount)", |_, a| {
            let count = long(&a[1]);
            let most = match get(&a[0])? {
                Encoding::Utf8 => count.saturating_add(1),
                Encoding::Utf16 | Encoding::Utf16BigEndian => (count >> 1).saturating_add(count & 1).saturating_add(1),
                Encoding::Utf32 => (count / 2).saturating_add(2),
                Encoding::Utf7 => count.max(1),
                Encoding::Ascii | Encoding::Latin1 => count,
            };
            Ok(Value::Int(i32::try_from(most).unwrap_or(i32::MAX)))
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
        .def("char[] GetChars(byte[] bytes, int index, int count)", |run, a| {
            let data = to_bytes(&a[1], "bytes")?;
            let text = decode(run, a, cut(&data, &a[2], &a[3])?)?;
            Ok(array(Ty::Char, text.encode_utf16().map(Value::Char).collect()))
        })
        .def("int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)", decode_into)
        .def("int GetCharCount(byte[] bytes, int index, int count)", |run, a| {
            let data = to_bytes(&a[1], "bytes")?;
            let text = decode(run, a, cut(&data, &a[2], &a[3])?)?;
            Ok(Value::Int(text.encode_utf16().count() as i32))
        })
        .def("int GetCharCount(byte[] bytes)", |run, a| {
            let data = to_bytes(&a[1], "bytes")?;
            Ok(Value::Int(decode(run, a, &data)?.encode_utf16().count() as i32))
        });
}
