//! What reaches the backend, and where it finds nothing.

use gatewright::model::{Api, ApiEntry, ApiVersionSet, Backend, Operation, Store, VersioningScheme};

use crate::support::text;
use crate::{backend, free_api, gateway, send};

/// What is sent, and the request line that the backend sees, or the status without it.
type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str);

async fn check(store: &Store, cases: &[Case<'_>]) {
    let gateway = gateway(store);
    for (method, url, headers, expected) in cases {
        let response = send(&gateway, method, url, headers).await;
        let found = match response.status().as_u16() {
            200 => text(response.into_body()).await.lines().next().unwrap_or_default().replace(" HTTP/1.1", ""),
            status => status.to_string(),
        };
        assert_eq!(found, *expected, "{method} {url} {headers:?}");
    }
}

#[tokio::test]
async fn what_follows_the_path_of_the_api_goes_to_the_service_url() {
    let server = backend().await;
    let mut store = Store::new();
    let operations: &[_] = &[
        ("get", "GET", "/items/{id}"),
        ("search", "GET", "/search?q={q}"),
        ("files", "GET", "/files/*"),
        ("root", "GET", "/"),
        ("own", "PURGE", "/items/{id}"),
    ];
    store.service.apis.insert("a", free_api("shop", &server.url("/v1/"), operations));
    store.service.apis.insert("b", free_api("shop/deep", &server.url(""), operations));
    store.service.apis.insert("c", free_api("nowhere", "", operations));
    check(
        &store,
        &[
            ("GET", "/shop/items/7", &[], "GET /v1/items/7"),
            ("GET", "/SHOP/Items/a%2Fb%20c?x=%20&y", &[], "GET /v1/Items/a%2Fb%20c?x=%20&y"),
            ("GET", "/shop/items/7/", &[], "GET /v1/items/7/"),
            ("GET", "/shop/search?page=2&Q=x", &[], "GET /v1/search?page=2&Q=x"),
            ("GET", "/shop/search", &[], "404"),
            ("GET", "/shop/files/a//b", &[], "GET /v1/files/a//b"),
            ("GET", "/shop", &[], "GET /v1"),
            ("GET", "/shop/", &[], "GET /v1/"),
            ("GET", "/shop?x=1", &[], "GET /v1?x=1"),
            ("PURGE", "/shop/items/7", &[], "PURGE /v1/items/7"),
            ("POST", "/shop/items/7", &[], "404"),
            ("GET", "/shop//items/7", &[], "404"),
            ("GET", "/shopping/items/7", &[], "404"),
            ("GET", "/shop/deep/items/7", &[], "GET /items/7"),
            ("GET", "/shop/deep", &[], "GET /"),
            ("GET", "http://gateway.example/shop/items/7", &[], "GET /v1/items/7"),
            ("GET", "/nowhere/items/7", &[], "500"),
        ],
    )
    .await;
}

#[tokio::test]
async fn versions_and_revisions() {
    let server = backend().await;
    let mut store = Store::new();
    let sets = [
        ("seg", ApiVersionSet::new().versioning_scheme(VersioningScheme::Segment)),
        ("head", ApiVersionSet::new().versioning_scheme(VersioningScheme::Header).version_header_name("Api-Version")),
        ("query", ApiVersionSet::new().versioning_scheme(VersioningScheme::Query).version_query_name("v")),
    ];
    for (name, set) in sets {
        store.service.api_version_sets.insert(name, set);
        let original = Api::new(name).service_url(server.url("/original"));
        let second = Api::new(name)
            .service_url(server.url("/v2"))
            .api_version("v2")
            .api_version_set_id(format!("/apiVersionSets/{name}"));
        let revision = Api::new(name).service_url(server.url("/rev3")).api_revision("3").is_current(false);
        let offline =
            Api::new(name).service_url(server.url("/rev4")).api_revision("4").is_current(false).is_online(false);
        for (id, api) in [
            (name.to_owned(), original),
            (format!("{name}-v2"), second),
            (format!("{name};rev=3"), revision),
            (format!("{name};rev=4"), offline),
        ] {
            let mut entry = ApiEntry::new(api.subscription_required(false));
            entry.operations.insert("x", Operation::new("GET", "/x").into());
            store.service.apis.insert(id, entry);
        }
    }
    check(
        &store,
        &[
            ("GET", "/seg/x", &[], "GET /original/x"),
            ("GET", "/seg/v2/x", &[], "GET /v2/x"),
            ("GET", "/seg;rev=3/x?y=1", &[], "GET /rev3/x?y=1"),
            ("GET", "/seg;rev=1/x", &[], "GET /original/x"),
            ("GET", "/seg;rev=4/x", &[], "404"),
            ("GET", "/seg;rev=5/x", &[], "404"),
            ("GET", "/head/x", &[], "GET /original/x"),
            ("GET", "/head/x", &[("api-version", "V2")], "GET /v2/x"),
            ("GET", "/head/x", &[("api-version", "v3")], "404"),
            ("GET", "/query/x?V=v2", &[], "GET /v2/x?V=v2"),
            ("GET", "/query/x?v=v3", &[], "404"),
            ("GET", "/query;rev=3/x", &[], "GET /rev3/x"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_policy_chooses_a_backend_and_rewrites() {
    let server = backend().await;
    let mut store = Store::new();
    store.service.backends.insert("Other", Backend::new(server.url("/other")).unwrap());
    let mut entry = free_api("a", "", &[("get", "GET", "/items/{id}/{*rest}"), ("old", "GET", "/old/{id}?k={k}")]);
    let chooses = r#"<set-backend-service backend-id="other" />"#;
    entry.policy = Some(crate::document(chooses, "", ""));
    let rewrites = r#"<rewrite-uri template="/new/{id}" />"#;
    entry.operations.get_mut("old").unwrap().policy = Some(crate::document(rewrites, "", ""));
    store.service.apis.insert("a", entry);
    check(
        &store,
        &[
            ("GET", "/a/items/7/b/c?d=e", &[], "GET /other/items/7/b/c?d=e"),
            ("GET", "/a/old/a%20b?k=1&x=2", &[], "GET /other/new/a%20b?x=2"),
        ],
    )
    .await;
}

#[tokio::test]
async fn nothing_found_is_a_404_with_a_body() {
    let mut store = Store::new();
    store.service.apis.insert("a", free_api("a", "http://127.0.0.1:1", &[("x", "GET", "/x")]));
    let gateway = gateway(&store);
    for url in ["/nothing", "/a/y", "/"] {
        let response = send(&gateway, "GET", url, &[]).await;
        assert_eq!(response.status(), 404, "{url}");
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(text(response.into_body()).await, r#"{ "statusCode": 404, "message": "Resource not found" }"#);
    }
}
