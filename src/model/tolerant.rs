//! Reading that forgives what real templates contain: numbers and booleans as strings, and null for absent.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, de};

use super::Sensitive;

/// Reads an integer that may be written as a string; null is absent.
pub(super) fn integer<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i128>,
{
    deserializer.deserialize_any(Optional(Integer(PhantomData)))
}

/// Reads an integer that must be there and may be written as a string.
pub(super) fn required_integer<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i128>,
{
    deserializer.deserialize_any(Integer(PhantomData))
}

/// Reads a number that must be there and may be written as a string.
pub(super) fn required_float<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    deserializer.deserialize_any(Float)
}

/// Reads a boolean that may be written as a string; null is absent.
pub(super) fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    deserializer.deserialize_any(Optional(Boolean))
}

/// Reads a list; null is empty.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads an object of values by name; null is empty.
pub(super) fn map<'de, D, T>(deserializer: D) -> Result<BTreeMap<String, T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads lists of secrets by name, where a list of one may be the text itself; null is empty.
pub(super) fn secrets<'de, D>(deserializer: D) -> Result<BTreeMap<String, Vec<Sensitive>>, D::Error>
where
    D: Deserializer<'de>,
{
    let map: BTreeMap<String, OneOrMore> = map(deserializer)?;
    Ok(map.into_iter().map(|(name, OneOrMore(values))| (name, values)).collect())
}

struct OneOrMore(Vec<Sensitive>);

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMoreVisitor).map(Self)
    }
}

struct OneOrMoreVisitor;

impl<'de> Visitor<'de> for OneOrMoreVisitor {
    type Value = Vec<Sensitive>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of strings")
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(vec![Sensitive::from(text)])
    }
    fn visit_seq<A: de::SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = elements.next_element()? {
            values.push(value);
        }
        Ok(values)
    }
}

/// Reads a text that must be there; null is empty.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads one word.
pub(super) fn word<'de, D: Deserializer<'de>, T>(deserializer: D, read: impl FnOnce(&str) -> T) -> Result<T, D::Error> {
    struct Word<F, T>(F, PhantomData<T>);
    impl<F: FnOnce(&str) -> T, T> Visitor<'_> for Word<F, T> {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }
        fn visit_str<E: Error>(self, word: &str) -> Result<T, E> {
            Ok((self.0)(word))
        }
    }
    deserializer.deserialize_str(Word(read, PhantomData))
}

/// Reads a secret text; its errors do not show it.
pub(super) struct Hidden;

impl Visitor<'_> for Hidden {
    type Value = Sensitive;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Sensitive, E> {
        Ok(Sensitive::from(text))
    }
    fn visit_string<E: Error>(self, text: String) -> Result<Sensitive, E> {
        Ok(Sensitive::from(text))
    }
    fn visit_bool<E: Error>(self, _: bool) -> Result<Sensitive, E> {
        Err(E::invalid_type(de::Unexpected::Other("a boolean"), &self))
    }
    fn visit_i64<E: Error>(self, _: i64) -> Result<Sensitive, E> {
        Err(E::invalid_type(de::Unexpected::Other("a number"), &self))
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<Sensitive, E> {
        Err(E::invalid_type(de::Unexpected::Other("a number"), &self))
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<Sensitive, E> {
        Err(E::invalid_type(de::Unexpected::Other("a number"), &self))
    }
}

struct Integer<T>(PhantomData<T>);

impl<T: TryFrom<i128>> Integer<T> {
    fn fit<E: Error>(&self, number: i128) -> Result<T, E> {
        T::try_from(number)
            .map_err(|_| E::invalid_value(de::Unexpected::Str(&number.to_string()), &"a number in range"))
    }
}

impl<T: TryFrom<i128>> Visitor<'_> for Integer<T> {
    type Value = T;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        self.fit(number.into())
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        self.fit(number.into())
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        if number.fract() == 0.0 && number.abs() < 9e15 {
            return self.fit(number as i128);
        }
        Err(E::invalid_type(de::Unexpected::Float(number), &self))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        match text.trim().parse::<i128>() {
            Ok(number) => self.fit(number),
            Err(_) => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }
}

struct Float;

impl Visitor<'_> for Float {
    type Value = f64;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<f64, E> {
        Ok(number as f64)
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<f64, E> {
        Ok(number as f64)
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<f64, E> {
        Ok(number)
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<f64, E> {
        text.trim().parse().map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

struct Boolean;

impl Visitor<'_> for Boolean {
    type Value = bool;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false")
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<bool, E> {
        Ok(value)
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
        if text.eq_ignore_ascii_case("true") {
            return Ok(true);
        }
        if text.eq_ignore_ascii_case("false") {
            return Ok(false);
        }
        Err(E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

/// Adds null to what a visitor takes.
struct Optional<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Optional<V> {
    type Value = Option<V::Value>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        self.0.visit_bool(value).map(Some)
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        self.0.visit_i64(value).map(Some)
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        self.0.visit_u64(value).map(Some)
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        self.0.visit_f64(value).map(Some)
    }
    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        self.0.visit_str(value).map(Some)
    }
}
