//! Imported APIs, served in front of real backends.

mod apps;
mod calculator;
mod soap;

use gatewright::Body;
use gatewright::gateway::Gateway;
use gatewright::import::Imported;
use gatewright::model::{Backend, NamedValue, Store};
use http::{Request, Response};
use tower::ServiceExt;

/// A store with what was imported; the API asks for no key.
fn store(imported: Imported) -> Store {
    assert!(imported.accepted, "{:?}", imported.findings);
    let mut store = Store::new();
    let name = imported.add_to(&mut store.service);
    store.service.apis.get_mut(&name).unwrap().api.subscription_required = Some(false);
    store
}

/// Gives every backend a URL, and every named value the same value: what a description cannot know.
fn complete(store: &mut Store, url: &str, secret: &str) {
    let names: Vec<String> = store.service.backends.names().map(str::to_owned).collect();
    for name in names {
        let backend: &mut Backend = store.service.backends.get_mut(&name).unwrap();
        backend.url = Some(url.to_owned());
    }
    let names: Vec<String> = store.service.named_values.names().map(str::to_owned).collect();
    for name in names {
        let value = store.service.named_values.get(&name).unwrap().clone();
        assert!(value.secret == Some(true) && value.value.is_none(), "{name} is a secret without a value");
        store.service.named_values.insert(name, NamedValue::value(value, secret));
    }
}

async fn post(gateway: &Gateway, url: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Response<Body> {
    let mut request = Request::post(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = gateway.clone().oneshot(request.body(body.into()).unwrap()).await;
    response.unwrap_or_else(|never| match never {})
}
