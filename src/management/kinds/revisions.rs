//! Revisions of an API: their names, which is current, and the list of them.

use serde_json::{Value, json};

use super::super::error::Failure;
use super::super::kind::{Change, Kind, Place, Properties};
use super::apis::api;
use crate::model::{Entities, Store};

/// Name and revision of `orders;rev=2`.
pub(super) fn split(name: &str) -> (&str, Option<&str>) {
    let Some((base, rest)) = name.split_once(';') else { return (name, None) };
    match rest.split_at_checked(4) {
        Some((word, number)) if word.eq_ignore_ascii_case("rev=") && !number.is_empty() => (base, Some(number)),
        _ => (name, None),
    }
}

/// The names of all revisions.
pub(super) fn names(entities: &Entities, base: &str) -> Vec<String> {
    let of_it = entities.apis.names().filter(|name| split(name).0.eq_ignore_ascii_case(base));
    of_it.map(str::to_owned).collect()
}

/// Makes a revision the one that answers without `;rev=`; the one that did gets a name with its number.
pub(super) fn make_current(entities: &mut Entities, base: &str, revision: &str) -> Result<(), Failure> {
    let Some((name, current)) = entities.apis.get_named(base) else { return Err(Failure::not_found("API")) };
    let (name, old) = (name.to_owned(), current.api.api_revision.clone().unwrap_or_else(|| "1".to_owned()));
    if old == revision {
        return Ok(());
    }
    let Some(mut next) = entities.apis.remove(&format!("{base};rev={revision}")) else {
        return Err(Failure::validation("apiId", format!("`{base}` has no revision `{revision}`")));
    };
    if let Some(mut current) = entities.apis.remove(&name) {
        next.releases = std::mem::take(&mut current.releases);
        current.api.is_current = Some(false);
        current.api.api_revision = Some(old.clone());
        entities.apis.insert(format!("{name};rev={old}"), current);
    }
    next.api.is_current = Some(true);
    next.api.api_revision = Some(revision.to_owned());
    entities.apis.insert(name, next);
    Ok(())
}

/// `apis/revisions`: a list that is not of ARM resources.
pub(in crate::management) struct Revisions;

impl Kind for Revisions {
    fn path(&self) -> &'static [&'static str] {
        &["apis", "revisions"]
    }

    fn fields(&self) -> &'static [&'static str] {
        &["apiRevision", "isCurrent", "isOnline"]
    }

    fn names(&self, store: &Store, at: &Place) -> Option<Vec<String>> {
        let entities = at.entities(store)?;
        let base = split(at.name(0)).0;
        entities.apis.get(base).map(|_| names(entities, base))
    }

    fn read(&self, store: &Store, at: &Place) -> Option<Properties> {
        let entry = api(store, &at.with([at.last()]))?;
        let (base, revision) = split(at.last());
        let number = entry.api.api_revision.as_deref().or(revision).unwrap_or("1");
        let found = json!({
            "apiId": format!("/apis/{base};rev={number}"), "apiRevision": number,
            "description": entry.api.api_revision_description, "isOnline": entry.api.is_online.unwrap_or(true),
            "isCurrent": entry.api.is_current.unwrap_or(revision.is_none()),
            "privateUrl": format!("/{};rev={number}", entry.api.path.trim_matches('/')),
        });
        match found {
            Value::Object(members) => Some(members),
            _ => None,
        }
    }

    fn write(&self, _: &mut Store, _: Properties, _: &Change<'_>) -> Result<(), Failure> {
        Err(Failure::method_not_allowed())
    }

    fn remove(&self, _: &mut Store, _: &Change<'_>) -> Result<(), Failure> {
        Err(Failure::method_not_allowed())
    }

    fn wrap(&self, _: String, _: String, _: &str, properties: Properties) -> Value {
        Value::Object(properties)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_revisions() {
        for (name, expected) in [
            ("orders", ("orders", None)),
            ("orders;rev=2", ("orders", Some("2"))),
            ("orders;Rev=b", ("orders", Some("b"))),
            ("orders;rev=", ("orders;rev=", None)),
            ("orders;re", ("orders;re", None)),
            ("orders;évv=1", ("orders;évv=1", None)),
        ] {
            assert_eq!(split(name), expected, "{name}");
        }
    }
}
