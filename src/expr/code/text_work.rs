//! What natives cost because of their texts: most of them read every character.

use super::run::{CALL, Run};
use crate::expr::fault::Fault;
use crate::expr::library::array::Array;
use crate::expr::types::{Method, TypeId};
use crate::expr::value::Value;

/// What a native costs in basic steps: its call, and 64 bytes of its texts.
#[derive(Clone, Copy)]
pub(super) struct Price {
    call: usize,
    block: usize,
}

/// Compares by culture, several times over.
const COLLATES: Price = Price { call: 2 * CALL, block: 512 };
/// Parses a token: two JSON documents.
const PARSES_TOKENS: Price = Price { call: 60 * CALL, block: 512 };
/// Parses or formats: the slow ones.
const PARSES: Price = Price { call: 10 * CALL, block: 64 };
/// Reads each character, often through UTF-16.
const READS: Price = Price { call: CALL, block: 32 };
/// Copies or hashes bytes.
const COPIES: Price = Price { call: CALL, block: 16 };
/// Looks at a few bytes, or counts for itself.
const TOUCHES: Price = Price { call: CALL, block: 1 };

/// Texts up to this many bytes are part of the price of the call.
const SMALL: usize = 64;
/// What a native that reads a text needs on the way, as a multiple of the text.
const ON_THE_WAY: usize = 4;

/// The price of a native.
pub(super) fn price(method: &Method) -> Price {
    use TypeId as T;
    match method.owner {
        T::String => match method.name {
            "Compare" | "CompareTo" => COLLATES,
            "Substring" | "IsNullOrEmpty" | "Contains" | "StartsWith" | "EndsWith" | "IndexOf" | "LastIndexOf"
            | "Concat" | "Join" | "Copy" | "Clone" | "ToString" | "Intern" | "operator" => TOUCHES,
            "Equals" if method.params.len() < 2 => TOUCHES,
            _ => READS,
        },
        T::Math | T::Char | T::Boolean | T::NullableOf | T::Enumerable | T::KeyValuePair | T::Object => COPIES,
        T::StringBuilder | T::List | T::Dictionary | T::HashSet | T::Queue | T::Stack | T::Exception => COPIES,
        T::ContextExtensions if matches!(method.name, "AsJwt" | "TryParseJwt") => PARSES_TOKENS,
        T::ContextExtensions | T::IDictionary | T::IReadOnlyDictionary | T::Convert | T::Encoding => COPIES,
        _ => PARSES,
    }
}

/// The bytes of a text or a `byte[]`.
#[inline]
fn size_of_input(value: &Value) -> usize {
    match value {
        Value::Str(text) => text.byte_len(),
        Value::Object(object) => object.downcast::<Array>().map_or(0, Array::byte_count),
        _ => 0,
    }
}

/// Pays for a call.
#[inline]
pub(super) fn pay(run: &mut Run<'_>, price: Price, values: &[Value]) -> Result<(), Fault> {
    let bytes: usize = values.iter().map(size_of_input).sum();
    if bytes <= SMALL {
        return run.steps(price.call);
    }
    run.steps(price.call + (bytes / 64 + 1).saturating_mul(price.block))?;
    if price.block > TOUCHES.block { run.room(bytes.saturating_mul(ON_THE_WAY)) } else { Ok(()) }
}
