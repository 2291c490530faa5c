use gatewright::backend::Transport;
use gatewright::forward::ForwardOptions;
use gatewright::model::{Backend, Tls, X509Name};
use sha2::Digest as _;

use crate::support::certificates::{expired, self_signed, thumbprint};
use crate::support::{Authority, TestServer, echo, text};
use crate::{get, one, to_b, transport};

async fn outcome(transport: &Transport, server: &TestServer, tls: Tls) -> Result<(), String> {
    let backends = one(transport, &Backend::new(server.tls_url("")).unwrap().tls(tls));
    match backends.call(&to_b(), get("/"), &ForwardOptions::default()).await {
        Ok(response) => {
            text(response.into_body()).await;
            Ok(())
        }
        Err(error) => {
            assert!(error.is_certificate() && error.is_retry_safe(), "{error}");
            assert_eq!(error.reason(), "BackendConnectionFailure");
            assert_eq!(
                error.message(),
                "The underlying connection was closed: Could not establish trust relationship for the SSL/TLS secure channel."
            );
            Err(error.to_string())
        }
    }
}

fn by_thumbprint(text: impl Into<String>) -> Tls {
    Tls::new().server_certificate_thumbprints([text.into()])
}

#[tokio::test]
async fn a_pinned_certificate_is_trusted_for_its_host() {
    let (own, leaf) = self_signed(&["localhost"]);
    let (elsewhere, other_leaf) = self_signed(&["other.example"]);
    let (old, old_leaf) = expired(&["localhost"]);
    let own = TestServer::tls(own, echo).await;
    let elsewhere = TestServer::tls(elsewhere, echo).await;
    let old = TestServer::tls(old, echo).await;
    let transport = transport();
    let sha256 = sha2::Sha256::digest(&leaf).iter().map(|byte| format!("{byte:02x} ")).collect::<String>();
    assert_eq!(outcome(&transport, &own, by_thumbprint(thumbprint(&leaf))).await, Ok(()));
    assert_eq!(outcome(&transport, &own, by_thumbprint(format!("\u{200e}{sha256}"))).await, Ok(()));
    // Switched off or not, the name is checked where certificates are pinned.
    let unchecked = by_thumbprint(thumbprint(&other_leaf)).validate_certificate_name(false);
    assert!(outcome(&transport, &elsewhere, unchecked).await.unwrap_err().contains("other.example"));
    assert!(outcome(&transport, &old, by_thumbprint(thumbprint(&old_leaf))).await.unwrap_err().contains("Expired"));
    let unchecked = by_thumbprint(thumbprint(&other_leaf)).validate_certificate_chain(false);
    let error = outcome(&transport, &own, unchecked).await.unwrap_err();
    let expected = format!("with thumbprint {} is not among the pinned certificates", thumbprint(&leaf));
    assert!(error.contains(&expected), "{error}");
}

#[tokio::test]
async fn a_pinned_authority_is_trusted() {
    let authority = Authority::new();
    let server = TestServer::tls(authority.server(&["localhost"], &[]), echo).await;
    let elsewhere = TestServer::tls(authority.server(&["other.example"], &[]), echo).await;
    let pinned = || by_thumbprint(thumbprint(&authority.der()));
    assert_eq!(outcome(&transport(), &server, pinned()).await, Ok(()));
    assert!(outcome(&transport(), &elsewhere, pinned()).await.is_err());
}

#[tokio::test]
async fn a_pinned_name_needs_its_issuer_or_a_good_chain() {
    let (authority, other) = (Authority::new(), Authority::new());
    let trusting = Transport::builder().native_roots(false).root_certificates_pem(authority.pem()).build().unwrap();
    let (config, leaf) = authority.server_and_leaf(&["inner.example"], &[]);
    let server = TestServer::tls(config, echo).await;
    let (alone, alone_leaf) = self_signed(&["inner.example"]);
    let alone = TestServer::tls(alone, echo).await;
    let name = |name: &str, issuer: Option<String>| {
        let name = X509Name::new(name);
        Tls::new().server_x509_name(match issuer {
            Some(issuer) => name.issuer_certificate_thumbprint(issuer),
            None => name,
        })
    };
    let issuer = || Some(thumbprint(&authority.der()));
    let both = Some(format!("{}, {}", thumbprint(&other.der()), thumbprint(&authority.der())));
    let transport = transport();
    let cases = [
        (&transport, &server, name("INNER.example", issuer()), true),
        (&transport, &server, name("inner.example", both), true),
        (&transport, &server, name("inner.example", Some(thumbprint(&other.der()))), false),
        (&transport, &server, name("inner.example", Some(thumbprint(&leaf))), false),
        (&transport, &server, name("outer.example", issuer()), false),
        (&transport, &server, name("inner.example", None), false),
        (&trusting, &server, name("inner.example", None), true),
        (&trusting, &server, name("inner.example", Some(String::new())), true),
        (&trusting, &server, name("inner.example", issuer()), true),
        (&trusting, &server, name("inner.example", Some(thumbprint(&other.der()))), false),
        (&transport, &alone, name("inner.example", Some(thumbprint(&alone_leaf))), true),
        (&trusting, &alone, name("inner.example", issuer()), false),
    ];
    for (number, (transport, server, tls, expected)) in cases.into_iter().enumerate() {
        let result = outcome(transport, server, tls).await;
        assert_eq!(result.is_ok(), expected, "case {number}: {result:?}");
    }
}

#[tokio::test]
async fn pins_add_trust_unless_they_are_required() {
    let authority = Authority::new();
    let server = TestServer::tls(authority.server(&["localhost"], &[]), echo).await;
    for (required, expected) in [(false, true), (true, false)] {
        let builder = Transport::builder().native_roots(false).root_certificates_pem(authority.pem());
        let transport = builder.pins_required(required).build().unwrap();
        let result = outcome(&transport, &server, by_thumbprint("00".repeat(20))).await;
        assert_eq!(result.is_ok(), expected, "{result:?}");
    }
}
