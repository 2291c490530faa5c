//! Asks backends how they are, when it is time.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::Request;

use super::goal::Goal;
use super::health::Health;
use super::sender::Sender;
use super::set::Backends;
use crate::Body;
use crate::forward::ForwardOptions;

/// The pause when nothing is to be checked; another configuration may have checks.
const IDLE: Duration = Duration::from_secs(1);

impl Backends {
    /// Makes all health checks that are due, at the same time, and gives the time until the next one is.
    ///
    /// A host that sets a [`HealthCheck`](super::HealthCheck) runs this in a loop, in a task of its own; nothing is checked
    /// without it. Checks do not count for circuit breakers. Dropping the future gives the checks up.
    ///
    /// ```
    /// # async fn watch(backends: std::sync::Arc<gatewright::backend::Backends>) {
    /// loop {
    ///     let pause = backends.check_health().await;
    ///     tokio::time::sleep(pause).await;
    /// }
    /// # }
    /// ```
    pub async fn check_health(&self) -> Duration {
        let now = self.clock().instant();
        let mut checks = Vec::new();
        for goal in self.goals() {
            let health = goal.protection().and_then(|protection| protection.health.clone());
            if let Some(health) = health.filter(|health| health.take_due(now).is_ok()) {
                checks.push(Box::pin(check(self.sender(), goal, health)));
            }
        }
        std::future::poll_fn(|cx| {
            checks.retain_mut(|check| check.as_mut().poll(cx).is_pending());
            if checks.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        let now = self.clock().instant();
        let due = self.goals().into_iter().filter_map(|goal| goal.protection()?.health.as_ref()?.due());
        due.min().map_or(IDLE, |due| due.saturating_duration_since(now))
    }
}

async fn check(sender: Sender, goal: Goal, health: Arc<Health>) {
    let path = health.check.path.as_str();
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let outcome = match Request::get(path).body(Body::empty()) {
        Ok(request) => {
            let call = sender.send_to(&goal, request, &ForwardOptions::default());
            match tokio::time::timeout(health.check.timeout, call).await {
                Ok(Ok(response)) => Ok(response.status()),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err("no answer in time".to_owned()),
            }
        }
        Err(error) => Err(error.to_string()),
    };
    let went_well = outcome.as_ref().is_ok_and(|status| status.is_success() || status.is_redirection());
    if health.checked(went_well) {
        let (backend, is_good) = (&**goal.id(), health.is_good());
        tracing::info!(target: "gatewright::health", backend, is_good, ?outcome, "health changed");
    }
}
