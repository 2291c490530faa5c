//! Looks names of hosts up, when it is time.

use std::sync::Arc;
use std::time::Duration;

use super::names::Running;
use crate::backend::jobs::Jobs;
use crate::backend::pool::PoolCell;
use crate::backend::set::Backends;

/// The pause when nothing is to be looked up; another configuration may have names.
const IDLE: Duration = Duration::from_secs(1);

impl Backends {
    /// Looks up the names of the members that [`PoolOptions::member_per_address`](crate::backend::PoolOptions::member_per_address) is
    /// set for, each when it is due, for ever.
    ///
    /// A host that sets it runs this in a task of its own; without it each member is reached by its name alone. Look-ups do not
    /// wait for each other. Dropping the future gives those under way up.
    ///
    /// ```
    /// # async fn watch(backends: std::sync::Arc<gatewright::backend::Backends>) {
    /// tokio::spawn(async move { backends.watch_names().await });
    /// # }
    /// ```
    pub async fn watch_names(&self) {
        let mut jobs = Jobs::default();
        loop {
            let pause = self.begin_look_ups(&mut jobs);
            jobs.go_on(pause).await;
        }
    }

    /// Looks up all names that are due, at the same time, waits for all of them, and gives the time until the next one is: for a
    /// host that decides itself when to look, or that serves only when addresses are known.
    pub async fn look_up_names(&self) -> Duration {
        let mut jobs = Jobs::default();
        self.begin_look_ups(&mut jobs);
        while !jobs.is_empty() {
            jobs.go_on(Duration::MAX).await;
        }
        self.next_look_up()
    }

    /// Begins the look-ups that are due, and gives the time until the next one is.
    pub(crate) fn begin_look_ups(&self, jobs: &mut Jobs) -> Duration {
        // Another configuration may have found something out.
        refresh(&self.changing);
        let now = self.clock().instant();
        for pool in self.changing.iter().filter_map(|pool| pool.changing()) {
            for (host, interval) in pool.hosts() {
                if let Some(running) = self.names.begin(host, interval, now) {
                    jobs.push(look_up(running, Arc::clone(&self.changing)));
                }
            }
        }
        self.next_look_up()
    }

    /// The time until the next look-up that can begin is due.
    fn next_look_up(&self) -> Duration {
        let now = self.clock().instant();
        let changing = self.changing.iter().filter_map(|pool| pool.changing());
        let due = changing.flat_map(|pool| pool.hosts().filter_map(|(host, every)| self.names.due(host, every, now)));
        due.min().unwrap_or(IDLE)
    }
}

async fn look_up(running: Running, pools: Arc<[Arc<PoolCell>]>) {
    running.look_up().await;
    refresh(&pools);
}

/// Makes pools anew whose members have changed: those that are in others come first.
fn refresh(pools: &[Arc<PoolCell>]) {
    pools.iter().filter_map(|pool| pool.changing()).for_each(|pool| pool.refresh());
}
