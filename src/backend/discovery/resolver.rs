//! Where the addresses of a host's name come from.

use std::io;
use std::net::IpAddr;

use async_trait::async_trait;

/// Gives the addresses of a host's name: the system's resolver, or one of your own.
///
/// It is asked for the members of pools that [`PoolOptions::member_per_address`](crate::backend::PoolOptions::member_per_address) is
/// set for. IPv4 and IPv6 addresses are members alike; a resolver may leave those out that cannot be reached.
///
/// ```
/// use std::net::IpAddr;
/// use gatewright::backend::{NameResolver, Resilience};
///
/// struct Fixed;
///
/// #[async_trait::async_trait]
/// impl NameResolver for Fixed {
///     async fn resolve(&self, _name: &str) -> std::io::Result<Vec<IpAddr>> {
///         Ok(vec![[10, 0, 0, 7].into(), [10, 0, 0, 8].into()])
///     }
/// }
///
/// let resilience = Resilience::new().resolver(Fixed);
/// # let _ = resilience;
/// ```
#[async_trait]
pub trait NameResolver: Send + Sync + 'static {
    /// The addresses of a host, in any order, also more than once. No address is taken as a failure: what was known stays.
    ///
    /// # Errors
    ///
    /// Whatever kept the resolver from an answer.
    ///
    /// Cancel safe: dropping the future, as happens after 10 seconds, changes nothing.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

const _: Option<&dyn NameResolver> = None;

/// The resolver of the system: what `getaddrinfo` says, in a thread of the runtime.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SystemResolver;

#[async_trait]
impl NameResolver for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_system_knows_this_machine() {
        let found = SystemResolver.resolve("localhost").await.unwrap();
        assert!(!found.is_empty() && found.iter().all(IpAddr::is_loopback), "{found:?}");
    }
}
