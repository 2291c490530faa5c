//! The files of a configuration, in the plain layout.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::ser::PrettyFormatter;
use serde_json::{Map, Serializer, Value, json};

use super::super::kind::{Properties, to_properties};
use super::super::kinds::tag_links;
use super::super::policy_text;
use crate::model::{
    ApiEntry, Certificate, Collection, Entities, KeyVault, NamedValue, OperationEntry, Policy, PolicyFormat,
    PolicyFragment, ProductEntry, Store,
};

/// The longest name of a file, without its ending, in bytes: what file systems take.
const LONGEST: usize = 240;

/// Texts by path in the folder, with `/`.
pub(super) type Files = BTreeMap<String, Text>;

/// The text of a file.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Text {
    pub text: String,
    /// Whether only its owner may read it.
    pub is_private: bool,
}

/// A name that cannot be that of a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{name}` cannot be kept in a folder: a name has at most {LONGEST} bytes, no `/` or `\\`, and no `.` at its beginning"
)]
pub(in crate::management) struct NameError {
    name: String,
}

/// The files of a store. An entity stays where it is among the files that are `present`: in a file of its own, or in a folder.
pub(super) fn of(store: &Store, present: &BTreeSet<String>) -> Result<Files, NameError> {
    let mut writer = Writer { files: Files::new(), present, wrong: None };
    writer.entities("", &store.service);
    for (name, workspace) in &store.workspaces {
        let Some(name) = writer.checked(name) else { continue };
        let folder = format!("workspaces/{name}/");
        let before = writer.files.len();
        writer.entities(&folder, &workspace.entities);
        let is_needed = writer.files.len() == before;
        writer.own(format!("{folder}workspace.json"), to_properties(&workspace.properties), is_needed, false);
    }
    writer.service(store);
    match writer.wrong {
        Some(name) => Err(NameError { name }),
        None => Ok(writer.files),
    }
}

struct Writer<'a> {
    files: Files,
    present: &'a BTreeSet<String>,
    /// The first name that cannot be that of a file.
    wrong: Option<String>,
}

/// The files of one entity.
struct Place {
    json: String,
    /// Its policy.
    xml: String,
    /// Where its parts are, with a slash at the end.
    parts: String,
}

impl Writer<'_> {
    fn service(&mut self, store: &Store) {
        let mut members = Map::new();
        let texts = [("name", &store.name), ("location", &store.location)];
        members.extend(texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text.clone()?.into()))));
        list(&mut members, "hostNames", &store.host_names);
        if !store.authorities.is_empty() {
            members.insert("authorities".to_owned(), json!(store.authorities));
        }
        self.own("service.json".to_owned(), members, self.files.is_empty(), !store.authorities.is_empty());
    }

    /// What a service or workspace says of itself, which may be nothing.
    fn own(&mut self, path: String, properties: Properties, is_needed: bool, is_private: bool) {
        if is_needed || !properties.is_empty() || self.present.contains(&path) {
            self.json(path, properties, is_private);
        }
    }

    /// `folder` is that of the service, or of a workspace.
    fn entities(&mut self, folder: &str, entities: &Entities) {
        self.policy(format!("{folder}policy.xml"), entities.policy.as_ref());
        for (name, backend) in &entities.backends {
            let is_private = backend.credentials.is_some() || backend.proxy.is_some();
            self.entity(folder, "backends/backend", name, to_properties(backend), is_private);
        }
        self.all(folder, "version-sets/version-set", &entities.api_version_sets, false);
        self.all(folder, "caches/cache", &entities.caches, true);
        self.all(folder, "diagnostics/diagnostic", &entities.diagnostics, false);
        self.all(folder, "loggers/logger", &entities.loggers, true);
        self.all(folder, "schemas/schema", &entities.schemas, false);
        self.all(folder, "subscriptions/subscription", &entities.subscriptions, true);
        self.all(folder, "tags/tag", &entities.tags, false);
        // A template gives them passwords.
        self.all(folder, "users/user", &entities.users, true);
        for (name, value) in &entities.named_values {
            let is_private = value.secret == Some(true) || value.key_vault.is_some();
            self.entity(folder, "named-values/named-value", name, named_value(value), is_private);
        }
        for (name, certificate) in &entities.certificates {
            self.entity(folder, "certificates/certificate", name, certificate_of(certificate), true);
        }
        for (name, entry) in &entities.gateways {
            let properties = with(to_properties(&entry.gateway), &[("apis", &entry.apis)]);
            self.entity(folder, "gateways/gateway", name, properties, false);
        }
        for (name, entry) in &entities.groups {
            let properties = with(to_properties(&entry.group), &[("users", &entry.users)]);
            self.entity(folder, "groups/group", name, properties, false);
        }
        for name in entities.tags.names() {
            for kind in [&tag_links::APIS, &tag_links::PRODUCTS, &tag_links::OPERATIONS] {
                for (link, target) in kind.named(entities, name) {
                    let id = Map::from_iter([(kind.member.to_owned(), target.into())]);
                    self.entity(&format!("{folder}tags/{name}/"), &format!("{}/link", kind.word()), link, id, false);
                }
            }
        }
        for (name, fragment) in &entities.policy_fragments {
            self.fragment(folder, name, fragment);
        }
        for (name, product) in &entities.products {
            self.product(folder, name, product);
        }
        for (name, api) in &entities.apis {
            self.api(folder, name, api);
        }
    }

    fn product(&mut self, folder: &str, name: &str, entry: &ProductEntry) {
        let lists = [("apis", &entry.apis), ("groups", &entry.groups), ("tags", &entry.tags)];
        let properties = with(to_properties(&entry.product), &lists);
        let Some(place) = self.entity(folder, "products/product", name, properties, false) else { return };
        self.policy(place.xml, entry.policy.as_ref());
        let links = [
            ("apiLinks", "apiId", "apis", &entry.api_links, &entry.apis),
            ("groupLinks", "groupId", "groups", &entry.group_links, &entry.groups),
        ];
        for (kind, member, to, links, targets) in links {
            let is_there = |target: &str| targets.iter().any(|name| name.eq_ignore_ascii_case(target));
            for (link, target) in links.iter().filter(|(_, target)| is_there(target)) {
                let id = Map::from_iter([(member.to_owned(), format!("/{to}/{target}").into())]);
                self.entity(&place.parts, &format!("{kind}/link"), link, id, false);
            }
        }
    }

    fn api(&mut self, folder: &str, name: &str, entry: &ApiEntry) {
        let properties = with(to_properties(&entry.api), &[("tags", &entry.tags)]);
        let Some(place) = self.entity(folder, "apis/api", name, properties, false) else { return };
        self.policy(place.xml, entry.policy.as_ref());
        for (name, OperationEntry { operation, policy, tags, .. }) in &entry.operations {
            let properties = with(to_properties(operation), &[("tags", tags)]);
            let place = self.entity(&place.parts, "operations/operation", name, properties, false);
            place.into_iter().for_each(|place| self.policy(place.xml, policy.as_ref()));
        }
        for (name, inner) in &entry.resolvers {
            let place = self.entity(&place.parts, "resolvers/resolver", name, to_properties(&inner.resolver), false);
            place.into_iter().for_each(|place| self.policy(place.xml, inner.policy.as_ref()));
        }
        self.all(&place.parts, "schemas/schema", &entry.schemas, false);
        self.all(&place.parts, "diagnostics/diagnostic", &entry.diagnostics, false);
        self.all(&place.parts, "releases/release", &entry.releases, false);
    }

    /// A fragment is its text, and a file beside it for what else it says.
    fn fragment(&mut self, folder: &str, name: &str, fragment: &PolicyFragment) {
        let mut properties = to_properties(fragment);
        for member in ["value", "format", "provisioningState"] {
            properties.remove(member);
        }
        let Some(place) = self.place(folder, "fragments/fragment", name) else { return };
        self.files.insert(place.xml, document(&fragment.value, fragment.format.as_ref()));
        if !properties.is_empty() {
            self.json(place.json, properties, false);
        }
    }

    fn all<T: Serialize>(&mut self, folder: &str, kind: &str, all: &Collection<T>, is_private: bool) {
        for (name, entity) in all {
            self.entity(folder, kind, name, to_properties(entity), is_private);
        }
    }

    /// `kind` is the folder of the kind, and the name of the file in the folder of an entity.
    fn entity(
        &mut self,
        folder: &str,
        kind: &str,
        name: &str,
        properties: Properties,
        is_private: bool,
    ) -> Option<Place> {
        let place = self.place(folder, kind, name)?;
        self.json(place.json.clone(), properties, is_private);
        Some(place)
    }

    /// Where the files of an entity are: those that are there decide, for others the layout that people write.
    fn place(&mut self, folder: &str, kind: &str, name: &str) -> Option<Place> {
        let name = self.checked(name)?;
        let (kind, file) = kind.split_once('/').unwrap_or((kind, kind));
        let parts = format!("{folder}{kind}/{name}/");
        let flat = |ending: &str| format!("{folder}{kind}/{name}.{ending}");
        let inner = format!("{parts}{file}.json");
        let is_there = |path: &String| self.present.contains(path);
        let has_folder = kind == "apis" && !is_there(&flat("json")) || is_there(&inner);
        let json = if has_folder { inner } else { flat("json") };
        let (policy, beside) = (format!("{parts}policy.xml"), flat("xml"));
        let xml = if is_there(&policy) || has_folder && !is_there(&beside) { policy } else { beside };
        Some(Place { json, xml, parts })
    }

    fn policy(&mut self, path: String, policy: Option<&Policy>) {
        if let Some(policy) = policy {
            self.files.insert(path, document(&policy.value, policy.format.as_ref()));
        }
    }

    fn json(&mut self, path: String, mut properties: Properties, is_private: bool) {
        // A reader takes such an object for the envelope around properties.
        if properties.get("properties").is_some_and(Value::is_object) {
            properties = Map::from_iter([("properties".to_owned(), Value::Object(properties))]);
        }
        let mut bytes = Vec::new();
        let mut serializer = Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(b"    "));
        // Neither fails: JSON is text, and memory takes it.
        let _ = properties.serialize(&mut serializer);
        let mut text = String::from_utf8(bytes).unwrap_or_default();
        text.push('\n');
        self.files.insert(path, Text { text, is_private });
    }

    fn checked<'n>(&mut self, name: &'n str) -> Option<&'n str> {
        let is_odd = |c: char| matches!(c, '/' | '\\') || c.is_control();
        if name.is_empty() || name.starts_with('.') || name.len() > LONGEST || name.contains(is_odd) {
            self.wrong.get_or_insert_with(|| name.to_owned());
            return None;
        }
        Some(name)
    }
}

/// Adds lists of names that are not empty.
fn with(mut properties: Properties, lists: &[(&str, &Vec<String>)]) -> Properties {
    lists.iter().for_each(|(member, names)| list(&mut properties, member, names));
    properties
}

fn list(properties: &mut Properties, member: &str, names: &[String]) {
    if !names.is_empty() {
        properties.insert(member.to_owned(), names.into());
    }
}

/// A policy document, with C# as it is written.
fn document(text: &str, format: Option<&PolicyFormat>) -> Text {
    let text = match format {
        Some(PolicyFormat::RawXml) => text.to_owned(),
        _ => policy_text::in_format(text, &PolicyFormat::RawXml),
    };
    let is_private = may_hold_secret(&text);
    Text { text, is_private }
}

/// Whether a policy document is about passwords or keys, one of which may be written out in it.
fn may_hold_secret(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["password", "authorization", "<key", "-key\"", "api-key"].iter().any(|word| text.contains(word))
}

/// Without what was fetched from a Key Vault.
fn named_value(value: &NamedValue) -> Properties {
    let mut properties = to_properties(value);
    if forget_fetched(&mut properties, value.key_vault.as_ref()) {
        properties.remove("value");
    }
    properties
}

fn certificate_of(certificate: &Certificate) -> Properties {
    let mut properties = to_properties(certificate);
    if forget_fetched(&mut properties, certificate.key_vault.as_ref()) {
        for member in ["data", "password", "subject", "thumbprint", "expirationDate"] {
            properties.remove(member);
        }
    }
    properties
}

/// Whether something has been fetched, which is then not told any more.
fn forget_fetched(properties: &mut Properties, vault: Option<&KeyVault>) -> bool {
    let is_fetched = vault.is_some_and(|vault| vault.last_status.is_some());
    if let Some(Value::Object(vault)) = properties.get_mut("keyVault").filter(|_| is_fetched) {
        vault.remove("lastStatus");
    }
    is_fetched
}
