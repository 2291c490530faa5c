//! Calls through an interface: finds the member of the run-time type.

use std::sync::Arc;

use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Method, Property, Ty, TypeId, TypeInfo, table};
use crate::expr::value::Value;

/// The classes of an object, most derived first, with their type arguments.
fn classes(value: &Value) -> Vec<(&'static TypeInfo, Arc<[Ty]>)> {
    let (mut out, mut next) = (Vec::new(), Some(value.ty()));
    while let Some(ty) = next {
        let Some(id) = ty.id().filter(|id| *id != TypeId::Object && !ty.is_interface()) else { break };
        let info = table().info(id);
        out.push((info, Arc::from(ty.args())));
        next = info.base.as_ref().map(|base| base.substitute(ty.args()));
    }
    out
}

fn unsupported() -> Fault {
    Fault::not_supported("Specified method is not supported.")
}

/// Calls the method of this name that takes as many arguments as there are.
pub(super) fn method(run: &mut Run<'_>, name: &str, a: &mut [Value]) -> Result<Value, Fault> {
    let object = a.first().ok_or_else(Fault::null_reference)?;
    let fits = |method: &&Method| !method.is_static && method.params.len() + 1 == a.len();
    let found = classes(object)
        .into_iter()
        .find_map(|(info, types)| info.methods.get(name)?.iter().find(fits).map(|method| (method.native, types)));
    let (native, types) = found.ok_or_else(unsupported)?;
    run.set_type_args(&types);
    native(run, a)
}

fn indexer(a: &[Value]) -> Option<(&'static Property, Arc<[Ty]>)> {
    let (object, key) = (a.first()?, a.get(1)?);
    classes(object).into_iter().find_map(|(info, types)| {
        let exact =
            info.indexers.iter().find(|p| p.params.first().is_some_and(|p| p.ty.substitute(&types) == key.ty()));
        Some((exact.or_else(|| info.indexers.first())?, types))
    })
}

/// Reads an indexer.
pub(super) fn item(run: &mut Run<'_>, a: &mut [Value]) -> Result<Value, Fault> {
    let (property, types) = indexer(a).ok_or_else(unsupported)?;
    run.set_type_args(&types);
    (property.get)(run, a)
}

/// Sets an indexer.
pub(super) fn set_item(run: &mut Run<'_>, a: &mut [Value]) -> Result<Value, Fault> {
    let (property, types) = indexer(a).ok_or_else(unsupported)?;
    let set = property.set.ok_or_else(unsupported)?;
    run.set_type_args(&types);
    set(run, a)
}

/// Reads a property; None when the classes of the object do not have it.
pub(super) fn property(run: &mut Run<'_>, name: &str, a: &mut [Value]) -> Result<Option<Value>, Fault> {
    let object = a.first().ok_or_else(Fault::null_reference)?;
    let found = classes(object).into_iter().find_map(|(info, types)| {
        info.properties.get(name).filter(|property| !property.is_static).map(|property| (property.get, types))
    });
    match found {
        Some((get, types)) => {
            run.set_type_args(&types);
            get(run, a).map(Some)
        }
        None => Ok(None),
    }
}
