//! Finds the address of the backend among the servers of a document.

use super::document::Node;
use super::{Context, Version};
use crate::model::ApiProtocol;

/// There are `http`, `https`, `ws` and `wss`.
const MOST_SCHEMES: usize = 8;

/// The longest URL that is filled in; the service stores 2,000 characters.
const LONGEST_URL: usize = 8_000;

/// The base URL of the backend, if the document has one that can be used.
pub(super) fn service_url(context: &mut Context<'_>) -> Option<String> {
    let root = context.root;
    let candidates = match context.version {
        Version::V2 => swagger_candidates(context),
        _ => root.get("servers").items().filter_map(server_url).collect(),
    };
    if candidates.len() > 1 && (context.version != Version::V2 || root.find("x-servers").is_some()) {
        let message = format!("{} servers: the first `https` one is used", candidates.len());
        context.findings.warn("several-servers", "/servers", message);
    }
    let base = context.options.document_url.as_deref();
    let mut relative = None;
    let mut absolute = Vec::new();
    for url in candidates {
        match if scheme(&url).is_some() { Some(url.clone()) } else { base.and_then(|base| join(base, &url)) } {
            Some(url) => absolute.push(url),
            None => relative = relative.or(Some(url)),
        }
    }
    if let Some(url) = absolute.iter().find(|url| scheme(url).is_some_and(|s| s.eq_ignore_ascii_case("https"))) {
        return Some(url.clone());
    }
    let first = absolute.into_iter().next();
    if context.version == Version::V2 && first.is_some() {
        return first;
    }
    if let Some(url) = relative {
        let message =
            format!("server `{url}` is relative and the document came from no URL: the API has no service URL");
        context.findings.warn("relative-server", "/servers", message);
    } else {
        let message = match (&first, context.options.allow_http_server) {
            (None, _) => "the document names no server: the API has no service URL".to_owned(),
            (Some(url), true) => format!("no server is `https`: `{url}` is used"),
            (Some(url), false) => format!("no server is `https`: `{url}` is not used, the API has no service URL"),
        };
        context.findings.warn("no-https-server", "/servers", message);
    }
    first.filter(|_| context.options.allow_http_server)
}

/// Whether the document says which schemes clients may use.
pub(super) fn says_protocols(context: &Context<'_>) -> bool {
    context.version == Version::V2 && context.root.get("schemes").has_items()
}

/// The schemes that clients may use.
pub(super) fn protocols(context: &Context<'_>) -> Vec<ApiProtocol> {
    let listed = |scheme: &str| {
        let mut schemes = context.root.get("schemes").items();
        schemes.any(|listed| listed.text().is_some_and(|listed| listed.eq_ignore_ascii_case(scheme)))
    };
    let mut protocols = Vec::new();
    if context.version == Version::V2 && listed("http") {
        protocols.push(ApiProtocol::Http);
    }
    if protocols.is_empty() || listed("https") {
        protocols.push(ApiProtocol::Https);
    }
    protocols
}

fn swagger_candidates(context: &mut Context<'_>) -> Vec<String> {
    let root = context.root;
    let own: Vec<_> = root.get("x-servers").items().filter_map(server_url).collect();
    if !own.is_empty() {
        return own;
    }
    let base = context.options.document_url.as_deref().and_then(|url| url::Url::parse(url).ok());
    let mut schemes: Vec<&str> = Vec::new();
    for scheme in root.get("schemes").items().filter_map(Node::text) {
        if schemes.len() < MOST_SCHEMES && !schemes.contains(&scheme) {
            schemes.push(scheme);
        }
    }
    if schemes.is_empty() {
        match &base {
            Some(base) => schemes.push(base.scheme()),
            None => context.findings.refuse(
                "no-scheme",
                "/schemes",
                "the scheme of the server is not known: expected `schemes`, or import from a URL",
            ),
        }
    }
    let path = root.get("basePath").text().filter(|path| *path != "/").unwrap_or_default();
    let from_base = base.as_ref().and_then(|base| {
        let host = base.host_str()?;
        Some(base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
    });
    let host = root.get("host").some_text().map(str::to_owned).or(from_base);
    match host {
        Some(host) if !schemes.is_empty() => schemes.iter().map(|scheme| format!("{scheme}://{host}{path}")).collect(),
        Some(host) => vec![format!("//{host}{path}")],
        None => vec![path.to_owned()],
    }
}

/// The URL of a server with the defaults of its variables filled in.
fn server_url(server: Node<'_>) -> Option<String> {
    let variables = server.get("variables");
    let mut rest = server.get("url").text().filter(|url| url.len() <= LONGEST_URL)?;
    let mut url = String::with_capacity(rest.len());
    while let Some((before, inside, behind)) = split_variable(rest) {
        url.push_str(before);
        match variables.get(inside).find("default").filter(|default| !default.is_null()) {
            Some(default) => url.push_str(&default.to_text()),
            None => url.extend(["{", inside, "}"]),
        }
        if url.len() > LONGEST_URL {
            return None;
        }
        rest = behind;
    }
    Some(url + rest)
}

/// What stands before, in and behind the first braces.
fn split_variable(url: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = url.split_once('{')?;
    let (inside, behind) = rest.split_once('}')?;
    Some((before, inside, behind))
}

fn scheme(url: &str) -> Option<&str> {
    url.split_once("://").map(|(scheme, _)| scheme).filter(|scheme| scheme.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn join(base: &str, relative: &str) -> Option<String> {
    let joined = url::Url::parse(base).ok()?.join(relative).ok()?.to_string();
    // The URL type adds a slash to a bare host; what the document wrote is kept.
    Some(if relative.ends_with('/') { joined } else { joined.trim_end_matches('/').to_owned() })
}
