//! What caches behind the gateway may do with a response: `Cache-Control`.

use std::time::SystemTime;

use http::{HeaderMap, HeaderValue, header};

use super::super::setting::Literal;
use super::{Caching, Expiry};
use crate::expr::Value;

/// `downstream-caching-type` and `must-revalidate`, as they are for one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Downstream {
    pub(crate) kind: DownstreamType,
    pub(crate) must_revalidate: bool,
}

/// `downstream-caching-type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DownstreamType {
    None,
    Private,
    Public,
}

impl Literal for DownstreamType {
    fn literal(text: &str) -> Option<Self> {
        match text {
            "none" => Some(Self::None),
            "private" => Some(Self::Private),
            "public" => Some(Self::Public),
            _ => None,
        }
    }

    fn value(value: Value) -> Result<Self, String> {
        let text = value.to_text().unwrap_or_default();
        let found = Self::literal(&text);
        found.ok_or_else(|| format!("'{text}' is no type of downstream caching."))
    }
}

impl Caching {
    /// Says on the final response what downstream caches may do, when it is known.
    pub(crate) fn apply(&self, headers: &mut HeaderMap, now: SystemTime) {
        let Some(expiry) = self.expires else { return };
        let kind = match (self.downstream.kind, expiry) {
            (DownstreamType::None, _) => {
                headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache"));
                headers.remove(header::EXPIRES);
                return;
            }
            // What is not kept here is not for others to keep.
            (_, Expiry::Never) => return,
            (DownstreamType::Private, _) => "private",
            (DownstreamType::Public, _) => "public",
        };
        let left = match expiry {
            Expiry::At(time) => time.duration_since(now).unwrap_or_default().as_secs(),
            Expiry::Never => 0,
        };
        let revalidate = if self.downstream.must_revalidate { ", must-revalidate" } else { "" };
        if let Ok(value) = HeaderValue::try_from(format!("{kind}, max-age={left}{revalidate}")) {
            headers.insert(header::CACHE_CONTROL, value);
        }
    }
}
