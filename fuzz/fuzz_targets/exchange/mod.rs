//! Runs a policy over the response of a backend, without a runtime: nothing in it waits.

use std::convert::Infallible;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use gatewright::Body;
use gatewright::policy::{Document, EngineSettings, Environment, PolicyLayer, Scope};
use http::{Request, Response, StatusCode};
use tower::{Layer, ServiceExt, service_fn};

/// The most that a body may have.
pub const LIMIT: usize = 1 << 20;

/// Statements in `outbound`; none when the document is refused.
pub fn layer(outbound: &str) -> Option<PolicyLayer> {
    let text = format!(
        "<policies><inbound /><backend><forward-request /></backend><outbound>{outbound}</outbound><on-error /></policies>"
    );
    let document = Document::compile("f.xml", &text, Scope::Api, &Environment::new()).ok()?;
    let mut settings = EngineSettings::default();
    settings.body_limit = LIMIT;
    settings.budget = settings.budget.steps(20_000).bytes(LIMIT as u64).regex_backtracks(20_000);
    Some(PolicyLayer::new([document]).settings(settings))
}

/// What becomes of a backend's response.
pub fn answer(layer: &PolicyLayer, content_type: &'static str, body: &[u8]) -> (StatusCode, String) {
    let body = body.to_vec();
    let backend = service_fn(move |_: Request<Body>| {
        let mut response = Response::new(Body::from(body.clone()));
        response.headers_mut().insert("content-type", http::HeaderValue::from_static(content_type));
        async { Ok::<_, Infallible>(response) }
    });
    let response = now(layer.layer(backend).oneshot(Request::new(Body::empty()))).unwrap_or_else(|never| match never {});
    let status = response.status();
    let body = now(response.into_body().collect(usize::MAX)).expect("a body in memory");
    let text = body.as_bytes().map(|bytes| String::from_utf8(bytes.to_vec()).expect("text"));
    (status, text.unwrap_or_default())
}

fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}
