//! Sends a request again when the address of a Service Fabric service has changed: `sf-resolve-condition`.

use std::sync::Arc;

use super::error::PolicyError;
use super::exchange::Exchange;
use super::messages::ResponseState;
use super::setting::Setting;
use crate::forward::FabricOptions;

/// What `set-backend-service` asked of a cluster, and how often the request may be sent again.
#[derive(Debug)]
pub(crate) struct FabricUse {
    pub(crate) options: FabricOptions,
    condition: Option<Arc<Setting<bool>>>,
    left: u32,
}

impl FabricUse {
    pub(crate) fn new(
        exchange: &Exchange,
        backend: &str,
        options: FabricOptions,
        condition: Option<Arc<Setting<bool>>>,
    ) -> Self {
        let facts = exchange.facts.backends.as_ref().and_then(|backends| backends.backend(backend));
        Self { options, condition, left: facts.map_or(0, |facts| facts.resolution_retries) }
    }
}

/// Whether the request that was just answered, or failed with `error`, is to be resolved and sent once more.
///
/// The condition sees `context.Response` and `context.LastError`, one of which is null. A condition that cannot be
/// evaluated without a response is evaluated as if it were an empty 200, so that only what it says of `LastError` counts;
/// if that fails too, it does not hold.
pub(crate) fn sends_again(exchange: &mut Exchange, error: Option<&PolicyError>) -> bool {
    let Some(fabric) = &mut exchange.fabric else { return false };
    let Some(condition) = fabric.condition.clone().filter(|_| fabric.left > 0) else { return false };
    let resolution = fabric.options.resolution.clone();
    let before = exchange.last_error.clone();
    if let Some(error) = error {
        exchange.last_error = Some(Box::new(error.clone()));
    }
    let holds = holds(exchange, &condition);
    exchange.last_error = before;
    if holds {
        resolution.mark_stale();
        exchange.response = None;
        if let Some(fabric) = &mut exchange.fabric {
            fabric.left -= 1;
        }
    }
    holds
}

fn holds(exchange: &mut Exchange, condition: &Setting<bool>) -> bool {
    let mut result = condition.get(exchange).map(|holds| *holds);
    if result.is_err() && exchange.response.is_none() {
        exchange.response = Some(ResponseState::ok());
        result = condition.get(exchange).map(|holds| *holds);
        exchange.response = None;
    }
    result.unwrap_or_else(|failure| {
        let message = exchange.redaction.message(failure.message);
        tracing::warn!(target: "gatewright::policy", "`sf-resolve-condition` is taken as false: {message}");
        false
    })
}
