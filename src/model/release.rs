//! A release: the moment at which a revision became current.

use serde::{Deserialize, Serialize};

use super::extra::Extra;

/// The moment at which a revision became current.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Release {
    /// Resource id of the revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_id: Option<String>,
    /// Notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// When; read-only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_date_time: Option<String>,
    /// When it was changed; read-only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_date_time: Option<String>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Release {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: resource id of the revision.
    #[must_use]
    pub fn api_id(mut self, api_id: impl Into<String>) -> Self {
        self.api_id = Some(api_id.into());
        self
    }

    /// Sets: notes.
    #[must_use]
    pub fn notes(mut self, notes: impl Into<String>) -> Self {
        self.notes = Some(notes.into());
        self
    }

    /// Sets: when; read-only.
    #[must_use]
    pub fn created_date_time(mut self, created_date_time: impl Into<String>) -> Self {
        self.created_date_time = Some(created_date_time.into());
        self
    }

    /// Sets: when it was changed; read-only.
    #[must_use]
    pub fn updated_date_time(mut self, updated_date_time: impl Into<String>) -> Self {
        self.updated_date_time = Some(updated_date_time.into());
        self
    }
}
