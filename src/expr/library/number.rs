//! The numeric types: `Int32` and its kin, `Single`, `Double`, `Decimal`.

use crate::expr::dotnet::number::convert::{
    decimal_to_double, decimal_to_integer, double_to_decimal, single_to_decimal,
};
use crate::expr::dotnet::number::parse::{self, IntegerType};
use crate::expr::dotnet::number::rounding::{Midpoint, round_decimal};
use crate::expr::dotnet::number::{Number, format};
use crate::expr::dotnet::{Decimal, Exception, decimal as arithmetic};
use crate::expr::fault::Fault;
use crate::expr::library::args::{boolean, decimal, double, int, long, string};
use crate::expr::library::array::{Array, array};
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::Value;

/// The number that a value of a numeric type is.
pub(crate) fn number(value: &Value) -> Option<Number> {
    Some(match value {
        Value::Float(v) => Number::Single(*v),
        Value::Double(v) => Number::Double(*v),
        Value::Decimal(v) => Number::Decimal(*v),
        Value::Char(_) | Value::Enum(..) => return None,
        other => Number::Integer { value: other.integral()?, bits: width(other) },
    })
}

fn width(value: &Value) -> u32 {
    match value {
        Value::SByte(_) | Value::Byte(_) => 8,
        Value::Short(_) | Value::UShort(_) => 16,
        Value::Int(_) | Value::UInt(_) => 32,
        _ => 64,
    }
}

/// `ToString(format)` of a number.
fn formatted(a: &[Value]) -> Result<Value, Fault> {
    let Some(number) = number(&a[0]) else { return Ok(Value::Null) };
    let pattern = a.get(1).and_then(Value::as_text).map(|text| text.text().into_owned()).unwrap_or_default();
    Ok(format(number, &pattern)?.into())
}

/// What `TryParse` makes of a parsed value.
fn tried(a: &mut [Value], out: usize, parsed: Option<Value>, zero: Value) -> Result<Value, Fault> {
    let found = parsed.is_some();
    a[out] = parsed.unwrap_or(zero);
    Ok(found.into())
}

/// A three-way comparison as .NET numbers it.
pub(crate) fn ordering(ordering: std::cmp::Ordering) -> Value {
    Value::Int(ordering as i32)
}

/// Comparison where NaN comes first.
fn compare_double(a: f64, b: f64) -> Value {
    ordering(a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan())))
}

const HEX: i32 = 0x200;

/// `Parse` with `NumberStyles`; only hexadecimal differs from the default.
fn parse_styled(text: &str, styles: i32, kind: IntegerType) -> Result<i128, Exception> {
    if styles & HEX == 0 {
        return parse::integer(text, kind);
    }
    let digits = text.trim();
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(Exception::bad_input());
    }
    crate::expr::dotnet::number::convert::parse_radix(digits, 16, kind)
}

macro_rules! common {
    ($on:ident, $name:literal, $get:expr, $compare:expr) => {
        $on.pure("string ToString(string format)", |_, a| formatted(a))
            .pure("string ToString(IFormatProvider provider)", |_, a| formatted(&a[..1]))
            .pure("string ToString(string format, IFormatProvider provider)", |_, a| formatted(a))
            .pure(concat!("int CompareTo(", $name, " value)"), |_, a| Ok($compare($get(&a[0]), $get(&a[1]))))
            .pure(concat!("bool Equals(", $name, " obj)"), |_, a| {
                Ok(($compare($get(&a[0]), $get(&a[1])).integral() == Some(0)).into())
            });
    };
}

macro_rules! integers {
    ($table:ident: $($id:ident $kind:ident $rust:ty, $name:literal;)*) => {$(
        let on = &mut $table.on(TypeId::$id);
        common!(on, $name, long_of, |a: i128, b: i128| ordering(a.cmp(&b)));
        let wrap = |v: i128| Value::from(v as $rust);
        let _ = wrap;
        on.constant(concat!($name, " MaxValue"), <$rust>::MAX)
            .constant(concat!($name, " MinValue"), <$rust>::MIN)
            .pure(concat!("static ", $name, " Parse(string s)"), |_, a| {
                Ok(Value::from(parse::integer(&string(&a[0], "s")?.text(), IntegerType::$kind)? as $rust))
            })
            .pure(concat!("static ", $name, " Parse(string s, IFormatProvider provider)"), |_, a| {
                Ok(Value::from(parse::integer(&string(&a[0], "s")?.text(), IntegerType::$kind)? as $rust))
            })
            .pure(concat!("static ", $name, " Parse(string s, NumberStyles style)"), |_, a| {
                Ok(Value::from(parse_styled(&string(&a[0], "s")?.text(), int(&a[1]), IntegerType::$kind)? as $rust))
            })
            .pure(concat!("static ", $name, " Parse(string s, NumberStyles style, IFormatProvider provider)"), |_, a| {
                Ok(Value::from(parse_styled(&string(&a[0], "s")?.text(), int(&a[1]), IntegerType::$kind)? as $rust))
            })
            .def(concat!("static bool TryParse(string s, out ", $name, " result)"), |_, a| {
                let parsed = a[0].as_text().and_then(|s| parse::integer(&s.text(), IntegerType::$kind).ok());
                tried(a, 1, parsed.map(|v| Value::from(v as $rust)), Value::from(0 as $rust))
            })
            .def(
                concat!("static bool TryParse(string s, NumberStyles style, IFormatProvider provider, out ", $name, " result)"),
                |_, a| {
                    let style = int(&a[1]);
                    let parsed = a[0].as_text().and_then(|s| parse_styled(&s.text(), style, IntegerType::$kind).ok());
                    tried(a, 3, parsed.map(|v| Value::from(v as $rust)), Value::from(0 as $rust))
                },
            );
    )*};
}

fn long_of(value: &Value) -> i128 {
    value.integral().unwrap_or_default()
}

macro_rules! reals {
    ($table:ident: $($id:ident $rust:ty, $name:literal, $parse:ident;)*) => {$(
        let on = &mut $table.on(TypeId::$id);
        common!(on, $name, double, compare_double);
        on.constant(concat!($name, " MaxValue"), <$rust>::MAX)
            .constant(concat!($name, " MinValue"), <$rust>::MIN)
            .constant(concat!($name, " Epsilon"), <$rust>::from_bits(1))
            .constant(concat!($name, " NaN"), <$rust>::NAN)
            .constant(concat!($name, " PositiveInfinity"), <$rust>::INFINITY)
            .constant(concat!($name, " NegativeInfinity"), <$rust>::NEG_INFINITY)
            .pure(concat!("static bool IsNaN(", $name, " d)"), |_, a| Ok(double(&a[0]).is_nan().into()))
            .pure(concat!("static bool IsInfinity(", $name, " d)"), |_, a| Ok(double(&a[0]).is_infinite().into()))
            .pure(concat!("static bool IsFinite(", $name, " d)"), |_, a| Ok(double(&a[0]).is_finite().into()))
            .pure(concat!("static bool IsNegative(", $name, " d)"), |_, a| Ok(double(&a[0]).is_sign_negative().into()))
            .pure(concat!("static bool IsPositiveInfinity(", $name, " d)"), |_, a| {
                Ok((double(&a[0]) == f64::INFINITY).into())
            })
            .pure(concat!("static bool IsNegativeInfinity(", $name, " d)"), |_, a| {
                Ok((double(&a[0]) == f64::NEG_INFINITY).into())
            })
            .pure(concat!("static ", $name, " Parse(string s)"), |_, a| {
                Ok(parse::$parse(&string(&a[0], "s")?.text())?.into())
            })
            .pure(concat!("static ", $name, " Parse(string s, IFormatProvider provider)"), |_, a| {
                Ok(parse::$parse(&string(&a[0], "s")?.text())?.into())
            })
            .pure(concat!("static ", $name, " Parse(string s, NumberStyles style)"), |_, a| {
                Ok(parse::$parse(&string(&a[0], "s")?.text())?.into())
            })
            .pure(concat!("static ", $name, " Parse(string s, NumberStyles style, IFormatProvider provider)"), |_, a| {
                Ok(parse::$parse(&string(&a[0], "s")?.text())?.into())
            })
            .def(concat!("static bool TryParse(string s, out ", $name, " result)"), |_, a| {
                let parsed = a[0].as_text().and_then(|s| parse::$parse(&s.text()).ok());
                tried(a, 1, parsed.map(Value::from), Value::from(0 as $rust))
            })
            .def(
                concat!("static bool TryParse(string s, NumberStyles style, IFormatProvider provider, out ", $name, " result)"),
                |_, a| {
                    let parsed = a[0].as_text().and_then(|s| parse::$parse(&s.text()).ok());
                    tried(a, 3, parsed.map(Value::from), Value::from(0 as $rust))
                },
            );
    )*};
}

/// Adds the members of the numeric types.
pub(super) fn register(table: &mut Table) {
    integers! { table:
        SByte SBYTE i8, "sbyte";
        Byte BYTE u8, "byte";
        Int16 INT16 i16, "short";
        UInt16 UINT16 u16, "ushort";
        Int32 INT32 i32, "int";
        UInt32 UINT32 u32, "uint";
        Int64 INT64 i64, "long";
        UInt64 UINT64 u64, "ulong";
    }
    reals! { table:
        Single f32, "float", single;
        Double f64, "double", double;
    }
    decimals(table);
}

fn decimals(table: &mut Table) {
    let on = &mut table.on(TypeId::Decimal);
    common!(on, "decimal", decimal, |a: Decimal, b: Decimal| ordering(a.cmp(&b)));
    on.constant("decimal MaxValue", Decimal::MAX)
        .constant("decimal MinValue", Decimal::MIN)
        .constant("decimal Zero", Decimal::ZERO)
        .constant("decimal One", Decimal::ONE)
        .constant("decimal MinusOne", Decimal::NEGATIVE_ONE)
        .pure("new(int value)", |_, a| Ok(Decimal::from(int(&a[0])).into()))
        .pure("new(long value)", |_, a| Ok(Decimal::from(long(&a[0])).into()))
        .pure("new(uint value)", |_, a| Ok(Decimal::from(long(&a[0])).into()))
        .pure("new(ulong value)", |_, a| Ok(Decimal::from(long_of(&a[0]) as u64).into()))
        .pure("new(double value)", |_, a| Ok(double_to_decimal(double(&a[0]))?.into()))
        .pure("new(float value)", |_, a| Ok(single_to_decimal(double(&a[0]) as f32)?.into()))
        .pure("new(int[] bits)", |_, a| {
            let bits = a[0].downcast::<Array>().ok_or_else(|| Fault::argument_null("bits"))?.to_vec();
            let parts: Vec<i32> = bits.iter().map(int).collect();
            let bad = || {
                Fault::argument(
                    "Decimal byte array constructor requires an array of length four containing valid decimal bytes.",
                )
            };
            let [lo, mid, hi, flags] = <[i32; 4]>::try_from(parts).map_err(|_| bad())?;
            let scale = (flags >> 16 & 0xFF) as u32;
            if flags & 0x7F00_FFFF != 0 || scale > 28 {
                return Err(bad());
            }
            Ok(Decimal::from_parts(lo as u32, mid as u32, hi as u32, flags < 0, scale).into())
        })
        .pure("new(int lo, int mid, int hi, bool isNegative, byte scale)", |_, a| {
            let negative = boolean(&a[3]);
            let scale = long(&a[4]);
            if scale > 28 {
                return Err(Fault::out_of_range(
                    "Decimal's scale value must be between 0 and 28, inclusive. (Parameter 'scale')",
                ));
            }
            let [lo, mid, hi] = [0, 1, 2].map(|i| int(&a[i]) as u32);
            Ok(Decimal::from_parts(lo, mid, hi, negative, scale as u32).into())
        })
        .def("static int[] GetBits(decimal d)", |_, a| {
            let value = decimal(&a[0]);
            let mantissa = value.mantissa().unsigned_abs();
            let sign = u32::from(value.is_sign_negative() && !value.is_zero()) << 31;
            let parts = [mantissa as u32, (mantissa >> 32) as u32, (mantissa >> 64) as u32, value.scale() << 16 | sign];
            Ok(array(Ty::Int, parts.map(|part| Value::Int(part as i32)).to_vec()))
        })
        .pure("static decimal Parse(string s)", |_, a| Ok(parse::decimal(&string(&a[0], "s")?.text())?.into()))
        .pure("static decimal Parse(string s, IFormatProvider provider)", |_, a| {
            Ok(parse::decimal(&string(&a[0], "s")?.text())?.into())
        })
        .pure("static decimal Parse(string s, NumberStyles style)", |_, a| {
            Ok(parse::decimal(&string(&a[0], "s")?.text())?.into())
        })
        .pure("static decimal Parse(string s, NumberStyles style, IFormatProvider provider)", |_, a| {
            Ok(parse::decimal(&string(&a[0], "s")?.text())?.into())
        })
        .def("static bool TryParse(string s, out decimal result)", |_, a| {
            let parsed = a[0].as_text().and_then(|s| parse::decimal(&s.text()).ok());
            tried(a, 1, parsed.map(Value::from), Decimal::ZERO.into())
        })
        .def(
            "static bool TryParse(string s, NumberStyles style, IFormatProvider provider, out decimal result)",
            |_, a| {
                let parsed = a[0].as_text().and_then(|s| parse::decimal(&s.text()).ok());
                tried(a, 3, parsed.map(Value::from), Decimal::ZERO.into())
            },
        )
        .pure("static decimal Add(decimal d1, decimal d2)", |_, a| {
            Ok(arithmetic::add(decimal(&a[0]), decimal(&a[1]))?.into())
        })
        .pure("static decimal Subtract(decimal d1, decimal d2)", |_, a| {
            Ok(arithmetic::subtract(decimal(&a[0]), decimal(&a[1]))?.into())
        })
        .pure("static decimal Multiply(decimal d1, decimal d2)", |_, a| {
            Ok(arithmetic::multiply(decimal(&a[0]), decimal(&a[1]))?.into())
        })
        .pure("static decimal Divide(decimal d1, decimal d2)", |_, a| {
            Ok(arithmetic::divide(decimal(&a[0]), decimal(&a[1]))?.into())
        })
        .pure("static decimal Remainder(decimal d1, decimal d2)", |_, a| {
            Ok(arithmetic::remainder(decimal(&a[0]), decimal(&a[1]))?.into())
        })
        .pure("static decimal Negate(decimal d)", |_, a| Ok((-decimal(&a[0])).into()))
        .pure("static decimal Floor(decimal d)", |_, a| Ok(decimal(&a[0]).floor().into()))
        .pure("static decimal Ceiling(decimal d)", |_, a| Ok(decimal(&a[0]).ceil().into()))
        .pure("static decimal Truncate(decimal d)", |_, a| Ok(decimal(&a[0]).trunc().into()))
        .pure("static int Compare(decimal d1, decimal d2)", |_, a| Ok(ordering(decimal(&a[0]).cmp(&decimal(&a[1])))))
        .pure("static bool Equals(decimal d1, decimal d2)", |_, a| Ok((decimal(&a[0]) == decimal(&a[1])).into()))
        .pure("static decimal Round(decimal d)", |_, a| round(&a[0], 0, 0))
        .pure("static decimal Round(decimal d, int decimals)", |_, a| round(&a[0], long(&a[1]), 0))
        .pure("static decimal Round(decimal d, MidpointRounding mode)", |_, a| round(&a[0], 0, long(&a[1])))
        .pure("static decimal Round(decimal d, int decimals, MidpointRounding mode)", |_, a| {
            round(&a[0], long(&a[1]), long(&a[2]))
        })
        .pure("static double ToDouble(decimal d)", |_, a| Ok(decimal_to_double(decimal(&a[0])).into()))
        .pure("static float ToSingle(decimal d)", |_, a| Ok((decimal_to_double(decimal(&a[0])) as f32).into()))
        .pure("static byte ToByte(decimal value)", |_, a| {
            Ok((decimal_to_integer(decimal(&a[0]), IntegerType::BYTE)? as u8).into())
        })
        .pure("static sbyte ToSByte(decimal value)", |_, a| {
            Ok((decimal_to_integer(decimal(&a[0]), IntegerType::SBYTE)? as i8).into())
        })
        .pure("static ushort ToUInt16(decimal value)", |_, a| {
            Ok((decimal_to_integer(decimal(&a[0]), IntegerType::UINT16)? as u16).into())
        })
        .pure("static long ToOACurrency(decimal value)", |_, a| {
            let scaled = arithmetic::multiply(decimal(&a[0]), Decimal::from(10_000))?;
            let whole = round_decimal(scaled, 0, Midpoint::from_number(0)?)?;
            Ok(decimal_to_integer(whole, IntegerType::INT64).map(|number| number as i64)?.into())
        })
        .pure("static decimal FromOACurrency(long cy)", |_, a| {
            Ok(Decimal::from_i128_with_scale(i128::from(long(&a[0])), 4).normalize().into())
        })
        .pure("static short ToInt16(decimal value)", |_, a| {
            Ok((decimal_to_integer(decimal(&a[0]), IntegerType::INT16)? as i16).into())
        })
        .pure("static int ToInt32(decimal d)", |_, a| {
            Ok((decimal_to_integer(decimal(&a[0]), IntegerType::INT32)? as i32).into())
        })
        .pure("static long ToInt64(decimal d)", |_, a| {
            Ok((decimal_to_integer(decimal(&a[0]), IntegerType::INT64)? as i64).into())
        })
        .pure("static uint ToUInt32(decimal d)", |_, a| {
            Ok((decimal_to_integer(decimal(&a[0]), IntegerType::UINT32)? as u32).into())
        })
        .pure("static ulong ToUInt64(decimal d)", |_, a| {
            Ok((decimal_to_integer(decimal(&a[0]), IntegerType::UINT64)? as u64).into())
        });
}

fn round(value: &Value, digits: i64, mode: i64) -> Result<Value, Fault> {
    Ok(round_decimal(decimal(value), digits, Midpoint::from_number(mode)?)?.into())
}
