use gatewright::backend::Transport;
use gatewright::forward::{ForwardOptions, HttpVersion};
use gatewright::model::Backend;

use crate::support::{Authority, TestServer, echo, text};
use crate::{get, one, to_b, transport};

async fn request_line(transport: &Transport, url: &str, version: HttpVersion) -> Option<String> {
    let backends = one(transport, &Backend::new(url).unwrap());
    let mut options = ForwardOptions::default();
    options.http_version = version;
    let response = backends.call(&to_b(), get("/p"), &options).await.ok()?;
    let seen = text(response.into_body()).await;
    seen.lines().next().map(|line| line.split(' ').next_back().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn over_tls_both_sides_agree() {
    let authority = Authority::new();
    let transport = Transport::builder().native_roots(false).root_certificates_pem(authority.pem()).build().unwrap();
    let cases: [(&[&str], HttpVersion, Option<&str>); 8] = [
        (&["h2", "http/1.1"], HttpVersion::Http1, Some("HTTP/1.1")),
        (&["h2", "http/1.1"], HttpVersion::Http2, Some("HTTP/2.0")),
        (&["h2", "http/1.1"], HttpVersion::Http2Or1, Some("HTTP/2.0")),
        (&["http/1.1"], HttpVersion::Http1, Some("HTTP/1.1")),
        (&["http/1.1"], HttpVersion::Http2, None),
        (&["http/1.1"], HttpVersion::Http2Or1, Some("HTTP/1.1")),
        (&[], HttpVersion::Http2, None),
        (&[], HttpVersion::Http2Or1, Some("HTTP/1.1")),
    ];
    for (offered, version, expected) in cases {
        let server = TestServer::tls(authority.server(&["localhost"], offered), echo).await;
        let got = request_line(&transport, &server.tls_url(""), version).await;
        assert_eq!(got.as_deref(), expected, "{offered:?} {version:?}");
    }
}

#[tokio::test]
async fn without_tls_http2_is_used_when_asked_for_alone() {
    let server = TestServer::http(echo).await;
    for (version, expected) in
        [(HttpVersion::Http1, "HTTP/1.1"), (HttpVersion::Http2, "HTTP/2.0"), (HttpVersion::Http2Or1, "HTTP/1.1")]
    {
        let got = request_line(&transport(), &server.url(""), version).await;
        assert_eq!(got.as_deref(), Some(expected), "{version:?}");
    }
}

#[tokio::test]
async fn http2_names_the_host_in_its_authority() {
    let server = TestServer::http(echo).await;
    let backends = one(&transport(), &Backend::new(server.url("/api")).unwrap());
    let mut options = ForwardOptions::default();
    options.http_version = HttpVersion::Http2;
    let mut request = get("/p");
    request.headers_mut().insert("host", http::HeaderValue::from_static("gateway.example"));
    let seen = text(backends.call(&to_b(), request, &options).await.unwrap().into_body()).await;
    assert_eq!(seen.trim_end(), format!("GET {} HTTP/2.0", server.url("/api/p")));
}
