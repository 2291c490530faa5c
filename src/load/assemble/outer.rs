//! Entities that stand directly in a service or workspace.

use super::Assembly;
use crate::load::item::Item;
use crate::load::reference::Reference;
use crate::model::{Api, ApiEntry, Backend, NamedValue, Product, ResourceId, Subscription};

impl Assembly {
    pub(super) fn place_outer(&mut self, item: &Item, kind: &str) {
        let name = item.name(0);
        macro_rules! put {
            ($field:ident, $entity:expr) => {
                if let Some(entity) = $entity {
                    self.store.entities_mut(item.workspace.as_deref()).$field.insert(name, entity);
                }
            };
        }
        match kind {
            "backends" => put!(backends, self.backend(item)),
            "namedvalues" => put!(named_values, self.named_value(item)),
            "apis" => {
                self.refer(item, "apiVersionSetId", "apiVersionSets");
                put!(apis, self.read::<Api>(item).map(ApiEntry::new));
            }
            "apiversionsets" => put!(api_version_sets, self.read(item)),
            "products" => put!(products, self.read::<Product>(item).map(Into::into)),
            "subscriptions" => put!(subscriptions, self.subscription(item)),
            "policyfragments" => put!(policy_fragments, self.fragment(item)),
            "certificates" => put!(certificates, self.read(item)),
            "loggers" => put!(loggers, self.read(item)),
            "diagnostics" => {
                self.refer(item, "loggerId", "loggers");
                put!(diagnostics, self.read(item));
            }
            "caches" => put!(caches, self.read(item)),
            "schemas" => put!(schemas, self.read(item)),
            "tags" => put!(tags, self.read(item)),
            "users" => put!(users, self.read(item)),
            "gateways" => {
                let entity = self.read(item);
                let entities = self.store.entities_mut(item.workspace.as_deref());
                if let Some(gateway) = entity {
                    entities.gateways.get_or_default(name).gateway = gateway;
                }
            }
            "groups" => {
                let entity = self.read(item);
                let entities = self.store.entities_mut(item.workspace.as_deref());
                if let Some(group) = entity {
                    entities.groups.get_or_default(name).group = group;
                }
            }
            _ => self.ignore(item),
        }
    }

    fn backend(&mut self, item: &Item) -> Option<Backend> {
        let mut backend: Backend = self.read(item)?;
        let properties = &item.properties;
        if backend.is_pool() {
            // An option of the gateway's may give the credentials to the members; without it, that warns.
            for name in backend.without_effect().filter(|name| *name != "credentials") {
                let offset = properties.get(name).map_or(properties.offset, |node| node.offset);
                let message = format!("{}: `{name}` has no effect on a pool: set it on the members", item.describe());
                self.warnings.push(item.source.problem(offset, message));
            }
            let Backend { title, description, kind, credentials, pool, azure_region, extra, .. } = backend;
            backend =
                Backend { title, description, kind, credentials, pool, azure_region, extra, ..Backend::default() };
            let members = properties.get("pool").and_then(|pool| pool.get("services")).and_then(|node| node.elements());
            for (index, member) in members.unwrap_or_default().iter().enumerate() {
                let name = format!("pool.services[{index}].id");
                self.references.extend(Reference::new(item, name, member.get("id"), "backends"));
            }
            if members.is_none_or(<[_]>::is_empty) {
                self.problems.push(item.problem("`pool.services` has no member: expected one or more"));
            }
        } else {
            if backend.pool.take().is_some() {
                self.warnings.push(item.problem("`pool` has no effect on a backend whose `type` is `Single`"));
            }
            let url = backend.url.as_deref().map(str::trim).filter(|url| !url.is_empty());
            match url.map(Backend::new) {
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    let offset = properties.get("url").map_or(properties.offset, |node| node.offset);
                    self.problems.push(item.source.problem(offset, format!("{}: {error}", item.describe())));
                }
                None => {
                    let message = "has no `url`: expected `https://host/path`, or `pool` with members";
                    self.problems.push(item.problem(message));
                }
            }
        }
        let certificates = properties.get("credentials").and_then(|node| node.get("certificateIds"));
        for (index, id) in certificates.and_then(|node| node.elements()).unwrap_or_default().iter().enumerate() {
            let name = format!("credentials.certificateIds[{index}]");
            self.references.extend(Reference::new(item, name, Some(id), "certificates"));
        }
        let cluster = properties.get("properties").and_then(|node| node.get("serviceFabricCluster"));
        let id = cluster.and_then(|cluster| cluster.get("clientCertificateId"));
        let name = "properties.serviceFabricCluster.clientCertificateId";
        self.references.extend(Reference::new(item, name, id, "certificates"));
        Some(backend)
    }

    fn named_value(&mut self, item: &Item) -> Option<NamedValue> {
        let named_value: NamedValue = self.read(item)?;
        if named_value.value.is_none() {
            let problem = match named_value.key_vault {
                None => "has no `value`: give it in an override, as exports leave secrets out",
                Some(_) => "has its value in Key Vault, which is not read: give it in an override",
            };
            self.warnings.push(item.problem(problem));
        }
        Some(named_value)
    }

    fn subscription(&mut self, item: &Item) -> Option<Subscription> {
        let subscription: Subscription = self.read(item)?;
        let node = item.properties.get("scope");
        let fail = |problem: String| {
            let offset = node.map_or(item.properties.offset, |node| node.offset);
            item.source.problem(offset, format!("{}: {problem}", item.describe()))
        };
        match ResourceId::parse(&subscription.scope) {
            Ok(id) if id.kind().is_empty() || (id.kind().eq_ignore_ascii_case("apis") && id.name().is_empty()) => {}
            Ok(id) if id.kind().eq_ignore_ascii_case("products") => self.refer(item, "scope", "products"),
            Ok(id) if id.kind().eq_ignore_ascii_case("apis") => self.refer(item, "scope", "apis"),
            Ok(_) => self.problems.push(fail(format!(
                "`scope` is `{}`: expected `/products/name`, `/apis/name` or `/apis`",
                subscription.scope
            ))),
            Err(error) => self.problems.push(fail(format!("`scope`: {error}"))),
        }
        Some(subscription)
    }
}
