//! Function Apps, web apps, container apps and workflows behind the gateway, each called as its own host would want it.

use gatewright::Body;
use gatewright::gateway::Gateway;
use gatewright::import::{
    FunctionAppOptions, LogicAppOptions, Options, SourceFile, WebAppOptions, function_app,
    function_app_with_definition, logic_app, web_app,
};
use http::{Request, Response};
use hyper::body::Incoming;

use crate::support::{TestServer, echo, text};
use crate::{gateway, send};

const KEY: &str = "host-key-of-the-app";

/// A functions host: it wants its key and answers with the request.
async fn functions_host() -> TestServer {
    TestServer::http(|request: Request<Incoming>| async move {
        let key = request.headers().get("x-functions-key").map(|key| key.as_bytes().to_vec());
        if key.as_deref() != Some(KEY.as_bytes()) {
            let mut refused = Response::new(Body::from("no key"));
            *refused.status_mut() = http::StatusCode::UNAUTHORIZED;
            return refused;
        }
        echo(request).await
    })
    .await
}

/// What the backend saw of a request: its first line, or the status when it saw none.
async fn seen(gateway: &Gateway, method: &str, url: &str) -> String {
    let response = send(gateway, method, url, &[]).await;
    let status = response.status();
    let text = text(response.into_body()).await;
    if status == 200 {
        text.lines().next().unwrap_or_default().replace(" HTTP/1.1", "")
    } else {
        status.as_str().to_owned()
    }
}

fn files<'f>(pairs: &[(&'f str, &'f str)]) -> Vec<SourceFile<'f>> {
    pairs.iter().map(|(path, text)| SourceFile { path, bytes: text.as_bytes() }).collect()
}

#[tokio::test]
async fn functions_are_called_with_their_key() {
    let host = functions_host().await;
    let files = files(&[
        ("host.json", r#"{"version": "2.0", "extensions": {"http": {"routePrefix": "v1/api"}}}"#),
        (
            "GetOrder/function.json",
            r#"{"bindings": [{"type": "httpTrigger", "direction": "in", "authLevel": "function", "methods": ["get", "delete"],
                "route": "orders/{id:int:min(1)}/{part:regex(^[a-z]{{2}}$)?}"}, {"type": "http", "direction": "out"}]}"#,
        ),
        (
            "Files/function.json",
            r#"{"bindings": [{"type": "HttpTrigger", "authLevel": "Anonymous", "methods": ["GET"], "route": "files/{*rest}"}]}"#,
        ),
        ("Hook/function.json", r#"{"bindings": [{"type": "httpTrigger"}]}"#),
        ("Inner/function.json", r#"{"bindings": [{"type": "httpTrigger", "authLevel": "admin", "route": "inner"}]}"#),
        ("Timer/function.json", r#"{"bindings": [{"type": "timerTrigger"}]}"#),
    ]);
    let mut options = FunctionAppOptions::default();
    options.app = Some("Contoso-Orders".to_owned());
    let imported = function_app(&files, &options);
    assert_eq!(imported.backends[0].properties.url.as_deref(), Some("https://Contoso-Orders.azurewebsites.net/v1/api"));
    let mut store = super::store(imported);
    super::complete(&mut store, &host.url("/v1/api"), KEY);
    let gateway = gateway(&store);
    for (method, url, expected) in [
        ("GET", "/contoso-orders/orders/7/ab", "GET /v1/api/orders/7/ab"),
        ("DELETE", "/contoso-orders/orders/7/ab?force=1", "DELETE /v1/api/orders/7/ab?force=1"),
        ("POST", "/contoso-orders/orders/7/ab", "404"),
        ("GET", "/contoso-orders/orders/7", "404"),
        ("GET", "/contoso-orders/files/a/b%20c/d", "GET /v1/api/files/a/b%20c/d"),
        ("POST", "/contoso-orders/Hook", "POST /v1/api/Hook"),
        ("GET", "/contoso-orders/Hook", "404"),
        ("POST", "/contoso-orders/inner", "404"),
        ("POST", "/contoso-orders/Timer", "404"),
    ] {
        assert_eq!(seen(&gateway, method, url).await, expected, "{method} {url}");
    }
}

#[tokio::test]
async fn a_function_app_may_bring_its_own_document() {
    let host = functions_host().await;
    let document = br#"{
        "openapi": "3.0.1", "info": {"title": "Orders", "version": "1"}, "servers": [{"url": "https://orders.azurewebsites.net/api"}],
        "paths": {"/orders": {"get": {"operationId": "list", "responses": {"200": {"description": "all"}}}}}
    }"#;
    let mut options = FunctionAppOptions::default();
    options.app = Some("orders".to_owned());
    let imported = function_app_with_definition(&[], document, &Options::default(), &options);
    assert_eq!(imported.backends[0].properties.url.as_deref(), Some("https://orders.azurewebsites.net/api"));
    let mut store = super::store(imported);
    super::complete(&mut store, &host.url("/api"), KEY);
    assert_eq!(seen(&gateway(&store), "GET", "/orders/orders").await, "GET /api/orders");
}

#[tokio::test]
async fn workflows_are_called_with_their_signature() {
    let host = TestServer::http(echo).await;
    let definition = br#"{"name": "Create-Incident", "properties": {
        "accessEndpoint": "https://prod-01.westus.logic.azure.com:443/workflows/abc",
        "definition": {"triggers": {"manual": {"type": "Request", "kind": "Http", "inputs": {
            "method": "PUT", "relativePath": "incidents/{id}", "schema": {"type": "object"}}}}}}}"#;
    let imported = logic_app(definition, &LogicAppOptions::default());
    let mut store = super::store(imported);
    super::complete(&mut store, &host.url("/workflows/abc/triggers"), "the-signature");
    let line = seen(&gateway(&store), "PUT", "/create-incident/manual/paths/invoke/incidents/7").await;
    let (url, query) = line.split_once('?').unwrap_or((&line, ""));
    assert_eq!(url, "PUT /workflows/abc/triggers/manual/paths/invoke/incidents/7/");
    for part in ["api-version=2016-10-01", "sp=", "sv=1.0", "sig=the-signature"] {
        assert!(query.contains(part), "{part} is not in {line}");
    }
}

#[tokio::test]
async fn web_apps_and_container_apps_take_every_method() {
    let host = TestServer::http(echo).await;
    let site = r#"{"type": "Microsoft.Web/sites", "name": "shop", "defaultHostName": "shop.azurewebsites.net"}"#;
    let container = r#"{"type": "Microsoft.App/containerApps", "name": "shop",
        "properties": {"configuration": {"ingress": {"fqdn": "shop.blue.azurecontainerapps.io"}}}}"#;
    for resource in [site, container] {
        let mut store = super::store(web_app(resource.as_bytes(), None, &WebAppOptions::default()));
        super::complete(&mut store, &host.url(""), "");
        let gateway = gateway(&store);
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
            assert_eq!(seen(&gateway, method, "/shop/a/b?c=d").await, format!("{method} /a/b?c=d"));
        }
    }
}

#[tokio::test]
async fn a_web_app_with_a_document_gets_its_own_keys() {
    let host = TestServer::http(echo).await;
    let document = br#"{
        "openapi": "3.0.1", "info": {"title": "Shop", "version": "1"}, "servers": [{"url": "https://elsewhere.example.com"}],
        "components": {"securitySchemes": {"a": {"type": "apiKey", "in": "header", "name": "X-Key"},
                                           "b": {"type": "apiKey", "in": "query", "name": "code"}}},
        "paths": {"/items/{id}": {"get": {"parameters": [
            {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
            {"name": "view", "in": "query", "required": true, "schema": {"type": "string"}}], "responses": {"200": {"description": "one"}}}}}
    }"#;
    let mut options = WebAppOptions::default();
    options.app = Some("shop".to_owned());
    let mut store = super::store(web_app(b"", Some(document), &options));
    super::complete(&mut store, &host.url(""), "own-key");
    let response = send(&gateway(&store), "GET", "/shop/items/7?view=full&more=1", &[]).await;
    let seen = text(response.into_body()).await;
    assert!(seen.starts_with("GET /items/7?view=full&code=own-key&more=1 "), "{seen}");
    assert!(seen.contains("x-key: own-key") && !seen.contains("ocp-apim-subscription-key"), "{seen}");
}
