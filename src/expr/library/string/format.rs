//! `System.String.Format`: composite formats.

use super::join::items;
use super::made;
use crate::expr::code::Run;
use crate::expr::dotnet::composite::{self, Piece};
use crate::expr::fault::Fault;
use crate::expr::library::args::string;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::{Str, Value};

/// `string.Format` and its kin.
pub(crate) fn format(run: &mut Run<'_>, format: &Str, arguments: &[Value]) -> Result<String, Fault> {
    let text = format.text();
    let mut out = String::with_capacity(text.len() + 16);
    for piece in composite::pieces(&text) {
        let before = out.len();
        match piece? {
            Piece::Text(text) => out.push_str(text),
            Piece::Hole { index, alignment, format } => {
                let argument = arguments.get(index).ok_or_else(composite::missing_argument)?;
                let text = match argument {
                    Value::Null => Str::from(""),
                    argument => run.format(argument, format)?,
                };
                run.room((alignment.unsigned_abs() as usize).saturating_mul(3))?;
                out.push_str(&composite::align(&text.text(), alignment));
            }
        }
        run.step()?;
        run.charge(out.len().saturating_sub(before))?;
        run.room(out.len().saturating_mul(2))?;
    }
    Ok(out)
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::String)
        .def("static string Format(string format, object arg0)", |run, a| {
            let text = format(run, string(&a[0], "format")?, &a[1..])?;
            made(run, text)
        })
        .def("static string Format(string format, object arg0, object arg1)", |run, a| {
            let text = format(run, string(&a[0], "format")?, &a[1..])?;
            made(run, text)
        })
        .def("static string Format(string format, object arg0, object arg1, object arg2)", |run, a| {
            let text = format(run, string(&a[0], "format")?, &a[1..])?;
            made(run, text)
        })
        .def("static string Format(string format, params object[] args)", |run, a| {
            let values = items(&a[1]).ok_or_else(|| Fault::argument_null("args"))?;
            let text = format(run, string(&a[0], "format")?, &values)?;
            made(run, text)
        })
        .def("static string Format(IFormatProvider provider, string format, object arg0)", |run, a| {
            let text = format(run, string(&a[1], "format")?, &a[2..])?;
            made(run, text)
        })
        .def("static string Format(IFormatProvider provider, string format, object arg0, object arg1)", |run, a| {
            let text = format(run, string(&a[1], "format")?, &a[2..])?;
            made(run, text)
        })
        .def(
            "static string Format(IFormatProvider provider, string format, object arg0, object arg1, object arg2)",
            |run, a| {
                let text = format(run, string(&a[1], "format")?, &a[2..])?;
                made(run, text)
            },
        )
        .def("static string Format(IFormatProvider provider, string format, params object[] args)", |run, a| {
            let values = items(&a[2]).ok_or_else(|| Fault::argument_null("args"))?;
            let text = format(run, string(&a[1], "format")?, &values)?;
            made(run, text)
        });
}
