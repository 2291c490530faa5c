//! Who may issue tokens, and where its keys are.

use std::borrow::Cow;
use std::sync::Arc;

use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::entra::Tenant;
use crate::jwt::{Claim, Claims, Metadata};

/// Who may issue tokens.
#[derive(Debug)]
pub(crate) enum Authority {
    /// Documents of OpenID metadata, and issuers by name.
    OpenId { documents: Vec<Setting<String>>, issuers: Vec<Setting<String>> },
    /// A tenant of Microsoft Entra; a computed one is at this login.
    Entra(Setting<Tenant>, Option<String>),
}

/// A document that is there, with its URL.
pub(crate) type Document<'s> = (Cow<'s, str>, Arc<Metadata>);

impl Authority {
    /// The URLs of the documents whose keys and issuers count.
    pub(crate) fn documents<'s>(
        &'s self,
        claims: &Claims<'_>,
        exchange: &mut Exchange,
    ) -> Result<Vec<Cow<'s, str>>, Box<Failure>> {
        match self {
            Self::OpenId { documents, .. } => {
                let url = |url: &'s Setting<String>| {
                    Ok(match url.get(exchange)? {
                        Cow::Borrowed(url) => Cow::Borrowed(url.trim()),
                        Cow::Owned(url) => Cow::Owned(url.trim().to_owned()),
                    })
                };
                documents.iter().map(url).collect()
            }
            Self::Entra(tenant, login) => Ok(vec![match computed(tenant, login.as_deref(), exchange)? {
                Cow::Borrowed(tenant) => Cow::Borrowed(tenant.document(claims)),
                Cow::Owned(tenant) => Cow::Owned(tenant.document(claims).to_owned()),
            }]),
        }
    }

    /// Whether the issuer of a token is one of those; `is_complete` says whether all documents are there.
    pub(crate) fn allows(
        &self,
        claims: &Claims<'_>,
        documents: &[Document<'_>],
        is_complete: bool,
        exchange: &mut Exchange,
    ) -> Result<bool, Box<Failure>> {
        let known = || documents.iter().filter_map(|(_, metadata)| metadata.issuer.as_deref());
        let issuer = text(claims, "iss");
        match self {
            Self::Entra(tenant, login) => {
                let tenant = computed(tenant, login.as_deref(), exchange)?;
                Ok(issuer.is_some_and(|issuer| tenant.allows(issuer, text(claims, "tid"), known())))
            }
            Self::OpenId { issuers, .. } => {
                if issuers.is_empty() && is_complete && known().next().is_none() {
                    return Ok(true);
                }
                let Some(issuer) = issuer else { return Ok(false) };
                let is_same = |known: &str| match text(claims, "tid") {
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
            Self::Entra(tenant, _) => Needs::OUTBOUND | tenant.needs(),
        }
    }
}

fn computed<'s>(
    tenant: &'s Setting<Tenant>,
    login: Option<&str>,
    exchange: &mut Exchange,
) -> Result<Cow<'s, Tenant>, Box<Failure>> {
    let tenant = tenant.get(exchange)?;
    Ok(match (tenant, login) {
        (Cow::Owned(tenant), Some(login)) => Cow::Owned(tenant.clone().at(login).unwrap_or(tenant)),
        (tenant, _) => tenant,
    })
}

fn text<'c>(claims: &'c Claims<'_>, name: &str) -> Option<&'c str> {
    claims.get(name).and_then(Claim::as_str)
}
