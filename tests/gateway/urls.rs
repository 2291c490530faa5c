//! Where requests go: each case of `urls/cases.json` is a configuration, a request, and what the backend sees of it.
//!
//! `{a}` and `{b}` are the URLs of two backends, `{a.host}` and `{b.host}` their authorities. `global`, `api` and
//! `operation` are the statements of `inbound` at that scope; `dot_segments` lets dot segments inside an API pass.

use std::fmt::Write as _;

use gatewright::Body;
use gatewright::backend::Transport;
use gatewright::gateway::Gateway;
use gatewright::model::{Api, ApiEntry, Backend, Operation, Policy, Store, Subscription};
use gatewright::policy::EngineSettings;
use http::{Request, Response};
use serde_json::Value;
use tower::ServiceExt;

use crate::support::{self, TestServer, text};
use crate::{gateway, with_policy};

async fn named(name: &'static str) -> TestServer {
    TestServer::http(move |request| async move {
        let mut response: Response<Body> = support::echo(request).await;
        response.headers_mut().insert("x-server", http::HeaderValue::from_static(name));
        response
    })
    .await
}

fn policy(case: &Value, scope: &str) -> Policy {
    let own = case[scope].as_str().unwrap_or_default();
    // There is nothing above the global document.
    let base = if scope == "global" { "" } else { "<base />" };
    let inbound = if case["base_last"] == true { format!("{own}{base}") } else { format!("{base}{own}") };
    let backend = if scope == "global" { "<forward-request />" } else { "<base />" };
    Policy::new(format!(
        "<policies><inbound>{inbound}</inbound><backend>{backend}</backend><outbound>{base}</outbound>\
         <on-error>{base}</on-error></policies>"
    ))
}

fn store(case: &Value) -> Store {
    let mut api = Api::new("echo").subscription_required(false);
    if let Some(url) = case["service_url"].as_str() {
        api = api.service_url(url);
    }
    let mut entry = ApiEntry::new(api);
    entry.policy = Some(policy(case, "api"));
    let template = case["template"].as_str().unwrap_or("/*");
    let operation = policy(case, "operation");
    entry.operations.insert("get", with_policy(Operation::new("GET", template), &operation.value));
    let mut store = Store::new();
    store.service.policy = Some(policy(case, "global"));
    store.service.apis.insert("echo", entry);
    store.service.subscriptions.insert("s", Subscription::new("/apis").primary_key("abcdef"));
    for (id, backend) in case["backends"].as_object().into_iter().flatten() {
        store.service.backends.insert(id, serde_json::from_value::<Backend>(backend.clone()).unwrap());
    }
    store
}

/// What is wrong with a case; nothing when all is well.
async fn run(case: &Value, servers: &[(&str, TestServer); 2]) -> String {
    let mut gateway = gateway(&store(case));
    if case["dot_segments"] == true {
        let mut settings = EngineSettings::default();
        settings.dot_segments_inside = true;
        let transport = Transport::builder().native_roots(false).build().unwrap();
        gateway = Gateway::builder().transport(transport).settings(settings).build(&store(case)).unwrap();
    }
    if let Some(client) = case["client"].as_str() {
        gateway = gateway.client(client.parse().unwrap());
    }
    let mut request = Request::get(case["request"].as_str().unwrap());
    for (name, value) in case["headers"].as_object().into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap());
    }
    let response = gateway.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let expected_status = case["status"].as_u64().unwrap_or(200);
    if u64::from(status) != expected_status {
        return format!("  status {status}, expected {expected_status}: {}\n", text(response.into_body()).await);
    }
    let Some(expected) = case["expect"].as_str() else { return String::new() };
    let name = response.headers()["x-server"].to_str().unwrap().to_owned();
    let at = servers.iter().find(|(known, _)| *known == name).map(|(_, server)| server.url("")).unwrap();
    let seen = text(response.into_body()).await;
    let mut lines = seen.lines();
    let target = lines.next().unwrap().trim_start_matches("GET ").trim_end_matches(" HTTP/1.1");
    let headers: Vec<_> = lines.filter_map(|line| line.split_once(": ")).collect();
    let mut wrong = String::new();
    if format!("{at}{target}") != expected {
        let _ = writeln!(wrong, "  went to {at}{target}\n expected {expected}");
    }
    for (name, expected) in case["sees"].as_object().into_iter().flatten() {
        let found = headers.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
        if found != expected.as_str() {
            let _ = writeln!(wrong, "  `{name}` is {found:?}, expected {expected}");
        }
    }
    wrong
}

#[tokio::test]
async fn requests_go_where_the_table_says() {
    let servers = [("a", named("a").await), ("b", named("b").await)];
    let mut cases = include_str!("urls/cases.json").to_owned();
    for (name, server) in &servers {
        cases = cases.replace(&format!("{{{name}}}"), &server.url(""));
        cases = cases.replace(&format!("{{{name}.host}}"), &server.address().to_string());
    }
    let cases: Vec<Value> = serde_json::from_str(&cases).unwrap();
    let mut failures = String::new();
    let mut count = 0;
    for case in cases.iter().filter(|case| case["section"].is_null()) {
        count += 1;
        let wrong = run(case, &servers).await;
        if !wrong.is_empty() {
            let _ = write!(failures, "{}:\n{wrong}", case["name"]);
        }
    }
    assert!(failures.is_empty(), "of {count} cases:\n{failures}");
    assert!(count > 50, "{count} cases were found");
}
