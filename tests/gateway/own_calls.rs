//! Calls of the gateway to itself: section 8 of how backends behave.

use gatewright::Body;
use gatewright::backend::Transport;
use gatewright::gateway::{Gateway, GatewayBuilder, GatewayLayer};
use gatewright::model::{Backend, Policy, Pool, PoolMember, Store, Subscription, Tls};
use http::{Request, Response};
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{TestServer, text};
use crate::{backend, document, free_api, header, send};

const NAME: &str = "contoso.azure-api.net";

fn builder() -> GatewayBuilder {
    Gateway::builder().transport(Transport::builder().native_roots(false).build().unwrap())
}

/// Two APIs: `inner` is in front of a real backend, `outer` in front of `service_url`.
fn store(server: &TestServer, service_url: &str) -> Store {
    let mut store = Store::new();
    store.host_names = vec![NAME.to_owned()];
    let inner = free_api("inner", &server.url("/real"), &[("get", "GET", "/*"), ("post", "POST", "/*")]);
    store.service.apis.insert("inner", inner);
    let outer = free_api("outer", service_url, &[("get", "GET", "/*"), ("post", "POST", "/*")]);
    store.service.apis.insert("outer", outer);
    store
}

fn set_host(name: &str) -> String {
    format!(r#"<set-header name="Host" exists-action="override"><value>{name}</value></set-header>"#)
}

#[tokio::test]
async fn its_own_urls_are_served_without_a_socket() {
    let server = backend().await;
    let cases = [
        (format!("https://{NAME}/inner"), String::new()),
        (format!("http://{NAME}/inner"), String::new()),
        (format!("https://{}/inner", NAME.to_uppercase()), String::new()),
        ("https://localhost/inner".to_owned(), set_host(NAME)),
        ("https://127.0.0.1/inner".to_owned(), set_host(NAME)),
    ];
    for (url, inbound) in cases {
        let mut store = store(&server, &url);
        let outer = store.service.apis.get_mut("outer").unwrap();
        outer.policy = Some(document(&inbound, &append_id("outer"), ""));
        store.service.apis.get_mut("inner").unwrap().policy = Some(document(
            r#"<set-header name="X-Original"><value>@(context.Request.OriginalUrl.ToString())</value></set-header>"#,
            &append_id("inner"),
            "",
        ));
        let gateway = builder().build(&store).unwrap();
        let response = send(&gateway, "GET", "/outer/a%20b?x=1", &[("x-mine", "kept")]).await;
        assert_eq!((response.status().as_u16(), header(&response, "x-through")), (200, "inner,outer".into()), "{url}");
        let ids = header(&response, "x-id");
        let ids: Vec<_> = ids.split(',').collect();
        assert!(ids.len() == 2 && ids[0] != ids[1], "each call has a context of its own: {ids:?}");
        let seen = text(response.into_body()).await;
        assert!(seen.starts_with("GET /real/a%20b?x=1 "), "{url}: {seen}");
        let original = format!("{}://{NAME}", url.split(':').next().unwrap());
        assert!(seen.to_lowercase().contains(&format!("x-original: {original}")), "{url}: {seen}");
        assert!(seen.contains("/inner/a%20b?x=1\n") && seen.contains("x-mine: kept\n"), "{seen}");
        assert!(seen.contains(&format!("host: {}\n", server.address())), "{seen}");
    }
}

fn append_id(name: &str) -> String {
    format!(
        r#"<set-header name="x-through" exists-action="append"><value>{name}</value></set-header>
           <set-header name="x-id" exists-action="append"><value>@(context.RequestId.ToString())</value></set-header>"#
    )
}

#[tokio::test]
async fn an_entity_with_its_own_url_brings_its_settings() {
    let server = backend().await;
    let mut store = store(&server, "http://127.0.0.1:9");
    let own = Backend::new(format!("https://{NAME}/inner")).unwrap();
    let own = own.tls(Tls::new().validate_certificate_name(false));
    let own = own.credentials(gatewright::model::Credentials::new().header("x-key", "k"));
    store.service.backends.insert("own", own);
    let policy = document(r#"<set-backend-service backend-id="own" />"#, "", "");
    store.service.apis.get_mut("outer").unwrap().policy = Some(policy);
    let gateway = builder().build(&store).unwrap();
    let request = Request::post("/outer/p").body(Body::from("content")).unwrap();
    let seen = text(gateway.oneshot(request).await.unwrap().into_body()).await;
    assert!(seen.starts_with("POST /real/p ") && seen.contains("x-key: k\n") && seen.ends_with("\ncontent"), "{seen}");
}

#[tokio::test]
async fn keys_are_checked_again() {
    let server = backend().await;
    let mut store = store(&server, &format!("https://{NAME}/inner"));
    store.service.apis.get_mut("inner").unwrap().api.subscription_required = Some(true);
    store.service.subscriptions.insert("s", Subscription::new("/apis").primary_key("k"));
    let gateway = builder().build(&store).unwrap();
    let refused = send(&gateway, "GET", "/outer/x", &[]).await;
    assert_eq!((refused.status().as_u16(), server.connections()), (401, 0));
    assert_eq!(send(&gateway, "GET", "/outer/x", &[("ocp-apim-subscription-key", "k")]).await.status(), 200);
}

#[tokio::test]
async fn a_loop_is_told_from_a_long_chain() {
    let server = backend().await;
    let reason = r#"<set-header name="x-why"><value>@(context.LastError?.Message)</value></set-header>"#;
    let gateway = |most: usize, inbound: &str| {
        let mut store = store(&server, &format!("https://{NAME}/outer"));
        store.service.apis.get_mut("outer").unwrap().policy = Some(document(inbound, "", reason));
        builder().most_own_calls(most).build(&store).unwrap()
    };
    let response = send(&gateway(5, ""), "GET", "/outer/x?key=secret", &[]).await;
    let call = "GET /outer/x";
    let expected = format!("The gateway calls itself in a loop: {call}, then {call}, then {call}.");
    assert_eq!((response.status().as_u16(), header(&response, "x-why")), (508, expected.clone()));
    let body = text(response.into_body()).await;
    assert_eq!(body, format!("{{ \"statusCode\": 508, \"message\": \"{expected}\" }}"));

    let longer = r#"<rewrite-uri template="@(context.Request.OriginalUrl.Path.Substring(6) + "/x")" />"#;
    for most in [0, 1, 5] {
        let response = send(&gateway(most, longer), "GET", "/outer/x", &[]).await;
        assert_eq!(response.status(), 508, "{most}");
        let body = text(response.into_body()).await;
        assert!(body.contains(&format!("called itself more than {most} times in a row")), "{body}");
        assert_eq!(body.matches("GET /outer").count(), most + 1, "{body}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn an_unknown_path_is_answered_here() {
    let server = backend().await;
    let gateway = builder().build(&store(&server, &format!("https://{NAME}/nothing"))).unwrap();
    let response = send(&gateway, "GET", "/outer/x", &[]).await;
    assert_eq!(response.status(), 404);
    assert!(text(response.into_body()).await.contains("Resource not found"));
}

#[tokio::test]
async fn behind_a_layer_an_unknown_path_goes_over_the_socket() {
    let server = backend().await;
    let name = server.address().to_string();
    let mut store = store(&server, &format!("http://{name}/nothing"));
    store.host_names = vec![name];
    let inner = service_fn(async |_| Ok::<_, std::convert::Infallible>(Response::new(Body::from("inner"))));
    let service = GatewayLayer::new(builder().build(&store).unwrap()).layer(inner);
    let response = service.oneshot(Request::get("/outer/x").body(Body::empty()).unwrap()).await.unwrap();
    assert!(text(response.into_body()).await.starts_with("GET /nothing/x "));
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn it_can_be_turned_off() {
    let (server, socket) = (backend().await, backend().await);
    let name = socket.address().to_string();
    let store = store(&server, &format!("http://{name}/inner"));
    for (is_on, path) in [(true, "/real/x"), (false, "/inner/x")] {
        let gateway = builder().host_name(&name).own_calls_in_process(is_on).build(&store).unwrap();
        let response = send(&gateway, "GET", "/outer/x", &[]).await;
        assert!(text(response.into_body()).await.starts_with(&format!("GET {path} ")), "{is_on}");
    }
    assert_eq!(socket.connections(), 1);
}

#[tokio::test]
async fn the_name_of_the_service_is_its_own() {
    let server = backend().await;
    let mut store = store(&server, "https://fabrikam.azure-api.net/inner");
    store.name = Some("fabrikam".to_owned());
    let gateway = builder().build(&store).unwrap();
    assert_eq!(send(&gateway, "GET", "/outer/x", &[]).await.status(), 200);
    gateway.replace(&store).unwrap();
    assert_eq!(send(&gateway, "GET", "/outer/x", &[]).await.status(), 200, "after a reload");
}

#[tokio::test]
async fn the_callers_address_is_known_all_the_way() {
    let server = backend().await;
    let mut store = store(&server, &format!("https://{NAME}/inner"));
    let policy = r#"<set-header name="X-Ip"><value>@(context.Request.IpAddress)</value></set-header>"#;
    store.service.apis.get_mut("inner").unwrap().policy = Some(document(policy, "", ""));
    let gateway = builder().build(&store).unwrap().client("192.0.2.7".parse().unwrap());
    let seen = text(send(&gateway, "GET", "/outer/x", &[]).await.into_body()).await;
    assert!(seen.contains("x-ip: 192.0.2.7\n"), "{seen}");
}

#[tokio::test]
async fn redirects_to_itself_are_served_here() {
    let server = backend().await;
    let to = format!("https://{NAME}/inner/y");
    let location = format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n").leak().as_bytes();
    let first = TestServer::raw(move |stream| crate::support::raw::answer(stream, location)).await;
    let mut store = store(&server, &first.url(""));
    store.service.apis.get_mut("outer").unwrap().policy = Some(Policy::new(
        r#"<policies><inbound><base /></inbound><backend><forward-request follow-redirects="true" /></backend>
           <outbound><base /></outbound><on-error><base /></on-error></policies>"#,
    ));
    let gateway = builder().build(&store).unwrap();
    let seen = text(send(&gateway, "GET", "/outer/x", &[]).await.into_body()).await;
    assert!(seen.starts_with("GET /real/y "), "{seen}");
}

#[tokio::test]
async fn any_member_of_a_pool_may_be_the_gateway() {
    let server = backend().await;
    let mut store = store(&server, "http://127.0.0.1:9");
    store.service.backends.insert("external", Backend::new("https://external.example").unwrap());
    store.service.backends.insert("own", Backend::new(format!("https://{NAME}/inner")).unwrap());
    let pool = Pool::new().member(PoolMember::new("external").weight(0)).member(PoolMember::new("own"));
    store.service.backends.insert("p", Backend::of_pool(pool));
    let outer = store.service.apis.get_mut("outer").unwrap();
    outer.policy = Some(document(r#"<set-backend-service backend-id="p" />"#, "", ""));
    let gateway = builder().build(&store).unwrap();
    let response = send(&gateway, "GET", "/outer/x", &[]).await;
    let seen = text(response.into_body()).await;
    assert!(seen.starts_with("GET /real/x "), "{seen}");
}
