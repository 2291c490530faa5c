use gatewright::Body;
use gatewright::backend::{BackendService, Backends, CertificateError, ClientCertificate, Transport};
use gatewright::forward::{CertificateName, ForwardOptions, HttpVersion, Target};
use gatewright::model::{Backend, Certificate, Credentials};
use gatewright::secret::{MemoryProvider, NamedValues};
use http::{Request, Response};
use hyper::body::Incoming;
use tower::ServiceExt;

use crate::get;
use crate::support::{Authority, TestServer, text};

const FULL: &str = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.ApiManagement/service/s/certificates/";

/// Answers with the thumbprint of the certificate that the connection was opened with.
async fn who(_: Request<Incoming>, thumbprint: String) -> Response<Body> {
    Response::new(Body::from(thumbprint))
}

fn entity(pem: &str) -> Certificate {
    Certificate::new().data(pem)
}

fn trusting(authority: &Authority) -> Transport {
    Transport::builder().native_roots(false).root_certificates_pem(authority.pem()).build().unwrap()
}

async fn shown(backends: &Backends, id: &str, options: &ForwardOptions) -> String {
    let response = backends.call(&Target::Backend(id.into()), get("/"), options).await;
    text(response.unwrap_or_else(|error| panic!("{id}: {error}")).into_body()).await
}

#[tokio::test]
async fn a_connection_is_never_used_for_a_backend_with_another_certificate() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let server = TestServer::mutual(servers.mutual(&clients), who).await;
    let transport = trusting(&servers);
    let (first, second) = (clients.client("first"), clients.client("second"));
    let url = || Backend::new(server.tls_url("")).unwrap();
    let with = |credentials: Credentials| url().credentials(credentials);
    let values = NamedValues::new();
    let build = || {
        Backends::builder(&transport, &values)
            .certificate("first", &entity(&first.0))
            .certificate("second", &entity(&second.0))
            .backend("a", &with(Credentials::new().certificate_ids([format!("{FULL}FIRST")])))
            .backend("b", &with(Credentials::new().certificate([second.1.to_lowercase()])))
            .backend("a-too", &with(Credentials::new().certificate_ids(["/certificates/first"]).certificate(["00"])))
            .backend("none", &url())
            .build()
            .unwrap()
    };
    let backends = build();
    let options = ForwardOptions::default();
    for _ in 0..3 {
        assert_eq!(shown(&backends, "a", &options).await, first.1);
        assert_eq!(shown(&backends, "b", &options).await, second.1);
        assert_eq!(shown(&backends, "a-too", &options).await, first.1);
        // It has no certificate, and must not be lent the connection of one that has.
        let error = backends.call(&Target::Backend("none".into()), get("/"), &options).await.unwrap_err();
        assert!(error.is_connect() && error.is_retry_safe(), "{error}");
        assert!(error.to_string().contains("refuses the client certificate, or misses one"), "{error}");
    }
    // One for each certificate, and one for each refusal.
    assert_eq!(server.connections(), 2 + 3);
    // A reload with the same certificates goes on with the same connections.
    let again = build();
    drop(backends);
    assert_eq!(shown(&again, "a", &options).await, first.1);
    assert_eq!(shown(&again, "b", &options).await, second.1);
    assert_eq!(server.connections(), 5);
}

#[tokio::test]
async fn a_service_of_its_own_shows_the_certificate_that_the_host_fetched() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let server = TestServer::mutual(servers.mutual(&clients), who).await;
    let (pem, thumbprint) = clients.client("vault");
    let vault = MemoryProvider::new().secret("https://v.vault.azure.net/secrets/orders", pem);
    let certificate = ClientCertificate::fetch(&vault, "https://v.vault.azure.net/secrets/orders").await.unwrap();
    let transport = Transport::builder().native_roots(false).root_certificates_pem(servers.pem());
    let transport = transport.certificate("orders", certificate).build().unwrap();
    let backend = Backend::new(server.tls_url("")).unwrap();
    let backend = backend.credentials(Credentials::new().certificate_ids([format!("{FULL}orders")]));
    let service = BackendService::new("b", &backend, &NamedValues::new(), &transport).unwrap();
    assert_eq!(text(service.oneshot(get("/")).await.unwrap().into_body()).await, thumbprint);
}

#[tokio::test]
async fn a_request_may_name_its_certificate() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let server = TestServer::mutual(servers.mutual(&clients), who).await;
    let (own, given) = (clients.client("own"), clients.client("given"));
    let builder = Transport::builder().native_roots(false).root_certificates_pem(servers.pem());
    let transport = builder.certificate("given", ClientCertificate::from_pem(&given.0).unwrap()).build().unwrap();
    let backends = Backends::builder(&transport, &NamedValues::new())
        .certificate("own", &entity(&own.0))
        // Its data are in a Key Vault: the host gives it.
        .certificate("given", &Certificate::new())
        .backend("b", &Backend::new(server.tls_url("")).unwrap().credentials(Credentials::new().certificate([&own.1])))
        .build()
        .unwrap();
    let mut options = ForwardOptions::default();
    assert_eq!(shown(&backends, "b", &options).await, own.1);
    for name in [CertificateName::Id("given".into()), CertificateName::Thumbprint(given.1.as_str().into())] {
        options.certificate = Some(name);
        assert_eq!(shown(&backends, "b", &options).await, given.1);
        assert_eq!(shown(&backends, "b", &options).await, given.1);
    }
    assert_eq!(server.connections(), 2);
    options.certificate = Some(CertificateName::Id("none".into()));
    let error = backends.call(&Target::Backend("b".into()), get("/"), &options).await.unwrap_err();
    assert_eq!(error.reason(), "CertificateNotFound");
    assert!(error.to_string().contains("client certificate `none` is not defined"), "{error}");
}

#[tokio::test]
async fn of_several_the_one_is_shown_that_the_backend_asks_for() {
    let (servers, clients, others) = (Authority::new(), Authority::new(), Authority::new());
    let server = TestServer::mutual(servers.mutual(&clients), who).await;
    let (wrong, right) = (others.client("wrong"), clients.client("right"));
    let transport = trusting(&servers);
    let credentials = Credentials::new().certificate_ids(["wrong", "right"]);
    let backends = Backends::builder(&transport, &NamedValues::new())
        .certificate("wrong", &entity(&wrong.0))
        .certificate("right", &entity(&right.0))
        .backend("b", &Backend::new(server.tls_url("")).unwrap().credentials(credentials))
        .build()
        .unwrap();
    assert_eq!(shown(&backends, "b", &ForwardOptions::default()).await, right.1);
}

#[tokio::test]
async fn a_replaced_certificate_is_shown_by_new_connections_and_open_ones_go_on() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let (release, gate) =
        (std::sync::Arc::new(tokio::sync::Notify::new()), std::sync::Arc::new(tokio::sync::Notify::new()));
    let (released, entered) = (release.clone(), gate.clone());
    let server = TestServer::mutual(servers.mutual(&clients), move |request, thumbprint| {
        let (released, entered) = (released.clone(), entered.clone());
        async move {
            if request.uri().path() == "/slow" {
                entered.notify_one();
                released.notified().await;
            }
            Response::new(Body::from(thumbprint))
        }
    })
    .await;
    let secrets = MemoryProvider::new().secret("client", clients.client("one").0);
    let certificate = ClientCertificate::fetch(&secrets, "client").await.unwrap();
    let before = certificate.thumbprint();
    let builder = Transport::builder().native_roots(false).root_certificates_pem(servers.pem());
    let transport = builder.certificate("client", certificate.clone()).build().unwrap();
    let backend = Backend::new(server.tls_url("")).unwrap();
    let backends = Backends::builder(&transport, &NamedValues::new())
        .backend("b", &backend.credentials(Credentials::new().certificate_ids(["client"])))
        .build()
        .unwrap();
    let slow = tokio::spawn(backends.call(&Target::Backend("b".into()), get("/slow"), &ForwardOptions::default()));
    gate.notified().await;
    let secrets = MemoryProvider::new().secret("client", clients.client("two").0);
    certificate.refresh(&secrets, "client").await.unwrap();
    assert_ne!(certificate.thumbprint(), before);
    // The first connection is busy, so this opens another.
    assert_eq!(shown(&backends, "b", &ForwardOptions::default()).await, certificate.thumbprint());
    release.notify_one();
    assert_eq!(text(slow.await.unwrap().unwrap().into_body()).await, before);
    assert!(certificate.refresh(&secrets, "other").await.unwrap_err().to_string().contains("`other` was not found"));
    assert_eq!(certificate.subject(), "CN=two");
}

#[tokio::test]
async fn checks_pins_and_versions_have_connections_of_their_own() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let config = servers.server(&["localhost"], &["h2", "http/1.1"]);
    let server = TestServer::mutual(config, who).await;
    let transport = trusting(&servers);
    let pinned = gatewright::model::Tls::new().server_certificate_thumbprints(["00".repeat(20)]);
    let unchecked = gatewright::model::Tls::new().validate_certificate_name(false);
    let url = || Backend::new(server.tls_url("")).unwrap();
    let backends = Backends::builder(&transport, &NamedValues::new())
        .certificate("c", &entity(&clients.client("c").0))
        .backend("plain", &url())
        .backend("pinned", &url().tls(pinned))
        .backend("unchecked", &url().tls(unchecked))
        .backend("certificate", &url().credentials(Credentials::new().certificate_ids(["c"])))
        .build()
        .unwrap();
    let mut expected = 0;
    for id in ["plain", "pinned", "unchecked", "certificate"] {
        for version in [HttpVersion::Http1, HttpVersion::Http2, HttpVersion::Http2Or1] {
            let mut options = ForwardOptions::default();
            options.http_version = version;
            expected += 1;
            for _ in 0..2 {
                shown(&backends, id, &options).await;
                assert_eq!(server.connections(), expected, "{id} {version:?}");
            }
        }
    }
}

#[test]
fn reads_pem_of_all_kinds() {
    let rsa = "568180FC4E5DA6DFEC3CDA35DB2415B72FB297E1";
    let cases: [(&[u8], Result<&str, &str>); 6] = [
        (include_bytes!("pfx/pkcs1.pem"), Ok(rsa)),
        (include_bytes!("pfx/pkcs8.pem"), Ok(rsa)),
        (include_bytes!("pfx/sec1.pem"), Ok("A13F18927AED28A12A3DC61E26845768168F9AD6")),
        (
            include_bytes!("pfx/encrypted.pem"),
            Err("its private key is encrypted: expected PEM with a plain key, or PFX with a password"),
        ),
        (include_bytes!("pfx/mismatch.pem"), Err("its private key belongs to none of its certificates")),
        (include_bytes!("pfx/ca.pem"), Err("there is no private key in it")),
    ];
    for (pem, expected) in cases {
        let read = ClientCertificate::from_pem(pem).map(|c| c.thumbprint()).map_err(|error| error.to_string());
        assert_eq!(read, expected.map(str::to_owned).map_err(str::to_owned));
    }
    assert_eq!(ClientCertificate::from_pem("").unwrap_err(), CertificateError::NoCertificate);
}

#[cfg(feature = "certificates")]
#[test]
fn reads_pfx_of_all_kinds() {
    use base64::Engine as _;

    let rsa = "568180FC4E5DA6DFEC3CDA35DB2415B72FB297E1";
    let elliptic = "A13F18927AED28A12A3DC61E26845768168F9AD6";
    let cases: [(&str, &[u8], &str, Result<&str, CertificateError>); 11] = [
        ("RC2 and 3DES", include_bytes!("pfx/rc2-3des.pfx"), "pässword", Ok(rsa)),
        ("3DES", include_bytes!("pfx/3des.pfx"), "pässword", Ok(rsa)),
        ("AES", include_bytes!("pfx/aes256.pfx"), "pässword", Ok(rsa)),
        ("empty password", include_bytes!("pfx/empty-password.pfx"), "", Ok(rsa)),
        ("no MAC", include_bytes!("pfx/no-mac.pfx"), "pässword", Ok(rsa)),
        ("plain bags", include_bytes!("pfx/plain-bags.pfx"), "pässword", Ok(rsa)),
        ("elliptic", include_bytes!("pfx/ec-sha512.pfx"), "pässword", Ok(elliptic)),
        ("with another", include_bytes!("pfx/other-first.pfx"), "pässword", Ok(elliptic)),
        ("no key", include_bytes!("pfx/no-key.pfx"), "pässword", Err(CertificateError::NoKey)),
        ("wrong password", include_bytes!("pfx/aes256.pfx"), "password", Err(CertificateError::Password)),
        ("wrong password", include_bytes!("pfx/rc2-3des.pfx"), "", Err(CertificateError::Password)),
    ];
    for (name, pfx, password, expected) in cases {
        let expected = expected.map(str::to_owned);
        assert_eq!(ClientCertificate::from_pfx(pfx, password).map(|c| c.thumbprint()), expected, "{name}");
        let mut data = base64::engine::general_purpose::STANDARD.encode(pfx);
        data.insert_str(64, "\r\n");
        let entity = Certificate::new().data(data).password(password);
        assert_eq!(ClientCertificate::from_entity(&entity).map(|c| c.thumbprint()), expected, "{name}");
    }
    let broken = ClientCertificate::from_pfx(b"nonsense", "").unwrap_err();
    assert!(matches!(broken, CertificateError::Pfx(_)), "{broken}");
}

#[cfg(feature = "certificates")]
#[test]
fn nothing_of_a_certificate_prints() {
    let certificate = ClientCertificate::from_pfx(include_bytes!("pfx/aes256.pfx"), "pässword").unwrap();
    assert_eq!(
        format!("{certificate:?}"),
        "ClientCertificate { subject: \"CN=orders-client,O=Contoso\", thumbprint: \"568180FC4E5DA6DFEC3CDA35DB2415B72FB297E1\", .. }"
    );
    assert!(certificate.expires() > std::time::SystemTime::now());
}
