//! What is refused, and that it changes nothing.

use serde_json::{Value, json};

use crate::support::{Authority, TestServer, echo};
use crate::{SERVICE, Site};

#[tokio::test]
async fn nothing_is_served_without_the_token_or_a_version() {
    let site = Site::new().await;
    let url = site.server.url(&format!("{SERVICE}/backends?api-version=2024-05-01"));
    for token in ["", "Bearer", "Bearer wrong", "Basic bWFuYWdlbWVudC10b2tlbi0wMTIzNDU2Nzg5"] {
        let headers = [("authorization", token)];
        let headers = if token.is_empty() { &[][..] } else { &headers };
        let refused = site.send("GET", &url, headers, String::new()).await.is(401);
        assert_eq!(refused.json()["error"]["code"], "AuthenticationFailed");
        assert_eq!(refused.headers["www-authenticate"], "Bearer");
    }
    let bearer = format!("bearer {}", crate::TOKEN);
    site.send("GET", &url, &[("authorization", &bearer)], String::new()).await.is(200);
    for (query, code) in [("", "MissingApiVersionParameter"), ("?api-version=2017-03-01", "InvalidApiVersionParameter")]
    {
        let url = site.server.url(&format!("{SERVICE}/backends{query}"));
        let refused = site.send("GET", &url, &[("authorization", &bearer)], String::new()).await.is(400);
        assert_eq!(refused.json()["error"]["code"], code);
    }
    site.send("GET", &site.server.url("/"), &[("authorization", &bearer)], String::new()).await.is(400);
}

#[tokio::test]
async fn a_document_that_does_not_compile_is_refused_with_every_place() {
    let (site, server) = (Site::new().await, TestServer::http(echo).await);
    site.free_api("a", &server).await;
    site.policy("/apis/a", r#"<set-header name="x-old"><value>1</value></set-header>"#).await.is(201);
    let before = site.management.store();
    let text = "<policies>\n  <inbound>\n    <set-hedder name=\"a\" />\n    <set-variable name=\"v\" value=\"@(1 + )\" />\n  \
                </inbound>\n  <backend />\n</policies>";
    let refused = site.put("/apis/a/policies/policy", json!({"format": "rawxml", "value": text})).await.is(400).json();
    let error = &refused["error"];
    assert_eq!((&error["code"], &error["details"][0]["target"]), (&"ValidationError".into(), &"representation".into()));
    let details = error["details"].as_array().unwrap();
    let lines: Vec<_> = details.iter().map(|detail| detail["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [3, 4], "{error}");
    let message = details[0]["message"].as_str().unwrap();
    assert!(message.contains(" on line 3, column 5: unknown policy `set-hedder`"), "{message}");
    assert_eq!(site.management.store(), before);
    assert!(site.request("/a/x", &[]).await.1.contains("x-old: 1"));
}

#[tokio::test]
async fn what_is_in_use_is_not_deleted() {
    let (site, server) = (Site::new().await, TestServer::http(echo).await);
    site.free_api("a", &server).await;
    site.put("/namedValues/n", json!({"displayName": "n", "value": "1"})).await.is(201);
    site.put("/backends/b", json!({"url": "https://b.example"})).await.is(201);
    site.put("/backends/pool", json!({"type": "Pool", "pool": {"services": [{"id": "/backends/b"}]}})).await.is(201);
    let fragment = "<fragment><set-header name=\"x\"><value>{{n}}</value></set-header></fragment>";
    site.put("/policyFragments/f", json!({"format": "rawxml", "value": fragment})).await.is(201);
    site.policy("/apis/a", r#"<include-fragment fragment-id="f" /><set-backend-service backend-id="pool" />"#)
        .await
        .is(201);
    site.put("/loggers/l", json!({"loggerType": "azureMonitor"})).await.is(201);
    site.put("/diagnostics/azuremonitor", json!({"loggerId": "/loggers/l"})).await.is(201);
    site.put("/apiVersionSets/vs", json!({"displayName": "V", "versioningScheme": "Segment"})).await.is(201);
    site.patch("/apis/a", json!({"apiVersionSetId": "/apiVersionSets/vs", "apiVersion": "v1"})).await.is(200);
    site.put("/products/p", json!({"displayName": "P"})).await.is(201);
    site.put("/users/u", json!({"email": "u@example.com", "firstName": "A", "lastName": "B"})).await.is(201);
    let subscription = json!({"displayName": "S", "scope": "/products/p", "ownerId": "/users/u", "state": "active"});
    site.put("/subscriptions/s", subscription).await.is(201);
    let (pem, thumbprint) = Authority::new().client("client");
    let (other, _) = Authority::new().client("other");
    site.put("/certificates/c", json!({"data": pem})).await.is(201);
    site.put("/certificates/d", json!({"data": other})).await.is(201);
    let certificates = format!(
        r#"<authentication-certificate thumbprint="{thumbprint}" /><send-request mode="new" response-variable-name="r">
            <set-url>https://x.example</set-url><authentication-certificate certificate-id="d" /></send-request>"#
    );
    site.policy("/products/p", &certificates).await.is(201);
    site.put("/namedValues/key", json!({"displayName": "Key", "value": "k", "secret": true})).await.is(201);
    site.put("/namedValues/redis", json!({"displayName": "redis", "value": "k", "secret": true})).await.is(201);
    let keyed = json!({"loggerType": "applicationInsights", "credentials": {"instrumentationKey": "{{key}}"}});
    site.put("/loggers/keyed", keyed).await.is(201);
    let logger = json!({"loggerType": "applicationInsights", "credentials": {"instrumentationKey": "k"}});
    site.put("/loggers/own", logger).await.is(201);
    let cache = json!({"connectionString": "redis,password={{redis}}", "useFromLocation": "default"});
    site.put("/caches/default", cache).await.is(201);
    let values = site.get("/namedValues").await.names();
    let own = format!("/namedValues/{}", values.iter().find(|name| name.len() == 24).unwrap());
    let before = site.management.store();
    for (used, by) in [
        ("/certificates/c", "/products/p/policies/policy"),
        ("/certificates/d", "/products/p/policies/policy"),
        ("/namedValues/key", "/loggers/keyed"),
        ("/namedValues/redis", "/caches/default"),
        (own.as_str(), "/loggers/own"),
        ("/namedValues/n", "n"),
        ("/backends/b", "/backends/pool"),
        ("/backends/pool", "/apis/a/policies/policy"),
        ("/policyFragments/f", "/apis/a/policies/policy"),
        ("/loggers/l", "/diagnostics/azuremonitor"),
        ("/apiVersionSets/vs", "/apis/a"),
        ("/products/p", "/subscriptions/s"),
        ("/users/u", "/subscriptions/s"),
    ] {
        let refused = site.delete(used).await.is(400);
        assert_eq!(refused.json()["error"]["code"], "ValidationError", "{used}");
        assert!(refused.text.contains(by), "{used}: {refused:?}");
        assert_eq!(site.management.store(), before, "{used}");
    }
    site.delete("/users/u?deleteSubscriptions=true").await.is(204);
    assert!(site.get("/subscriptions").await.names().is_empty());
    site.delete("/products/p").await.is(200);
}

#[tokio::test]
async fn what_is_wrong_is_told() {
    let site = Site::new().await;
    site.put("/namedValues/taken", json!({"displayName": "taken", "value": "1"})).await.is(201);
    site.put("/apis/a", json!({"displayName": "A", "path": "a"})).await.is(201);
    for (path, properties, target) in [
        (
            "/loggers/l",
            json!({"loggerType": "applicationInsights", "credentials": {"instrumentationKey": "{{none}}"}}),
            "credentials",
        ),
        (
            "/policies/policy",
            json!({"format": "rawxml", "value": "<policies><inbound><authentication-certificate thumbprint=\"\
                ca06f56b258b7a0d4f2b05470939478651151984\" /></inbound><backend /></policies>"}),
            "representation",
        ),
        ("/backends/b", json!({}), "url"),
        ("/backends/b", json!({"url": "not a url"}), "properties"),
        ("/backends/b*", json!({"url": "https://b.example"}), "name"),
        ("/backends/pool", json!({"type": "Pool", "pool": {"services": [{"id": "/backends/none"}]}}), "pool.services"),
        ("/namedValues/n", json!({"displayName": "n"}), "value"),
        ("/namedValues/n", json!({"displayName": "n", "value": "  "}), "value"),
        ("/namedValues/n", json!({"displayName": "n", "value": "v".repeat(4097)}), "value"),
        ("/namedValues/n", json!({"displayName": "a b", "value": "v"}), "displayName"),
        ("/namedValues/n", json!({"displayName": "TAKEN", "value": "v"}), "displayName"),
        ("/namedValues/n", json!({"value": "v"}), "displayName"),
        ("/apis/b", json!({"displayName": "B"}), "path"),
        ("/apis/b", json!({"path": "b"}), "displayName"),
        (
            "/apis/b",
            json!({"displayName": "B", "path": "b", "apiVersionSetId": "/apiVersionSets/none"}),
            "apiVersionSetId",
        ),
        ("/apis/b", json!({"format": "raml", "value": "x", "path": "b"}), "format"),
        ("/apis/a/operations/o", json!({"displayName": "o", "method": "GET"}), "urlTemplate"),
        ("/apiVersionSets/v", json!({"displayName": "v", "versioningScheme": "Query"}), "versionQueryName"),
        ("/products/p", json!({}), "displayName"),
        ("/subscriptions/s", json!({"displayName": "s", "scope": "/products/none"}), "scope"),
        ("/certificates/c", json!({}), "data"),
        ("/certificates/c", json!({"data": "bm90IGEgcGZ4", "password": "x"}), "data"),
        ("/loggers/l", json!({}), "loggerType"),
        ("/diagnostics/d", json!({"loggerId": "/loggers/none"}), "loggerId"),
        ("/gateways/g", json!({}), "locationData"),
        ("/users/u", json!({"email": "e", "firstName": "f"}), "lastName"),
        ("/policies/policy", json!({"format": "nonsense", "value": "<policies />"}), "format"),
        ("/apis/a/releases/r", json!({"apiId": "/apis/a;rev=7"}), "apiId"),
    ] {
        let before = site.management.store();
        let refused = site.put(path, properties).await.is(400).json();
        let error = &refused["error"];
        assert_eq!(error["code"], "ValidationError", "{path}: {error}");
        assert_eq!(error["details"][0]["target"], target, "{path}: {error}");
        assert_eq!(site.management.store(), before);
    }
    // A wrong URL template comes from the compiler.
    let operation = json!({"displayName": "o", "method": "GET", "urlTemplate": "/{a}/{a"});
    let refused = site.put("/apis/a/operations/o", operation).await.is(400);
    assert!(refused.text.contains("operation `o` of API `a`"), "{refused:?}");
    let bearer = format!("Bearer {}", crate::TOKEN);
    for body in ["{", "[]", "{\"properties\": []}", "\u{0}"] {
        let url = site.server.url(&format!("{SERVICE}/backends/b?api-version=2024-05-01"));
        site.send("PUT", &url, &[("authorization", &bearer)], body.to_owned()).await.is(400);
    }
}

#[tokio::test]
async fn a_large_body_is_refused() {
    let site = Site::new().await;
    let large = site.put("/backends/b", json!({"url": "x".repeat(17 << 20)})).await.is(413);
    assert_eq!(large.json()["error"]["code"], "RequestEntityTooLarge");
    assert_eq!(site.call("GET", "/backends", &[], Value::Null).await.names(), Vec::<String>::new());
}
