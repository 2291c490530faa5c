//! Answers CORS preflight requests, before an operation is looked for.

use std::sync::Arc;

use http::Request;

use super::own_calls::Caller;
use super::router::{ApiMatch, Route};
use super::serve::{ToBackends, enter};
use super::snapshot::{ApiState, Snapshot};
use crate::policy::{EngineSettings, Exchange, Outcome, Pipeline, Preflight, Run, Section, answer_preflight};

/// Answers a preflight request by the policies of the operation that it asks for; else gives the exchange back.
///
/// Of the pipeline only `cors` is looked at: neither keys nor other policies.
pub(super) fn answer(
    snapshot: &Arc<Snapshot>,
    mut exchange: Box<Exchange>,
    caller: &Caller,
) -> Result<Run<ToBackends>, Box<Exchange>> {
    let request = &exchange.request;
    let Some(preflight) = Preflight::of(&request.method, &request.headers) else { return Err(exchange) };
    let route = snapshot.router.find(&preflight.method, &request.original_uri, &request.headers);
    let (found, operation) = match route {
        Route::Operation(found, operation) => (found, Some(operation)),
        Route::NoOperation(found) => (found, None),
        Route::NoApi => return without_api(snapshot, exchange, &preflight, caller),
    };
    let Some(api) = snapshot.apis.get(found.api) else { return Err(exchange) };
    let pipeline = pipeline(snapshot, &mut exchange, api, found, operation);
    let forward = ToBackends::unused(snapshot, caller);
    Run::preflight(exchange, &pipeline, forward, &preflight).map_err(|(exchange, _)| exchange)
}

/// Whether a request that no API matches is a preflight request to an API whose versions a header or query tells apart.
pub(super) fn is_for_versions<B>(snapshot: &Snapshot, request: &Request<B>, settings: &EngineSettings) -> bool {
    settings.preflight_looks_through_versions
        && Preflight::of(request.method(), request.headers()).is_some()
        && !snapshot.router.versions(request.uri(), request.headers()).is_empty()
}

/// The pipeline of what a preflight request asks for. A key in the query, or an open product, gives a product.
fn pipeline(
    snapshot: &Snapshot,
    exchange: &mut Exchange,
    api: &ApiState,
    found: ApiMatch,
    operation: Option<usize>,
) -> Arc<Pipeline> {
    enter(exchange, api, found);
    let Some(operation) = operation.and_then(|index| api.operations.get(index)) else { return api.pipeline.clone() };
    exchange.facts.operation = Some(operation.facts.clone());
    let request = &exchange.request;
    let grant = snapshot.access.check(api.access, &request.original_uri, &request.headers).ok();
    let product = grant.and_then(|grant| grant.product);
    exchange.facts.product = product.and_then(|product| snapshot.products.get(product)).cloned();
    operation.pipelines.of(product).clone()
}

/// The first version whose policies allow the request, or the global document when the path is of no API.
fn without_api(
    snapshot: &Arc<Snapshot>,
    mut exchange: Box<Exchange>,
    preflight: &Preflight,
    caller: &Caller,
) -> Result<Run<ToBackends>, Box<Exchange>> {
    let request = &exchange.request;
    let versions = match exchange.settings.preflight_looks_through_versions {
        true => snapshot.router.versions(&request.original_uri, &request.headers),
        false => Vec::new(),
    };
    let mut refused = None;
    for found in versions {
        let Some(api) = snapshot.apis.get(found.api) else { continue };
        let operation = snapshot.router.operation(found, &preflight.method, &exchange.request.original_uri);
        let pipeline = pipeline(snapshot, &mut exchange, api, found, operation);
        let forward = ToBackends::unused(snapshot, caller);
        match answer_preflight(preflight, &pipeline, &mut exchange) {
            Ok(Outcome::Allowed(response)) => return Ok(Run::answered(exchange, pipeline, forward, response)),
            Ok(Outcome::Refused(response)) => refused = Some((pipeline, forward, response)),
            Ok(Outcome::NoPolicy) => {}
            Err(failure) => {
                return Ok(Run::failed(exchange, pipeline, forward, "cors", Section::Inbound, &failure));
            }
        }
    }
    if let Some((pipeline, forward, response)) = refused {
        return Ok(Run::answered(exchange, pipeline, forward, response));
    }
    let forward = ToBackends::unused(snapshot, caller);
    Run::preflight(exchange, &snapshot.global, forward, preflight).map_err(|(exchange, _)| exchange)
}
