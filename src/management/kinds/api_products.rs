//! `apis/products`: the products that an API is in, which are changed at the product.

use super::super::error::Failure;
use super::super::kind::{Change, Kind, Of, Place, Properties, View};
use super::products::Products;
use super::revisions;
use crate::model::Store;

pub(in crate::management) struct ApiProducts;

const ALL: Of<Products> = Of::NEW;

impl Kind for ApiProducts {
    fn path(&self) -> &'static [&'static str] {
        &["apis", "products"]
    }

    fn fields(&self) -> &'static [&'static str] {
        ALL.fields()
    }

    fn names(&self, store: &Store, at: &Place) -> Option<Vec<String>> {
        let entities = at.entities(store)?;
        entities.api(at.name(0))?;
        let base = revisions::split(at.name(0)).0;
        let has_api = |apis: &[String]| apis.iter().any(|api| revisions::split(api).0.eq_ignore_ascii_case(base));
        let products = entities.products.iter().filter(|(_, entry)| has_api(&entry.apis));
        Some(products.map(|(name, _)| name.to_owned()).collect())
    }

    fn read(&self, store: &Store, at: &Place) -> Option<Properties> {
        let is_there = self.names(store, at)?.iter().any(|name| name.eq_ignore_ascii_case(at.last()));
        if is_there { ALL.read(store, &at.with([at.last()])) } else { None }
    }

    fn show(&self, properties: &mut Properties, view: &View<'_>) -> Result<(), Failure> {
        ALL.show(properties, view)
    }

    fn write(&self, _: &mut Store, _: Properties, _: &Change<'_>) -> Result<(), Failure> {
        Err(Failure::method_not_allowed())
    }

    fn remove(&self, _: &mut Store, _: &Change<'_>) -> Result<(), Failure> {
        Err(Failure::method_not_allowed())
    }
}
