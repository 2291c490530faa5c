//! JSON that is kept as its text.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A JSON value that is kept as its text until somebody looks at it: schemas and examples are large, and most are never
/// read.
///
/// It dereferences to a [`serde_json::Value`], which the first look at it makes and keeps. Clones share both.
///
/// ```
/// use gatewright::model::Json;
///
/// let json = Json::from(serde_json::json!({ "type": "string" }));
/// assert_eq!(json["type"], "string");
/// ```
#[derive(Clone)]
pub struct Json(Arc<Inner>);

struct Inner {
    /// Empty when the value was there first.
    text: Box<str>,
    value: OnceLock<Value>,
}

impl Json {
    /// What a text says, which must be JSON; otherwise it is null.
    #[cfg_attr(not(feature = "import"), allow(dead_code))]
    pub(crate) fn from_text(text: String) -> Self {
        Self(Arc::new(Inner { text: text.into(), value: OnceLock::new() }))
    }

    /// How many bytes its text has.
    #[cfg_attr(not(feature = "import"), allow(dead_code))]
    pub(crate) fn size(&self) -> usize {
        self.0.text.len()
    }

    fn read(&self) -> Value {
        serde_json::from_str(&self.0.text).unwrap_or_default()
    }
}

impl Deref for Json {
    type Target = Value;

    fn deref(&self) -> &Value {
        self.0.value.get_or_init(|| self.read())
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        Self(Arc::new(Inner { text: Box::default(), value: OnceLock::from(value) }))
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || **self == **other
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.value.get() {
            Some(value) => value.serialize(serializer),
            None => self.read().serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_its_value() {
        let text = Json::from_text(r#"{"b": [1, null], "a": "x"}"#.to_owned());
        let value = Json::from(serde_json::json!({"a": "x", "b": [1, null]}));
        assert_eq!(serde_json::to_string(&text).unwrap(), serde_json::to_string(&value).unwrap());
        assert_eq!(format!("{text:?}"), format!("{value:?}"));
        assert_eq!(text.clone(), value);
        assert_eq!(serde_json::from_str::<Option<Json>>("null").unwrap(), None);
        assert_eq!(serde_json::from_str::<Json>("[1]").unwrap()[0], 1);
        assert!(Json::from_text("{".to_owned()).is_null());
    }
}
