//! Values as the conformance cases write them.

use std::sync::Arc;

use serde_json::Value as Json;

use super::{Str, Value};
use crate::expr::budget::Budget;
use crate::expr::code::{Run, error_of};
use crate::expr::dotnet::TimeSpan;
use crate::expr::fault::{EvalError, Fault};
use crate::expr::host::Host;
use crate::expr::json::{Formatting, JToken};
use crate::expr::library::array::Array;
use crate::expr::library::{Settings, json, key_value_pair};
use crate::expr::types::{Ty, TypeId};
use crate::expr::xlinq::{Layout, XObject};

impl Value {
    /// The value in the canonical form of the conformance cases: null, text, or arrays of them; sequences are run.
    ///
    /// Dates are in the round-trip form, `byte[]` is base64, JSON tokens and XML are their compact text, dictionaries
    /// are arrays of pairs.
    ///
    /// # Errors
    ///
    /// What a lazy sequence throws when it runs, or the limit of `budget` that it passes.
    pub fn to_canonical(&self, host: &mut dyn Host, budget: &Budget) -> Result<Json, EvalError> {
        let settings = Settings::default();
        let nothing = Arc::new(Vec::new());
        let mut run = Run::new(host, &settings, budget, &nothing);
        canonical(&mut run, self, 0).map_err(error_of)
    }
}

fn canonical(run: &mut Run<'_>, value: &Value, depth: u32) -> Result<Json, Fault> {
    if depth > 64 {
        return Err(Fault::budget("the value is nested too deep"));
    }
    let text: Str = match value {
        Value::Null => return Ok(Json::Null),
        Value::Double(v) if v.is_infinite() => infinity(*v > 0.0).into(),
        Value::Float(v) if v.is_infinite() => infinity(*v > 0.0).into(),
        Value::DateTime(v) => v.format("o", TimeSpan::ZERO)?.into(),
        Value::DateTimeOffset(v) => v.format("o")?.into(),
        Value::TimeSpan(v) => v.format("c")?.into(),
        Value::Object(object) => {
            if let Some(token) = object.downcast::<JToken>() {
                return Ok(Json::String(json::json_text(run, token, Formatting::None)?.to_string()));
            }
            if let Some(node) = object.downcast::<XObject>() {
                return Ok(Json::String(xml_text(run, node)?));
            }
            if let Some(array) = object.downcast::<Array>().filter(|a| *a.element() == Ty::Named(TypeId::Byte)) {
                use base64::Engine;
                let bytes: Vec<u8> = array.to_vec().iter().map(|b| b.integral().unwrap_or(0) as u8).collect();
                return Ok(Json::String(base64::engine::general_purpose::STANDARD.encode(bytes)));
            }
            if object.0.ty().id() == Some(TypeId::KeyValuePair) {
                let (key, part) = key_value_pair::parts(value);
                return Ok(Json::Array(vec![canonical(run, &key, depth + 1)?, canonical(run, &part, depth + 1)?]));
            }
            let is_sequence = crate::expr::types::is_subtype(&object.0.ty(), &Ty::Named(TypeId::PlainIEnumerable));
            if is_sequence {
                return items(run, value, depth);
            }
            run.text_of(value)?
        }
        Value::View(view) if view.ty().id() == Some(TypeId::IReadOnlyDictionary) => return items(run, value, depth),
        other => run.text_of(other)?,
    };
    Ok(Json::String(text.to_string()))
}

fn items(run: &mut Run<'_>, value: &Value, depth: u32) -> Result<Json, Fault> {
    let items = run.collect(value)?;
    items.iter().map(|item| canonical(run, item, depth + 1)).collect::<Result<_, _>>().map(Json::Array)
}

fn xml_text(run: &mut Run<'_>, node: &XObject) -> Result<String, Fault> {
    let limit = usize::try_from(run.budget.bytes).unwrap_or(usize::MAX);
    Ok(node.to_xml(Layout::Plain, "\n", limit)?)
}

fn infinity(positive: bool) -> &'static str {
    if positive { "Infinity" } else { "-Infinity" }
}
