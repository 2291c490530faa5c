//! `System.IO.StringWriter`, with the `Write` and `WriteLine` that it inherits.

use std::sync::{Mutex, PoisonError};

use super::array::Array;
use super::string::format;
use super::{encoding, string_builder};
use crate::expr::code::Run;
use crate::expr::dotnet::encoding::Encoding;
use crate::expr::fault::Fault;
use crate::expr::library::args::{int, required, string};
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value};

/// A writer: the `StringBuilder` it writes to, and its line end when that was set.
struct Writer {
    builder: Value,
    line_end: Mutex<Option<Str>>,
}

impl Object for Writer {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::StringWriter)
    }

    fn to_text(&self, run: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        run.text_of(&self.builder).map(Some)
    }
}

fn this(args: &[Value]) -> Result<&Writer, Fault> {
    args.first().and_then(Value::downcast::<Writer>).ok_or_else(Fault::null_reference)
}

fn new(builder: Value) -> Value {
    Value::object(Writer { builder, line_end: Mutex::default() })
}

/// Writes to a `StringWriter` argument.
pub(in crate::expr::library) fn push(
    run: &mut Run<'_>,
    writer: &Value,
    parameter: &str,
    text: &Str,
) -> Result<(), Fault> {
    match writer.downcast::<Writer>() {
        Some(writer) => string_builder::push(run, &writer.builder, text),
        None => Err(Fault::argument_null(parameter)),
    }
}

fn write(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Fault> {
    let writer = this(args)?;
    match &args[1] {
        Value::Null => {}
        other => {
            let text = match other.downcast::<Array>() {
                Some(array) => array_text(array, None)?,
                None => run.text_of(other)?,
            };
            string_builder::push(run, &writer.builder, &text)?;
        }
    }
    Ok(Value::Null)
}

/// The characters of an array, or of a part of it.
fn array_text(array: &Array, part: Option<(&Value, &Value)>) -> Result<Str, Fault> {
    let units: Vec<u16> = array.to_vec().iter().map(|unit| int(unit) as u16).collect();
    let Some((start, count)) = part else { return Ok(Str::from_utf16(&units)) };
    let (start, count) = super::range::part(start, count, units.len())?;
    Ok(Str::from_utf16(units.get(start..start + count).unwrap_or_default()))
}

fn write_part(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Fault> {
    let writer = this(args)?;
    let array = args[1].downcast::<Array>().ok_or_else(|| Fault::argument_null("buffer"))?;
    let text = array_text(array, Some((&args[2], &args[3])))?;
    string_builder::push(run, &writer.builder, &text)?;
    Ok(Value::Null)
}

fn write_format(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Fault> {
    let writer = this(args)?;
    let text = format(run, string(&args[1], "format")?, &args[2..])?;
    string_builder::push(run, &writer.builder, &text.into())?;
    Ok(Value::Null)
}

fn write_format_all(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Fault> {
    let items = required(&args[2], "arg")?.downcast::<Array>().map(Array::to_vec).unwrap_or_default();
    write_format(run, &[&args[..2], &items].concat())
}

fn end_line(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Fault> {
    let writer = this(args)?;
    let end = writer.line_end.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let end = end.unwrap_or_else(|| run.settings.line_end.as_str().into());
    string_builder::push(run, &writer.builder, &end)?;
    Ok(Value::Null)
}

macro_rules! both {
    ($on:ident: $($parameters:literal $write:ident;)*) => {$(
        $on.def(concat!("void Write(", $parameters, ")"), |run, a| $write(run, a));
        $on.def(concat!("void WriteLine(", $parameters, ")"), |run, a| {
            $write(run, a)?;
            end_line(run, a)
        });
    )*};
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    let mut on = table.on(TypeId::StringWriter);
    on.def("new()", |run, _| Ok(new(string_builder::empty(run)?)))
        .def("new(IFormatProvider formatProvider)", |run, _| Ok(new(string_builder::empty(run)?)))
        .def("new(StringBuilder sb)", |_, a| Ok(new(required(&a[0], "sb")?.clone())))
        .def("new(StringBuilder sb, IFormatProvider formatProvider)", |_, a| Ok(new(required(&a[0], "sb")?.clone())))
        .def("StringBuilder GetStringBuilder()", |_, a| Ok(this(a)?.builder.clone()))
        .def("Encoding Encoding", |_, _| Ok(encoding::object(Encoding::Utf16)))
        .def("IFormatProvider FormatProvider", |_, _| Ok(Value::Null))
        .def("void WriteLine()", |run, a| end_line(run, a))
        .def("void Flush()", |_, _| Ok(Value::Null))
        .def("void Close()", |_, _| Ok(Value::Null))
        .def_set(
            "string NewLine",
            |run, a| {
                let end = this(a)?.line_end.lock().unwrap_or_else(PoisonError::into_inner).clone();
                Ok(end.unwrap_or_else(|| run.settings.line_end.as_str().into()).into())
            },
            |_, a| {
                *this(a)?.line_end.lock().unwrap_or_else(PoisonError::into_inner) = a[1].as_text().cloned();
                Ok(Value::Null)
            },
        );
    both! { on:
        "string value" write;
        "char value" write;
        "char[] buffer" write;
        "char[] buffer, int index, int count" write_part;
        "bool value" write;
        "int value" write;
        "uint value" write;
        "long value" write;
        "ulong value" write;
        "float value" write;
        "double value" write;
        "decimal value" write;
        "object value" write;
        "string format, object arg0" write_format;
        "string format, object arg0, object arg1" write_format;
        "string format, object arg0, object arg1, object arg2" write_format;
        "string format, params object[] arg" write_format_all;
    }
}
