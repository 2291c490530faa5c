//! Words of attributes that may be expressions too.

use super::super::super::error::Failure;
use super::super::super::exchange::Exchange;
use super::super::super::setting::{Literal, Setting};
use crate::cosmos::{Consistency, Indexing, WriteKind};
use crate::expr::Value;

/// `type` of `etag`.
#[derive(Clone, Copy)]
pub(super) enum TagKind {
    Match,
    NoMatch,
}

/// The value of an attribute, when it is there.
pub(super) fn get<T: Literal>(
    setting: &Option<Setting<T>>,
    exchange: &mut Exchange,
) -> Result<Option<T>, Box<Failure>> {
    setting.as_ref().map(|setting| setting.get(exchange).map(|value| value.into_owned())).transpose()
}

fn word<T: Literal>(value: &Value, what: &str) -> Result<T, String> {
    let text = value.to_text().unwrap_or_default();
    T::literal(&text).ok_or_else(|| format!("'{text}' is not {what}."))
}

impl Literal for WriteKind {
    fn literal(text: &str) -> Option<Self> {
        match text.trim() {
            "insert" => Some(Self::Insert),
            "replace" => Some(Self::Replace),
            "upsert" => Some(Self::Upsert),
            _ => None,
        }
    }

    fn value(value: Value) -> Result<Self, String> {
        word(&value, "a type of write-request")
    }
}

impl Literal for Consistency {
    fn literal(text: &str) -> Option<Self> {
        match text.trim() {
            "bounded-staleness" => Some(Self::BoundedStaleness),
            "consistent-prefix" => Some(Self::ConsistentPrefix),
            "eventual" => Some(Self::Eventual),
            "session" => Some(Self::Session),
            "strong" => Some(Self::Strong),
            _ => None,
        }
    }

    fn value(value: Value) -> Result<Self, String> {
        word(&value, "a consistency level")
    }
}

impl Literal for Indexing {
    fn literal(text: &str) -> Option<Self> {
        match text.trim() {
            "default" => Some(Self::Default),
            "include" => Some(Self::Include),
            "exclude" => Some(Self::Exclude),
            _ => None,
        }
    }

    fn value(value: Value) -> Result<Self, String> {
        word(&value, "an indexing directive")
    }
}

impl Literal for TagKind {
    fn literal(text: &str) -> Option<Self> {
        match text.trim() {
            "match" => Some(Self::Match),
            "no-match" => Some(Self::NoMatch),
            _ => None,
        }
    }

    fn value(value: Value) -> Result<Self, String> {
        word(&value, "a type of etag")
    }
}
