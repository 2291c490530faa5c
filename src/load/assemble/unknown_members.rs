//! Members of entities that are not known, which are most often misspelt.

use crate::load::json::Node;
use crate::model::*;

/// An entity that keeps members that it does not know.
pub(super) trait UnknownMembers {
    /// Tells each unknown member, with its path inside the entity, and its offset.
    fn unknown_members(&self, node: &Node, tell: &mut dyn FnMut(String, usize));
}

fn tell_all(extra: &Extra, path: &str, node: Option<&Node>, tell: &mut dyn FnMut(String, usize)) {
    let Some(node) = node else { return };
    for (name, _) in extra.iter() {
        tell(format!("{path}{name}"), node.get(name).map_or(node.offset, |node| node.offset));
    }
}

/// A macro, because the same lines would stand here once an entity.
macro_rules! keeps_extra {
    ($($entity:ty),* $(,)?) => {
        $(impl UnknownMembers for $entity {
            fn unknown_members(&self, node: &Node, tell: &mut dyn FnMut(String, usize)) {
                tell_all(&self.extra, "", Some(node), tell);
            }
        })*
    };
}

keeps_extra!(
    Api,
    ApiSchema,
    ApiVersionSet,
    Cache,
    Certificate,
    Diagnostic,
    Gateway,
    Group,
    Logger,
    NamedValue,
    Operation,
    Policy,
    PolicyFragment,
    Product,
    Release,
    Resolver,
    Schema,
    Subscription,
    Tag,
    User,
    WorkspaceProperties,
);

impl UnknownMembers for Backend {
    fn unknown_members(&self, node: &Node, tell: &mut dyn FnMut(String, usize)) {
        tell_all(&self.extra, "", Some(node), tell);
        if let Some(credentials) = &self.credentials {
            tell_all(&credentials.extra, "credentials.", node.get("credentials"), tell);
        }
        if let Some(proxy) = &self.proxy {
            tell_all(&proxy.extra, "proxy.", node.get("proxy"), tell);
        }
        if let Some(tls) = &self.tls {
            tell_all(&tls.extra, "tls.", node.get("tls"), tell);
        }
        if let Some(pool) = &self.pool {
            let node = node.get("pool");
            tell_all(&pool.extra, "pool.", node, tell);
            if let Some(affinity) = &pool.session_affinity {
                let node = node.and_then(|pool| pool.get("sessionAffinity"));
                tell_all(&affinity.extra, "pool.sessionAffinity.", node, tell);
            }
        }
        let breaker = node.get("circuitBreaker");
        let rules = breaker.and_then(|breaker| breaker.get("rules")).and_then(Node::elements).unwrap_or_default();
        if let Some(circuit_breaker) = &self.circuit_breaker {
            tell_all(&circuit_breaker.extra, "circuitBreaker.", breaker, tell);
            for (index, (rule, node)) in circuit_breaker.rules.iter().zip(rules).enumerate() {
                let path = format!("circuitBreaker.rules[{index}].");
                tell_all(&rule.extra, &path, Some(node), tell);
                if let Some(condition) = &rule.failure_condition {
                    tell_all(&condition.extra, &format!("{path}failureCondition."), node.get("failureCondition"), tell);
                }
            }
        }
    }
}
