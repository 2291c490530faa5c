//! Settings of the engine that change what policies do: each way, beside the default.

use gatewright::model::{Api, ApiEntry, ApiVersionSet, Operation, OperationEntry, Policy, Store, VersioningScheme};
use gatewright::policy::{Document, EngineSettings, Environment, Scope};
use gatewright::testing::{Answer, PolicyTest};

fn document(inbound: &str, outbound: &str) -> PolicyTest {
    PolicyTest::new(format!(
        "<policies><inbound>{inbound}</inbound><backend><forward-request /></backend><outbound>{outbound}</outbound></policies>"
    ))
}

#[tokio::test]
async fn a_base_url_overrides_an_inherited_backend_id_when_it_may() {
    let global = r#"<policies><inbound><set-backend-service backend-id="orders" /></inbound><backend><forward-request /></backend></policies>"#;
    for (overrides, url) in [(false, "http://orders/x"), (true, "http://other/x")] {
        let outcome = document(r#"<base /><set-backend-service base-url="http://other" />"#, "")
            .document(Scope::Global, global)
            .backend_entity("orders", "http://orders")
            .request("GET", "/x")
            .settings(|settings| settings.base_url_overrides_inherited_backend_id = overrides)
            .run()
            .await;
        outcome.assert_no_error().sent(0).assert_url(url);
    }
}

#[tokio::test]
async fn cors_lets_an_unmatched_request_pass_when_it_may() {
    let allowed = "<allowed-origins><origin>https://a.example</origin></allowed-origins>";
    for (attribute, terminates, sent) in [
        ("", true, 0),
        ("", false, 1),
        (r#"terminate-unmatched-request="true""#, false, 0),
        (r#"terminate-unmatched-request="false""#, true, 1),
    ] {
        let outcome = document(&format!("<cors {attribute}>{allowed}</cors>"), "")
            .header("Origin", "https://b.example")
            .settings(|settings| settings.cors_terminates_unmatched_requests = terminates)
            .run()
            .await;
        outcome.assert_status(200).assert_sent_times(sent).assert_no_header("Access-Control-Allow-Origin");
    }
}

#[tokio::test]
async fn a_preflight_request_without_a_version_is_a_404_when_versions_are_not_looked_through() {
    let mut store = Store::new();
    let set = ApiVersionSet::new().versioning_scheme(VersioningScheme::Header).version_header_name("Api-Version");
    store.service.api_version_sets.insert("s", set);
    let api = Api::new("a").service_url("https://a.example").api_version("v2").api_version_set_id("/apiVersionSets/s");
    let mut entry = ApiEntry::new(api.subscription_required(false));
    entry.operations.insert("x", OperationEntry::from(Operation::new("GET", "/x")));
    entry.policy = Some(Policy::new(
        "<policies><inbound><cors><allowed-origins><origin>https://b.example</origin></allowed-origins></cors></inbound>\
         <backend><base /></backend><outbound /><on-error /></policies>",
    ));
    store.service.apis.insert("a", entry);
    for (looks, status) in [(true, 200), (false, 404)] {
        let outcome = PolicyTest::configuration(store.clone())
            .request("OPTIONS", "https://gateway.example/a/x")
            .header("Origin", "https://b.example")
            .header("Access-Control-Request-Method", "GET")
            .settings(|settings| settings.preflight_looks_through_versions = looks)
            .run()
            .await;
        outcome.assert_status(status).assert_not_sent();
        match looks {
            true => outcome.assert_header("Access-Control-Allow-Origin", "https://b.example"),
            false => outcome.assert_no_header("Access-Control-Allow-Origin"),
        };
    }
}

#[tokio::test]
async fn jsonp_starts_with_a_comment_when_it_is_to() {
    for (starts, body) in [(false, r#"f({"a":1});"#), (true, r#"/**/f({"a":1});"#)] {
        let outcome = document("", r#"<jsonp callback-parameter-name="cb" />"#)
            .request("GET", "/?cb=f")
            .backend(Answer::new(200).header("Content-Type", "application/json").body(r#"{"a":1}"#))
            .settings(|settings| settings.jsonp_starts_with_comment = starts)
            .run()
            .await;
        outcome.assert_body(body);
    }
}

#[tokio::test]
async fn templates_see_a_body_of_unknown_type_when_they_may() {
    let template = r#"<set-body template="liquid">[{{body.a.b}}]</set-body>"#;
    for (body, guessed) in [(r#" {"a":{"b":"x"}}"#, "[x]"), ("<a><b>x</b></a>", "[x]"), ("a: b", "[]")] {
        for (reads, expected) in [(false, "[]"), (true, guessed)] {
            let outcome = document(template, "")
                .request("POST", "/")
                .header("Content-Type", "text/plain")
                .body(body)
                .settings(|settings| settings.liquid_reads_bodies_of_unknown_type = reads)
                .run()
                .await;
            outcome.sent(0).assert_body(expected);
        }
    }
}

#[tokio::test]
async fn messages_go_to_the_namespace_of_the_settings() {
    let message = |namespace: &str| {
        document(&format!(r#"<send-service-bus-message queue-name="q" {namespace}><payload>x</payload></send-service-bus-message>"#), "")
            .send_request("POST https://contoso.servicebus.windows.net/*", Answer::new(201))
            .send_request("POST https://own.example/*", Answer::new(201))
            .settings(|settings| settings.service_bus_namespace = Some("contoso.servicebus.windows.net".into()))
    };
    let url = "https://contoso.servicebus.windows.net/q/messages?timeout=60";
    message("").run().await.assert_no_error().call(0).assert_url(url);
    let own = message(r#"namespace="own.example""#).run().await;
    own.assert_no_error().call(0).assert_url("https://own.example/q/messages?timeout=60");
    let none = message("").settings(|settings| settings.service_bus_namespace = None).run().await;
    none.assert_error("ServiceBusSendFailure").assert_call_times(0);
    assert_eq!(EngineSettings::default().service_bus_namespace, None);
}

#[test]
fn an_environment_says_how_many_dimensions_there_may_be() {
    let document = |count: usize| {
        let dimensions = "<dimension name=\"API ID\" />".repeat(count);
        format!("<policies><inbound><emit-metric name=\"m\">{dimensions}</emit-metric></inbound><backend /></policies>")
    };
    let problems = |count, environment: &Environment| {
        let found = Document::compile("a.xml", &document(count), Scope::Api, environment);
        found.map_or_else(|error| error.to_string(), |_| String::new())
    };
    let told = |count: usize, most: usize| {
        format!("a.xml:1:20: `emit-metric` has {count} dimensions: at most {most} are allowed")
    };
    for (most, environment) in [
        (10, Environment::new()),
        (2, Environment::new().most_dimensions(2)),
        (20, Environment::new().most_dimensions(20)),
    ] {
        assert_eq!(problems(most, &environment), "");
        assert_eq!(problems(most + 1, &environment), told(most + 1, most));
    }
}
