//! Where the secrets of a Key Vault stand in a configuration.

use super::Wanted;
use crate::backend::ClientCertificate;
use crate::model::{Certificate, Entities, KeyVaultStatus, NamedValue, Store};
use crate::secret::Secret;

/// The longest value, and the longest certificate, in characters.
const LONGEST_VALUE: usize = 4096;
const LONGEST_CERTIFICATE: usize = 64 * 1024;

/// Where a secret stands.
pub(super) enum Slot<'a> {
    Value(&'a mut NamedValue),
    Certificate(&'a mut Certificate),
}

impl Slot<'_> {
    /// Puts a secret in; whether it is another one.
    pub(super) fn put(&mut self, secret: &Secret) -> Result<bool, String> {
        let text = secret.expose();
        let fits = |longest: usize| match text.chars().count() <= longest {
            true => Ok(()),
            false => Err(format!("the secret is longer than {longest} characters")),
        };
        match self {
            Self::Value(value) => {
                if value.value.as_ref().is_some_and(|held| held.expose() == text) {
                    return Ok(false);
                }
                fits(LONGEST_VALUE)?;
                value.value = Some(text.into());
            }
            Self::Certificate(certificate) => {
                if certificate.data.as_ref().is_some_and(|held| held.expose() == text) {
                    return Ok(false);
                }
                fits(LONGEST_CERTIFICATE)?;
                let next = Certificate { data: Some(text.into()), ..certificate.clone() };
                let read = ClientCertificate::from_entity(&next).map_err(|error| error.to_string())?;
                let expires = jiff::Timestamp::try_from(read.expires()).ok();
                **certificate = Certificate {
                    subject: Some(read.subject()),
                    thumbprint: Some(read.thumbprint()),
                    expiration_date: expires.map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
                    ..next
                };
            }
        }
        Ok(true)
    }

    /// Sets `lastStatus`; whether it is another one.
    pub(super) fn tell(&mut self, status: KeyVaultStatus) -> bool {
        let vault = match self {
            Self::Value(value) => value.key_vault.as_mut(),
            Self::Certificate(certificate) => certificate.key_vault.as_mut(),
        };
        let Some(vault) = vault else { return false };
        let is_new = vault.last_status.as_ref() != Some(&status);
        vault.last_status = Some(status);
        is_new
    }
}

/// Goes through everything that is in a Key Vault.
pub(super) fn each(store: &mut Store, work: &mut dyn FnMut(&Wanted, &mut Slot<'_>)) {
    let mut within = |entities: &mut Entities| {
        for (_, value) in entities.named_values.iter_mut() {
            if let Some(wanted) = value.key_vault.as_ref().map(Wanted::of) {
                work(&wanted, &mut Slot::Value(value));
            }
        }
        for (_, certificate) in entities.certificates.iter_mut() {
            if let Some(wanted) = certificate.key_vault.as_ref().map(Wanted::of) {
                work(&wanted, &mut Slot::Certificate(certificate));
            }
        }
    };
    within(&mut store.service);
    store.workspaces.iter_mut().for_each(|(_, workspace)| within(&mut workspace.entities));
}

/// What a configuration names, each once.
pub(super) fn wanted(store: &Store) -> Vec<Wanted> {
    let mut all = Vec::new();
    for (_, entities) in store.scopes() {
        let values = entities.named_values.iter().filter_map(|(_, value)| value.key_vault.as_ref());
        let certificates = entities.certificates.iter().filter_map(|(_, certificate)| certificate.key_vault.as_ref());
        all.extend(values.chain(certificates).map(Wanted::of));
    }
    all.sort_by(|one, other| (&one.identifier, &one.client_id).cmp(&(&other.identifier, &other.client_id)));
    all.dedup();
    all
}
