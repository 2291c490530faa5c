//! Entities that stand in an API, a product or a tag, and links between them.

use super::Assembly;
use crate::load::item::Item;
use crate::load::reference::Reference;
use crate::model::{ApiEntry, Operation, OperationEntry, ResourceId};

impl Assembly {
    pub(super) fn api(&mut self, item: &Item) -> Option<&mut ApiEntry> {
        let entities = self.store.entities_mut(item.workspace.as_deref());
        let name = entities.api(item.name(0))?.0.to_owned();
        entities.apis.get_mut(&name)
    }

    pub(super) fn place_in_api(&mut self, item: &Item, kind: &str) {
        if self.api(item).is_none() {
            return self.orphan(item);
        }
        let name = item.name(1);
        macro_rules! put {
            ($field:ident, $entity:expr) => {
                if let Some(entity) = $entity {
                    if let Some(api) = self.api(item) {
                        api.$field.insert(name, entity);
                    }
                }
            };
        }
        match kind {
            "operations" => put!(operations, self.read::<Operation>(item).map(OperationEntry::from)),
            "schemas" => put!(schemas, self.read(item)),
            "diagnostics" => {
                self.refer(item, "loggerId", "loggers");
                put!(diagnostics, self.read(item));
            }
            "releases" => put!(releases, self.read(item)),
            "resolvers" => {
                let resolver = self.read(item);
                if let (Some(resolver), Some(api)) = (resolver, self.api(item)) {
                    api.resolvers.get_or_default(name).resolver = resolver;
                }
            }
            "policies" => {
                let policy = self.policy(item);
                if let Some(api) = self.api(item) {
                    api.policy = policy;
                }
            }
            "tags" => {
                self.references.push(Reference::to_name(item, name, "tags"));
                if let Some(api) = self.api(item) {
                    api.tags.push(name.to_owned());
                }
            }
            _ => self.ignore(item),
        }
    }

    pub(super) fn place_in_operation(&mut self, item: &Item, kind: &str) {
        match kind {
            "policies" => {
                let policy = self.policy(item);
                match self.api(item).and_then(|api| api.operations.get_mut(item.name(1))) {
                    Some(entry) => entry.policy = policy,
                    None => self.orphan(item),
                }
            }
            "tags" => {
                self.references.push(Reference::to_name(item, item.name(2), "tags"));
                match self.api(item).and_then(|api| api.operations.get_mut(item.name(1))) {
                    Some(entry) => entry.tags.push(item.name(2).to_owned()),
                    None => self.orphan(item),
                }
            }
            _ => self.ignore(item),
        }
    }

    pub(super) fn place_in_product(&mut self, item: &Item, kind: &str) {
        let linked = match kind {
            "apilinks" => self.link(item, "apiId", "apis"),
            "grouplinks" => self.link(item, "groupId", "groups"),
            "apis" => {
                self.references.push(Reference::to_name(item, item.name(1), "apis"));
                Some(item.name(1).to_owned())
            }
            "groups" | "tags" => Some(item.name(1).to_owned()),
            "policies" => None,
            _ => return self.ignore(item),
        };
        let policy = if kind == "policies" { self.policy(item) } else { None };
        let entities = self.store.entities_mut(item.workspace.as_deref());
        let Some(product) = entities.products.get_mut(item.name(0)) else { return self.orphan(item) };
        match (kind, linked) {
            ("policies", _) => product.policy = policy,
            ("apis" | "apilinks", Some(api)) => {
                let api = without_revision(&api).to_owned();
                if kind == "apilinks" {
                    product.api_links.insert(item.name(1), api.clone());
                }
                add(&mut product.apis, api);
            }
            ("tags", Some(tag)) => add(&mut product.tags, tag),
            (_, Some(group)) => {
                if kind == "grouplinks" {
                    product.group_links.insert(item.name(1), group.clone());
                }
                add(&mut product.groups, group);
            }
            (_, None) => {}
        }
    }

    pub(super) fn place_in_tag(&mut self, item: &Item, kind: &str) {
        let tag = item.name(0).to_owned();
        let is_link = kind.ends_with("links");
        let (kind, name) = match kind {
            "apis" | "products" => (kind.to_owned(), Some(item.name(1).to_owned())),
            "apilinks" => ("apis".to_owned(), self.link(item, "apiId", "apis")),
            "productlinks" => ("products".to_owned(), self.link(item, "productId", "products")),
            "operationlinks" => return self.place_operation_link(item, tag),
            _ => return self.ignore(item),
        };
        let Some(name) = name else { return };
        let entities = self.store.entities_mut(item.workspace.as_deref());
        if is_link {
            let links = entities.tag_links.get_or_default(&tag);
            let links = if kind == "apis" { &mut links.apis } else { &mut links.products };
            links.insert(item.name(1), format!("/{kind}/{name}"));
        }
        let tags = match kind.as_str() {
            "apis" => entities.apis.get_mut(&name).map(|api| &mut api.tags),
            _ => entities.products.get_mut(&name).map(|product| &mut product.tags),
        };
        match tags {
            Some(tags) => add(tags, tag),
            None => {
                self.references.push(Reference::to_name(item, &name, if kind == "apis" { "apis" } else { "products" }))
            }
        }
    }

    fn place_operation_link(&mut self, item: &Item, tag: String) {
        let id = item.properties.get("operationId").and_then(|node| node.as_str());
        let id = id.and_then(|id| ResourceId::parse(id).ok());
        let names: Vec<&str> = id.iter().flat_map(|id| id.segments()).filter_map(|(_, name)| name).collect();
        let entities = self.store.entities_mut(item.workspace.as_deref());
        let [api, operation] = names.as_slice() else {
            let message = "has no `operationId`: expected an id such as `/apis/name/operations/name`";
            return self.problems.push(item.problem(message));
        };
        let found = entities.apis.get_mut(api).and_then(|entry| entry.operations.get_mut(operation));
        let Some(entry) = found else {
            let message = format!("operation `{operation}` of API `{api}` is not defined (named in `operationId`)");
            return self.problems.push(item.problem(message));
        };
        add(&mut entry.tags, tag.clone());
        let links = &mut entities.tag_links.get_or_default(&tag).operations;
        links.insert(item.name(1), format!("/apis/{api}/operations/{operation}"));
    }

    /// The name that a link holds as an id.
    fn link(&mut self, item: &Item, member: &str, kind: &'static str) -> Option<String> {
        self.refer(item, member, kind);
        let Some(id) = item.properties.get(member).and_then(|node| node.as_str()) else {
            self.problems.push(item.problem(format_args!("has no `{member}`: expected an id such as `/{kind}/name`")));
            return None;
        };
        ResourceId::parse(id).ok().map(|id| id.name().to_owned())
    }
}

fn add(names: &mut Vec<String>, name: String) {
    if !names.iter().any(|other| other.eq_ignore_ascii_case(&name)) {
        names.push(name);
    }
}

/// All revisions of an API are in the same products.
fn without_revision(api: &str) -> &str {
    api.split(';').next().unwrap_or(api)
}
