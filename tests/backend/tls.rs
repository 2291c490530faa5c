use gatewright::backend::{Backends, Transport, TransportError};
use gatewright::forward::ForwardOptions;
use gatewright::model::{Backend, CertificateAuthority, Tls};
use gatewright::secret::NamedValues;

use crate::support::{Authority, TestServer, crypto_provider, echo, text};
use crate::{get, get_root, one, to_b, to_url, transport};

const TRUST: &str =
    "The underlying connection was closed: Could not establish trust relationship for the SSL/TLS secure channel.";

#[tokio::test]
async fn chain_and_name_are_switched_off_each_alone() {
    let (trusted, untrusted) = (Authority::new(), Authority::new());
    let transport = Transport::builder().native_roots(false).root_certificates_pem(trusted.pem()).build().unwrap();
    for (authority, chain_is_good) in [(&trusted, true), (&untrusted, false)] {
        for (name, name_is_good) in [("localhost", true), ("other.example", false)] {
            let server = TestServer::tls(authority.server(&[name], &[]), echo).await;
            // Everything is allowed first: its connection must not serve those who check.
            for (chain, name) in [(false, false), (false, true), (true, false), (true, true)] {
                let tls = Tls::new().validate_certificate_chain(chain).validate_certificate_name(name);
                let backends = one(&transport, &Backend::new(server.tls_url("")).unwrap().tls(tls));
                let result = backends.call(&to_b(), get("/"), &ForwardOptions::default()).await;
                let is_expected = (chain_is_good || !chain) && (name_is_good || !name);
                let case = format!("{authority_name} {name_is_good} {chain} {name}", authority_name = chain_is_good);
                match result {
                    Ok(response) => {
                        assert!(is_expected, "{case}");
                        text(response.into_body()).await;
                    }
                    Err(error) => {
                        assert!(!is_expected, "{case}: {error}");
                        assert!(error.is_certificate() && error.is_retry_safe(), "{case}: {error}");
                        assert_eq!((error.reason(), &*error.message()), ("BackendConnectionFailure", TRUST), "{case}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn a_transport_without_roots_trusts_nobody() {
    let server = TestServer::tls(Authority::new().server(&["localhost"], &[]), echo).await;
    assert!(get_root(&transport(), &server.tls_url("")).await.unwrap_err().is_certificate());
}

#[tokio::test]
async fn the_operator_is_told_what_is_wrong_with_a_certificate() {
    let authority = Authority::new();
    let transport = Transport::builder().native_roots(false).root_certificates_pem(authority.pem()).build().unwrap();
    for (names, expected) in [(&["other.example"][..], "other.example"), (&[], "subjectAltName")] {
        let server = TestServer::tls(authority.server(names, &[]), echo).await;
        let shown = get_root(&transport, &server.tls_url("")).await.unwrap_err().to_string();
        let address = format!("localhost:{}", server.address().port());
        let start = format!("backend `b`: the certificate was refused: no connection to `{address}`: ");
        assert!(shown.starts_with(&start) && shown.contains(expected), "{shown}");
    }
}

#[tokio::test]
async fn an_address_is_checked_as_a_name() {
    let authority = Authority::new();
    let transport = Transport::builder().native_roots(false).root_certificates_pem(authority.pem()).build().unwrap();
    let server = TestServer::tls(authority.server(&["127.0.0.1"], &[]), echo).await;
    let at = |host: &str| format!("https://{host}:{}", server.address().port());
    assert!(get_root(&transport, &at("127.0.0.1")).await.is_ok());
    assert!(get_root(&transport, &at("localhost")).await.unwrap_err().is_certificate());
}

#[tokio::test]
async fn a_host_header_does_not_change_the_name_that_is_checked() {
    let authority = Authority::new();
    let transport = Transport::builder().native_roots(false).root_certificates_pem(authority.pem()).build().unwrap();
    let server = TestServer::tls(authority.server(&["localhost"], &[]), echo).await;
    let backends = one(&transport, &Backend::new(server.tls_url("")).unwrap());
    let mut options = ForwardOptions::default();
    options.keep_host = true;
    let mut request = get("/");
    request.headers_mut().insert("host", http::HeaderValue::from_static("other.example"));
    let response = backends.call(&to_b(), request, &options).await.unwrap();
    assert!(text(response.into_body()).await.contains("host: other.example"));
}

#[tokio::test]
async fn a_plain_server_fails_the_handshake() {
    let server = TestServer::http(echo).await;
    let error = get_root(&transport(), &server.tls_url("")).await.unwrap_err();
    assert!(error.is_connect() && !error.is_certificate(), "{error}");
    assert_eq!(error.reason(), "BackendConnectionFailure");
}

#[test]
fn a_bad_root_is_refused() {
    for pem in ["", "nothing", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let error = Transport::builder().native_roots(false).root_certificates_pem(pem).build().unwrap_err();
        assert!(matches!(error, TransportError::Roots(_)), "{error}");
    }
}

#[test]
fn a_given_crypto_provider_is_used() {
    let provider = rustls::crypto::CryptoProvider { cipher_suites: Vec::new(), ..crypto_provider() };
    let builder = Transport::builder().native_roots(false);
    let builder = gatewright::backend::tls::rustls_0_23::crypto_provider(builder, provider.into());
    assert!(matches!(builder.build(), Err(TransportError::CryptoProvider(_))));
}

#[tokio::test]
async fn a_certificate_of_the_service_is_trusted_by_its_backends_only() {
    use base64::Engine as _;

    let authority = Authority::new();
    let server = TestServer::tls(authority.server(&["localhost"], &[]), echo).await;
    let transport = transport();
    let base64 = base64::engine::general_purpose::STANDARD.encode(authority.der());
    let values = NamedValues::new();
    for data in [authority.pem().to_owned(), base64] {
        let backends = Backends::builder(&transport, &values)
            .authority(&CertificateAuthority::new(data))
            .backend("b", &Backend::new(server.tls_url("/b")).unwrap())
            .build()
            .unwrap();
        for target in [to_b(), to_url(&server.tls_url("/other"))] {
            assert_eq!(backends.call(&target, get("/"), &ForwardOptions::default()).await.unwrap().status(), 200);
        }
        assert!(get_root(&transport, &server.tls_url("")).await.unwrap_err().is_certificate());
    }
    for (data, expected) in [
        ("AAAA", if cfg!(feature = "certificates") { "it is not a PFX file" } else { "it is a PFX file" }),
        ("%", "it is neither PEM nor base64"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "it cannot be trusted: "),
    ] {
        let errors = Backends::builder(&transport, &values).authority(&CertificateAuthority::new(data)).build();
        let shown = errors.unwrap_err()[0].to_string();
        assert!(shown.contains("a trusted certificate could not be read: ") && shown.contains(expected), "{shown}");
    }
}
