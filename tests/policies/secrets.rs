//! A secret named value comes out where a document puts it, and nowhere else.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use gatewright::Body;
use gatewright::policy::{Attribute, Content};
use gatewright::policy::{
    CustomCall, CustomElement, CustomError, CustomFlow, CustomPolicy, CustomStatement, Document, EngineSettings,
    Environment, Exchange, Failure, PolicyLayer, Scope, Spec, link,
};
use gatewright::secret::NamedValues;
use gatewright::sink::{TraceEvent, TraceSink};
use http::{Request, Response};
use tower::{Layer, ServiceExt, service_fn};

const CANARY: &str = "canary-zq11/hunter2 x9";
/// Longer than what a message shows of a text.
const LONG: &str = "canary-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789";
/// Base64, as the keys of tokens are.
const KEY: &str = "canaryzq11hunter2canaryzq11hunter2canaryzq11hunter2canaryzq11hunter2";
/// What must not be seen of either.
const PARTS: [&str; 3] = ["canary", "zq11", "hunter2"];

fn environment() -> Environment {
    let values =
        NamedValues::new().secret("key", CANARY).secret("long", LONG).secret("url", "https://u:hunter2@orders");
    let values = values.secret("jwt", KEY);
    Environment::new().named_values(values.plain("region", "west")).policy(Custom(Arc::default()))
}

fn document(inbound: &str) -> Result<Document, gatewright::policy::CompileError> {
    let text = format!(
        "<policies><inbound>{inbound}</inbound><backend><forward-request /></backend><outbound /><on-error>\
         <set-header name=\"X-Why\"><value>@(context.LastError.Message)</value></set-header></on-error></policies>"
    );
    Document::compile("p.xml", &text, Scope::Api, &environment())
}

fn assert_silent(text: &str, place: &str) {
    for part in PARTS {
        assert!(!text.contains(part), "`{part}` comes out of {place}: {text}");
    }
}

/// A policy that keeps what `{:?}` shows of its element and its call.
struct Custom(Arc<Mutex<String>>);

impl CustomPolicy for Custom {
    fn spec(&self) -> Spec {
        const TEXT: Attribute = Attribute::required("text", "text").or_expression();
        Spec::new("custom", "Looks at itself.").attributes(&[TEXT]).content(Content::Text { expressions: true })
    }

    fn compile(&self, element: &CustomElement) -> Result<Arc<dyn CustomStatement>, CustomError> {
        self.0.lock().unwrap().push_str(&format!("{element:?} "));
        match element.literal("text") {
            Some("") => Err(CustomError::new(format!("`{}` is not it", element.content().unwrap_or_default()))),
            _ => Ok(Arc::new(Custom(self.0.clone()))),
        }
    }
}

impl CustomStatement for Custom {
    fn run(&self, call: &CustomCall, _: &mut Exchange) -> Result<CustomFlow, Box<Failure>> {
        self.0.lock().unwrap().push_str(&format!("{call:?}"));
        Ok(CustomFlow::Continue)
    }
}

#[test]
fn diagnostics_do_not_show_secrets() {
    let slips = [
        r#"<set-backend-service base-url="{{url}}" />"#,
        r#"<set-backend-service base-url="{{key}}" />"#,
        r#"<set-backend-service base-url="https://{{key}}/" />"#,
        r#"<set-header name="{{key}}"><value>1</value></set-header>"#,
        r#"<set-header name="x" exists-action="{{long}}"><value>1</value></set-header>"#,
        r#"<set-method>{{key}}</set-method>"#,
        r#"<set-status code="{{long}}" />"#,
        r#"<retry condition="true" count="{{key}}" interval="1"><set-method>GET</set-method></retry>"#,
        r#"<cors><allowed-origins><origin>{{key}}</origin></allowed-origins></cors>"#,
        r#"<ip-filter action="allow"><address>{{key}}</address></ip-filter>"#,
        r#"<mock-response content-type="{{key}}" status-code="{{long}}" />"#,
        r#"<include-fragment fragment-id="{{key}}" />"#,
        r#"<set-body template="{{key}}">x</set-body>"#,
        r#"<trace source="x" severity="{{long}}">x</trace>"#,
        r#"<custom text="">{{key}}</custom>"#,
        r#"<set-variable name="n" value="@("Bearer " + {{key}})" />"#,
        r#"<set-variable name="n" value="@(context.{{key}})" />"#,
        r#"<set-variable name="n" value="@({{key}}.Length)" />"#,
        r#"<set-variable name="n" value="@{ return 1 {{key}}; }" />"#,
        r#"<set-variable name="n" value="@{{{key}}}" />"#,
        r#"<set-variable name="n" value="@(context.Nothing("{{key}}", {{long}}))" />"#,
        r#"<set-method>@("GET {{key}}</set-method>"#,
        r#"<validate-jwt header-name="a"><issuer-signing-keys><key>{{key}}</key></issuer-signing-keys></validate-jwt>"#,
        r#"<validate-jwt header-name="a"><issuer-signing-keys><key>@({{key}})</key></issuer-signing-keys></validate-jwt>"#,
        r#"<validate-jwt header-name="a"><issuer-signing-keys><key n="{{key}}" e="{{long}}" /></issuer-signing-keys></validate-jwt>"#,
        r#"<validate-jwt header-name="a"><issuer-signing-keys><key certificate-id="{{key}}" /></issuer-signing-keys></validate-jwt>"#,
        r#"<validate-jwt header-name="a"><decryption-keys><key>{{key}}</key></decryption-keys></validate-jwt>"#,
        r#"<validate-jwt header-name="a"><openid-config url="{{url}} {{key}}" /></validate-jwt>"#,
        r#"<authentication-certificate body="{{key}}" password="{{long}}" />"#,
        r#"<authentication-certificate body="@({{key}})" password="@({{long}})" />"#,
        r#"<authentication-certificate thumbprint="{{key}}" />"#,
        r#"<authentication-certificate certificate-id="{{key}}" />"#,
        r#"<authentication-managed-identity resource="{{key}}" ignore-error="{{long}}" />"#,
        r#"<get-authorization-context provider-id="p" authorization-id="a" context-variable-name="v" identity-type="{{key}}" />"#,
        r#"<get-authorization-context provider-id="p" authorization-id="a" context-variable-name="v" identity-type="jwt" identity="@({{key}})" />"#,
        r#"<authentication-basic username="{{key}}" password="@({{long}})" />"#,
        r#"<proxy url="{{url}} {{key}}" username="u" password="{{key}}" />"#,
        r#"<choose><when condition="@("{{key}}")"><set-method>GET</set-method></when></choose>"#,
        r#"<retry condition="true" count="@("{{key}}")" interval="1"><set-method>GET</set-method></retry>"#,
    ];
    for slip in slips {
        match document(slip) {
            Ok(document) => assert_silent(&format!("{:?}", document.diagnostics()), slip),
            Err(error) => {
                assert_silent(&error.to_string(), slip);
                assert_silent(&format!("{error:?}"), slip);
            }
        }
    }
    let error = document(r#"<set-variable name="n" value="@("Bearer " + {{key}})" />"#).unwrap_err();
    assert_eq!(
        error.to_string(),
        "p.xml:1:64: expression: the secret that `{{key}}` puts in here is not C#: a text needs quotes around it"
    );
    // What is not secret is shown still.
    let error = document(r#"<set-backend-service base-url="{{region}}" />"#).unwrap_err();
    assert!(error.to_string().contains("`west`"), "{error}");
}

#[test]
fn pipelines_do_not_show_secrets() {
    let statements = r#"<set-header name="x-key"><value>{{key}}</value></set-header>
        <set-variable name="v" value="{{key}}" /><set-body>{{key}}</set-body><custom text="{{key}}">{{long}}</custom>
        <validate-jwt header-name="a"><issuer-signing-keys><key>{{jwt}}</key></issuer-signing-keys><decryption-keys><key>{{jwt}}</key></decryption-keys></validate-jwt>
        <authentication-certificate body="{{jwt}}" password="{{key}}" /><authentication-basic username="u" password="{{key}}" />
        <authentication-managed-identity resource="{{key}}" client-id="{{long}}" />
        <get-authorization-context provider-id="p" authorization-id="a" context-variable-name="v" identity-type="jwt" identity="{{key}}" />"#;
    let document = document(statements).unwrap();
    assert_silent(&format!("{document:?}"), "a document");
    assert_silent(&format!("{:?}", link(&[document])), "a pipeline");
    assert_silent(&format!("{:?}", environment()), "an environment");
}

#[derive(Default)]
struct Sink(Mutex<String>);

impl TraceSink for Sink {
    fn trace(&self, event: &TraceEvent<'_>) {
        self.0.lock().unwrap().push_str(&format!("{event:?}\n"));
    }
}

async fn run(statements: &str) -> (Response<Body>, String, String) {
    let (sink, seen) = (Arc::new(Sink::default()), Arc::new(Mutex::new(String::new())));
    let mut settings = EngineSettings::default();
    settings.trace_sink = sink.clone();
    let backend = {
        let seen = seen.clone();
        service_fn(move |request: Request<Body>| {
            *seen.lock().unwrap() = format!("{:?} {:?}", request.uri(), request.headers());
            async { Ok::<_, Infallible>(Response::new(Body::empty())) }
        })
    };
    let layer = PolicyLayer::new([document(statements).unwrap()]).settings(settings);
    let response = layer.layer(backend).oneshot(Request::new(Body::empty())).await.unwrap();
    let (traces, seen) = (sink.0.lock().unwrap().clone(), seen.lock().unwrap().clone());
    (response, traces, seen)
}

#[tokio::test]
async fn traces_and_errors_do_not_show_secrets() {
    let traces = r#"<trace source="s {{key}}"><message>@("a {{key}} b " + System.Net.WebUtility.UrlEncode("{{key}}"))</message>
        <metadata name="{{key}}" value="v {{key}}" /></trace>
        <set-variable name="n" value="@{ context.Trace("t {{key}}"); return 1; }" />"#;
    let (_, traces, _) = run(traces).await;
    assert!(traces.contains("a *** b ***") && traces.contains("t ***") && traces.contains("v ***"), "{traces}");
    assert_silent(&traces, "the trace sink");

    let failures = [
        r#"<set-variable name="n" value="@(int.Parse("{{key}}" + context.Request.Method.Substring(3)))" />"#,
        r#"<set-variable name="n" value="@{ throw new Exception("{{key}}"); }" />"#,
        r#"<set-header name="@("{{key}} " + context.Request.Method)"><value>1</value></set-header>"#,
        r#"<set-method>@("{{key}} " + context.Request.Method)</set-method>"#,
        r#"<set-backend-service base-url="@("{{url}}" + context.Request.Method)" />"#,
        r#"<set-status code="@("{{key}}" + context.Request.Method)" />"#,
    ];
    for statement in failures {
        let Ok(_) = document(statement) else { continue };
        let (response, ..) = run(statement).await;
        assert_silent(&format!("{:?}", response.headers()), statement);
        let body = response.into_body().collect(1 << 20).await.unwrap();
        assert_silent(&String::from_utf8_lossy(body.as_bytes().unwrap_or(&bytes::Bytes::new())), statement);
    }
    let (response, ..) = run(failures[1]).await;
    assert_eq!(response.headers()["x-why"], "Expression evaluation failed. ***");
}

#[tokio::test]
async fn headers_made_of_secrets_are_sensitive() {
    let statements = r#"<set-header name="x-one"><value>{{key}}</value></set-header>
        <set-header name="x-two"><value>@("Bearer {{key}}" + context.Request.Method)</value></set-header>
        <set-header name="x-three"><value>a</value><value>@("{{key}}" + context.Request.Method)</value></set-header>
        <set-header name="x-four"><value>open</value></set-header>
        <set-header name="x-four" exists-action="append"><value>{{key}}</value></set-header>
        <set-header name="x-five"><value>{{region}}</value></set-header>"#;
    let (_, _, seen) = run(statements).await;
    assert_silent(&seen, "the headers of the request");
    assert!(seen.contains(r#""x-five": "west""#) && seen.matches("Sensitive").count() == 4, "{seen}");
}
