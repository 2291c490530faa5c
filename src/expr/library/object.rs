//! `System.Object`: text, equality, hash codes, comparison of every value.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::expr::code::Run;
use crate::expr::dotnet::TimeSpan;
use crate::expr::dotnet::number::{self, Number};
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId, table};
use crate::expr::value::{Object, Str, Value};

/// A `System.Type` object.
pub(crate) struct TypeObject(pub(crate) Ty);

impl Object for TypeObject {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::Type)
    }

    fn to_text(&self, _: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        Ok(Some(self.0.reflection_name().into()))
    }

    fn equals(&self, other: &Value) -> Option<bool> {
        Some(other.downcast::<Self>().is_some_and(|o| o.0 == self.0))
    }

    fn hash_code(&self) -> Option<i32> {
        Some({
            let mut hasher = DefaultHasher::new();
            self.0.hash(&mut hasher);
            hasher.finish() as i32
        })
    }
}

/// The number that a value of a numeric type is.
pub(crate) fn number_of(value: &Value) -> Option<Number> {
    let bits = match value {
        Value::SByte(_) | Value::Byte(_) => 8,
        Value::Short(_) | Value::UShort(_) => 16,
        Value::Int(_) | Value::UInt(_) => 32,
        Value::Long(_) | Value::ULong(_) => 64,
        Value::Float(v) => return Some(Number::Single(*v)),
        Value::Double(v) => return Some(Number::Double(*v)),
        Value::Decimal(v) => return Some(Number::Decimal(*v)),
        _ => return None,
    };
    Some(Number::Integer { value: value.integral()?, bits })
}

/// The text of a value that needs no evaluation: everything but objects and views.
pub(crate) fn simple_text(value: &Value) -> Option<Str> {
    Some(match value {
        Value::Str(text) => text.clone(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Char(unit) => Str::from_utf16(&[*unit]),
        Value::DateTime(v) => v.format("", TimeSpan::ZERO).ok()?.into(),
        Value::DateTimeOffset(v) => v.format("").ok()?.into(),
        Value::TimeSpan(v) => v.format("").ok()?.into(),
        Value::Guid(v) => v.format("D").ok()?.into(),
        Value::Enum(ty, number) => enum_text(ty.0, *number).into(),
        other => number::to_text(number_of(other)?).into(),
    })
}

/// The name of an enumeration constant, names of flags, or the number.
pub(crate) fn enum_text(ty: TypeId, number: i64) -> String {
    let info = table().info(ty);
    if let Some((name, _)) = info.constants.iter().find(|(_, v)| *v == number) {
        return (*name).to_owned();
    }
    if info.is_flags && number > 0 {
        let mut rest = number;
        let mut names = Vec::new();
        for (name, value) in info.constants.iter().rev() {
            if *value != 0 && rest & value == *value {
                rest &= !value;
                names.push(*name);
            }
        }
        if rest == 0 {
            names.reverse();
            return names.join(", ");
        }
    }
    number.to_string()
}

impl Run<'_> {
    /// `ToString()`; null throws.
    pub(crate) fn text_of(&mut self, value: &Value) -> Result<Str, Fault> {
        if let Some(text) = simple_text(value) {
            return Ok(text);
        }
        match value {
            Value::Null => Err(Fault::null_reference()),
            Value::View(view) => super::context::text_of(self, *view),
            Value::Object(object) => {
                self.step()?;
                let object = Arc::clone(&object.0);
                match object.to_text(self)? {
                    Some(text) => Ok(text),
                    None => Ok(object.ty().reflection_name().into()),
                }
            }
            other => Ok(other.ty().full_name().into()),
        }
    }

    /// `ToString()`, or empty text for null.
    pub(crate) fn text_or_empty(&mut self, value: &Value) -> Result<Str, Fault> {
        if value.is_null() { Ok(Str::from("")) } else { self.text_of(value) }
    }

    /// `ToString(format)` of a formattable value; others ignore the format.
    pub(crate) fn format(&mut self, value: &Value, format: &str) -> Result<Str, Fault> {
        Ok(match value {
            Value::DateTime(v) => v.format(format, TimeSpan::ZERO)?.into(),
            Value::DateTimeOffset(v) => v.format(format)?.into(),
            Value::TimeSpan(v) => v.format(format)?.into(),
            Value::Guid(v) => v.format(if format.is_empty() { "D" } else { format })?.into(),
            Value::Enum(ty, number) => return enum_format(ty.0, *number, format),
            Value::Object(object) => {
                let object = Arc::clone(&object.0);
                match object.format(self, format)? {
                    Some(text) => text,
                    None => return self.text_of(value),
                }
            }
            other => match number_of(other) {
                Some(number) => {
                    self.charge(64)?;
                    number::format(number, format)?.into()
                }
                None => return self.text_of(other),
            },
        })
    }

    /// `object.Equals(a, b)`
    pub(crate) fn equals(&mut self, a: &Value, b: &Value) -> Result<bool, Fault> {
        self.step()?;
        Ok(a.equals(b))
    }
}

fn enum_format(ty: TypeId, number: i64, format: &str) -> Result<Str, Fault> {
    Ok(match format {
        "" | "G" | "g" | "F" | "f" => enum_text(ty, number).into(),
        "D" | "d" => number.to_string().into(),
        "X" | "x" => format!("{:08X}", number as u32).into(),
        _ => {
            return Err(Fault::format(
                "Format string can be only \"G\", \"g\", \"X\", \"x\", \"F\", \"f\", \"D\" or \"d\".",
            ));
        }
    })
}

/// Adds the members that everything has.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::Object)
        .def("new()", |_, _| Ok(Value::object(Plain)))
        .def("string ToString()", |run, a| Ok(Value::Str(run.text_of(&a[0])?)))
        .def("bool Equals(object obj)", |run, a| Ok(run.equals(&a[0], &a[1])?.into()))
        .def("static bool Equals(object objA, object objB)", |run, a| Ok(run.equals(&a[0], &a[1])?.into()))
        .def("static bool ReferenceEquals(object objA, object objB)", |run, a| Ok(run.same(&a[0], &a[1]).into()))
        .def("int GetHashCode()", |_, a| Ok(Value::Int(a[0].hash_code())))
        .def("Type GetType()", |_, a| Ok(Value::object(TypeObject(a[0].ty()))));
    table
        .on(TypeId::Type)
        .def("lenient string Name", |_, a| Ok(type_of(&a[0]).map(|t| short_name(&t)).into()))
        .def("lenient string FullName", |_, a| Ok(type_of(&a[0]).map(|t| t.reflection_name()).into()))
        .def("static bool operator ==(Type left, Type right)", |_, a| Ok(a[0].equals(&a[1]).into()))
        .def("static bool operator !=(Type left, Type right)", |_, a| Ok((!a[0].equals(&a[1])).into()));
    table
        .on(TypeId::IComparable)
        .def("int CompareTo(object obj)", |run, a| Ok(Value::Int(run.compare(&a[0], &a[1])? as i32)));
    table.on(TypeId::IFormattable).def("string ToString(string format, IFormatProvider provider)", |run, a| {
        let format = a[1].as_text().cloned().unwrap_or_else(|| Str::from(""));
        Ok(Value::Str(run.format(&a[0], &format.text())?))
    });
    table.on(TypeId::IDisposable).def("void Dispose()", |_, a| {
        if let Value::Object(object) = &a[0] {
            object.0.dispose();
        }
        Ok(Value::Null)
    });
}

/// A bare object.
struct Plain;

impl Object for Plain {
    fn ty(&self) -> Ty {
        Ty::Object
    }
}

fn type_of(value: &Value) -> Option<Ty> {
    value.downcast::<TypeObject>().map(|t| t.0.clone())
}

fn short_name(ty: &Ty) -> String {
    match ty {
        Ty::Named(id) => id.simple_name().to_owned(),
        Ty::Generic(id, _) => format!("{}`{}", id.simple_name(), ty.items().len()),
        Ty::Array(element, _) => format!("{}[]", short_name(element)),
        other => other.reflection_name(),
    }
}

/// The text of an object outside an evaluation.
pub(crate) fn text_without_host(value: &Value) -> String {
    struct Nobody;
    impl crate::expr::host::Host for Nobody {}
    let settings = super::Settings::default();
    let budget = crate::expr::Budget::default();
    let (mut nobody, nothing) = (Nobody, Arc::new(Vec::new()));
    let mut run = Run::new(&mut nobody, &settings, &budget, &nothing);
    match run.text_of(value) {
        Ok(text) => text.to_string(),
        Err(_) => value.type_name(),
    }
}
