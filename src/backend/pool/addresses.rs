//! Whether members are what the names of their hosts stand for.

use std::time::Duration;

use super::options::PoolOptions;

impl PoolOptions {
    /// Makes each address of a member's host a member of its own, and looks its name up again after this time, from a
    /// millisecond to a year; off by default: then a connection goes to whichever address answers first.
    ///
    /// Names are looked up while the host runs [`Backends::watch_names`](crate::backend::Backends::watch_names) or
    /// `Gateway::watch_names`, by the [`NameResolver`](crate::backend::NameResolver) of
    /// [`Resilience::resolver`](crate::backend::Resilience::resolver); until there is an answer, and for a member whose host
    /// is an address, is a Service Fabric cluster or is reached through a web proxy, the member is as it is without this.
    /// The last good answer stays when a look-up fails, and when the configuration is replaced with the same `Resilience` by
    /// one that has the host too.
    ///
    /// The member `orders` becomes `orders@10.0.0.7`, `orders@10.0.0.8`, …, each with the priority and weight of `orders`, a
    /// breaker of its own by the rules of `orders`, and a health check of its own. `Host` and the name in the certificate stay
    /// those of the URL. When addresses come or go, turns, counts of requests and what outlier ejection knows begin anew, and
    /// requests under way end where they began.
    ///
    /// ```
    /// use std::time::Duration;
    /// use gatewright::backend::{PoolOptions, Resilience};
    ///
    /// let options = PoolOptions::new().member_per_address(Duration::from_secs(30));
    /// let resilience = Resilience::new().pool("orders", options);
    /// # let _ = resilience;
    /// ```
    #[must_use]
    pub fn member_per_address(mut self, every: Duration) -> Self {
        self.address_interval = Some(every.clamp(Duration::from_millis(1), Duration::from_secs(365 * 24 * 3600)));
        self
    }

    pub(in crate::backend) fn address_interval(&self) -> Option<Duration> {
        self.address_interval
    }
}
