//! Security schemes, which an import leaves out unless it is asked to map them.

use serde_json::json;

use super::document::{Node, escape};
use super::references::References;
use super::{Context, Options, Version, syntax};
use crate::model::{Api, AuthenticationSettings, SubscriptionKeyParameterNames};

/// Reports the security of a document; maps it onto the API when the options ask for it.
pub(super) fn read(context: &mut Context<'_>, api: &mut Api) {
    let root = context.root;
    let (schemes, pointer) = match context.version {
        Version::V2 => (root.get("securityDefinitions"), "/securityDefinitions"),
        _ => (root.get("components").get("securitySchemes"), "/components/securitySchemes"),
    };
    let pointer = if schemes.has_members() { pointer } else { "/security" };
    if !schemes.has_members() && !requires_security(root) {
        return;
    }
    let references = &context.references;
    let mut mapped = Vec::new();
    if context.options.map_security {
        for (name, scheme) in schemes.members() {
            if map(references.resolve(scheme), name, api) {
                mapped.push(format!("`{name}`"));
            }
        }
    }
    let message = if mapped.is_empty() {
        "security is left out: access is decided by subscriptions and policies".to_owned()
    } else {
        format!(
            "{} of the security schemes set names on the API, the rest of the security is left out",
            mapped.join(", ")
        )
    };
    context.findings.warn("security-ignored", pointer, message);
}

/// Whether the document or one of its operations asks for security.
fn requires_security(root: Node<'_>) -> bool {
    let asks = |node: Node<'_>| node.get("security").items().any(Node::has_members);
    let mut operations = root.get("paths").members().flat_map(|(_, item)| item.members());
    asks(root) || operations.any(|(_, operation)| asks(operation))
}

/// A key that a document wants with each request.
pub(in crate::import) struct ApiKey {
    /// Name of the security scheme.
    pub(in crate::import) scheme: String,
    /// Name of the header or query parameter.
    pub(in crate::import) name: String,
    pub(in crate::import) is_header: bool,
    /// Where the scheme is described.
    pub(in crate::import) pointer: String,
}

/// The keys in headers and queries of a document; none when it cannot be read.
pub(in crate::import) fn api_keys(bytes: &[u8], options: &Options) -> Vec<ApiKey> {
    let Ok((_, document)) = syntax::read(bytes, None, &options.limits()) else { return Vec::new() };
    let root = document.root();
    let references = References::new(root);
    let schemes = [
        ("/securityDefinitions", root.get("securityDefinitions")),
        ("/components/securitySchemes", root.get("components").get("securitySchemes")),
    ];
    let key = |(list, scheme, node): (&str, &str, Node<'_>)| {
        let node = references.resolve(node);
        let is_header = match node.get("in").text() {
            Some("header") => true,
            Some("query") => false,
            _ => return None,
        };
        let name = node.get("name").some_text().filter(|_| node.get("type").text() == Some("apiKey"))?;
        let pointer = format!("{list}/{}", escape(scheme));
        Some(ApiKey { scheme: scheme.to_owned(), name: name.to_owned(), is_header, pointer })
    };
    let all = schemes.into_iter().flat_map(|(list, node)| node.members().map(move |(name, node)| (list, name, node)));
    all.filter_map(key).collect()
}

fn map(scheme: Node<'_>, name: &str, api: &mut Api) -> bool {
    match scheme.get("type").text() {
        Some("apiKey") => {
            let names = api.subscription_key_parameter_names.get_or_insert_with(SubscriptionKeyParameterNames::new);
            let key = scheme.get("name").some_text().map(str::to_owned);
            match scheme.get("in").text() {
                Some("header") if names.header.is_none() => names.header = key,
                Some("query") if names.query.is_none() => names.query = key,
                _ => return false,
            }
            true
        }
        Some("oauth2") => {
            let settings = api.authentication_settings.get_or_insert_with(AuthenticationSettings::new);
            settings.extra.insert("oAuth2", json!({ "authorizationServerId": name }));
            true
        }
        Some("openIdConnect") => {
            let settings = api.authentication_settings.get_or_insert_with(AuthenticationSettings::new);
            settings.extra.insert("openid", json!({ "openidProviderId": name }));
            true
        }
        _ => false,
    }
}
