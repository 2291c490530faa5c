//! `apis`, revisions among them: `orders` is the current one, `orders;rev=2` another.

use serde_json::Value;

use super::super::answer::Answer;
use super::super::error::Failure;
use super::super::kind::{
    Change, Deletion, Kind, Place, Properties, View, default, from_properties, require, to_properties,
};
use super::super::query::Query;
use super::{api_imports, revisions};
use crate::model::{Api, ApiEntry, Entities, ResourceId, Store};

/// Members that say how an API is made, not what it is.
const MAKING: [&str; 6] =
    ["format", "value", "wsdlSelector", "apiType", "translateRequiredQueryParameters", "provisioningState"];

pub(in crate::management) struct Apis;

/// The API that the first name of a path means.
pub(super) fn api<'s>(store: &'s Store, at: &Place) -> Option<&'s ApiEntry> {
    Some(at.entities(store)?.api(at.name(0))?.1)
}

/// The API that the first name of a path means, to change it.
pub(super) fn api_mut<'s>(store: &'s mut Store, at: &Place) -> Option<&'s mut ApiEntry> {
    let name = at.entities(store)?.api(at.name(0))?.0.to_owned();
    at.entities_mut(store)?.apis.get_mut(&name)
}

impl Kind for Apis {
    fn path(&self) -> &'static [&'static str] {
        &["apis"]
    }

    fn ids(&self) -> &'static [&'static str] {
        &["apiVersionSetId", "sourceApiId"]
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "displayName",
            "description",
            "serviceUrl",
            "path",
            "isCurrent",
            "apiRevision",
            "apiVersion",
            "apiVersionSetId",
        ]
    }

    fn deletion(&self) -> Deletion {
        Deletion::DONE
    }

    fn names(&self, store: &Store, at: &Place) -> Option<Vec<String>> {
        at.entities(store).map(|entities| entities.apis.names().map(str::to_owned).collect())
    }

    fn read(&self, store: &Store, at: &Place) -> Option<Properties> {
        api(store, at).map(|entry| to_properties(&entry.api))
    }

    fn show(&self, properties: &mut Properties, view: &View<'_>) -> Result<(), Failure> {
        let (base, revision) = revisions::split(view.at.last());
        for member in MAKING {
            properties.remove(member);
        }
        default(properties, "displayName", base);
        default(properties, "apiRevision", revision.unwrap_or("1"));
        default(properties, "isCurrent", revision.is_none());
        default(properties, "isOnline", true);
        default(properties, "subscriptionRequired", true);
        default(properties, "protocols", vec!["https"]);
        properties.insert("provisioningState".into(), "Succeeded".into());
        Ok(())
    }

    fn write(&self, store: &mut Store, mut properties: Properties, change: &Change<'_>) -> Result<(), Failure> {
        let at = change.at;
        let Some(entities) = at.entities(store) else { return Err(Failure::not_found("Workspace")) };
        let (base, revision) = revisions::split(at.last());
        let there = entities.api(at.last()).map(|(name, entry)| (name.to_owned(), entry.clone()));
        let source = source(entities, &properties)?;
        let asks_current = properties.remove("isCurrent");
        let mut entry = match (api_imports::of(&properties)?, &there) {
            (Some(importer), _) => importer.import(base, there.as_ref().map(|(_, entry)| entry), &mut properties)?,
            (None, Some((_, entry))) => entry.clone(),
            (None, None) => new_entry(entities, base, revision, source, &mut properties)?,
        };
        for member in MAKING {
            if let Some(value) = properties.remove(member).filter(|_| member == "apiType") {
                default(&mut properties, "type", value);
            }
        }
        if !matches!(properties.get("path"), Some(Value::String(_))) {
            return Err(Failure::validation("path", "`path` is required; it may be empty"));
        }
        require(&properties, "displayName")?;
        let asked = properties.get("apiRevision").and_then(Value::as_str).map(str::to_owned);
        let kept = there.as_ref().map(|(_, entry)| entry.api.api_revision.clone().unwrap_or_else(|| "1".to_owned()));
        let number = revision.map(str::to_owned).or(kept).or(asked.clone()).unwrap_or_else(|| "1".to_owned());
        if asked.is_some_and(|asked| asked != number) {
            let message =
                format!("the revision is `{number}`: another one has a name of its own, such as `{base};rev=2`");
            return Err(Failure::validation("apiRevision", message));
        }
        properties.insert("apiRevision".into(), number.clone().into());
        entry.api = from_properties::<Api>(properties)?;
        let entities = at.entities_mut(store).ok_or_else(|| Failure::not_found("Workspace"))?;
        let name = match there {
            Some((name, _)) => name,
            // The first revision is the current one, whatever its number.
            None if !entities.apis.contains(base) => base.to_owned(),
            None => at.last().to_owned(),
        };
        entry.api.is_current = Some(revisions::split(&name).1.is_none());
        entities.apis.insert(name, entry);
        if asks_current == Some(Value::Bool(true)) {
            revisions::make_current(entities, base, &number)?;
        }
        Ok(())
    }

    /// The current revision goes with all others, which the caller has to say (`deleteRevisions=true`).
    fn remove(&self, store: &mut Store, change: &Change<'_>) -> Result<(), Failure> {
        let Some(entities) = change.at.entities_mut(store) else { return Ok(()) };
        let Some(name) = entities.api(change.at.last()).map(|(name, _)| name.to_owned()) else { return Ok(()) };
        let (base, revision) = revisions::split(&name);
        if revision.is_some() && !change.query.is("deleteRevisions") {
            entities.apis.remove(&name);
            return Ok(());
        }
        let all: Vec<String> = revisions::names(entities, base);
        if all.len() > 1 && !change.query.is("deleteRevisions") {
            let message = format!(
                "`{base}` is the current revision, and there are others: delete all with `deleteRevisions=true`"
            );
            return Err(Failure::validation("deleteRevisions", message));
        }
        for name in all {
            entities.apis.remove(&name);
        }
        let gone = |name: &String| revisions::split(name).0.eq_ignore_ascii_case(base);
        entities.products.iter_mut().for_each(|(_, product)| product.apis.retain(|name| !gone(name)));
        entities.gateways.iter_mut().for_each(|(_, gateway)| gateway.apis.retain(|name| !gone(name)));
        Ok(())
    }

    fn special(&self, store: &Store, at: &Place, query: &Query) -> Option<Result<Answer, Failure>> {
        query.is("export").then(|| {
            let entry = api(store, at).ok_or_else(|| Failure::not_found("Resource"))?;
            api_imports::export(entry, store, at, query)
        })
    }
}

/// The API that a new one is to be like.
fn source(entities: &Entities, properties: &Properties) -> Result<Option<ApiEntry>, Failure> {
    let Some(id) = properties.get("sourceApiId").and_then(Value::as_str) else { return Ok(None) };
    let found = ResourceId::parse(id).ok().and_then(|id| entities.api(id.name()).map(|(_, entry)| entry.clone()));
    let missing = || Failure::validation("sourceApiId", format!("`sourceApiId` names `{id}`, which is not defined"));
    found.map(Some).ok_or_else(missing)
}

/// A new API; a new revision is like the one that it comes from, and has its path and name unless it says others.
fn new_entry(
    entities: &Entities,
    base: &str,
    revision: Option<&str>,
    source: Option<ApiEntry>,
    properties: &mut Properties,
) -> Result<ApiEntry, Failure> {
    let current = entities.apis.get(base);
    if revision.is_some() && current.is_some() || source.is_some() {
        let like = source.or_else(|| current.cloned()).unwrap_or_default();
        let inherited = to_properties(&like.api);
        for (member, value) in inherited {
            if !matches!(
                member.as_str(),
                "apiRevision" | "isCurrent" | "apiRevisionDescription" | "apiVersion" | "sourceApiId"
            ) {
                default(properties, &member, value);
            }
        }
        return Ok(ApiEntry { releases: Default::default(), ..like });
    }
    Ok(ApiEntry::default())
}
