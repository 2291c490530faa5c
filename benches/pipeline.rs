//! What policies cost one request: a pipeline around a service that answers at once, without a network or a runtime.
//!
//! The aim for ten statements with three expressions is at most 3 µs and 25 allocations.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use divan::{AllocProfiler, Bencher};
use gatewright::Body;
use gatewright::policy::{Document, Environment, PolicyLayer, Scope};
use http::{Request, Response};
use tower::{Layer, Service, service_fn};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const FORWARD_ONLY: &str = "<policies><inbound /><backend><forward-request /></backend><outbound /></policies>";

/// Ten statements; `{tenant}`, `{condition}` and `{cache}` are where the expressions are.
const TEN_STATEMENTS: &str = r#"<policies>
    <inbound>
        <set-variable name="tenant" value="{tenant}" />
        <choose>
            <when condition="{condition}">
                <set-header name="X-Tier"><value>gold</value></set-header>
            </when>
        </choose>
        <set-header name="X-Gateway"><value>gatewright</value></set-header>
        <set-header name="X-Remove" exists-action="delete" />
        <set-query-parameter name="api-version"><value>2024-05-01</value></set-query-parameter>
    </inbound>
    <backend><forward-request /></backend>
    <outbound>
        <set-header name="Cache-Control"><value>{cache}</value></set-header>
        <set-header name="X-Served-By"><value>gatewright</value></set-header>
        <set-header name="Server" exists-action="delete" />
    </outbound>
</policies>"#;

fn main() {
    divan::main();
}

/// No statements but `forward-request`: what the engine itself costs.
#[divan::bench(sample_count = 1000)]
fn forward_only(bencher: Bencher<'_, '_>) {
    measure(bencher, FORWARD_ONLY);
}

/// Ten statements without an expression.
#[divan::bench(sample_count = 1000)]
fn ten_statements_with_constants(bencher: Bencher<'_, '_>) {
    measure(bencher, &ten_statements("contoso", "true", "max-age=60"));
}

/// The same ten, three of them with an expression.
#[divan::bench(sample_count = 1000)]
fn ten_statements_with_three_expressions(bencher: Bencher<'_, '_>) {
    let text = ten_statements(
        r#"@(context.Request.Headers.GetValueOrDefault("X-Tenant", "none"))"#,
        r#"@((string)context.Variables["tenant"] == "contoso")"#,
        r#"@(context.Response.StatusCode == 200 ? "max-age=60" : "no-store")"#,
    );
    measure(bencher, &text);
}

/// The service alone, without policies: what the measurement itself costs.
#[divan::bench(sample_count = 1000)]
fn no_policies(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(request).bench_local_values(|request| at_once(service_fn(answer).call(request)));
}

fn measure(bencher: Bencher<'_, '_>, text: &str) {
    let document = Document::compile("policy.xml", text, Scope::Global, &Environment::new()).unwrap();
    let mut service = PolicyLayer::new([document]).layer(service_fn(answer));
    bencher.with_inputs(request).bench_local_values(|request| at_once(service.call(request)));
}

fn ten_statements(tenant: &str, condition: &str, cache: &str) -> String {
    // Expressions hold quotation marks; the attributes of a policy document may.
    TEN_STATEMENTS.replace("{tenant}", tenant).replace("{condition}", condition).replace("{cache}", cache)
}

fn request() -> Request<Body> {
    Request::get("/orders/4711?expand=lines")
        .header("host", "gateway.example.com")
        .header("user-agent", "bench/1.0")
        .header("accept", "application/json")
        .header("accept-language", "en")
        .header("authorization", "Bearer 3f2504e04f8911d39a0c0305e82c3301")
        .header("x-request-id", "3f2504e0-4f89-11d3-9a0c-0305e82c3301")
        .header("x-tenant", "contoso")
        .header("x-remove", "internal")
        .body(Body::empty())
        .unwrap()
}

fn answer(_: Request<Body>) -> Ready<Result<Response<Body>, Infallible>> {
    ready(Ok(Response::builder().header("server", "origin").body(Body::from("a body of the backend")).unwrap()))
}

/// The output of a future that never waits.
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing in this pipeline waits"),
    }
}
