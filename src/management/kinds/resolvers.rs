//! `apis/resolvers`.

use super::super::error::Failure;
use super::super::kind::{Change, Entity, Place, Properties, require};
use super::apis::{api, api_mut};
use crate::model::{Collection, Resolver, ResolverEntry, Store};

pub(in crate::management) struct Resolvers;

impl Entity for Resolvers {
    type Entry = ResolverEntry;
    type Properties = Resolver;

    const PATH: &'static [&'static str] = &["apis", "resolvers"];
    const FIELDS: &'static [&'static str] = &["displayName", "path", "description"];

    fn all<'s>(store: &'s Store, at: &Place) -> Option<&'s Collection<ResolverEntry>> {
        Some(&api(store, at)?.resolvers)
    }

    fn all_mut<'s>(store: &'s mut Store, at: &Place) -> Option<&'s mut Collection<ResolverEntry>> {
        Some(&mut api_mut(store, at)?.resolvers)
    }

    fn properties(entry: &ResolverEntry) -> &Resolver {
        &entry.resolver
    }

    fn entry(properties: Resolver, old: Option<ResolverEntry>) -> ResolverEntry {
        ResolverEntry { resolver: properties, ..old.unwrap_or_default() }
    }

    fn prepare(
        _: &mut Store,
        properties: &mut Properties,
        _: Option<&Properties>,
        _: &Change<'_>,
    ) -> Result<(), Failure> {
        require(properties, "path")
    }
}
