//! Content types: whatever `Content-Type` and `Content-Encoding` say of a body, the policies that read bodies by their type
//! answer. The first line is the header, the rest the body.
#![no_main]

use std::convert::Infallible;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use gatewright::Body;
use gatewright::policy::{Document, EngineSettings, Environment, PolicyLayer, Scope};
use http::{HeaderValue, Request, Response};
use libfuzzer_sys::fuzz_target;
use tower::{Layer, ServiceExt, service_fn};

const POLICY: &str = r#"<policies><inbound>
    <set-variable name="text" value="@(context.Request.Body?.As<string>(preserveContent: true))" />
    <validate-content unspecified-content-type-action="detect" max-size="100000" size-exceeded-action="detect">
        <content-type-map missing-content-type-value="application/json"><type from="text/json" to="application/json" /></content-type-map>
        <content validate-as="json" action="detect" />
    </validate-content>
    <find-and-replace from="a" to="b" />
    <json-to-xml apply="content-type-json" consider-accept-header="true" />
    <xml-to-json kind="direct" apply="content-type-xml" consider-accept-header="false" />
</inbound><backend><forward-request /></backend><outbound /><on-error /></policies>"#;

static LAYER: LazyLock<PolicyLayer> = LazyLock::new(|| {
    let document = Document::compile("f.xml", POLICY, Scope::Api, &Environment::new()).expect("a document");
    let mut settings = EngineSettings::default();
    settings.body_limit = 1 << 20;
    PolicyLayer::new([document]).settings(settings)
});

fuzz_target!(|data: &[u8]| {
    let at = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (header, body) = data.split_at(at);
    let Ok(value) = HeaderValue::from_bytes(header) else { return };
    let mut request = Request::new(Body::from(body.to_vec()));
    request.headers_mut().insert("content-type", value.clone());
    request.headers_mut().insert("accept", value);
    let backend = service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) });
    let answered = pin!(LAYER.layer(backend).oneshot(request));
    assert!(matches!(answered.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(_))));
});
