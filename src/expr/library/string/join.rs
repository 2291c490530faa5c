//! `System.String`: `Join` and `Concat`.

use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::args::{int, required, unit};
use crate::expr::library::array::Array;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::{Str, Value};

/// The items of an argument array; none for null.
pub(super) fn items(value: &Value) -> Option<Vec<Value>> {
    value.downcast::<Array>().map(Array::to_vec)
}

/// Joins the texts of values; null is empty.
fn join(run: &mut Run<'_>, separator: &Value, values: Vec<Value>) -> Result<Value, Fault> {
    let separator = separator.as_text().cloned().unwrap_or_else(|| Str::from(""));
    let mut out = Units::default();
    for (i, value) in values.iter().enumerate() {
        let before = out.len();
        if i > 0 {
            out.push(&separator);
        }
        if !value.is_null() {
            out.push(&run.text_of(value)?);
        }
        run.step()?;
        run.charge(out.len().saturating_sub(before))?;
        run.room(out.len().saturating_mul(2))?;
    }
    Ok(Value::Str(out.into_str()))
}

/// Text that is put together from strings.
#[derive(Default)]
pub(crate) struct Units {
    text: String,
    wide: Option<Vec<u16>>,
}

impl Units {
    pub(crate) fn push(&mut self, part: &Str) {
        match (&mut self.wide, part.as_str()) {
            (None, Some(text)) => self.text.push_str(text),
            (Some(wide), _) => wide.extend(part.units()),
            (None, None) => {
                let mut wide: Vec<u16> = self.text.encode_utf16().collect();
                wide.extend(part.units());
                self.wide = Some(wide);
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.wide.as_ref().map_or(self.text.len(), |wide| wide.len() * 2)
    }

    pub(crate) fn into_str(self) -> Str {
        match self.wide {
            Some(wide) => Str::from_utf16(&wide),
            None => self.text.into(),
        }
    }
}

fn concat(run: &mut Run<'_>, values: &[Value]) -> Result<Value, Fault> {
    join(run, &Value::Null, values.to_vec())
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::String)
        .def("static string Join(string separator, params string[] value)", |run, a| {
            let values = items(&a[1]).ok_or_else(|| Fault::argument_null("value"))?;
            join(run, &a[0], values)
        })
        .def("static string Join(string separator, params object[] values)", |run, a| {
            let values = items(&a[1]).ok_or_else(|| Fault::argument_null("values"))?;
            join(run, &a[0], values)
        })
        .def("static string Join(string separator, IEnumerable<string> values)", |run, a| {
            let values = run.collect(required(&a[1], "values")?)?;
            join(run, &a[0], values)
        })
        .def("static string Join<T>(string separator, IEnumerable<T> values)", |run, a| {
            let values = run.collect(required(&a[1], "values")?)?;
            join(run, &a[0], values)
        })
        .def("static string Join(string separator, string[] value, int startIndex, int count)", |run, a| {
            let values = items(required(&a[1], "value")?).unwrap_or_default();
            let (start, count) = (usize::try_from(int(&a[2])).ok(), usize::try_from(int(&a[3])).ok());
            let part = start.zip(count).and_then(|(start, count)| values.get(start..start.checked_add(count)?));
            let part =
                part.ok_or_else(|| Fault::out_of_range("Index and count must refer to a location within the buffer."))?;
            join(run, &a[0], part.to_vec())
        })
        .def("static string Join(char separator, params string[] value)", |run, a| {
            let values = items(&a[1]).ok_or_else(|| Fault::argument_null("value"))?;
            join(run, &Value::Str(Str::from_utf16(&[unit(&a[0])])), values)
        })
        .def("static string Join<T>(char separator, IEnumerable<T> values)", |run, a| {
            let values = run.collect(required(&a[1], "values")?)?;
            join(run, &Value::Str(Str::from_utf16(&[unit(&a[0])])), values)
        })
        .def("static string Concat(object arg0)", |run, a| concat(run, a))
        .def("static string Concat(object arg0, object arg1)", |run, a| concat(run, a))
        .def("static string Concat(object arg0, object arg1, object arg2)", |run, a| concat(run, a))
        .def("static string Concat(string str0, string str1)", |run, a| concat(run, a))
        .def("static string Concat(string str0, string str1, string str2)", |run, a| concat(run, a))
        .def("static string Concat(string str0, string str1, string str2, string str3)", |run, a| concat(run, a))
        .def("static string Concat(params string[] values)", |run, a| {
            let values = items(&a[0]).ok_or_else(|| Fault::argument_null("values"))?;
            concat(run, &values)
        })
        .def("static string Concat(params object[] args)", |run, a| {
            let values = items(&a[0]).ok_or_else(|| Fault::argument_null("args"))?;
            concat(run, &values)
        })
        .def("static string Concat(IEnumerable<string> values)", |run, a| {
            let values = run.collect(required(&a[0], "values")?)?;
            concat(run, &values)
        })
        .def("static string Concat<T>(IEnumerable<T> values)", |run, a| {
            let values = run.collect(required(&a[0], "values")?)?;
            concat(run, &values)
        });
}
