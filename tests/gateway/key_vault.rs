//! Secrets of a Key Vault in a configuration that nobody manages: fetched before it is served, and kept fresh.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use gatewright::gateway::{ConfigurationError, ConfigurationWatch, Gateway, KeyVaultSecrets};
use gatewright::load::Options;
use gatewright::model::{KeyVault, NamedValue, Store};
use gatewright::secret::{Error, MemoryProvider, SecretProvider, SecretValue};

use crate::{document, free_api, header, send};

const ID: &str = "https://contoso.vault.azure.net/secrets/n";
const INBOUND: &str = r#"<return-response><set-header name="x-n"><value>{{n}}</value></set-header></return-response>"#;

/// A vault in memory that counts the questions; without a value it fails.
#[derive(Clone, Default)]
struct Vault {
    memory: Arc<MemoryProvider>,
    asked: Arc<AtomicUsize>,
}

impl Vault {
    fn set(&self, value: &str) {
        self.memory.set(ID, SecretValue::new(value));
    }

    fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::SeqCst)
    }
}

#[async_trait]
impl SecretProvider for Vault {
    async fn get(&self, id: &str) -> Result<SecretValue, Error> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match self.memory.get(id).await {
            Ok(found) if found.secret.expose() == "down" => Err(Error::unavailable(id, "it is down")),
            found => found,
        }
    }
}

fn store() -> Store {
    let mut store = Store::new();
    store.service.named_values.insert("n", NamedValue::new().key_vault(KeyVault::new(ID)));
    let mut api = free_api("a", "http://127.0.0.1:9", &[("x", "GET", "/x")]);
    api.policy = Some(document(INBOUND, "", ""));
    store.service.apis.insert("a", api);
    store
}

async fn answer(gateway: &Gateway) -> String {
    header(&send(gateway, "GET", "/a/x", &[]).await, "x-n")
}

/// Lets the tasks of the gateway go on, and then some time pass.
async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_configuration_is_kept_fresh() {
    let vault = Vault::default();
    let secrets = KeyVaultSecrets::new(vault.clone()).interval(Duration::from_secs(3600));
    assert_eq!(secrets.next_due(), None);
    let mut store = store();
    secrets.fill(&mut store).await;
    let status = |store: &Store| {
        let vault = store.service.named_values.get("n").unwrap().key_vault.clone().unwrap();
        vault.last_status.unwrap().code.unwrap()
    };
    assert_eq!(status(&store), "RefreshFailed");
    assert!(Gateway::builder().build(&store).is_err(), "there is no value");
    assert_eq!(secrets.next_due(), Some(Duration::from_secs(60)));
    vault.set("c4n4ry-1");
    tokio::time::sleep(Duration::from_secs(60)).await;
    secrets.fill(&mut store).await;
    assert_eq!((status(&store), vault.asked()), ("Success".to_owned(), 2));
    secrets.fill(&mut store).await;
    assert_eq!(vault.asked(), 0, "it is fresh");

    let gateway = Gateway::builder().build(&store).unwrap();
    assert_eq!(answer(&gateway).await, "c4n4ry-1");
    assert!(!format!("{secrets:?} {store:?}").contains("c4n4ry"));
    let rotated = gateway.clone();
    tokio::spawn(async move { rotated.rotate(store, &secrets, |problem| panic!("{problem}")).await });
    vault.set("c4n4ry-2");
    pass(Duration::from_secs(3590)).await;
    assert_eq!(answer(&gateway).await, "c4n4ry-1");
    pass(Duration::from_secs(20)).await;
    assert_eq!((answer(&gateway).await, vault.asked()), ("c4n4ry-2".to_owned(), 1));
    vault.set("down");
    pass(Duration::from_secs(3600)).await;
    assert_eq!(answer(&gateway).await, "c4n4ry-2");
    vault.set("c4n4ry-3");
    pass(Duration::from_secs(61)).await;
    assert_eq!(answer(&gateway).await, "c4n4ry-3");
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_watched_folder_is_kept_fresh() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    write(folder, "named-values/n.json", &format!(r#"{{ "keyVault": {{ "secretIdentifier": "{ID}" }} }}"#));
    write(folder, "apis/a/api.json", r#"{ "path": "a", "subscriptionRequired": false }"#);
    write(folder, "apis/a/operations/x.json", r#"{ "method": "GET", "urlTemplate": "/x" }"#);
    write(folder, "apis/a/policy.xml", &document(INBOUND, "", "").value);
    let vault = Vault::default();
    vault.set("c4n4ry-1");
    let secrets = Arc::new(KeyVaultSecrets::new(vault.clone()).interval(Duration::from_secs(3600)));
    let watch = ConfigurationWatch::new(folder, Options::new()).secrets(secrets.clone());
    let mut store = Options::new().load(folder).unwrap().store;
    secrets.fill(&mut store).await;
    let gateway = Gateway::builder().build(&store).unwrap();
    let watched = gateway.clone();
    tokio::spawn(async move { watched.watch(watch, |outcome| drop(outcome.unwrap())).await });
    vault.set("c4n4ry-2");
    pass(Duration::from_secs(10)).await;
    assert_eq!((answer(&gateway).await, vault.asked()), ("c4n4ry-1".to_owned(), 1));
    pass(Duration::from_secs(3600)).await;
    assert_eq!((answer(&gateway).await, vault.asked()), ("c4n4ry-2".to_owned(), 1));
    // Another configuration has what is known, and what is new in it.
    write(folder, "apis/a/policy.xml", &document(&INBOUND.replace("{{n}}", "{{n}}!"), "", "").value);
    pass(Duration::from_secs(10)).await;
    assert_eq!((answer(&gateway).await, vault.asked()), ("c4n4ry-2!".to_owned(), 0));
}

#[tokio::test(start_paused = true)]
async fn a_bad_folder_stops_no_rotation_and_is_told_once() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    write(folder, "named-values/n.json", &format!(r#"{{ "keyVault": {{ "secretIdentifier": "{ID}" }} }}"#));
    write(folder, "apis/a/api.json", r#"{ "path": "a", "subscriptionRequired": false }"#);
    write(folder, "apis/a/operations/x.json", r#"{ "method": "GET", "urlTemplate": "/x" }"#);
    write(folder, "apis/a/policy.xml", &document(INBOUND, "", "").value);
    let vault = Vault::default();
    vault.set("c4n4ry-1");
    let secrets = Arc::new(KeyVaultSecrets::new(vault.clone()).interval(Duration::from_secs(3600)));
    let watch = ConfigurationWatch::new(folder, Options::new()).secrets(secrets.clone());
    let mut store = Options::new().load(folder).unwrap().store;
    secrets.fill(&mut store).await;
    let gateway = Gateway::builder().build(&store).unwrap();
    let (watched, told) = (gateway.clone(), Arc::new(Mutex::new(Vec::new())));
    let reports = told.clone();
    tokio::spawn(async move {
        let report = |outcome: Result<_, ConfigurationError>| {
            reports.lock().unwrap().push(outcome.map(|_| ()).map_err(|error| error.to_string()));
        };
        watched.watch(watch, report).await;
    });
    pass(Duration::from_secs(5)).await;
    write(folder, "apis/a/api.json", "{ no JSON");
    pass(Duration::from_secs(100)).await;
    assert_eq!(told.lock().unwrap().len(), 1, "{told:?}");
    vault.set("c4n4ry-2");
    pass(Duration::from_secs(3600)).await;
    assert_eq!(answer(&gateway).await, "c4n4ry-2");
    // The same again in another file is told; the same in the same one is not.
    write(folder, "apis/a/api.json", "{ no JSON ");
    pass(Duration::from_secs(10)).await;
    assert_eq!(told.lock().unwrap().len(), 1, "{told:?}");
    write(folder, "apis/a/operations/x.json", "{ no JSON");
    pass(Duration::from_secs(10)).await;
    assert_eq!(told.lock().unwrap().len(), 2, "{told:?}");
    vault.set("c4n4ry-3");
    pass(Duration::from_secs(3600)).await;
    assert_eq!(answer(&gateway).await, "c4n4ry-3");
    write(folder, "apis/a/operations/x.json", r#"{ "method": "GET", "urlTemplate": "/x" }"#);
    write(folder, "apis/a/api.json", r#"{ "path": "a", "subscriptionRequired": false }"#);
    pass(Duration::from_secs(10)).await;
    assert_eq!(answer(&gateway).await, "c4n4ry-3");
    let told = told.lock().unwrap();
    assert!(told.len() == 3 && told[2].is_ok(), "{told:?}");
}

/// Never answers for one secret.
struct Hanging(Vault);

#[async_trait]
impl SecretProvider for Hanging {
    async fn get(&self, id: &str) -> Result<SecretValue, Error> {
        if id.ends_with("/hangs") {
            std::future::pending::<()>().await;
        }
        self.0.get(id).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_hangs_stops_nothing_else() {
    let vault = Vault::default();
    vault.set("c4n4ry-1");
    let secrets = KeyVaultSecrets::new(Hanging(vault.clone())).interval(Duration::from_secs(3600));
    let mut store = store();
    for number in 0..9 {
        let id = format!("https://contoso.vault.azure.net/{number}/hangs");
        let value = NamedValue::new().key_vault(KeyVault::new(id)).value("known");
        store.service.named_values.insert(format!("h{number}"), value);
    }
    let began = tokio::time::Instant::now();
    secrets.fill(&mut store).await;
    assert!(began.elapsed() <= Duration::from_secs(121), "{:?}", began.elapsed());
    let value = |name: &str| store.service.named_values.get(name).unwrap().clone();
    assert_eq!(value("n").value.unwrap().expose(), "c4n4ry-1");
    let status = value("h3").key_vault.unwrap().last_status.unwrap();
    assert_eq!(status.code.as_deref(), Some("RefreshFailed"));
    assert!(status.message.unwrap().ends_with("was not given within 60s"));
    assert_eq!(value("h3").value.unwrap().expose(), "known");
    let quick = KeyVaultSecrets::new(Hanging(vault)).timeout(Duration::from_millis(10));
    let began = tokio::time::Instant::now();
    quick.fill(&mut store).await;
    assert!(began.elapsed() < Duration::from_secs(1));
}
