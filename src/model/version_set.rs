//! A version set: how clients name the version of an API.

use serde::{Deserialize, Serialize};

use super::extra::Extra;
use super::open_enum::open_enum;

/// A version set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ApiVersionSet {
    /// Name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where the version is in a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versioning_scheme: Option<VersioningScheme>,
    /// Query parameter, for `Query`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_query_name: Option<String>,
    /// Header, for `Header`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_header_name: Option<String>,
    /// Resource id, when the set is written inside an API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name, when the set is written inside an API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl ApiVersionSet {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: name for people.
    #[must_use]
    pub fn display_name(mut self, display_name: impl Into<String>) -> Self {
        self.display_name = Some(display_name.into());
        self
    }

    /// Sets: description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets: where the version is in a request.
    #[must_use]
    pub fn versioning_scheme(mut self, versioning_scheme: VersioningScheme) -> Self {
        self.versioning_scheme = Some(versioning_scheme);
        self
    }

    /// Sets: query parameter, for `Query`.
    #[must_use]
    pub fn version_query_name(mut self, version_query_name: impl Into<String>) -> Self {
        self.version_query_name = Some(version_query_name.into());
        self
    }

    /// Sets: header, for `Header`.
    #[must_use]
    pub fn version_header_name(mut self, version_header_name: impl Into<String>) -> Self {
        self.version_header_name = Some(version_header_name.into());
        self
    }

    /// Sets: resource id, when the set is written inside an API.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets: name, when the set is written inside an API.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

open_enum! {
    /// Where the version of an API is in a request.
    pub enum VersioningScheme {
        /// First segment after the path of the API.
        Segment = "Segment",
        /// A query parameter.
        Query = "Query",
        /// A header.
        Header = "Header",
    }
}
