use gatewright::backend::Transport;
use gatewright::forward::{ForwardOptions, HttpVersion, WebProxy};
use gatewright::model::{Backend, Proxy};

use crate::support::{Authority, TestProxy, TestServer, echo, text};
use crate::{get, one, to_b, to_url, transport};

const CREDENTIALS: &str = "Basic Q29udG9zb1xhZG1pbjpzM2NyM3Q=";

fn through(proxy: &TestProxy) -> Proxy {
    Proxy::new(proxy.url()).username(r"Contoso\admin").password("{{key}}")
}

#[tokio::test]
async fn plain_http_goes_in_absolute_form_with_credentials() {
    let (server, proxy) = (TestServer::http(echo).await, TestProxy::start(Some(CREDENTIALS)).await);
    let backends = one(&transport(), &Backend::new(server.url("/api")).unwrap().proxy(through(&proxy)));
    let response = backends.call(&to_b(), get("/x?y=1"), &ForwardOptions::default()).await.unwrap();
    assert!(text(response.into_body()).await.starts_with("GET /api/x?y=1 HTTP/1.1\n"));
    let heads = proxy.heads();
    assert_eq!(heads.len(), 1);
    assert!(heads[0].starts_with(&format!("GET {} HTTP/1.1\r\n", server.url("/api/x?y=1"))), "{heads:?}");
    assert!(heads[0].contains(&format!("host: {}\r\n", server.address())), "{heads:?}");
}

#[tokio::test]
async fn https_goes_through_a_tunnel_and_is_checked_as_ever() {
    let (trusted, other) = (Authority::new(), Authority::new());
    let transport = Transport::builder().native_roots(false).root_certificates_pem(trusted.pem()).build().unwrap();
    let proxy = TestProxy::start(Some(CREDENTIALS)).await;
    for (authority, is_trusted) in [(&trusted, true), (&other, false)] {
        let server = TestServer::tls(authority.server(&["localhost"], &["h2", "http/1.1"]), echo).await;
        let backends = one(&transport, &Backend::new(server.tls_url("")).unwrap().proxy(through(&proxy)));
        for version in [HttpVersion::Http1, HttpVersion::Http2] {
            let mut options = ForwardOptions::default();
            options.http_version = version;
            let result = backends.call(&to_b(), get("/x"), &options).await;
            match result {
                Ok(response) => {
                    let seen = text(response.into_body()).await;
                    // The proxy's credentials are not for the backend.
                    assert!(is_trusted && !seen.to_ascii_lowercase().contains("proxy-authorization"), "{seen}");
                }
                Err(error) => assert!(!is_trusted && error.is_certificate(), "{error}"),
            }
        }
        let port = server.address().port();
        assert!(proxy.heads().iter().any(|head| head.starts_with(&format!("CONNECT localhost:{port} HTTP/1.1\r\n"))));
    }
}

#[tokio::test]
async fn a_proxy_that_wants_other_credentials_is_a_connection_failure() {
    let plain = TestServer::http(echo).await;
    let tls = TestServer::tls(Authority::new().server(&["localhost"], &[]), echo).await;
    let proxy = TestProxy::start(Some("Basic other")).await;
    for url in [plain.url(""), tls.tls_url("")] {
        let backends = one(&transport(), &Backend::new(&url).unwrap().proxy(through(&proxy)));
        let error = backends.call(&to_b(), get("/"), &ForwardOptions::default()).await.unwrap_err();
        assert_eq!(error.reason(), "BackendConnectionFailure");
        assert_eq!(error.message(), "Unable to connect to the remote server");
        assert!(error.is_connect() && error.is_retry_safe());
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("asks for other credentials (407)") && !shown.contains("s3cr3t"), "{shown}");
    }
    assert_eq!(plain.connections() + tls.connections(), 0);
}

#[tokio::test]
async fn a_proxy_that_reaches_nobody_is_named() {
    let proxy = TestProxy::start(None).await;
    let backend = Backend::new("https://127.0.0.1:1").unwrap().proxy(Proxy::new(proxy.url()));
    let error = one(&transport(), &backend).call(&to_b(), get("/"), &ForwardOptions::default()).await.unwrap_err();
    let address = proxy.url().replace("http://", "");
    assert_eq!(
        error.to_string(),
        format!(
            "backend `b`: the web proxy refused: no connection to `127.0.0.1:1` through the web proxy `{address}`: it answered 502 to `CONNECT`"
        )
    );
}

#[tokio::test]
async fn a_transport_has_a_proxy_for_all_that_have_none_and_a_request_one_of_its_own() {
    let server = TestServer::http(echo).await;
    let (all, entity, own) = (TestProxy::start(None).await, TestProxy::start(None).await, TestProxy::start(None).await);
    let parse = |proxy: &TestProxy| WebProxy::parse(&proxy.url(), None, None).unwrap();
    let transport = Transport::builder().native_roots(false).proxy(parse(&all)).build().unwrap();
    let backends = one(&transport, &Backend::new(server.url("/b")).unwrap().proxy(Proxy::new(entity.url())));
    let mut with_own = ForwardOptions::default();
    with_own.proxy = Some(parse(&own));
    let plain = ForwardOptions::default();
    for (target, options) in [(to_url(&server.url("")), &plain), (to_b(), &plain), (to_b(), &with_own)] {
        text(backends.call(&target, get("/"), options).await.unwrap().into_body()).await;
    }
    assert_eq!([all.heads().len(), entity.heads().len(), own.heads().len()], [1, 1, 1]);
}

#[test]
fn what_is_no_proxy_is_refused() {
    for (url, problem) in [
        ("proxy:8080", "the scheme is not http or https"),
        ("https://proxy", "the gateway speaks plain HTTP to proxies"),
        ("http://proxy/x", "it has a path or a query"),
        ("http://me@proxy", "it holds user information"),
    ] {
        let error = WebProxy::parse(url, None, None).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
    assert!(WebProxy::parse("http://proxy", Some("a:b"), None).is_err());
}

#[tokio::test]
async fn http2_without_tls_goes_through_a_tunnel() {
    let (server, proxy) = (TestServer::http(echo).await, TestProxy::start(Some(CREDENTIALS)).await);
    let backends = one(&transport(), &Backend::new(server.url("")).unwrap().proxy(through(&proxy)));
    let mut options = ForwardOptions::default();
    options.http_version = HttpVersion::Http2;
    let response = backends.call(&to_b(), get("/x"), &options).await.unwrap();
    assert!(text(response.into_body()).await.contains("HTTP/2.0"));
    assert!(proxy.heads()[0].starts_with(&format!("CONNECT {} HTTP/1.1\r\n", server.address())));
}

#[tokio::test]
async fn redirects_go_through_the_proxy_of_the_entity() {
    let (other, proxy) = (TestServer::http(echo).await, TestProxy::start(Some(CREDENTIALS)).await);
    let to = other.url("/end");
    let server = TestServer::http(move |_| {
        let response = http::Response::builder().status(302).header("location", &to).body(gatewright::Body::empty());
        async { response.unwrap() }
    })
    .await;
    let backends = one(&transport(), &Backend::new(server.url("")).unwrap().proxy(through(&proxy)));
    let mut options = ForwardOptions::default();
    options.follow_redirects = true;
    let response = backends.call(&to_b(), get("/"), &options).await.unwrap();
    assert!(text(response.into_body()).await.starts_with("GET /end "));
    let heads = proxy.heads();
    assert!(heads.len() == 2 && heads[1].starts_with(&format!("GET {} ", other.url("/end"))), "{heads:?}");
}
