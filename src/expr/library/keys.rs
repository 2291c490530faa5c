//! Values as keys of tables: what a comparer calls equal has one key, and keys spread well whatever the values are.

use std::hash::{Hash, Hasher};

use super::comparers::Deep;
use super::equality::Comparing;
use super::string::Comparison;
use crate::expr::dotnet::{chars, collation};
use crate::expr::json::JToken;
use crate::expr::value::{Str, Value};
use crate::expr::xlinq::XObject;

/// A value as a comparer sees it.
#[derive(Clone)]
pub(super) struct Key(Value, Option<Deep>);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.1 {
            Some(deep) => deep.hash(&self.0).hash(state),
            None => spread(&self.0, state),
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        match self.1 {
            Some(deep) => deep.equal(&self.0, &other.0),
            None => self.0.equals(&other.0),
        }
    }
}

impl Eq for Key {}

/// Hashes all of a value. .NET's hash codes have 32 bits and simple formulas, so that it is easy to make values that share one.
fn spread(value: &Value, mut state: &mut dyn Hasher) {
    match value {
        Value::Str(text) => text.hash(&mut state),
        Value::Double(number) => (if *number == 0.0 { 0 } else { number.to_bits() }).hash(&mut state),
        Value::TimeSpan(span) => span.ticks().hash(&mut state),
        Value::DateTime(time) => time.ticks().hash(&mut state),
        Value::DateTimeOffset(time) => time.utc_ticks().hash(&mut state),
        Value::Guid(guid) => guid.to_bytes().hash(&mut state),
        Value::Object(object) if object.0.parts(&mut |part| spread(part, &mut state)) => {}
        other => match other.integral() {
            Some(number) => number.hash(&mut state),
            None => other.hash_code().hash(&mut state),
        },
    }
}

impl Comparing {
    pub(super) fn key(self, value: &Value) -> Key {
        let (folding, text) = match (self, value) {
            (Self::Text(folding), Value::Str(text)) => (folding, text),
            (Self::Deep(deep), _) => return Key(value.clone(), Some(deep)),
            _ => return Key(value.clone(), None),
        };
        let form = collation::NormalizationForm::C;
        let folded = match folding {
            Comparison::Ordinal { ignores_case: false } => text.clone(),
            Comparison::Ordinal { ignores_case: true } => chars::upper_text(&text.text()).into(),
            Comparison::Culture { ignores_case: false } => Str::from(collation::normalize(&text.text(), form)),
            Comparison::Culture { ignores_case: true } => {
                Str::from(chars::upper_text(&collation::normalize(&text.text(), form)))
            }
        };
        Key(Value::Str(folded), None)
    }

    /// The basic steps that looking a value up takes.
    pub(super) fn steps(self, value: &Value) -> usize {
        let size = match (self, value) {
            (Self::Text(_), Value::Str(text)) => text.byte_len() * 4,
            (_, Value::Str(text)) => text.byte_len() / 4,
            (Self::Deep(_), Value::Object(_)) => {
                let token = value.downcast::<JToken>().map(JToken::subtree_weight);
                token.or_else(|| value.downcast::<XObject>().map(XObject::subtree_weight)).unwrap_or(0) / 2
            }
            _ => 0,
        };
        LOOK_UP + size
    }
}

/// The basic steps of looking up a small value.
const LOOK_UP: usize = 32;

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn equal_values_have_equal_keys() {
        let keys: HashMap<Key, i32> = [Value::Int(1), Value::Long(1 << 32), Value::Double(0.0), "Key".into()]
            .iter()
            .zip(0..)
            .map(|(value, index)| (Comparing::Default.key(value), index))
            .collect();
        let found = |value: Value| keys.get(&Comparing::Default.key(&value)).copied();
        assert_eq!(found(Value::Int(1)), Some(0));
        assert_eq!(found(Value::Long(1)), None, "another type");
        assert_eq!(found(Value::Long(1 << 32)), Some(1));
        assert_eq!(found(Value::Double(-0.0)), Some(2));
        assert_eq!(found("Key".into()), Some(3));
        assert_eq!(found("key".into()), None);
    }

    #[test]
    fn comparers_fold_texts() {
        let comparing = Comparing::Text(Comparison::Ordinal { ignores_case: true });
        assert!(comparing.key(&"Key".into()) == comparing.key(&"KEY".into()));
    }
}
