//! Which documents run, in which order, and whose `on-error` sees a refusal.

use gatewright::model::{Api, ApiEntry, Operation, Policy, Product, Store};

use crate::support::text;
use crate::{append, backend, document, free_api, gateway, header, product, send, subscription, with_policy};

/// Every scope has a document that says its name on the way in, on the way out, and in `on-error`.
fn says(name: &str) -> Policy {
    document(&append("X-In", name), &append("X-Out", name), &append("X-Error", name))
}

fn store(service_url: &str) -> Store {
    let mut store = Store::new();
    let global = format!(
        "<policies><inbound>{}</inbound><backend><forward-request /></backend><outbound>{}</outbound>\
         <on-error>{}</on-error></policies>",
        append("X-In", "global"),
        append("X-Out", "global"),
        append("X-Error", "global"),
    );
    store.service.policy = Some(Policy::new(global));
    for (workspace, api) in [(None, "a"), (Some("w"), "b")] {
        let entities = store.entities_mut(workspace);
        if workspace.is_some() {
            entities.policy = Some(says("workspace"));
        }
        let mut entry = ApiEntry::new(Api::new(api).service_url(service_url));
        entry.policy = Some(says("api"));
        let own =
            document(&append("X-In", "operation"), &append("X-Out", "operation"), &append("X-Error", "operation"));
        entry.operations.insert("own", with_policy(Operation::new("GET", "/own"), &own.value));
        entry.operations.insert("plain", Operation::new("GET", "/plain").into());
        let alone = "<policies><inbound /><backend /><outbound /><on-error /></policies>";
        entry.operations.insert("alone", with_policy(Operation::new("GET", "/alone"), alone));
        entities.apis.insert(api, entry);
        let mut bundle = product(Product::new(), &[api]);
        bundle.policy = Some(says("product"));
        entities.products.insert("p", bundle);
        entities.subscriptions.insert("product", subscription("/products/p", &format!("{api}-product")));
        entities.subscriptions.insert("all", subscription("/apis", &format!("{api}-all")));
    }
    store
}

#[tokio::test]
async fn documents_of_all_scopes_run_from_broad_to_narrow() {
    let server = backend().await;
    let gateway = gateway(&store(&server.url("")));
    let cases = [
        ("/a/own", "a-all", "global,api,operation"),
        ("/a/own", "a-product", "global,product,api,operation"),
        ("/a/plain", "a-all", "global,api"),
        ("/a/plain", "a-product", "global,product,api"),
        ("/b/own", "b-all", "global,workspace,api,operation"),
        ("/b/own", "b-product", "global,workspace,product,api,operation"),
        ("/b/plain", "a-all", "global,workspace,api"),
    ];
    for (url, key, expected) in cases {
        let response = send(&gateway, "GET", url, &[("Ocp-Apim-Subscription-Key", key)]).await;
        assert_eq!(response.status(), 200, "{url} {key}");
        assert_eq!(header(&response, "x-out"), expected, "{url} {key}");
        let seen = text(response.into_body()).await;
        let seen: Vec<_> = seen.lines().filter_map(|line| line.strip_prefix("x-in: ")).collect();
        assert_eq!(seen.join(","), expected, "{url} {key}");
    }
}

#[tokio::test]
async fn an_empty_backend_section_forwards_nothing() {
    let gateway = gateway(&store("http://127.0.0.1:1"));
    let response = send(&gateway, "GET", "/a/alone", &[("Ocp-Apim-Subscription-Key", "a-product")]).await;
    assert_eq!((response.status().as_u16(), header(&response, "x-out")), (200, String::new()));
    assert_eq!(text(response.into_body()).await, "");
}

#[tokio::test]
async fn a_refusal_reaches_on_error_of_what_was_found() {
    let gateway = gateway(&store("http://127.0.0.1:1"));
    let cases = [
        ("/none", "", 404, "global"),
        ("/a/none", "a-product", 404, "global,api"),
        ("/b/none", "", 404, "global,workspace,api"),
        ("/a/own", "", 401, "global,api,operation"),
        ("/a/plain", "nonsense", 401, "global,api"),
        ("/b/plain", "b-no", 401, "global,workspace,api"),
        ("/a/alone", "", 401, ""),
        ("/a/own", "a-product", 500, "global,product,api,operation"),
    ];
    for (url, key, status, expected) in cases {
        let response = send(&gateway, "GET", url, &[("Ocp-Apim-Subscription-Key", key)]).await;
        assert_eq!(response.status(), status, "{url} {key}");
        assert_eq!(header(&response, "x-error"), expected, "{url} {key}");
        assert_eq!(header(&response, "x-out"), "", "{url} {key}");
    }
}

#[tokio::test]
async fn without_documents_requests_are_forwarded() {
    let server = backend().await;
    let mut store = Store::new();
    store.service.apis.insert("a", free_api("a", &server.url(""), &[("x", "GET", "/x")]));
    assert_eq!(send(&gateway(&store), "GET", "/a/x", &[]).await.status(), 200);
}
