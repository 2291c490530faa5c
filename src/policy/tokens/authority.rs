//! Who may issue tokens, and where its keys are.

use std::sync::Arc;

use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use crate::jwt::{Claims, Metadata};

/// Who may issue tokens.
#[derive(Debug)]
pub(crate) enum Authority {
    /// Documents of OpenID metadata, and issuers by name.
    OpenId { documents: Vec<Setting<String>>, issuers: Vec<Setting<String>> },
}

impl Authority {
    /// The URLs of the documents whose keys and issuers count.
    pub(crate) fn documents(&self, _: &Claims, exchange: &mut Exchange) -> Result<Vec<String>, Box<Failure>> {
        match self {
            Self::OpenId { documents, .. } => {
                documents.iter().map(|url| Ok(url.get(exchange)?.trim().to_owned())).collect()
            }
        }
    }

    /// Whether the issuer of a token is one of those; `is_complete` says whether all documents are there.
    pub(crate) fn allows(
        &self,
        claims: &Claims,
        metadata: &[(String, Arc<Metadata>)],
        is_complete: bool,
        exchange: &mut Exchange,
    ) -> Result<bool, Box<Failure>> {
        let text = |name| claims.get(name).and_then(|value: &serde_json::Value| value.as_str());
        let issuer = text("iss");
        match self {
            Self::OpenId { issuers, .. } => {
                let known = || metadata.iter().filter_map(|(_, metadata)| metadata.issuer.as_deref());
                if issuers.is_empty() && is_complete && known().next().is_none() {
                    return Ok(true);
                }
                let Some(issuer) = issuer else { return Ok(false) };
                let is_same = |known: &str| match text("tid") {
                    // The metadata of all tenants names none.
                    Some(tenant) if known.contains("{tenantid}") => known.replace("{tenantid}", tenant) == issuer,
                    _ => known == issuer,
                };
                if known().any(is_same) {
                    return Ok(true);
                }
                for known in issuers {
                    if **known.get(exchange)? == *issuer {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }

    pub(crate) fn needs(&self) -> Needs {
        match self {
            Self::OpenId { documents, issuers } => {
                let outbound = if documents.is_empty() { Needs::NONE } else { Needs::OUTBOUND };
                documents.iter().chain(issuers).fold(outbound, |needs, setting| needs | setting.needs())
            }
        }
    }
}
