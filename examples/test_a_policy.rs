//! A policy document under test: a request, what the backend answers, and what must come of it. No network.
//!
//! `cargo run --features testing --example test_a_policy`; in a project this is a `#[tokio::test]`.

use gatewright::policy::Scope;
use gatewright::testing::{Answer, PolicyTest};
use serde_json::json;

const POLICY: &str = r#"<policies>
    <inbound>
        <base />
        <include-fragment fragment-id="caller" />
        <choose>
            <when condition="@(!context.User.Groups.Any(group => group.Name == "buyers"))">
                <return-response><set-status code="403" reason="Not a buyer" /></return-response>
            </when>
        </choose>
        <send-request response-variable-name="tax"><set-url>https://tax.example/{{region}}</set-url></send-request>
        <set-header name="X-Tax"><value>@(((IResponse)context.Variables["tax"]).Body.As<string>())</value></set-header>
    </inbound>
    <backend>
        <retry condition="@(context.Response.StatusCode == 503)" count="2" interval="10"><forward-request /></retry>
    </backend>
    <outbound>
        <base />
        <set-body>@{
            var order = context.Response.Body.As<JObject>();
            return new JObject(new JProperty("id", order["id"]), new JProperty("for", context.Variables["caller"])).ToString();
        }</set-body>
    </outbound>
    <on-error><set-header name="X-Why"><value>@(context.LastError.Reason)</value></set-header></on-error>
</policies>"#;

const GLOBAL: &str = r#"<policies>
    <inbound><trace source="global"><message>@("from " + context.Request.IpAddress)</message></trace></inbound>
    <backend><forward-request /></backend>
</policies>"#;

const CALLER: &str = r#"<fragment><set-variable name="caller" value="@(context.User.Email)" /></fragment>"#;

/// What all tests of this policy have in common.
fn test() -> PolicyTest {
    PolicyTest::new(POLICY)
        .document(Scope::Global, GLOBAL)
        .fragment("caller", CALLER)
        .named_value("region", "west")
        .user("jane@contoso.com", &["buyers"])
        .send_request("GET https://tax.example/*", Answer::new(200).body("19"))
        .request("GET", "/orders/7")
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let outcome = test()
        .backend(Answer::new(503))
        .backend(Answer::new(200).json(&json!({ "id": 7, "price": "secret" })))
        .run()
        .await;
    outcome.assert_status(200).assert_json(&json!({ "id": 7, "for": "jane@contoso.com" }));
    outcome.assert_sent_times(2).assert_variable("caller", "jane@contoso.com").assert_trace("from 203.0.113.7");
    outcome.sent(1).assert_url("/orders/7").assert_header("X-Tax", "19");
    outcome.call(0).assert_url("https://tax.example/west");
    println!("a buyer gets the order after a retry\n\n{outcome}");

    let outcome = test().user("bob@contoso.com", &[]).run().await;
    outcome.assert_status(403).assert_not_sent().assert_no_error();
    println!("somebody else gets nothing\n\n{outcome}");

    let outcome = test().backend_always(|_| Answer::refuses()).run().await;
    outcome
        .assert_status(500)
        .assert_header("X-Why", "BackendConnectionFailure")
        .assert_error("BackendConnectionFailure");
    println!("a backend that is down is an error\n\n{outcome}");
    println!("change POLICY in examples/test_a_policy.rs and see which assertion tells");
}
