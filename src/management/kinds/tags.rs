//! `tags`, and what has them.

use http::StatusCode;

use super::super::error::Failure;
use super::super::kind::{Change, Entity, Place, Properties, View, default, require};
use super::apis::{api, api_mut};
use super::links::Link;
use crate::model::{Collection, Store, Tag};

pub(in crate::management) struct Tags;

pub(in crate::management) static OF_API: Link = Link {
    path: &["apis", "tags"],
    to: "tags",
    get: |store, at| Some(&api(store, at)?.tags),
    get_mut: |store, at| Some(&mut api_mut(store, at)?.tags),
    presence: StatusCode::OK,
};

pub(in crate::management) static OF_OPERATION: Link = Link {
    path: &["apis", "operations", "tags"],
    to: "tags",
    get: |store, at| Some(&api(store, at)?.operations.get(at.name(1))?.tags),
    get_mut: |store, at| Some(&mut api_mut(store, at)?.operations.get_mut(at.name(1))?.tags),
    presence: StatusCode::OK,
};

pub(in crate::management) static OF_PRODUCT: Link = Link {
    path: &["products", "tags"],
    to: "tags",
    get: |store, at| Some(&at.entities(store)?.products.get(at.name(0))?.tags),
    get_mut: |store, at| Some(&mut at.entities_mut(store)?.products.get_mut(at.name(0))?.tags),
    presence: StatusCode::OK,
};

impl Entity for Tags {
    type Entry = Tag;
    type Properties = Tag;

    const PATH: &'static [&'static str] = &["tags"];
    const FIELDS: &'static [&'static str] = &["displayName"];

    fn all<'s>(store: &'s Store, at: &Place) -> Option<&'s Collection<Tag>> {
        Some(&at.entities(store)?.tags)
    }

    fn all_mut<'s>(store: &'s mut Store, at: &Place) -> Option<&'s mut Collection<Tag>> {
        Some(&mut at.entities_mut(store)?.tags)
    }

    fn properties(entry: &Tag) -> &Tag {
        entry
    }

    fn entry(properties: Tag, _: Option<Tag>) -> Tag {
        properties
    }

    fn prepare(
        _: &mut Store,
        properties: &mut Properties,
        _: Option<&Properties>,
        _: &Change<'_>,
    ) -> Result<(), Failure> {
        require(properties, "displayName")
    }

    fn show(properties: &mut Properties, view: &View<'_>) -> Result<(), Failure> {
        default(properties, "displayName", view.at.last());
        Ok(())
    }

    fn removed(store: &mut Store, change: &Change<'_>) -> Result<(), Failure> {
        let Some(entities) = change.at.entities_mut(store) else { return Ok(()) };
        let remove = |tags: &mut Vec<String>| tags.retain(|tag| !tag.eq_ignore_ascii_case(change.at.last()));
        for (_, api) in entities.apis.iter_mut() {
            remove(&mut api.tags);
            api.operations.iter_mut().for_each(|(_, operation)| remove(&mut operation.tags));
        }
        entities.products.iter_mut().for_each(|(_, product)| remove(&mut product.tags));
        entities.tag_links.remove(change.at.last());
        Ok(())
    }
}
