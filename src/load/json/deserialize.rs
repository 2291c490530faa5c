//! Turns a value into an entity; an error knows the member and its offset.

use std::fmt;

use serde::de::{
    self, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

use super::{Node, Value};

/// Why a value does not fit an entity.
#[derive(Debug)]
pub(crate) struct Misfit {
    /// Where the member that does not fit stands.
    pub(crate) offset: Option<usize>,
    path: String,
    problem: String,
}

impl Misfit {
    fn new(problem: String) -> Self {
        Self { offset: None, path: String::new(), problem }
    }

    fn within(mut self, member: &str, offset: usize) -> Self {
        self.offset.get_or_insert(offset);
        let separator = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{member}{separator}{}", self.path);
        self
    }
}

/// Prints `` `rules[0].name` is a number: expected a string ``.
impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            write!(f, "it {}", self.problem)
        } else {
            write!(f, "`{}` {}", self.path, self.problem)
        }
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(format!("is wrong: {message}"))
    }

    /// Names the kind of value only, because the value may be a secret.
    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("is {}: expected {}", kind(&found), plain(expected)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        match found {
            Unexpected::Str(text) => Self::new(format!("is `{text}`: expected {}", plain(expected))),
            other => Self::invalid_type(other, expected),
        }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("has no `{field}`"))
    }
}

fn kind<'a>(found: &Unexpected<'a>) -> &'a str {
    match *found {
        Unexpected::Other(kind) => kind,
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Signed(_) | Unexpected::Unsigned(_) | Unexpected::Float(_) => "a number",
        Unexpected::Seq => "an array",
        Unexpected::Map => "an object",
        _ => "a string",
    }
}

/// What serde expects, without names of Rust types.
fn plain(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    match text.as_str() {
        "a sequence" => "an array".to_owned(),
        "a map" => "an object".to_owned(),
        _ if text.starts_with("struct ") => "an object".to_owned(),
        _ => text,
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), ..) => visitor.visit_u64(number),
                (_, Some(number), _) => visitor.visit_i64(number),
                (.., number) => visitor.visit_f64(number.unwrap_or(f64::NAN)),
            },
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(elements) => visitor.visit_seq(Elements { rest: elements.iter().enumerate() }),
            Value::Object(members) => visitor.visit_map(Members { rest: members.iter(), value: None }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

struct Elements<'de> {
    rest: std::iter::Enumerate<std::slice::Iter<'de, Node>>,
}

impl<'de> SeqAccess<'de> for Elements<'de> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let Some((index, node)) = self.rest.next() else { return Ok(None) };
        seed.deserialize(node).map(Some).map_err(|misfit| misfit.within(&format!("[{index}]"), node.offset))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

struct Members<'de> {
    rest: std::slice::Iter<'de, (String, Node)>,
    value: Option<&'de (String, Node)>,
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        self.value = self.rest.next();
        match self.value {
            Some((name, _)) => seed.deserialize(name.as_str().into_deserializer()).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        match self.value.take() {
            Some((name, node)) => seed.deserialize(node).map_err(|misfit| misfit.within(name, node.offset)),
            None => Err(Misfit::new("has no value".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::super::parse;
    use crate::model::{Backend, NamedValue, Operation};

    fn misfit<'a, T: Deserialize<'a> + std::fmt::Debug>(node: &'a super::Node) -> (usize, String) {
        let misfit = T::deserialize(node).unwrap_err();
        (misfit.offset.unwrap_or_default(), misfit.to_string())
    }

    #[test]
    fn names_the_member() {
        for (text, offset, message) in [
            (r#"{"url": 5}"#, 8, "`url` is a number: expected a string"),
            (r#"{"tls": []}"#, 8, "`tls` is an array: expected an object"),
            (
                r#"{"tls": {"validateCertificateName": "no"}}"#,
                36,
                "`tls.validateCertificateName` is `no`: expected true or false",
            ),
            (
                r#"{"circuitBreaker": {"rules": [{"tripDuration": "1 min"}]}}"#,
                47,
                "`circuitBreaker.rules[0].tripDuration` is `1 min`: expected an ISO 8601 duration such as `PT1M`",
            ),
            (r#"{"pool": {"services": [{}]}}"#, 23, "`pool.services[0]` has no `id`"),
            (
                r#"{"pool": {"services": [{"id": "/backends/b", "weight": "x"}]}}"#,
                55,
                "`pool.services[0].weight` is `x`: expected a whole number",
            ),
            (
                r#"{"proxy": {"url": "http://p", "password": 12}}"#,
                42,
                "`proxy.password` is a number: expected a string",
            ),
        ] {
            assert_eq!(misfit::<Backend>(&parse(text).unwrap()), (offset, message.to_owned()), "{text}");
        }
        assert_eq!(misfit::<Operation>(&parse(r#"{"method": "GET"}"#).unwrap()).1, "it has no `urlTemplate`");
    }

    #[test]
    fn hides_secret_values() {
        let node = parse(r#"{"value": ["canary"]}"#).unwrap();
        assert_eq!(misfit::<NamedValue>(&node).1, "`value` is an array: expected a string");
    }
}
