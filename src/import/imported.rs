//! What an import gives.

use std::collections::HashMap;

use serde::Serialize;

use super::finding::Findings;
use super::{Finding, Severity};
use crate::model::{
    Api, ApiEntry, ApiSchema, Backend, Entities, NamedValue, Operation, OperationEntry, Policy, Resource, Tag,
};

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
    /// What the document says and an API has no place for, such as links: one finding a kind. The service drops it
    /// without a word.
    pub dropped: Vec<Finding>,
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
    /// Whether the protocols of the API are those of the document.
    #[serde(skip)]
    pub(super) says_protocols: bool,
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
            dropped: Vec::new(),
            api,
            operations: Vec::new(),
            operation_tags: Vec::new(),
            tags: Vec::new(),
            schemas: Vec::new(),
            backends: Vec::new(),
            named_values: Vec::new(),
            policies: Vec::new(),
            says_protocols: false,
        }
    }

    pub(super) fn add_findings(&mut self, findings: Findings) {
        self.findings.extend(findings.into_vec());
        self.accepted = self.findings.iter().all(|finding| finding.severity < Severity::Error);
    }

    /// Puts everything into the entities of a service or workspace; gives the name of the API.
    ///
    /// Entities of the same names are replaced; a named value that is there already keeps its value.
    ///
    /// ```
    /// use gatewright::import::{FunctionAppOptions, SourceFile, function_app};
    /// use gatewright::model::{NamedValue, Store};
    ///
    /// let files = [SourceFile { path: "Hello/function.json", bytes: br#"{"bindings": [{"type": "httpTrigger"}]}"# }];
    /// let mut options = FunctionAppOptions::default();
    /// options.app = Some("contoso".to_owned());
    /// let mut store = Store::new();
    /// store.service.named_values.insert("contoso-key", NamedValue::new().value("the host key").secret(true));
    /// assert_eq!(function_app(&files, &options).add_to(&mut store.service), "contoso");
    /// assert!(store.service.backends.contains("contoso"));
    /// ```
    pub fn add_to(mut self, entities: &mut Entities) -> String {
        for backend in std::mem::take(&mut self.backends) {
            entities.backends.insert(backend.name.unwrap_or_default(), backend.properties);
        }
        for value in std::mem::take(&mut self.named_values) {
            let name = value.name.unwrap_or_default();
            if !entities.named_values.contains(&name) {
                entities.named_values.insert(name, value.properties);
            }
        }
        for tag in &self.tags {
            entities.tags.insert(tag.name.clone().unwrap_or_default(), tag.properties.clone());
        }
        let name = self.api.name.clone().unwrap_or_default();
        entities.apis.insert(name.as_str(), self.into_entry());
        name
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
