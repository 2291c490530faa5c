use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use http::Response;
use tokio::sync::Semaphore;

use super::*;
use crate::forward::ForwardError;

const URL: &str = "https://login.example/.well-known/openid-configuration";

/// An issuer whose documents are numbered; `keys` are what the next documents lead to, and none of them is a failure.
struct Issuer {
    asked: AtomicUsize,
    gate: Semaphore,
    keys: Mutex<VecDeque<Option<&'static str>>>,
}

#[async_trait::async_trait]
impl Outbound for Issuer {
    async fn send(&self, request: Request<Body>, _: &OutboundOptions) -> Result<Response<Body>, ForwardError> {
        if request.uri().path() == "/keys" {
            let key = lock(&self.keys).pop_front().flatten().unwrap_or_default();
            let set = format!(
                r#"{{"keys":[{{"kty":"RSA","kid":"{key}","n":"AQAB","e":"AQAB"}},{{"kty":"oct","k":"AA"}},7]}}"#
            );
            return Ok(Response::new(Body::from(set)));
        }
        self.gate.acquire().await.unwrap().forget();
        self.asked.fetch_add(1, Ordering::SeqCst);
        if lock(&self.keys).front().is_some_and(Option::is_none) {
            lock(&self.keys).pop_front();
            return Ok(Response::builder().status(503).body(Body::empty()).unwrap());
        }
        Ok(Response::new(Body::from(r#"{"issuer":"i","jwks_uri":"https://login.example/keys"}"#)))
    }
}

struct Rig {
    cache: MetadataCache,
    issuer: Arc<Issuer>,
    retrieval: Retrieval,
}

impl Rig {
    fn new(keys: impl IntoIterator<Item = Option<&'static str>>) -> Self {
        let keys = Mutex::new(keys.into_iter().collect());
        let issuer = Arc::new(Issuer { asked: AtomicUsize::new(0), gate: Semaphore::new(1000), keys });
        let outbound: Arc<dyn Outbound> = issuer.clone();
        let retrieval = Retrieval { clock: Clock::manual(SystemTime::UNIX_EPOCH), outbound: Some(outbound) };
        Self { cache: MetadataCache::new(), issuer, retrieval }
    }

    /// The name of the key that is there after a while.
    async fn after(&self, seconds: u64) -> Option<Arc<Metadata>> {
        self.retrieval.clock.advance(Duration::from_secs(seconds));
        self.settle(self.cache.find(URL, &self.retrieval)).await
    }

    async fn searched(&self, seen: &Arc<Metadata>, seconds: u64) -> bool {
        self.retrieval.clock.advance(Duration::from_secs(seconds));
        match self.cache.newer(URL, seen, &self.retrieval) {
            Found::Coming(flight) => {
                flight.landed().await;
                true
            }
            found => matches!(found, Found::Here(_)),
        }
    }

    async fn settle(&self, found: Found) -> Option<Arc<Metadata>> {
        match found {
            Found::Here(metadata) => Some(metadata),
            Found::Coming(flight) => {
                flight.landed().await;
                match self.cache.find(URL, &self.retrieval) {
                    Found::Here(metadata) => Some(metadata),
                    _ => None,
                }
            }
            Found::Missing | Found::NoOutbound => None,
        }
    }

    fn asked(&self) -> usize {
        self.issuer.asked.load(Ordering::SeqCst)
    }
}

fn has(metadata: &Option<Arc<Metadata>>, key: &str) -> bool {
    metadata.as_ref().is_some_and(|metadata| metadata.keys.len() == 1 && metadata.keys[0].is_named(key))
}

#[tokio::test]
async fn a_document_is_renewed_every_hour_while_the_last_is_used() {
    let rig = Rig::new([Some("a"), Some("b")]);
    assert!(has(&rig.after(0).await, "a") && rig.asked() == 1);
    assert!(has(&rig.after(3599).await, "a") && rig.asked() == 1);
    assert!(has(&rig.after(1).await, "a"));
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(has(&rig.after(0).await, "b") && rig.asked() == 2);
}

#[tokio::test]
async fn a_failure_is_left_alone_for_five_minutes() {
    let rig = Rig::new([None, Some("a")]);
    assert!(rig.after(0).await.is_none() && rig.after(299).await.is_none() && rig.asked() == 1);
    assert!(has(&rig.after(1).await, "a") && rig.asked() == 2);
}

#[tokio::test]
async fn the_last_document_is_used_for_a_day() {
    let rig = Rig::new([Some("a")].into_iter().chain([None; 300]));
    assert!(has(&rig.after(0).await, "a"));
    for _ in 0..287 {
        assert!(has(&rig.after(300).await, "a"));
        tokio::task::yield_now().await;
    }
    assert!(rig.after(300).await.is_none());
    // Every five minutes after the first hour.
    assert!((270..=290).contains(&rig.asked()), "{}", rig.asked());
}

#[tokio::test]
async fn a_missing_key_is_searched_for_once_in_five_minutes() {
    let rig = Rig::new([Some("a"), Some("b"), Some("c"), Some("d")]);
    let first = rig.after(0).await.unwrap();
    assert!(rig.searched(&first, 1).await && rig.asked() == 2);
    // Another request that saw the first one gets what is there now.
    assert!(rig.searched(&first, 0).await && rig.asked() == 2);
    let second = rig.after(0).await.unwrap();
    assert!(!rig.searched(&second, 298).await && rig.asked() == 2);
    assert!(rig.searched(&second, 2).await && rig.asked() == 3);
}

#[tokio::test]
async fn one_asks_for_all_and_a_request_that_goes_away_changes_nothing() {
    let rig = Arc::new(Rig::new([Some("a")]));
    rig.issuer.gate.forget_permits(1000);
    let ask = || {
        let rig = rig.clone();
        tokio::spawn(async move { has(&rig.after(0).await, "a") })
    };
    let gone = ask();
    tokio::task::yield_now().await;
    gone.abort();
    let waiting: Vec<_> = (0..20).map(|_| ask()).collect();
    tokio::task::yield_now().await;
    rig.issuer.gate.add_permits(1);
    for waiting in waiting {
        assert!(waiting.await.unwrap());
    }
    assert_eq!(rig.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_is_given_up() {
    let rig = Rig::new([Some("a")]);
    rig.issuer.gate.forget_permits(1000);
    let start = Instant::now();
    assert!(rig.after(0).await.is_none());
    assert_eq!(start.elapsed(), LIMIT);
}

#[test]
fn without_a_runtime_or_an_outbound_nothing_comes() {
    let mut rig = Rig::new([]);
    assert!(matches!(rig.cache.find(URL, &rig.retrieval), Found::Missing));
    rig.retrieval.outbound = None;
    assert!(matches!(rig.cache.find(URL, &rig.retrieval), Found::NoOutbound));
}

#[tokio::test]
async fn what_the_metadata_says_is_checked() {
    struct Fixed(&'static str);
    #[async_trait::async_trait]
    impl Outbound for Fixed {
        async fn send(&self, _: Request<Body>, _: &OutboundOptions) -> Result<Response<Body>, ForwardError> {
            Ok(Response::new(Body::from(self.0)))
        }
    }
    for (url, text, expected) in [
        ("https://a.example/x", "[]", "the metadata is not JSON as OpenID Connect Discovery has it"),
        ("https://a.example/x", "{}", "the metadata has no `jwks_uri`"),
        ("https://a.example/x", r#"{"jwks_uri":"http://a.example/k"}"#, "`jwks_uri` is not an https URL"),
        ("http://a.example/x", r#"{"jwks_uri":"file:///etc/passwd"}"#, "`jwks_uri` is not an https URL"),
        (
            "http://a.example/x",
            r#"{"jwks_uri":"http://a.example/k"}"#,
            "the key set is not JSON as OpenID Connect Discovery has it",
        ),
        ("no url", "", "`no url` is not a URL"),
    ] {
        assert_eq!(retrieve(&Fixed(text), url).await.unwrap_err(), expected);
    }
}
