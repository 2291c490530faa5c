//! The claims of a token, read without copying what is text.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The claims of a token by name; of several with the same name the last one counts.
#[derive(Debug, Default)]
pub(crate) struct Claims<'p>(Vec<(Name<'p>, Claim<'p>)>);

/// The value of a claim.
#[derive(Debug, PartialEq)]
pub(crate) enum Claim<'p> {
    Text(Cow<'p, str>),
    /// Numbers, lists and the rest.
    Other(Value),
}

#[derive(Debug, Deserialize)]
struct Name<'p>(#[serde(borrow)] Cow<'p, str>);

impl<'p> Claims<'p> {
    /// Reads claims from JSON; none when that is no object.
    pub(super) fn read(json: &'p [u8]) -> Option<Self> {
        serde_json::from_str(str::from_utf8(json).ok()?).ok()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Claim<'p>> {
        self.0.iter().rev().find(|(known, _)| known.0 == name).map(|(_, claim)| claim)
    }
}

impl Claim<'_> {
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Other(_) => None,
        }
    }

    pub(crate) fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Text(_) => None,
            Self::Other(value) => value.as_f64(),
        }
    }

    /// The texts of the claim: one for each item of an array. What is no text is as it stands in JSON.
    pub(crate) fn texts(&self) -> Vec<Cow<'_, str>> {
        fn text(value: &Value) -> Cow<'_, str> {
            match value {
                Value::String(text) => Cow::Borrowed(text),
                other => Cow::Owned(other.to_string()),
            }
        }
        match self {
            Self::Text(one) => vec![Cow::Borrowed(one)],
            Self::Other(Value::Array(items)) => items.iter().map(text).collect(),
            Self::Other(one) => vec![text(one)],
        }
    }
}

impl<'de: 'p, 'p> Deserialize<'de> for Claims<'p> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Claims<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Claims<'de>, A::Error> {
                let mut claims = Vec::with_capacity(16);
                while let Some(claim) = map.next_entry()? {
                    claims.push(claim);
                }
                Ok(Claims(claims))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

impl<'de: 'p, 'p> Deserialize<'de> for Claim<'p> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Claim<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Claim<'de>, E> {
                Ok(Claim::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Claim<'de>, E> {
                Ok(Claim::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Claim<'de>, E> {
                Ok(Claim::Other(value.into()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Claim<'de>, E> {
                Ok(Claim::Other(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Claim<'de>, E> {
                Ok(Claim::Other(value.into()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Claim<'de>, E> {
                Ok(Claim::Other(value.into()))
            }

            fn visit_unit<E>(self) -> Result<Claim<'de>, E> {
                Ok(Claim::Other(Value::Null))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Claim<'de>, A::Error> {
                Value::deserialize(SeqAccessDeserializer::new(seq)).map(Claim::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Claim<'de>, A::Error> {
                Value::deserialize(MapAccessDeserializer::new(map)).map(Claim::Other)
            }
        }

        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_stay_where_they_are() {
        let json = br#"{"a":"x","b":"y\n","n":7,"l":["p",1],"o":{"k":null},"t":true,"z":null,"a":"last"}"#;
        let claims = Claims::read(json).unwrap();
        assert!(matches!(claims.get("a"), Some(Claim::Text(Cow::Borrowed("last")))));
        assert_eq!(claims.get("b").and_then(Claim::as_str), Some("y\n"));
        assert_eq!(claims.get("n").and_then(Claim::as_f64), Some(7.0));
        assert_eq!(claims.get("l").unwrap().texts(), ["p", "1"]);
        assert_eq!(claims.get("o").unwrap().texts(), [r#"{"k":null}"#]);
        assert_eq!(claims.get("none"), None);
        for wrong in ["[]", "7", "", "{", r#"{"a":}"#, "null"] {
            assert!(Claims::read(wrong.as_bytes()).is_none(), "{wrong}");
        }
    }

    proptest! {
        /// What is read is what the JSON crate reads.
        #[test]
        fn agrees_with_serde_json(json in "\\{(\"[ab]\":(\"[a\\\\n\"]{0,3}\"|1|-1.5|null|true|\\[[1,]{0,3}\\]|\\{\\}),?){0,4}\\}") {
            let expected: Option<serde_json::Map<String, Value>> = serde_json::from_str(&json).ok();
            let read = Claims::read(json.as_bytes());
            prop_assert_eq!(read.is_some(), expected.is_some());
            for (name, value) in expected.iter().flatten() {
                let claim = read.as_ref().and_then(|claims| claims.get(name)).unwrap();
                let same = match claim {
                    Claim::Text(text) => Value::from(&**text),
                    Claim::Other(other) => other.clone(),
                };
                prop_assert_eq!(&same, value);
            }
        }
    }
}
