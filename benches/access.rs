//! What access control and validation cost one request, beside the check that nobody can do without.
//!
//! The aims: `validate-jwt` with RS256 and a key that is here at most 1.15 times the bare check of the signature;
//! `ip-filter` with 10,000 ranges at most 300 ns; a body against a schema at most 1.3 times the `jsonschema` crate alone,
//! reading the body taken off.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::future::{Future, ready};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use divan::Bencher;
use gatewright::Body;
use gatewright::forward::ClientAddress;
use gatewright::policy::{Document, Environment, Policy, PolicyLayer, Scope};
use http::{Request, Response};
use rustls::pki_types::alg_id;
use serde_json::{Value, json};
use tower::{Layer, Service, service_fn};
use x509_cert::der::asn1::UintRef;
use x509_cert::der::{Decode, Reader, SliceReader};

fn main() {
    divan::main();
}

/// The output of a future that waits for nothing.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

fn layer(inbound: &str, environment: &Environment) -> PolicyLayer {
    let text = format!("<policies><inbound>{inbound}</inbound><backend><forward-request /></backend></policies>");
    PolicyLayer::new([Document::compile("bench.xml", &text, Scope::Global, environment).unwrap()])
}

type Answer = std::future::Ready<Result<Response<Body>, Infallible>>;

fn served(
    layer: PolicyLayer,
) -> Policy<impl Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future = Answer> + Clone> {
    layer.layer(service_fn(|_: Request<Body>| ready(Ok(Response::new(Body::empty())))))
}

/// An RS256 token of a usual size, with its key in DER and its `validate-jwt`.
struct Signed {
    token: String,
    key: Vec<u8>,
    policy: String,
}

fn signed() -> Signed {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let url = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let header = url(br#"{"typ":"JWT","alg":"RS256","kid":"key-1"}"#);
    let claims = json!({
        "aud": "api://orders", "iss": "https://login.example/tenant/v2.0", "iat": 1_700_000_000, "nbf": 1_700_000_000,
        "exp": 4_000_000_000_u64, "azp": "00001111-aaaa-2222-bbbb-3333cccc4444", "name": "Jane Doe",
        "oid": "aaaabbbb-0000-cccc-1111-dddd2222eeee", "roles": ["reader", "writer"], "scp": "orders.read orders.write",
        "sub": "AbCdEfGhIjKlMnOpQrStUvWxYz", "tid": "aaaabbbb-0000-cccc-1111-dddd2222eeee", "ver": "2.0",
    });
    let message = format!("{header}.{}", url(claims.to_string().as_bytes()));
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
    let public = pair.public_key();
    let (modulus, exponent) = numbers(public.as_ref());
    let policy = format!(
        r#"<validate-jwt header-name="Authorization" require-scheme="Bearer"><issuer-signing-keys><key id="key-1" n="{}" e="{}" /></issuer-signing-keys>
        <audiences><audience>api://orders</audience></audiences><issuers><issuer>https://login.example/tenant/v2.0</issuer></issuers>
        <required-claims><claim name="roles" match="any"><value>writer</value></claim></required-claims></validate-jwt>"#,
        url(&modulus),
        url(&exponent)
    );
    Signed { token: format!("{message}.{}", url(&signature)), key: public.as_ref().to_vec(), policy }
}

/// Modulus and exponent of a key in DER.
fn numbers(key: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let read = |inner: &mut SliceReader<'_>| {
        let (modulus, exponent) = (UintRef::decode(inner)?, UintRef::decode(inner)?);
        Ok::<_, x509_cert::der::Error>((modulus.as_bytes().to_vec(), exponent.as_bytes().to_vec()))
    };
    SliceReader::new(key).unwrap().sequence(read).unwrap()
}

/// What `validate-jwt` is measured against: the same signature, by the same provider.
#[divan::bench]
fn rs256_bare(bencher: Bencher) {
    let Signed { token, key, .. } = signed();
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let all = provider.signature_verification_algorithms.all;
    let algorithm = all.iter().find(|known| {
        known.public_key_alg_id() == alg_id::RSA_ENCRYPTION && known.signature_alg_id() == alg_id::RSA_PKCS1_SHA256
    });
    let (algorithm, (message, signature)) = (algorithm.unwrap(), token.rsplit_once('.').unwrap());
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    bencher.bench(|| algorithm.verify_signature(black_box(&key), message.as_bytes(), &signature).unwrap());
}

/// The whole of a request: pipeline, `validate-jwt`, the service behind.
#[divan::bench]
fn rs256_validate_jwt(bencher: Bencher) {
    let Signed { token, policy, .. } = signed();
    let service = served(layer(&policy, &Environment::new()));
    let value = http::HeaderValue::try_from(format!("Bearer {token}")).unwrap();
    let request = || {
        let mut request = Request::new(Body::empty());
        request.headers_mut().insert(http::header::AUTHORIZATION, value.clone());
        request
    };
    let answer = now(service.clone().call(request())).unwrap();
    assert_eq!(answer.status(), 200);
    bencher
        .with_inputs(|| (service.clone(), request()))
        .bench_values(|(mut service, request)| now(service.call(request)));
}

/// A pipeline that does nothing, to be taken off the others.
#[divan::bench]
fn empty_pipeline(bencher: Bencher) {
    let service = served(layer("", &Environment::new()));
    bencher
        .with_inputs(|| (service.clone(), Request::new(Body::empty())))
        .bench_values(|(mut service, request)| now(service.call(request)));
}

/// `ip-filter` with 10,000 ranges; the caller is in the last.
#[divan::bench]
fn ip_filter_10_000_ranges(bencher: Bencher) {
    let mut policy = "<ip-filter action=\"allow\">".to_owned();
    for n in 0..10_000_u32 {
        let [_, a, b, c] = (n * 512).to_be_bytes();
        write!(policy, "<address-range from=\"10.{a}.{b}.{c}\" to=\"10.{a}.{b}.{}\" />", c + 9).unwrap();
    }
    let service = served(layer(&(policy + "</ip-filter>"), &Environment::new().document_limit(4 << 20)));
    let [_, a, b, c] = (9_999_u32 * 512 + 5).to_be_bytes();
    let request = || {
        let mut request = Request::new(Body::empty());
        request.extensions_mut().insert(ClientAddress([10, a, b, c].into()));
        request
    };
    assert_eq!(now(service.clone().call(request())).unwrap().status(), 200);
    bencher
        .with_inputs(|| (service.clone(), request()))
        .bench_values(|(mut service, request)| now(service.call(request)));
}

fn schema() -> Value {
    json!({ "type": "object", "required": ["id", "lines"], "additionalProperties": false, "properties": {
        "id": { "type": "integer" }, "note": { "type": "string", "maxLength": 100 }, "when": { "type": "string", "format": "date-time" },
        "lines": { "type": "array", "items": { "type": "object", "required": ["sku"], "properties": {
            "sku": { "type": "string", "pattern": "^[A-Z0-9-]+$" }, "count": { "type": "integer", "minimum": 1 }, "price": { "type": "number" } } } } } })
}

fn body() -> String {
    let lines: Vec<_> =
        (0..50).map(|n| json!({ "sku": format!("SKU-{n}"), "count": n + 1, "price": 1.5 * f64::from(n) })).collect();
    json!({ "id": 7, "note": "as soon as possible", "when": "2026-01-02T03:04:05Z", "lines": lines }).to_string()
}

/// A request with a body of 50 items.
fn order() -> impl Fn() -> Request<Body> {
    let body = bytes::Bytes::from(body());
    move || {
        let mut request = Request::new(Body::from(body.clone()));
        request.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
        request
    }
}

/// Reads the body of a request as JSON, which both of the next two do.
fn read(request: &Request<Body>) -> Value {
    serde_json::from_slice(black_box(request.body().as_bytes().unwrap())).unwrap()
}

/// Reading the body: to be taken off both of the next two. What is read is dropped here, as the policy drops it.
#[divan::bench]
fn json_read(bencher: Bencher) {
    bencher.with_inputs(order()).bench_values(|request| drop(black_box(read(&request))));
}

/// Validating it when it has been read, by the crate alone: what `json_schema_validate_content` less `json_read` and
/// `empty_pipeline` is compared with.
#[divan::bench]
fn json_schema_alone(bencher: Bencher) {
    let validator = jsonschema::options().should_validate_formats(true).build(&schema()).unwrap();
    let value: Value = serde_json::from_str(&body()).unwrap();
    bencher.bench(|| assert!(validator.is_valid(black_box(&value))));
}

/// The body against its schema, by the crate alone: read, then validated.
#[divan::bench]
fn json_schema_bare(bencher: Bencher) {
    let validator = jsonschema::options().should_validate_formats(true).build(&schema()).unwrap();
    bencher.with_inputs(order()).bench_values(|request| {
        let value = read(&request);
        assert!(black_box(validator.is_valid(&value)));
    });
}

/// The same by `validate-content`.
#[divan::bench]
fn json_schema_validate_content(bencher: Bencher) {
    let policy = r#"<validate-content unspecified-content-type-action="prevent" max-size="100000" size-exceeded-action="prevent">
        <content type="application/json" validate-as="json" schema-id="order" action="prevent" /></validate-content>"#;
    let service = served(layer(policy, &Environment::new().json_schema("order", schema())));
    let request = order();
    assert_eq!(now(service.clone().call(request())).unwrap().status(), 200);
    bencher
        .with_inputs(|| (service.clone(), request()))
        .bench_values(|(mut service, request)| now(service.call(request)));
}
