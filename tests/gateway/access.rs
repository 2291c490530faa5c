//! Keys, products and what a refusal looks like.

use gatewright::model::{Product, Store, SubscriptionKeyParameterNames, SubscriptionState, Workspace};

use crate::support::text;
use crate::{backend, free_api, gateway, product, send, subscription};

const MISSING: &str = r#"{ "statusCode": 401, "message": "Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API." }"#;
const INVALID: &str = r#"{ "statusCode": 401, "message": "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription." }"#;

/// The table of products and APIs that do or do not ask for a key, and every kind of subscription.
fn store(service_url: &str) -> Store {
    let mut store = Store::new();
    let service = &mut store.service;
    for (name, requires) in [("closed", true), ("free", false), ("opened", true), ("both", false), ("alone", true)] {
        let mut entry = free_api(name, service_url, &[("x", "GET", "/x")]);
        entry.api = entry.api.subscription_required(requires);
        service.apis.insert(name, entry);
    }
    let names = SubscriptionKeyParameterNames::new().header("X-Key").query("key");
    let alone = &mut service.apis.get_mut("alone").unwrap().api;
    *alone = alone.clone().subscription_key_parameter_names(names);
    service.products.insert("starter", product(Product::new(), &["closed", "free", "Opened"]));
    service.products.insert("open", product(Product::new().subscription_required(false), &["opened", "both"]));
    let full = "/subscriptions/0/resourceGroups/g/providers/Microsoft.ApiManagement/service/s";
    let subscriptions = [
        ("service", subscription(&format!("{full}/"), "k-service")),
        ("all", subscription(&format!("{full}/apis"), "k-all")),
        ("api", subscription(&format!("{full}/apis/closed"), "k-api")),
        ("starter", subscription("/products/Starter", "k-starter")),
        ("suspended", subscription("/apis", "k-suspended").state(SubscriptionState::Suspended)),
        ("expired", subscription("/apis", "k-expired").state(SubscriptionState::Expired)),
        ("active", subscription("/apis", "k-active").state(SubscriptionState::Active)),
    ];
    for (name, subscription) in subscriptions {
        service.subscriptions.insert(name, subscription);
    }
    let workspace: &mut Workspace = store.workspaces.get_or_default("team");
    let mut entry = free_api("team", service_url, &[("x", "GET", "/x")]);
    entry.api = entry.api.subscription_required(true);
    workspace.entities.apis.insert("closed", entry);
    workspace.entities.subscriptions.insert("team", subscription("/workspaces/team/apis", "k-team"));
    store
}

#[tokio::test]
async fn who_may_use_what() {
    let server = backend().await;
    let gateway = gateway(&store(&server.url("")));
    let cases = [
        ("/closed/x", "", 401, MISSING),
        ("/closed/x", "k-starter", 200, ""),
        ("/closed/x", "k-starter-2", 200, ""),
        ("/closed/x", "k-api", 200, ""),
        ("/closed/x", "k-all", 200, ""),
        ("/closed/x", "k-service-2", 200, ""),
        ("/closed/x", "k-active", 200, ""),
        ("/closed/x", "k-suspended", 401, INVALID),
        ("/closed/x", "k-expired", 401, INVALID),
        ("/closed/x", "k-nobody", 401, INVALID),
        ("/closed/x", "k-team", 401, INVALID),
        ("/closed/x?subscription-key=k-api", "", 200, ""),
        ("/closed/x?subscription-key=k-api", "k-nobody", 401, INVALID),
        ("/closed;rev=1/x", "k-api", 200, ""),
        ("/free/x", "", 200, ""),
        ("/free/x", "k-starter", 200, ""),
        ("/free/x", "k-api", 401, INVALID),
        ("/free/x", "k-nobody", 401, INVALID),
        ("/opened/x", "", 200, ""),
        ("/opened/x", "k-starter", 200, ""),
        ("/opened/x", "k-suspended", 401, INVALID),
        ("/both/x", "", 200, ""),
        ("/both/x", "k-starter", 401, INVALID),
        ("/alone/x", "k-all", 401, MISSING),
        ("/alone/x?key=k-all", "", 200, ""),
        ("/alone/x?subscription-key=k-all", "", 401, MISSING),
        ("/team/x", "", 401, MISSING),
        ("/team/x", "k-team", 200, ""),
        ("/team/x", "k-all", 200, ""),
        ("/team/x", "k-api", 401, INVALID),
        ("/closed/none", "", 404, r#"{ "statusCode": 404, "message": "Resource not found" }"#),
    ];
    for (url, key, status, body) in cases {
        let response = send(&gateway, "GET", url, &[("Ocp-Apim-Subscription-Key", key)]).await;
        assert_eq!(response.status(), status, "{url} {key}");
        if status != 200 {
            assert_eq!(text(response.into_body()).await, body, "{url} {key}");
        }
    }
}

#[tokio::test]
async fn a_refusal_is_the_same_to_the_letter() {
    let gateway = gateway(&store("http://127.0.0.1:1"));
    let cases =
        [("/closed/x", "", 152, "closed", "Ocp-Apim-Subscription-Key"), ("/alone/x", "k-no", 143, "alone", "X-Key")];
    for (url, key, length, path, name) in cases {
        let headers = [("host", "gw.example:8443"), ("Ocp-Apim-Subscription-Key", key), ("X-Key", key)];
        let response = send(&gateway, "GET", url, &headers).await;
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()["content-type"], "application/json");
        let challenge =
            format!(r#"AzureApiManagementKey realm="https://gw.example:8443/{path}",name="{name}",type="header""#);
        assert_eq!(response.headers()["www-authenticate"], challenge);
        assert_eq!(text(response.into_body()).await.len(), length);
    }
}

#[tokio::test]
async fn the_key_is_passed_on() {
    let server = backend().await;
    let gateway = gateway(&store(&server.url("")));
    let response = send(&gateway, "GET", "/closed/x", &[("Ocp-Apim-Subscription-Key", "k-api")]).await;
    assert!(text(response.into_body()).await.contains("ocp-apim-subscription-key: k-api"));
}

#[tokio::test]
async fn keys_do_not_print() {
    let gateway = gateway(&store("http://127.0.0.1:1"));
    assert!(!format!("{gateway:?} {:?}", gateway.snapshot()).contains("k-"));
}
