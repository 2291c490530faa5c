//! A SOAP service behind the gateway: as it is, and as REST.

use std::time::Duration;

use gatewright::Body;
use gatewright::gateway::Gateway;
use gatewright::import::{SoapForm, WsdlOptions, wsdl};
use gatewright::model::{Operation, Store};
use http::{Response, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use serde_json::{Value, json};

use super::calculator::{self, SOAP_11, SOAP_12, content_type, envelope};
use super::post;
use crate::support::{TestServer, text};
use crate::{gateway, header, send};

fn import(server: &TestServer, endpoint: &str, form: SoapForm) -> Store {
    let mut options = WsdlOptions::default();
    options.endpoint = Some(endpoint.to_owned());
    options.form = form;
    super::store(wsdl(calculator::description(server).as_bytes(), &options))
}

fn add(version: &str, a: &str, b: &str) -> String {
    envelope(
        version,
        &format!("<c:Add xmlns:c='http://calc.example.com/'><c:intA>{a}</c:intA><c:intB>{b}</c:intB></c:Add>"),
    )
}

const ADD: &str = "\"http://calc.example.com/Add\"";

async fn call(gateway: &Gateway, url: &str, version: &str, action: &str, body: String) -> Response<Body> {
    let content = match version {
        SOAP_12 => format!("{}; action={action}", content_type(version)),
        _ => content_type(version).to_owned(),
    };
    let mut headers = vec![("content-type", content.as_str())];
    if version == SOAP_11 {
        headers.push(("SOAPAction", action));
    }
    post(gateway, url, &headers, body).await
}

#[tokio::test]
async fn both_versions_pass_through() {
    let server = calculator::server().await;
    for endpoint in ["CalculatorSoap", "CalculatorSoap12"] {
        let gateway = gateway(&import(&server, endpoint, SoapForm::PassThrough));
        for version in [SOAP_11, SOAP_12] {
            for url in ["/calculator", "/calculator/", "/calculator/?soapAction=http://calc.example.com/Add"] {
                let response = call(&gateway, url, version, ADD, add(version, "2", "3")).await;
                assert_eq!(response.status(), 200, "{endpoint} {url}");
                assert_eq!(header(&response, "content-type"), content_type(version));
                let answer = text(response.into_body()).await;
                assert!(answer.contains(version) && answer.contains("<AddResult>5</AddResult>"), "{answer}");
            }
            let response = call(&gateway, "/calculator", version, ADD, add(version, "13", "3")).await;
            assert_eq!(response.status(), 500);
            assert!(text(response.into_body()).await.contains("unlucky"), "faults pass");
        }
    }
}

#[tokio::test]
async fn a_client_on_the_network_calls_a_soap_api() {
    let server = calculator::server().await;
    let gateway = TestServer::gateway(gateway(&import(&server, "CalculatorSoap", SoapForm::PassThrough))).await;
    let client = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).build_http();
    for version in [SOAP_11, SOAP_12] {
        let request = http::Request::post(gateway.url("/calculator"));
        let request = match version {
            SOAP_11 => request.header("content-type", "text/xml").header("soapaction", ADD),
            _ => request.header("content-type", format!("application/soap+xml; action={ADD}")),
        };
        let response = client.request(request.body(Body::from(add(version, "20", "22"))).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        let answer = response.into_body().collect().await.unwrap().to_bytes();
        assert!(String::from_utf8_lossy(&answer).contains("<AddResult>42</AddResult>"));
    }
}

#[tokio::test]
async fn the_action_decides_then_the_wildcard_then_the_body() {
    let server = calculator::server().await;
    let mut store = import(&server, "CalculatorSoap", SoapForm::PassThrough);
    let entry = store.service.apis.get_mut("calculator").unwrap();
    entry.policy = Some(crate::document(
        "",
        r#"<set-header name="X-Operation"><value>@(context.Operation.Id)</value></set-header>"#,
        "",
    ));
    let reset = envelope(SOAP_11, "<Reset xmlns='http://calc.example.com/'/>");
    let of = async |gateway: &Gateway, url: &str, action: &str, body: String| {
        let response = call(gateway, url, SOAP_11, action, body).await;
        if response.status() == 404 { "none".to_owned() } else { header(&response, "x-operation") }
    };
    let plain = gateway(&store);
    assert_eq!(of(&plain, "/calculator", "\"http://calc.example.com/Reset\"", add(SOAP_11, "1", "2")).await, "reset");
    assert_eq!(of(&plain, "/calculator", "http://calc.example.com/Add", reset.clone()).await, "add");
    assert_eq!(of(&plain, "/calculator?soapaction=http://calc.example.com/Add", "\"x\"", reset.clone()).await, "add");
    assert_eq!(of(&plain, "/calculator", "\"http://calc.example.com/ADD\"", reset.clone()).await, "none");
    assert_eq!(of(&plain, "/calculator", "\"\"", reset.clone()).await, "reset");
    assert_eq!(of(&plain, "/calculator", "", add(SOAP_11, "1", "2")).await, "add");
    assert_eq!(of(&plain, "/calculator", "", "<x/>".to_owned()).await, "none");
    assert_eq!(of(&plain, "/calculator", "", String::new()).await, "none");
    assert_eq!(of(&plain, "/calculator/more", ADD, reset.clone()).await, "none");
    assert_eq!(send(&plain, "GET", "/calculator", &[("soapaction", ADD)]).await.status(), StatusCode::NOT_FOUND);

    let any = Operation::new("POST", "/?soapAction={any}").display_name("any");
    store.service.apis.get_mut("calculator").unwrap().operations.insert("any", any.into());
    let gateway = gateway(&store);
    assert_eq!(of(&gateway, "/calculator", "urn:other", reset.clone()).await, "any");
    assert_eq!(of(&gateway, "/calculator?soapAction=urn:other", "", reset.clone()).await, "any");
    assert_eq!(of(&gateway, "/calculator", ADD, reset.clone()).await, "add");
    assert_eq!(of(&gateway, "/calculator", "", reset).await, "any");
}

#[tokio::test]
async fn a_body_that_tells_the_operation_arrives_whole() {
    let server = TestServer::http(crate::support::echo).await;
    let gateway = gateway(&import(&server, "CalculatorSoap", SoapForm::PassThrough));
    let start = "<e:Envelope xmlns:e='u'><e:Header><big>";
    let pieces = [
        start.to_owned(),
        "x".repeat(30_000),
        "</big></e:Header><e:Bo".to_owned(),
        "dy><Reset><y>".to_owned(),
        "z".repeat(200_000),
    ];
    let whole = pieces.concat();
    let frames = pieces.map(|piece| Ok::<_, std::io::Error>(http_body::Frame::data(bytes::Bytes::from(piece))));
    let body = Body::new(StreamBody::new(futures_util::stream::iter(frames)));
    let response = post(&gateway, "/calculator?a=1", &[("content-type", "text/xml")], body).await;
    assert_eq!(response.status(), 200);
    let seen = text(response.into_body()).await;
    assert!(seen.starts_with("POST /calculator.asmx?a=1 "), "{}", &seen[..80]);
    assert!(seen.ends_with(&whole), "{} bytes", seen.len());

    let endless = Body::new(StreamBody::new(futures_util::stream::repeat_with(|| {
        Ok::<_, std::io::Error>(http_body::Frame::data(bytes::Bytes::from_static(&[b' '; 1024])))
    })));
    let answer = tokio::time::timeout(Duration::from_secs(5), post(&gateway, "/calculator", &[], endless));
    assert_eq!(answer.await.unwrap().status(), 404, "only the beginning is looked at");
}

async fn json(gateway: &Gateway, operation: &str, body: Value) -> (StatusCode, Value) {
    let url = format!("/calculator/{operation}");
    let response = post(gateway, &url, &[("content-type", "application/json")], body.to_string()).await;
    assert_eq!(header(&response, "content-type"), "application/json");
    let status = response.status();
    let text = text(response.into_body()).await;
    (status, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")))
}

#[tokio::test]
async fn json_becomes_soap_and_comes_back() {
    let server = calculator::server().await;
    for (endpoint, _) in [("CalculatorSoap", SOAP_11), ("CalculatorSoap12", SOAP_12)] {
        let gateway = gateway(&import(&server, endpoint, SoapForm::Rest));
        let sum = json(&gateway, "Add", json!({ "add": { "intA": 2, "intB": 3 } })).await;
        assert_eq!(sum, (StatusCode::OK, json!({ "addResponse": { "addResult": 5 } })), "{endpoint}");
        let reset = json(&gateway, "Reset", json!({})).await;
        assert_eq!(reset, (StatusCode::OK, json!({ "resetResponse": { "ok": true } })), "{endpoint}");
        let texts = json!([
            "one",
            "a < b & \"c\"",
            "two\nlines",
            "\u{fc}",
            "\"",
            "\"\"\"",
            "\\\"",
            "tab\t",
            "C:\\",
            "$1 \\n {{x}}"
        ]);
        let echo = json(&gateway, "Echo", json!({ "echo": { "texts": texts, "note": "n" } })).await;
        assert_eq!(echo, (StatusCode::OK, json!({ "echoResponse": { "texts": texts, "note": null } })), "{endpoint}");
        let nil = json(&gateway, "Echo", json!({ "echo": { "texts": [] } })).await;
        assert_eq!(nil, (StatusCode::OK, json!({ "echoResponse": { "texts": [], "note": "nil" } })), "{endpoint}");
    }
}

#[tokio::test]
async fn faults_become_errors() {
    let server = calculator::server().await;
    for (endpoint, version) in [("CalculatorSoap", SOAP_11), ("CalculatorSoap12", SOAP_12)] {
        let gateway = gateway(&import(&server, endpoint, SoapForm::Rest));
        let (status, error) = json(&gateway, "Add", json!({ "add": { "intA": 13, "intB": 3 } })).await;
        assert_eq!(status, 500, "{version}");
        let expected = json!({ "error": { "code": "S:Client", "message": "13 is \"unlucky\",\n\u{fc}ber all" } });
        assert_eq!(error, expected, "{version}");

        let (status, error) = json(&gateway, "Add", json!({ "add": { "intA": 500, "intB": 3 } })).await;
        assert_eq!((status.as_u16(), &error["error"]["code"]), (502, &json!("InvalidErrorResponseBody")), "{version}");
        let message = error["error"]["message"].as_str().unwrap();
        assert!(
            message.contains("not a valid SOAP error") && message.contains("<h1>\"bad\" gateway</h1>"),
            "{message}"
        );

        let (status, error) = json(&gateway, "Add", json!({ "add": { "intA": 501, "intB": 3 } })).await;
        assert_eq!((status.as_u16(), &error["error"]["code"]), (500, &json!("InvalidErrorResponseBody")), "{version}");
        assert!(error["error"]["message"].as_str().unwrap().contains("empty"), "{error}");
    }
}
