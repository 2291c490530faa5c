//! The .NET types that tokens convert to.

use super::super::token::JTokenType;
use super::super::value::IntType;

/// A .NET type that a token converts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Boolean,
    Char,
    Integer(IntType),
    Single,
    Double,
    Decimal,
    String,
    DateTime,
    DateTimeOffset,
    TimeSpan,
    Guid,
    Uri,
    Bytes,
}

/// Whether null is a value of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nullable {
    Yes,
    No,
}

/// Where a deserialised token comes from: readers of text and of tokens differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// `JsonConvert.DeserializeObject<T>(text)`
    Text,
    /// `token.ToObject<T>()`
    Tokens,
}

impl Target {
    /// The name in messages of casts: `Int32`, `byte array`.
    pub(super) fn cast_name(self) -> &'static str {
        match self {
            Self::Bytes => "byte array",
            other => other.short_name(),
        }
    }

    pub(super) fn short_name(self) -> &'static str {
        self.full_name().strip_prefix("System.").unwrap_or_default()
    }

    /// The full name of the .NET type.
    pub(crate) fn full_name(self) -> &'static str {
        match self {
            Self::Boolean => "System.Boolean",
            Self::Char => "System.Char",
            Self::Integer(int) => int.full_name(),
            Self::Single => "System.Single",
            Self::Double => "System.Double",
            Self::Decimal => "System.Decimal",
            Self::String => "System.String",
            Self::DateTime => "System.DateTime",
            Self::DateTimeOffset => "System.DateTimeOffset",
            Self::TimeSpan => "System.TimeSpan",
            Self::Guid => "System.Guid",
            Self::Uri => "System.Uri",
            Self::Bytes => "System.Byte[]",
        }
    }

    pub(super) fn is_reference(self) -> bool {
        matches!(self, Self::String | Self::Uri | Self::Bytes)
    }

    /// Token types that a cast accepts besides null.
    pub(super) fn accepts(self, token_type: JTokenType) -> bool {
        use JTokenType as T;
        let text = matches!(token_type, T::String | T::Comment | T::Raw);
        let number = matches!(token_type, T::Integer | T::Float);
        text || match self {
            Self::Boolean | Self::Integer(_) | Self::Single | Self::Double | Self::Decimal => {
                number || token_type == T::Boolean
            }
            Self::Char => number,
            Self::String => {
                number || matches!(token_type, T::Date | T::Boolean | T::Bytes | T::Guid | T::TimeSpan | T::Uri)
            }
            Self::DateTime | Self::DateTimeOffset => token_type == T::Date,
            Self::TimeSpan => token_type == T::TimeSpan,
            Self::Guid => matches!(token_type, T::Guid | T::Bytes),
            Self::Uri => token_type == T::Uri,
            Self::Bytes => matches!(token_type, T::Bytes | T::Integer),
        }
    }
}
