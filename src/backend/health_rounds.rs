//! Asks backends how they are, when it is time.

use std::time::Duration;

use http::Request;

use super::goal::Goal;
use super::health::Running;
use super::jobs::Jobs;
use super::sender::Sender;
use super::set::Backends;
use crate::Body;
use crate::forward::ForwardOptions;

/// The pause when nothing is to be checked; another configuration may have checks.
const IDLE: Duration = Duration::from_secs(1);

impl Backends {
    /// Makes all health checks, each when it is due, for ever.
    ///
    /// A host that sets a [`HealthCheck`](super::HealthCheck) runs this in a task of its own; nothing is checked without it.
    /// Checks do not count for circuit breakers. One that takes its time does not keep others waiting. Dropping the future
    /// gives those under way up.
    ///
    /// ```
    /// # async fn watch(backends: std::sync::Arc<gatewright::backend::Backends>) {
    /// tokio::spawn(async move { backends.watch_health().await });
    /// # }
    /// ```
    pub async fn watch_health(&self) {
        let mut jobs = Jobs::default();
        loop {
            let pause = self.begin_checks(&mut jobs);
            jobs.go_on(pause).await;
        }
    }

    /// Makes all health checks that are due, at the same time, waits for all of them, and gives the time until the next one
    /// is: for a host that decides itself when to check.
    pub async fn check_health(&self) -> Duration {
        let mut jobs = Jobs::default();
        self.begin_checks(&mut jobs);
        while !jobs.is_empty() {
            jobs.go_on(Duration::MAX).await;
        }
        self.next_check()
    }

    /// Begins the checks that are due, and gives the time until the next one is.
    pub(crate) fn begin_checks(&self, jobs: &mut Jobs) -> Duration {
        let now = self.clock().instant();
        for goal in self.goals() {
            let begun = goal.protection().and_then(|protection| protection.health.as_ref()?.begin(now));
            if let Some(running) = begun {
                jobs.push(check(self.sender(), goal, running));
            }
        }
        self.next_check()
    }

    /// The time until the next check that can begin is due.
    fn next_check(&self) -> Duration {
        let now = self.clock().instant();
        let due = self.goals().into_iter().filter_map(|goal| goal.protection()?.health.as_ref()?.due());
        due.min().map_or(IDLE, |due| due.saturating_duration_since(now))
    }
}

async fn check(sender: Sender, goal: Goal, running: Running) {
    let health = &running.0;
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
