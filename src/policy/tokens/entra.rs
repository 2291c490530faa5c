//! Tenants of Microsoft Entra: where their metadata is, and how they name themselves as issuers.

use url::Url;

use super::super::setting::Literal;
use crate::expr::Value;
use crate::jwt::{Claim, Claims};

const LOGIN: &str = "https://login.microsoftonline.com";
/// The tenant of personal accounts, which is no organization.
const CONSUMERS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// A tenant, or a group of tenants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tenant {
    who: Who,
    /// `https://login.microsoftonline.com`, or that of another cloud.
    endpoint: String,
    /// The metadata for tokens of version 1.0.
    first: String,
    /// The metadata for later tokens.
    second: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Who {
    /// `common`: all.
    All,
    /// `organizations`: all but personal accounts.
    Organizations,
    /// One, by its id.
    Id(String),
    /// One, by a domain.
    Domain,
}

impl Tenant {
    /// A tenant by id, domain or login URL.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (endpoint, name) = if text.contains('/') {
            let url = login(text)?;
            let name = url.path_segments()?.next().unwrap_or_default().to_owned();
            (url.origin().ascii_serialization(), name)
        } else {
            (LOGIN.to_owned(), text.to_owned())
        };
        let is_legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        (!name.is_empty() && name.chars().all(is_legal) && name != "." && name != "..")
            .then(|| Self::new(name.to_ascii_lowercase(), endpoint))
    }

    fn new(name: String, endpoint: String) -> Self {
        let document = |version| format!("{endpoint}/{name}{version}/.well-known/openid-configuration");
        let (first, second) = (document(""), document("/v2.0"));
        let who = match name.as_str() {
            "common" => Who::All,
            "organizations" => Who::Organizations,
            id if is_id(id) => Who::Id(name),
            _ => Who::Domain,
        };
        Self { who, endpoint, first, second }
    }

    /// The same tenant at the login of another cloud: a URL whose scheme may be left out.
    pub(crate) fn at(self, endpoint: &str) -> Option<Self> {
        let url = login(endpoint)?;
        let name = self.first.strip_prefix(&self.endpoint)?.split('/').nth(1)?;
        Some(Self::new(name.to_owned(), url.origin().ascii_serialization()))
    }

    /// The metadata that a token is checked with.
    pub(super) fn document(&self, claims: &Claims<'_>) -> &str {
        match claims.get("ver").and_then(Claim::as_str) {
            Some("1.0") => &self.first,
            _ => &self.second,
        }
    }

    /// Whether `issuer` is the tenant; `known` are the issuers of its metadata.
    pub(super) fn allows<'i>(
        &self,
        issuer: &str,
        tenant: Option<&str>,
        mut known: impl Iterator<Item = &'i str>,
    ) -> bool {
        let mut is_of = |tenant: &str| {
            issuer == format!("{LOGIN}/{tenant}/v2.0")
                || issuer == format!("https://sts.windows.net/{tenant}/")
                || issuer == format!("{}/{tenant}/v2.0", self.endpoint)
                || known.any(|known| known.replace("{tenantid}", tenant) == issuer)
        };
        match &self.who {
            Who::Id(id) => tenant.is_none_or(|tenant| tenant.eq_ignore_ascii_case(id)) && is_of(id),
            Who::All => tenant.filter(|id| is_id(id)).is_some_and(is_of),
            Who::Organizations => {
                let tenant = tenant.filter(|id| is_id(id) && !id.eq_ignore_ascii_case(CONSUMERS));
                tenant.is_some_and(is_of)
            }
            // The metadata of a domain says the id of its tenant.
            Who::Domain => {
                let known: Vec<&str> = known.filter(|known| !known.contains('{')).collect();
                let id = known.iter().find_map(|known| known.split('/').find(|segment| is_id(segment)));
                let is_same = |id: &str| tenant.is_none_or(|tenant| tenant.eq_ignore_ascii_case(id));
                let Some(id) = id else { return known.contains(&issuer) };
                is_same(id) && {
                    let own = [
                        format!("{LOGIN}/{id}/v2.0"),
                        format!("https://sts.windows.net/{id}/"),
                        format!("{}/{id}/v2.0", self.endpoint),
                    ];
                    known.contains(&issuer) || own.iter().any(|own| own == issuer)
                }
            }
        }
    }
}

impl Literal for Tenant {
    fn literal(text: &str) -> Option<Self> {
        Self::parse(text)
    }

    fn value(value: Value) -> Result<Self, String> {
        let text = value.to_text().unwrap_or_default();
        Self::parse(&text).ok_or_else(|| format!("'{text}' is not a tenant."))
    }
}

/// A login URL, with or without a scheme.
fn login(text: &str) -> Option<Url> {
    let text = text.trim();
    let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("https://{text}")) }.ok()?;
    (matches!(url.scheme(), "https" | "http") && url.has_host()).then_some(url)
}

/// Whether a text is a GUID.
fn is_id(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    text.split('-').map(str::len).eq(lengths) && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

    fn allows(tenant: &str, issuer: &str, tid: Option<&str>, known: &[&str]) -> bool {
        Tenant::parse(tenant).unwrap().allows(issuer, tid, known.iter().copied())
    }

    #[test]
    fn metadata_is_where_the_tenant_says() {
        let v1: Claims<'_> = serde_json::from_str(r#"{"ver":"1.0"}"#).unwrap();
        for (text, expected) in [
            ("contoso.onmicrosoft.com", "https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0"),
            ("common", "https://login.microsoftonline.com/common/v2.0"),
            ("https://login.microsoftonline.com/organizations", "https://login.microsoftonline.com/organizations/v2.0"),
            ("login.microsoftonline.us/abc/v2.0", "https://login.microsoftonline.us/abc/v2.0"),
        ] {
            let tenant = Tenant::parse(text).unwrap();
            assert_eq!(tenant.document(&Claims::default()), format!("{expected}/.well-known/openid-configuration"));
            let v1 = tenant.document(&v1).replace("/.well-known/openid-configuration", "/v2.0");
            assert_eq!(v1, expected);
        }
        let moved = Tenant::parse(ID).unwrap().at("login.microsoftonline.us").unwrap();
        assert!(moved.second.starts_with(&format!("https://login.microsoftonline.us/{ID}/v2.0/")));
        for wrong in ["", "a b", "..", "a?b", "https://", "ftp://a/b", "//"] {
            assert_eq!(Tenant::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn issuers_are_those_of_the_tenant() {
        let (v2, v1) = (format!("{LOGIN}/{ID}/v2.0"), format!("https://sts.windows.net/{ID}/"));
        let consumers = format!("{LOGIN}/{CONSUMERS}/v2.0");
        let other = "11111111-2222-3333-4444-555555555555";
        let ciam = "https://contoso.ciamlogin.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0";
        let template = "https://login.microsoftonline.com/{tenantid}/v2.0";
        for (tenant, issuer, tid, known, expected) in [
            (ID, &*v2, Some(ID), &[][..], true),
            (ID, &v1, None, &[], true),
            (ID, &v1, Some(other), &[], false),
            (ID, &consumers, Some(CONSUMERS), &[template], false),
            (ID, "https://evil.example/", Some(ID), &[], false),
            ("common", &v2, Some(ID), &[template], true),
            ("common", &v2, None, &[template], false),
            ("common", &v2, Some(other), &[template], false),
            ("common", "https://evil.example/", Some("evil"), &["https://{tenantid}.example/"], false),
            ("common", &consumers, Some(CONSUMERS), &[], true),
            ("organizations", &consumers, Some(CONSUMERS), &[template], false),
            ("organizations", &v1, Some(ID), &[template], true),
            ("contoso.com", &v1, Some(ID), &[&*v2], true),
            ("contoso.com", &v2, Some(other), &[&*v2], false),
            ("contoso.com", &v2, Some(ID), &[], false),
            ("contoso.com", &v2, Some(ID), &[template], false),
            ("contoso.com", ciam, Some(ID), &[ciam], true),
            ("contoso.com", ciam, Some(other), &[ciam], false),
            ("contoso.com", "https://sts.contoso.com/adfs", None, &["https://sts.contoso.com/adfs"], true),
            ("contoso.com", "https://sts.contoso.com/adfs", None, &[ciam], false),
        ] {
            assert_eq!(allows(tenant, issuer, tid, known), expected, "{tenant} {issuer} {tid:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_tenant_or_none(text in any::<String>(), rest in "[a-z./:-]{0,30}") {
            for text in [text, rest] {
                if let Some(tenant) = Tenant::parse(&text) {
                    prop_assert!(tenant.clone().at("a.example").is_some());
                }
            }
        }
    }
}
