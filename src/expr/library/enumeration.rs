//! `System.Enum`: parsing, names, flags.

use super::args::{boolean, string};
use super::object::TypeObject;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::array::{array, strings};
use crate::expr::types::{Table, Ty, TypeId, table as types};
use crate::expr::value::{Str, Value};

/// The enumeration that a `Type` argument names.
fn enumeration(ty: &Value) -> Result<TypeId, Fault> {
    let ty = ty.downcast::<TypeObject>().ok_or_else(|| Fault::argument_null("enumType"))?;
    let id = ty.0.id().filter(|_| ty.0.is_enum());
    id.ok_or_else(|| Fault::argument("Type provided must be an Enum. (Parameter 'enumType')"))
}

/// The number that a text stands for: names, parted by commas, or a number; Err holds the name that is not one.
fn number(id: TypeId, text: &str, ignores_case: bool) -> Result<i64, Option<String>> {
    let text = text.trim();
    if text.is_empty() {
        return Err(None);
    }
    if text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+') {
        let number: Result<i32, _> = text.parse();
        return number.map(i64::from).map_err(|_| Some(text.to_owned()));
    }
    let constants = &types().info(id).constants;
    text.split(',').try_fold(0, |sum, name| {
        let name = name.trim();
        let is_it = |known: &str| if ignores_case { known.eq_ignore_ascii_case(name) } else { known == name };
        match constants.iter().find(|(known, _)| is_it(known)) {
            Some((_, value)) => Ok(sum | value),
            None => Err(Some(text.to_owned())),
        }
    })
}

fn parse(id: TypeId, text: &Value, ignores_case: bool) -> Result<Value, Fault> {
    match number(id, &string(text, "value")?.text(), ignores_case) {
        Ok(number) => Ok(Value::enumeration(id, number)),
        Err(Some(name)) => Err(Fault::argument(format!("Requested value '{name}' was not found."))),
        Err(None) => {
            Err(Fault::argument("Must specify valid information for parsing in the string. (Parameter 'value')"))
        }
    }
}

fn try_parse(run: &mut Run<'_>, a: &mut [Value], ignores_case: bool, out: usize) -> Result<Value, Fault> {
    let ty = run.type_arg(0);
    let id = ty.id().filter(|_| ty.is_enum()).ok_or_else(|| Fault::argument("Type provided must be an Enum."))?;
    let parsed = a[0].as_text().and_then(|text| number(id, &text.text(), ignores_case).ok());
    a[out] = Value::enumeration(id, parsed.unwrap_or(0));
    Ok(parsed.is_some().into())
}

/// A constant by its number or its name.
fn named(id: TypeId, value: &Value) -> Option<&'static str> {
    let constants = &types().info(id).constants;
    let found = match value.as_text() {
        Some(name) => constants.iter().find(|(known, _)| *name == **known),
        None => constants.iter().find(|(_, number)| value.integral() == Some(i128::from(*number))),
    };
    found.map(|(name, _)| *name)
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::Enum)
        .def("static object Parse(Type enumType, string value)", |_, a| parse(enumeration(&a[0])?, &a[1], false))
        .def("static object Parse(Type enumType, string value, bool ignoreCase)", |_, a| {
            parse(enumeration(&a[0])?, &a[1], boolean(&a[2]))
        })
        .def("static T Parse<T>(string value)", |run, a| {
            let id = run.type_arg(0).id().unwrap_or(TypeId::Enum);
            parse(id, &a[0], false)
        })
        .def("static T Parse<T>(string value, bool ignoreCase)", |run, a| {
            let id = run.type_arg(0).id().unwrap_or(TypeId::Enum);
            parse(id, &a[0], boolean(&a[1]))
        })
        .def("static bool TryParse<T>(string value, out T result)", |run, a| try_parse(run, a, false, 1))
        .def("static bool TryParse<T>(string value, bool ignoreCase, out T result)", |run, a| {
            let ignores_case = boolean(&a[1]);
            try_parse(run, a, ignores_case, 2)
        })
        .def("string ToString(string format)", |run, a| {
            let format = a[1].as_text().cloned().unwrap_or_else(|| Str::from(""));
            Ok(Value::Str(run.format(&a[0], &format.text())?))
        })
        .def("lenient bool HasFlag(Enum flag)", |_, a| {
            let (value, flag) = (a[0].integral().unwrap_or(0), a[1].integral());
            let flag = flag.ok_or_else(|| Fault::argument_null("flag"))?;
            Ok((value & flag == flag).into())
        })
        .def("lenient static string GetName(Type enumType, object value)", |_, a| {
            Ok(named(enumeration(&a[0])?, &a[1]).into())
        })
        .def("lenient static string[] GetNames(Type enumType)", |_, a| {
            Ok(strings(types().info(enumeration(&a[0])?).constants.iter().map(|(name, _)| *name)))
        })
        .def("lenient static Array GetValues(Type enumType)", |_, a| {
            let id = enumeration(&a[0])?;
            let values = types().info(id).constants.iter().map(|(_, number)| Value::enumeration(id, *number));
            Ok(array(Ty::Named(id), values.collect()))
        })
        .def("lenient static bool IsDefined(Type enumType, object value)", |_, a| {
            Ok(named(enumeration(&a[0])?, &a[1]).is_some().into())
        })
        .def("lenient static string Format(Type enumType, object value, string format)", |run, a| {
            let value = Value::enumeration(enumeration(&a[0])?, a[1].integral().unwrap_or(0) as i64);
            Ok(Value::Str(run.format(&value, &string(&a[2], "format")?.text())?))
        });
}
