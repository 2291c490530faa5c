//! `System.IO.StringReader`.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::args::string;
use super::array::Array;
use super::range;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value};

/// A reader: the units of the text and how many were read.
struct Reader {
    units: Vec<u16>,
    at: AtomicUsize,
}

impl Object for Reader {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::StringReader)
    }

    fn dispose(&self) {
        self.at.store(usize::MAX, Ordering::Relaxed);
    }
}

impl Reader {
    /// The units that are left, and the place where they begin.
    fn rest(&self) -> Result<(usize, &[u16]), Fault> {
        match self.at.load(Ordering::Relaxed) {
            usize::MAX => Err(Fault::new(TypeId::ObjectDisposedException, "Cannot read from a closed TextReader.")),
            at => Ok((at, self.units.get(at..).unwrap_or_default())),
        }
    }

    fn move_to(&self, at: usize) {
        self.at.store(at, Ordering::Relaxed);
    }
}

fn this(args: &[Value]) -> Result<&Reader, Fault> {
    args.first().and_then(Value::downcast::<Reader>).ok_or_else(Fault::null_reference)
}

/// What is left in a `StringReader` argument, which is read to its end.
pub(super) fn rest(value: &Value, parameter: &str) -> Result<Str, Fault> {
    let reader = value.downcast::<Reader>().ok_or_else(|| Fault::argument_null(parameter))?;
    let (_, rest) = reader.rest()?;
    let text = Str::from_utf16(rest);
    reader.move_to(reader.units.len());
    Ok(text)
}

fn unit(found: Option<&u16>) -> Value {
    Value::Int(found.map_or(-1, |unit| i32::from(*unit)))
}

fn read_line(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Fault> {
    let reader = this(args)?;
    let (at, rest) = reader.rest()?;
    if rest.is_empty() {
        return Ok(Value::Null);
    }
    let (cr, lf) = (u16::from(b'\r'), u16::from(b'\n'));
    let end = rest.iter().position(|unit| *unit == cr || *unit == lf).unwrap_or(rest.len());
    let skipped = if rest.get(end) == Some(&cr) && rest.get(end + 1) == Some(&lf) { 2 } else { 1 };
    reader.move_to((at + end + skipped).min(reader.units.len()));
    run.charge(end)?;
    Ok(Value::Str(Str::from_utf16(rest.get(..end).unwrap_or_default())))
}

fn read_into(args: &[Value]) -> Result<Value, Fault> {
    let reader = this(args)?;
    let target = args[1].downcast::<Array>().ok_or_else(|| Fault::argument_null("buffer"))?;
    let (start, count) = range::part(&args[2], &args[3], target.len())?;
    let (at, rest) = reader.rest()?;
    let read = rest.len().min(count);
    for (offset, unit) in rest.iter().take(read).enumerate() {
        target.set(start + offset, Value::Char(*unit));
    }
    reader.move_to(at + read);
    Ok(Value::Int(read as i32))
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::StringReader)
        .def("new(string s)", |run, a| {
            let units = string(&a[0], "s")?.units();
            run.charge(units.len() * 2)?;
            Ok(Value::object(Reader { units, at: AtomicUsize::new(0) }))
        })
        .def("int Peek()", |_, a| Ok(unit(this(a)?.rest()?.1.first())))
        .def("int Read()", |_, a| {
            let reader = this(a)?;
            let (at, rest) = reader.rest()?;
            reader.move_to(at + usize::from(!rest.is_empty()));
            Ok(unit(rest.first()))
        })
        .def("int Read(char[] buffer, int index, int count)", |_, a| read_into(a))
        .def("int ReadBlock(char[] buffer, int index, int count)", |_, a| read_into(a))
        .def("string ReadLine()", |run, a| read_line(run, a))
        .def("string ReadToEnd()", |run, a| {
            let reader = this(a)?;
            let (_, rest) = reader.rest()?;
            run.charge(rest.len())?;
            reader.move_to(reader.units.len());
            Ok(Value::Str(Str::from_utf16(rest)))
        })
        .def("void Close()", |_, a| {
            this(a)?.dispose();
            Ok(Value::Null)
        });
}
