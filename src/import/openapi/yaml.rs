//! Reads YAML into a [`Document`].

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_saphyr::{Budget, Error as YamlError, Options};

use super::document::Document;
use super::json::TOO_MANY;
use super::syntax::Limits;

/// How deep values may nest at most.
const DEEPEST: usize = 64;

/// Why a text could not be read.
pub(super) enum Problem {
    /// It has more values than are read.
    TooMany,
    Yaml(YamlError),
}

/// Reads a text that is one document.
pub(super) fn read<'t>(text: &'t str, limits: &Limits) -> Result<Document<'t>, Problem> {
    // An alias cannot make more out of a document than this many times its size.
    let most = text.len().saturating_mul(limits.alias_growth).max(20_000);
    let mut budget = Budget::default();
    budget.max_nodes = most;
    budget.max_events = most.saturating_mul(2);
    budget.max_total_scalar_bytes = most.saturating_mul(4);
    budget.max_depth = limits.depth.min(DEEPEST);
    let mut options = Options::default();
    options.budget = Some(budget);
    options.strict_booleans = true;
    options.with_snippet = false;
    options.alias_limits.max_total_replayed_events = most;
    let mut document = Document::of_yaml(text, limits.values);
    let read = serde_saphyr::with_deserializer_from_str_with_options(text, options, |deserializer| {
        Value(&mut document).deserialize(deserializer)
    });
    match read {
        _ if document.is_full() => Err(Problem::TooMany),
        Ok(()) => Ok(document),
        Err(error) => Err(Problem::Yaml(error)),
    }
}

/// Ends reading when there are more values than are kept.
fn check_size<E: Error>(document: &Document<'_>) -> Result<(), E> {
    if document.is_full() { Err(E::custom(TOO_MANY)) } else { Ok(()) }
}

/// Adds a value to a document.
struct Value<'b, 't>(&'b mut Document<'t>);

impl<'t> DeserializeSeed<'t> for Value<'_, 't> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for Value<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.push_null();
        Ok(())
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'t>>(self, deserializer: D) -> Result<(), D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.0.push_bool(value);
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.0.push_made_number(&value.to_string());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.0.push_made_number(&value.to_string());
        Ok(())
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<(), E> {
        self.visit_f64(value as f64)
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<(), E> {
        self.visit_f64(value as f64)
    }

    /// A number that JSON cannot write stays text.
    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        match Number::from_f64(value) {
            Some(number) => self.0.push_made_number(&number.to_string()),
            None => self.0.push_copied(&value.to_string()),
        }
        Ok(())
    }

    fn visit_borrowed_str<E>(self, value: &'t str) -> Result<(), E> {
        self.0.push_borrowed(value);
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.0.push_copied(value);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut items: A) -> Result<(), A::Error> {
        let open = self.0.open();
        while items.next_element_seed(Value(self.0))?.is_some() {
            check_size(self.0)?;
        }
        self.0.close_list(open, 0, 0);
        Ok(())
    }

    fn visit_map<A: MapAccess<'t>>(self, mut members: A) -> Result<(), A::Error> {
        let open = self.0.open();
        while members.next_key_seed(Name(self.0))?.is_some() {
            members.next_value_seed(Value(self.0))?;
            check_size(self.0)?;
        }
        self.0.close_map(open, 0, 0);
        Ok(())
    }
}

/// Adds the name of a member; what YAML reads as null is the text `null`.
struct Name<'b, 't>(&'b mut Document<'t>);

impl<'t> DeserializeSeed<'t> for Name<'_, 't> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'t> Visitor<'t> for Name<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.push_copied("null");
        Ok(())
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'t>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }

    fn visit_borrowed_str<E>(self, value: &'t str) -> Result<(), E> {
        self.0.push_borrowed(value);
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.0.push_copied(value);
        Ok(())
    }
}
