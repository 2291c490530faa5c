//! Casts of elements and attributes to simple values, by their text.

use super::object::count_walk;
use crate::expr::code::Run;
use crate::expr::dotnet::number::parse::IntegerType;
use crate::expr::fault::Fault;
use crate::expr::library::json::today;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;
use crate::expr::xlinq::{XObject, convert};

/// Makes a value of the text.
type Read = fn(&mut Run<'_>, &str) -> Result<Value, Fault>;

/// Null gives null for the nullable and string forms, and throws otherwise.
fn cast(run: &mut Run<'_>, args: &[Value], nullable: bool, read: Read) -> Result<Value, Fault> {
    match args[0].downcast::<XObject>() {
        Some(object) => {
            count_walk(run, object)?;
            let text = object.value();
            run.charge(text.len())?;
            read(run, &text)
        }
        None if nullable => Ok(Value::Null),
        None => Err(Fault::argument_null("element")),
    }
}

macro_rules! casts {
    ($table:ident; $($name:literal $read:expr;)*) => {
        $(
            $table
                .on(TypeId::XElement)
                .def(concat!("explicit operator ", $name, "(XElement element)"), |run, a| cast(run, a, false, $read))
                .def(concat!("explicit operator ", $name, "?(XElement element)"), |run, a| cast(run, a, true, $read));
            $table
                .on(TypeId::XAttribute)
                .def(concat!("explicit operator ", $name, "(XAttribute attribute)"), |run, a| {
                    cast(run, a, false, $read)
                })
                .def(concat!("explicit operator ", $name, "?(XAttribute attribute)"), |run, a| {
                    cast(run, a, true, $read)
                });
        )*
    };
}

/// Adds the operators.
pub(super) fn register(table: &mut Table) {
    casts! { table;
        "bool" |_, text| Ok(convert::to_boolean(text)?.into());
        "int" |_, text| Ok(Value::Int(convert::to_integer(text, IntegerType::INT32)? as i32));
        "uint" |_, text| Ok(Value::UInt(convert::to_integer(text, IntegerType::UINT32)? as u32));
        "long" |_, text| Ok(Value::Long(convert::to_integer(text, IntegerType::INT64)? as i64));
        "ulong" |_, text| Ok(Value::ULong(convert::to_integer(text, IntegerType::UINT64)? as u64));
        "float" |_, text| Ok(Value::Float(convert::to_single(text)?));
        "double" |_, text| Ok(Value::Double(convert::to_double(text)?));
        "decimal" |_, text| Ok(Value::Decimal(convert::to_decimal(text)?));
        "DateTime" |run, text| {
            let today = today(run);
            Ok(Value::DateTime(convert::to_date_time(text, today)?))
        };
        "DateTimeOffset" |run, text| {
            let today = today(run);
            Ok(Value::DateTimeOffset(convert::to_date_time_offset(text, today)?))
        };
        "TimeSpan" |_, text| Ok(Value::TimeSpan(convert::to_time_span(text)?));
        "Guid" |_, text| Ok(Value::Guid(convert::to_guid(text)?));
    }
    table
        .on(TypeId::XElement)
        .def("explicit operator string(XElement element)", |run, a| cast(run, a, true, |_, text| Ok(text.into())));
    table
        .on(TypeId::XAttribute)
        .def("explicit operator string(XAttribute attribute)", |run, a| cast(run, a, true, |_, text| Ok(text.into())));
}
