//! A logger: where events go.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::extra::Extra;
use super::open_enum::open_enum;
use super::sensitive::Sensitive;
use super::tolerant;

/// A destination of events.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Logger {
    /// Kind of destination.
    #[serde(rename = "loggerType", skip_serializing_if = "Option::is_none")]
    pub kind: Option<LoggerKind>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Settings by name, such as `connectionString`; values do not print in `Debug`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "tolerant::map")]
    pub credentials: BTreeMap<String, Sensitive>,
    /// Whether events are collected before they are sent; absent means true.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::boolean")]
    pub is_buffered: Option<bool>,
    /// Resource id of the destination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Logger {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: kind of destination.
    #[must_use]
    pub fn kind(mut self, kind: LoggerKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Sets: description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Adds a setting, such as `connectionString`.
    #[must_use]
    pub fn credential(mut self, name: impl Into<String>, value: impl Into<Sensitive>) -> Self {
        self.credentials.insert(name.into(), value.into());
        self
    }

    /// Sets: whether events are collected before they are sent; absent means true.
    #[must_use]
    pub fn is_buffered(mut self, is_buffered: bool) -> Self {
        self.is_buffered = Some(is_buffered);
        self
    }

    /// Sets: resource id of the destination.
    #[must_use]
    pub fn resource_id(mut self, resource_id: impl Into<String>) -> Self {
        self.resource_id = Some(resource_id.into());
        self
    }
}

open_enum! {
    /// Kind of a logger.
    pub enum LoggerKind {
        /// Application Insights.
        ApplicationInsights = "applicationInsights",
        /// Event Hubs.
        AzureEventHub = "azureEventHub",
        /// Azure Monitor.
        AzureMonitor = "azureMonitor",
    }
}
