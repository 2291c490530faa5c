//! Casts, `Value<T>` and deserialisation.

use super::super::{Expected, IntType};
use super::*;

const INT: Target = Target::Integer(IntType::Int32);

fn token(json: &str) -> JToken {
    JToken::parse(json, Expected::Token).unwrap().unwrap()
}

#[test]
fn casts() {
    for (json, target, answer) in [
        ("1", Target::String, "1"),
        ("1.0", Target::String, "1"),
        ("true", Target::String, "True"),
        ("\"2024-03-05T14:07:09Z\"", Target::String, "03/05/2024 14:07:09"),
        ("2.5", INT, "2"),
        ("1.6", INT, "2"),
        ("\"12\"", INT, "12"),
        ("1.10", Target::Decimal, "1.1"),
        ("1", Target::Boolean, "True"),
        ("\"true\"", Target::Boolean, "True"),
        ("\"01:02:03\"", Target::TimeSpan, "01:02:03"),
        ("\"x\"", Target::Char, "x"),
        ("12345678901234567890", Target::Integer(IntType::UInt64), "12345678901234567890"),
    ] {
        let value = cast(Some(&token(json)), target, Nullable::No, DateTime::MIN).unwrap();
        assert_eq!(value.invariant_text(), answer, "{json} {target:?}");
    }
    for (json, target, message) in [
        ("{}", Target::String, "Can not convert Object to String."),
        ("null", INT, "Can not convert Null to Int32."),
        ("3000000000", INT, "Value was either too large or too small for an Int32."),
        ("\"x\"", INT, "Input string was not in a correct format."),
        ("-0.5", Target::Char, "Invalid cast from 'Double' to 'Char'."),
        ("\"2024-03-05T14:07:09Z\"", Target::Bytes, "Can not convert Date to byte array."),
        ("3000000000", Target::Char, "Value was either too large or too small for a character."),
    ] {
        let error = cast(Some(&token(json)), target, Nullable::No, DateTime::MIN).unwrap_err();
        assert_eq!(error.message, message, "{json} {target:?}");
    }
    assert_eq!(cast(None, INT, Nullable::Yes, DateTime::MIN), Ok(TokenValue::Null));
    assert!(cast(None, INT, Nullable::No, DateTime::MIN).is_err());
}

#[test]
fn values() {
    for (json, target, message) in [
        ("\"12\"", Target::Guid, "Invalid cast from 'System.String' to 'System.Guid'."),
        ("\"2024-03-05T14:07:09Z\"", Target::Decimal, "Invalid cast from 'DateTime' to 'Decimal'."),
        ("1.0", Target::Bytes, "Invalid cast from 'System.Double' to 'System.Byte[]'."),
        ("1", Target::DateTime, "Invalid cast from 'Int64' to 'DateTime'."),
        ("[]", INT, "Cannot cast Newtonsoft.Json.Linq.JArray to Newtonsoft.Json.Linq.JToken."),
        ("null", INT, "Null object cannot be converted to a value type."),
    ] {
        let error = value_as(&token(json), target, Nullable::No, DateTime::MIN).unwrap_err();
        assert_eq!((error.class, error.message.as_str()), ("System.InvalidCastException", message), "{json}");
    }
}

#[test]
fn deserializes() {
    let read = |json: &str, target, source| deserialize(&token(json), target, source, DateTime::MIN);
    assert_eq!(read("\"2\"", INT, Source::Text), Ok(TokenValue::Integer(IntType::Int32, 2)));
    assert_eq!(read("1.5", INT, Source::Tokens), Ok(TokenValue::Integer(IntType::Int32, 2)));
    for (json, target, class) in [
        ("\"x\"", INT, "Newtonsoft.Json.JsonReaderException"),
        ("1.5", INT, "Newtonsoft.Json.JsonReaderException"),
        ("\"x\"", Target::Integer(IntType::Int64), "Newtonsoft.Json.JsonSerializationException"),
        ("[]", Target::Integer(IntType::Int64), "Newtonsoft.Json.JsonSerializationException"),
    ] {
        assert_eq!(read(json, target, Source::Text).unwrap_err().class, class, "{json}");
    }
}
