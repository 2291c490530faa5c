//! Schemas of an API and of the service.

use serde::{Deserialize, Serialize};

use super::extra::Extra;
use super::json::Json;
use super::open_enum::open_enum;

/// A schema that all APIs may use.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Schema {
    /// Kind of schema.
    #[serde(rename = "schemaType", skip_serializing_if = "Option::is_none")]
    pub kind: Option<SchemaKind>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The schema, when it is not JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<serde_json::Value>,
    /// The schema, when it is JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<serde_json::Value>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Schema {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: kind of schema.
    #[must_use]
    pub fn kind(mut self, kind: SchemaKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Sets: description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }
}

/// A schema of one API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ApiSchema {
    /// What the schema is, such as `application/vnd.oai.openapi.components+json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The schema: `value`, `definitions` or `components`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<Json>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl ApiSchema {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: what the schema is, such as `application/vnd.oai.openapi.components+json`.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }
}

open_enum! {
    /// Kind of a schema.
    pub enum SchemaKind {
        /// JSON Schema.
        Json = "json",
        /// XML Schema.
        Xml = "xml",
    }
}
