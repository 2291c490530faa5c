//! Failures and warnings that a file of cases cannot bring about: they need settings, or show in the trace.

use std::convert::Infallible;
use std::time::Duration;

use gatewright::Body;
use gatewright::policy::{Diagnostic, Document, EngineSettings, Environment, EventHub, PolicyLayer, Scope};
use gatewright::testing::{Answer, Outcome, PolicyTest};
use http::{Request, Response};
use serde_json::Value;
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::log::Log;

fn document(inbound: &str, outbound: &str) -> PolicyTest {
    PolicyTest::new(format!(
        "<policies><inbound>{inbound}</inbound><backend><base /></backend><outbound>{outbound}</outbound></policies>"
    ))
}

/// The messages of an element's entries in `inbound` of the trace.
fn messages(outcome: &Outcome, source: &str) -> Vec<String> {
    let trace = outcome.request_trace().unwrap().to_json();
    let entries = trace["traceEntries"]["inbound"].as_array().unwrap().iter();
    let own = entries.filter(|entry| entry["source"] == source);
    own.map(|entry| entry["data"]["message"].as_str().map_or_else(|| entry["data"].to_string(), str::to_owned))
        .collect()
}

#[tokio::test]
async fn a_request_body_larger_than_the_limit_is_413() {
    let reads = r#"<set-variable name="v" value="@(context.Request.Body.As<string>(preserveContent: true))" />"#;
    for (body, status) in [("1234", 200), ("12345", 413)] {
        let test = document(reads, "").request("POST", "/").body(body).settings(|settings| settings.body_limit = 4);
        let outcome = test.run().await;
        outcome.assert_status(status);
        assert_eq!(outcome.error().map(|error| &*error.reason), (status == 413).then_some("RequestBodyTooLarge"));
        outcome.assert_sent_times(usize::from(status == 200));
    }
}

#[tokio::test]
async fn a_response_body_larger_than_the_limit_is_500() {
    let reads = r#"<set-variable name="v" value="@(context.Response.Body.As<string>())" />"#;
    let test = document("", reads).backend(Answer::new(200).body("12345")).settings(|settings| settings.body_limit = 4);
    let outcome = test.run().await;
    outcome.assert_status(500);
    assert_eq!(&*outcome.error().unwrap().reason, "ResponseBodyTooLarge");
}

#[tokio::test]
async fn an_event_that_cannot_be_sent_is_counted() {
    let text =
        "Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=a;SharedAccessKey=a2V5;EntityPath=hub";
    let environment = Environment::new().logger("l", EventHub::of_connection_string(text, None).unwrap());
    let document = r#"<policies><inbound><log-to-eventhub logger-id="l" partition-key="@("a" + (char)127)">x</log-to-eventhub></inbound><backend><forward-request /></backend></policies>"#;
    let document = Document::compile("a.xml", document, Scope::Api, &environment).unwrap();
    let settings = EngineSettings::default();
    let deliveries = settings.deliveries.clone();
    let service = service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::from("done"))) });
    let response = PolicyLayer::new([document]).settings(settings).layer(service).oneshot(Request::new(Body::empty()));
    assert_eq!(response.await.unwrap().status(), 200);
    deliveries.drained().await;
    assert_eq!((deliveries.sent(), deliveries.failed()), (0, 1));
}

#[tokio::test]
async fn the_log_says_why_an_event_is_lost() {
    let hub = "Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=a;SharedAccessKey=a2V5;EntityPath=hub";
    for (key, reason) in
        [(r#"@("a" + (char)127)"#, r#"reason="EventHubRequestInvalid""#), ("a", r#"reason="EventHubSendFailure""#)]
    {
        let log = Log::default();
        let _guard = tracing::subscriber::set_default(log.subscriber());
        let outcome =
            document(&format!(r#"<log-to-eventhub logger-id="l" partition-key='{key}'>x</log-to-eventhub>"#), "")
                .logger("l", EventHub::of_connection_string(hub, None).unwrap())
                .send_request("POST https://contoso.servicebus.windows.net/*", Answer::new(401))
                .run()
                .await;
        outcome.assert_no_error().assert_status(200);
        let text = log.text();
        let found: Vec<_> = text.lines().filter(|line| line.contains("not delivered: ")).collect();
        assert!(found.len() == 1 && found[0].contains(reason), "{reason}: {text}");
    }
}

#[tokio::test]
async fn a_body_that_is_gone_cannot_be_sent_again() {
    let backend = "<policies><inbound /><backend><retry condition=\"true\" count=\"1\" interval=\"0\"><forward-request /></retry></backend></policies>";
    let test = PolicyTest::new(backend).request("POST", "/").body("x").backend(Answer::new(503));
    let outcome = test.run().await;
    outcome.assert_error("BackendConnectionFailure").assert_sent_times(1);
    assert_eq!(&*outcome.error().unwrap().message, "request body is not available for retry");
}

#[tokio::test(start_paused = true)]
async fn without_time_only_an_answer_that_is_there_counts() {
    for limit in [r#"timeout="0""#, r#"timeout="@(1 - 1)""#, r#"timeout-ms="0""#, r#"timeout-ms="@(0)""#] {
        let text = format!("<policies><inbound /><backend><forward-request {limit} /></backend></policies>");
        for (delay, reason) in [(0, None), (1, Some("Timeout"))] {
            let answer = Answer::new(200).after(Duration::from_millis(delay));
            let outcome = PolicyTest::new(text.as_str()).backend(answer).run().await;
            assert_eq!(outcome.error().map(|error| &*error.reason), reason, "{limit} {delay}");
        }
    }
}

#[tokio::test]
async fn what_has_no_effect_is_in_the_trace() {
    let outcome = document(
        r#"<base /><set-backend-service base-url="http://other" />
           <set-header name="Content-Length"><value>99</value></set-header>
           <set-header name="Keep-Alive" exists-action="delete" />
           <set-header name="X-A"><value>a</value></set-header>
           <find-and-replace from="" to="a" />"#,
        "",
    )
    .document(
        Scope::Global,
        r#"<policies><inbound><set-backend-service backend-id="orders" /></inbound><backend><forward-request /></backend></policies>"#,
    )
    .traced()
    .run()
    .await;
    outcome.assert_no_error().sent(0).assert_backend_id("orders");
    assert_eq!(
        messages(&outcome, "set-backend-service"),
        ["set-backend-service was applied", "Warning: `base-url` has no effect: a broader scope set a `backend-id`"]
    );
    assert_eq!(messages(&outcome, "find-and-replace"), ["Warning: `from` is empty"]);
    assert_eq!(
        messages(&outcome, "set-header"),
        [
            "Header content-length cannot be changed: it is left as it is",
            "Header keep-alive cannot be changed: it is left as it is",
            "set-header was applied"
        ]
    );
}

#[tokio::test]
async fn a_failed_expression_is_in_the_trace_with_its_place() {
    let outcome = document(
        "<set-variable name=\"v\" value=\"@{\n  var n = context.Request.Method;\n  return int.Parse(n);\n}\" />",
        "",
    )
    .traced()
    .run()
    .await;
    let trace = outcome.request_trace().unwrap().to_json();
    let entries = &trace["traceEntries"]["inbound"];
    let failed = entries.as_array().unwrap().iter().find(|entry| entry["source"] == "set-variable").unwrap();
    let data = &failed["data"];
    assert_eq!(data["message"], "Expression evaluation failed.");
    assert_eq!(data["expression"], "\n  var n = context.Request.Method;\n  return int.Parse(n);\n");
    let details = data["details"].as_str().unwrap();
    assert!(details.starts_with("System.FormatException: Input string was not in a correct format."), "{details}");
    assert!(details.ends_with("\n   at line 3, column 10 of the expression"), "{details}");
    assert_eq!(data.get("value"), None::<&Value>);
}

#[test]
fn problems_are_told_as_api_management_does() {
    let text = "<policies>\n  <inbound>\n    <set-header name=\"a\"\n      exists=\"x\">\n      <value unit=\"s\">{{none}}</value>\n    \
                </set-header>\n    <cross-domain />\n  </inbound>\n  <backend>\n    <cors />\n  </backend>\n</policies>";
    let error = Document::compile("a.xml", text, Scope::Api, &Environment::new()).unwrap_err();
    let told: Vec<_> = error.diagnostics().iter().map(Diagnostic::apim_message).collect();
    for expected in [
        "Error in element 'set-header' on line 3, column 5: The 'exists' attribute is not declared.",
        "Error in element 'value' on line 5, column 7: The 'unit' attribute is not declared.",
        "Error in element 'set-header' on line 3, column 5: Cannot find a property 'none'",
        "Error in element 'cross-domain' on line 7, column 5: Policy scope is not allowed in the specified section",
        "Error in element 'cors' on line 10, column 5: Policy section is not allowed in the specified scope",
        "Error in element 'cors' on line 10, column 5: `cors` needs `allowed-origins` with at least one `origin`",
    ] {
        assert!(told.iter().any(|told| told == expected), "{expected}: {told:#?}");
    }
    assert_eq!(error.diagnostics()[0].to_string(), "a.xml:4:7: `set-header` has no attribute `exists`");
}
