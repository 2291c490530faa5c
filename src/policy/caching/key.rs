//! What a kept response depends on.

use http::{HeaderMap, HeaderName};
use sha2::{Digest, Sha256};

use super::super::context::Context;
use super::super::exchange::Exchange;
use super::super::query;
use crate::expr::Url;
use crate::state::CacheKey;

/// What responses differ by beside API, operation and URL.
#[derive(Debug, Default)]
pub(crate) struct Vary {
    pub(crate) headers: Vec<HeaderName>,
    /// The parameters that count; all of them when none is named.
    pub(crate) query: Vec<String>,
}

/// Whether the caller counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VaryBy {
    pub(crate) developer: bool,
    pub(crate) groups: bool,
}

/// Takes parts in such a way that no two lists of parts look the same.
pub(crate) struct Parts(Sha256);

impl Parts {
    pub(crate) fn new() -> Self {
        Self(Sha256::new())
    }

    pub(crate) fn add(&mut self, part: &[u8]) {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    /// A digest of them all, in hex.
    pub(crate) fn digest(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Vary {
    /// The key of the response to a request, as it would be sent to the backend now.
    pub(crate) fn key(&self, exchange: &mut Exchange, by: VaryBy) -> CacheKey {
        let facts = exchange.facts.clone();
        let mut parts = Parts::new();
        let mut add = |part: &str| parts.add(part.as_bytes());
        add(facts.deployment.as_ref().map_or("", |deployment| &deployment.service_id));
        add(facts.workspace.as_ref().map_or("", |workspace| &workspace.0));
        add(facts.product.as_ref().map_or("", |product| &product.id));
        add(facts.api.as_ref().map_or("", |api| &api.id));
        add(facts.api.as_ref().map_or("", |api| &api.revision));
        add(facts.operation.as_ref().map_or("", |operation| &operation.id));
        add(exchange.request.method.as_str());
        let context = Context::new(exchange);
        match context.backend().filter(|backend| backend.is_pool) {
            Some(pool) => ["pool", &pool.id, ""].into_iter().for_each(&mut add),
            None => {
                let (scheme, authority) = (context.scheme(Url::Current), context.authority(Url::Current));
                ["url", scheme.unwrap_or_default(), authority.unwrap_or_default()].into_iter().for_each(&mut add);
            }
        }
        let whole = context.path_and_query(Url::Current).unwrap_or_default();
        let (path, text) = query::split(&whole);
        add(path);
        let subscription_key = facts.api.as_ref().map_or("", |api| &api.subscription_key_query);
        let counts = |parameter: &&str| match &*self.query {
            [] => subscription_key.is_empty() || !query::is_named(parameter, subscription_key),
            listed => listed.iter().any(|name| query::is_named(parameter, name)),
        };
        let mut parameters: Vec<_> = query::parameters(text).filter(counts).collect();
        parameters.sort_unstable();
        add(&parameters.join("&"));
        if by.developer {
            add("developer");
            add(facts.user.as_ref().map_or("", |user| &user.id));
        }
        if by.groups {
            add("groups");
            let mut groups: Vec<_> = facts.user.iter().flat_map(|user| &user.groups).map(|(_, name)| &**name).collect();
            groups.sort_unstable();
            groups.into_iter().for_each(&mut add);
        }
        for name in &self.headers {
            parts.add(name.as_str().as_bytes());
            parts.add(&joined(&exchange.request.headers, name));
        }
        CacheKey::response(&parts.digest())
    }
}

/// All values of a header, joined by commas; nothing when it is absent.
fn joined(headers: &HeaderMap, name: &HeaderName) -> Vec<u8> {
    let values: Vec<_> = headers.get_all(name).into_iter().map(|value| value.as_bytes()).collect();
    values.join(&b","[..])
}
