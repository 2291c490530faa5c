//! What transformations cost, each beside plain Rust that does the same in the same run.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::future::{Future, Ready, ready};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use divan::{AllocProfiler, Bencher};
use gatewright::Body;
use gatewright::policy::{Document, Environment, PolicyLayer, Scope};
use http::{HeaderMap, HeaderValue, Request, Response, header};
use tower::{Layer, Service, service_fn};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// Twenty conditions of which the last one holds.
fn branches() -> String {
    let when = |n: u32| {
        format!(
            r#"<when condition="@(context.Request.Headers.GetValueOrDefault("X-Tenant", "") == "tenant-{n}")"><set-header name="X-Branch"><value>{n}</value></set-header></when>"#
        )
    };
    let branches: String = (1..=20).map(when).collect();
    format!("<policies><inbound><choose>{branches}</choose></inbound><backend><forward-request /></backend></policies>")
}

fn tenant() -> Request<Body> {
    Request::get("/orders/7").header("x-tenant", "tenant-20").body(Body::empty()).unwrap()
}

/// `choose` with 20 branches that read a header.
#[divan::bench(sample_count = 1000)]
fn choose_20_branches(bencher: Bencher<'_, '_>) {
    measure(bencher, &branches(), tenant);
}

/// The same by hand: the header is looked up and compared for each branch.
#[divan::bench(sample_count = 1000)]
fn choose_20_branches_by_hand(bencher: Bencher<'_, '_>) {
    let names: Vec<String> = (1..=20).map(|n| format!("tenant-{n}")).collect();
    bencher.with_inputs(tenant).bench_local_values(|mut request| {
        let is_for = |name: &&String| request.headers().get("x-tenant").is_some_and(|tenant| tenant == name.as_str());
        if let Some(at) = names.iter().position(|name| is_for(&name)) {
            request.headers_mut().insert("x-branch", HeaderValue::from(at + 1));
        }
        at_once(answer(request))
    });
}

const RETRY: &str = r#"<policies><inbound /><backend><retry condition="@(context.Response.StatusCode == 503)" count="3" interval="1"><forward-request /></retry></backend></policies>"#;

/// `retry` around a call that succeeds.
#[divan::bench(sample_count = 1000)]
fn retry_that_does_not_fire(bencher: Bencher<'_, '_>) {
    measure(bencher, RETRY, tenant);
}

/// The same by hand: the head of the request is kept for another call.
#[divan::bench(sample_count = 1000)]
fn retry_that_does_not_fire_by_hand(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(tenant).bench_local_values(|request| {
        let (parts, body) = request.into_parts();
        let kept = parts.clone();
        let mut response = at_once(answer(Request::from_parts(parts, body)));
        for _ in 0..3 {
            match &response {
                Ok(answered) if answered.status() == 503 => {}
                _ => break,
            }
            response = at_once(answer(Request::from_parts(kept.clone(), Body::empty())));
        }
        response
    });
}

const CORS: &str = r#"<policies><inbound><cors allow-credentials="true">
    <allowed-origins><origin>https://a.example</origin><origin>https://b.example</origin><origin>https://c.example</origin></allowed-origins>
    <allowed-methods preflight-result-max-age="300"><method>GET</method><method>PUT</method><method>DELETE</method></allowed-methods>
    <allowed-headers><header>content-type</header><header>authorization</header></allowed-headers>
</cors></inbound><backend><forward-request /></backend></policies>"#;

/// A preflight request, answered by `cors`.
#[divan::bench(sample_count = 1000)]
fn cors_preflight(bencher: Bencher<'_, '_>) {
    measure(bencher, CORS, preflight);
}

/// The same answer by hand.
#[divan::bench(sample_count = 1000)]
fn cors_preflight_by_hand(bencher: Bencher<'_, '_>) {
    let origins = ["https://a.example", "https://b.example", "https://c.example"];
    bencher.with_inputs(preflight).bench_local_values(|request| {
        let asked = request.headers();
        let origin = asked[header::ORIGIN].clone();
        assert!(origins.iter().any(|known| origin == *known));
        assert!(["GET", "PUT", "DELETE"].iter().any(|known| asked[header::ACCESS_CONTROL_REQUEST_METHOD] == *known));
        let names = asked[header::ACCESS_CONTROL_REQUEST_HEADERS].to_str().unwrap().split(',');
        assert!(names.map(str::trim).all(|name| ["content-type", "authorization"].contains(&name)));
        let mut response = Response::new(Body::empty());
        let headers: &mut HeaderMap = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET,PUT,DELETE"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type,authorization"));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("300"));
        headers.insert(header::VARY, HeaderValue::from_static("Origin"));
        response
    });
}

/// 100 items of JSON written as SOAP.
const LIQUID: &str = r#"<policies><inbound><set-body template="liquid"><s:Envelope xmlns:s="urn:soap"><s:Body>{% for item in body.items %}<item id="{{ item.id }}"><name>{{ item.name | Escape }}</name>{% if item.price > 50 %}<dear/>{% endif %}</item>{% endfor %}</s:Body></s:Envelope></set-body></inbound><backend><forward-request /></backend></policies>"#;

/// `set-body` by a Liquid template.
#[divan::bench(sample_count = 500)]
fn set_body_liquid(bencher: Bencher<'_, '_>) {
    measure(bencher, LIQUID, || post("application/json", items()));
}

/// The same text by hand, from `serde_json`'s values.
#[divan::bench(sample_count = 500)]
fn set_body_by_hand(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(items).bench_local_values(|json| {
        let body: serde_json::Value = serde_json::from_str(&json).unwrap();
        let mut out = String::from("<s:Envelope xmlns:s=\"urn:soap\"><s:Body>");
        for item in body["items"].as_array().unwrap() {
            let name = item["name"].as_str().unwrap().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            write!(out, "<item id=\"{}\"><name>{name}</name>", item["id"]).unwrap();
            if item["price"].as_f64().unwrap() > 50.0 {
                out.push_str("<dear/>");
            }
            out.push_str("</item>");
        }
        out.push_str("</s:Body></s:Envelope>");
        out
    });
}

const XML_TO_JSON: &str = r#"<policies><inbound><xml-to-json kind="direct" apply="always" consider-accept-header="false" /></inbound><backend><forward-request /></backend></policies>"#;

/// `xml-to-json` of 100 KB.
#[divan::bench(sample_count = 200)]
fn xml_to_json_100_kb(bencher: Bencher<'_, '_>) {
    measure(bencher, XML_TO_JSON, || post("text/xml", xml()));
}

/// The same by hand: `roxmltree`'s tree, written by `serde_json`.
#[divan::bench(sample_count = 200)]
fn xml_to_json_100_kb_by_hand(bencher: Bencher<'_, '_>) {
    fn value(node: roxmltree::Node<'_, '_>) -> serde_json::Value {
        let mut members = serde_json::Map::new();
        for attribute in node.attributes() {
            members.insert(format!("@{}", attribute.name()), attribute.value().into());
        }
        for child in node.children().filter(roxmltree::Node::is_element) {
            let (name, value) = (child.tag_name().name(), value(child));
            match members.get_mut(name) {
                Some(serde_json::Value::Array(list)) => list.push(value),
                Some(first) => *first = serde_json::Value::Array(vec![first.take(), value]),
                None => drop(members.insert(name.to_owned(), value)),
            }
        }
        match node.text().filter(|text| members.is_empty() && !text.trim().is_empty()) {
            Some(text) => text.into(),
            None => members.into(),
        }
    }
    bencher.with_inputs(xml).bench_local_values(|xml| {
        let document = roxmltree::Document::parse(&xml).unwrap();
        serde_json::to_string(&value(document.root_element())).unwrap()
    });
}

const FIND_AND_REPLACE: &str = r#"<policies><inbound><find-and-replace from="http://backend.internal" to="https://api.example.com" /></inbound><backend><forward-request /></backend></policies>"#;

/// `find-and-replace` over 1 MB.
#[divan::bench(sample_count = 200)]
fn find_and_replace_1_mb(bencher: Bencher<'_, '_>) {
    measure(bencher, FIND_AND_REPLACE, || post("text/plain", text()));
}

/// `str::replace` over the same text, UTF-8 checked first.
#[divan::bench(sample_count = 200)]
fn find_and_replace_1_mb_by_hand(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(|| text().into_bytes()).bench_local_values(|bytes| {
        std::str::from_utf8(&bytes).unwrap().replace("http://backend.internal", "https://api.example.com")
    });
}

fn measure(bencher: Bencher<'_, '_>, text: &str, request: impl Fn() -> Request<Body>) {
    let document = Document::compile("policy.xml", text, Scope::Global, &Environment::new()).unwrap();
    let mut service = PolicyLayer::new([document]).layer(service_fn(answer));
    bencher.with_inputs(request).bench_local_values(|request| at_once(service.call(request)));
}

fn preflight() -> Request<Body> {
    let request = Request::options("/orders/7")
        .header("host", "gateway.example.com")
        .header("origin", "https://c.example")
        .header("access-control-request-method", "PUT")
        .header("access-control-request-headers", "content-type, authorization");
    request.body(Body::empty()).unwrap()
}

fn post(content_type: &str, body: String) -> Request<Body> {
    Request::post("/orders").header("content-type", content_type).body(Body::from(body)).unwrap()
}

fn items() -> String {
    let items = (0..100).map(|n| format!("{{\"id\":{n},\"name\":\"item <{n}>\",\"price\":{n}.5}}"));
    format!("{{\"items\":[{}]}}", items.collect::<Vec<_>>().join(","))
}

fn xml() -> String {
    let mut out = String::from("<orders>");
    let mut n = 0;
    while out.len() < 100_000 {
        write!(out, "<order id=\"{n}\"><name>item {n}</name><price currency=\"EUR\">{n}</price><note/></order>")
            .unwrap();
        n += 1;
    }
    out + "</orders>"
}

fn text() -> String {
    let line = "some text of a body, then a link: http://backend.internal/orders/4711 and more of it after that\n";
    line.repeat((1 << 20) / line.len())
}

fn answer(request: Request<Body>) -> Ready<Result<Response<Body>, Infallible>> {
    black_box(request);
    ready(Ok(Response::new(Body::empty())))
}

/// The output of a future that never waits.
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing in this pipeline waits"),
    }
}
