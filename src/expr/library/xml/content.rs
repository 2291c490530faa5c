//! Content: what constructors, `Add` and their kin take.

use super::object::count_shift;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Ty, TypeId, is_subtype};
use crate::expr::value::Value;
use crate::expr::xlinq::{XContent, XObject, convert};

/// How deep sequences of sequences may nest.
const MAX_DEPTH: u32 = 64;

/// The text that a value has as XML content.
pub(super) fn text_of(run: &mut Run<'_>, value: &Value) -> Result<String, Fault> {
    Ok(match value {
        Value::Null => return Err(Fault::argument_null("value")),
        Value::Str(text) => text.text().into_owned(),
        Value::Double(v) => convert::double_text(*v),
        Value::Float(v) => convert::single_text(*v),
        Value::Decimal(v) => v.to_string(),
        Value::Bool(v) => convert::boolean_text(*v).to_owned(),
        Value::DateTime(v) => convert::date_time_text(*v),
        Value::DateTimeOffset(v) => convert::date_time_offset_text(*v),
        Value::TimeSpan(v) => convert::time_span_text(*v),
        other if other.downcast::<XObject>().is_some() => {
            return Err(Fault::argument("An XObject cannot be used as a value."));
        }
        other => run.text_of(other)?.text().into_owned(),
    })
}

/// All content of a value: sequences flattened, null left out.
pub(super) fn contents_of(run: &mut Run<'_>, value: &Value) -> Result<Vec<XContent>, Fault> {
    let mut found = Vec::new();
    flatten(run, value, &mut found, MAX_DEPTH)?;
    Ok(found)
}

fn flatten(run: &mut Run<'_>, value: &Value, found: &mut Vec<XContent>, depth: u32) -> Result<(), Fault> {
    if value.is_null() {
        return Ok(());
    }
    if let Some(object) = value.downcast::<XObject>() {
        found.push(XContent::Object(object.clone()));
        return Ok(());
    }
    let is_many = matches!(value, Value::Object(_) | Value::View(_))
        && is_subtype(&value.ty(), &Ty::Named(TypeId::PlainIEnumerable));
    if !is_many {
        found.push(XContent::Text(text_of(run, value)?));
        return Ok(());
    }
    let Some(depth) = depth.checked_sub(1) else { return Err(Fault::argument("The content nests too deep.")) };
    let mut items = run.iterate(value)?;
    while let Some(item) = items.next(run)? {
        run.step()?;
        run.charge(size_of::<Value>())?;
        flatten(run, &item, found, depth)?;
    }
    Ok(())
}

/// Puts content into a container, from a place on.
pub(super) fn insert_all(run: &mut Run<'_>, container: &XObject, at: usize, value: &Value) -> Result<(), Fault> {
    let mut at = at;
    count_shift(run, container, at)?;
    for content in contents_of(run, value)? {
        run.charge(match &content {
            XContent::Text(text) => text.len() + 64,
            XContent::Object(object) if object.container().is_some() => object.subtree_weight(),
            XContent::Object(_) => 64,
        })?;
        at = container.insert(at, &content)?;
    }
    Ok(())
}
