//! Policies that call outside services, over the network.

mod messages;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use gatewright::Body;
use gatewright::backend::Transport;
use gatewright::gateway::{Gateway, GatewayBuilder};
use gatewright::model::{Certificate, CertificateAuthority, Logger, LoggerKind, NamedValue, Policy, Store};
use gatewright::policy::{Document, EngineSettings, Environment, PolicyLayer, Scope};
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::sync::{Barrier, Notify};
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{Authority, TestProxy, TestServer, text};
use crate::told::Told;
use crate::{free_api, header, send};

/// What servers were asked: method and path, headers, body.
type Asked = Arc<Mutex<Vec<String>>>;

/// Notes each request down and answers with this status.
async fn noting(status: u16) -> (impl Fn(Request<Incoming>) -> Answer + Clone + Send + Sync + 'static, Asked) {
    let asked = Asked::default();
    let seen = asked.clone();
    let handler = move |request: Request<Incoming>| -> Answer {
        let seen = seen.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = text(Body::new(body)).await;
            let headers = parts.headers.iter().map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()));
            let headers: String = headers.collect();
            seen.lock().unwrap().push(format!("{} {}\n{headers}\n{body}", parts.method, parts.uri));
            Response::builder().status(status).body(Body::from("taken")).unwrap()
        })
    };
    (handler, asked)
}

type Answer = std::pin::Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

fn builder() -> GatewayBuilder {
    Gateway::builder().transport(Transport::builder().native_roots(false).build().unwrap())
}

/// One API with these statements in `inbound`; it answers by itself.
fn answering(inbound: &str) -> Store {
    let mut store = Store::new();
    let mut api = free_api("a", "http://127.0.0.1:9", &[("get", "GET", "/*"), ("post", "POST", "/*")]);
    api.policy = Some(Policy::new(format!(
        r#"<policies><inbound>{inbound}</inbound><backend /><outbound /><on-error><set-header name="x-reason"><value>@(context.LastError.Source + "|" + context.LastError.Reason + "|" + context.LastError.Message)</value></set-header></on-error></policies>"#
    )));
    store.service.apis.insert("a", api);
    store
}

#[tokio::test]
async fn a_request_goes_out_and_its_response_is_in_a_variable() {
    let (handler, asked) = noting(201).await;
    let server = TestServer::http(handler).await;
    let store = answering(&format!(
        r#"<send-request response-variable-name="r"><set-url>@("{}?q=" + context.Request.Method)</set-url><set-method>POST</set-method><set-header name="X-One"><value>1</value></set-header><set-body>hello</set-body></send-request>
           <return-response><set-body>@(((IResponse)context.Variables["r"]).StatusCode + ((IResponse)context.Variables["r"]).StatusReason + ((IResponse)context.Variables["r"]).Body.As<string>())</set-body></return-response>"#,
        server.url("/path")
    ));
    let gateway = builder().build(&store).unwrap();
    let response = send(&gateway, "GET", "/a/x", &[]).await;
    assert_eq!(text(response.into_body()).await, "201Createdtaken");
    let asked = asked.lock().unwrap().clone();
    let [asked] = asked.as_slice() else { panic!("{asked:?}") };
    assert!(asked.starts_with("POST /path?q=GET\n") && asked.ends_with("\n\nhello"), "{asked}");
    assert!(asked.contains("x-one: 1\n") && asked.contains(&format!("host: {}\n", server.address())), "{asked}");
    assert!(asked.contains("content-length: 5\n"), "{asked}");
}

#[tokio::test]
async fn requests_in_wait_are_under_way_at_the_same_time() {
    let barrier = Arc::new(Barrier::new(3));
    let server = TestServer::http(move |_| {
        let barrier = barrier.clone();
        async move {
            barrier.wait().await;
            Response::new(Body::from("1"))
        }
    })
    .await;
    let one = |name: &str| {
        format!(
            r#"<send-request response-variable-name="{name}" timeout="5"><set-url>{}</set-url></send-request>"#,
            server.url("/")
        )
    };
    let store = answering(&format!("<wait>{}{}{}</wait>", one("a"), one("b"), one("c")));
    let response = send(&builder().build(&store).unwrap(), "GET", "/a/x", &[]).await;
    assert_eq!((response.status().as_u16(), header(&response, "x-reason")), (200, String::new()));
}

#[tokio::test]
async fn a_server_that_is_not_there_and_one_that_is_silent() {
    let silent = TestServer::http(|_| std::future::pending()).await;
    for (url, limit, expected) in [
        (
            "http://127.0.0.1:9/".to_owned(),
            5_000,
            "send-request|BackendConnectionFailure|Unable to connect to the remote server",
        ),
        (silent.url("/"), 50, "send-request|Timeout|Request to the backend service timed out"),
    ] {
        let request = format!(
            r#"<send-request response-variable-name="r" timeout-ms="{limit}"><set-url>{url}</set-url></send-request>"#
        );
        let response = send(&builder().build(&answering(&request)).unwrap(), "GET", "/a/x", &[]).await;
        assert_eq!((response.status().as_u16(), header(&response, "x-reason")), (500, expected.to_owned()));
    }
}

#[tokio::test]
async fn a_call_of_the_gateway_itself_stays_in_process() {
    let server = crate::backend().await;
    for (url, host) in [
        ("https://contoso.azure-api.net/inner/x?a=1", ""),
        (
            "https://127.0.0.1/inner/x?a=1",
            r#"<set-header name="Host"><value>contoso.azure-api.net</value></set-header>"#,
        ),
    ] {
        let mut store = answering(&format!(
            r#"<send-request response-variable-name="r"><set-url>{url}</set-url>{host}</send-request><return-response response-variable-name="r" />"#
        ));
        store.host_names = vec!["contoso.azure-api.net".to_owned()];
        store.service.apis.insert("inner", free_api("inner", &server.url("/real"), &[("get", "GET", "/*")]));
        let response = send(&builder().build(&store).unwrap(), "GET", "/a/x", &[]).await;
        let reason = header(&response, "x-reason");
        let body = text(response.into_body()).await;
        assert!(body.starts_with("GET /real/x?a=1 "), "{url}: {reason} {body}");
    }
    // One that asks itself for itself ends.
    let mut store = answering(
        r#"<send-request mode="copy" response-variable-name="r"><set-url>https://contoso.azure-api.net/a/x</set-url></send-request><return-response response-variable-name="r" />"#,
    );
    store.host_names = vec!["contoso.azure-api.net".to_owned()];
    let response = send(&builder().build(&store).unwrap(), "GET", "/a/x", &[]).await;
    assert_eq!(response.status().as_u16(), 508);
}

#[tokio::test]
async fn nobody_waits_for_a_one_way_request() {
    let (go, count) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    let (wait, seen) = (go.clone(), count.clone());
    let server = TestServer::http(move |_| {
        let (wait, seen) = (wait.clone(), seen.clone());
        async move {
            wait.notified().await;
            seen.fetch_add(1, Ordering::SeqCst);
            Response::new(Body::empty())
        }
    })
    .await;
    let store = answering(&format!(
        r#"<send-one-way-request mode="new" timeout="20"><set-url>{}</set-url></send-one-way-request>"#,
        server.url("/")
    ));
    let settings = EngineSettings::default();
    let deliveries = settings.deliveries.clone();
    let gateway = builder().settings(settings).build(&store).unwrap();
    assert_eq!(send(&gateway, "GET", "/a/x", &[]).await.status(), 200);
    assert_eq!((count.load(Ordering::SeqCst), deliveries.in_flight()), (0, 1));
    go.notify_one();
    gateway.drained().await;
    assert_eq!((count.load(Ordering::SeqCst), deliveries.sent(), deliveries.failed()), (1, 1, 0));
}

#[tokio::test]
async fn a_client_certificate_is_shown() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let (pem, thumbprint) = clients.client("client");
    let who = |_, thumbprint: String| async move { Response::new(Body::from(thumbprint)) };
    let server = TestServer::mutual(servers.mutual(&clients), who).await;
    let body = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &pem);
    for certificate in [
        r#"certificate-id="client""#.to_owned(),
        format!(r#"thumbprint="{thumbprint}""#),
        format!(r#"body="{body}""#),
        format!(r#"body="@(Convert.FromBase64String(&quot;{body}&quot;))""#),
    ] {
        let url = server.tls_url("/");
        let mut store = answering(&format!(
            r#"<send-request response-variable-name="r"><set-url>{url}</set-url><authentication-certificate {certificate} /></send-request><return-response response-variable-name="r" />"#
        ));
        let mut forwarding = free_api("f", &url, &[("get", "GET", "/*")]);
        forwarding.policy = Some(Policy::new(format!(
            "<policies><inbound><authentication-certificate {certificate} /></inbound><backend><base /></backend><outbound /><on-error /></policies>"
        )));
        store.service.apis.insert("f", forwarding);
        store.authorities.push(CertificateAuthority::new(servers.pem()));
        store.service.certificates.insert("client", Certificate::new().data(pem.as_str()));
        let gateway = builder().build(&store).unwrap();
        for path in ["/a/x", "/f/x"] {
            let response = send(&gateway, "GET", path, &[]).await;
            let reason = header(&response, "x-reason");
            assert_eq!(text(response.into_body()).await, thumbprint, "{path} {certificate}: {reason}");
        }
    }
    let store = answering(&format!(
        r#"<send-request response-variable-name="r"><set-url>{}</set-url><authentication-certificate certificate-id="@(context.Request.Method)" /></send-request>"#,
        server.tls_url("/")
    ));
    let response = send(&builder().build(&store).unwrap(), "GET", "/a/x", &[]).await;
    assert_eq!(header(&response, "x-reason"), "send-request|CertificateNotFound|Certificate GET was not found.");
}

#[tokio::test]
async fn requests_go_through_the_web_proxy_that_a_policy_names() {
    let server = crate::backend().await;
    let proxy = TestProxy::start(Some("Basic dTpw")).await;
    let element = format!(r#"<proxy url="{}" username="u" password="p" />"#, proxy.url());
    let mut store = answering(&format!(
        r#"<send-request response-variable-name="r"><set-url>{}</set-url>{element}</send-request><return-response response-variable-name="r" />"#,
        server.url("/own")
    ));
    let mut forwarding = free_api("f", &server.url("/forwarded"), &[("get", "GET", "/*")]);
    forwarding.policy = Some(Policy::new(format!(
        "<policies><inbound>{element}</inbound><backend><base /></backend><outbound /><on-error /></policies>"
    )));
    store.service.apis.insert("f", forwarding);
    let gateway = builder().build(&store).unwrap();
    for (path, expected) in [("/a/x", "GET /own "), ("/f/x", "GET /forwarded/x ")] {
        let response = send(&gateway, "GET", path, &[]).await;
        let body = text(response.into_body()).await;
        assert!(body.starts_with(expected), "{path}: {body}");
    }
    let heads = proxy.heads();
    assert_eq!(heads.len(), 2, "{heads:?}");
    assert!(heads.iter().all(|head| head.starts_with(&format!("GET {}", server.url("/")))), "{heads:?}");
}

#[tokio::test]
async fn a_layer_sends_over_a_transport_or_says_that_nothing_sends() {
    let server = crate::backend().await;
    let document = format!(
        r#"<policies><inbound><send-request response-variable-name="r"><set-url>{}</set-url></send-request><return-response response-variable-name="r" /></inbound><backend /><outbound /><on-error><set-header name="x-reason"><value>@(context.LastError.Reason + "|" + context.LastError.Message)</value></set-header></on-error></policies>"#,
        server.url("/layer")
    );
    let document = Document::compile("d.xml", &document, Scope::Global, &Environment::new()).unwrap();
    let inner =
        service_fn(|_: Request<Body>| async { Ok::<_, std::convert::Infallible>(Response::new(Body::empty())) });
    let layer = PolicyLayer::new([document]);
    let response = layer.layer(inner).oneshot(Request::new(Body::empty())).await.unwrap();
    let expected =
        "OutboundNotConfigured|Nothing sends the requests of policies here: the engine's settings have no outbound.";
    assert_eq!((response.status().as_u16(), header(&response, "x-reason")), (500, expected.to_owned()));
    let transport = Transport::builder().native_roots(false).build().unwrap();
    let layer = layer.outbound(Arc::new(transport));
    let response = layer.layer(inner).oneshot(Request::new(Body::empty())).await.unwrap();
    let body = text(response.into_body()).await;
    assert!(body.starts_with("GET /layer "), "{body}");
}

#[tokio::test]
async fn a_response_that_is_too_large_or_breaks_off_is_an_error() {
    let (handler, _) = noting(200).await;
    let whole = TestServer::http(handler).await;
    let broken = TestServer::raw(|stream| {
        crate::support::raw::answer_and_close(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    })
    .await;
    for (url, expected) in [
        (whole.url("/"), "send-request|ResponseBodyTooLarge|Response body is larger than 4 bytes."),
        (
            broken.url("/"),
            "send-request|BackendConnectionFailure|Underlying transport connection was unexpectedly closed.",
        ),
    ] {
        for more in ["", r#"buffer-response="false""#] {
            let limit = if url == whole.url("/") { 4 } else { 1_000 };
            let store = answering(&format!(
                r#"<send-request response-variable-name="r" {more}><set-url>{url}</set-url></send-request>"#
            ));
            let mut settings = EngineSettings::default();
            settings.body_limit = limit;
            let response = send(&builder().settings(settings).build(&store).unwrap(), "GET", "/a/x", &[]).await;
            assert_eq!((response.status().as_u16(), header(&response, "x-reason")), (500, expected.to_owned()));
        }
    }
}

const CANARY: &str = "canary-4711";
/// The canary as the password of `u`.
const BASIC: &str = "Basic dTpjYW5hcnktNDcxMQ==";

#[tokio::test]
async fn secrets_go_out_and_are_told_nobody() {
    let (handler, asked) = noting(500).await;
    let server = TestServer::http(handler).await;
    let down = "http://127.0.0.1:9";
    let (basic, url) = (r#"<authentication-basic username="u" password="{{canary}}" />"#, server.url(""));
    let own = |url: &str, more: &str| {
        format!(
            r#"<send-request response-variable-name="r"><set-url>{url}?key={{{{canary}}}}</set-url>{basic}{more}</send-request>"#
        )
    };
    let proxy = TestProxy::start(Some(BASIC)).await;
    let (authority, (takes, events)) = (Authority::new(), noting(201).await);
    let events_server = TestServer::tls(authority.server(&["localhost"], &["http/1.1"]), takes).await;
    let taking = format!("localhost:{}", events_server.address().port());
    let hub = |id: &str| format!(r#"<log-to-eventhub logger-id="{id}">event</log-to-eventhub>"#);
    let failing = r#"<send-request response-variable-name="r" fail-on-error-status-code="true">"#;
    for inbound in [
        own(&url, ""),
        own(down, ""),
        own(down, r#"<proxy url="http://127.0.0.1:9" username="u" password="{{canary}}" />"#),
        own(&url, &format!(r#"<proxy url="{}" username="u" password="{{{{canary}}}}" />"#, proxy.url())),
        own(&url, "").replacen(r#"<send-request response-variable-name="r">"#, failing, 1),
        r#"<send-request response-variable-name="r"><set-url>@("/relative?key={{canary}}" + context.Request.Method)</set-url></send-request>"#.to_owned(),
        r#"<send-request response-variable-name="r"><set-url>@("https://a b/?key={{canary}}" + context.Request.Method)</set-url></send-request>"#.to_owned(),
        hub("hub"),
        hub("taking"),
    ] {
        let mut store = answering(&inbound);
        store.service.named_values.insert("canary", NamedValue::new().value(CANARY).secret(true));
        store.authorities.push(CertificateAuthority::new(authority.pem()));
        for (name, host) in [("hub", "127.0.0.1:9"), ("taking", &taking)] {
            let text = format!("Endpoint=sb://{host}/;SharedAccessKeyName=a;SharedAccessKey={CANARY};EntityPath=h");
            let logger = Logger::new().kind(LoggerKind::AzureEventHub).credential("connectionString", text);
            store.service.loggers.insert(name, logger);
        }
        let mut told = Told::begin();
        let gateway = told.build(EngineSettings::default(), &store).unwrap();
        told.send(&gateway, "a", &[]).await;
        told.assert_silent(&inbound, &[CANARY, BASIC, &BASIC[6..]]);
    }
    let asked = asked.lock().unwrap().clone();
    assert_eq!((asked.len(), proxy.heads().len(), events.lock().unwrap().len()), (3, 1, 1));
    assert!(asked.iter().all(|asked| asked.starts_with(&format!("GET /?key={CANARY}\n"))), "{asked:?}");
}
