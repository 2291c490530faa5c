//! What is changed is what the next request meets.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::support::{TestServer, echo};
use crate::{SERVICE, Site};

const OPENAPI: &str = r#"{"openapi": "3.0.3", "info": {"title": "Pets", "version": "1"},
    "servers": [{"url": "https://pets.example"}],
    "paths": {"/pets/{id}": {"get": {"operationId": "getPet", "summary": "One pet",
        "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
        "responses": {"200": {"description": "ok"}}}}}}"#;

#[tokio::test]
async fn apis_backends_named_values_fragments_and_policies() {
    let (site, server) = (Site::new().await, TestServer::http(echo).await);
    assert_eq!(site.request("/a/x", &[]).await.0, 404);
    site.free_api("a", &server).await;
    let (status, text) = site.request("/a/x", &[]).await;
    assert!(status == 200 && text.starts_with("GET /up/x "), "{text}");

    site.put("/namedValues/colour", json!({"displayName": "Colour", "value": "red"})).await.is(201);
    site.put("/backends/other", json!({"url": server.url("/other"), "protocol": "http"})).await.is(201);
    let fragment = r#"<fragment><set-header name="x-colour"><value>{{Colour}}</value></set-header></fragment>"#;
    site.put("/policyFragments/paint", json!({"format": "rawxml", "value": fragment})).await.is(201);
    let inbound = r#"<set-backend-service backend-id="other" /><include-fragment fragment-id="paint" />"#;
    site.policy("/apis/a", inbound).await.is(201);
    let (_, text) = site.request("/a/x", &[]).await;
    assert!(text.starts_with("GET /other/x ") && text.contains("x-colour: red"), "{text}");

    site.patch("/namedValues/colour", json!({"value": "blue"})).await.is(200);
    site.patch("/backends/other", json!({"url": server.url("/third")})).await.is(200);
    let (_, text) = site.request("/a/x", &[]).await;
    assert!(text.starts_with("GET /third/x ") && text.contains("x-colour: blue"), "{text}");

    let references = site.post("/policyFragments/paint/listReferences").await.is(200).json();
    assert_eq!(references["value"][0]["id"], format!("{SERVICE}/apis/a/policies/policy"));

    // Another name is written into what refers to it.
    let url = server.url("/{{colour}}");
    site.patch("/backends/other", json!({"url": url})).await.is(200);
    site.patch("/namedValues/colour", json!({"displayName": "Paint"})).await.is(200);
    let fragment = site.get("/policyFragments/paint?format=rawxml").await.json();
    assert!(fragment["properties"]["value"].as_str().unwrap().contains("<value>{{Paint}}</value>"), "{fragment}");
    let backend = site.get("/backends/other").await.json();
    assert_eq!(backend["properties"]["url"], server.url("/{{Paint}}"));
    let (_, text) = site.request("/a/x", &[]).await;
    assert!(text.starts_with("GET /blue/x ") && text.contains("x-colour: blue"), "{text}");
    site.put("/namedValues/other", json!({"displayName": "other", "value": "v"})).await.is(201);
    site.patch("/namedValues/colour", json!({"displayName": "OTHER"})).await.is(400);
    site.delete("/namedValues/other").await.is(200);

    site.delete("/apis/a/operations/x").await.is(200);
    assert_eq!(site.request("/a/x", &[]).await.0, 404);
    site.delete("/apis/a").await.is(204);
    site.delete("/policyFragments/paint").await.is(200);
    site.delete("/backends/other").await.is(200);
    site.delete("/namedValues/colour").await.is(200);
    assert_eq!(*site.management.store(), gatewright::Store::new());
}

#[tokio::test]
async fn keys_products_and_subscriptions() {
    let (site, server) = (Site::new().await, TestServer::http(echo).await);
    site.free_api("a", &server).await;
    site.patch("/apis/a", json!({"subscriptionRequired": true})).await.is(200);
    assert_eq!(site.request("/a/x", &[]).await.0, 401);
    site.put("/products/p", json!({"displayName": "P"})).await.is(201);
    site.put("/subscriptions/s", json!({"displayName": "S", "scope": "/products/p"})).await.is(201);
    let keys = site.post("/subscriptions/s/listSecrets").await.is(200).json();
    let key = keys["primaryKey"].as_str().unwrap().to_owned();
    assert!(key.len() == 32 && key != keys["secondaryKey"].as_str().unwrap());
    let header = [("Ocp-Apim-Subscription-Key", key.as_str())];
    assert_eq!(site.request("/a/x", &header).await.0, 401, "the API is not in the product");
    site.call("PUT", "/products/p/apis/a", &[], Value::Null).await.is(201);
    assert_eq!(site.request("/a/x", &header).await.0, 401, "the subscription is submitted");
    site.patch("/subscriptions/s", json!({"state": "active"})).await.is(200);
    assert_eq!(site.request("/a/x", &header).await.0, 200);
    site.policy("/products/p", r#"<set-header name="x-product"><value>@(context.Product.Name)</value></set-header>"#)
        .await
        .is(201);
    assert!(site.request("/a/x", &header).await.1.contains("x-product: P"));

    site.post("/subscriptions/s/regenerateSecondaryKey").await.is(204);
    assert_eq!(site.request("/a/x", &header).await.0, 200);
    site.post("/subscriptions/s/regeneratePrimaryKey").await.is(204);
    assert_eq!(site.request("/a/x", &header).await.0, 401);
    let keys = site.post("/subscriptions/s/listSecrets").await.is(200).json();
    let key = keys["secondaryKey"].as_str().unwrap().to_owned();
    let header = [("Ocp-Apim-Subscription-Key", key.as_str())];
    assert_eq!(site.request("/a/x", &header).await.0, 200);
    // A change of something else keeps the keys.
    site.patch("/subscriptions/s", json!({"displayName": "T"})).await.is(200);
    assert_eq!(site.get("/products/p/subscriptions").await.names(), ["s"]);
    assert_eq!(site.request("/a/x", &header).await.0, 200);
    site.call("DELETE", "/products/p/apis/a", &[], Value::Null).await.is(200);
    assert_eq!(site.request("/a/x", &header).await.0, 401);
}

#[tokio::test]
async fn imports_and_exports() {
    let (site, server) = (Site::new().await, TestServer::http(echo).await);
    let api = |format: &str, value: &str| {
        json!({"format": format, "value": value, "path": "pets", "serviceUrl": server.url("/pets-backend"),
            "subscriptionRequired": false})
    };
    let link = site.put("/apis/pets", api("openapi+json-link", "https://x.example/openapi.json")).await.is(400);
    assert!(link.text.contains("links are not followed"), "{link:?}");
    let other = site.put("/apis/pets", api("swagger-json", OPENAPI)).await.is(400);
    assert!(other.text.contains("unsupported-version"), "{other:?}");
    let made = site.put("/apis/pets", api("openapi+json", OPENAPI)).await.is(201).json();
    assert_eq!(made["properties"]["displayName"], "Pets");
    assert!(made["properties"].get("value").is_none() && made["properties"].get("format").is_none());
    assert_eq!(site.get("/apis/pets/operations").await.names(), ["getpet"]);
    let (_, text) = site.request("/pets/pets/7", &[]).await;
    assert!(text.starts_with("GET /pets-backend/pets/7 "), "{text}");

    site.policy("/apis/pets/operations/getpet", r#"<set-header name="x-kept"><value>1</value></set-header>"#)
        .await
        .is(201);
    let broken = site.put("/apis/pets", api("openapi", "openapi: 3.0.3\npaths: [")).await.is(400).json();
    assert_eq!(broken["error"]["code"], "ValidationError");
    assert!(broken["error"]["details"][0]["line"].is_number(), "{broken}");
    site.put("/apis/pets", api("openapi+json", &OPENAPI.replace("One pet", "A pet"))).await.is(200);
    assert!(site.request("/pets/pets/7", &[]).await.1.contains("x-kept: 1"), "an import keeps policies");

    let exported = site.get("/apis/pets?export=true&format=openapi%2Bjson").await.is(200).json();
    assert_eq!(exported["value"]["paths"]["/pets/{id}"]["get"]["operationId"], "getpet");
    site.get("/apis/pets?export=true&format=wadl-link").await.is(400);
    for format in ["openapi-link", "openapi%2Bjson-link"] {
        let linked = site.get(&format!("/apis/pets?export=true&format={format}")).await.is(200).json();
        let link = linked["value"]["link"].as_str().unwrap();
        // Clients send no token to a link.
        let document = site.send("GET", link, &[], String::new()).await.is(200).json();
        assert_eq!(document, exported["value"]);
        site.send("GET", &format!("{link}0"), &[], String::new()).await.is(401);
        site.send("POST", link, &[], String::new()).await.is(401);
    }
}

#[tokio::test]
async fn workspaces_have_entities_of_their_own() {
    let (site, server) = (Site::new().await, TestServer::http(echo).await);
    site.put("/workspaces/sales", json!({"displayName": "Sales"})).await.is(201);
    let api = json!({"displayName": "A", "path": "sales", "serviceUrl": server.url(""), "subscriptionRequired": false});
    site.put("/workspaces/sales/apis/a", api).await.is(201);
    let operation = json!({"displayName": "x", "method": "GET", "urlTemplate": "/x"});
    site.put("/workspaces/sales/apis/a/operations/x", operation).await.is(201);
    site.put("/workspaces/sales/namedValues/n", json!({"displayName": "n", "value": "inside"})).await.is(201);
    let policy = r#"<set-header name="x-n"><value>{{n}}</value></set-header>"#;
    site.policy("", policy).await.is(400);
    site.policy("/workspaces/sales", policy).await.is(201);
    assert!(site.request("/sales/x", &[]).await.1.contains("x-n: inside"));
    assert!(site.get("/apis").await.names().is_empty());
    let made = site.get("/workspaces/sales/apis/a").await.json();
    assert_eq!(made["type"], "Microsoft.ApiManagement/service/workspaces/apis");
    site.delete("/workspaces/sales").await.is(200);
    assert_eq!(site.request("/sales/x", &[]).await.0, 404);
}

#[tokio::test]
async fn reconnect_makes_connections_anew() {
    let (site, server) = (Site::new().await, TestServer::http(echo).await);
    site.free_api("a", &server).await;
    site.put("/backends/b", json!({"url": server.url("/up")})).await.is(201);
    for _ in 0..3 {
        assert_eq!(site.request("/a/x", &[]).await.0, 200);
    }
    assert_eq!(server.connections(), 1);
    // The contract has it for backends of the service only.
    site.put("/workspaces/w", json!({"displayName": "W"})).await.is(201);
    site.put("/workspaces/w/backends/b", json!({"url": server.url("/up")})).await.is(201);
    site.post("/workspaces/w/backends/b/reconnect").await.is(404);
    site.call("POST", "/backends/b/reconnect", &[], json!({"after": "soon"})).await.is(400);
    site.call("POST", "/backends/b/reconnect", &[], json!({"after": "PT0S"})).await.is(202);
    tokio::time::timeout(std::time::Duration::from_secs(20), async {
        while server.connections() == 1 {
            assert_eq!(site.request("/a/x", &[]).await.0, 200);
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_or_meets_half_of_a_change() {
    let (site, server) = (Site::new().await, TestServer::http(echo).await);
    site.free_api("a", &server).await;
    site.put("/namedValues/n", json!({"displayName": "n", "value": "0"})).await.is(201);
    let both = r#"<set-header name="x-one"><value>{{n}}</value></set-header><set-header name="x-two"><value>{{n}}</value></set-header>"#;
    site.policy("/apis/a", both).await.is(201);
    let (site, stop) = (Arc::new(site), Arc::new(AtomicBool::new(false)));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (site, stop) = (site.clone(), stop.clone());
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let (status, text) = site.request("/a/x", &[]).await;
                    let value =
                        |name: &str| text.split_once(name).and_then(|(_, rest)| rest.lines().next()).map(str::to_owned);
                    assert_eq!(status, 200);
                    assert_eq!(value("x-one: "), value("x-two: "), "{text}");
                }
            })
        })
        .collect();
    for number in 1..=30 {
        site.patch("/namedValues/n", json!({"value": number.to_string()})).await.is(200);
        assert!(site.request("/a/x", &[]).await.1.contains(&format!("x-one: {number}\n")));
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
}

#[tokio::test]
async fn breakers_and_pools_can_be_seen() {
    let site = Site::new().await;
    let server = TestServer::http(|request| async move {
        let is_bad = request.uri().path().starts_with("/bad");
        http::Response::builder().status(if is_bad { 503 } else { 200 }).body(gatewright::Body::empty()).unwrap()
    })
    .await;
    let breaker = json!({"rules": [{"name": "often", "tripDuration": "PT1H", "failureCondition":
        {"count": 1, "interval": "PT1H", "statusCodeRanges": [{"min": 500, "max": 599}]}}]});
    site.put("/backends/bad", json!({"url": server.url("/bad"), "circuitBreaker": breaker.clone()})).await.is(201);
    site.put("/backends/good", json!({"url": server.url("/good")})).await.is(201);
    let services = json!([{"id": "/backends/bad", "priority": 1}, {"id": "/backends/good", "priority": 2}]);
    site.put("/backends/Pool", json!({"type": "Pool", "pool": {"services": services}})).await.is(201);
    site.free_api("a", &server).await;
    site.policy("/apis/a", r#"<set-backend-service backend-id="pool" />"#).await.is(201);
    let seen = site.get("/backends/bad/state").await.is(200);
    assert_eq!(seen.headers["cache-control"], "no-store");
    let closed = json!({"state": "Closed", "trips": 0, "failures": 0, "refused": 0});
    assert_eq!(
        seen.json(),
        json!({"id": format!("{SERVICE}/backends/bad/state"), "name": "state",
        "type": "Microsoft.ApiManagement/service/backends/state",
        "properties": {"type": "Single", "circuitBreaker": closed}})
    );
    assert_eq!(site.request("/a/x", &[]).await.0, 503);
    assert_eq!(site.request("/a/x", &[]).await.0, 200);
    let open = site.get("/Backends/BAD/State").await.is(200).json()["properties"]["circuitBreaker"].clone();
    assert_eq!((&open["state"], &open["rule"], &open["trips"]), (&"Open".into(), &"often".into(), &1.into()));
    let remaining = open["remaining"].as_str().unwrap();
    assert!(remaining.starts_with("PT35") || remaining == "PT3600S", "{open}");
    let pool = site.get("/backends/pool/state").await.is(200).json();
    let members = &pool["properties"]["members"];
    assert_eq!(
        (&members[0]["id"], &members[0]["isCandidate"]),
        (&format!("{SERVICE}/backends/bad").into(), &false.into())
    );
    assert_eq!((&members[1]["circuitBreaker"], &members[1]["inFlight"]), (&Value::Null, &0.into()));
    assert_eq!(members[1]["isCandidate"], true);
    site.get("/backends/none/state").await.is(404);
    site.get("/workspaces/none/backends/bad/state").await.is(404);
    site.put("/backends/bad/state", json!({})).await.is(405);
    site.delete("/backends/bad/state").await.is(405);
    // Those of a workspace are others.
    site.put("/workspaces/w", json!({"displayName": "W"})).await.is(201);
    site.put("/workspaces/w/backends/bad", json!({"url": server.url("/bad"), "circuitBreaker": breaker})).await.is(201);
    let inside = site.get("/workspaces/w/backends/bad/state").await.is(200).json();
    assert_eq!(inside["properties"]["circuitBreaker"]["state"], "Closed");
}
