//! Imports over an API that is there already: which operations stay, and what becomes of their policies.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::Serialize;

use super::Imported;
use super::names::Taken;
use crate::model::{Api, ApiEntry, Operation, Parameter};

/// What an import did to one operation of an API that was there already. Operations that stay as they are have none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "change")]
#[non_exhaustive]
pub enum Change {
    /// The operation of this name is described in another way now; it keeps its policy.
    Updated {
        /// Name of the operation.
        operation: String,
    },
    /// The operation is new.
    Added {
        /// Name of the operation.
        operation: String,
        /// The operation whose policy it got, because method and URL template are the same.
        #[serde(skip_serializing_if = "Option::is_none")]
        policy_from: Option<String>,
    },
    /// The operation is gone, and its policy with it.
    Removed {
        /// Name of the operation.
        operation: String,
        /// Whether it had a policy that no other operation has now.
        policy_lost: bool,
    },
}

impl Imported {
    /// The API after an import that replaces its operations and schemas.
    ///
    /// An operation whose name is there already keeps its policy; a new one gets the policy of the operation that had
    /// the same method and URL template; the others are gone. Policy, path, revision, version and access of the API
    /// stay; protocols are those of the document when it names any (`schemes` of OpenAPI 2.0), names of keys and
    /// authentication when its security was mapped. Names are compared without regard to case.
    ///
    /// ```
    /// use gatewright::import::{Change, Options, openapi};
    ///
    /// let document = |id: &str| format!(r#"{{
    ///     "openapi": "3.0.3", "info": {{"title": "Orders", "version": "1"}},
    ///     "paths": {{"/orders": {{"get": {{"operationId": "{id}", "responses": {{}}}}}}}}
    /// }}"#);
    /// let existing = openapi(document("list").as_bytes(), &Options::default()).into_entry();
    /// let (entry, changes) = openapi(document("listAll").as_bytes(), &Options::default()).replace(&existing);
    /// assert!(entry.operations.contains("listall"));
    /// assert!(matches!(&changes[1], Change::Removed { operation, policy_lost: false } if operation == "list"));
    /// ```
    pub fn replace(self, existing: &ApiEntry) -> (ApiEntry, Vec<Change>) {
        let order = self.operation_names();
        let says_protocols = self.says_protocols;
        let mut entry = self.into_entry();
        let mut changes = Vec::new();
        let mut twins = HashMap::new();
        for (name, old) in &existing.operations {
            twins.entry(request(&old.operation)).or_insert((name, old));
        }
        let mut kept = HashSet::new();
        for name in order {
            let Some(made) = entry.operations.get_mut(&name) else { continue };
            if let Some((name, old)) = existing.operations.get_named(&name) {
                made.policy = old.policy.clone().or(made.policy.take());
                kept.insert(name);
                if *made != *old {
                    changes.push(Change::Updated { operation: name.to_owned() });
                }
                continue;
            }
            let twin = twins.get(&request(&made.operation)).copied();
            let policy_from = twin.filter(|(_, old)| old.policy.is_some()).map(|(twin, old)| {
                made.policy.clone_from(&old.policy);
                kept.insert(twin);
                twin.to_owned()
            });
            changes.push(Change::Added { operation: name, policy_from });
        }
        for (name, old) in &existing.operations {
            if !entry.operations.contains(name) {
                let policy_lost = old.policy.is_some() && !kept.contains(name);
                changes.push(Change::Removed { operation: name.to_owned(), policy_lost });
            }
        }
        entry.api = settings(&existing.api, entry.api, says_protocols);
        entry.policy = existing.policy.clone().or(entry.policy);
        entry.diagnostics = existing.diagnostics.clone();
        entry.resolvers = existing.resolvers.clone();
        entry.releases = existing.releases.clone();
        entry.tags = union(&existing.tags, entry.tags);
        (entry, changes)
    }

    /// The API after an import that only adds operations.
    ///
    /// An operation whose name is taken gets `-1`, `-2`, … at the end of its name, its display name and its URL template.
    pub fn append(mut self, existing: &ApiEntry) -> (ApiEntry, Vec<Change>) {
        self.rename_schemas(existing);
        let order = self.operation_names();
        let made = self.into_entry();
        let mut entry = existing.clone();
        let mut taken = Taken::default();
        for name in existing.operations.names() {
            taken.insert(name);
        }
        let mut changes = Vec::new();
        for name in order {
            let Some(operation) = made.operations.get(&name) else { continue };
            let mut operation = operation.clone();
            let unique = taken.unique(name.clone());
            if let Some(suffix) = unique.strip_prefix(&name).filter(|suffix| !suffix.is_empty()) {
                rename(&mut operation.operation, suffix);
            }
            entry.operations.insert(unique.clone(), operation);
            changes.push(Change::Added { operation: unique, policy_from: None });
        }
        for (name, schema) in &made.schemas {
            entry.schemas.insert(name, schema.clone());
        }
        entry.tags = union(&existing.tags, made.tags);
        (entry, changes)
    }

    fn operation_names(&self) -> Vec<String> {
        self.operations.iter().filter_map(|operation| operation.name.clone()).collect()
    }

    /// Gives schemas another id where the API has a different one under it.
    fn rename_schemas(&mut self, existing: &ApiEntry) {
        let mut taken = Taken::default();
        for name in existing.schemas.names() {
            taken.insert(name);
        }
        for schema in &mut self.schemas {
            let Some(name) = schema.name.clone() else { continue };
            if existing.schemas.get(&name).is_none_or(|there| *there == schema.properties) {
                continue;
            }
            let unique = taken.unique(name.clone());
            let id: Arc<str> = unique.as_str().into();
            for operation in &mut self.operations {
                for_each_schema_id(&mut operation.properties, |of| {
                    if of.as_deref() == Some(name.as_str()) {
                        *of = Some(Arc::clone(&id));
                    }
                });
            }
            schema.name = Some(unique);
        }
    }
}

/// The settings of the API that was there, with what the document says of itself.
fn settings(existing: &Api, document: Api, says_protocols: bool) -> Api {
    let mut api = existing.clone();
    if says_protocols {
        api.protocols = document.protocols;
    }
    // These are there only when security was to be mapped.
    if let Some(names) = document.subscription_key_parameter_names {
        let mine = api.subscription_key_parameter_names.get_or_insert_default();
        mine.header = names.header.or(mine.header.take());
        mine.query = names.query.or(mine.query.take());
    }
    api.authentication_settings = document.authentication_settings.or(api.authentication_settings);
    api.display_name = document.display_name.or(api.display_name);
    api.description = document.description;
    api.service_url = document.service_url.or(api.service_url);
    for (name, value) in document.extra.iter() {
        api.extra.insert(name, value.clone());
    }
    api
}

/// What tells operations apart besides their names: method and URL template.
fn request(operation: &Operation) -> (String, String) {
    (operation.method.to_ascii_uppercase(), operation.url_template.clone())
}

fn rename(operation: &mut Operation, suffix: &str) {
    if let Some(name) = &mut operation.display_name {
        name.push_str(suffix);
    }
    // The path gets the suffix, so that the template stays one; SOAP operations differ by what follows it.
    let path = operation.url_template.find('?').filter(|path| *path > 1).unwrap_or(operation.url_template.len());
    operation.url_template.insert_str(path, suffix);
}

fn union(existing: &[String], more: Vec<String>) -> Vec<String> {
    let mut taken = Taken::default();
    existing.iter().cloned().chain(more).filter(|tag| taken.insert(tag)).collect()
}

fn for_each_schema_id(operation: &mut Operation, mut change: impl FnMut(&mut Option<Arc<str>>)) {
    let mut parameters = |all: &mut Vec<Parameter>| all.iter_mut().for_each(|one| change(&mut one.schema_id));
    parameters(&mut operation.template_parameters);
    let mut bodies = Vec::new();
    if let Some(request) = &mut operation.request {
        parameters(&mut request.query_parameters);
        parameters(&mut request.headers);
        bodies.extend(request.representations.iter_mut());
    }
    for response in &mut operation.responses {
        parameters(&mut response.headers);
        bodies.extend(response.representations.iter_mut());
    }
    for body in bodies {
        body.form_parameters.iter_mut().for_each(|one| change(&mut one.schema_id));
        change(&mut body.schema_id);
    }
}
