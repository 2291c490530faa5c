//! The public properties of objects that are written as JSON objects.

use super::anonymous::AnonymousObject;
use super::key_value_pair;
use super::tuple::Tuple;
use crate::expr::types::TypeId;
use crate::expr::value::Value;

/// Names and values of the properties of an anonymous object, a pair or a tuple.
pub(crate) fn of(value: &Value) -> Option<Vec<(String, Value)>> {
    if let Some(object) = value.downcast::<AnonymousObject>() {
        return Some(object.members().map(|(name, value)| (name.to_owned(), value.clone())).collect());
    }
    if value.ty().id() == Some(TypeId::KeyValuePair) {
        let (key, part) = key_value_pair::parts(value);
        return Some(vec![("Key".to_owned(), key), ("Value".to_owned(), part)]);
    }
    let tuple = value.downcast::<Tuple>()?;
    Some(tuple.items().iter().enumerate().map(|(i, item)| (format!("Item{}", i + 1), item.clone())).collect())
}
