//! Links of a product with names of their own, as newer contracts and workspaces write them.

use serde_json::Value;

use super::super::error::Failure;
use super::super::kind::{Change, Deletion, Kind, Place, Properties, require};
use super::links::Link;
use crate::model::{Collection, ProductEntry, ResourceId, Store};

/// Links by name. What was linked in the classic way has a link with the name of what is linked.
pub(in crate::management) struct IdLink {
    pub(super) path: &'static [&'static str],
    /// The member with the id: `apiId`.
    pub(super) member: &'static str,
    pub(super) ids: &'static [&'static str],
    /// The classic way.
    pub(super) link: &'static Link,
    /// Names of links, and of what they link.
    pub(super) links: fn(&ProductEntry) -> &Collection<String>,
    pub(super) links_mut: fn(&mut ProductEntry) -> &mut Collection<String>,
}

impl IdLink {
    fn product<'s>(&self, store: &'s Store, at: &Place) -> Option<&'s ProductEntry> {
        at.entities(store)?.products.get(at.name(0))
    }

    /// The links that lead to something that is still in the product.
    fn all(&self, store: &Store, at: &Place) -> Option<Vec<(String, String)>> {
        let names = (self.link.get)(store, at)?;
        let is_there = |target: &str| names.iter().any(|name| name.eq_ignore_ascii_case(target));
        let named = (self.links)(self.product(store, at)?).iter().filter(|(_, target)| is_there(target));
        let mut all: Vec<_> = named.map(|(name, target)| (name.to_owned(), target.clone())).collect();
        for name in names {
            if !all.iter().any(|(link, target)| target.eq_ignore_ascii_case(name) || link.eq_ignore_ascii_case(name)) {
                all.push((name.clone(), name.clone()));
            }
        }
        Some(all)
    }

    fn target(&self, store: &Store, at: &Place) -> Option<String> {
        let all = self.all(store, at)?;
        all.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(at.last())).map(|(_, target)| target)
    }
}

impl Kind for IdLink {
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
        self.all(store, at).map(|all| all.into_iter().map(|(name, _)| name).collect())
    }

    fn read(&self, store: &Store, at: &Place) -> Option<Properties> {
        let id = format!("/{}/{}", self.link.to, self.target(store, at)?);
        Some(Properties::from_iter([(self.member.to_owned(), id.into())]))
    }

    fn write(&self, store: &mut Store, properties: Properties, change: &Change<'_>) -> Result<(), Failure> {
        let at = change.at;
        require(&properties, self.member)?;
        let id = properties.get(self.member).and_then(Value::as_str).unwrap_or_default();
        let id = ResourceId::parse(id).map_err(|error| Failure::validation(self.member, error.to_string()))?;
        let target = self.link.name(id.name());
        if let Some(old) = self.target(store, at).filter(|old| !old.eq_ignore_ascii_case(target)) {
            self.link.take(store, &at.with([at.name(0), &old]));
        }
        self.link.add(store, &at.with([at.name(0), target]))?;
        let product = at.entities_mut(store).and_then(|entities| entities.products.get_mut(at.name(0)));
        if let Some(product) = product {
            (self.links_mut)(product).insert(at.last(), target.to_owned());
        }
        Ok(())
    }

    fn remove(&self, store: &mut Store, change: &Change<'_>) -> Result<(), Failure> {
        let at = change.at;
        let Some(target) = self.target(store, at) else { return Ok(()) };
        self.link.take(store, &at.with([at.name(0), &target]));
        if let Some(product) = at.entities_mut(store).and_then(|entities| entities.products.get_mut(at.name(0))) {
            (self.links_mut)(product).remove(at.last());
        }
        Ok(())
    }
}
