//! Links of a tag with names of their own, as newer contracts and workspaces write them.

use serde_json::Value;

use super::super::error::Failure;
use super::super::kind::{Change, Deletion, Kind, Place, Properties, require};
use crate::model::{Collection, Entities, ResourceId, Store, TagLinks};

/// Links of a tag to one kind of what may have it. What was given the tag in the classic way has a link with its own name.
pub(in crate::management) struct TagLink {
    path: &'static [&'static str],
    /// The member with the id.
    pub(in crate::management) member: &'static str,
    ids: &'static [&'static str],
    /// The kinds in the id of what is linked, from the outside in.
    target: &'static [&'static str],
    /// Names of links, and short ids of what they link.
    links: fn(&TagLinks) -> &Collection<String>,
    links_mut: fn(&mut TagLinks) -> &mut Collection<String>,
}

pub(in crate::management) static APIS: TagLink = TagLink {
    path: &["tags", "apiLinks"],
    member: "apiId",
    ids: &["apiId"],
    target: &["apis"],
    links: |links| &links.apis,
    links_mut: |links| &mut links.apis,
};

pub(in crate::management) static PRODUCTS: TagLink = TagLink {
    path: &["tags", "productLinks"],
    member: "productId",
    ids: &["productId"],
    target: &["products"],
    links: |links| &links.products,
    links_mut: |links| &mut links.products,
};

pub(in crate::management) static OPERATIONS: TagLink = TagLink {
    path: &["tags", "operationLinks"],
    member: "operationId",
    ids: &["operationId"],
    target: &["apis", "operations"],
    links: |links| &links.operations,
    links_mut: |links| &mut links.operations,
};

impl TagLink {
    /// The word of the collection: `apiLinks`.
    pub(in crate::management) fn word(&self) -> &'static str {
        self.path.last().copied().unwrap_or_default()
    }

    /// The links that have names, to what still has the tag.
    pub(in crate::management) fn named<'e>(&self, entities: &'e Entities, tag: &str) -> Vec<(&'e str, &'e str)> {
        let Some(links) = entities.tag_links.get(tag).map(self.links) else { return Vec::new() };
        let holds = |target: &str| tags(entities, target).is_some_and(|tags| has(tags, tag));
        links.iter().filter(|(_, target)| holds(target)).map(|(name, target)| (name, target.as_str())).collect()
    }

    /// All links with the short ids of what they link.
    fn all(&self, entities: &Entities, tag: &str) -> Vec<(String, String)> {
        let named = self.named(entities, tag);
        let mut all: Vec<_> = named.iter().map(|(name, target)| ((*name).to_owned(), (*target).to_owned())).collect();
        for target in self.tagged(entities, tag) {
            let name: Vec<&str> = target.split('/').skip(2).step_by(2).collect();
            let name = name.join("-");
            let is_there = |(link, other): &(String, String)| {
                other.eq_ignore_ascii_case(&target) || link.eq_ignore_ascii_case(&name)
            };
            if !all.iter().any(is_there) {
                all.push((name, target));
            }
        }
        all
    }

    /// The short ids of what has a tag.
    fn tagged(&self, entities: &Entities, tag: &str) -> Vec<String> {
        match self.target {
            ["products"] => {
                let tagged = entities.products.iter().filter(|(_, entry)| has(&entry.tags, tag));
                tagged.map(|(name, _)| format!("/products/{name}")).collect()
            }
            ["apis"] => {
                let tagged = entities.apis.iter().filter(|(_, entry)| has(&entry.tags, tag));
                tagged.map(|(name, _)| format!("/apis/{name}")).collect()
            }
            _ => {
                let of = |(name, operations): (&str, &Collection<crate::model::OperationEntry>)| -> Vec<String> {
                    let tagged = operations.iter().filter(|(_, entry)| has(&entry.tags, tag));
                    tagged.map(|(operation, _)| format!("/apis/{name}/operations/{operation}")).collect()
                };
                entities.apis.iter().flat_map(|(name, entry)| of((name, &entry.operations))).collect()
            }
        }
    }

    fn target(&self, store: &Store, at: &Place) -> Option<String> {
        let entities = at.entities(store)?;
        entities.tags.get(at.name(0))?;
        let all = self.all(entities, at.name(0));
        all.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(at.last())).map(|(_, target)| target)
    }

    /// The short id of what a link is to be to.
    fn read_target(&self, entities: &Entities, properties: &Properties) -> Result<String, Failure> {
        require(properties, self.member)?;
        let given = properties.get(self.member).and_then(Value::as_str).unwrap_or_default();
        let wrong = |message: String| Failure::validation(self.member, message);
        let id = ResourceId::parse(given).map_err(|error| wrong(error.to_string()))?;
        let parts: Vec<(&str, &str)> = id.segments().map(|(kind, name)| (kind, name.unwrap_or_default())).collect();
        let fits = parts.len() == self.target.len()
            && parts.iter().zip(self.target).all(|((kind, _), wanted)| kind.eq_ignore_ascii_case(wanted));
        if !fits {
            let wanted: String = self.target.iter().map(|kind| format!("/{kind}/name")).collect();
            return Err(wrong(format!("`{}` is `{given}`: expected an id such as `{wanted}`", self.member)));
        }
        let mut target = String::new();
        for (index, (_, name)) in parts.iter().enumerate() {
            let kind = self.target.get(index).copied().unwrap_or_default();
            let name = if kind == "apis" { entities.api(name).map_or(*name, |(name, _)| name) } else { name };
            target.push_str(&format!("/{kind}/{name}"));
        }
        match tags(entities, &target) {
            Some(_) => Ok(target),
            None => Err(wrong(format!("`{}` names `{given}`, which is not defined", self.member))),
        }
    }
}

impl Kind for TagLink {
    fn path(&self) -> &'static [&'static str] {
        self.path
    }

    fn ids(&self) -> &'static [&'static str] {
        self.ids
    }

    fn fields(&self) -> &'static [&'static str] {
        self.ids
    }

    fn deletion(&self) -> Deletion {
        Deletion::LINK
    }

    fn names(&self, store: &Store, at: &Place) -> Option<Vec<String>> {
        let entities = at.entities(store)?;
        entities.tags.get(at.name(0))?;
        Some(self.all(entities, at.name(0)).into_iter().map(|(name, _)| name).collect())
    }

    fn read(&self, store: &Store, at: &Place) -> Option<Properties> {
        let target = self.target(store, at)?;
        Some(Properties::from_iter([(self.member.to_owned(), target.into())]))
    }

    fn write(&self, store: &mut Store, properties: Properties, change: &Change<'_>) -> Result<(), Failure> {
        let at = change.at;
        let missing = || Failure::not_found("The resource that it belongs to was");
        let old = self.target(store, at);
        let entities = at.entities_mut(store).ok_or_else(missing)?;
        let tag = entities.tags.get_named(at.name(0)).ok_or_else(missing)?.0.to_owned();
        let target = self.read_target(entities, &properties)?;
        if let Some(old) = old.filter(|old| !old.eq_ignore_ascii_case(&target)) {
            take(entities, &old, &tag);
        }
        if let Some(tags) = tags_mut(entities, &target).filter(|tags| !has(tags, &tag)) {
            tags.push(tag.clone());
        }
        (self.links_mut)(entities.tag_links.get_or_default(&tag)).insert(at.last(), target);
        Ok(())
    }

    fn remove(&self, store: &mut Store, change: &Change<'_>) -> Result<(), Failure> {
        let at = change.at;
        let Some(target) = self.target(store, at) else { return Ok(()) };
        let Some(entities) = at.entities_mut(store) else { return Ok(()) };
        take(entities, &target, at.name(0));
        if let Some(links) = entities.tag_links.get_mut(at.name(0)) {
            (self.links_mut)(links).remove(at.last());
        }
        Ok(())
    }
}

fn has(tags: &[String], tag: &str) -> bool {
    tags.iter().any(|other| other.eq_ignore_ascii_case(tag))
}

/// Kinds and names of a short id.
fn parts(target: &str) -> Vec<&str> {
    target.trim_matches('/').split('/').collect()
}

/// The tags of what a short id names.
fn tags<'e>(entities: &'e Entities, target: &str) -> Option<&'e Vec<String>> {
    match parts(target).as_slice() {
        ["products", name] => Some(&entities.products.get(name)?.tags),
        ["apis", name] => Some(&entities.api(name)?.1.tags),
        ["apis", name, "operations", operation] => Some(&entities.api(name)?.1.operations.get(operation)?.tags),
        _ => None,
    }
}

fn tags_mut<'e>(entities: &'e mut Entities, target: &str) -> Option<&'e mut Vec<String>> {
    match parts(target).as_slice() {
        ["products", name] => Some(&mut entities.products.get_mut(name)?.tags),
        ["apis", name] => Some(&mut entities.apis.get_mut(name)?.tags),
        ["apis", name, "operations", operation] => {
            Some(&mut entities.apis.get_mut(name)?.operations.get_mut(operation)?.tags)
        }
        _ => None,
    }
}

fn take(entities: &mut Entities, target: &str, tag: &str) {
    if let Some(tags) = tags_mut(entities, target) {
        tags.retain(|other| !other.eq_ignore_ascii_case(tag));
    }
}
