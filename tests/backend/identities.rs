use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use gatewright::backend::{BackendLayer, BackendService, Backends, CredentialsLayer, Transport};
use gatewright::clock::Clock;
use gatewright::forward::ForwardOptions;
use gatewright::identity::{Error, Token, TokenCache, TokenRequest, TokenSource};
use gatewright::model::{Authorization, Backend, Credentials, ManagedIdentity};
use gatewright::secret::NamedValues;
use tower::ServiceExt;
use tower_layer::Layer;
use tower_service::Service;

use crate::support::{TestServer, echo, text};
use crate::{get, one, to_b, to_url, transport};

/// Gives `token-1`, `token-2`, … for an hour each, until it is broken.
struct Numbered {
    clock: Clock,
    calls: Arc<AtomicUsize>,
    broken: Arc<std::sync::atomic::AtomicBool>,
}

#[async_trait::async_trait]
impl TokenSource for Numbered {
    async fn token(&self, request: &TokenRequest) -> Result<Token, Error> {
        tokio::task::yield_now().await;
        if self.broken.load(Ordering::SeqCst) {
            return Err(Error::refused("Identity not found"));
        }
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let whose = request.client_id.as_deref().unwrap_or("system");
        let text = format!("token-{number}-{whose}-{}", request.resource);
        Ok(Token::new(text, self.clock.wall() + Duration::from_secs(3600)))
    }
}

struct Rig {
    clock: Clock,
    calls: Arc<AtomicUsize>,
    broken: Arc<std::sync::atomic::AtomicBool>,
    transport: Transport,
}

fn rig() -> Rig {
    let clock = Clock::manual(SystemTime::UNIX_EPOCH);
    let (calls, broken) = (Arc::default(), Arc::default());
    let source = Numbered { clock: clock.clone(), calls: Arc::clone(&calls), broken: Arc::clone(&broken) };
    let tokens = TokenCache::with_clock(source, clock.clone());
    let transport = Transport::builder().native_roots(false).tokens(tokens).build().unwrap();
    Rig { clock, calls, broken, transport }
}

fn identity(client: Option<&str>) -> Credentials {
    let identity = ManagedIdentity::new("https://{{region}}.example");
    let identity = match client {
        Some(client) => identity.client_id(client),
        None => identity,
    };
    // The token wins over both.
    let other = Authorization::new("Basic", "x");
    Credentials::new().managed_identity(identity).authorization(other).header("authorization", "y")
}

async fn seen(backends: &Backends, path: &str, options: &ForwardOptions) -> String {
    let mut request = get(path);
    request.headers_mut().insert("authorization", http::HeaderValue::from_static("the caller's"));
    text(backends.call(&to_b(), request, options).await.unwrap().into_body()).await
}

#[tokio::test]
async fn the_token_of_the_identity_is_the_authorization() {
    let server = TestServer::http(echo).await;
    let rig = rig();
    for (client, whose) in [(None, "system"), (Some("5e29463d"), "5e29463d")] {
        let backend = Backend::new(server.url("/api")).unwrap().credentials(identity(client));
        let backends = one(&rig.transport, &backend);
        let before = rig.calls.load(Ordering::SeqCst);
        let calls: Vec<_> =
            (0..20).map(|_| tokio::spawn(backends.call(&to_b(), get("/"), &ForwardOptions::default()))).collect();
        for call in calls {
            call.await.unwrap().unwrap();
        }
        let mut following = ForwardOptions::default();
        following.follow_redirects = true;
        for options in [ForwardOptions::default(), following] {
            let seen = seen(&backends, "/", &options).await;
            let expected = format!("authorization: Bearer token-{}-{whose}-https://eu.example\n", before + 1);
            assert!(seen.contains(&expected) && seen.matches("authorization").count() == 1, "{seen}");
        }
        assert_eq!(rig.calls.load(Ordering::SeqCst), before + 1);
        rig.clock.advance(Duration::from_secs(3400));
        assert!(seen(&backends, "/", &ForwardOptions::default()).await.contains(&format!("token-{}-", before + 2)));
        // A URL that the entity covers gets it too.
        let response = backends.call(&to_url(&server.url("/api")), get("/"), &ForwardOptions::default()).await.unwrap();
        assert!(text(response.into_body()).await.contains(&format!("token-{}-", before + 2)));
    }
}

#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    let server = TestServer::http(echo).await;
    let rig = rig();
    let backends = one(&rig.transport, &Backend::new(server.url("")).unwrap().credentials(identity(None)));
    rig.broken.store(true, Ordering::SeqCst);
    let error = backends.call(&to_b(), get("/"), &ForwardOptions::default()).await.unwrap_err();
    assert_eq!(error.reason(), "ManagedIdentityTokenNotAcquired");
    assert_eq!(
        error.to_string(),
        "backend `b`: there is no token of the managed identity: the identity was refused: Identity not found"
    );
    assert!(error.is_retry_safe());
    assert_eq!(server.connections(), 0);
    rig.broken.store(false, Ordering::SeqCst);
    assert!(seen(&backends, "/", &ForwardOptions::default()).await.contains("token-1-"));
    // The last token serves while it is valid.
    rig.broken.store(true, Ordering::SeqCst);
    rig.clock.advance(Duration::from_secs(3500));
    assert!(seen(&backends, "/", &ForwardOptions::default()).await.contains("token-1-"));
    let shown = format!("{:?} {backends:?}", rig.transport);
    assert!(!shown.contains("token-"), "{shown}");
}

#[tokio::test]
async fn a_service_and_a_layer_send_the_token_too() {
    let server = TestServer::http(echo).await;
    let rig = rig();
    let values = NamedValues::new().plain("region", "eu");
    let backend = Backend::new(server.url("/api")).unwrap().credentials(identity(None));
    let service = BackendService::new("b", &backend, &values, &rig.transport).unwrap();
    let tokens = rig.transport.tokens().unwrap();
    let layered = BackendLayer::with_tokens("b", &backend, &values, tokens).unwrap().layer(rig.transport.client());
    for mut service in [service, layered] {
        for _ in 0..2 {
            let response = service.ready().await.unwrap().call(get("/x")).await.unwrap();
            let seen = text(response.into_body()).await;
            assert!(
                seen.starts_with("GET /api/x ") && seen.contains("authorization: Bearer token-1-system-"),
                "{seen}"
            );
            assert_eq!(seen.matches("authorization").count(), 1, "{seen}");
        }
        // A request that comes without asking whether the service is ready gets the token that is here.
        let response = service.clone().call(get("/x")).await.unwrap();
        assert!(text(response.into_body()).await.contains("Bearer token-1-"));
    }
    assert_eq!(rig.calls.load(Ordering::SeqCst), 1);
    // No token: the request fails, the service does not.
    let connections = server.connections();
    rig.clock.advance(Duration::from_secs(3600));
    rig.broken.store(true, Ordering::SeqCst);
    let mut service = BackendService::new("b", &backend, &values, &rig.transport).unwrap();
    let error = service.ready().await.unwrap().call(get("/x")).await.unwrap_err();
    assert_eq!((error.reason(), error.backend()), ("ManagedIdentityTokenNotAcquired", Some("b")));
    rig.broken.store(false, Ordering::SeqCst);
    let response = service.ready().await.unwrap().call(get("/x")).await.unwrap();
    assert!(text(response.into_body()).await.contains("Bearer token-2-"));
    assert!(server.connections() <= connections + 1);
}

#[test]
fn without_a_source_of_tokens_it_is_refused() {
    let backend = Backend::new("https://b.example").unwrap().credentials(identity(None));
    let values = NamedValues::new().plain("region", "eu");
    let errors = Backends::builder(&transport(), &values).backend("b", &backend).build().unwrap_err();
    assert_eq!(
        errors[0].to_string(),
        "backend `b`: `credentials.managedIdentity` needs a source of tokens: give one to the transport with `tokens`, or to `BackendLayer::with_tokens`"
    );
    for error in [
        BackendService::new("b", &backend, &values, &transport()).unwrap_err(),
        BackendLayer::new("b", &backend, &values).unwrap_err(),
    ] {
        assert_eq!(error.to_string(), errors[0].to_string());
    }
    let error = CredentialsLayer::new(&identity(None), &values).unwrap_err();
    assert_eq!(error.to_string(), "managed identities cannot be added by a layer: use `Backends`");
}
