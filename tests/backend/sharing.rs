//! Circuits that instances share: what one of them opens is open for all, and nobody waits for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gatewright::backend::{
    BackendOptions, Backends, BreakerEvent, BreakerObserver, BreakerOptions, BreakerStore, CircuitState,
    MemoryBreakers, OpenCircuits, Opening, Resilience, Transition,
};
use gatewright::clock::Clock;
use gatewright::forward::ForwardOptions;
use gatewright::model::{Backend, CircuitBreaker, Pool, PoolMember};
use gatewright::secret::NamedValues;

use crate::breakers::{Moody, breaker, manual, moody, rule};
use crate::{get, to_b, transport};

/// One of several gateways with the entity `b`.
struct Instance {
    resilience: Resilience,
    backends: Backends,
}

impl Instance {
    fn new(moody: &Moody, rules: CircuitBreaker, resilience: Resilience) -> Self {
        let (transport, values) = (transport(), NamedValues::new());
        let backend = Backend::new(moody.server.url("")).unwrap().circuit_breaker(rules);
        let backends = Backends::builder(&transport, &values).resilience(&resilience).backend("b", &backend);
        let backends = backends.build().unwrap();
        Self { resilience, backends }
    }

    /// The status of the backend, or none when the circuit is open.
    async fn asks(&self) -> Option<u16> {
        match self.backends.call(&to_b(), get("/"), &ForwardOptions::default()).await {
            Ok(response) => Some(response.status().as_u16()),
            Err(error) => {
                assert!(error.is_refusal(), "{error}");
                None
            }
        }
    }

    async fn exchanges(&self) {
        self.resilience.exchange_breakers().await.unwrap();
    }

    /// How long its circuit is open yet, in seconds.
    fn open_for(&self) -> Option<u64> {
        match &self.backends.breakers()[0].state {
            CircuitState::Open { remaining, .. } => Some(remaining.as_secs()),
            _ => None,
        }
    }

    fn trips(&self) -> u64 {
        self.backends.breakers()[0].trips
    }
}

fn shared(clock: &Clock, store: &MemoryBreakers) -> Resilience {
    Resilience::new().clock(clock.clone()).share(store.clone())
}

fn store(clock: &Clock) -> MemoryBreakers {
    MemoryBreakers::new().clock(clock.clone())
}

fn fails(moody: &Moody, fails: bool) {
    moody.status.store(if fails { 500 } else { 200 }, Ordering::SeqCst);
}

#[tokio::test]
async fn what_one_instance_opens_is_open_for_all_for_the_time_that_is_left() {
    let (clock, moody) = (manual(), moody().await);
    let store = store(&clock);
    let [one, two] = [1, 2].map(|_| Instance::new(&moody, breaker(1), shared(&clock, &store)));
    fails(&moody, true);
    assert_eq!(one.asks().await, Some(500));
    fails(&moody, false);
    clock.advance(Duration::from_secs(5));
    one.exchanges().await;
    assert_eq!(two.asks().await, Some(200), "it has not heard of it yet");
    two.exchanges().await;
    assert_eq!((two.asks().await, two.open_for(), two.trips()), (None, Some(25), 1));

    // Whoever comes later hears of it too, with what is left.
    clock.advance(Duration::from_secs(10));
    let three = Instance::new(&moody, breaker(1), shared(&clock, &store));
    three.exchanges().await;
    assert_eq!((three.asks().await, three.open_for()), (None, Some(15)));

    // All of them close when the time is over, and what is over is not heard again.
    clock.advance(Duration::from_secs(15));
    for instance in [&one, &two, &three] {
        instance.exchanges().await;
        assert_eq!((instance.asks().await, instance.trips()), (Some(200), 1));
    }
}

#[tokio::test]
async fn an_opening_is_heard_once() {
    let clock = manual();
    let moody = moody().await;
    // A store whose time is behind: it tells of openings that are over.
    let late = store(&manual());
    let [one, two] = [1, 2].map(|_| Instance::new(&moody, breaker(1), shared(&clock, &late)));
    fails(&moody, true);
    one.asks().await;
    one.exchanges().await;
    two.exchanges().await;
    fails(&moody, false);
    clock.advance(Duration::from_secs(30));
    for instance in [&one, &two] {
        instance.exchanges().await;
        assert_eq!((instance.asks().await, instance.trips()), (Some(200), 1));
        instance.exchanges().await;
        assert_eq!((instance.asks().await, instance.trips()), (Some(200), 1));
    }
}

#[tokio::test]
async fn each_instance_tries_by_itself_and_one_that_fails_opens_it_for_all() {
    let (clock, moody) = (manual(), moody().await);
    let store = store(&clock);
    let options = BackendOptions::new().breaker(BreakerOptions::new().half_open(2));
    let resilience = || shared(&clock, &store).backends(options.clone());
    let [one, two] = [1, 2].map(|_| Instance::new(&moody, breaker(1), resilience()));
    fails(&moody, true);
    one.asks().await;
    one.exchanges().await;
    two.exchanges().await;
    clock.advance(Duration::from_secs(30));
    // The first trial of one goes well, and while the second one runs a trial of the other fails.
    fails(&moody, false);
    assert_eq!(two.asks().await, Some(200));
    fails(&moody, true);
    assert_eq!(one.asks().await, Some(500));
    one.exchanges().await;
    fails(&moody, false);
    let options = ForwardOptions::default();
    let trial = two.backends.call(&to_b(), get("/"), &options);
    two.exchanges().await;
    assert_eq!(trial.await.unwrap().status(), 200);
    assert_eq!((two.asks().await, two.open_for()), (None, Some(30)), "the trial of before says nothing");
    clock.advance(Duration::from_secs(30));
    for instance in [&one, &two] {
        instance.exchanges().await;
        assert_eq!(instance.backends.breakers()[0].state, CircuitState::HalfOpen);
        assert_eq!((instance.asks().await, instance.asks().await), (Some(200), Some(200)));
        assert_eq!(instance.backends.breakers()[0].state, CircuitState::Closed);
    }
}

#[tokio::test]
async fn the_longest_time_holds_and_no_longer_than_the_rule_allows() {
    let (clock, moody) = (manual(), moody().await);
    let store = store(&clock);
    let rules = || CircuitBreaker::new().rule(rule(1).accept_retry_after(true));
    let most = BreakerOptions::new().longest_retry_after(Duration::from_secs(40));
    let careful = || shared(&clock, &store).backends(BackendOptions::new().breaker(most.clone()));
    let one = Instance::new(&moody, rules(), shared(&clock, &store));
    let two = Instance::new(&moody, rules(), careful());
    fails(&moody, true);
    // 7 s, as the backend says.
    two.asks().await;
    two.exchanges().await;
    one.asks().await;
    one.exchanges().await;
    assert_eq!((one.open_for(), two.open_for(), one.trips()), (Some(7), Some(7), 1), "it was open already");
    clock.advance(Duration::from_secs(7));
    // Somebody tells of a day.
    let told = store.exchange(&[], 0).await.unwrap();
    assert_eq!(told, None, "all of it is over");
    one.asks().await;
    one.exchanges().await;
    let told = store.exchange(&[], 0).await.unwrap().unwrap();
    let day = Opening { id: 9, remaining: Duration::from_secs(86_400), ..told.openings[0].clone() };
    store.exchange(&[day], 0).await.unwrap();
    one.exchanges().await;
    two.exchanges().await;
    assert_eq!((one.open_for(), two.open_for()), (Some(86_400), Some(40)));
}

#[tokio::test]
async fn other_rules_ids_and_workspaces_are_other_circuits_and_nothing_is_shared_by_default() {
    let (clock, moody) = (manual(), moody().await);
    let store = store(&clock);
    let one = Instance::new(&moody, breaker(1), shared(&clock, &store));
    let others = [
        Instance::new(&moody, breaker(2), shared(&clock, &store)),
        Instance::new(&moody, breaker(1), Resilience::new().clock(clock.clone())),
    ];
    fails(&moody, true);
    one.asks().await;
    one.exchanges().await;
    for other in &others {
        other.exchanges().await;
        assert_eq!((other.open_for(), other.trips()), (None, 0));
    }
    let (transport, values) = (transport(), NamedValues::new());
    let backend = Backend::new(moody.server.url("")).unwrap().circuit_breaker(breaker(1));
    for (workspace, id, trips) in [("w", "b", 0), ("", "c", 0), ("", "B", 1)] {
        let resilience = shared(&clock, &store);
        let backends = Backends::builder(&transport, &values).resilience(&resilience).workspace(workspace);
        let backends = backends.backend(id, &backend).build().unwrap();
        resilience.exchange_breakers().await.unwrap();
        assert_eq!(backends.breakers()[0].trips, trips, "{workspace}/{id}");
    }
}

#[tokio::test]
async fn an_entity_that_comes_later_is_open_and_pools_leave_it_out() {
    let (clock, moody, other) = (manual(), moody().await, moody().await);
    let store = store(&clock);
    let one = Instance::new(&moody, breaker(1), shared(&clock, &store));
    fails(&moody, true);
    one.asks().await;
    one.exchanges().await;
    let resilience = shared(&clock, &store);
    resilience.exchange_breakers().await.unwrap();
    let (transport, values) = (transport(), NamedValues::new());
    let entity = |moody: &Moody| Backend::new(moody.server.url("")).unwrap().circuit_breaker(breaker(1));
    let pool = Pool::new().member(PoolMember::new("b")).member(PoolMember::new("other"));
    let backends = Backends::builder(&transport, &values)
        .resilience(&resilience)
        .backend("b", &entity(&moody))
        .backend("other", &entity(&other))
        .backend("p", &Backend::of_pool(pool))
        .build()
        .unwrap();
    let asked = moody.asked.load(Ordering::SeqCst);
    resilience.exchange_breakers().await.unwrap();
    let pool = gatewright::forward::Target::Backend("p".into());
    for _ in 0..4 {
        let response = backends.call(&pool, get("/"), &ForwardOptions::default()).await.unwrap();
        assert_eq!(response.status(), 200);
    }
    assert_eq!((moody.asked.load(Ordering::SeqCst), other.asked.load(Ordering::SeqCst)), (asked, 4));
}

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<(Transition, bool)>>>);

impl BreakerObserver for Seen {
    fn changed(&self, event: &BreakerEvent<'_>) {
        self.0.lock().unwrap().push((event.transition, event.is_elsewhere));
    }
}

#[tokio::test]
async fn events_say_who_opened_it() {
    let (clock, moody) = (manual(), moody().await);
    let (store, seen) = (store(&clock), [Seen::default(), Seen::default()]);
    let instance = |seen: &Seen| Instance::new(&moody, breaker(1), shared(&clock, &store).observer(seen.clone()));
    let [one, two] = seen.each_ref().map(instance);
    fails(&moody, true);
    one.asks().await;
    one.exchanges().await;
    two.exchanges().await;
    fails(&moody, false);
    clock.advance(Duration::from_secs(30));
    assert_eq!((one.asks().await, two.asks().await), (Some(200), Some(200)));
    let opened = |elsewhere| [(Transition::Opened, elsewhere), (Transition::Closed, false)];
    assert_eq!(*seen[0].0.lock().unwrap(), opened(false));
    assert_eq!(*seen[1].0.lock().unwrap(), opened(true));
}

/// A store that may fail.
#[derive(Clone, Debug)]
struct Shaky {
    store: MemoryBreakers,
    fails: Arc<AtomicBool>,
}

#[async_trait::async_trait]
impl BreakerStore for Shaky {
    async fn exchange(
        &self,
        ours: &[Opening],
        seen: u64,
    ) -> Result<Option<OpenCircuits>, Box<dyn std::error::Error + Send + Sync>> {
        if self.fails.load(Ordering::SeqCst) { Err("gone".into()) } else { self.store.exchange(ours, seen).await }
    }
}

#[tokio::test]
async fn a_store_that_fails_changes_nothing_and_is_told_later() {
    let (clock, moody) = (manual(), moody().await);
    let store = Shaky { store: store(&clock), fails: Arc::new(AtomicBool::new(true)) };
    let resilience = || Resilience::new().clock(clock.clone()).share(store.clone());
    let [one, two] = [1, 2].map(|_| Instance::new(&moody, breaker(1), resilience()));
    fails(&moody, true);
    one.asks().await;
    assert_eq!(one.resilience.exchange_breakers().await.unwrap_err().to_string(), "gone");
    assert!(two.resilience.exchange_breakers().await.is_err());
    assert_eq!((one.asks().await, one.open_for(), two.open_for()), (None, Some(30), None));
    clock.advance(Duration::from_secs(10));
    store.fails.store(false, Ordering::SeqCst);
    one.exchanges().await;
    two.exchanges().await;
    assert_eq!((one.open_for(), two.open_for()), (Some(20), Some(20)));
    // Gone for longer than the circuit is open: there is nothing to tell any more.
    store.fails.store(true, Ordering::SeqCst);
    clock.advance(Duration::from_secs(20));
    two.asks().await;
    assert!(two.resilience.exchange_breakers().await.is_err());
    clock.advance(Duration::from_secs(30));
    store.fails.store(false, Ordering::SeqCst);
    two.exchanges().await;
    one.exchanges().await;
    assert_eq!((one.trips(), two.trips()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_watch_tells_at_once_and_asks_from_time_to_time() {
    let (moody, seconds) = (moody().await, Duration::from_secs);
    let store = Shaky { store: MemoryBreakers::new(), fails: Arc::default() };
    let instance = |interval| {
        let rules = CircuitBreaker::new().rule(rule(1).trip_duration(seconds(3_600)));
        Instance::new(&moody, rules, Resilience::new().share_every(interval, store.clone()))
    };
    // One asks once a day, and tells all the same.
    let (one, two) = (instance(seconds(86_400)), instance(seconds(2)));
    let watches = [&one, &two].map(|instance| {
        let resilience = instance.resilience.clone();
        tokio::spawn(async move { resilience.watch_breakers().await })
    });
    let opens = async || {
        fails(&moody, true);
        assert_eq!(one.asks().await, Some(500));
        fails(&moody, false);
        tokio::time::sleep(seconds(10)).await;
    };
    tokio::time::sleep(seconds(1)).await;
    opens().await;
    assert!(one.asks().await.is_none() && two.asks().await.is_none());
    tokio::time::sleep(seconds(7_200)).await;
    assert_eq!((one.asks().await, two.asks().await), (Some(200), Some(200)));

    // The store is gone for a while, and asked again after a second.
    store.fails.store(true, Ordering::SeqCst);
    opens().await;
    assert_eq!((one.asks().await, two.asks().await), (None, Some(200)));
    store.fails.store(false, Ordering::SeqCst);
    tokio::time::sleep(seconds(10)).await;
    assert!(one.asks().await.is_none() && two.asks().await.is_none());
    for watch in watches {
        watch.abort();
    }
}

/// A store that may be started again, and has forgotten everything then.
#[derive(Clone, Debug)]
struct Forgetful(Arc<Mutex<MemoryBreakers>>);

#[async_trait::async_trait]
impl BreakerStore for Forgetful {
    async fn exchange(
        &self,
        ours: &[Opening],
        seen: u64,
    ) -> Result<Option<OpenCircuits>, Box<dyn std::error::Error + Send + Sync>> {
        let store = self.0.lock().unwrap().clone();
        store.exchange(ours, seen).await
    }
}

#[tokio::test]
async fn a_store_that_was_started_again_is_told_again_what_is_open_yet() {
    let (clock, moody) = (manual(), moody().await);
    let forgetful = Forgetful(Arc::new(Mutex::new(store(&clock))));
    let instance = || {
        let resilience = Resilience::new().clock(clock.clone()).share(forgetful.clone());
        Instance::new(&moody, breaker(1), resilience)
    };
    let (one, two) = (instance(), instance());
    fails(&moody, true);
    one.asks().await;
    one.exchanges().await;
    two.exchanges().await;
    let starts_again = async |teller: &Instance, left: u64| {
        clock.advance(Duration::from_secs(10));
        *forgetful.0.lock().unwrap() = store(&clock);
        // It finds out, and tells the next time.
        teller.exchanges().await;
        teller.exchanges().await;
        let late = instance();
        late.exchanges().await;
        assert_eq!((late.open_for(), teller.open_for(), teller.trips()), (Some(left), Some(left), 1));
    };
    starts_again(&one, 20).await;
    drop(one);
    // By one who only heard of it, too.
    two.exchanges().await;
    starts_again(&two, 10).await;
}

#[tokio::test(start_paused = true)]
async fn a_watch_tells_a_store_that_was_started_again() {
    let (moody, seconds) = (moody().await, Duration::from_secs);
    let forgetful = Forgetful(Arc::default());
    let instance = || {
        let rules = CircuitBreaker::new().rule(rule(1).trip_duration(seconds(3_600)));
        Instance::new(&moody, rules, Resilience::new().share_every(seconds(60), forgetful.clone()))
    };
    let one = instance();
    let watched = one.resilience.clone();
    let watch = tokio::spawn(async move { watched.watch_breakers().await });
    fails(&moody, true);
    one.asks().await;
    tokio::time::sleep(seconds(1)).await;
    *forgetful.0.lock().unwrap() = MemoryBreakers::new();
    // Found out when it is asked, and told at once.
    tokio::time::sleep(seconds(61)).await;
    let late = instance();
    late.exchanges().await;
    assert!(late.open_for().is_some_and(|left| (3_500..3_600).contains(&left)), "{:?}", late.open_for());
    watch.abort();
}

#[tokio::test]
async fn an_opening_that_the_store_keeps_is_not_heard_again_after_others() {
    let (clock, moody) = (manual(), moody().await);
    let store = store(&clock);
    let one = Instance::new(&moody, breaker(1), shared(&clock, &store));
    fails(&moody, true);
    one.asks().await;
    one.exchanges().await;
    let told = store.exchange(&[], 0).await.unwrap().unwrap();
    let day = Opening { id: 9, remaining: Duration::from_secs(86_400), ..told.openings[0].clone() };
    store.exchange(&[day], 0).await.unwrap();
    one.exchanges().await;
    assert_eq!(one.open_for(), Some(30), "as long as the rule says");
    clock.advance(Duration::from_secs(30));
    for trips in 2..40 {
        assert_eq!((one.asks().await, one.trips()), (Some(500), trips));
        clock.advance(Duration::from_secs(10));
        // Not in each round, so that there are more openings than rounds.
        if trips % 20 == 0 {
            one.exchanges().await;
        }
        assert_eq!((one.open_for(), one.trips()), (Some(20), trips));
        clock.advance(Duration::from_secs(20));
    }
}
