//! Documents behind links, which are followed only when the host says so.

use gatewright::Body;
use gatewright::backend::Transport;
use gatewright::model::Store;
use http::Response;
use serde_json::json;

use crate::Site;
use crate::support::TestServer;

const OPENAPI: &str = r#"{"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "servers": [{"url": "https://b.internal"}],
    "paths": {"/x": {"get": {"operationId": "get-x", "responses": {"200": {"description": "ok"}}}}}}"#;

/// Documents of a host, one of them with a mistake in line 2.
async fn documents() -> TestServer {
    TestServer::http(|request| async move {
        let text = match request.uri().path() {
            "/good.xml" => "\u{feff}<policies><inbound /><backend /><outbound /><on-error /></policies>",
            "/bad.xml" => "<policies>\n<inbound><nonsense /></inbound><backend /><outbound /><on-error /></policies>",
            "/fragment.xml" => "<fragment><set-method>GET</set-method></fragment>",
            "/openapi.json" => OPENAPI,
            "/binary" => return Response::new(Body::from(&b"\xff\xfe"[..])),
            _ => return Response::builder().status(404).body(Body::empty()).unwrap(),
        };
        Response::new(Body::from(text))
    })
    .await
}

#[tokio::test]
async fn links_are_refused_unless_there_is_something_that_follows_them() {
    let server = documents().await;
    let link = |format: &str, path: &str| json!({"format": format, "value": server.url(path)});
    let site = Site::new().await;
    site.put("/policies/policy", link("xml-link", "/good.xml")).await.is(400);
    assert_eq!(server.connections(), 0);

    let transport = Transport::builder().native_roots(false).build().unwrap();
    let site = Site::with(Store::new(), |management| management.links(transport)).await;
    let made = site.put("/policies/policy", link("xml-link", "/good.xml")).await.is(201).json();
    assert_eq!(made["properties"]["format"], "xml");
    assert!(made["properties"]["value"].as_str().unwrap().starts_with("<policies>"), "{made}");
    site.put("/policies/policy", link("rawxml-link", "/good.xml")).await.is(200);
    let refused = site.put("/policies/policy", link("rawxml-link", "/bad.xml")).await.is(400).json();
    assert_eq!(refused["error"]["details"][0]["line"], 2, "{refused}");
    site.put("/policyFragments/f", link("rawxml-link", "/fragment.xml")).await.is(201);
    let api = |format: &str| {
        let mut api = link(format, "/openapi.json");
        api["path"] = "a".into();
        api["displayName"] = "a".into();
        api
    };
    site.put("/apis/a", api("openapi+json-link")).await.is(201);
    assert_eq!(site.get("/apis/a/operations").await.names(), ["get-x"]);
    site.put("/apis/a", api("wadl-link-json")).await.is(400);
    for value in
        [server.url("/missing?key=c4n4ry"), server.url("/binary"), "file:///etc/passwd".to_owned(), "c4n4ry".to_owned()]
    {
        let refused = site.put("/policies/policy", json!({"format": "xml-link", "value": value})).await.is(400);
        assert_eq!(refused.json()["error"]["details"][0]["target"], "value");
        assert!(!refused.text.contains("c4n4ry"), "{refused:?}");
    }
}
