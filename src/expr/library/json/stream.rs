//! Readers and writers over tokens: `CreateReader`, `CreateWriter`, and what takes them.

use std::sync::{Mutex, PoisonError};

use super::content::insert_all;
use super::token::{json_text, this, value};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::json::{Formatting, JToken, TokenClass, TokenValue};
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Value};

/// A `JsonReader` over a token, which gives it once.
struct Reader(Mutex<Option<JToken>>);

/// A `JsonWriter` into a container.
struct Writer(JToken);

impl Object for Reader {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::JsonReader)
    }
}

impl Object for Writer {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::JsonWriter)
    }
}

/// What is left in a reader.
fn rest(value: &Value) -> Result<JToken, Fault> {
    let reader = value.downcast::<Reader>().ok_or_else(|| Fault::argument_null("reader"))?;
    let token = reader.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    token.ok_or_else(|| Fault::new(TypeId::JsonReaderException, "Error reading JToken from JsonReader. Path ''."))
}

/// A copy of what is left in a reader, when it is of a class.
fn load(run: &mut Run<'_>, reader: &Value, wanted: Option<TokenClass>) -> Result<Value, Fault> {
    let token = rest(reader)?;
    if let Some(wanted) = wanted.filter(|wanted| *wanted != token.class()) {
        let name = wanted.full_name().rsplit('.').next().unwrap_or_default();
        let message = format!(
            "Error reading {name} from JsonReader. Current JsonReader item is not of that kind: {}. Path '{}'.",
            token.token_type().name(),
            token.path()
        );
        return Err(Fault::new(TypeId::JsonReaderException, message));
    }
    run.charge(token.subtree_weight())?;
    Ok(value(token.deep_clone()))
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::JToken)
        .def("JsonReader CreateReader()", |_, a| Ok(Value::object(Reader(Mutex::new(Some(this(a)?.clone()))))))
        .def("void WriteTo(JsonWriter writer, params JsonConverter[] converters)", |run, a| {
            let token = this(a)?;
            let writer = a[1].downcast::<Writer>().ok_or_else(|| Fault::argument_null("writer"))?;
            run.charge(token.subtree_weight())?;
            let content = value(token.deep_clone());
            insert_all(run, &writer.0, writer.0.count(), &content)?;
            Ok(Value::Null)
        })
        .def("static JToken ReadFrom(JsonReader reader)", |run, a| load(run, &a[0], None))
        .def("static JToken ReadFrom(JsonReader reader, JsonLoadSettings settings)", |run, a| load(run, &a[0], None))
        .def("static JToken Load(JsonReader reader)", |run, a| load(run, &a[0], None))
        .def("static JToken Load(JsonReader reader, JsonLoadSettings settings)", |run, a| load(run, &a[0], None));
    table.on(TypeId::JContainer).def("JsonWriter CreateWriter()", |_, a| Ok(Value::object(Writer(this(a)?.clone()))));
    macro_rules! loads {
        ($($id:ident $class:ident $name:literal),*) => {$(
            table
                .on(TypeId::$id)
                .def(concat!("static ", $name, " Load(JsonReader reader)"), |run, a| {
                    load(run, &a[0], Some(TokenClass::$class))
                })
                .def(concat!("static ", $name, " Load(JsonReader reader, JsonLoadSettings settings)"), |run, a| {
                    load(run, &a[0], Some(TokenClass::$class))
                });
        )*};
    }
    loads!(
        JObject Object "JObject",
        JArray Array "JArray",
        JProperty Property "JProperty",
        JConstructor Constructor "JConstructor"
    );
    table.on(TypeId::JRaw).def("static JRaw Create(JsonReader reader)", |run, a| {
        let token = rest(&a[0])?;
        let text = json_text(run, &token, Formatting::None)?;
        Ok(value(JToken::raw(&TokenValue::String(text.text().into_owned()))))
    });
}
