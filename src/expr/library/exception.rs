//! `System.Exception` and its kin.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::args::int;
use super::dictionary;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value, release};

/// An exception object.
pub(crate) struct Exception {
    ty: TypeId,
    message: Str,
    inner: Value,
    notes: Mutex<Notes>,
}

/// What an expression writes on an exception.
#[derive(Default)]
struct Notes {
    source: Option<Str>,
    help_link: Option<Str>,
    h_result: Option<i32>,
    data: Option<Value>,
}

/// An exception of a type.
pub(crate) fn make(ty: TypeId, message: impl Into<Str>) -> Value {
    Value::object(Exception { ty, message: message.into(), inner: Value::Null, notes: Mutex::default() })
}

/// The full type name and the message of an exception.
pub(crate) fn describe(value: &Value) -> (String, String) {
    match value.downcast::<Exception>() {
        Some(e) => (e.ty.full_name().to_owned(), e.message.to_string()),
        None => (
            TypeId::NullReferenceException.full_name().to_owned(),
            "Object reference not set to an instance of an object.".to_owned(),
        ),
    }
}

impl Drop for Exception {
    fn drop(&mut self) {
        let data = self.notes.get_mut().unwrap_or_else(PoisonError::into_inner).data.take();
        release(data.into_iter().chain([std::mem::replace(&mut self.inner, Value::Null)]));
    }
}

impl Object for Exception {
    fn ty(&self) -> Ty {
        Ty::Named(self.ty)
    }

    fn to_text(&self, _: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        let name = self.ty.full_name();
        Ok(Some(if self.message.is_empty() { name.into() } else { format!("{name}: {}", self.message).into() }))
    }
}

fn of(value: &Value) -> Option<&Exception> {
    value.downcast()
}

fn notes(value: &Value) -> Result<MutexGuard<'_, Notes>, Fault> {
    let exception = of(value).ok_or_else(Fault::null_reference)?;
    Ok(exception.notes.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Adds the constructors and members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::Exception)
        .def("string Message", |_, a| Ok(of(&a[0]).map(|e| e.message.clone()).into()))
        .def("Exception InnerException", |_, a| Ok(of(&a[0]).map_or(Value::Null, |e| e.inner.clone())))
        .def("string StackTrace", |_, _| Ok(Value::Null))
        .def("System.Reflection.MethodBase TargetSite", |_, _| Ok(Value::Null))
        .def_set(
            "string Source",
            |_, a| Ok(notes(&a[0])?.source.clone().into()),
            |_, a| {
                notes(&a[0])?.source = a[1].as_text().cloned();
                Ok(Value::Null)
            },
        )
        .def_set(
            "string HelpLink",
            |_, a| Ok(notes(&a[0])?.help_link.clone().into()),
            |_, a| {
                notes(&a[0])?.help_link = a[1].as_text().cloned();
                Ok(Value::Null)
            },
        )
        .def_set(
            "int HResult",
            |_, a| Ok(Value::Int(notes(&a[0])?.h_result.unwrap_or(-2146233088))),
            |_, a| {
                notes(&a[0])?.h_result = Some(int(&a[1]));
                Ok(Value::Null)
            },
        )
        .def("IDictionary<object, object> Data", |_, a| {
            let mut notes = notes(&a[0])?;
            Ok(notes.data.get_or_insert_with(|| dictionary::make(Ty::Object, Ty::Object, Vec::new())).clone())
        })
        .def("Exception GetBaseException()", |run, a| {
            let mut at = a[0].clone();
            while let Some(inner) = of(&at).map(|e| e.inner.clone()).filter(|i| !i.is_null()) {
                run.step()?;
                at = inner;
            }
            Ok(at)
        });
    macro_rules! constructors {
        ($($id:ident)*) => {$(
            table
                .on(TypeId::$id)
                .def("new()", |run, _| made(run, make(TypeId::$id, default_message(TypeId::$id))))
                .def("new(string message)", |run, a| made(run, new(TypeId::$id, &a[0], &Value::Null)))
                .def("new(string message, Exception innerException)", |run, a| made(run, new(TypeId::$id, &a[0], &a[1])));
        )*};
    }
    constructors! {
        Exception SystemException NullReferenceException IndexOutOfRangeException InvalidCastException
        InvalidOperationException NotSupportedException NotImplementedException FormatException UriFormatException
        ArithmeticException OverflowException DivideByZeroException ArgumentException KeyNotFoundException
        TimeoutException ApplicationException JsonException JsonReaderException JsonSerializationException
        CryptographicException XmlException
    }
    table
        .on(TypeId::ArgumentNullException)
        .def("new()", |run, _| made(run, make(TypeId::ArgumentNullException, "Value cannot be null.")))
        .def("new(string paramName)", |run, a| {
            let message = format!("Value cannot be null. (Parameter '{}')", text(&a[0]));
            made(run, make(TypeId::ArgumentNullException, message))
        });
    table
        .on(TypeId::ArgumentOutOfRangeException)
        .def("new()", |run, _| {
            made(run, make(TypeId::ArgumentOutOfRangeException, default_message(TypeId::ArgumentOutOfRangeException)))
        })
        .def("new(string paramName)", |run, a| {
            let message =
                format!("{} (Parameter '{}')", default_message(TypeId::ArgumentOutOfRangeException), text(&a[0]));
            made(run, make(TypeId::ArgumentOutOfRangeException, message))
        });
}

fn text(value: &Value) -> String {
    value.as_text().map(Str::to_string).unwrap_or_default()
}

/// An exception that an expression makes takes its bytes.
fn made(run: &mut Run<'_>, exception: Value) -> Result<Value, Fault> {
    run.charge(size_of::<Exception>())?;
    Ok(exception)
}

fn new(ty: TypeId, message: &Value, inner: &Value) -> Value {
    let message = message.as_text().cloned().unwrap_or_else(|| default_message(ty).into());
    Value::object(Exception { ty, message, inner: inner.clone(), notes: Mutex::default() })
}

fn default_message(ty: TypeId) -> String {
    match ty {
        TypeId::NullReferenceException => "Object reference not set to an instance of an object.".to_owned(),
        TypeId::ArgumentException => "Value does not fall within the expected range.".to_owned(),
        TypeId::ArgumentOutOfRangeException => "Specified argument was out of the range of valid values.".to_owned(),
        TypeId::FormatException => "One of the identified items was in an invalid format.".to_owned(),
        TypeId::InvalidOperationException => {
            "Operation is not valid due to the current state of the object.".to_owned()
        }
        TypeId::NotSupportedException => "Specified method is not supported.".to_owned(),
        TypeId::NotImplementedException => "The method or operation is not implemented.".to_owned(),
        TypeId::OverflowException => "Arithmetic operation resulted in an overflow.".to_owned(),
        TypeId::DivideByZeroException => "Attempted to divide by zero.".to_owned(),
        TypeId::KeyNotFoundException => "The given key was not present in the dictionary.".to_owned(),
        TypeId::TimeoutException => "The operation has timed out.".to_owned(),
        other => format!("Exception of type '{}' was thrown.", other.full_name()),
    }
}
