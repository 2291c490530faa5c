//! `validate-jwt` against a server of keys that rotates, fails and hangs, over real sockets, with tokens signed here.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatewright::Body;
use gatewright::backend::Transport;
use gatewright::clock::Clock;
use gatewright::policy::{Document, EngineSettings, Environment, PolicyLayer, Scope};
use http::{Request, Response, header};
use serde_json::{Value, json};
use tower::{Layer, ServiceExt, service_fn};

use crate::support::TestServer;

/// A key of the issuer, by name.
struct Signer {
    id: &'static str,
    key: EcdsaKeyPair,
}

impl Signer {
    fn new(id: &'static str) -> Self {
        Self { id, key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap() }
    }

    fn jwk(&self) -> Value {
        let point = self.key.public_key().as_ref();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
        json!({ "kty": "EC", "crv": "P-256", "kid": self.id, "use": "sig", "x": x, "y": y })
    }

    fn token(&self, issuer: &str, expires: SystemTime) -> String {
        let expires = expires.duration_since(UNIX_EPOCH).unwrap().as_secs();
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(json!({ "alg": "ES256", "kid": self.id }));
        let claims = part(json!({ "iss": issuer, "exp": expires }));
        let signed = format!("{header}.{claims}");
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// What the server of keys does.
#[derive(Clone)]
enum Mode {
    Serves(Vec<Value>),
    Fails,
    Hangs,
}

struct Issuer {
    mode: Mutex<Mode>,
    asked: AtomicUsize,
}

struct Rig {
    issuer: Arc<Issuer>,
    server: TestServer,
    clock: Clock,
    layer: PolicyLayer,
}

impl Rig {
    async fn new(mode: Mode) -> Self {
        Self::of(mode, &[""]).await
    }

    /// Metadata in these folders; what is in `/down` is.
    async fn of(mode: Mode, folders: &[&str]) -> Self {
        let issuer = Arc::new(Issuer { mode: Mutex::new(mode), asked: AtomicUsize::new(0) });
        let shared = issuer.clone();
        let server = TestServer::http(move |request| {
            let issuer = shared.clone();
            async move {
                let host = request.headers()[header::HOST].to_str().unwrap().to_owned();
                let mode = issuer.mode.lock().unwrap().clone();
                let is_metadata = request.uri().path().ends_with("openid-configuration");
                issuer.asked.fetch_add(usize::from(is_metadata), Ordering::SeqCst);
                match mode {
                    _ if request.uri().path().starts_with("/down") => {
                        Response::builder().status(503).body(Body::empty()).unwrap()
                    }
                    Mode::Fails => Response::builder().status(500).body(Body::empty()).unwrap(),
                    Mode::Hangs => std::future::pending().await,
                    Mode::Serves(_) if is_metadata => {
                        let (issuer, keys) = (format!("http://{host}"), format!("http://{host}/keys"));
                        Response::new(Body::from(json!({ "issuer": issuer, "jwks_uri": keys }).to_string()))
                    }
                    Mode::Serves(keys) => Response::new(Body::from(json!({ "keys": keys }).to_string())),
                }
            }
        })
        .await;
        let document = |folder: &&str| {
            let url = server.url(&format!("{folder}/.well-known/openid-configuration"));
            format!(r#"<openid-config url="{url}" />"#)
        };
        let documents: String = folders.iter().map(document).collect();
        let text = format!(
            r#"<policies><inbound><validate-jwt header-name="Authorization">{documents}</validate-jwt></inbound>
            <backend><forward-request /></backend>
            <on-error><set-body>@(context.LastError.Reason)</set-body></on-error></policies>"#
        );
        let document = Document::compile("jwks.xml", &text, Scope::Global, &Environment::new()).unwrap();
        let clock = Clock::manual(UNIX_EPOCH + Duration::from_secs(1_710_498_645));
        let mut settings = EngineSettings::default();
        settings.clock = clock.clone();
        let transport = Transport::builder().native_roots(false).build().unwrap();
        let layer = PolicyLayer::new([document]).settings(settings).outbound(Arc::new(transport));
        Self { issuer, server, clock, layer }
    }

    fn turn(&self, mode: Mode) {
        *self.issuer.mode.lock().unwrap() = mode;
    }

    fn asked(&self) -> usize {
        self.issuer.asked.load(Ordering::SeqCst)
    }

    /// Sends tokens, which pass, while time goes by, until the server was asked so often.
    async fn passes_until_asked(&self, signer: &Signer, times: usize) {
        for _ in 0..1000 {
            assert_eq!(self.send(signer).await, "ok");
            if self.asked() == times {
                return;
            }
            self.clock.advance(Duration::from_secs(1));
            tokio::task::yield_now().await;
        }
        panic!("the server was asked {} times", self.asked());
    }

    /// `ok`, or the reason why a token of that key is refused.
    async fn send(&self, signer: &Signer) -> String {
        let token = signer.token(&self.server.url(""), self.clock.wall() + Duration::from_secs(60));
        let request = Request::builder().header(header::AUTHORIZATION, format!("Bearer {token}"));
        let backend = service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::from("ok"))) });
        let response = self.layer.layer(backend).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        crate::support::text(response.into_body()).await
    }
}

#[tokio::test]
async fn keys_rotate_and_the_server_fails_and_hangs() {
    let (first, second, third) = (Signer::new("first"), Signer::new("second"), Signer::new("third"));
    let rig = Rig::new(Mode::Serves(vec![first.jwk()])).await;
    assert_eq!((rig.send(&first).await.as_str(), rig.asked()), ("ok", 1));
    assert_eq!((rig.send(&first).await.as_str(), rig.asked()), ("ok", 1));

    // It rotates: the new key is found at once, and asked for once in five minutes only.
    rig.turn(Mode::Serves(vec![first.jwk(), second.jwk()]));
    assert_eq!((rig.send(&second).await.as_str(), rig.asked()), ("ok", 2));
    assert_eq!((rig.send(&third).await.as_str(), rig.asked()), ("TokenSignatureKeyNotFound", 2));

    // It fails: what is there is used.
    rig.turn(Mode::Fails);
    rig.clock.advance(Duration::from_secs(3600));
    rig.passes_until_asked(&second, 3).await;
    assert_eq!(rig.send(&first).await, "ok");

    // It hangs: nobody waits who has a key.
    rig.turn(Mode::Hangs);
    rig.clock.advance(Duration::from_secs(300));
    rig.passes_until_asked(&first, 4).await;
    assert_eq!(rig.send(&second).await, "ok");
    // Whoever needs another key waits for ten seconds at most.
    tokio::time::pause();
    assert_eq!(rig.send(&third).await, "TokenSignatureKeyNotFound");
    tokio::time::resume();

    // It is back, with another key.
    rig.turn(Mode::Serves(vec![third.jwk()]));
    rig.clock.advance(Duration::from_secs(600));
    assert_eq!(rig.send(&third).await, "ok");
    assert_eq!(rig.send(&first).await, "TokenSignatureKeyNotFound");
}

#[tokio::test]
async fn nothing_passes_before_the_server_has_answered() {
    let signer = Signer::new("only");
    let rig = Rig::new(Mode::Fails).await;
    assert_eq!((rig.send(&signer).await.as_str(), rig.asked()), ("TokenSignatureKeyNotFound", 1));
    rig.turn(Mode::Serves(vec![signer.jwk()]));
    // A failure is left alone for five minutes.
    assert_eq!((rig.send(&signer).await.as_str(), rig.asked()), ("TokenSignatureKeyNotFound", 1));
    rig.clock.advance(Duration::from_secs(300));
    let all = (0..20).map(|_| rig.send(&signer));
    let all = futures_util::future::join_all(all).await;
    assert!(all.iter().all(|answer| answer == "ok"), "{all:?}");
    assert_eq!(rig.asked(), 2);
}

#[tokio::test]
async fn a_bad_signature_is_one_while_another_document_is_down() {
    let (signer, impostor) = (Signer::new("only"), Signer::new("only"));
    let rig = Rig::of(Mode::Serves(vec![signer.jwk()]), &["", "/down"]).await;
    assert_eq!(rig.send(&signer).await, "ok");
    assert_eq!(rig.send(&impostor).await, "TokenSignatureInvalid");
    assert_eq!(rig.send(&Signer::new("other")).await, "TokenSignatureKeyNotFound");
}
