//! What an import gives.

use std::collections::HashMap;

use serde::Serialize;

use super::{Finding, Severity};
use crate::model::{Api, ApiEntry, ApiSchema, Backend, NamedValue, Operation, OperationEntry, Policy, Resource, Tag};

/// The entities that a document describes, and what there is to say about it.
///
/// Everything that could be read is there even when the document is refused, so that a tool can show it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Imported {
    /// Whether the document is accepted: no finding is an [`Error`](Severity::Error).
    pub accepted: bool,
    /// What there is to say.
    #[serde(rename = "issues")]
    pub findings: Vec<Finding>,
    /// The API.
    pub api: Resource<Api>,
    /// The operations, in the order of the document; names are unique without regard to case.
    pub operations: Vec<Resource<Operation>>,
    /// Names of operations with the names of their tags.
    pub operation_tags: Vec<(String, Vec<String>)>,
    /// Tags.
    pub tags: Vec<Resource<Tag>>,
    /// Schemas that operations refer to.
    pub schemas: Vec<Resource<ApiSchema>>,
    /// Backends that policies refer to.
    pub backends: Vec<Resource<Backend>>,
    /// Named values that backends and policies refer to.
    pub named_values: Vec<Resource<NamedValue>>,
    /// Policy documents.
    pub policies: Vec<ImportedPolicy>,
}

/// A policy document that an import made.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ImportedPolicy {
    /// The operation it belongs to; none for the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// `policy`.
    pub name: &'static str,
    /// The document.
    pub properties: Policy,
}

impl Imported {
    pub(super) fn new(findings: Vec<Finding>, api: Resource<Api>) -> Self {
        Self {
            accepted: findings.iter().all(|finding| finding.severity < Severity::Error),
            findings,
            api,
            operations: Vec::new(),
            operation_tags: Vec::new(),
            tags: Vec::new(),
            schemas: Vec::new(),
            backends: Vec::new(),
            named_values: Vec::new(),
            policies: Vec::new(),
        }
    }

    /// The API with its operations, schemas and policies as a store holds them.
    pub fn into_entry(self) -> ApiEntry {
        let mut entry = ApiEntry::new(self.api.properties);
        let mut tags: HashMap<_, _> = self.operation_tags.into_iter().collect();
        let mut policies: HashMap<_, _> =
            self.policies.into_iter().map(|policy| (policy.operation, policy.properties)).collect();
        entry.policy = policies.remove(&None);
        for operation in self.operations {
            let Some(name) = operation.name else { continue };
            let mut made = OperationEntry::from(operation.properties);
            made.tags = tags.remove(&name).unwrap_or_default();
            made.policy = policies.remove(&Some(name.clone()));
            entry.operations.insert(name, made);
        }
        for schema in self.schemas {
            entry.schemas.insert(schema.name.unwrap_or_default(), schema.properties);
        }
        entry.tags = self.tags.into_iter().filter_map(|tag| tag.name).collect();
        entry
    }
}
