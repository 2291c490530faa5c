//! Server certificates that a configuration names: by thumbprint, or by name and issuer.

use std::sync::Arc;

use super::thumbprint::{Thumbprint, ThumbprintError};
use crate::model::X509Name;

/// The certificates that a backend, or the management service of a cluster, may present.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::backend) struct Pins {
    pub(super) thumbprints: Vec<Thumbprint>,
    pub(super) names: Vec<PinnedName>,
    pub(super) of: PinnedServer,
}

/// Whose certificates are pinned, since the two follow different rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::backend) enum PinnedServer {
    /// `tls` of a backend: what is pinned is trusted besides the roots, for the host of the URL.
    Backend,
    /// A Service Fabric cluster: a pinned certificate is taken whatever its host; names need a good chain.
    Cluster,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct PinnedName {
    pub(super) name: String,
    pub(super) issuers: Vec<Thumbprint>,
}

impl Pins {
    /// Pins as entities write them; none when both lists are empty.
    pub(in crate::backend) fn new(
        thumbprints: &[String],
        names: &[X509Name],
        of: PinnedServer,
    ) -> Result<Option<Arc<Self>>, ThumbprintError> {
        if thumbprints.is_empty() && names.is_empty() {
            return Ok(None);
        }
        let thumbprints = thumbprints.iter().map(|text| Thumbprint::parse(text)).collect::<Result<_, _>>()?;
        let names = names.iter().map(PinnedName::new).collect::<Result<_, _>>()?;
        Ok(Some(Arc::new(Self { thumbprints, names, of })))
    }
}

impl PinnedName {
    fn new(name: &X509Name) -> Result<Self, ThumbprintError> {
        let issuers = name.issuer_certificate_thumbprint.as_deref().unwrap_or_default();
        let issuers = issuers.split(',').filter(|text| !text.trim().is_empty()).map(Thumbprint::parse);
        Ok(Self { name: name.name.trim().to_owned(), issuers: issuers.collect::<Result<_, _>>()? })
    }
}
