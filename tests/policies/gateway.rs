//! Cases that need more than a pipeline: the API, the operation and the choice between them.

use gatewright::Body;
use gatewright::backend::Transport;
use gatewright::gateway::Gateway;
use gatewright::model::{
    Api, ApiEntry, ApiSchema, NamedValue, Operation, OperationEntry, Policy, PolicyFragment, Store,
};
use gatewright::policy::EngineSettings;
use http::{Request, Response};
use serde_json::Value;
use tower::ServiceExt;

use super::case::Case;

/// Serves the request of a case by a gateway, or says why there can be none.
pub async fn serve(case: &Case, settings: EngineSettings, request: Request<Body>) -> Result<Response<Body>, String> {
    let transport = Transport::builder().native_roots(false).build().map_err(|error| error.to_string())?;
    let builder = Gateway::builder().transport(transport).settings(settings);
    let gateway = builder.build(&store(case)?).map_err(|error| error.to_string())?;
    gateway.oneshot(request).await.map_err(|never| match never {})
}

/// The APIs of the part `apis`, with the documents of the case.
fn store(case: &Case) -> Result<Store, String> {
    let mut store = Store::new();
    let service = &mut store.service;
    service.policy = case.part("global").map(Policy::new);
    for (name, value) in case.pairs("named-values") {
        service.named_values.insert(name, NamedValue::new().value(value));
    }
    for (name, text) in case.parts_with("fragment ") {
        service.policy_fragments.insert(name, PolicyFragment::new(text));
    }
    let text = case.part("apis").unwrap_or_default();
    let apis: Vec<Value> = serde_json::from_str(text).map_err(|error| format!("apis: {error}"))?;
    for (index, mut parts) in apis.into_iter().enumerate() {
        let mut take = |name: &str| parts.as_object_mut().and_then(|parts| parts.remove(name)).unwrap_or_default();
        let (operations, schemas) = (take("operations"), take("schemas"));
        let name = take("name").as_str().unwrap_or("api").to_owned();
        let mut entry = ApiEntry::new(read::<Api>(parts)?.subscription_required(false));
        let own = case.parts_with("api ").find(|(known, _)| *known == name).map(|(_, text)| text);
        entry.policy = own.or(case.part("policies").filter(|_| index == 0)).map(Policy::new);
        for operation in operations.as_array().into_iter().flatten() {
            let id = operation["name"].as_str().unwrap_or("operation").to_owned();
            let first = index == 0 && entry.operations.is_empty();
            let mut operation = OperationEntry::from(read::<Operation>(operation.clone())?);
            operation.policy = case.part("operation").filter(|_| first).map(Policy::new);
            entry.operations.insert(id, operation);
        }
        for (id, schema) in schemas.as_object().into_iter().flatten() {
            entry.schemas.insert(id, read::<ApiSchema>(schema.clone())?);
        }
        service.apis.insert(name, entry);
    }
    Ok(store)
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| format!("apis: {error}"))
}
