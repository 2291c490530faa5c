//! Request tracing: who may, what the response says, and what the trace shows.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use gatewright::Body;
use gatewright::backend::Transport;
use gatewright::clock::Clock;
use gatewright::gateway::Gateway;
use gatewright::model::{
    Api, ApiEntry, Backend, Diagnostic, NamedValue, Operation, Pool, PoolMember, Store, Subscription, Verbosity,
};
use gatewright::policy::{DebugTokens, EngineSettings, RequestTracing};
use gatewright::sink::{RecentTraces, TraceEvent, TraceSink};
use http::{Request, Response};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::support::TestServer;
use super::{document, header};

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

struct Traced {
    gateway: Gateway,
    tokens: DebugTokens,
    traces: RecentTraces,
    clock: Clock,
    backend: TestServer,
}

impl Traced {
    async fn new(inbound: &str, on_error: &str) -> Self {
        let backend = super::backend().await;
        let mut store = Store::new();
        let service = &mut store.service;
        let mut orders = ApiEntry::new(Api::new("orders").service_url(backend.url("")));
        orders.operations.insert("get", Operation::new("GET", "/{id}").into());
        orders.policy = Some(document(inbound, "", on_error));
        service.apis.insert("orders", orders);
        let mut other = ApiEntry::new(Api::new("other").service_url(backend.url("")).subscription_required(false));
        other.operations.insert("get", Operation::new("GET", "/").into());
        service.apis.insert("other", other);
        service.backends.insert("m", Backend::new(backend.url("/base")).unwrap());
        service.backends.insert("p", Backend::of_pool(Pool::new().member(PoolMember::new("m"))));
        service.named_values.insert("secret", NamedValue::new().value("s3cret-value").secret(true));
        service.subscriptions.insert("jane", Subscription::new("/apis").primary_key("the-key"));
        let (tokens, traces) = (DebugTokens::new("key"), RecentTraces::default());
        let clock = Clock::manual(at(1_710_498_645));
        let gateway = Gateway::builder()
            .transport(Transport::builder().native_roots(false).build().unwrap())
            .clock(clock.clone())
            .request_tracing(RequestTracing::new(tokens.clone(), traces.clone()))
            .build(&store)
            .unwrap_or_else(|error| panic!("{error}"));
        Self { gateway, tokens, traces, clock, backend }
    }

    async fn send(&self, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
        let mut request = Request::get(path).header("Host", "gateway.test");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.gateway.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    /// The trace of a request with a good token and key.
    async fn trace(&self, path: &str) -> Value {
        self.trace_with(path, &[]).await
    }

    /// The same, with headers of the request.
    async fn trace_with(&self, path: &str, headers: &[(&str, &str)]) -> Value {
        let token = self.tokens.issue("orders", Duration::from_secs(60), self.clock.wall());
        let own = [("Apim-Debug-Authorization", &*token), ("Ocp-Apim-Subscription-Key", "the-key")];
        let response = self.send(path, &[&own, headers].concat()).await;
        let id = header(&response, "apim-trace-id");
        let body = response.into_body().collect(1 << 20).await.unwrap();
        let echoed = String::from_utf8_lossy(body.as_bytes().map_or(&[], |bytes| &bytes[..])).to_lowercase();
        assert!(!echoed.contains("apim-debug-authorization"), "the backend gets no token: {echoed}");
        self.traces.get(&id).expect("the trace is there").to_json()
    }
}

fn sources(trace: &Value, section: &str) -> Vec<String> {
    let entries = trace["traceEntries"][section].as_array().unwrap();
    entries.iter().map(|entry| entry["source"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn only_a_good_token_for_the_api_is_traced() {
    let traced = Traced::new("", "").await;
    let token = traced.tokens.issue("orders", Duration::from_secs(60), traced.clock.wall());
    for (path, token, found) in [
        ("/orders/7?subscription-key=the-key", &*token, ["36", "", ""]),
        ("/other", &token, ["0", "", "true"]),
        ("/orders/7?subscription-key=the-key", "aid=orders&p=tracing&ex=9999999999&sn=AAAA", ["0", "", ""]),
        ("/nothing", &token, ["0", "", ""]),
    ] {
        let response = traced.send(path, &[("Apim-Debug-Authorization", token)]).await;
        let names = ["apim-debug-authorization-expired", "apim-debug-authorization-wrongapi"];
        let [expired, wrong] = names.map(|name| header(&response, name));
        let id = header(&response, "apim-trace-id").len().to_string();
        assert_eq!([id, expired, wrong], found, "{path} {token}");
    }
    traced.clock.advance(Duration::from_secs(60));
    let response = traced.send("/orders/7", &[("Apim-Debug-Authorization", &token)]).await;
    assert_eq!(header(&response, "apim-debug-authorization-expired"), "true");
    let response = traced.send("/orders/7", &[("Ocp-Apim-Trace", "true")]).await;
    assert_eq!(header(&response, "apim-trace-id"), "");
}

#[tokio::test]
async fn a_secret_where_a_long_value_is_cut_does_not_show_its_beginning() {
    let traced = Traced::new(r#"<set-variable name="v" value="@(new string('a', 8190) + "{{secret}}")" />"#, "").await;
    let trace = traced.trace("/orders/7").await.to_string();
    assert!(trace.contains("aaaa*") && trace.contains('…') && !trace.contains("as3"), "{}", trace.len());
}

#[tokio::test]
async fn a_trace_says_which_member_of_a_pool_answered() {
    let traced = Traced::new(r#"<set-backend-service backend-id="p" />"#, "").await;
    let trace = traced.trace("/orders/7").await;
    let backend = &trace["traceEntries"]["backend"][1]["data"]["backend"];
    assert_eq!(*backend, json!({ "id": "m", "url": traced.backend.url("/base") }));
}

#[tokio::test]
async fn expressions_see_whether_the_request_is_traced() {
    let policy = r#"<return-response>
        <set-header name="X-Tracing" exists-action="override"><value>@(context.Tracing.ToString())</value></set-header>
    </return-response>"#;
    let traced = Traced::new(policy, "").await;
    let token = traced.tokens.issue("orders", Duration::from_secs(60), traced.clock.wall());
    for (token, found) in [(&*token, "True"), ("", "False")] {
        let headers = [("Apim-Debug-Authorization", token), ("Ocp-Apim-Subscription-Key", "the-key")];
        assert_eq!(header(&traced.send("/orders/7", &headers).await, "x-tracing"), found);
    }
}

#[tokio::test]
async fn the_trace_shows_each_step_in_its_section() {
    let inbound = r#"
        <cors><allowed-origins><origin>*</origin></allowed-origins></cors>
        <set-variable name="who" value="@(context.User == null ? "nobody" : "somebody")" />
        <set-header name="X-Key"><value>{{secret}}</value></set-header>
        <trace source="mine" severity="error"><message>hello</message><metadata name="a" value="{{secret}}" /></trace>
        <choose><when condition="@(context.Request.Method == "GET")"><rewrite-uri template="/v2/{id}" /></when></choose>"#;
    let traced = Traced::new(inbound, "").await;
    let trace = traced.trace("/orders/7").await;
    assert_eq!(trace["serviceName"], "gatewright");
    assert_eq!(trace["traceId"].as_str().unwrap().len(), 36);
    assert_eq!(
        sources(&trace, "inbound"),
        [
            "api-inspector",
            "api-inspector",
            "cors",
            "set-variable",
            "set-variable",
            "set-header",
            "mine",
            "choose",
            "choose",
            "rewrite-uri"
        ]
    );
    assert_eq!(sources(&trace, "backend"), ["request-forwarder", "request-forwarder"]);
    assert_eq!(sources(&trace, "outbound"), ["transfer-response"]);
    assert_eq!(sources(&trace, "on-error"), [""; 0]);

    let entry = |section: &str, index: usize| trace["traceEntries"][section][index].clone();
    let first = entry("inbound", 0);
    assert_eq!(first["timestamp"], "2024-03-15T10:30:45.0000000Z");
    assert_eq!(first["elapsed"], "00:00:00.0000000");
    assert_eq!(first["data"]["request"]["method"], "GET");
    assert_eq!(first["data"]["request"]["url"], "http://gateway.test/orders/7");
    let key = json!({ "name": "ocp-apim-subscription-key", "value": "***" });
    assert!(first["data"]["request"]["headers"].as_array().unwrap().contains(&key), "{first}");
    let configuration = &entry("inbound", 1)["data"]["configuration"];
    assert_eq!(configuration["api"]["from"], "/orders");
    assert_eq!(configuration["api"]["to"]["scheme"], "http");
    assert_eq!(configuration["api"]["version"], Value::Null);
    assert_eq!(configuration["operation"], json!({ "method": "GET", "uriTemplate": "/{id}" }));
    assert_eq!((&configuration["user"], &configuration["product"]), (&json!("-"), &json!("-")));
    assert_eq!(
        entry("inbound", 2)["data"],
        "Origin header was missing or empty and the request was classified as not cross-domain. CORS policy was not applied."
    );
    assert_eq!(
        entry("inbound", 3)["data"],
        json!({
            "message": "Expression was successfully evaluated.",
            "expression": "context.User == null ? \"nobody\" : \"somebody\"",
            "value": "nobody",
        })
    );
    let variables = json!([{ "name": "who", "value": "nobody" }]);
    assert_eq!(entry("inbound", 4)["data"], json!({ "message": "set-variable was applied", "variables": variables }));
    let headers = json!([{ "name": "x-key", "value": "***" }]);
    assert_eq!(
        entry("inbound", 5)["data"],
        json!({ "message": "set-header was applied", "request": { "headers": headers } })
    );
    assert_eq!(entry("inbound", 6)["data"], json!({ "message": "hello", "metadata": { "a": "***" } }));
    assert_eq!(
        entry("inbound", 9)["data"],
        json!({ "message": "rewrite-uri was applied", "request": { "url": { "from": "/7", "to": "/v2/7" } } })
    );
    let sent = &entry("backend", 0)["data"];
    assert_eq!(sent["message"], "Request is being forwarded to the backend service. Timeout set to 300 seconds");
    assert!(sent["request"]["url"].as_str().unwrap().ends_with("/v2/7"), "{sent}");
    assert_eq!(entry("backend", 1)["data"]["response"]["status"], json!({ "code": 200, "reason": "OK" }));
    assert_eq!(entry("outbound", 0)["data"], json!({ "message": "Response has been sent to the caller in full" }));
    for secret in ["s3cret-value", "the-key"] {
        assert!(!trace.to_string().contains(secret), "{trace}");
    }
}

#[tokio::test]
async fn a_header_that_passes_is_shown() {
    let inbound = r#"
        <check-header name="X-Key" failed-check-httpcode="401"><value>a</value><value>b</value></check-header>
        <check-header name="@(context.Request.Method == "GET" ? "authorization" : "")" failed-check-httpcode="401" />
        <check-header name="X-Key" failed-check-httpcode="401"><value>c</value></check-header>"#;
    let traced = Traced::new(inbound, "").await;
    let trace = traced.trace_with("/orders/7", &[("x-key", "b"), ("Authorization", "Bearer token")]).await;
    let entries = trace["traceEntries"]["inbound"].as_array().unwrap().iter();
    let own: Vec<_> = entries.filter(|entry| entry["source"] == "check-header").map(|entry| &entry["data"]).collect();
    let passed = |name, value| json!({ "message": "Header validated.", "header": { "name": name, "value": value } });
    assert_eq!(*own[0], passed("X-Key", "b"));
    assert_eq!(own[1]["message"], "Expression was successfully evaluated.");
    assert_eq!(*own[2], passed("authorization", "***"));
    assert_eq!(own[3]["error"]["reason"], "HeaderValueNotAllowed");
    assert_eq!(own.len(), 4);
}

#[tokio::test]
async fn no_part_of_authorization_is_shown() {
    let inbound = r#"
        <set-variable name="token" value="@(context.Request.Headers.GetValueOrDefault("Authorization", "").Split(' ').Last())" />
        <set-variable name="password" value="@(context.Request.Headers.GetValueOrDefault("Authorization", "").AsBasic()?.Password)" />
        <trace source="mine"><message>@("got " + (string)context.Variables["token"])</message><metadata name="p" value="@((string)context.Variables["password"])" /></trace>
        <set-header name="X-Copy"><value>@((string)context.Variables["token"])</value></set-header>"#;
    let traced = Traced::new(inbound, "").await;
    for (value, secrets) in [
        ("Bearer eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl", &["eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl"][..]),
        ("Basic amFuZTpwYXNzLXdvcmQ=", &["amFuZTpwYXNzLXdvcmQ", "pass-word"]),
    ] {
        let trace = traced.trace_with("/orders/7", &[("Authorization", value)]).await;
        let mut entries = trace["traceEntries"]["inbound"].as_array().unwrap().iter();
        assert_eq!(entries.find(|entry| entry["source"] == "mine").unwrap()["data"]["message"], "got ***");
        for secret in secrets {
            assert!(!trace.to_string().contains(secret), "{secret}: {trace}");
        }
    }
}

#[tokio::test]
async fn a_failed_step_and_on_error_are_in_the_trace() {
    let inbound = r#"<set-variable name="n" value="@(int.Parse("x" + context.Request.Method))" />"#;
    let on_error = r#"<set-status code="400" reason="No" /><set-header name="X-A"><value>a</value></set-header>"#;
    let traced = Traced::new(inbound, on_error).await;
    let trace = traced.trace("/orders/7").await;
    let expression = &trace["traceEntries"]["inbound"][2];
    assert_eq!(expression["source"], "set-variable");
    assert_eq!(
        expression["data"],
        json!({
            "message": "Expression evaluation failed.",
            "expression": "int.Parse(\"x\" + context.Request.Method)",
            "details": "System.FormatException: Input string was not in a correct format.\n   \
                        at line 1, column 3 of the expression",
        })
    );
    let failed = &trace["traceEntries"]["inbound"][3];
    assert_eq!(failed["source"], "set-variable");
    let error = &failed["data"]["error"];
    assert_eq!(
        [&error["reason"], &error["section"], &error["path"]],
        ["ExpressionValueEvaluationFailure", "inbound", "set-variable"]
    );
    assert_eq!(sources(&trace, "on-error"), ["set-status", "set-header", "transfer-response"]);
    assert_eq!(
        trace["traceEntries"]["on-error"][0]["data"],
        json!({ "message": ["Response status code was set to 400", "Response status reason was set to 'No'"] })
    );
    assert_eq!(sources(&trace, "backend"), [""; 0]);
}

#[tokio::test]
async fn a_response_of_a_policy_and_a_refused_key_are_in_the_trace() {
    let traced = Traced::new("<return-response />", "").await;
    let trace = traced.trace("/orders/7").await;
    assert_eq!(
        trace["traceEntries"]["inbound"][2]["data"],
        json!({
            "message": "Return response was applied",
            "response": { "status": { "code": "OK", "reason": "OK" }, "headers": [] },
        })
    );
    let token = traced.tokens.issue("orders", Duration::from_secs(60), traced.clock.wall());
    let headers = [("Apim-Debug-Authorization", &*token), ("Ocp-Apim-Subscription-Key", "another-key")];
    let response = traced.send("/orders/7", &headers).await;
    let id = header(&response, "apim-trace-id");
    drop(response);
    let trace = traced.traces.get(&id).unwrap().to_json();
    assert_eq!(trace["traceEntries"]["inbound"][1]["source"], "authorization");
    assert_eq!(trace["traceEntries"]["inbound"][1]["data"]["error"]["reason"], "SubscriptionKeyInvalid");
    assert!(!trace.to_string().contains("another-key"), "{trace}");
}

#[tokio::test]
async fn a_caller_who_goes_away_is_in_the_trace() {
    let traced = Traced::new("", "").await;
    let token = traced.tokens.issue("orders", Duration::from_secs(60), traced.clock.wall());
    let headers = [("Apim-Debug-Authorization", &*token), ("Ocp-Apim-Subscription-Key", "the-key")];
    let response = traced.send("/orders/7", &headers).await;
    let id = header(&response, "apim-trace-id");
    assert!(traced.traces.get(&id).is_none(), "the trace ends with the body");
    drop(response);
    let trace = traced.traces.get(&id).unwrap().to_json();
    let said = &trace["traceEntries"]["outbound"][0]["data"]["message"];
    assert_eq!(*said, "The caller went away before the response was sent in full");
}

#[tokio::test]
async fn the_old_switch_is_for_development() {
    let traces = RecentTraces::default();
    let mut store = Store::new();
    let mut api = ApiEntry::new(Api::new("a").subscription_required(false));
    api.operations.insert("get", Operation::new("GET", "/").into());
    api.policy = Some(document("<return-response />", "", ""));
    store.service.apis.insert("a", api);
    let tracing = RequestTracing::new(DebugTokens::new("key"), traces.clone()).honours_trace_header(true);
    let builder = Gateway::builder().transport(Transport::builder().native_roots(false).build().unwrap());
    let gateway = builder.request_tracing(tracing).build(&store).unwrap();
    let request = Request::get("/a").header("Ocp-Apim-Trace", "true").body(Body::empty()).unwrap();
    let response = gateway.oneshot(request).await.unwrap();
    let id = header(&response, "apim-trace-id");
    drop(response);
    assert_eq!(sources(&traces.get(&id).unwrap().to_json(), "outbound"), ["transfer-response"]);
}

#[tokio::test]
async fn requests_of_policies_are_shown_without_secrets() {
    let inbound = r#"<wait><send-request response-variable-name="a" ignore-error="true" timeout="5">
            <set-url>http://127.0.0.1:9/x?key={{secret}}</set-url>
            <set-header name="Authorization"><value>Bearer unknown</value></set-header>
        </send-request></wait>
        <send-one-way-request timeout="3"><set-url>http://127.0.0.1:9/y</set-url></send-one-way-request>"#;
    let traced = Traced::new(inbound, "").await;
    let trace = traced.trace("/orders/7").await;
    let entries = trace["traceEntries"]["inbound"].as_array().unwrap();
    let of = |source: &str| -> Vec<&Value> {
        entries.iter().filter(|entry| entry["source"] == source).map(|entry| &entry["data"]).collect()
    };
    let sent = of("send-request")[0];
    assert_eq!(sent["message"], "Request is being sent. Timeout set to 5 seconds");
    assert_eq!(sent["request"]["url"], "http://127.0.0.1:9/x?key=***");
    assert_eq!(sent["request"]["headers"][0]["value"], "***");
    let expected = [
        "The error was ignored. BackendConnectionFailure: Unable to connect to the remote server",
        "send-request was applied",
    ];
    assert_eq!(of("wait")[0]["message"], serde_json::json!(expected));
    assert_eq!(of("send-one-way-request")[0]["message"], "Request is being sent. Timeout set to 3 seconds");
    let text = trace.to_string();
    assert!(!text.contains("s3cret-value") && !text.contains("unknown"), "{text}");
}

/// Keeps when each message was made, and the message.
#[derive(Default)]
struct Messages(Mutex<Vec<(SystemTime, String)>>);

impl TraceSink for Messages {
    fn trace(&self, event: &TraceEvent<'_>) {
        self.0.lock().unwrap().push((event.timestamp, event.message.to_owned()));
    }
}

#[tokio::test]
async fn messages_below_the_verbosity_of_the_diagnostics_do_not_go_to_the_sink() {
    let says = r#"<trace source="s"><message>low</message></trace>
        <trace source="s" severity="information"><message>middle</message></trace>
        <trace source="s" severity="error"><message>high</message></trace><return-response />"#;
    let of_service = Some(Verbosity::Information);
    for (of_service, of_api, expected) in [
        (None, None, &["low", "middle", "high"][..]),
        (of_service.clone(), None, &["middle", "high"]),
        (of_service, Some(Verbosity::Error), &["high"]),
        (None, Some(Verbosity::Verbose), &["low", "middle", "high"]),
    ] {
        let mut store = Store::new();
        let mut api = ApiEntry::new(Api::new("a").subscription_required(false));
        api.operations.insert("get", Operation::new("GET", "/").into());
        api.policy = Some(document(says, "", ""));
        for (verbosity, diagnostics) in [(of_service, &mut store.service.diagnostics), (of_api, &mut api.diagnostics)] {
            if let Some(verbosity) = verbosity {
                diagnostics.insert("applicationinsights", Diagnostic::new().verbosity(verbosity));
            }
        }
        store.service.apis.insert("a", api);
        let (messages, clock) = (Arc::new(Messages::default()), Clock::manual(at(1_710_498_645)));
        let mut settings = EngineSettings::default();
        settings.trace_sink = messages.clone();
        let builder = Gateway::builder().transport(Transport::builder().native_roots(false).build().unwrap());
        let gateway = builder.settings(settings).clock(clock.clone()).build(&store).unwrap();
        let request = Request::get("/a").body(Body::empty()).unwrap();
        gateway.oneshot(request).await.unwrap();
        let found = std::mem::take(&mut *messages.0.lock().unwrap());
        assert!(found.iter().all(|(time, _)| *time == clock.wall()), "{found:?}");
        assert_eq!(found.into_iter().map(|(_, message)| message).collect::<Vec<_>>(), expected);
    }
}
