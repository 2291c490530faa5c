//! Changes that a folder keeps.

use std::fs;

use gatewright::management::{Folder, FolderError};
use gatewright::model::Store;
use serde_json::json;

use crate::Site;
use crate::support::{TestServer, echo};

async fn site(path: &std::path::Path) -> Site {
    // Connections of a site that is gone end in a moment.
    let (folder, loaded) = loop {
        match Folder::open(path) {
            Ok(opened) => break opened,
            Err(FolderError::InUse(_)) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    };
    Site::with(loaded.store, |management| management.folder(folder)).await
}

#[tokio::test]
async fn a_restart_loses_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    let server = TestServer::http(echo).await;
    let first = site(temporary.path()).await;
    first.free_api("a", &server).await;
    first.policy("/apis/a", r#"<set-header name="x-n"><value>{{n}}</value></set-header>"#).await.is(400);
    first.put("/namedValues/n", json!({"displayName": "n", "value": "v", "secret": true})).await.is(201);
    first.policy("/apis/a", r#"<set-header name="x-n"><value>{{n}}</value></set-header>"#).await.is(201);
    first.put("/products/p", json!({"displayName": "P"})).await.is(201);
    first.put("/products/p/apiLinks/link", json!({"apiId": "/apis/a"})).await.is(201);
    first.put("/workspaces/w", json!({"displayName": "W"})).await.is(201);
    first.put("/workspaces/w/backends/b", json!({"url": "https://b.internal", "protocol": "http"})).await.is(201);
    first.put("/subscriptions/s", json!({"displayName": "s", "scope": "/products/p"})).await.is(201);
    first.put("/tags/t", json!({"displayName": "T"})).await.is(201);
    first.put("/tags/t/apiLinks/al", json!({"apiId": "/apis/a"})).await.is(201);
    first.put("/tags/t/operationLinks/ol", json!({"operationId": "/apis/a/operations/x"})).await.is(201);
    first.put("/tags/t/productLinks/pl", json!({"productId": "/products/p"})).await.is(201);
    let keys = first.post("/subscriptions/s/listSecrets").await.json();
    first.delete("/backends/none").await.is(204);
    drop(first);

    let second = site(temporary.path()).await;
    assert!(second.request("/a/x", &[]).await.1.contains("x-n: v"));
    assert_eq!(second.get("/products/p/apiLinks").await.names(), ["link"]);
    assert_eq!(second.get("/workspaces/w/backends").await.names(), ["b"]);
    for (kind, name) in [("apiLinks", "al"), ("operationLinks", "ol"), ("productLinks", "pl")] {
        assert_eq!(second.get(&format!("/tags/t/{kind}")).await.names(), [name]);
    }
    assert_eq!(second.post("/subscriptions/s/listSecrets").await.json(), keys);
    second.delete("/namedValues/n").await.is(400);
    second.delete("/subscriptions/s").await.is(200);
    second.delete("/products/p").await.is(200);
    drop(second);
    let third = site(temporary.path()).await;
    assert!(third.get("/products").await.names().is_empty());
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_made() {
    let temporary = tempfile::tempdir().unwrap();
    let site = site(temporary.path()).await;
    let backend = || json!({"url": "https://b.internal", "protocol": "http"});
    let refused = site.put("/backends/.hidden", backend()).await.is(400).json();
    assert_eq!(refused["error"]["details"][0]["target"], "name");
    // The folder is gone: nothing can be written.
    fs::remove_dir_all(temporary.path()).unwrap();
    let failed = site.put("/backends/b", backend()).await.is(500).json();
    assert_eq!(failed["error"]["code"], "InternalServerError");
    assert!(!failed.to_string().contains(temporary.path().to_str().unwrap()), "{failed}");
    site.get("/backends/b").await.is(404);
    assert_eq!(*site.management.store(), Store::new());
}
