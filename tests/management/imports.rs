//! Descriptions that APIs are made of: Swagger 2.0, WSDL, and what is refused.

use serde_json::{Value, json};

use crate::Site;
use crate::support::{TestServer, echo};

const SWAGGER: &str = r#"{"swagger": "2.0", "info": {"title": "Pets", "version": "1"}, "host": "p.example", "basePath": "/v1",
    "schemes": ["https"], "paths": {"/pets/{id}": {"get": {"operationId": "getPet", "summary": "One pet", "parameters": [
    {"name": "id", "in": "path", "required": true, "type": "string"}], "responses": {"200": {"description": "ok"}}}}}}"#;
const WSDL: &str = include_str!("../import/rules/wsdl/w01-calculator-two-endpoints.wsdl");

fn api(format: &str, value: &str, server: &TestServer) -> Value {
    json!({
        "format": format, "value": value, "path": "imported", "serviceUrl": server.url("/up"), "subscriptionRequired": false
    })
}

#[tokio::test]
async fn swagger_becomes_an_api_that_is_served() {
    let (site, server) = (Site::new().await, TestServer::http(echo).await);
    let made = site.put("/apis/pets", api("swagger-json", SWAGGER, &server)).await.is(201).json();
    assert_eq!(made["properties"]["displayName"], "Pets");
    let operations = site.get("/apis/pets/operations").await.is(200).json();
    assert_eq!(operations["value"][0]["properties"]["urlTemplate"], "/pets/{id}");
    let (status, text) = site.request("/imported/pets/7", &[]).await;
    assert!(status == 200 && text.starts_with("GET /up/pets/7 "), "{text}");
    let broken = site.put("/apis/pets", api("swagger-json", "{\n\"swagger\": 2", &server)).await.is(400).json();
    assert!(broken["error"]["details"][0]["line"].is_number(), "{broken}");
}

#[tokio::test]
async fn wsdl_becomes_an_api_that_is_served() {
    let (site, server) = (Site::new().await, TestServer::http(echo).await);
    let mut soap = api("wsdl", WSDL, &server);
    soap["wsdlSelector"] = json!({"wsdlServiceName": "Calculator", "wsdlEndpointName": "CalculatorSoap"});
    let made = site.put("/apis/calculator", soap.clone()).await.is(201).json();
    assert_eq!(made["properties"]["type"], "soap", "{made}");
    assert_eq!(site.get("/apis/calculator/operations").await.names().len(), 2);
    let request = http::Request::post("/imported")
        .header("content-type", "text/xml")
        .header("soapaction", "\"http://calc.example.com/Add\"")
        .body(gatewright::Body::from("<Envelope />"))
        .unwrap();
    let response = tower::ServiceExt::oneshot(site.gateway.clone(), request).await.unwrap();
    let text = crate::support::text(response.into_body()).await;
    assert!(text.starts_with("POST /up") && text.ends_with("<Envelope />"), "{text}");

    soap["wsdlSelector"]["wsdlEndpointName"] = "None".into();
    let refused = site.put("/apis/other", soap.clone()).await.is(400);
    assert!(refused.text.contains("no endpoint has the names that were given"), "{refused:?}");
    // As REST, each operation has a policy of its own.
    soap["wsdlSelector"]["wsdlEndpointName"] = "CalculatorSoap".into();
    soap["apiType"] = "http".into();
    soap["path"] = "rest".into();
    site.put("/apis/rest", soap).await.is(201);
    let operations = site.get("/apis/rest/operations").await.names();
    let policy = site.get(&format!("/apis/rest/operations/{}/policies/policy", operations[0])).await.is(200);
    assert!(policy.text.contains("set-body"), "{policy:?}");
}

#[tokio::test]
async fn other_formats_are_refused_and_the_message_says_which_there_are() {
    let (site, server) = (Site::new().await, TestServer::http(echo).await);
    for format in ["wadl-xml", "wadl-link-json", "graphql-link", "odata", "odata-link", "grpc", "grpc-link"] {
        let refused = site.put("/apis/other", api(format, "https://x.example", &server)).await.is(400);
        assert!(refused.text.contains("expected `openapi`, `openapi+json`, `swagger-json` or `wsdl`"), "{refused:?}");
    }
    site.put("/apis/pets", api("swagger-json", SWAGGER, &server)).await.is(201);
    for format in ["swagger-link", "wadl-link", "wsdl-link", "openapi", "graphql-link"] {
        let refused = site.get(&format!("/apis/pets?export=true&format={format}")).await.is(400);
        assert!(refused.text.contains("expected `openapi-link`, `openapi+json-link` or `openapi+json`"), "{refused:?}");
    }
}
