//! Certificates of a configuration: those shown to backends, and those that backends are trusted by.

use gatewright::Body;
use gatewright::model::{Backend, Certificate, CertificateAuthority, Credentials, Policy, Store};
use http::Response;

use crate::support::{Authority, TestServer, text};
use crate::{free_api, gateway, send};

fn configuration(service_authority: &Authority, url: &str, data: Option<&str>) -> Store {
    let mut store = Store::new();
    store.authorities.push(CertificateAuthority::new(service_authority.pem()));
    let credentials = Credentials::new().certificate_ids(["/certificates/client"]);
    for workspace in [None, Some("w")] {
        let path = workspace.unwrap_or("a");
        let entities = store.entities_mut(workspace);
        entities.backends.insert("b", Backend::new(url).unwrap().credentials(credentials.clone()));
        if let Some(data) = data {
            entities.certificates.insert("client", Certificate::new().data(data));
        }
        let mut api = free_api(path, "", &[("x", "GET", "/x")]);
        api.policy = Some(Policy::new(
            r#"<policies><inbound><base /><set-backend-service backend-id="b" /></inbound>
            <backend><base /></backend><outbound><base /></outbound><on-error><base /></on-error></policies>"#,
        ));
        entities.apis.insert(path, api);
    }
    store
}

#[tokio::test]
async fn a_backend_shows_the_certificate_that_its_configuration_holds() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let (first, second) = (clients.client("first"), clients.client("second"));
    let who = |_, thumbprint: String| async move { Response::new(Body::from(thumbprint)) };
    let server = TestServer::mutual(servers.mutual(&clients), who).await;
    let gateway = gateway(&configuration(&servers, &server.tls_url(""), Some(&first.0)));
    for path in ["/a/x", "/w/x", "/a/x"] {
        assert_eq!(text(send(&gateway, "GET", path, &[]).await.into_body()).await, first.1, "{path}");
    }
    assert_eq!(server.connections(), 1);
    // The same once more keeps the connection, another certificate opens another.
    gateway.replace(&configuration(&servers, &server.tls_url(""), Some(&first.0))).unwrap();
    assert_eq!(text(send(&gateway, "GET", "/a/x", &[]).await.into_body()).await, first.1);
    assert_eq!(server.connections(), 1);
    gateway.replace(&configuration(&servers, &server.tls_url(""), Some(&second.0))).unwrap();
    assert_eq!(text(send(&gateway, "GET", "/a/x", &[]).await.into_body()).await, second.1);
    assert_eq!(server.connections(), 2);
    // Without it the configuration is refused, and the gateway goes on.
    let error = gateway.replace(&configuration(&servers, &server.tls_url(""), None)).unwrap_err().to_string();
    assert!(error.contains("backend `b`: client certificate `/certificates/client` is not defined"), "{error}");
    assert_eq!(text(send(&gateway, "GET", "/a/x", &[]).await.into_body()).await, second.1);
}
