//! Redis as the store in which instances tell each other of circuit breakers.

use async_trait::async_trait;
use tower::BoxError;

use crate::backend::{BreakerStore, OpenCircuits, Opening};
use crate::state::{OpenCircuit, RedisBreakers};

#[async_trait]
impl BreakerStore for RedisBreakers {
    async fn exchange(&self, ours: &[Opening], seen: u64) -> Result<Option<OpenCircuits>, BoxError> {
        let ours = ours.iter().cloned().map(|Opening { circuit, id, rule, remaining }| OpenCircuit {
            circuit,
            id,
            rule,
            remaining,
        });
        let told = self.tell(ours, seen).await?;
        Ok(told.map(|(version, open)| {
            let openings = open.into_iter().map(|OpenCircuit { circuit, id, rule, remaining }| Opening {
                circuit,
                id,
                rule,
                remaining,
            });
            OpenCircuits { version, openings: openings.collect() }
        }))
    }
}
