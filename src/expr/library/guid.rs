//! `System.Guid`.

use crate::expr::dotnet::Guid;
use crate::expr::fault::Fault;
use crate::expr::library::args::{guid, int, long, string};
use crate::expr::library::array::{bytes, to_bytes};
use crate::expr::library::number::ordering;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;

fn text(value: &Value) -> String {
    value.as_text().map(|text| text.text().into_owned()).unwrap_or_default()
}

fn from_bytes(value: &Value) -> Result<Guid, Fault> {
    let bytes = to_bytes(value, "b")?;
    <[u8; 16]>::try_from(bytes)
        .map(Guid::from_bytes)
        .map_err(|_| Fault::argument("Byte array for Guid must be exactly 16 bytes long. (Parameter 'b')"))
}

fn try_out(a: &mut [Value], out: usize, parsed: Option<Guid>) -> Result<Value, Fault> {
    a[out] = parsed.unwrap_or(Guid::EMPTY).into();
    Ok(parsed.is_some().into())
}

/// Adds the members of `Guid`.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::Guid)
        .constant("Guid Empty", Guid::EMPTY)
        .def("static Guid NewGuid()", |run, _| Ok(Guid::from_random(run.host.new_guid()).into()))
        .pure("new(string g)", |_, a| Ok(Guid::parse(&string(&a[0], "g")?.text())?.into()))
        .pure("new(byte[] b)", |_, a| Ok(from_bytes(&a[0])?.into()))
        .pure("new(int a, short b, short c, byte[] d)", |_, a| {
            let tail = to_bytes(&a[3], "d")?;
            let Ok(tail) = <[u8; 8]>::try_from(tail) else {
                return Err(Fault::argument("Byte array for Guid must be exactly 8 bytes long. (Parameter 'd')"));
            };
            Ok(from_fields(a, tail).into())
        })
        .pure(
            "new(uint a, ushort b, ushort c, byte d, byte e, byte f, byte g, byte h, byte i, byte j, byte k)",
            |_, a| {
                let tail = [3, 4, 5, 6, 7, 8, 9, 10].map(|index| long(&a[index]) as u8);
                Ok(from_fields(a, tail).into())
            },
        )
        .pure("new(int a, short b, short c, byte d, byte e, byte f, byte g, byte h, byte i, byte j, byte k)", |_, a| {
            let tail = [3, 4, 5, 6, 7, 8, 9, 10].map(|index| long(&a[index]) as u8);
            Ok(from_fields(a, tail).into())
        })
        .pure("static Guid Parse(string input)", |_, a| Ok(Guid::parse(&string(&a[0], "input")?.text())?.into()))
        .pure("static Guid ParseExact(string input, string format)", |_, a| {
            let (input, format) = (string(&a[0], "input")?, string(&a[1], "format")?);
            Ok(Guid::parse_exact(&input.text(), &format.text())?.into())
        })
        .def("static bool TryParse(string input, out Guid result)", |_, a| {
            let parsed = a[0].as_text().and_then(|s| Guid::parse(&s.text()).ok());
            try_out(a, 1, parsed)
        })
        .def("static bool TryParseExact(string input, string format, out Guid result)", |_, a| {
            let parsed = a[0].as_text().and_then(|s| Guid::parse_exact(&s.text(), &text(&a[1])).ok());
            try_out(a, 2, parsed)
        })
        .pure("string ToString(string format)", |_, a| Ok(guid(&a[0]).format(&text(&a[1]))?.into()))
        .pure("string ToString(string format, IFormatProvider provider)", |_, a| {
            Ok(guid(&a[0]).format(&text(&a[1]))?.into())
        })
        .def("byte[] ToByteArray()", |_, a| Ok(bytes(guid(&a[0]).to_bytes().to_vec())))
        .pure("int CompareTo(Guid value)", |_, a| Ok(ordering(guid(&a[0]).cmp(&guid(&a[1])))))
        .pure("bool Equals(Guid g)", |_, a| Ok((guid(&a[0]) == guid(&a[1])).into()))
        .pure("static bool operator ==(Guid a, Guid b)", |_, a| Ok((guid(&a[0]) == guid(&a[1])).into()))
        .pure("static bool operator !=(Guid a, Guid b)", |_, a| Ok((guid(&a[0]) != guid(&a[1])).into()));
}

fn from_fields(a: &[Value], tail: [u8; 8]) -> Guid {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&int(&a[0]).to_be_bytes());
    bytes[4..6].copy_from_slice(&(int(&a[1]) as i16).to_be_bytes());
    bytes[6..8].copy_from_slice(&(int(&a[2]) as i16).to_be_bytes());
    bytes[8..].copy_from_slice(&tail);
    Guid(bytes)
}
