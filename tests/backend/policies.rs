//! Policies around the services of backends.

use gatewright::Body;
use gatewright::backend::{BackendLayer, CircuitBreakerLayer, Error};
use gatewright::forward::ForwardOptions;
use gatewright::model::{Backend, CircuitBreaker};
use gatewright::policy::{Document, Environment, PolicyLayer, Scope};
use gatewright::secret::NamedValues;
use http::{Request, Response, StatusCode};
use tower::{Layer, ServiceExt, service_fn};

use crate::get;

fn policy(inbound: &str, forward: &str) -> PolicyLayer {
    let text = format!(
        "<policies><inbound>{inbound}</inbound><backend>{forward}</backend><outbound /><on-error>\
         <set-header name='x-why'><value>@(context.LastError.Reason + \": \" + context.LastError.Message)</value></set-header>\
         </on-error></policies>"
    );
    PolicyLayer::new([Document::compile("p.xml", &text, Scope::Api, &Environment::new()).unwrap()])
}

#[tokio::test]
async fn a_backend_obeys_forward_request() {
    let seen = service_fn(async |request: Request<Body>| {
        let options = request.extensions().get::<ForwardOptions>().cloned().unwrap_or_default();
        let host = request.headers()["host"].to_str().unwrap();
        Ok::<_, Error>(Response::new(Body::from(format!(
            "{host} {:?} {:?}",
            options.http_version, options.continue_timeout
        ))))
    });
    let backend = BackendLayer::new("b", &Backend::new("https://b.example").unwrap(), &NamedValues::new()).unwrap();
    let host = "<set-header name='Host'><value>kept.example</value></set-header>";
    let forward = "<forward-request http-version='2or1' continue-timeout='7' />";
    for (inbound, forward, expected) in
        [(host, "<forward-request />", "kept.example Http1 None"), ("", forward, "b.example Http2Or1 Some(7s)")]
    {
        let response = policy(inbound, forward).layer(backend.layer(seen)).oneshot(get("/")).await.unwrap();
        assert_eq!(crate::support::text(response.into_body()).await, expected);
    }
}

#[tokio::test]
async fn errors_of_backends_say_what_happened() {
    let breaker: CircuitBreaker = serde_json::from_value(serde_json::json!({"rules": [{
        "name": "r", "tripDuration": "PT1M", "failureResponse": {"statusCode": 599},
        "failureCondition": {"count": 1, "interval": "PT1M", "errorReasons": ["Timeout"]},
    }]}))
    .unwrap();
    let failing = service_fn(async |_: Request<Body>| Err::<Response<Body>, _>(Error::timeout()));
    let service = CircuitBreakerLayer::new("b", &breaker).build().unwrap().layer(failing);
    let service = policy("", "<forward-request />").layer(service);
    let expected = [
        (StatusCode::INTERNAL_SERVER_ERROR, "Timeout: Request to the backend service timed out", None),
        (StatusCode::from_u16(599).unwrap(), "CircuitBreakerOpen: Backend b is temporarily unavailable.", Some("60")),
    ];
    for (status, why, retry_after) in expected {
        let response = service.clone().oneshot(get("/")).await.unwrap();
        assert_eq!((response.status(), response.headers()["x-why"].to_str().unwrap()), (status, why));
        assert_eq!(response.headers().get("retry-after").map(|value| value.to_str().unwrap()), retry_after);
    }
}

#[tokio::test]
async fn errors_around_errors_of_backends_are_seen_through() {
    #[derive(Debug, thiserror::Error)]
    #[error("the host wraps it")]
    struct Wrapped(#[source] Error);
    let failing = service_fn(async |_: Request<Body>| Err::<Response<Body>, _>(Wrapped(Error::timeout())));
    let response = policy("", "<forward-request />").layer(failing).oneshot(get("/")).await.unwrap();
    assert_eq!(response.headers()["x-why"], "Timeout: Request to the backend service timed out");
}
