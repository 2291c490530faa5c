//! Values as bytes, for caches: what comes back is of the same kind, and nobody else's.

mod reader;
mod writer;

use super::Value;
use crate::expr::types::TypeId;
use reader::In;
use writer::Out;

/// How deep what is kept may nest.
const DEPTH: u32 = 16;

/// The types that items of kept collections may have, by their place.
const ITEMS: [TypeId; 10] = [
    TypeId::String,
    TypeId::Int32,
    TypeId::Int64,
    TypeId::Double,
    TypeId::Boolean,
    TypeId::Object,
    TypeId::JToken,
    TypeId::JObject,
    TypeId::JArray,
    TypeId::Guid,
];

impl Value {
    /// The value as bytes; none when it is of a kind that cannot be kept, or would take more than `limit`.
    ///
    /// Strings, numbers, dates, `byte[]`, JSON tokens, XML elements and documents, responses, and arrays, lists and
    /// dictionaries of them can be kept.
    pub(crate) fn to_kept(&self, limit: usize) -> Option<Vec<u8>> {
        let mut out = Out { bytes: Vec::new(), limit };
        out.value(self, 0)?;
        (out.bytes.len() <= limit).then_some(out.bytes)
    }

    /// The value of such bytes; none when they are no value.
    pub(crate) fn from_kept(bytes: &[u8]) -> Option<Self> {
        let mut input = In { rest: bytes };
        let value = input.value(0)?;
        input.rest.is_empty().then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Response;
    use super::*;
    use crate::expr::host::Body;
    use crate::expr::json::{Expected, JToken};
    use crate::expr::{Budget, Expression, JsonHost, Library};

    fn canonical(value: &Value) -> String {
        value.to_canonical(&mut JsonHost::default(), &Budget::default()).unwrap().to_string()
    }

    #[test]
    fn values_come_back_as_the_same_kind() {
        for source in [
            "true",
            "'a'",
            "(sbyte)-3",
            "(byte)3",
            "(short)-3",
            "(ushort)3",
            "7",
            "7u",
            "7L",
            "7ul",
            "1.5f",
            "1.5",
            "1.50m",
            "\"text \\u00e9\"",
            "\"\\ud800 alone\"",
            "new DateTime(2024, 3, 15, 1, 2, 3, DateTimeKind.Utc)",
            "new DateTimeOffset(2024, 3, 15, 1, 2, 3, TimeSpan.FromHours(2))",
            "TimeSpan.FromSeconds(90)",
            "new Guid(\"0f8fad5b-d9cb-469f-a165-70867728950e\")",
            "new byte[] { 1, 2, 255 }",
            "JObject.Parse(\"{\\\"a\\\": [1, 2.50, null, \\\"x\\\"]}\")",
            "JArray.Parse(\"[true]\")",
            "new JValue(5)",
            "XElement.Parse(\"<a b='c'> <d/> text</a>\")",
            "new[] { \"a\", null }",
            "new List<int> { 1, 2 }",
            "new Dictionary<string, object> { { \"a\", 1 }, { \"b\", new List<string> { \"c\" } } }",
        ] {
            let expression = Expression::compile(&format!("@({source})"), &Library::strict())
                .unwrap_or_else(|e| panic!("{source}: {e:?}"));
            let value = expression.eval(&mut JsonHost::default(), &Budget::default()).unwrap();
            let bytes = value.to_kept(10_000).unwrap_or_else(|| panic!("{source} is not kept"));
            let back = Value::from_kept(&bytes).unwrap_or_else(|| panic!("{source} does not come back"));
            assert_eq!((back.type_name(), canonical(&back)), (value.type_name(), canonical(&value)), "{source}");
            assert!(value.to_kept(bytes.len() - 1).is_none(), "{source}: the limit");
        }
    }

    #[test]
    fn responses_come_back() {
        let body = Body { bytes: vec![1, 2], content_type: Some("a/b".to_owned()) };
        let headers = vec![("X".to_owned(), vec!["1".to_owned(), "2".to_owned()])];
        let response = Response::new(404, "Gone", headers, Some(body));
        let bytes = Value::from(response).to_kept(1_000).unwrap();
        let back = Value::from_kept(&bytes).unwrap();
        let back = back.as_response().unwrap();
        assert_eq!((back.status(), back.reason(), back.headers()[0].1.len()), (404, "Gone", 2));
        let body = back.body(false).unwrap().unwrap();
        assert_eq!((body.bytes, body.content_type.as_deref()), (vec![1, 2], Some("a/b")));
    }

    #[test]
    fn a_copy_of_an_object_is_kept() {
        let token = JToken::parse("{\"a\":1}", Expected::Object).unwrap().unwrap();
        let kept = Value::object(token.clone()).to_kept(1_000).unwrap();
        token.remove_property("a");
        assert!(canonical(&Value::from_kept(&kept).unwrap()).contains('a'));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_value_or_none(bytes in prop::collection::vec(any::<u8>(), 0..64), tag in "[0-9a-zA-Z]") {
            Value::from_kept(&bytes);
            Value::from_kept(&[tag.as_bytes(), &bytes].concat());
        }

        #[test]
        fn texts_come_back(text in ".*") {
            let kept = Value::from(text.as_str()).to_kept(100_000).unwrap();
            prop_assert_eq!(Value::from_kept(&kept).unwrap().to_text(), Some(text));
        }
    }
}
