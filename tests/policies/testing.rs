//! The test kit: what it gives to policies, what it notes, and how it says that something is not so.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use gatewright::model::{Api, ApiEntry, Backend, Credentials, Operation, Policy, Store, Subscription};
use gatewright::policy::Scope;
use gatewright::testing::{Answer, PolicyTest};
use serde_json::json;
use tokio::time::Instant;

const FORWARD: &str = "<policies><inbound /><backend><forward-request /></backend><outbound /><on-error /></policies>";

fn inbound(statements: &str) -> PolicyTest {
    PolicyTest::new(format!("<policies><inbound>{statements}</inbound><backend><base /></backend></policies>"))
}

/// The text that a failing test panics with.
async fn panic_of(work: impl Future<Output = ()>) -> String {
    let panic = AssertUnwindSafe(work).catch_unwind().await.expect_err("it panics");
    panic.downcast_ref::<String>().expect("with a text").clone()
}

#[tokio::test]
async fn context_says_what_the_test_says() {
    let says = |expression: &str| format!(r#"<set-variable name="v" value="@({expression})" />"#);
    let told = json!({
        "Api": { "Id": "orders", "Path": "orders", "ServiceUrl": "https://orders.internal/v1", "Version": "v1" },
        "Operation": { "Id": "get", "Method": "GET", "UrlTemplate": "/{id}/lines?page={page}" },
        "Product": { "Id": "gold", "SubscriptionsLimit": 3, "Groups": ["a"] },
        "Subscription": { "Id": "sub-1", "Key": "k2", "PrimaryKey": "k1", "SecondaryKey": "k2" },
        "User": { "Id": "jane", "Groups": [{ "Id": "g", "Name": "Buyers" }], "Identities": [{ "Id": "i", "Provider": "Azure" }] },
        "Deployment": { "Region": "West" },
        "Workspace": { "Id": "w" },
        "Request": { "IpAddress": "198.51.100.4" },
    });
    for (expression, text) in [
        ("context.Api.Name + context.Api.Version", "ordersv1"),
        ("context.Api.ServiceUrl.Host", "orders.internal"),
        ("context.Operation.Method", "GET"),
        (r#"context.Request.MatchedParameters["id"] + context.Request.MatchedParameters["page"]"#, "7two"),
        ("context.Request.Url.Path", "/v1/7/lines"),
        ("context.Product.SubscriptionsLimit", "3"),
        ("context.Subscription.Key", "k2"),
        ("context.User.Groups.First().Name", "Buyers"),
        ("context.User.Identities.First().Provider", "Azure"),
        ("context.Deployment.Region", "West"),
        ("context.Workspace.Id", "w"),
        ("context.Request.IpAddress", "198.51.100.4"),
        ("context.Timestamp.ToString(\"u\")", "2024-03-15 10:30:45Z"),
    ] {
        let test = inbound(&says(expression)).context(&told).request("GET", "/orders/7/lines?page=two");
        let outcome = test.run().await;
        outcome.assert_no_error().assert_variable("v", text);
        outcome.sent(0).assert_url("https://orders.internal/v1/7/lines?page=two");
    }
}

#[tokio::test]
async fn chance_is_the_same_in_each_run() {
    let test = || {
        inbound(
            r#"<set-variable name="id" value="@(context.RequestId + "" + Guid.NewGuid() + new Random().Next())" />"#,
        )
    };
    let id = |outcome: gatewright::testing::Outcome| outcome.variable("id").and_then(|id| id.to_text()).unwrap();
    let (one, other) = (id(test().run().await), id(test().run().await));
    assert_eq!(one, other);
    assert_ne!(one, id(test().random(1).run().await));
}

#[tokio::test]
async fn variables_are_there_before_the_first_statement() {
    let test = inbound(r#"<set-variable name="sum" value="@((int)context.Variables["n"] + (int)((JObject)context.Variables["o"])["n"])" />"#)
        .variable("n", 2)
        .variable_of("o", r#"@(JObject.Parse("{\"n\": 40}"))"#);
    test.run().await.assert_variable("sum", "42").assert_no_variable("other");
}

#[tokio::test(start_paused = true)]
async fn the_backend_answers_in_turn_and_in_time() {
    let retry = r#"<policies><inbound /><backend><retry condition="@(context.Response == null || context.Response.StatusCode != 200)" count="5" interval="7"><forward-request timeout="3" /></retry></backend></policies>"#;
    let start = Instant::now();
    let outcome = PolicyTest::new(retry)
        .backend(Answer::new(503))
        .backend(Answer::times_out())
        .backend(Answer::new(200).after(Duration::from_secs(60)))
        .backend(Answer::new(200).header("ETag", "1").body("done"))
        .run()
        .await;
    outcome.assert_status(200).assert_header("ETag", "1").assert_body("done").assert_sent_times(4).assert_no_error();
    assert_eq!(start.elapsed().as_secs(), 3 * 7 + 3);
}

#[tokio::test]
async fn errors_of_the_backend_are_those_of_a_network() {
    for (answer, reason, message) in [
        (Answer::times_out(), "Timeout", "Request to the backend service timed out"),
        (Answer::refuses(), "BackendConnectionFailure", "Unable to connect to the remote server"),
        (Answer::fails("gone"), "BackendConnectionFailure", "gone"),
    ] {
        let outcome = PolicyTest::new(FORWARD).backend(answer).run().await;
        outcome.assert_status(500).assert_error(reason);
        assert_eq!(outcome.error().unwrap().message, message);
    }
}

#[tokio::test]
async fn a_function_may_answer() {
    let outcome = PolicyTest::new(FORWARD)
        .request("PUT", "/echo?a=1")
        .json(&json!({ "a": 1 }))
        .backend_always(|call| Answer::new(201).body(format!("{} {} {}", call.method, call.url, call.text())))
        .run()
        .await;
    outcome.assert_status(201).assert_reason("Created").assert_body(r#"PUT /echo?a=1 {"a":1}"#);
    outcome.sent(0).assert_json(&json!({ "a": 1 })).assert_header("content-type", "application/json");
}

#[tokio::test]
async fn scopes_fragments_named_values_and_entities() {
    let outcome = inbound(r#"<base /><include-fragment fragment-id="f" /><set-backend-service backend-id="orders" />"#)
        .document(Scope::Global, r#"<policies><inbound><set-header name="A"><value>{{a}}</value></set-header></inbound><backend><forward-request /></backend></policies>"#)
        .fragment("f", r#"<fragment><set-header name="F"><value>f</value></set-header></fragment>"#)
        .named_value("a", "1")
        .backend_entity("orders", "https://orders.internal/api")
        .request("GET", "/x")
        .run()
        .await;
    outcome.sent(0).assert_backend_id("orders").assert_url("https://orders.internal/api/x");
    outcome.sent(0).assert_header("A", "1").assert_header("F", "f").assert_no_header("B");
}

#[tokio::test(start_paused = true)]
async fn other_services_answer_by_method_and_url() {
    let ask = |method: &str, url: &str, variable: &str| {
        format!(
            r#"<send-request response-variable-name="{variable}" ignore-error="true"><set-url>{url}</set-url><set-method>{method}</set-method><set-body>ask</set-body></send-request>"#
        )
    };
    let reads = r#"<set-variable name="all" value="@(string.Join(",", new[] {"a", "b", "c", "d"}.Select(name => context.Variables[name] == null ? "none" : ((IResponse)context.Variables[name]).StatusCode.ToString())))" />"#;
    let calls = [
        ask("POST", "https://a.test/token", "a"),
        ask("POST", "https://a.test/token", "b"),
        ask("GET", "https://a.test/token", "c"),
        ask("GET", "https://down.test/", "d"),
    ];
    let outcome = inbound(&(calls.concat() + reads))
        .send_request("POST https://a.test/*", Answer::new(201))
        .send_request("POST https://a.test/*", Answer::new(202).after(Duration::from_secs(5)))
        .send_request_always("https://a.test/token", |call| Answer::new(if call.text() == "ask" { 203 } else { 500 }))
        .send_request("https://down.test/", Answer::refuses())
        .run()
        .await;
    outcome.assert_variable("all", "201,202,203,none").assert_call_times(4).assert_sent_times(1);
    outcome.call(1).assert_method("POST").assert_url("https://a.test/token").assert_body("ask");
}

#[tokio::test]
async fn a_call_that_nobody_answers_fails_the_test() {
    let test = inbound(r#"<send-one-way-request><set-url>https://a.test/x</set-url></send-one-way-request>"#);
    let text = panic_of(async { drop(test.clone().run().await) }).await;
    assert!(text.contains("policies called GET https://a.test/x: say with `send_request` what is answered"), "{text}");
    let outcome = test.send_request("*", Answer::new(200)).run().await;
    outcome.assert_no_error().assert_call_times(1).call(0).assert_url("https://a.test/x");
}

#[tokio::test]
async fn metrics_tokens_and_the_trace_of_the_request() {
    let outcome = inbound(
        r#"<emit-metric name="orders" value="2"><dimension name="Region" value="west" /></emit-metric>
           <authentication-managed-identity resource="https://vault.test" />"#,
    )
    .named_value("unused", "x")
    .traced()
    .run()
    .await;
    outcome.assert_no_error().assert_metric("orders", 2.0);
    assert_eq!(outcome.metrics()[0].to_string(), "API Management/orders 2 Region=west");
    outcome.sent(0).assert_header("Authorization", "Bearer token of https://vault.test");
    let trace = outcome.request_trace().unwrap().to_json();
    let sources = trace["traceEntries"]["inbound"].as_array().unwrap().iter().map(|entry| &entry["source"]);
    assert_eq!(sources.collect::<Vec<_>>(), ["api-inspector", "emit-metric", "authentication-managed-identity"]);
    assert_eq!(outcome.headers()["apim-trace-id"], trace["traceId"].as_str().unwrap());
    let text = panic_of(async {
        let _ = outcome.assert_metric("orders", 3.0);
    })
    .await;
    assert!(
        text.starts_with("metrics: expected `orders` with 3") && text.contains("API Management/orders 2"),
        "{text}"
    );
}

#[tokio::test]
async fn a_retry_warns_in_the_trace_and_its_spread_is_fixed() {
    let retry = r#"<set-variable name="n" value="@(0)" /><retry condition="true" count="@(2 + context.Request.Url.Path.Length)" interval="@(-1)" delta="10" max-interval="100"><set-variable name="n" value="@((int)context.Variables["n"] + 1)" /></retry>"#;
    let waits = async |seed| {
        tokio::time::pause();
        let outcome = inbound(retry).random(seed).traced().run().await;
        outcome.assert_variable("n", "4");
        tokio::time::resume();
        let trace = outcome.request_trace().unwrap().to_json().to_string();
        assert!(trace.contains("Warning: `interval` is -1: it is taken as 0"), "{trace}");
        let waits = trace.split("Retry after ").skip(1).map(|rest| rest.split(' ').next().unwrap().to_owned());
        waits.collect::<Vec<_>>()
    };
    let (one, same, other) = (waits(1).await, waits(1).await, waits(2).await);
    assert_eq!((one.len(), &one[0][..]), (3, "0"));
    assert!(one == same && one != other, "{one:?} {other:?}");
    let second: f64 = one[1].parse().unwrap();
    assert!((8.0..=12.0).contains(&second), "{one:?}");
}

#[tokio::test]
async fn a_configuration_runs_through_its_gateway() {
    let mut store = Store::new();
    let mut api = ApiEntry::new(Api::new("orders"));
    api.operations.insert("get", Operation::new("GET", "/{id}").into());
    api.policy = Some(Policy::new(
        r#"<policies><inbound><base /><set-backend-service backend-id="orders" /></inbound><backend><base /></backend><outbound /><on-error /></policies>"#,
    ));
    store.service.apis.insert("orders", api);
    let entity =
        Backend::new("https://orders.internal/v1").unwrap().credentials(Credentials::new().header("X-Key", "s3cret"));
    store.service.backends.insert("orders", entity);
    store.service.subscriptions.insert("s", Subscription::new("/apis").primary_key("k"));
    let test = PolicyTest::configuration(store).request("GET", "/orders/7");

    test.clone().run().await.assert_status(401).assert_error("SubscriptionKeyNotFound").assert_not_sent();
    let with_key = |key| test.clone().header("Ocp-Apim-Subscription-Key", key);
    with_key("nobody").run().await.assert_status(401).assert_error("SubscriptionKeyInvalid");
    let outcome = with_key("k").backend(Answer::new(200).body("order 7")).variable("given", "x").run().await;
    outcome.assert_status(200).assert_body("order 7").assert_variable("given", "x");
    outcome.sent(0).assert_url("https://orders.internal/v1/7").assert_header("X-Key", "s3cret");
    assert!(!outcome.to_string().contains("s3cret"), "{outcome}");
    with_key("k").backend(Answer::refuses()).run().await.assert_status(500).assert_error("BackendConnectionFailure");
    with_key("k").backend(Answer::times_out()).run().await.assert_status(500).assert_error("Timeout");
}

#[tokio::test]
async fn what_does_not_compile_is_told_with_its_place() {
    let error = inbound(r#"<set-hedder name="a" />"#).try_run().await.unwrap_err();
    assert_eq!(error.problems(), ["policies.xml:1:20: unknown policy `set-hedder`: did you mean `set-header`?"]);
    for (test, problem) in [
        (PolicyTest::file("none.xml"), "`none.xml` cannot be read: No such file or directory (os error 2)"),
        (PolicyTest::new(FORWARD).request("G T", "/"), "`G T` is not a method"),
        (PolicyTest::new(FORWARD).header("a b", "c"), "`a b` is not a header name: invalid HTTP header name"),
        (PolicyTest::new(FORWARD).context(&json!({ "Usr": {} })), "`context` has no member `Usr` that a test can set"),
        (
            PolicyTest::new(FORWARD).context(&json!({ "User": { "Emial": "" } })),
            "`context.User`: unknown field `Emial`",
        ),
        (PolicyTest::new(FORWARD).operation("GET", "/a").request("GET", "/b"), "the request `/b` does not match"),
        (PolicyTest::new(FORWARD).variable_of("v", "@(nothing)"), "the variable `v`: "),
    ] {
        let error = test.try_run().await.unwrap_err().to_string();
        assert!(error.starts_with(problem), "{error}");
    }
}

#[tokio::test]
async fn a_failed_assertion_tells_all_there_is() {
    let test = inbound(r#"<set-variable name="v" value="1" /><trace source="t"><message>hello</message></trace>"#);
    let outcome = test.backend(Answer::new(200).header("X-A", "a").body("body")).run().await;
    let text = panic_of(async {
        let _ = outcome.assert_status(200).assert_header("X-A", "b");
    })
    .await;
    assert_eq!(
        text,
        "header `X-A`: expected `b`, found `a`\n\nresponse:\n  200 OK\n  x-a: a\n\n  body\n\n\
         request 0 to the backend:\n  GET /\nvariables:\n  v = 1\ntraces:\n  Verbose t: hello\n"
    );
    for (claim, problem) in [
        (
            panic_of(async {
                let _ = outcome.assert_status(201);
            })
            .await,
            "status: expected 201, found 200",
        ),
        (
            panic_of(async {
                let _ = outcome.assert_body("x");
            })
            .await,
            "body: expected\n  x\nfound\n  body",
        ),
        (
            panic_of(async {
                let _ = outcome.assert_json(&json!(1));
            })
            .await,
            "body: expected JSON: ",
        ),
        (
            panic_of(async {
                let _ = outcome.assert_not_sent();
            })
            .await,
            "requests to the backend: expected 0, found 1",
        ),
        (
            panic_of(async {
                let _ = outcome.assert_variable("w", "");
            })
            .await,
            "variable `w`: expected ``, it is not there",
        ),
        (
            panic_of(async {
                let _ = outcome.assert_trace("bye");
            })
            .await,
            "traces: expected one with `bye`",
        ),
        (
            panic_of(async {
                let _ = outcome.assert_error("Timeout");
            })
            .await,
            "error: expected `Timeout`, found none",
        ),
        (
            panic_of(async {
                let _ = outcome.sent(1);
            })
            .await,
            "the backend got 1 requests, there is no request 1",
        ),
        (
            panic_of(async {
                let _ = outcome.sent(0).assert_method("PUT");
            })
            .await,
            "request 0 to the backend: method: ",
        ),
    ] {
        assert!(claim.starts_with(problem), "{claim}");
    }
}
