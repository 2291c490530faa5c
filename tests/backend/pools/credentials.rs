//! Credentials of a pool, for members that have none of their own.

use gatewright::Body;
use gatewright::backend::{Backends, PoolOptions, Resilience, Transport, UrlMember};
use gatewright::forward::ForwardOptions;
use gatewright::model::{Authorization, Backend, Certificate, Credentials, Pool, PoolMember};
use gatewright::secret::NamedValues;
use http::Response;

use super::to;
use crate::support::{Authority, TestServer, echo, text};
use crate::{get, transport};

fn pool(members: &[&str], credentials: Credentials) -> Backend {
    let pool = members.iter().fold(Pool::new(), |pool, name| pool.member(PoolMember::new(*name)));
    Backend::of_pool(pool).credentials(credentials)
}

async fn seen(backends: &Backends, id: &str) -> String {
    let response = backends.call(&to(id), get("/x?y=1"), &ForwardOptions::default()).await;
    text(response.unwrap_or_else(|error| panic!("{id}: {error}")).into_body()).await
}

#[tokio::test]
async fn members_without_their_own_have_those_of_the_pool() {
    let server = TestServer::http(echo).await;
    let plain = || Backend::new(server.url("")).unwrap();
    let shared = || {
        let credentials = Credentials::new().header("x-key", "{{key}}").query("code", "pool");
        credentials.authorization(Authorization::new("Bearer", "pool"))
    };
    let own = Credentials::new().header("X-Key", "own").header("authorization", "own");
    let (transport, values) = (transport(), NamedValues::new().secret("key", "s3cr3t"));
    let build = |options| {
        Backends::builder(&transport, &values)
            .resilience(&Resilience::new().pool("p", options))
            .backend("bare", &plain())
            .backend("own", &plain().credentials(own.clone()))
            .backend("p", &pool(&["bare", "own"], shared()))
            .build()
            .unwrap()
    };
    let backends = build(PoolOptions::new());
    assert_eq!(
        backends.warnings()[0].to_string(),
        "backend `p`: `credentials` is set, but has no effect on a pool: it belongs to the members"
    );
    assert!(!seen(&backends, "p").await.contains("s3cr3t"), "not unless it is asked for");

    let backends = build(PoolOptions::new().credentials_apply(true).member_url(UrlMember::new(server.url("/u"))));
    assert!(backends.warnings().is_empty());
    let [bare, own, url] = [seen(&backends, "p").await, seen(&backends, "p").await, seen(&backends, "p").await];
    for (seen, path) in [(&bare, "/x"), (&url, "/u/x")] {
        assert!(seen.starts_with(&format!("GET {path}?y=1&code=pool ")), "{seen}");
        assert!(seen.contains("x-key: s3cr3t\n") && seen.contains("authorization: Bearer pool\n"), "{seen}");
    }
    assert!(own.starts_with("GET /x?y=1&code=pool "), "{own}");
    assert!(own.contains("x-key: own\n") && own.contains("authorization: own\n"), "{own}");
    let alone = seen(&backends, "bare").await;
    assert!(!alone.contains("s3cr3t") && !alone.contains("code="), "by itself it has its own: {alone}");
    assert_eq!(backends.pools()[0].members.len(), 3);
}

#[tokio::test]
async fn a_certificate_of_the_pool_is_for_the_pool() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let who = async |_, thumbprint: String| Response::new(Body::from(thumbprint));
    let server = TestServer::mutual(servers.mutual(&clients), who).await;
    let transport = Transport::builder().native_roots(false).root_certificates_pem(servers.pem()).build().unwrap();
    let (certificate, own) = (clients.client("pool"), clients.client("own"));
    let url = || Backend::new(server.tls_url("")).unwrap();
    let values = NamedValues::new();
    let backends = Backends::builder(&transport, &values)
        .resilience(&Resilience::new().pools(PoolOptions::new().credentials_apply(true)))
        .certificate("pool", &Certificate::new().data(&*certificate.0))
        .certificate("own", &Certificate::new().data(&*own.0))
        .backend("bare", &url())
        .backend("own", &url().credentials(Credentials::new().certificate_ids(["/certificates/own"])))
        .backend("p", &pool(&["bare", "own"], Credentials::new().certificate_ids(["/certificates/pool"])))
        .build()
        .unwrap();
    for _ in 0..2 {
        assert_eq!([seen(&backends, "p").await, seen(&backends, "p").await], [&*certificate.1, &*own.1]);
        let alone = backends.call(&to("bare"), get("/"), &ForwardOptions::default()).await;
        assert!(alone.is_err(), "the entity has no certificate, and is not lent the pool's connection");
    }
    // The pool's connection to a member is one of the member's too.
    let before = server.connections();
    backends.reconnect("bare");
    seen(&backends, "p").await;
    assert_eq!(server.connections(), before + 1);
}

#[test]
fn what_is_wrong_with_them_is_said_once() {
    let (transport, values) = (transport(), NamedValues::new());
    let single = Backend::new("https://a.example").unwrap();
    let errors = Backends::builder(&transport, &values)
        .resilience(&Resilience::new().pools(PoolOptions::new().credentials_apply(true)))
        .backend("a", &single)
        .backend("b", &single)
        .backend("p", &pool(&["a", "b"], Credentials::new().header("x-key", "{{none}}").certificate_ids(["gone"])))
        .build()
        .unwrap_err();
    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors[0], "backend `p`: named value `none` is not defined (used in header `x-key`)");
    assert!(errors.iter().all(|error| error.starts_with("backend `p`: ")), "{errors:?}");
}
