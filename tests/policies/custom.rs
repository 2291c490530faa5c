//! Policies that a user registers: attributes, content, sections, waiting, errors.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use gatewright::Body;
use gatewright::policy::{
    Attribute, Content, CustomCall, CustomElement, CustomError, CustomFlow, CustomPolicy, CustomStatement, Document,
    Environment, Exchange, Failure, PolicyLayer, Scope, Section, Spec, lint,
};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use tower::{Layer, ServiceExt, service_fn};

/// `<greet name="…" wait="…">text</greet>`: waits, then greets; `answer` answers, `fail` fails.
struct Greet;

impl CustomPolicy for Greet {
    fn spec(&self) -> Spec {
        const ATTRIBUTES: &[Attribute] =
            &[Attribute::required("name", "a name").or_expression(), Attribute::optional("wait", "seconds", "0")];
        Spec::new("greet", "Greets.")
            .sections(&[Section::Inbound])
            .attributes(ATTRIBUTES)
            .content(Content::Text { expressions: true })
    }

    fn compile(&self, element: &CustomElement) -> Result<Arc<dyn CustomStatement>, CustomError> {
        if element.literal("name") == Some("nobody") {
            return Err(CustomError::at("name", "nobody cannot be greeted"));
        }
        if element.content() == Some("") {
            return Err(CustomError::new("what to say is missing: expected text"));
        }
        let wait = element.literal("wait").unwrap_or("0");
        let seconds =
            wait.parse().map_err(|_| CustomError::at("wait", format!("`wait` is `{wait}`: expected seconds")))?;
        Ok(Arc::new(Greeting(Duration::from_secs(seconds))))
    }
}

struct Greeting(Duration);

impl CustomStatement for Greeting {
    fn run(&self, call: &CustomCall, exchange: &mut Exchange) -> Result<CustomFlow, Box<Failure>> {
        let (name, said) = (call.text("name").unwrap_or_default(), call.content().unwrap_or_default());
        let length = exchange.request_body().map_or(0, |body| body.len());
        if self.0.is_zero() {
            return finish(&name, &said, length, exchange);
        }
        Ok(CustomFlow::wait(tokio::time::sleep(self.0), move |(), exchange| finish(&name, &said, length, exchange)))
    }

    fn reads_body(&self) -> bool {
        true
    }
}

fn finish(name: &str, said: &str, length: usize, exchange: &mut Exchange) -> Result<CustomFlow, Box<Failure>> {
    if name == "fail" {
        return Err(Failure::refused(StatusCode::FORBIDDEN, "GreetingRefused", "No greeting."));
    }
    if name == "answer" {
        return Ok(CustomFlow::Respond(
            Response::builder().status(202).body(Body::from(said.to_owned())).unwrap().into(),
        ));
    }
    let value = HeaderValue::from_str(&format!("{said} {name}, {length} bytes")).unwrap();
    exchange.set_request_header(HeaderName::from_static("x-greeting"), value);
    exchange.set_variable("greeted", name.into());
    Ok(CustomFlow::Continue)
}

fn environment() -> Environment {
    Environment::new().policy(Greet)
}

/// Runs `inbound` around a backend that sends `X-Greeting` back; gives status, that header, and the body.
async fn run(inbound: &str) -> (u16, String, String) {
    let text = format!(
        "<policies><inbound>{inbound}</inbound><backend><forward-request /></backend><outbound>\
         <set-header name='x-variable'><value>@((string)context.Variables[\"greeted\"])</value></set-header></outbound>\
         <on-error><set-header name='x-greeting'><value>@(context.LastError.Source + \" \" + context.LastError.Reason \
         + \" \" + context.LastError.Path)</value></set-header></on-error></policies>"
    );
    let document = Document::compile("api.xml", &text, Scope::Api, &environment()).unwrap();
    let backend = service_fn(|request: Request<Body>| async move {
        Ok::<_, Infallible>(
            Response::builder().header("x-greeting", &request.headers()["x-greeting"]).body(Body::empty()).unwrap(),
        )
    });
    let request = Request::post("/").header("x-name", "world").body(Body::from("12345")).unwrap();
    let response = PolicyLayer::new([document]).layer(backend).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let greeting = parts.headers.get("x-greeting").map_or("", |value| value.to_str().unwrap()).to_owned();
    let body = body.collect(1024).await.unwrap().as_bytes().cloned().unwrap_or_default();
    (parts.status.as_u16(), greeting, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn attributes_content_and_body_are_there_at_once_or_after_waiting() {
    for wait in ["", "wait='30'"] {
        let inbound =
            format!("<greet name='@(context.Request.Headers[\"x-name\"][0])' {wait}>@(\"hel\" + \"lo\")</greet>");
        assert_eq!(run(&inbound).await, (200, "hello world, 5 bytes".into(), String::new()), "{wait}");
    }
}

#[tokio::test(start_paused = true)]
async fn it_answers_the_caller_or_fails() {
    for wait in ["", "wait='30'"] {
        let answer = format!("<greet name='answer' {wait}>short</greet>");
        assert_eq!(run(&answer).await, (202, String::new(), "short".into()), "{wait}");
        let fail = format!("<choose><when condition='@(true)'><greet name='fail' {wait}>x</greet></when></choose>");
        let (status, error, body) = run(&fail).await;
        assert_eq!((status, error.as_str()), (403, "greet GreetingRefused choose/when/greet"));
        assert_eq!(body, r#"{ "statusCode": 403, "message": "No greeting." }"#);
    }
}

#[test]
fn what_is_wrong_is_placed() {
    for (text, expected) in [
        ("<greet name='nobody'>x</greet>", "x.xml:1:8: `greet`: nobody cannot be greeted"),
        ("<greet name='a' wait='b'>x</greet>", "x.xml:1:17: `greet`: `wait` is `b`: expected seconds"),
        ("<greet name='a'></greet>", "x.xml:1:1: `greet`: what to say is missing: expected text"),
        ("<greet>x</greet>", "x.xml:1:1: `greet` needs the attribute `name`: a name"),
        ("<greet name='a' nam='b'>x</greet>", "x.xml:1:17: `greet` has no attribute `nam`: did you mean `name`?"),
        ("<greett name='a'>x</greett>", "x.xml:1:1: unknown policy `greett`: did you mean `greet`?"),
        (
            "<outbound><greet name='a'>x</greet></outbound>",
            "x.xml:1:11: `greet` is not allowed in `outbound`: it belongs in `inbound`",
        ),
        ("<policies><greet name='a'>x</greet></policies>", "`greet` stands outside of a section"),
    ] {
        let found = lint("x.xml", text, &environment()).iter().map(|d| d.to_string()).collect::<Vec<_>>().join("\n");
        assert!(found.contains(expected), "{text}: {found}");
    }
    assert!(lint("x.xml", "<greet name='a'>x</greet>", &environment()).is_empty());
}

#[cfg(feature = "client")]
#[test]
fn a_gateway_has_it_in_every_configuration() {
    use gatewright::gateway::Gateway;
    use gatewright::{Policy, Store};

    let mut store = Store::new();
    store.service.policy = Some(Policy::new("<policies><inbound><greet name='answer'>hi</greet></inbound></policies>"));
    assert!(Gateway::builder().build(&store).is_err(), "the element is unknown without it");
    let gateway = Gateway::builder().policy(Greet).build(&store).unwrap();
    gateway.replace(&store).unwrap();
    store.service.policy = Some(Policy::new("<policies><inbound><greet name='nobody'>hi</greet></inbound></policies>"));
    let error = gateway.replace(&store).unwrap_err().to_string();
    assert!(error.contains("`greet`: nobody cannot be greeted"), "{error}");
}
