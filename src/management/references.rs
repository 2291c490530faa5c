//! Which entities name which others.

use std::collections::HashSet;

use crate::model::{Entities, NamedValue, ResourceId, Sensitive, Store};
use crate::secret::references;

/// An entity that names another one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Reference {
    /// The short id of the one that names: `/products/starter`.
    pub owner: String,
    /// The member that holds the name.
    pub member: &'static str,
    kind: &'static str,
    name: String,
    workspace: Option<String>,
}

/// The kind of what is named by `{{name}}` rather than by an id.
const NAMED_VALUES: &str = "namedValues";

/// What a change leaves that names something that is not there, and did not before.
pub(super) fn broken(before: &Store, after: &Store) -> Vec<Reference> {
    let mut broken: Vec<_> = all(after).into_iter().filter(|reference| !reference.holds_in(after)).collect();
    if !broken.is_empty() {
        let known: HashSet<_> = all(before).into_iter().filter(|reference| !reference.holds_in(before)).collect();
        broken.retain(|reference| !known.contains(reference));
    }
    broken
}

impl Reference {
    fn holds_in(&self, store: &Store) -> bool {
        let Some(entities) = store.entities(self.workspace.as_deref()) else { return false };
        if self.kind != NAMED_VALUES {
            // Users are those of the service, in workspaces too.
            let is_user_of_service = self.kind == "users" && store.service.users.contains(&self.name);
            return is_user_of_service || entities.contains(self.kind, &self.name);
        }
        let shown = |(id, value): (&str, &NamedValue)| value.display_name.clone().unwrap_or_else(|| id.to_owned());
        entities.named_values.iter().map(shown).any(|name| name.eq_ignore_ascii_case(&self.name))
    }

    /// The short id of the one that is named, or how it is named.
    pub fn target(&self) -> String {
        if self.kind == NAMED_VALUES {
            return format!("{{{{{}}}}}", self.name);
        }
        let workspace = self.workspace.as_ref().map(|name| format!("/workspaces/{name}")).unwrap_or_default();
        format!("{workspace}/{}/{}", self.kind, self.name)
    }
}

fn all(store: &Store) -> Vec<Reference> {
    let mut found = Vec::new();
    for (workspace, entities) in store.scopes() {
        let mut finder = Finder { workspace, owner: String::new(), found: &mut found };
        finder.entities(entities);
    }
    found
}

struct Finder<'a> {
    workspace: Option<&'a str>,
    owner: String,
    found: &'a mut Vec<Reference>,
}

impl Finder<'_> {
    fn entities(&mut self, entities: &Entities) {
        for (name, backend) in &entities.backends {
            self.of("backends", name);
            let members = backend.pool.iter().flat_map(|pool| &pool.services);
            members.for_each(|member| self.id("pool.services", "backends", &member.id));
            let certificates = backend.credentials.iter().flat_map(|credentials| &credentials.certificate_ids);
            certificates.for_each(|id| self.id("credentials.certificateIds", "certificates", id));
        }
        for (name, entry) in &entities.apis {
            self.of("apis", name);
            if let Some(id) = &entry.api.api_version_set_id {
                self.id("apiVersionSetId", "apiVersionSets", id);
            }
            self.names("tags", "tags", &entry.tags);
            let loggers = entry.diagnostics.iter().filter_map(|(_, diagnostic)| diagnostic.logger_id.as_ref());
            loggers.for_each(|id| self.id("diagnostics.loggerId", "loggers", id));
            entry.operations.iter().for_each(|(_, entry)| self.names("operations.tags", "tags", &entry.tags));
        }
        for (name, entry) in &entities.products {
            self.of("products", name);
            self.names("apis", "apis", &entry.apis);
            self.names("groups", "groups", &entry.groups);
            self.names("tags", "tags", &entry.tags);
        }
        for (name, subscription) in &entities.subscriptions {
            self.of("subscriptions", name);
            let kind = ResourceId::parse(&subscription.scope).ok().and_then(|id| match id.kind() {
                kind if kind.eq_ignore_ascii_case("products") => Some("products"),
                kind if kind.eq_ignore_ascii_case("apis") && !id.name().is_empty() => Some("apis"),
                _ => None,
            });
            if let Some(kind) = kind {
                self.id("scope", kind, &subscription.scope);
            }
            if let Some(owner) = &subscription.owner_id {
                // The administrator is in every service, and not in the store.
                let is_built_in = owner.rsplit('/').next() == Some("1");
                if !is_built_in {
                    self.id("ownerId", "users", owner);
                }
            }
        }
        for (name, diagnostic) in &entities.diagnostics {
            self.of("diagnostics", name);
            if let Some(id) = &diagnostic.logger_id {
                self.id("loggerId", "loggers", id);
            }
        }
        for (name, logger) in &entities.loggers {
            self.of("loggers", name);
            logger.credentials.values().for_each(|text| self.text("credentials", text));
        }
        for (name, cache) in &entities.caches {
            self.of("caches", name);
            let text = cache.connection_string.as_ref();
            text.into_iter().for_each(|text| self.text("connectionString", text));
        }
        for (name, entry) in &entities.groups {
            self.of("groups", name);
            self.names("users", "users", &entry.users);
        }
        for (name, entry) in &entities.gateways {
            self.of("gateways", name);
            self.names("apis", "apis", &entry.apis);
        }
    }

    fn of(&mut self, kind: &str, name: &str) {
        let workspace = self.workspace.map(|name| format!("/workspaces/{name}")).unwrap_or_default();
        self.owner = format!("{workspace}/{kind}/{name}");
    }

    fn id(&mut self, member: &'static str, kind: &'static str, id: &str) {
        let id = ResourceId::parse(id).ok();
        let name = id.as_ref().map_or("", |id| id.name()).to_owned();
        let workspace = match &id {
            Some(id) if id.is_full() || id.workspace().is_some() => id.workspace(),
            _ => self.workspace,
        };
        let workspace = workspace.map(str::to_owned);
        self.found.push(Reference { owner: self.owner.clone(), member, kind, name, workspace });
    }

    /// The named values in a text.
    fn text(&mut self, member: &'static str, text: &Sensitive) {
        for found in references(text.expose()) {
            let (owner, workspace) = (self.owner.clone(), self.workspace.map(str::to_owned));
            self.found.push(Reference { owner, member, kind: NAMED_VALUES, name: found.name.to_owned(), workspace });
        }
    }

    fn names(&mut self, member: &'static str, kind: &'static str, names: &[String]) {
        for name in names {
            let workspace = self.workspace.map(str::to_owned);
            self.found.push(Reference { owner: self.owner.clone(), member, kind, name: name.clone(), workspace });
        }
    }
}
