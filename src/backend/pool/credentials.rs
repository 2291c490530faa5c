//! Credentials of a pool, for members that have none of their own: beyond Azure.

use std::collections::BTreeMap;

use http::header::AUTHORIZATION;

use super::options::PoolOptions;
use crate::model::{Credentials, Sensitive};

impl PoolOptions {
    /// Whether `credentials` of the pool's entity are for all its members that have none of that kind of their own; false by
    /// default: then they have no effect, with a warning.
    ///
    /// A member keeps a header and a query parameter of the same name, its client certificates, and what it has for
    /// `Authorization`: `authorization`, `managedIdentity` or that header. Only requests through the pool have the pool's
    /// credentials, and health checks are none of these, but those of members that are URLs: they have no others. Members of a
    /// pool in the pool do not get them.
    ///
    /// ```
    /// use gatewright::backend::{PoolOptions, Resilience};
    /// use gatewright::model::{Backend, Credentials, Pool, PoolMember};
    ///
    /// let members = Pool::new().member(PoolMember::new("east")).member(PoolMember::new("west"));
    /// let pool = Backend::of_pool(members).credentials(Credentials::new().header("x-key", "{{orders-key}}"));
    /// let resilience = Resilience::new().pool("orders", PoolOptions::new().credentials_apply(true));
    /// # let _ = (pool, resilience);
    /// ```
    #[must_use]
    pub fn credentials_apply(mut self, apply: bool) -> Self {
        self.credentials_apply = apply;
        self
    }
}

/// The credentials of a member, and those of its pool where it has none of that kind.
pub(in crate::backend) fn joined(own: Option<&Credentials>, shared: &Credentials) -> Credentials {
    let mut all = own.cloned().unwrap_or_default();
    let authorizes =
        all.authorization.is_some() || all.managed_identity.is_some() || has(&all.header, AUTHORIZATION.as_str());
    if !authorizes {
        all.authorization.clone_from(&shared.authorization);
        all.managed_identity.clone_from(&shared.managed_identity);
    }
    for (name, values) in &shared.header {
        let is_taken = authorizes && name.eq_ignore_ascii_case(AUTHORIZATION.as_str());
        if !is_taken && !has(&all.header, name) {
            all.header.insert(name.clone(), values.clone());
        }
    }
    for (name, values) in &shared.query {
        if !has(&all.query, name) {
            all.query.insert(name.clone(), values.clone());
        }
    }
    if all.certificate.is_empty() && all.certificate_ids.is_empty() {
        all.certificate.clone_from(&shared.certificate);
        all.certificate_ids.clone_from(&shared.certificate_ids);
    }
    all
}

fn has(names: &BTreeMap<String, Vec<Sensitive>>, name: &str) -> bool {
    names.keys().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Authorization, ManagedIdentity};

    #[test]
    fn a_member_keeps_what_it_has_of_a_kind() {
        let new = Credentials::new;
        let bearer = |text: &str| new().authorization(Authorization::new("Bearer", text));
        let identity = || new().managed_identity(ManagedIdentity::new("r"));
        let header = |name: &str, value: &str| new().header(name, value);
        let cases = [
            (new(), bearer("p"), bearer("p")),
            (bearer("m"), bearer("p"), bearer("m")),
            (bearer("m"), identity(), bearer("m")),
            (identity(), bearer("p").header("Authorization", "p"), identity()),
            (header("authorization", "m"), bearer("p"), header("authorization", "m")),
            (
                header("X-Key", "m"),
                header("x-key", "p").header("x-more", "p"),
                header("X-Key", "m").header("x-more", "p"),
            ),
            (
                new().query("Code", "m"),
                new().query("code", "p").query("v", "p"),
                new().query("Code", "m").query("v", "p"),
            ),
            (header("x-key", "m"), bearer("p"), bearer("p").header("x-key", "m")),
        ];
        for (own, shared, expected) in cases {
            assert_eq!(joined(Some(&own), &shared), expected);
        }
        assert_eq!(joined(None, &bearer("p")), bearer("p"));
        let (mut ids, mut thumbprints) = (new(), new());
        ids.certificate_ids = vec!["/certificates/c".to_owned()];
        thumbprints.certificate = vec!["AB".to_owned()];
        assert_eq!(joined(Some(&thumbprints), &ids), thumbprints);
        assert_eq!(joined(Some(&ids), &thumbprints), ids);
        assert_eq!(joined(Some(&new()), &ids), ids);
    }
}
