//! `System.Char`.

use crate::expr::dotnet::{Exception, chars};
use crate::expr::fault::Fault;
use crate::expr::library::args::{int, string, unit};
use crate::expr::types::{Table, TypeId};
use crate::expr::value::{Str, Value};

/// The unit of `text` at an index.
fn at(a: &[Value]) -> Result<u16, Fault> {
    let index = usize::try_from(int(&a[1])).ok();
    index.and_then(|index| string(&a[0], "s").ok()?.unit(index)).map_or_else(
        || {
            string(&a[0], "s")?;
            Err(Fault::out_of_range("Specified argument was out of the range of valid values. (Parameter 'index')"))
        },
        Ok,
    )
}

fn single(value: &Value) -> Option<u16> {
    let text = value.as_text()?;
    if text.len() == 1 { text.unit(0) } else { None }
}

fn is_high(unit: u16) -> bool {
    (0xD800..0xDC00).contains(&unit)
}

fn is_low(unit: u16) -> bool {
    (0xDC00..0xE000).contains(&unit)
}

fn is_surrogate(unit: u16) -> bool {
    is_high(unit) || is_low(unit)
}

macro_rules! predicates {
    ($on:ident: $($name:literal $test:path;)*) => {$(
        $on.pure(concat!("static bool ", $name, "(char c)"), |_, a| Ok($test(unit(&a[0])).into()))
            .pure(concat!("static bool ", $name, "(string s, int index)"), |_, a| Ok($test(at(a)?).into()));
    )*};
}

/// Adds the members of `Char`.
pub(super) fn register(table: &mut Table) {
    let on = &mut table.on(TypeId::Char);
    predicates! { on:
        "IsLetter" chars::is_letter;
        "IsDigit" chars::is_digit;
        "IsLetterOrDigit" chars::is_letter_or_digit;
        "IsNumber" chars::is_number;
        "IsPunctuation" chars::is_punctuation;
        "IsSymbol" chars::is_symbol;
        "IsSeparator" chars::is_separator;
        "IsWhiteSpace" chars::is_white_space;
        "IsControl" chars::is_control;
        "IsUpper" chars::is_upper;
        "IsLower" chars::is_lower;
        "IsSurrogate" is_surrogate;
        "IsHighSurrogate" is_high;
        "IsLowSurrogate" is_low;
    }
    on.constant("char MaxValue", Value::Char(u16::MAX))
        .constant("char MinValue", Value::Char(0))
        .pure("static char ToUpper(char c)", |_, a| Ok(Value::Char(chars::to_upper(unit(&a[0])))))
        .pure("static char ToLower(char c)", |_, a| Ok(Value::Char(chars::to_lower(unit(&a[0])))))
        .pure("static char ToUpperInvariant(char c)", |_, a| Ok(Value::Char(chars::to_upper(unit(&a[0])))))
        .pure("static char ToLowerInvariant(char c)", |_, a| Ok(Value::Char(chars::to_lower(unit(&a[0])))))
        .pure("static double GetNumericValue(char c)", |_, a| Ok(chars::numeric_value(unit(&a[0])).into()))
        .pure("static double GetNumericValue(string s, int index)", |_, a| Ok(chars::numeric_value(at(a)?).into()))
        .pure("static UnicodeCategory GetUnicodeCategory(char c)", |_, a| Ok(category(unit(&a[0]))))
        .pure("static UnicodeCategory GetUnicodeCategory(string s, int index)", |_, a| Ok(category(at(a)?)))
        .pure("static char Parse(string s)", |_, a| {
            string(&a[0], "s")?;
            let parsed = single(&a[0]).ok_or_else(|| Exception::format("String must be exactly one character long."))?;
            Ok(Value::Char(parsed))
        })
        .def("static bool TryParse(string s, out char result)", |_, a| {
            let parsed = single(&a[0]);
            a[1] = Value::Char(parsed.unwrap_or(0));
            Ok(parsed.is_some().into())
        })
        .pure("static string ToString(char c)", |_, a| Ok(Str::from_utf16(&[unit(&a[0])]).into()))
        .pure("string ToString(IFormatProvider provider)", |_, a| Ok(Str::from_utf16(&[unit(&a[0])]).into()))
        .pure("static string ConvertFromUtf32(int utf32)", |_, a| {
            let c = u32::try_from(int(&a[0])).ok().and_then(char::from_u32);
            let c = c.ok_or_else(|| {
                Fault::out_of_range("A valid UTF32 value is between 0x000000 and 0x10ffff, inclusive, and should not include surrogate codepoint values (0x00d800 ~ 0x00dfff). (Parameter 'utf32')")
            })?;
            Ok(c.to_string().into())
        })
        .pure("static int ConvertToUtf32(string s, int index)", |_, a| {
            let first = at(a)?;
            let next = string(&a[0], "s")?.unit(int(&a[1]) as usize + 1).unwrap_or(0);
            code_point(first, next)
        })
        .pure("static int ConvertToUtf32(char highSurrogate, char lowSurrogate)", |_, a| {
            code_point(unit(&a[0]), unit(&a[1]))
        })
        .pure("static bool IsSurrogatePair(char highSurrogate, char lowSurrogate)", |_, a| {
            Ok((is_high(unit(&a[0])) && is_low(unit(&a[1]))).into())
        })
        .pure("static bool IsSurrogatePair(string s, int index)", |_, a| {
            let next = string(&a[0], "s")?.unit((int(&a[1]) as usize).wrapping_add(1)).unwrap_or(0);
            Ok((is_high(at(a)?) && is_low(next)).into())
        })
        .pure("int CompareTo(char value)", |_, a| Ok(Value::Int(i32::from(unit(&a[0])) - i32::from(unit(&a[1])))))
        .pure("bool Equals(char obj)", |_, a| Ok((unit(&a[0]) == unit(&a[1])).into()));
}

fn category(unit: u16) -> Value {
    Value::enumeration(TypeId::UnicodeCategory, chars::category(unit) as i64)
}

fn code_point(first: u16, next: u16) -> Result<Value, Fault> {
    if !is_surrogate(first) {
        return Ok(Value::Int(first.into()));
    }
    match char::decode_utf16([first, next]).next() {
        Some(Ok(c)) => Ok(Value::Int(u32::from(c) as i32)),
        _ => Err(Fault::argument(
            "Found a high surrogate char without a following low surrogate at index: 0. The input may not be in this encoding, or may not contain valid Unicode (UTF-16) characters. (Parameter 's')",
        )),
    }
}
