//! `products`, and what is in them.

use super::super::error::Failure;
use super::super::kind::{Change, Entity, Place, Properties, View, default, require};
use super::id_links::IdLink;
use super::links::Link;
use super::subscriptions::remove_with;
use crate::model::{Collection, Product, ProductEntry, Store};
use http::StatusCode;

pub(in crate::management) struct Products;

pub(in crate::management) static APIS: Link = Link {
    path: &["products", "apis"],
    to: "apis",
    get: |store, at| Some(&at.entities(store)?.products.get(at.name(0))?.apis),
    get_mut: |store, at| Some(&mut at.entities_mut(store)?.products.get_mut(at.name(0))?.apis),
    presence: StatusCode::NO_CONTENT,
};

pub(in crate::management) static GROUPS: Link = Link {
    path: &["products", "groups"],
    to: "groups",
    get: |store, at| Some(&at.entities(store)?.products.get(at.name(0))?.groups),
    get_mut: |store, at| Some(&mut at.entities_mut(store)?.products.get_mut(at.name(0))?.groups),
    presence: StatusCode::NO_CONTENT,
};

pub(in crate::management) static API_LINKS: IdLink = IdLink {
    path: &["products", "apiLinks"],
    member: "apiId",
    ids: &["apiId"],
    link: &APIS,
    links: |entry| &entry.api_links,
    links_mut: |entry| &mut entry.api_links,
};

pub(in crate::management) static GROUP_LINKS: IdLink = IdLink {
    path: &["products", "groupLinks"],
    member: "groupId",
    ids: &["groupId"],
    link: &GROUPS,
    links: |entry| &entry.group_links,
    links_mut: |entry| &mut entry.group_links,
};

impl Entity for Products {
    type Entry = ProductEntry;
    type Properties = Product;

    const PATH: &'static [&'static str] = &["products"];
    const FIELDS: &'static [&'static str] = &["displayName", "description", "terms", "state"];

    fn all<'s>(store: &'s Store, at: &Place) -> Option<&'s Collection<ProductEntry>> {
        Some(&at.entities(store)?.products)
    }

    fn all_mut<'s>(store: &'s mut Store, at: &Place) -> Option<&'s mut Collection<ProductEntry>> {
        Some(&mut at.entities_mut(store)?.products)
    }

    fn properties(entry: &ProductEntry) -> &Product {
        &entry.product
    }

    fn entry(properties: Product, old: Option<ProductEntry>) -> ProductEntry {
        ProductEntry { product: properties, ..old.unwrap_or_default() }
    }

    fn prepare(
        _: &mut Store,
        properties: &mut Properties,
        _: Option<&Properties>,
        _: &Change<'_>,
    ) -> Result<(), Failure> {
        require(properties, "displayName")?;
        default(properties, "state", "notPublished");
        Ok(())
    }

    fn show(properties: &mut Properties, view: &View<'_>) -> Result<(), Failure> {
        default(properties, "displayName", view.at.last());
        default(properties, "subscriptionRequired", true);
        default(properties, "state", "notPublished");
        Ok(())
    }

    /// With `deleteSubscriptions=true` the subscriptions of the product go, too.
    fn removed(store: &mut Store, change: &Change<'_>) -> Result<(), Failure> {
        remove_with(store, change, "products");
        Ok(())
    }
}
