//! `policyFragments`.

use http::StatusCode;
use serde_json::json;

use super::super::answer::Answer;
use super::super::error::Failure;
use super::super::kind::{Change, Entity, Place, Properties, View};
use super::policies::{check_text, show_text};
use crate::model::{Collection, Entities, Policy, PolicyFragment, Store};
use crate::xml::{self, Element};

pub(in crate::management) struct PolicyFragments;

impl Entity for PolicyFragments {
    type Entry = PolicyFragment;
    type Properties = PolicyFragment;

    const PATH: &'static [&'static str] = &["policyFragments"];
    const FIELDS: &'static [&'static str] = &["description", "value"];

    fn all<'s>(store: &'s Store, at: &Place) -> Option<&'s Collection<PolicyFragment>> {
        Some(&at.entities(store)?.policy_fragments)
    }

    fn all_mut<'s>(store: &'s mut Store, at: &Place) -> Option<&'s mut Collection<PolicyFragment>> {
        Some(&mut at.entities_mut(store)?.policy_fragments)
    }

    fn properties(entry: &PolicyFragment) -> &PolicyFragment {
        entry
    }

    fn entry(properties: PolicyFragment, _: Option<PolicyFragment>) -> PolicyFragment {
        properties
    }

    fn prepare(
        _: &mut Store,
        properties: &mut Properties,
        _: Option<&Properties>,
        _: &Change<'_>,
    ) -> Result<(), Failure> {
        properties.remove("provisioningState");
        check_text(properties)
    }

    fn show(properties: &mut Properties, view: &View<'_>) -> Result<(), Failure> {
        show_text(properties, view)?;
        properties.insert("provisioningState".into(), "Succeeded".into());
        Ok(())
    }

    fn act(action: &str, store: &mut Store, change: &Change<'_>) -> Option<Result<Answer, Failure>> {
        if !action.eq_ignore_ascii_case("listReferences") {
            return None;
        }
        let at = change.at;
        let users: Vec<_> =
            documents(at.entities(store)?, at).into_iter().filter(|(_, text)| includes(text, at.last())).collect();
        let found: Vec<_> = users.iter().map(|(id, _)| json!({ "id": format!("{}{id}", at.service_id) })).collect();
        let count = found.len();
        Some(Ok(Answer::new(StatusCode::OK).json(json!({ "value": found, "count": count }))))
    }
}

/// All policies and fragments, by short id.
pub(super) fn documents<'s>(entities: &'s Entities, at: &Place) -> Vec<(String, &'s str)> {
    let mut all = Vec::new();
    let mut add = |path: &[&str], names: &[&str], policy: &'s Option<Policy>| {
        if let Some(policy) = policy {
            all.push((at.with(names.iter().copied().chain(["policy"])).short_id(path), policy.value.as_str()));
        }
    };
    add(&["policies"], &[], &entities.policy);
    for (name, entry) in &entities.products {
        add(&["products", "policies"], &[name], &entry.policy);
    }
    for (name, entry) in &entities.apis {
        add(&["apis", "policies"], &[name], &entry.policy);
        for (operation, inner) in &entry.operations {
            add(&["apis", "operations", "policies"], &[name, operation], &inner.policy);
        }
        for (resolver, inner) in &entry.resolvers {
            add(&["apis", "resolvers", "policies"], &[name, resolver], &inner.policy);
        }
    }
    let fragments = entities.policy_fragments.iter();
    all.extend(
        fragments.map(|(name, fragment)| (at.with([name]).short_id(&["policyFragments"]), fragment.value.as_str())),
    );
    all
}

fn includes(text: &str, fragment: &str) -> bool {
    fn inside(document: &xml::Document, element: &Element, fragment: &str) -> bool {
        let id = element.attribute("fragment-id").filter(|_| &*element.name == "include-fragment");
        id.is_some_and(|id| id.value.raw(document).eq_ignore_ascii_case(fragment))
            || element.elements().any(|child| inside(document, child, fragment))
    }
    xml::parse(text).is_ok_and(|document| inside(&document, &document.root, fragment))
}
