//! What hosts plug into the policies about access: revocation, credentials, certificates with their chains.

use std::convert::Infallible;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatewright::Body;
use gatewright::body::BoxError;
use gatewright::forward::ClientCertificate;
use gatewright::policy::{Document, Environment, PolicyLayer, RevocationChecker, Scope};
use gatewright::testing::PolicyTest;
use http::{Request, Response};
use sha1::{Digest, Sha1};
use tower::{Layer, ServiceExt, service_fn};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

struct Known(Result<bool, &'static str>);

#[async_trait::async_trait]
impl RevocationChecker for Known {
    async fn is_revoked(&self, _: &ClientCertificate) -> Result<bool, BoxError> {
        self.0.map_err(Into::into)
    }
}

/// An authority's certificate, and one that it signed for a client.
fn authority_and_client(name: &str) -> (Vec<u8>, Vec<u8>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "authority");
    let authority = params.self_signed(&key).unwrap().der().to_vec();
    let issuer = Issuer::new(params, key);
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    let client = params.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
    (authority, client.der().to_vec())
}

fn document(identity: &str) -> String {
    format!(
        "<policies><inbound><validate-client-certificate><identities><identity {identity} /></identities>\
         </validate-client-certificate></inbound><backend><forward-request /></backend></policies>"
    )
}

#[tokio::test]
async fn revoked_and_unknown_certificates_are_refused() {
    let (_, client) = authority_and_client("jane");
    for (known, expected) in [(Ok(false), 200), (Ok(true), 403), (Err("the list cannot be reached"), 403)] {
        let outcome = PolicyTest::new(document("common-name=\"jane\""))
            .client_certificate(ClientCertificate::new(client.clone()).trusted())
            .settings(|settings| settings.revocation = Some(std::sync::Arc::new(Known(known))))
            .run()
            .await;
        outcome.assert_status(expected);
        if expected == 403 {
            outcome.assert_error("ClientCertificateRevoked");
            assert_eq!(&*outcome.error().unwrap().message, "Client certificate is revoked. Access denied.");
        }
    }
}

#[tokio::test]
async fn a_backslash_in_a_name_is_none_of_its_own() {
    for (name, identity, expected) in [
        (r"ad\min", "common-name=\"admin\"", 403),
        (r"ad\min", "subject=\"CN=admin\"", 403),
        (r"ad\min", r#"common-name="ad\min""#, 200),
        (r"ad\min", r#"subject="CN=ad\min""#, 200),
        ("admin\", O=\"x", "subject=\"CN=admin, O=x\"", 403),
    ] {
        let (_, client) = authority_and_client(name);
        let test = PolicyTest::new(document(identity));
        let outcome = test.client_certificate(ClientCertificate::new(client).trusted()).run().await;
        outcome.assert_status(expected);
    }
}

#[tokio::test]
async fn an_issuer_counts_only_when_it_signed() {
    let (authority, client) = authority_and_client("jane");
    let (_, other) = authority_and_client("jane");
    let thumbprint: String = Sha1::digest(&authority).iter().map(|byte| format!("{byte:02x}")).collect();
    for (der, chain, expected) in [
        (&client, vec![authority.clone()], 200),
        (&client, Vec::new(), 403),
        // Of the same name, and not by that authority.
        (&other, vec![authority.clone()], 403),
    ] {
        let outcome = PolicyTest::new(document(&format!("issuer-thumbprint=\"{thumbprint}\"")))
            .client_certificate(ClientCertificate::new(der.clone()).chain(chain).trusted())
            .run()
            .await;
        outcome.assert_status(expected);
        let outcome = PolicyTest::new(document("issuer-certificate-id=\"ca\""))
            .certificate("ca", &STANDARD.encode(&authority), None)
            .client_certificate(ClientCertificate::new(der.clone()).trusted())
            .run()
            .await;
        outcome.assert_status(if der == &client { 200 } else { 403 });
    }
}

#[tokio::test]
async fn a_caller_without_an_address_is_on_no_list() {
    for (action, expected) in [("allow", 403), ("forbid", 200)] {
        let text = format!(
            "<policies><inbound><ip-filter action=\"{action}\"><address>10.0.0.1</address></ip-filter></inbound>\
             <backend><forward-request /></backend><on-error><set-header name=\"X-E\"><value>\
             @(context.LastError.Reason + \": \" + context.LastError.Message)</value></set-header></on-error></policies>"
        );
        let document = Document::compile("a.xml", &text, Scope::Api, &Environment::new()).unwrap();
        let backend = service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) });
        let response = PolicyLayer::new([document]).layer(backend).oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), expected);
        if expected == 403 {
            let why = "FailedToParseCallerIP: Failed to establish IP address for the caller. Access denied.";
            assert_eq!(response.headers()["x-e"], why);
        }
    }
}

#[tokio::test]
async fn without_a_credential_manager_the_policy_says_so() {
    let text = "<policies><inbound><get-authorization-context provider-id=\"a\" authorization-id=\"b\" \
                context-variable-name=\"c\" /></inbound><backend><forward-request /></backend>\
                <on-error><set-body>@(context.LastError.Message)</set-body></on-error></policies>";
    let document = Document::compile("a.xml", text, Scope::Api, &Environment::new()).unwrap();
    let backend = service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) });
    let response = PolicyLayer::new([document]).layer(backend).oneshot(Request::new(Body::empty())).await.unwrap();
    assert_eq!(response.status(), 500);
    let body = response.into_body().collect(1000).await.unwrap();
    let expected = b"The gateway has no credential manager: the engine's settings have none.";
    assert_eq!(body.as_bytes().unwrap(), &expected[..]);
}
