//! `StringBuilder`: appending, inserting, replacing, removing.

use super::args::{int, required, string, unit};
use super::array::Array;
use super::string::format;
use super::string_builder::{StringBuilder, part, text_units, this};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::{Str, Value};

fn chars(value: &Value) -> Vec<u16> {
    value.downcast::<Array>().map(|array| array.to_vec().iter().map(unit).collect()).unwrap_or_default()
}

fn append_value(run: &mut Run<'_>, a: &[Value]) -> Result<Value, Fault> {
    let text = run.text_or_empty(&a[1])?;
    this(a)?.append_text(run, &text)?;
    Ok(a[0].clone())
}

/// Appends a part of some units.
fn append_part(run: &mut Run<'_>, a: &[Value], units: &[u16]) -> Result<Value, Fault> {
    let (start, count) = part(&a[2], &a[3], units.len())?;
    this(a)?.append(run, &units[start..start + count])?;
    Ok(a[0].clone())
}

fn append_format(run: &mut Run<'_>, a: &[Value], pattern: &Value, arguments: &[Value]) -> Result<Value, Fault> {
    let text = format(run, string(pattern, "format")?, arguments)?;
    this(a)?.append_text(run, &text.into())?;
    Ok(a[0].clone())
}

fn append_join(run: &mut Run<'_>, a: &[Value], separator: &Str) -> Result<Value, Fault> {
    let items = run.collect(required(&a[2], "values")?)?;
    let builder = this(a)?;
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            builder.append_text(run, separator)?;
        }
        let text = run.text_or_empty(item)?;
        builder.append_text(run, &text)?;
    }
    Ok(a[0].clone())
}

fn append_line(run: &mut Run<'_>, builder: &StringBuilder) -> Result<(), Fault> {
    let end = Str::from(run.settings.line_end.as_str());
    builder.append_text(run, &end)
}

fn insert(run: &mut Run<'_>, a: &[Value], units: &[u16]) -> Result<Value, Fault> {
    let builder = this(a)?;
    let at = usize::try_from(int(&a[1])).ok().filter(|at| *at <= builder.len()).ok_or_else(|| {
        Fault::out_of_range(
            "Index was out of range. Must be non-negative and less than the size of the collection. (Parameter 'index')",
        )
    })?;
    run.charge(units.len() * 2)?;
    run.steps(builder.len() / 64)?;
    builder.with(|state| state.units.splice(at..at, units.iter().copied()).for_each(drop));
    Ok(a[0].clone())
}

/// `Replace` inside `start` and `count` units.
fn replace(run: &mut Run<'_>, a: &[Value], start: usize, count: usize) -> Result<Value, Fault> {
    let builder = this(a)?;
    let old = text_units(&a[1], "oldValue")?;
    if old.is_empty() {
        return Err(Fault::argument("Empty name is not legal. (Parameter 'oldValue')"));
    }
    let new = a[2].as_text().map(Str::units).unwrap_or_default();
    run.steps(count / 2 + 1)?;
    let text = builder.with(|state| state.units.clone());
    let (mut out, end, mut at) = (text[..start].to_vec(), start + count, start);
    while at < end {
        if text[at..end].starts_with(&old) {
            run.charge(new.len() * 2)?;
            out.extend_from_slice(&new);
            at += old.len();
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out.extend_from_slice(&text[end..]);
    builder.with(|state| state.units = out);
    Ok(a[0].clone())
}

fn replace_unit(a: &[Value], start: usize, count: usize) -> Result<Value, Fault> {
    let (old, new) = (unit(&a[1]), unit(&a[2]));
    this(a)?.with(|state| {
        for place in state.units[start..start + count].iter_mut().filter(|unit| **unit == old) {
            *place = new;
        }
    });
    Ok(a[0].clone())
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::StringBuilder)
        .def("StringBuilder Append(object value)", |run, a| append_value(run, a))
        .def("StringBuilder Append(string value)", |run, a| {
            if let Some(text) = a[1].as_text() {
                this(a)?.append_text(run, text)?;
            }
            Ok(a[0].clone())
        })
        .def("StringBuilder Append(char value)", |run, a| {
            this(a)?.append(run, &[unit(&a[1])])?;
            Ok(a[0].clone())
        })
        .def("StringBuilder Append(char value, int repeatCount)", |run, a| {
            let count = usize::try_from(int(&a[2]))
                .map_err(|_| Fault::out_of_range("Non-negative number required. (Parameter 'repeatCount')"))?;
            run.charge(count.saturating_mul(2))?;
            let unit = unit(&a[1]);
            this(a)?.with(|state| state.units.extend(std::iter::repeat_n(unit, count)));
            Ok(a[0].clone())
        })
        .def("StringBuilder Append(char[] value)", |run, a| {
            this(a)?.append(run, &chars(&a[1]))?;
            Ok(a[0].clone())
        })
        .def("StringBuilder Append(char[] value, int startIndex, int charCount)", |run, a| {
            append_part(run, a, &chars(&a[1]))
        })
        .def("StringBuilder Append(string value, int startIndex, int count)", |run, a| {
            append_part(run, a, &a[1].as_text().map(Str::units).unwrap_or_default())
        })
        .def("StringBuilder AppendLine()", |run, a| {
            append_line(run, this(a)?)?;
            Ok(a[0].clone())
        })
        .def("StringBuilder AppendLine(string value)", |run, a| {
            let builder = this(a)?;
            if let Some(text) = a[1].as_text() {
                builder.append_text(run, text)?;
            }
            append_line(run, builder)?;
            Ok(a[0].clone())
        })
        .def("StringBuilder AppendFormat(string format, object arg0)", |run, a| append_format(run, a, &a[1], &a[2..]))
        .def("StringBuilder AppendFormat(string format, object arg0, object arg1)", |run, a| {
            append_format(run, a, &a[1], &a[2..])
        })
        .def("StringBuilder AppendFormat(string format, object arg0, object arg1, object arg2)", |run, a| {
            append_format(run, a, &a[1], &a[2..])
        })
        .def("StringBuilder AppendFormat(IFormatProvider provider, string format, object arg0)", |run, a| {
            append_format(run, a, &a[2], &a[3..])
        })
        .def("StringBuilder AppendFormat(IFormatProvider provider, string format, object arg0, object arg1)", |run, a| {
            append_format(run, a, &a[2], &a[3..])
        })
        .def(
            "StringBuilder AppendFormat(IFormatProvider provider, string format, object arg0, object arg1, object arg2)",
            |run, a| append_format(run, a, &a[2], &a[3..]),
        )
        .def("StringBuilder AppendFormat(IFormatProvider provider, string format, params object[] args)", |run, a| {
            let arguments = a[3].downcast::<Array>().ok_or_else(|| Fault::argument_null("args"))?.to_vec();
            append_format(run, a, &a[2], &arguments)
        })
        .def("StringBuilder AppendFormat(string format, params object[] args)", |run, a| {
            let arguments = a[2].downcast::<Array>().ok_or_else(|| Fault::argument_null("args"))?.to_vec();
            append_format(run, a, &a[1], &arguments)
        })
        .def("StringBuilder AppendJoin(string separator, params object[] values)", |run, a| {
            append_join(run, a, &a[1].as_text().cloned().unwrap_or_else(|| "".into()))
        })
        .def("StringBuilder AppendJoin(string separator, params string[] values)", |run, a| {
            append_join(run, a, &a[1].as_text().cloned().unwrap_or_else(|| "".into()))
        })
        .def("StringBuilder AppendJoin<T>(string separator, IEnumerable<T> values)", |run, a| {
            append_join(run, a, &a[1].as_text().cloned().unwrap_or_else(|| "".into()))
        })
        .def("StringBuilder Insert(int index, object value)", |run, a| {
            let text = run.text_or_empty(&a[2])?;
            insert(run, a, &text.units())
        })
        .def("StringBuilder Insert(int index, string value)", |run, a| {
            insert(run, a, &a[2].as_text().map(Str::units).unwrap_or_default())
        })
        .def("StringBuilder Insert(int index, char[] value)", |run, a| insert(run, a, &chars(&a[2])))
        .def("StringBuilder Insert(int index, char[] value, int startIndex, int charCount)", |run, a| {
            let units = chars(&a[2]);
            let (start, count) = part(&a[3], &a[4], units.len())?;
            insert(run, a, &units[start..start + count])
        })
        .def("StringBuilder Insert(int index, string value, int count)", |run, a| {
            let count = super::range::count(&a[3], "count")?;
            let units = a[2].as_text().map(Str::units).unwrap_or_default();
            run.charge(units.len().saturating_mul(count).saturating_mul(2))?;
            insert(run, a, &units.repeat(count))
        })
        .def("StringBuilder Remove(int startIndex, int length)", |run, a| {
            let builder = this(a)?;
            let (start, count) = part(&a[1], &a[2], builder.len())?;
            run.steps(builder.len() / 64)?;
            builder.with(|state| state.units.drain(start..start + count).for_each(drop));
            Ok(a[0].clone())
        })
        .def("StringBuilder Replace(string oldValue, string newValue)", |run, a| replace(run, a, 0, this(a)?.len()))
        .def("StringBuilder Replace(string oldValue, string newValue, int startIndex, int count)", |run, a| {
            let (start, count) = part(&a[3], &a[4], this(a)?.len())?;
            replace(run, a, start, count)
        })
        .def("StringBuilder Replace(char oldChar, char newChar)", |_, a| replace_unit(a, 0, this(a)?.len()))
        .def("StringBuilder Replace(char oldChar, char newChar, int startIndex, int count)", |_, a| {
            let (start, count) = part(&a[3], &a[4], this(a)?.len())?;
            replace_unit(a, start, count)
        });
}
