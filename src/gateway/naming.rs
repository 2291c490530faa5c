//! How requests name an API: its revision, its version, the header of its key.

use http::HeaderName;

use super::router::{ApiVersion, VersionScheme};
use crate::model::{Api, Entities, ResourceId, VersioningScheme};

/// The name of an API and of its revision: `orders;rev=2`.
pub(super) fn split_revision(name: &str) -> (&str, Option<&str>) {
    match name.split_once(";rev=") {
        Some((base, revision)) => (base, Some(revision)),
        None => (name, None),
    }
}

/// The header that holds the subscription key.
pub(super) fn header_name(api: &Api) -> &str {
    let names = api.subscription_key_parameter_names.as_ref();
    names
        .and_then(|names| names.header.as_deref())
        .filter(|name| !name.is_empty())
        .unwrap_or("Ocp-Apim-Subscription-Key")
}

/// The version of an API and where requests say it; none for the original one.
pub(super) fn version(api: &Api, entities: &Entities) -> Result<Option<ApiVersion>, String> {
    let Some(identifier) = api.api_version.as_deref().filter(|version| !version.is_empty()) else { return Ok(None) };
    let named = match &api.api_version_set_id {
        Some(id) => {
            let id = ResourceId::parse(id).map_err(|error| error.to_string())?;
            let set = entities.api_version_sets.get(id.name());
            Some(set.ok_or_else(|| format!("the version set `{}` is not defined", id.name()))?)
        }
        None => None,
    };
    let set = named.or(api.api_version_set.as_ref());
    let set = set.ok_or_else(|| format!("it has the version `{identifier}` but no version set"))?;
    let missing = |member| format!("its version set has no `{member}`");
    let scheme = match &set.versioning_scheme {
        Some(VersioningScheme::Segment) => VersionScheme::Segment,
        Some(VersioningScheme::Header) => {
            let name = set.version_header_name.as_deref().ok_or_else(|| missing("versionHeaderName"))?;
            let name = HeaderName::try_from(name).map_err(|_| format!("`{name}` is not the name of a header"))?;
            VersionScheme::Header(name)
        }
        Some(VersioningScheme::Query) => {
            VersionScheme::Query(set.version_query_name.clone().ok_or_else(|| missing("versionQueryName"))?)
        }
        Some(other) => {
            return Err(format!("its versioning scheme is `{other}`: expected `Segment`, `Header` or `Query`"));
        }
        None => return Err(missing("versioningScheme")),
    };
    Ok(Some(ApiVersion { scheme, identifier: identifier.to_owned() }))
}
