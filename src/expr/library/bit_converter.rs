//! `System.BitConverter`: numbers as little-endian bytes.

use crate::expr::dotnet::base64::dashed_hex;
use crate::expr::fault::Fault;
use crate::expr::library::args::{boolean, double, int, long, unit};
use crate::expr::library::array::{bytes, to_bytes};
use crate::expr::library::convert::cut;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;

/// `N` bytes from the start index.
fn part<const N: usize>(a: &[Value]) -> Result<[u8; N], Fault> {
    let all = to_bytes(&a[0], "value")?;
    let start = usize::try_from(int(&a[1])).unwrap_or(usize::MAX);
    if start >= all.len() {
        return Err(Fault::out_of_range(
            "Index was out of range. Must be non-negative and less than the size of the collection. (Parameter 'startIndex')",
        ));
    }
    let slice = all.get(start..start + N).and_then(|slice| <[u8; N]>::try_from(slice).ok());
    slice.ok_or_else(|| {
        Fault::argument("Destination array is not long enough to copy all the items in the collection. Check array index and length. (Parameter 'value')")
    })
}

macro_rules! numbers {
    ($on:ident: $($rust:ty, $keyword:literal, $method:literal, $get:expr;)*) => {$(
        $on.def(concat!("static byte[] GetBytes(", $keyword, " value)"), |_, a| {
            let value: $rust = $get(&a[0]);
            Ok(bytes(value.to_le_bytes().to_vec()))
        })
        .def(concat!("static ", $keyword, " ", $method, "(byte[] value, int startIndex)"), |_, a| {
            Ok(Value::from(<$rust>::from_le_bytes(part(a)?)))
        });
    )*};
}

/// Adds the members of `BitConverter`.
pub(super) fn register(table: &mut Table) {
    let on = &mut table.on(TypeId::BitConverter);
    numbers! { on:
        i16, "short", "ToInt16", |v| long(v) as i16;
        u16, "ushort", "ToUInt16", |v| long(v) as u16;
        i32, "int", "ToInt32", |v| long(v) as i32;
        u32, "uint", "ToUInt32", |v| long(v) as u32;
        i64, "long", "ToInt64", long;
        u64, "ulong", "ToUInt64", |v: &Value| v.integral().unwrap_or_default() as u64;
        f32, "float", "ToSingle", |v| double(v) as f32;
        f64, "double", "ToDouble", double;
    }
    on.constant("bool IsLittleEndian", true)
        .def("static byte[] GetBytes(bool value)", |_, a| Ok(bytes(vec![boolean(&a[0]).into()])))
        .def("static byte[] GetBytes(char value)", |_, a| Ok(bytes(unit(&a[0]).to_le_bytes().to_vec())))
        .def("static bool ToBoolean(byte[] value, int startIndex)", |_, a| Ok((part::<1>(a)? != [0]).into()))
        .def("static char ToChar(byte[] value, int startIndex)", |_, a| Ok(Value::Char(u16::from_le_bytes(part(a)?))))
        .def("static string ToString(byte[] value)", |_, a| Ok(dashed_hex(&to_bytes(&a[0], "value")?).into()))
        .def("static string ToString(byte[] value, int startIndex)", |_, a| {
            let all = to_bytes(&a[0], "value")?;
            let length = (all.len() as i32).wrapping_sub(int(&a[1]));
            Ok(dashed_hex(cut(&all, &a[1], &Value::Int(length))?).into())
        })
        .def("static string ToString(byte[] value, int startIndex, int length)", |_, a| {
            Ok(dashed_hex(cut(&to_bytes(&a[0], "value")?, &a[1], &a[2])?).into())
        })
        .pure("static long DoubleToInt64Bits(double value)", |_, a| Ok((double(&a[0]).to_bits() as i64).into()))
        .pure("static int SingleToInt32Bits(float value)", |_, a| {
            Ok(Value::Int((double(&a[0]) as f32).to_bits() as i32))
        })
        .pure("static float Int32BitsToSingle(int value)", |_, a| Ok(f32::from_bits(long(&a[0]) as u32).into()))
        .pure("static double Int64BitsToDouble(long value)", |_, a| Ok(f64::from_bits(long(&a[0]) as u64).into()));
}
