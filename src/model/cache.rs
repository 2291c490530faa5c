//! An external cache.

use serde::{Deserialize, Serialize};

use super::extra::Extra;
use super::sensitive::Sensitive;

/// An external cache, such as Redis.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Cache {
    /// How to connect; does not print in `Debug`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_string: Option<Sensitive>,
    /// Region that uses it, or `default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_from_location: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Resource id of the cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Cache {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: how to connect; does not print in `Debug`.
    #[must_use]
    pub fn connection_string(mut self, connection_string: impl Into<Sensitive>) -> Self {
        self.connection_string = Some(connection_string.into());
        self
    }

    /// Sets: region that uses it, or `default`.
    #[must_use]
    pub fn use_from_location(mut self, use_from_location: impl Into<String>) -> Self {
        self.use_from_location = Some(use_from_location.into());
        self
    }

    /// Sets: description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets: resource id of the cache.
    #[must_use]
    pub fn resource_id(mut self, resource_id: impl Into<String>) -> Self {
        self.resource_id = Some(resource_id.into());
        self
    }
}
