//! `System.IO.StringWriter`, with the `Write` and `WriteLine` that it inherits.

use std::sync::{Mutex, PoisonError};

use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value};

/// A writer and the units written so far.
struct Writer(Mutex<Vec<u16>>);

impl Object for Writer {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::StringWriter)
    }

    fn to_text(&self, run: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        let units = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        run.charge(units.len())?;
        Ok(Some(Str::from_utf16(&units)))
    }
}

fn this(args: &[Value]) -> Result<&Writer, Fault> {
    args.first().and_then(Value::downcast::<Writer>).ok_or_else(Fault::null_reference)
}

fn push(run: &mut Run<'_>, writer: &Writer, text: &Str) -> Result<(), Fault> {
    run.charge(text.len() * 2)?;
    writer.0.lock().unwrap_or_else(PoisonError::into_inner).extend(text.units());
    Ok(())
}

fn write(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Fault> {
    let text = match &args[1] {
        Value::Null => Str::from(""),
        other => run.text_of(other)?,
    };
    push(run, this(args)?, &text)?;
    Ok(Value::Null)
}

fn write_line(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Fault> {
    if args.len() > 1 {
        write(run, args)?;
    }
    let line_end = Str::from(run.settings.line_end.as_str());
    push(run, this(args)?, &line_end)?;
    Ok(Value::Null)
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    let mut on = table.on(TypeId::StringWriter);
    on.def("new()", |_, _| Ok(Value::object(Writer(Mutex::default()))))
        .def("void WriteLine()", |run, a| write_line(run, a))
        .def("void Flush()", |_, _| Ok(Value::Null))
        .def("void Close()", |_, _| Ok(Value::Null))
        .def("string NewLine", |run, _| Ok(run.settings.line_end.as_str().into()));
    for signature in [
        "void Write(string value)",
        "void Write(char value)",
        "void Write(bool value)",
        "void Write(int value)",
        "void Write(long value)",
        "void Write(double value)",
        "void Write(decimal value)",
        "void Write(object value)",
    ] {
        on.def(signature, |run, a| write(run, a));
    }
    for signature in [
        "void WriteLine(string value)",
        "void WriteLine(char value)",
        "void WriteLine(bool value)",
        "void WriteLine(int value)",
        "void WriteLine(long value)",
        "void WriteLine(double value)",
        "void WriteLine(decimal value)",
        "void WriteLine(object value)",
    ] {
        on.def(signature, |run, a| write_line(run, a));
    }
}
