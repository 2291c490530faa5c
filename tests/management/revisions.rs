//! Revisions and releases.

use serde_json::{Value, json};

use crate::Site;
use crate::support::{TestServer, echo};

#[tokio::test]
async fn a_revision_is_made_tried_and_released() {
    let (site, server) = (Site::new().await, TestServer::http(echo).await);
    site.free_api("a", &server).await;
    let first = site.get("/apis/a").await.json();
    assert_eq!((&first["properties"]["apiRevision"], &first["properties"]["isCurrent"]), (&"1".into(), &true.into()));
    assert_eq!(site.get("/apis/a;rev=1").await.is(200).json()["properties"], first["properties"]);

    let second = json!({"displayName": "a", "path": "a", "sourceApiId": "/apis/a", "apiRevisionDescription": "try it"});
    let second = site.put("/apis/a%3Brev=2", second).await.is(201).json();
    assert_eq!((&second["name"], &second["properties"]["isCurrent"]), (&"a;rev=2".into(), &false.into()));
    assert_eq!(site.get("/apis/a;rev=2/operations").await.names(), ["x"]);
    site.policy("/apis/a;rev=2", r#"<set-header name="x-rev"><value>2</value></set-header>"#).await.is(201);
    assert!(!site.request("/a/x", &[]).await.1.contains("x-rev"));
    assert!(site.request("/a;rev=2/x", &[]).await.1.contains("x-rev: 2"));

    let revisions = site.get("/apis/a/revisions?$filter=isCurrent%20eq%20false").await.is(200).json();
    assert_eq!(revisions["value"][0]["apiRevision"], "2");
    assert_eq!(revisions["value"][0]["description"], "try it");
    assert_eq!(site.get("/apis?$filter=isCurrent%20eq%20true").await.names(), ["a"]);

    site.put("/apis/a/releases/r1", json!({"apiId": "/apis/other;rev=2"})).await.is(400);
    let released =
        site.put("/apis/a/releases/r1", json!({"apiId": "/apis/a;rev=2", "notes": "go"})).await.is(201).json();
    assert!(released["properties"]["createdDateTime"].is_string());
    assert!(site.request("/a/x", &[]).await.1.contains("x-rev: 2"));
    assert!(!site.request("/a;rev=1/x", &[]).await.1.contains("x-rev"));
    assert_eq!(site.get("/apis/a").await.json()["properties"]["apiRevision"], "2");
    assert_eq!(site.get("/apis/a;rev=1").await.json()["properties"]["isCurrent"], false);
    assert_eq!(site.get("/apis/a/releases").await.names(), ["r1"]);
    site.patch("/apis/a/releases/r1", json!({"notes": "gone"})).await.is(200);

    // All revisions are in the same products.
    site.put("/products/p", json!({"displayName": "P"})).await.is(201);
    site.call("PUT", "/products/p/apis/a;rev=2", &[], Value::Null).await.is(201);
    assert_eq!(site.get("/products/p/apis").await.names(), ["a"]);
    site.put("/products/p/apiLinks/l", json!({"apiId": "/apis/a;rev=1"})).await.is(201);
    assert_eq!(site.get("/products/p/apiLinks").await.names(), ["l"]);

    site.call("DELETE", "/apis/a", &[("if-match", "*")], Value::Null).await.is(400);
    site.delete("/apis/a;rev=1").await.is(204);
    assert_eq!(site.request("/a;rev=1/x", &[]).await.0, 404);
    let third = json!({"displayName": "a", "path": "a", "isCurrent": true});
    site.put("/apis/a;rev=3", third).await.is(201);
    assert_eq!(site.get("/apis/a").await.json()["properties"]["apiRevision"], "3");
    site.delete("/apis/a?deleteRevisions=true").await.is(204);
    assert!(site.get("/apis").await.names().is_empty());
}
