//! Changes that a folder keeps.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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

/// Puts a link that leads nowhere where files are to be written, so that a change fails half-way.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_kept_is_never_served() {
    use std::os::unix::fs::symlink;

    let temporary = tempfile::tempdir().unwrap();
    let server = TestServer::http(echo).await;
    let site = Arc::new(site(temporary.path()).await);
    site.free_api("a", &server).await;
    let journal = temporary.path().join(".gatewright/journal.json");
    let stop = Arc::new(AtomicBool::new(false));
    let client = tokio::spawn({
        let (site, stop) = (Arc::clone(&site), Arc::clone(&stop));
        async move {
            while !stop.load(Ordering::Relaxed) {
                assert_eq!(site.request("/b/y", &[]).await.0, 404, "a change was served that was refused");
            }
        }
    });
    let document = json!({"openapi": "3.0.1", "info": {"title": "B", "version": "1"},
        "servers": [{"url": server.url("/up")}],
        "paths": {"/y": {"get": {"operationId": "y", "responses": {"200": {"description": "ok"}}}}}});
    let api = json!({"displayName": "B", "path": "b", "subscriptionRequired": false, "protocols": ["https"],
        "serviceUrl": server.url("/up"), "format": "openapi+json", "value": document.to_string()});
    fs::create_dir_all(temporary.path().join("apis/b")).unwrap();
    symlink("nowhere", temporary.path().join("apis/b/operations")).unwrap();
    for _ in 0..10 {
        site.put("/apis/b", api.clone()).await.is(500);
        assert!(!journal.exists() && !temporary.path().join("apis/b/api.json").exists());
    }
    stop.store(true, Ordering::Relaxed);
    client.await.unwrap();
    site.get("/apis/b").await.is(404);
    // The next change is made all the same, and nothing of the refused one is there after a restart.
    site.put("/backends/b", json!({"url": "https://b.internal"})).await.is(201);
    fs::remove_dir_all(temporary.path().join("apis/b")).unwrap();
    drop(Arc::into_inner(site).unwrap());
    let again = self::site(temporary.path()).await;
    assert_eq!(
        (again.get("/apis").await.names(), again.get("/backends").await.names()),
        (vec!["a".to_owned()], vec!["b".to_owned()])
    );
    again.put("/apis/b", api).await.is(201);
    assert_eq!(again.request("/b/y", &[]).await.0, 200);
}
