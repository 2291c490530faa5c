//! Secrets from a place of one's own: a provider in a dozen lines, and a gateway whose named value follows it.
//!
//! `cargo run --example secrets`

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gatewright::Body;
use gatewright::gateway::{Gateway, KeyVaultSecrets};
use gatewright::model::{Api, ApiEntry, KeyVault, NamedValue, Operation, Policy, Store};
use gatewright::secret::{Error, SecretProvider, SecretValue};
use http::Request;
use tower::ServiceExt;

/// A provider of one's own: gives another key each time it is asked.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicUsize>);

#[async_trait::async_trait]
impl SecretProvider for Counting {
    async fn get(&self, id: &str) -> Result<SecretValue, Error> {
        match id {
            "orders-key" => Ok(SecretValue::new(format!("key-{}", 1 + self.0.fetch_add(1, Ordering::Relaxed)))),
            _ => Err(Error::not_found(id)),
        }
    }
}

const POLICY: &str = r#"<policies>
    <inbound><return-response><set-body>the key is {{orders-key}}</set-body></return-response></inbound>
    <backend /><outbound /><on-error />
</policies>"#;

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.service.named_values.insert("orders-key", NamedValue::new().key_vault(KeyVault::new("orders-key")));
    let mut api = ApiEntry::new(Api::new("orders").subscription_required(false));
    api.operations.insert("get", Operation::new("GET", "/key").into());
    api.policy = Some(Policy::new(POLICY));
    store.service.apis.insert("orders", api);

    // Before it is served, and then every four hours; time flies here.
    let secrets = KeyVaultSecrets::new(Counting::default());
    secrets.fill(&mut store).await;
    let gateway = Gateway::builder().build(&store)?;
    let rotated = gateway.clone();
    tokio::spawn(async move { rotated.rotate(store, &secrets, |problem| eprintln!("{problem}")).await });

    for _ in 0..2 {
        let request = Request::get("/orders/key").body(Body::empty())?;
        let body = gateway.clone().oneshot(request).await?.into_body().collect(1024).await?;
        println!("{}", String::from_utf8_lossy(body.as_bytes().map_or(&[], |bytes| bytes)));
        tokio::time::sleep(std::time::Duration::from_secs(4 * 60 * 60 + 1)).await;
        tokio::task::spawn_blocking(|| ()).await?;
    }
    Ok(())
}
