//! Settings that API Management does not have.

use std::time::Duration;

use gatewright::Body;
use gatewright::backend::Transport;
use gatewright::gateway::Gateway;
use gatewright::model::{Api, ApiEntry, Operation, Policy, Store, Subscription};
use gatewright::policy::EngineSettings;
use http::Request;
use tower::ServiceExt;

use crate::support::{TestServer, raw, text};
use crate::{header, send};

fn gateway(url: &str, settings: impl FnOnce(&mut EngineSettings)) -> Gateway {
    let mut store = Store::new();
    let mut entry = ApiEntry::new(Api::new("a").service_url(url));
    entry.operations.insert("x", Operation::new("GET", "/x").into());
    entry.policy = Some(Policy::new(
        r#"<policies><inbound /><backend><forward-request timeout-ms="200" /></backend><outbound />
        <on-error><set-header name="x-reason"><value>@(context.LastError.Reason)</value></set-header></on-error></policies>"#,
    ));
    store.service.apis.insert("a", entry);
    store.service.subscriptions.insert("s", Subscription::new("/apis").primary_key("the-key"));
    let transport = Transport::builder().native_roots(false).connect_timeout(Duration::from_secs(5)).build().unwrap();
    let mut chosen = EngineSettings::default();
    settings(&mut chosen);
    Gateway::builder().transport(transport).settings(chosen).build(&store).unwrap()
}

#[tokio::test]
async fn a_backend_without_a_response_may_be_502_or_504() {
    let (reset, silent) = (TestServer::raw(raw::reset).await, TestServer::raw(raw::silent).await);
    let cases =
        [(&reset, 502, "BackendConnectionFailure", "Bad Gateway"), (&silent, 504, "Timeout", "Gateway Timeout")];
    for (server, status, reason, message) in cases {
        for on in [true, false] {
            let gateway = gateway(&server.url(""), |settings| settings.gateway_statuses = on);
            let response = send(&gateway, "GET", "/a/x", &[("ocp-apim-subscription-key", "the-key")]).await;
            assert_eq!(response.status().as_u16(), if on { status } else { 500 });
            assert_eq!(header(&response, "x-reason"), reason);
            let body = text(response.into_body()).await;
            let expected = format!("{{ \"statusCode\": {status}, \"message\": \"{message}\" }}");
            assert_eq!(body == expected, on, "{body}");
        }
    }
}

#[tokio::test]
async fn the_subscription_key_may_stay_with_the_gateway() {
    let backend = crate::backend().await;
    for (path, key, expected) in [
        ("/a/x?b=1&Subscription-Key=the-key&c", None, "GET /x?b=1&c"),
        ("/a/x?subscription-key=the-key", None, "GET /x "),
        ("/a/x?c=%20d", Some("the-key"), "GET /x?c=%20d"),
    ] {
        for on in [true, false] {
            let gateway = gateway(&backend.url(""), |settings| settings.removes_subscription_key = on);
            let headers: Vec<_> = key.map(|key| ("ocp-apim-subscription-key", key)).into_iter().collect();
            let seen = text(send(&gateway, "GET", path, &headers).await.into_body()).await;
            assert_eq!(seen.contains("the-key"), !on, "{seen}");
            assert!(!on || seen.starts_with(expected), "{seen}");
        }
    }
}

#[tokio::test]
async fn backends_may_be_told_the_host_and_scheme() {
    let backend = crate::backend().await;
    for on in [true, false] {
        let gateway = gateway(&backend.url(""), |settings| settings.forwards_host_and_scheme = on);
        let request = Request::get("/a/x").header("host", "api.example:8443").header("x-forwarded-host", "forged");
        let request = request.header("ocp-apim-subscription-key", "the-key").body(Body::empty()).unwrap();
        let seen = text(gateway.oneshot(request).await.unwrap().into_body()).await;
        assert_eq!(seen.contains("x-forwarded-host: api.example:8443\n"), on, "{seen}");
        assert_eq!(seen.contains("x-forwarded-proto: http\n"), on, "{seen}");
    }
}
