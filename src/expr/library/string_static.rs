//! `System.String`: constructors, comparing, joining, formatting; `StringComparer`.

use super::args::{int, required, string, unit};
use super::array::Array;
use super::string::{Comparison, made};
use crate::expr::code::Run;
use crate::expr::dotnet::composite::{self, Piece};
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value};

const ORDINAL: Comparison = Comparison::Ordinal { ignores_case: false };
const CULTURE: Comparison = Comparison::Culture { ignores_case: false };

/// `string.Format` and its kin.
pub(crate) fn format(run: &mut Run<'_>, format: &Str, arguments: &[Value]) -> Result<String, Fault> {
    let text = format.text();
    let mut out = String::with_capacity(text.len() + 16);
    for piece in composite::pieces(&text) {
        match piece? {
            Piece::Text(text) => out.push_str(text),
            Piece::Hole { index, alignment, format } => {
                let argument = arguments.get(index).ok_or_else(composite::missing_argument)?;
                let text = match argument {
                    Value::Null => Str::from(""),
                    argument => run.format(argument, format)?,
                };
                run.charge(alignment.unsigned_abs() as usize)?;
                out.push_str(&composite::align(&text.text(), alignment));
            }
        }
        run.charge(out.len().min(64))?;
        run.step()?;
    }
    Ok(out)
}

/// The items of an argument array; none for null.
fn items(value: &Value) -> Option<Vec<Value>> {
    value.downcast::<Array>().map(Array::to_vec)
}

/// Joins the texts of values; null is empty.
fn join(run: &mut Run<'_>, separator: &Value, values: Vec<Value>) -> Result<Value, Fault> {
    let separator = separator.as_text().cloned().unwrap_or_else(|| Str::from(""));
    let mut out = Units::default();
    for (i, value) in values.iter().enumerate() {
        if i > 0 {
            out.push(&separator);
        }
        if !value.is_null() {
            out.push(&run.text_of(value)?);
        }
        run.step()?;
        if out.len() > 1 << 16 {
            run.charge(256)?;
        }
    }
    made(run, out.into_str())
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

fn substring_compare(a: &[Value], length: &Value, how: Comparison) -> Result<Value, Fault> {
    let length = usize::try_from(int(length)).map_err(|_| Fault::out_of_range("Length cannot be less than zero."))?;
    let part = |text: &Value, start: &Value| -> Result<Value, Fault> {
        let Some(text) = text.as_text() else { return Ok(Value::Null) };
        let start = usize::try_from(int(start)).ok().filter(|start| *start <= text.len());
        let start = start.ok_or_else(|| {
            Fault::out_of_range(
                "Index was out of range. Must be non-negative and less than the size of the collection.",
            )
        })?;
        Ok(text.slice(start, length.min(text.len() - start)).map_or(Value::Null, Value::Str))
    };
    Ok(how.compare_values(&part(&a[0], &a[1])?, &part(&a[2], &a[3])?).into())
}

/// A `StringComparer`.
pub(crate) struct Comparer(pub(crate) Comparison);

impl Object for Comparer {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::StringComparer)
    }
}

fn comparer(value: &Value) -> Comparison {
    value.downcast::<Comparer>().map_or(ORDINAL, |comparer| comparer.0)
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::String)
        .pure("new(char c, int count)", |run, a| {
            let count = usize::try_from(int(&a[1])).map_err(|_| Fault::out_of_range("'count' must be non-negative."))?;
            run.charge(count.saturating_mul(2))?;
            made(run, Str::from_utf16(&vec![unit(&a[0]); count]))
        })
        .def("new(char[] value)", |run, a| {
            let units: Vec<u16> = items(&a[0]).unwrap_or_default().iter().map(unit).collect();
            made(run, Str::from_utf16(&units))
        })
        .def("new(char[] value, int startIndex, int length)", |run, a| {
            let units: Vec<u16> = items(required(&a[0], "value")?).unwrap_or_default().iter().map(unit).collect();
            let (start, length) = (usize::try_from(int(&a[1])).ok(), usize::try_from(int(&a[2])).ok());
            let range = start.zip(length).and_then(|(start, length)| units.get(start..start.checked_add(length)?));
            let units = range.ok_or_else(|| Fault::out_of_range("Index was out of range. Must be non-negative and less than the size of the collection."))?;
            made(run, Str::from_utf16(units))
        })
        .pure("static bool operator ==(string a, string b)", |_, a| Ok(ORDINAL.equal(&a[0], &a[1]).into()))
        .pure("static bool operator !=(string a, string b)", |_, a| Ok((!ORDINAL.equal(&a[0], &a[1])).into()))
        .pure("bool Equals(string value)", |_, a| Ok(ORDINAL.equal(&a[0], &a[1]).into()))
        .pure("bool Equals(string value, StringComparison comparisonType)", |_, a| {
            Ok(Comparison::of(&a[2])?.equal(&a[0], &a[1]).into())
        })
        .pure("static bool Equals(string a, string b)", |_, a| Ok(ORDINAL.equal(&a[0], &a[1]).into()))
        .pure("static bool Equals(string a, string b, StringComparison comparisonType)", |_, a| {
            Ok(Comparison::of(&a[2])?.equal(&a[0], &a[1]).into())
        })
        .pure("int CompareTo(string strB)", |_, a| Ok(CULTURE.compare_values(&a[0], &a[1]).into()))
        .pure("int CompareTo(object value)", |_, a| match &a[1] {
            Value::Null | Value::Str(_) => Ok(CULTURE.compare_values(&a[0], &a[1]).into()),
            _ => Err(Fault::argument("Object must be of type String.")),
        })
        .pure("static int Compare(string strA, string strB)", |_, a| Ok(CULTURE.compare_values(&a[0], &a[1]).into()))
        .pure("static int Compare(string strA, string strB, bool ignoreCase)", |_, a| {
            let how = Comparison::Culture { ignores_case: matches!(a[2], Value::Bool(true)) };
            Ok(how.compare_values(&a[0], &a[1]).into())
        })
        .pure("static int Compare(string strA, string strB, StringComparison comparisonType)", |_, a| {
            Ok(Comparison::of(&a[2])?.compare_values(&a[0], &a[1]).into())
        })
        .pure("static int Compare(string strA, int indexA, string strB, int indexB, int length)", |_, a| {
            substring_compare(a, &a[4], CULTURE)
        })
        .pure(
            "static int Compare(string strA, int indexA, string strB, int indexB, int length, StringComparison comparisonType)",
            |_, a| substring_compare(a, &a[4], Comparison::of(&a[5])?),
        )
        .pure("static int CompareOrdinal(string strA, string strB)", |_, a| match (a[0].as_text(), a[1].as_text()) {
            (Some(x), Some(y)) => {
                let (x, y) = (x.units(), y.units());
                let differ = x.iter().zip(&y).find(|(x, y)| x != y);
                let order = differ.map_or(x.len() as i32 - y.len() as i32, |(x, y)| i32::from(*x) - i32::from(*y));
                Ok(order.into())
            }
            (x, y) => Ok((i32::from(x.is_some()) - i32::from(y.is_some())).into()),
        })
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
            let part = part.ok_or_else(|| Fault::out_of_range("Index and count must refer to a location within the buffer."))?;
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
        })
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
        .pure("static string Copy(string str)", |_, a| string(&a[0], "str").map(|text| Value::Str(text.clone())))
        .pure("static string IsInterned(string str)", |_, a| string(&a[0], "str").map(|text| Value::Str(text.clone())))
        .pure("static string Intern(string str)", |_, a| string(&a[0], "str").map(|text| Value::Str(text.clone())));
    table
        .on(TypeId::StringComparer)
        .def("static StringComparer Ordinal", |_, _| Ok(Value::object(Comparer(ORDINAL))))
        .def("static StringComparer OrdinalIgnoreCase", |_, _| {
            Ok(Value::object(Comparer(Comparison::Ordinal { ignores_case: true })))
        })
        .def("static StringComparer CurrentCulture", |_, _| Ok(Value::object(Comparer(CULTURE))))
        .def("static StringComparer CurrentCultureIgnoreCase", |_, _| {
            Ok(Value::object(Comparer(Comparison::Culture { ignores_case: true })))
        })
        .def("static StringComparer InvariantCulture", |_, _| Ok(Value::object(Comparer(CULTURE))))
        .def("static StringComparer InvariantCultureIgnoreCase", |_, _| {
            Ok(Value::object(Comparer(Comparison::Culture { ignores_case: true })))
        })
        .def("int Compare(string x, string y)", |_, a| Ok(comparer(&a[0]).compare_values(&a[1], &a[2]).into()))
        .def("bool Equals(string x, string y)", |_, a| Ok(comparer(&a[0]).equal(&a[1], &a[2]).into()))
        .def("int GetHashCode(string obj)", |_, a| {
            let text = string(&a[1], "obj")?.text();
            let folded = match comparer(&a[0]) {
                Comparison::Ordinal { ignores_case: false } | Comparison::Culture { ignores_case: false } => {
                    text.into_owned()
                }
                _ => crate::expr::dotnet::chars::upper_text(&text),
            };
            Ok(Value::str(folded).hash_code().into())
        });
}
