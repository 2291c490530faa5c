//! `subscriptions`, and those of a product or user.

use http::StatusCode;
use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::error::Failure;
use super::super::kind::{Change, Entity, Kind, Of, Place, Properties, View, default, require};
use crate::model::{Collection, Entities, ResourceId, Sensitive, Store, Subscription};
use crate::random::Random;

pub(in crate::management) struct Subscriptions;

impl Entity for Subscriptions {
    type Entry = Subscription;
    type Properties = Subscription;

    const PATH: &'static [&'static str] = &["subscriptions"];
    const IDS: &'static [&'static str] = &["scope", "ownerId"];
    const FIELDS: &'static [&'static str] = &["displayName", "stateComment", "ownerId", "scope", "state"];

    fn all<'s>(store: &'s Store, at: &Place) -> Option<&'s Collection<Subscription>> {
        Some(&at.entities(store)?.subscriptions)
    }

    fn all_mut<'s>(store: &'s mut Store, at: &Place) -> Option<&'s mut Collection<Subscription>> {
        Some(&mut at.entities_mut(store)?.subscriptions)
    }

    fn properties(entry: &Subscription) -> &Subscription {
        entry
    }

    fn entry(properties: Subscription, _: Option<Subscription>) -> Subscription {
        properties
    }

    /// Keys that are not given are made, or stay.
    fn prepare(
        _: &mut Store,
        properties: &mut Properties,
        old: Option<&Properties>,
        change: &Change<'_>,
    ) -> Result<(), Failure> {
        require(properties, "scope")?;
        require(properties, "displayName")?;
        for member in ["primaryKey", "secondaryKey"] {
            let kept = old.and_then(|old| old.get(member)).cloned();
            if properties.get(member).is_none_or(Value::is_null) {
                properties.insert(member.into(), kept.unwrap_or_else(|| new_key(change.random).into()));
            }
        }
        for member in ["createdDate", "startDate", "endDate", "state"] {
            if let Some(kept) = old.and_then(|old| old.get(member)) {
                default(properties, member, kept.clone());
            }
        }
        default(properties, "state", "submitted");
        default(properties, "createdDate", change.now);
        if properties.get("state").and_then(Value::as_str).is_some_and(|state| state.eq_ignore_ascii_case("active")) {
            default(properties, "startDate", change.now);
        }
        Ok(())
    }

    fn show(properties: &mut Properties, view: &View<'_>) -> Result<(), Failure> {
        properties.remove("primaryKey");
        properties.remove("secondaryKey");
        default(properties, "displayName", view.at.last());
        default(properties, "state", "active");
        Ok(())
    }

    fn act(action: &str, store: &mut Store, change: &Change<'_>) -> Option<Result<Answer, Failure>> {
        let subscription = Self::all_mut(store, change.at)?.get_mut(change.at.last())?;
        let text = |key: &Option<Sensitive>| key.as_ref().map(|key| key.expose().to_owned());
        match action.to_ascii_lowercase().as_str() {
            "listsecrets" => {
                let (primary, secondary) = (text(&subscription.primary_key), text(&subscription.secondary_key));
                let body = json!({ "primaryKey": primary, "secondaryKey": secondary });
                return Some(Ok(Answer::new(StatusCode::OK).json(body)));
            }
            "regenerateprimarykey" => subscription.primary_key = Some(new_key(change.random).into()),
            "regeneratesecondarykey" => subscription.secondary_key = Some(new_key(change.random).into()),
            _ => return None,
        }
        Some(Ok(Answer::new(StatusCode::NO_CONTENT)))
    }
}

/// 32 hex digits.
fn new_key(random: &Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// With `deleteSubscriptions=true`, removes the subscriptions of what has been removed.
pub(super) fn remove_with(store: &mut Store, change: &Change<'_>, kind: &str) {
    if !change.query.is("deleteSubscriptions") {
        return;
    }
    let name = change.at.last();
    let remove = |entities: &mut Entities| {
        let of_it = entities.subscriptions.iter().filter(|(_, subscription)| belongs(subscription, kind, name));
        let names: Vec<String> = of_it.map(|(name, _)| name.to_owned()).collect();
        names.iter().for_each(|name| drop(entities.subscriptions.remove(name)));
    };
    if let Some(entities) = change.at.entities_mut(store) {
        remove(entities);
    }
    if kind == "users" {
        store.workspaces.iter_mut().for_each(|(_, workspace)| remove(&mut workspace.entities));
    }
}

/// Whether a subscription is for a product, or of a user.
fn belongs(subscription: &Subscription, kind: &str, name: &str) -> bool {
    let id = if kind == "users" { subscription.owner_id.as_deref() } else { Some(subscription.scope.as_str()) };
    let id = id.and_then(|id| ResourceId::parse(id).ok());
    id.is_some_and(|id| id.kind().eq_ignore_ascii_case(kind) && id.name().eq_ignore_ascii_case(name))
}

/// The subscriptions of a product or user, which are changed elsewhere.
pub(in crate::management) struct OfOwner {
    path: &'static [&'static str],
}

pub(in crate::management) static OF_PRODUCT: OfOwner = OfOwner { path: &["products", "subscriptions"] };
pub(in crate::management) static OF_USER: OfOwner = OfOwner { path: &["users", "subscriptions"] };

const ALL: Of<Subscriptions> = Of::NEW;

impl Kind for OfOwner {
    fn path(&self) -> &'static [&'static str] {
        self.path
    }

    fn ids(&self) -> &'static [&'static str] {
        ALL.ids()
    }

    fn fields(&self) -> &'static [&'static str] {
        ALL.fields()
    }

    fn names(&self, store: &Store, at: &Place) -> Option<Vec<String>> {
        let entities = at.entities(store)?;
        let owner = self.path.first().copied().unwrap_or_default();
        if !entities.contains(owner, at.name(0)) {
            return None;
        }
        let of_it = entities.subscriptions.iter().filter(|(_, subscription)| belongs(subscription, owner, at.name(0)));
        Some(of_it.map(|(name, _)| name.to_owned()).collect())
    }

    fn read(&self, store: &Store, at: &Place) -> Option<Properties> {
        let names = self.names(store, at)?;
        let is_there = names.iter().any(|name| name.eq_ignore_ascii_case(at.last()));
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
