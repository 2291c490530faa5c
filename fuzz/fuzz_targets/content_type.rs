//! Content types: whatever `Content-Type` and `Content-Encoding` say of a body, the policies that read bodies by their type
//! answer, and what does not conform to the schema does not pass. The first line is the type, behind a tabulator the
//! encoding; the rest is the body.
#![no_main]

use std::convert::Infallible;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use gatewright::Body;
use gatewright::policy::{Document, EngineSettings, Environment, PolicyLayer, Scope};
use http::{HeaderValue, Request, Response};
use libfuzzer_sys::fuzz_target;
use serde_json::json;
use tower::{Layer, ServiceExt, service_fn};

const DETECTS: &str = r#"
    <set-variable name="text" value="@(context.Request.Body?.As<string>(preserveContent: true))" />
    <validate-content unspecified-content-type-action="detect" max-size="100000" size-exceeded-action="detect" errors-variable-name="e">
        <content-type-map missing-content-type-value="application/json"><type from="text/json" to="application/json" /></content-type-map>
        <content validate-as="json" schema-id="order" action="detect" />
    </validate-content>
    <find-and-replace from="a" to="b" />
    <json-to-xml apply="content-type-json" consider-accept-header="true" />
    <xml-to-json kind="direct" apply="content-type-xml" consider-accept-header="false" />"#;

const PREVENTS: &str = r#"
    <validate-content unspecified-content-type-action="prevent" max-size="1000" size-exceeded-action="prevent">
        <content validate-as="json" schema-id="order" action="prevent" case-insensitive-property-names="true" />
    </validate-content>"#;

static LAYERS: LazyLock<[PolicyLayer; 2]> = LazyLock::new(|| {
    let schema = json!({
        "type": "object", "required": ["id"], "properties": { "id": { "type": "integer" }, "a": { "items": { "type": "string" } } },
        "patternProperties": { "^x-": { "type": "string" } }, "dependentRequired": { "a": ["b"] },
    });
    let environment = Environment::new().json_schema("order", schema);
    [DETECTS, PREVENTS].map(|inbound| {
        let text = format!(
            "<policies><inbound>{inbound}</inbound><backend><forward-request /></backend><outbound /><on-error /></policies>"
        );
        let document = Document::compile("f.xml", &text, Scope::Api, &environment).expect("a document");
        let mut settings = EngineSettings::default();
        settings.body_limit = 1 << 20;
        PolicyLayer::new([document]).settings(settings)
    })
});

/// The status that a request with such a body gets.
fn status(layer: &PolicyLayer, content_type: &HeaderValue, encoding: &HeaderValue, body: &[u8]) -> u16 {
    let mut request = Request::new(Body::from(body.to_vec()));
    request.headers_mut().insert("content-type", content_type.clone());
    request.headers_mut().insert("accept", content_type.clone());
    request.headers_mut().insert("content-encoding", encoding.clone());
    let backend = service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) });
    let answered = pin!(layer.layer(backend).oneshot(request));
    match answered.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(response)) => response.status().as_u16(),
        Poll::Ready(Err(never)) => match never {},
        Poll::Pending => panic!("it waits"),
    }
}

fuzz_target!(|data: &[u8]| {
    let at = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (first, body) = data.split_at(at);
    let mut parts = first.splitn(2, |byte| *byte == b'\t');
    let Ok(content_type) = HeaderValue::from_bytes(parts.next().unwrap_or_default()) else { return };
    let Ok(encoding) = HeaderValue::from_bytes(parts.next().unwrap_or_default()) else { return };
    let body = body.get(1..).unwrap_or_default();
    let [detects, prevents] = &*LAYERS;
    status(detects, &content_type, &encoding, body);
    let prevented = status(prevents, &content_type, &encoding, body);
    // What is no object passes in no encoding that stays ASCII.
    let is_plain = encoding.is_empty() && !content_type.is_empty() && body.is_ascii() && !body.is_empty();
    let is_object = || serde_json::from_slice::<serde_json::Map<_, _>>(body).is_ok();
    let is_told = content_type.to_str().is_ok_and(|text| text.to_ascii_lowercase().contains("charset"));
    assert!(!is_plain || is_told || is_object() || prevented == 400, "{prevented}");
});
