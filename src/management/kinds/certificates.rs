//! `certificates`.

use serde_json::Value;

use super::super::answer::Answer;
use super::super::error::Failure;
use super::super::kind::{Change, Entity, Place, Properties, View, from_properties};
use super::vault;
use crate::backend::ClientCertificate;
use crate::model::{Certificate, Collection, Store};

pub(in crate::management) struct Certificates;

impl Entity for Certificates {
    type Entry = Certificate;
    type Properties = Certificate;

    const PATH: &'static [&'static str] = &["certificates"];
    const FIELDS: &'static [&'static str] = &["subject", "thumbprint", "expirationDate", "keyVault"];

    fn all<'s>(store: &'s Store, at: &Place) -> Option<&'s Collection<Certificate>> {
        Some(&at.entities(store)?.certificates)
    }

    fn all_mut<'s>(store: &'s mut Store, at: &Place) -> Option<&'s mut Collection<Certificate>> {
        Some(&mut at.entities_mut(store)?.certificates)
    }

    fn properties(entry: &Certificate) -> &Certificate {
        entry
    }

    fn entry(properties: Certificate, _: Option<Certificate>) -> Certificate {
        properties
    }

    fn prepare(
        _: &mut Store,
        properties: &mut Properties,
        old: Option<&Properties>,
        change: &Change<'_>,
    ) -> Result<(), Failure> {
        if vault::identifier(properties).is_some() {
            vault::take(properties, "data", old, change)?;
        }
        let has = |name: &str| properties.get(name).is_some_and(|value| !value.is_null());
        if !has("data") {
            let message = "`data` or `keyVault` is required";
            return if has("keyVault") { Ok(()) } else { Err(Failure::validation("data", message)) };
        }
        let entity: Certificate = from_properties(properties.clone())?;
        let read = ClientCertificate::from_entity(&entity);
        let read = read.map_err(|error| Failure::validation("data", error.to_string()))?;
        properties.insert("subject".into(), read.subject().into());
        properties.insert("thumbprint".into(), read.thumbprint().into());
        if let Ok(expires) = jiff::Timestamp::try_from(read.expires()) {
            properties.insert("expirationDate".into(), expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into());
        }
        Ok(())
    }

    fn show(properties: &mut Properties, _: &View<'_>) -> Result<(), Failure> {
        properties.remove("data");
        properties.remove("password");
        for member in ["subject", "thumbprint", "expirationDate"] {
            // The contract has them always.
            properties.entry(member).or_insert(Value::Null);
        }
        Ok(())
    }

    fn act(action: &str, store: &mut Store, change: &Change<'_>) -> Option<Result<Answer, Failure>> {
        let is_it = action.eq_ignore_ascii_case("refreshSecret");
        is_it.then(|| vault::refresh::<Self>(store, change, |certificate| certificate.key_vault.as_mut()))
    }
}
