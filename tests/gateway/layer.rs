//! A gateway in front of another service.

use std::convert::Infallible;

use gatewright::Body;
use gatewright::gateway::GatewayLayer;
use gatewright::model::Store;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};

use crate::support::text;
use crate::{backend, free_api, gateway};

#[tokio::test]
async fn what_matches_no_api_falls_through() {
    let server = backend().await;
    let mut store = Store::new();
    store.service.apis.insert("a", free_api("a", &server.url(""), &[("x", "GET", "/x")]));
    let inner = service_fn(|request: Request<Full<bytes::Bytes>>| async move {
        Ok::<_, Infallible>(Response::new(Body::from(format!("inner {}", request.uri()))))
    });
    let service = GatewayLayer::new(gateway(&store)).layer(inner);
    for (url, status, expected) in [("/b/x?y=1", 200, "inner /b/x?y=1"), ("/a/x", 200, "GET /x"), ("/a/z", 404, "{ ")] {
        let request = Request::get(url).body(Full::default()).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{url}");
        let body = text(response.into_body()).await;
        assert!(body.starts_with(expected), "{url}: {body}");
    }
}

#[test]
fn futures_can_move_between_threads() {
    fn is_send<T: Send + 'static>(_: &T) {}
    fn is_shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    let gateway = gateway(&Store::new());
    is_shared(&gateway);
    is_send(&tower::Service::call(&mut gateway.clone(), Request::new(Body::empty())));
}
