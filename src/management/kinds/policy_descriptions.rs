//! `policyDescriptions`: which policies there are. They cannot be changed.

use super::super::error::Failure;
use super::super::kind::{Change, Kind, Place, Properties};
use crate::model::Store;
use crate::policy::{Scope, Spec, specs};

pub(in crate::management) struct PolicyDescriptions;

impl Kind for PolicyDescriptions {
    fn path(&self) -> &'static [&'static str] {
        &["policyDescriptions"]
    }

    fn fields(&self) -> &'static [&'static str] {
        &["description", "scope"]
    }

    fn is_in_workspaces(&self) -> bool {
        false
    }

    fn names(&self, _: &Store, _: &Place) -> Option<Vec<String>> {
        Some(specs().map(|spec| spec.element.to_owned()).collect())
    }

    fn read(&self, _: &Store, at: &Place) -> Option<Properties> {
        let spec = specs().find(|spec| spec.element.eq_ignore_ascii_case(at.last()))?;
        let (description, scope) = (spec.summary.into(), scopes(spec).into());
        Some(Properties::from_iter([("description".to_owned(), description), ("scope".to_owned(), scope)]))
    }

    fn write(&self, _: &mut Store, _: Properties, _: &Change<'_>) -> Result<(), Failure> {
        Err(Failure::method_not_allowed())
    }

    fn remove(&self, _: &mut Store, _: &Change<'_>) -> Result<(), Failure> {
        Err(Failure::method_not_allowed())
    }
}

/// The bits of the contract: tenant 1, product 2, API 4, operation 8.
fn scopes(spec: &Spec) -> u32 {
    let bits = [(Scope::Global, 1), (Scope::Product, 2), (Scope::Api, 4), (Scope::Operation, 8)];
    bits.iter().filter(|(scope, _)| spec.scopes.contains(*scope)).map(|(_, bit)| bit).sum()
}
