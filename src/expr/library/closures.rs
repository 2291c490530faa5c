//! Where delegates can be, so that what holds itself is freed.

use std::collections::HashSet;
use std::sync::Arc;

use super::array::Array;
use super::list::List;
use crate::expr::types::{Ty, TypeId};
use crate::expr::value::Value;

/// Whether a value of a static type could hold a delegate, directly or inside.
pub(crate) fn may_hold_closures(ty: &Ty) -> bool {
    match ty {
        Ty::Named(id) => ty.is_delegate() || ty.is_interface() || matches!(id, TypeId::Object | TypeId::Delegate),
        Ty::Generic(id, args) => {
            ty.is_delegate() || ty.is_interface() || args.iter().any(may_hold_closures) || *id == TypeId::Lookup
        }
        Ty::Array(element, _) => may_hold_closures(element),
        Ty::Anonymous(a) => a.types.iter().any(may_hold_closures),
        _ => false,
    }
}

/// Whether a delegate or something lazy is in a value, as far as collections can be looked into.
pub(crate) fn holds_closures(value: &Value) -> bool {
    let (mut waiting, mut seen) = (vec![value.clone()], HashSet::new());
    while let Some(value) = waiting.pop() {
        let Value::Object(object) = &value else { continue };
        if !may_hold_closures(&object.0.ty()) || !seen.insert(Arc::as_ptr(&object.0).cast::<()>()) {
            continue;
        }
        if let Some(list) = object.downcast::<List>() {
            waiting.extend(list.to_vec());
        } else if let Some(array) = object.downcast::<Array>() {
            waiting.extend(array.to_vec());
        } else if let Some(pairs) = object.0.entries() {
            waiting.extend(pairs.into_iter().flat_map(|(key, value)| [key, value]));
        } else if !object.0.parts(&mut |part| waiting.push(part.clone())) {
            return true;
        }
    }
    false
}
