//! Named values and certificates that are in a Key Vault.

use http::StatusCode;
use serde_json::Value;

use super::super::answer::Answer;
use super::super::error::Failure;
use super::super::kind::{Change, Entity, Fetched, Kind, Of, Properties, to_properties};
use super::super::resource;
use crate::gateway::Wanted;
use crate::model::{KeyVault, Store};

/// The secret that an entity names, and who asks for it.
pub(in crate::management) fn wanted(properties: &Properties) -> Option<Wanted> {
    let vault = serde_json::from_value(properties.get("keyVault")?.clone()).ok()?;
    Some(Wanted::of(&vault))
}

/// The secret that an entity names.
pub(in crate::management) fn identifier(properties: &Properties) -> Option<&str> {
    properties.get("keyVault")?.get("secretIdentifier")?.as_str()
}

/// Puts what was fetched into `member` of an entity that is to be written. Without it, what is there stays as long as the
/// entity names the same secret.
pub(super) fn take(
    properties: &mut Properties,
    member: &str,
    old: Option<&Properties>,
    change: &Change<'_>,
) -> Result<(), Failure> {
    let Some(named) = identifier(properties).map(str::to_owned) else {
        return Err(Failure::validation("keyVault", "`keyVault.secretIdentifier` is required"));
    };
    match change.fetched.filter(|fetched| fetched.identifier == named) {
        Some(Fetched { outcome: Ok(secret), status, .. }) => {
            properties.insert(member.to_owned(), secret.expose().into());
            let status = to_properties(status).into();
            if let Some(Value::Object(vault)) = properties.get_mut("keyVault") {
                vault.insert("lastStatus".to_owned(), status);
            }
        }
        Some(Fetched { outcome: Err(message), .. }) => {
            return Err(Failure::validation("keyVault.secretIdentifier", message.clone()));
        }
        None => match old.filter(|old| identifier(old) == Some(named.as_str())).and_then(|old| old.get(member)) {
            Some(kept) => {
                properties.insert(member.to_owned(), kept.clone());
            }
            None => {
                properties.remove(member);
            }
        },
    }
    Ok(())
}

/// `refreshSecret`: when it fails, the last good value stays, and `lastStatus` says why.
pub(super) fn refresh<E: Entity>(
    store: &mut Store,
    change: &Change<'_>,
    vault: fn(&mut E::Entry) -> Option<&mut KeyVault>,
) -> Result<Answer, Failure> {
    let (kind, at) = (Of::<E>::NEW, change.at);
    let properties = kind.read(store, at).ok_or_else(|| Failure::not_found("Resource"))?;
    let Some(named) = identifier(&properties) else {
        return Err(Failure::validation("keyVault", "it is not in a Key Vault"));
    };
    match change.fetched.filter(|fetched| fetched.identifier == named) {
        None => return Err(Failure::validation("keyVault", "this gateway has nothing that reads a Key Vault")),
        Some(Fetched { outcome: Ok(_), .. }) => kind.write(store, properties, change)?,
        Some(Fetched { outcome: Err(_), status, .. }) => {
            let entry = E::all_mut(store, at).and_then(|all| all.get_mut(at.last()));
            if let Some(vault) = entry.and_then(vault) {
                vault.last_status = Some(status.clone());
            }
        }
    }
    let properties = kind.read(store, at).ok_or_else(|| Failure::not_found("Resource"))?;
    Ok(Answer::new(StatusCode::OK).json(resource::shown(&kind, at, change.query, properties)?))
}
