//! Runs statements over the request of a caller, without a runtime: nothing in them waits.

use std::convert::Infallible;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use gatewright::Body;
use gatewright::policy::{Document, Environment, PolicyLayer, Scope};
use http::{HeaderValue, Request, Response};
use tower::{Layer, ServiceExt, service_fn};

/// Statements in `inbound`.
pub fn layer(inbound: &str) -> PolicyLayer {
    let text = format!("<policies><inbound>{inbound}</inbound><backend><forward-request /></backend></policies>");
    let document = Document::compile("f.xml", &text, Scope::Api, &Environment::new()).expect("a document");
    PolicyLayer::new([document])
}

/// The status that a request with a header gets.
pub fn status(layer: &PolicyLayer, header: &'static str, value: &str) -> u16 {
    let backend = service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) });
    let mut request = Request::new(Body::empty());
    request.headers_mut().insert(header, HeaderValue::from_str(value).expect("visible text"));
    let response = layer.layer(backend).oneshot(request);
    match pin!(response).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(response)) => response.status().as_u16(),
        Poll::Ready(Err(never)) => match never {},
        Poll::Pending => panic!("it waits"),
    }
}
