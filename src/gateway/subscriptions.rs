//! Turns subscriptions into what their keys open and what policies see of them.

use std::sync::Arc;

use super::access::{SubscriptionAccess, SubscriptionScope};
use super::assemble::{Places, key};
use super::snapshot::SubscriptionState;
use crate::model::{Entities, ResourceId, Sensitive, Store, Subscription, SubscriptionState as State, User};
use crate::policy::{SubscriptionFacts, UserFacts};
use crate::secret::Secret;

/// What the keys of a subscription open. A subscription that says no state is active.
pub(super) fn access(
    store: &Store,
    places: &Places<'_>,
    realm: usize,
    subscription: &Subscription,
) -> Result<SubscriptionAccess, String> {
    Ok(SubscriptionAccess {
        keys: [secret(subscription.primary_key.as_ref()), secret(subscription.secondary_key.as_ref())],
        scope: scope(store, places, realm, &subscription.scope)?,
        is_active: matches!(subscription.state, None | Some(State::Active)),
    })
}

fn scope(store: &Store, places: &Places<'_>, realm: usize, text: &str) -> Result<SubscriptionScope, String> {
    let text = text.trim().trim_end_matches('/');
    let all = |realm| if realm == 0 { SubscriptionScope::AllApis } else { SubscriptionScope::Workspace(realm) };
    if text.is_empty() {
        return Ok(all(realm));
    }
    let id = ResourceId::parse(text).map_err(|error| format!("`scope`: {error}"))?;
    let realm = match id.workspace() {
        Some(name) => {
            let found =
                store.scopes().position(|(other, _)| other.is_some_and(|other| other.eq_ignore_ascii_case(name)));
            found.ok_or_else(|| format!("`scope`: the workspace `{name}` is not defined"))?
        }
        None => realm,
    };
    let base = id.name().split(";rev=").next().unwrap_or_default();
    let (found, kind) = match id.kind().to_ascii_lowercase().as_str() {
        "" => return Ok(all(realm)),
        "apis" if base.is_empty() => return Ok(all(realm)),
        "apis" => (places.apis.get(&key(realm, base)).map(|api| SubscriptionScope::Api(*api)), "API"),
        "products" => {
            (places.products.get(&key(realm, base)).map(|product| SubscriptionScope::Product(*product)), "product")
        }
        _ => return Err(format!("`scope` is `{text}`: expected `/products/{{name}}`, `/apis/{{name}}` or `/apis`")),
    };
    found.ok_or_else(|| format!("`scope`: the {kind} `{base}` is not defined"))
}

/// What policies see of a subscription and of its owner.
pub(super) fn state(
    name: &str,
    subscription: &Subscription,
    entities: &Entities,
    service: &Entities,
) -> SubscriptionState {
    let text = |text: &Option<String>| text.as_deref().map(Arc::from);
    let facts = SubscriptionFacts {
        id: name.into(),
        name: subscription.display_name.as_deref().unwrap_or(name).into(),
        primary_key: secret(subscription.primary_key.as_ref()),
        secondary_key: secret(subscription.secondary_key.as_ref()),
        created_date: text(&subscription.created_date),
        start_date: text(&subscription.start_date),
        end_date: text(&subscription.end_date),
    };
    let owner = subscription.owner_id.as_deref().and_then(|id| ResourceId::parse(id).ok());
    // The groups of a workspace have users of the service.
    let scopes = if std::ptr::eq(entities, service) { &[service][..] } else { &[entities, service] };
    let user = owner.and_then(|id| {
        let found = scopes.iter().find_map(|entities| entities.users.get_named(id.name()));
        found.map(|(id, owner)| user(id, owner, scopes))
    });
    SubscriptionState { facts: Arc::new(facts), user: user.map(Arc::new) }
}

fn user(id: &str, user: &User, scopes: &[&Entities]) -> UserFacts {
    let text = |text: &Option<String>| text.as_deref().unwrap_or_default().into();
    let groups = scopes.iter().flat_map(|entities| entities.groups.iter());
    let groups = groups.filter(|(_, entry)| entry.users.iter().any(|user| user.eq_ignore_ascii_case(id)));
    UserFacts {
        id: id.into(),
        email: text(&user.email),
        first_name: text(&user.first_name),
        last_name: text(&user.last_name),
        note: text(&user.note),
        registration_date: user.registration_date.as_deref().map(Into::into),
        groups: groups
            .map(|(id, entry)| (id.into(), entry.group.display_name.as_deref().unwrap_or(id).into()))
            .collect(),
        identities: user.identities.iter().map(|identity| (text(&identity.id), text(&identity.provider))).collect(),
    }
}

fn secret(key: Option<&Sensitive>) -> Option<Secret> {
    key.map(|key| Secret::new(key.expose()))
}
