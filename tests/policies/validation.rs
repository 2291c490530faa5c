//! `validate-content` and `validate-odata-request` over bodies that no case in a file can have: packed, long, in pieces.

use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use gatewright::Body;
use gatewright::policy::{Document, Environment, PolicyLayer, Scope};
use gatewright::testing::PolicyTest;
use http::{Request, Response};
use serde_json::json;
use std::convert::Infallible;
use tower::{Layer, ServiceExt, service_fn};

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

fn deflate(text: &str) -> Vec<u8> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

/// The status and the body that a request with that body gets.
async fn validated(attributes: &str, encoding: &str, body: Vec<u8>) -> (u16, String) {
    let environment = Environment::new().json_schema("order", json!({ "required": ["id"] }));
    let text = format!(
        "<policies><inbound><validate-content unspecified-content-type-action=\"prevent\" {attributes}>\
         <content type=\"application/json\" validate-as=\"json\" schema-id=\"order\" action=\"prevent\" /></validate-content></inbound>\
         <backend><forward-request /></backend></policies>"
    );
    let document = Document::compile("a.xml", &text, Scope::Api, &environment).unwrap();
    let echo = service_fn(|request: Request<Body>| async { Ok::<_, Infallible>(Response::new(request.into_body())) });
    let request = Request::post("/").header("content-type", "application/json").header("content-encoding", encoding);
    let frames =
        body.chunks(7).map(|chunk| Ok::<_, Infallible>(http_body::Frame::data(bytes::Bytes::copy_from_slice(chunk))));
    let frames: Vec<_> = frames.collect();
    let body = Body::new(http_body_util::StreamBody::new(futures_util::stream::iter(frames)));
    let response = PolicyLayer::new([document]).layer(echo).oneshot(request.body(body).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect(1 << 20).await.unwrap();
    (status, body.as_bytes().map_or(String::new(), |bytes| String::from_utf8_lossy(bytes).into_owned()))
}

const SIZE: &str = r#"max-size="1000" size-exceeded-action="prevent""#;

#[tokio::test]
async fn packed_bodies_are_validated_and_stay_packed() {
    let good = json!({ "id": "x".repeat(900) }).to_string();
    let brotli = b"\x0b\x04\x80{\"id\": 1}\x03".to_vec();
    for (encoding, body) in
        [("gzip", gzip(&good)), ("X-GZip", gzip(&good)), ("deflate", deflate(&good)), ("br", brotli)]
    {
        let (status, echoed) = validated(SIZE, encoding, body.clone()).await;
        assert_eq!((status, echoed), (200, String::from_utf8_lossy(&body).into_owned()), "{encoding}");
    }
    for (encoding, body, expected) in [
        ("gzip", gzip("{}"), "\\\"id\\\" is a required property"),
        ("gzip", b"{}".to_vec(), "The body cannot be unpacked: "),
        ("gzip", gzip(&json!({ "id": "x".repeat(1_000) }).to_string()), "exceeds the limit of 1000 bytes."),
        // A bomb is not opened further than its limit.
        ("gzip", gzip(&"[".repeat(1_000_000)), "Request's body is 1001 bytes long"),
        ("zstd", b"{}".to_vec(), "The request could not be processed due to an internal error."),
        ("gzip, gzip", gzip("{}"), "The request could not be processed due to an internal error."),
    ] {
        let (status, body) = validated(SIZE, encoding, body).await;
        assert!(status == 400 && body.contains(expected), "{encoding}: {status} {body}");
    }
}

#[tokio::test]
async fn a_size_counts_what_is_in_a_body_without_a_schema_too() {
    let text = r#"<policies><inbound><validate-content unspecified-content-type-action="ignore" max-size="100" size-exceeded-action="prevent" /></inbound>
        <backend><forward-request /></backend></policies>"#;
    for (length, expected) in [(100, 200), (101, 400)] {
        let outcome = PolicyTest::new(text)
            .request("POST", "/")
            .header("Content-Encoding", "gzip")
            .body(gzip(&"x".repeat(length)))
            .run()
            .await;
        outcome.assert_status(expected);
    }
}

#[tokio::test]
async fn of_a_long_body_the_first_error_is_told() {
    let body = json!((0..100_000).collect::<Vec<_>>()).to_string();
    let environment = Environment::new().json_schema("list", json!({ "items": { "type": "string" } }));
    let text = r#"<policies><inbound><validate-content unspecified-content-type-action="prevent" max-size="4194304" size-exceeded-action="prevent">
        <content validate-as="json" schema-id="list" action="prevent" /></validate-content></inbound><backend><forward-request /></backend></policies>"#;
    let document = Document::compile("a.xml", text, Scope::Api, &environment).unwrap();
    let backend = service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) });
    let request = Request::post("/").header("content-type", "application/json").body(Body::from(body)).unwrap();
    let response = PolicyLayer::new([document]).layer(backend).oneshot(request).await.unwrap();
    assert_eq!(response.status(), 400);
    let body = response.into_body().collect(1 << 20).await.unwrap();
    let body = String::from_utf8(body.as_bytes().unwrap().to_vec()).unwrap();
    assert_eq!(body.matches("is not of type").count(), 1, "{body}");
}
