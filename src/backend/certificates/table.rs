//! The client certificates of a configuration, by id and thumbprint.

use std::collections::BTreeMap;

use super::super::tls::Thumbprint;
use super::{CertificateError, ClientCertificate};
use crate::forward::CertificateName;
use crate::model::ResourceId;

/// Client certificates by the id of their entity, those that cannot be read included.
#[derive(Clone, Debug, Default)]
pub(in crate::backend) struct Certificates(BTreeMap<String, Result<ClientCertificate, CertificateError>>);

impl Certificates {
    pub(in crate::backend) fn insert(&mut self, id: &str, certificate: Result<ClientCertificate, CertificateError>) {
        self.0.insert(name(id).to_ascii_lowercase(), certificate);
    }

    /// Whether one of them has not been given.
    #[cfg(feature = "policy")]
    pub(in crate::backend) fn has_absent(&self) -> bool {
        self.0.values().any(|known| matches!(known, Err(CertificateError::NotHere)))
    }

    /// The certificate of a name, here or else in `others`.
    pub(in crate::backend) fn find(
        &self,
        wanted: &CertificateName,
        others: &Self,
    ) -> Result<ClientCertificate, CertificateError> {
        match wanted {
            CertificateName::Id(id) => {
                let key = name(id).to_ascii_lowercase();
                let found = match self.0.get(&key) {
                    None | Some(Err(CertificateError::NotHere)) => others.0.get(&key).or_else(|| self.0.get(&key)),
                    found => found,
                };
                let found = found.ok_or_else(|| CertificateError::Unknown(id.to_string()))?;
                let unusable = |source: CertificateError| CertificateError::Unusable {
                    id: name(id).to_owned(),
                    source: Box::new(source),
                };
                found.clone().map_err(unusable)
            }
            CertificateName::Data(_) => Err(CertificateError::Unknown("the file of a policy".to_owned())),
            CertificateName::Thumbprint(text) => {
                let unknown = || CertificateError::Unknown(text.to_string());
                let thumbprint = Thumbprint::parse(text).map_err(|_| unknown())?;
                let all = self.0.values().chain(others.0.values()).flatten();
                all.into_iter().find(|found| found.has_thumbprint(&thumbprint)).cloned().ok_or_else(unknown)
            }
        }
    }
}

/// The last part of an id: full, short (`/certificates/x`), or a bare name.
fn name(id: &str) -> String {
    let parsed = ResourceId::parse(id).ok();
    let name = parsed.as_ref().map(ResourceId::name).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| id.trim_matches('/')).to_owned()
}
