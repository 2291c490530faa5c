//! `System.Convert`.

use crate::expr::code::Run;
use crate::expr::dotnet::number::convert::{
    decimal_to_double, double_to_decimal, integer_to_decimal, parse_radix, round_decimal_to_integer,
    round_double_to_integer, single_to_decimal, to_radix,
};
use crate::expr::dotnet::number::parse::{self, IntegerType};
use crate::expr::dotnet::{DateTime, Decimal, base64};
use crate::expr::fault::Fault;
use crate::expr::library::args::{int, long, string};
use crate::expr::library::array::{Array, bytes, to_bytes};
use crate::expr::library::date_time;
use crate::expr::library::json::plain;
use crate::expr::library::object::TypeObject;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value};

/// The exception of a conversion that `IConvertible` refuses.
fn invalid(value: &Value, target: &str) -> Fault {
    let message = match value {
        Value::Bool(_)
        | Value::Char(_)
        | Value::DateTime(_)
        | Value::Float(_)
        | Value::Double(_)
        | Value::Decimal(_) => {
            let name = value.type_name();
            format!("Invalid cast from '{}' to '{target}'.", name.trim_start_matches("System."))
        }
        other => format!("Unable to cast object of type '{}' to type 'System.IConvertible'.", other.type_name()),
    };
    Fault::new(TypeId::InvalidCastException, message)
}

/// `Convert.ToInt32(value)` and its kin, by the type that the value has.
fn integer(value: &Value, kind: IntegerType, target: &str) -> Result<i128, Fault> {
    Ok(match &*plain(value) {
        Value::Null => 0,
        Value::Bool(value) => i128::from(*value),
        Value::Float(value) => round_double_to_integer(f64::from(*value), kind)?,
        Value::Double(value) => round_double_to_integer(*value, kind)?,
        Value::Decimal(value) => round_decimal_to_integer(*value, kind)?,
        Value::Str(text) => parse::integer(&text.text(), kind)?,
        other => match other.integral() {
            Some(value) => kind.check(value)?,
            None => return Err(invalid(other, target)),
        },
    })
}

fn real(value: &Value, target: &str) -> Result<f64, Fault> {
    Ok(match &*plain(value) {
        Value::Null => 0.0,
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::Float(value) => f64::from(*value),
        Value::Double(value) => *value,
        Value::Decimal(value) => decimal_to_double(*value),
        Value::Str(text) => parse::double(&text.text())?,
        Value::Char(_) => return Err(invalid(value, target)),
        other => other.integral().ok_or_else(|| invalid(other, target))? as f64,
    })
}

fn single(value: &Value) -> Result<f32, Fault> {
    Ok(match &*plain(value) {
        Value::Str(text) => parse::single(&text.text())?,
        other => real(other, "Single")? as f32,
    })
}

fn decimal(value: &Value) -> Result<Decimal, Fault> {
    Ok(match &*plain(value) {
        Value::Null => Decimal::ZERO,
        Value::Bool(value) => Decimal::from(u8::from(*value)),
        Value::Float(value) => single_to_decimal(*value)?,
        Value::Double(value) => double_to_decimal(*value)?,
        Value::Decimal(value) => *value,
        Value::Str(text) => parse::decimal(&text.text())?,
        Value::Char(_) => return Err(invalid(value, "Decimal")),
        other => integer_to_decimal(other.integral().ok_or_else(|| invalid(other, "Decimal"))?)?,
    })
}

fn boolean(value: &Value) -> Result<bool, Fault> {
    Ok(match &*plain(value) {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Float(value) => *value != 0.0,
        Value::Double(value) => *value != 0.0,
        Value::Decimal(value) => !value.is_zero(),
        Value::Str(text) => parse::boolean(&text.text())?,
        Value::Char(_) => return Err(invalid(value, "Boolean")),
        other => other.integral().ok_or_else(|| invalid(other, "Boolean"))? != 0,
    })
}

fn character(value: &Value) -> Result<u16, Fault> {
    match &*plain(value) {
        Value::Null => Ok(0),
        Value::Char(unit) => Ok(*unit),
        Value::Str(text) if text.len() == 1 => Ok(text.unit(0).unwrap_or(0)),
        Value::Str(_) => Err(Fault::format("String must be exactly one character long.")),
        Value::Bool(_) | Value::Float(_) | Value::Double(_) | Value::Decimal(_) => Err(invalid(value, "Char")),
        other => {
            let value = other.integral().ok_or_else(|| invalid(other, "Char"))?;
            u16::try_from(value).map_err(|_| {
                crate::expr::dotnet::Exception::overflow("Value was either too large or too small for a character.")
                    .into()
            })
        }
    }
}

fn moment(value: &Value) -> Result<DateTime, Fault> {
    match &*plain(value) {
        Value::Null => Ok(DateTime::MIN),
        Value::DateTime(value) => Ok(*value),
        other => Err(invalid(other, "DateTime")),
    }
}

/// The value as a type that `ChangeType` names.
fn change_type(run: &mut Run<'_>, value: &Value, ty: &Ty) -> Result<Value, Fault> {
    if value.is_null() && ty.is_value_type() {
        return Err(Fault::new(TypeId::InvalidCastException, "Null object cannot be converted to a value type."));
    }
    let checked = |kind, id: TypeId| {
        let converted = integer(value, kind, id.simple_name())?;
        Ok(Value::of_integral(id, converted).unwrap_or(Value::Null))
    };
    match ty.id() {
        Some(id @ TypeId::SByte) => checked(IntegerType::SBYTE, id),
        Some(id @ TypeId::Byte) => checked(IntegerType::BYTE, id),
        Some(id @ TypeId::Int16) => checked(IntegerType::INT16, id),
        Some(id @ TypeId::UInt16) => checked(IntegerType::UINT16, id),
        Some(id @ TypeId::Int32) => checked(IntegerType::INT32, id),
        Some(id @ TypeId::UInt32) => checked(IntegerType::UINT32, id),
        Some(id @ TypeId::Int64) => checked(IntegerType::INT64, id),
        Some(id @ TypeId::UInt64) => checked(IntegerType::UINT64, id),
        Some(TypeId::Single) => Ok(single(value)?.into()),
        Some(TypeId::Double) => Ok(real(value, "Double")?.into()),
        Some(TypeId::Decimal) => Ok(decimal(value)?.into()),
        Some(TypeId::Boolean) => Ok(boolean(value)?.into()),
        Some(TypeId::Char) => Ok(Value::Char(character(value)?)),
        Some(TypeId::DateTime) => to_date_time(run, value),
        Some(TypeId::String) if value.is_null() => Ok(Value::Null),
        Some(TypeId::String) => Ok(run.text_of(value)?.into()),
        _ if value.ty() == *ty || *ty == Ty::Object => Ok(value.clone()),
        _ => Err(invalid(value, &ty.full_name())),
    }
}

fn to_date_time(run: &mut Run<'_>, value: &Value) -> Result<Value, Fault> {
    match &*plain(value) {
        Value::Str(text) => date_time::parse(run, &text.text()),
        other => Ok(moment(other)?.into()),
    }
}

/// Declares one overload for each type that `Convert` takes.
macro_rules! overloads {
    ($on:ident, $result:literal, $name:literal, $function:expr) => {
        overloads!($on, $result, $name, $function,
            "object" "bool" "char" "sbyte" "byte" "short" "ushort" "int" "uint" "long" "ulong" "float" "double" "decimal"
            "string" "DateTime");
        $on.def(concat!("static ", $result, " ", $name, "(object value, IFormatProvider provider)"), $function)
            .def(concat!("static ", $result, " ", $name, "(string value, IFormatProvider provider)"), $function);
    };
    ($on:ident, $result:literal, $name:literal, $function:expr, $($source:literal)*) => {
        $($on.def(concat!("static ", $result, " ", $name, "(", $source, " value)"), $function);)*
    };
}

macro_rules! integers {
    ($on:ident: $($rust:ty, $kind:ident, $keyword:literal, $method:literal, $target:literal;)*) => {$(
        overloads!($on, $keyword, $method, |_, a| {
            Ok(Value::from(integer(&a[0], IntegerType::$kind, $target)? as $rust))
        });
        $on.pure(concat!("static ", $keyword, " ", $method, "(string value, int fromBase)"), |_, a| {
            let Some(text) = a[0].as_text() else { return Ok(Value::from(0 as $rust)) };
            Ok(Value::from(parse_radix(&text.text(), long(&a[1]), IntegerType::$kind)? as $rust))
        });
    )*};
}

/// Adds the members of `Convert`.
pub(super) fn register(table: &mut Table) {
    let on = &mut table.on(TypeId::Convert);
    integers! { on:
        i8, SBYTE, "sbyte", "ToSByte", "SByte";
        u8, BYTE, "byte", "ToByte", "Byte";
        i16, INT16, "short", "ToInt16", "Int16";
        u16, UINT16, "ushort", "ToUInt16", "UInt16";
        i32, INT32, "int", "ToInt32", "Int32";
        u32, UINT32, "uint", "ToUInt32", "UInt32";
        i64, INT64, "long", "ToInt64", "Int64";
        u64, UINT64, "ulong", "ToUInt64", "UInt64";
    }
    overloads!(on, "float", "ToSingle", |_, a| Ok(single(&a[0])?.into()));
    overloads!(on, "double", "ToDouble", |_, a| Ok(real(&a[0], "Double")?.into()));
    overloads!(on, "decimal", "ToDecimal", |_, a| Ok(decimal(&a[0])?.into()));
    overloads!(on, "bool", "ToBoolean", |_, a| Ok(boolean(&a[0])?.into()));
    overloads!(on, "char", "ToChar", |_, a| Ok(Value::Char(character(&a[0])?)));
    overloads!(on, "DateTime", "ToDateTime", |run, a| to_date_time(run, &a[0]));
    to_text(table);
    encoded(table);
}

fn to_text(table: &mut Table) {
    let on = &mut table.on(TypeId::Convert);
    on.pure("static string ToString(string value)", |_, a| Ok(a[0].clone()))
        .def("static string ToString(object value)", |run, a| text(run, &a[0]))
        .def("static string ToString(object value, IFormatProvider provider)", |run, a| text(run, &a[0]));
    macro_rules! plain {
        ($($source:literal)*) => {$(
            on.def(concat!("static string ToString(", $source, " value)"), |run, a| text(run, &a[0]))
                .def(concat!("static string ToString(", $source, " value, IFormatProvider provider)"), |run, a| {
                    text(run, &a[0])
                });
        )*};
    }
    plain!("bool" "char" "sbyte" "byte" "short" "ushort" "int" "uint" "long" "ulong" "float" "double" "decimal" "DateTime");
    on.pure("static string ToString(byte value, int toBase)", |_, a| in_base(a, IntegerType::BYTE))
        .pure("static string ToString(short value, int toBase)", |_, a| in_base(a, IntegerType::INT16))
        .pure("static string ToString(int value, int toBase)", |_, a| in_base(a, IntegerType::INT32))
        .pure("static string ToString(long value, int toBase)", |_, a| in_base(a, IntegerType::INT64));
}

fn text(run: &mut Run<'_>, value: &Value) -> Result<Value, Fault> {
    if value.is_null() { Ok("".into()) } else { Ok(run.text_of(value)?.into()) }
}

fn in_base(a: &[Value], kind: IntegerType) -> Result<Value, Fault> {
    Ok(to_radix(a[0].integral().unwrap_or_default(), long(&a[1]), kind)?.into())
}

/// The bytes that `offset` and `length` cut out.
pub(crate) fn cut<'a>(bytes: &'a [u8], offset: &Value, length: &Value) -> Result<&'a [u8], Fault> {
    let start = usize::try_from(int(offset)).ok();
    let end = start.zip(usize::try_from(int(length)).ok()).and_then(|(start, length)| start.checked_add(length));
    start.zip(end).and_then(|(start, end)| bytes.get(start..end)).ok_or_else(|| {
        Fault::out_of_range("Index and count must refer to a location within the buffer. (Parameter 'bytes')")
    })
}

fn encoded(table: &mut Table) {
    table
        .on(TypeId::Convert)
        .def("static string ToBase64String(byte[] inArray)", |_, a| {
            Ok(base64::encode(&to_bytes(&a[0], "inArray")?).into())
        })
        .def("static string ToBase64String(byte[] inArray, Base64FormattingOptions options)", |_, a| {
            let text = base64::encode(&to_bytes(&a[0], "inArray")?);
            Ok(if int(&a[1]) == 0 { text } else { base64::in_lines(&text) }.into())
        })
        .def("static string ToBase64String(byte[] inArray, int offset, int length)", |_, a| {
            Ok(base64::encode(cut(&to_bytes(&a[0], "inArray")?, &a[1], &a[2])?).into())
        })
        .def("static byte[] FromBase64String(string s)", |_, a| Ok(bytes(base64::decode(&string(&a[0], "s")?.text())?)))
        .def("static byte[] FromBase64CharArray(char[] inArray, int offset, int length)", |_, a| {
            let Some(array) = a[0].downcast::<Array>() else { return Err(Fault::argument_null("inArray")) };
            let units: Vec<u16> = array.to_vec().iter().map(|unit| int(unit) as u16).collect();
            let start = usize::try_from(int(&a[1])).unwrap_or(usize::MAX);
            let end = start.saturating_add(usize::try_from(int(&a[2])).unwrap_or(usize::MAX));
            let Some(part) = units.get(start..end) else {
                return Err(Fault::out_of_range(
                    "Index and count must refer to a location within the buffer. (Parameter 'offset')",
                ));
            };
            Ok(bytes(base64::decode(&Str::from_utf16(part).text())?))
        })
        .def(
            "static int ToBase64CharArray(byte[] inArray, int offsetIn, int length, char[] outArray, int offsetOut)",
            |_, a| {
                let text = base64::encode(cut(&to_bytes(&a[0], "inArray")?, &a[1], &a[2])?);
                let Some(target) = a[3].downcast::<Array>() else { return Err(Fault::argument_null("outArray")) };
                let at = usize::try_from(int(&a[4])).ok().filter(|at| at.saturating_add(text.len()) <= target.len());
                let at = at.ok_or_else(|| {
                    Fault::out_of_range(
                        "Either offset did not refer to a position in the string, or there is an insufficient length of destination character array. (Parameter 'offsetOut')",
                    )
                })?;
                for (offset, byte) in text.bytes().enumerate() {
                    target.set(at + offset, Value::Char(byte.into()));
                }
                Ok(Value::Int(text.len() as i32))
            },
        )
        .def(
            "static string ToBase64String(byte[] inArray, int offset, int length, Base64FormattingOptions options)",
            |_, a| {
                let text = base64::encode(cut(&to_bytes(&a[0], "inArray")?, &a[1], &a[2])?);
                Ok(if int(&a[3]) == 0 { text } else { base64::in_lines(&text) }.into())
            },
        )
        .def("static object ChangeType(object value, Type conversionType, IFormatProvider provider)", |run, a| {
            let Some(TypeObject(ty)) = a[1].downcast() else { return Err(Fault::argument_null("conversionType")) };
            change_type(run, &a[0].clone(), &ty.clone())
        })
        .def("static string ToHexString(byte[] inArray)", |_, a| {
            Ok(base64::dashed_hex(&to_bytes(&a[0], "inArray")?).replace('-', "").into())
        })
        .def("static byte[] FromHexString(string s)", |_, a| {
            Ok(bytes(base64::decode_hex(&string(&a[0], "s")?.text())?))
        })
        .def("static object ChangeType(object value, Type conversionType)", |run, a| {
            let Some(TypeObject(ty)) = a[1].downcast() else { return Err(Fault::argument_null("conversionType")) };
            change_type(run, &a[0].clone(), &ty.clone())
        })
        .def("static object DBNull", |_, _| Ok(Value::object(DBNull)))
        .def("static bool IsDBNull(object value)", |_, a| Ok(a[0].downcast::<DBNull>().is_some().into()));
}

/// `DBNull.Value`: what a database has in place of nothing.
struct DBNull;

impl Object for DBNull {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::DBNull)
    }

    fn to_text(&self, _: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        Ok(Some("".into()))
    }

    fn equals(&self, other: &Value) -> Option<bool> {
        Some(other.downcast::<Self>().is_some())
    }
}
