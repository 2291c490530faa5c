//! Tokens that were got, until shortly before they end.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::runtime::Handle;
use tokio::time::timeout;

use super::{Error, Token, TokenRequest, TokenSource};
use crate::clock::Clock;
use crate::secret::Secret;

/// A token is got anew this long before it ends, or at half of its life if that is later.
const EARLY: Duration = Duration::from_secs(300);
/// Gateways that started together do not ask together: up to this much earlier.
const JITTER: Duration = Duration::from_secs(60);
/// After a failure the source is left alone for a while, as long as there is a token.
const PAUSE: Duration = Duration::from_secs(30);
/// How long the source may take.
const LIMIT: Duration = Duration::from_secs(30);
/// Expressions may name resources.
const MOST: usize = 1024;

/// Keeps the tokens of a source.
///
/// A token is got anew some minutes before it ends. Of many requests that want the same token, one asks the source; while
/// the last token is valid, the others go on with it. If the source fails, or takes more than 30 seconds, the last token is
/// used until it ends. A clone shares everything.
///
/// ```
/// use gatewright::identity::{Error, Token, TokenCache, TokenRequest, TokenSource};
///
/// # struct Fixed;
/// # #[async_trait::async_trait]
/// # impl TokenSource for Fixed {
/// #     async fn token(&self, _: &TokenRequest) -> Result<Token, Error> {
/// #         Ok(Token::new("t", std::time::SystemTime::now() + std::time::Duration::from_secs(3600)))
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Error> {
/// let tokens = TokenCache::new(Fixed);
/// let token = tokens.get(&TokenRequest::new("https://vault.azure.net")).await?;
/// assert_eq!(token.expose(), "t");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TokenCache(Arc<Shared>);

struct Shared {
    source: Box<dyn TokenSource>,
    clock: Clock,
    entries: Mutex<HashMap<TokenRequest, Arc<Entry>>>,
}

#[derive(Default)]
struct Entry {
    held: Mutex<Option<Held>>,
    /// Held by whoever asks the source; holds why it failed last.
    flight: tokio::sync::Mutex<Option<Error>>,
    /// How many questions to the source have ended.
    answers: AtomicU64,
}

#[derive(Clone)]
struct Held {
    token: Token,
    /// From then on it is got anew.
    due: SystemTime,
}

impl TokenCache {
    /// A cache of this source.
    pub fn new(source: impl TokenSource) -> Self {
        Self::with_clock(source, Clock::system())
    }

    /// A cache of this source that takes the time from `clock`.
    pub fn with_clock(source: impl TokenSource, clock: Clock) -> Self {
        Self(Arc::new(Shared { source: Box::new(source), clock, entries: Mutex::default() }))
    }

    /// The token for a request, if one is here and need not be got anew.
    pub fn fresh(&self, request: &TokenRequest) -> Option<Secret> {
        let entry = lock(&self.0.entries).get(request).cloned()?;
        let held = lock(&entry.held).clone()?;
        (self.0.clock.wall() < held.due).then_some(held.token.secret)
    }

    /// The token for a request: the one that is here, or a new one.
    ///
    /// # Errors
    ///
    /// The [`Error`] of the source, when there is no token that is still valid.
    ///
    /// Cancel safe: another request then asks the source.
    pub async fn get(&self, request: &TokenRequest) -> Result<Secret, Error> {
        let entry = self.entry(request);
        if let Some(held) = entry.held().filter(|held| self.0.clock.wall() < held.due) {
            return Ok(held.token.secret);
        }
        let before = entry.answers.load(Ordering::Acquire);
        let mut flight = match (entry.flight.try_lock(), self.valid(&entry)) {
            (Ok(flight), _) => flight,
            // Somebody gets the next one; the last is good until then.
            (Err(_), Some(last)) => return Ok(last),
            (Err(_), None) => entry.flight.lock().await,
        };
        if let Some(held) = entry.held().filter(|held| self.0.clock.wall() < held.due) {
            return Ok(held.token.secret);
        }
        if entry.answers.load(Ordering::Acquire) > before
            && let Some(error) = &*flight
        {
            return Err(error.clone());
        }
        let got = self.ask(request).await;
        entry.answers.fetch_add(1, Ordering::AcqRel);
        *flight = got.as_ref().err().cloned();
        let now = self.0.clock.wall();
        match got {
            Ok(token) => {
                let secret = token.secret.clone();
                *lock(&entry.held) = Some(Held { due: due(token.expires, now), token });
                Ok(secret)
            }
            Err(error) => {
                let Some(last) = self.valid(&entry) else { return Err(error) };
                let resource = &*request.resource;
                tracing::warn!(target: "gatewright::identity", resource, %error, "a token was not renewed, the last is used");
                if let Some(held) = &mut *lock(&entry.held) {
                    held.due = now + PAUSE;
                }
                Ok(last)
            }
        }
    }

    /// What the source gives; whoever asks it holds up the others, so that it may not take long.
    async fn ask(&self, request: &TokenRequest) -> Result<Token, Error> {
        let asked = self.0.source.token(request);
        // Without a runtime there is no timer.
        if Handle::try_current().is_err() {
            return asked.await;
        }
        let late = |_| Err(Error::unavailable(format!("there was no answer within {} s", LIMIT.as_secs())));
        timeout(LIMIT, asked).await.unwrap_or_else(late)
    }

    /// The last token, if it has not ended.
    fn valid(&self, entry: &Entry) -> Option<Secret> {
        entry.held().filter(|held| self.0.clock.wall() < held.token.expires).map(|held| held.token.secret)
    }

    fn entry(&self, request: &TokenRequest) -> Arc<Entry> {
        let mut entries = lock(&self.0.entries);
        if let Some(entry) = entries.get(request) {
            return Arc::clone(entry);
        }
        if entries.len() >= MOST {
            let idle = entries.iter().find(|(_, entry)| Arc::strong_count(entry) == 1);
            if let Some(idle) = idle.map(|(request, _)| request.clone()) {
                entries.remove(&idle);
            }
        }
        Arc::clone(entries.entry(request.clone()).or_default())
    }
}

impl Entry {
    fn held(&self) -> Option<Held> {
        lock(&self.held).clone()
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache").field("tokens", &lock(&self.0.entries).len()).finish_non_exhaustive()
    }
}

/// When a token is to be got anew that was got now.
fn due(expires: SystemTime, now: SystemTime) -> SystemTime {
    let life = expires.duration_since(now).unwrap_or_default();
    let mut random = [0];
    // A failing random source only means no jitter.
    let _ = getrandom::fill(&mut random);
    let early = EARLY + JITTER * u32::from(random[0]) / 255;
    now + life.saturating_sub(early).max(life / 2)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use tokio::sync::Semaphore;

    use super::*;

    /// Gives `1`, `2`, … for an hour each, or what is prepared, as long as it is let.
    struct Numbered {
        clock: Clock,
        gate: Arc<Semaphore>,
        calls: Arc<AtomicU64>,
        prepared: Mutex<VecDeque<Result<u64, &'static str>>>,
    }

    #[async_trait::async_trait]
    impl TokenSource for Numbered {
        async fn token(&self, _: &TokenRequest) -> Result<Token, Error> {
            self.gate.acquire().await.unwrap().forget();
            let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
            let prepared = lock(&self.prepared).pop_front().unwrap_or(Ok(3600));
            let life = prepared.map_err(Error::unavailable)?;
            Ok(Token::new(number.to_string(), self.clock.wall() + Duration::from_secs(life)))
        }
    }

    struct Rig {
        clock: Clock,
        gate: Arc<Semaphore>,
        calls: Arc<AtomicU64>,
        tokens: TokenCache,
    }

    impl Rig {
        fn new(prepared: impl IntoIterator<Item = Result<u64, &'static str>>) -> Self {
            let clock = Clock::manual(SystemTime::UNIX_EPOCH);
            let (gate, calls) = (Arc::new(Semaphore::new(100)), Arc::<AtomicU64>::default());
            let prepared = Mutex::new(prepared.into_iter().collect());
            let source = Numbered { clock: clock.clone(), gate: gate.clone(), calls: calls.clone(), prepared };
            Self { tokens: TokenCache::with_clock(source, clock.clone()), clock, gate, calls }
        }

        async fn after(&self, seconds: u64) -> Result<String, String> {
            self.clock.advance(Duration::from_secs(seconds));
            let got = self.tokens.get(&TokenRequest::new("r")).await;
            got.map(|token| token.expose().to_owned()).map_err(|error| error.to_string())
        }

        fn closed(self) -> Self {
            self.gate.forget_permits(100);
            self
        }
    }

    fn ok(text: &str) -> Result<String, String> {
        Ok(text.to_owned())
    }

    #[tokio::test]
    async fn a_token_is_kept_and_got_anew_before_it_ends() {
        let rig = Rig::new([]);
        assert!(rig.tokens.fresh(&TokenRequest::new("r")).is_none());
        assert_eq!(rig.after(0).await, ok("1"));
        assert_eq!(rig.after(3600 - 361).await, ok("1"));
        assert!(rig.tokens.fresh(&TokenRequest::new("r/.default")).is_some());
        assert_eq!(rig.after(61).await, ok("2"));
        assert_eq!(rig.after(0).await, ok("2"));
        let other = TokenRequest::new("r").client_id("x");
        assert_eq!(rig.tokens.get(&other).await.unwrap().expose(), "3");
    }

    #[tokio::test]
    async fn a_short_life_is_used_to_its_half() {
        let rig = Rig::new([Ok(60), Ok(60)]);
        for (seconds, expected) in [(0, "1"), (29, "1"), (2, "2")] {
            assert_eq!(rig.after(seconds).await, ok(expected));
        }
    }

    #[tokio::test]
    async fn the_last_token_is_used_while_it_is_valid() {
        let rig = Rig::new([Ok(3600), Err("down"), Err("down"), Err("down")]);
        for (seconds, expected, calls) in [
            (0, ok("1"), 1),
            (3400, ok("1"), 2),
            // The source is left alone for a while.
            (29, ok("1"), 2),
            (2, ok("1"), 3),
            (200, Err("the source of tokens failed: down".to_owned()), 4),
            (0, ok("5"), 5),
        ] {
            assert_eq!((rig.after(seconds).await, rig.calls.load(Ordering::SeqCst)), (expected, calls));
        }
    }

    #[tokio::test]
    async fn one_asks_for_all_that_wait() {
        for (prepared, expected) in
            [(Ok(3600), ok("1")), (Err("down"), Err("the source of tokens failed: down".to_owned()))]
        {
            let rig = Rig::new([prepared]).closed();
            let ask = || {
                let tokens = rig.tokens.clone();
                tokio::spawn(async move { tokens.get(&TokenRequest::new("r")).await })
            };
            let waiting: Vec<_> = (0..20).map(|_| ask()).collect();
            tokio::task::yield_now().await;
            rig.gate.add_permits(1);
            for waiting in waiting {
                let got = waiting.await.unwrap().map(|token| token.expose().to_owned());
                assert_eq!(got.map_err(|error| error.to_string()), expected);
            }
            assert_eq!(rig.calls.load(Ordering::SeqCst), 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_hangs_is_given_up() {
        let rig = Rig::new([]).closed();
        rig.gate.forget_permits(100);
        let late = Err("the source of tokens failed: there was no answer within 30 s".to_owned());
        assert_eq!(rig.after(0).await, late);
        rig.gate.add_permits(1);
        assert_eq!(rig.after(0).await, ok("1"));
    }

    #[tokio::test]
    async fn nobody_waits_while_the_last_token_is_valid() {
        let rig = Rig::new([]);
        assert_eq!(rig.after(0).await, ok("1"));
        let rig = rig.closed();
        rig.gate.forget_permits(100);
        rig.clock.advance(Duration::from_secs(3400));
        let tokens = rig.tokens.clone();
        let renewing = tokio::spawn(async move { tokens.get(&TokenRequest::new("r")).await });
        tokio::task::yield_now().await;
        assert_eq!(rig.after(0).await, ok("1"));
        // And if it is dropped, the next asks.
        renewing.abort();
        assert!(renewing.await.is_err());
        rig.gate.add_permits(1);
        assert_eq!(rig.after(0).await, ok("2"));
    }
}
