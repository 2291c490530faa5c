//! Named values and certificates that a provider of secrets gives.

use std::sync::{Arc, Mutex};

use gatewright::model::Store;
use gatewright::secret::{Error, SecretProvider, SecretValue};
use serde_json::json;

use crate::Site;
use crate::support::{Authority, TestServer, echo};

const SECRET: &str = "https://v.vault.azure.net/secrets/n";

/// Gives one text, or says that there is none.
#[derive(Clone, Default)]
struct Vault(Arc<Mutex<Option<String>>>);

impl Vault {
    fn set(&self, text: Option<&str>) {
        *self.0.lock().unwrap() = text.map(str::to_owned);
    }
}

#[async_trait::async_trait]
impl SecretProvider for Vault {
    async fn get(&self, id: &str) -> Result<SecretValue, Error> {
        assert_eq!(id, SECRET);
        let text = self.0.lock().unwrap().clone();
        text.map(SecretValue::new).ok_or_else(|| Error::not_found(id))
    }
}

#[tokio::test]
async fn a_named_value_is_fetched_rotated_and_kept_when_the_vault_fails() {
    let vault = Vault::default();
    let set = vault.clone();
    a_named_value_is_fetched_rotated_and_kept(SECRET, vault, |text| set.set(text)).await;
}

/// The same with a HashiCorp Vault, which is asked over TLS.
#[cfg(all(feature = "vault", any(feature = "aws-lc-rs", feature = "ring")))]
#[tokio::test]
async fn a_named_value_of_a_hashicorp_vault_is_fetched_rotated_and_kept_when_it_fails() {
    let vault = crate::support::HashiCorpVault::start().await;
    let provider = vault.provider(gatewright::vault::AppRole::new("gateway", "s3cr3t-id"));
    a_named_value_is_fetched_rotated_and_kept("secret/orders#key", provider, |text| {
        vault.will(|conduct| match text {
            Some(text) => (conduct.value, conduct.answer) = (text.into(), None),
            None => conduct.answer = Some((503, Some("7"), r#"{"errors": ["Vault is sealed"]}"#)),
        });
    })
    .await;
    assert_eq!(vault.conduct.lock().unwrap().logins, 1);
}

/// A provider of one secret, which `set` changes, or makes fail.
async fn a_named_value_is_fetched_rotated_and_kept(
    secret: &str,
    provider: impl SecretProvider,
    set: impl Fn(Option<&str>),
) {
    set(None);
    let site = Site::with(Store::new(), |management| management.secrets(provider)).await;
    let server = TestServer::http(echo).await;
    site.free_api("a", &server).await;
    let value = json!({"displayName": "n", "secret": true, "keyVault": {"secretIdentifier": secret}});
    let refused = site.put("/namedValues/n", value.clone()).await.is(400).json();
    assert_eq!(refused["error"]["details"][0]["target"], "keyVault.secretIdentifier");

    set(Some("c4n4ry-1"));
    let made = site.put("/namedValues/n", value).await.is(201);
    assert_eq!(made.json()["properties"]["keyVault"]["lastStatus"]["code"], "Success");
    site.policy("/apis/a", r#"<set-header name="x-n"><value>{{n}}</value></set-header>"#).await.is(201);
    assert!(site.request("/a/x", &[]).await.1.contains("x-n: c4n4ry-1"));

    set(Some("c4n4ry-2"));
    let refreshed = site.post("/namedValues/n/refreshSecret").await.is(200);
    assert!(site.request("/a/x", &[]).await.1.contains("x-n: c4n4ry-2"));

    set(None);
    let failed = site.post("/namedValues/n/refreshSecret").await.is(200);
    assert_eq!(failed.json()["properties"]["keyVault"]["lastStatus"]["code"], "RefreshFailed");
    assert!(site.request("/a/x", &[]).await.1.contains("x-n: c4n4ry-2"), "the last good value stays");
    assert_eq!(site.get("/namedValues?isKeyVaultRefreshFailed=true").await.names(), ["n"]);
    assert!(site.get("/namedValues?isKeyVaultRefreshFailed=false").await.names().is_empty());
    // A change of something else does not ask the vault.
    let patched = site.patch("/namedValues/n", json!({"tags": ["x"]})).await.is(200);
    assert!(site.request("/a/x", &[]).await.1.contains("x-n: c4n4ry-2"));
    for answer in [made, refreshed, failed, patched] {
        assert!(!answer.text.contains("c4n4ry"), "{answer:?}");
    }
    assert_eq!(site.post("/namedValues/n/listValue").await.json()["value"], "c4n4ry-2");
}

#[tokio::test]
async fn a_certificate_is_fetched_and_rotated() {
    let (first, first_thumbprint) = Authority::new().client("first");
    let (second, second_thumbprint) = Authority::new().client("second");
    let vault = Vault::default();
    let site = Site::with(Store::new(), |management| management.secrets(vault.clone())).await;
    vault.set(Some(&first));
    let certificate = json!({"keyVault": {"secretIdentifier": SECRET}});
    let made = site.put("/certificates/c", certificate).await.is(201).json();
    let is = |shown: &serde_json::Value, expected: &str| {
        assert!(shown["properties"]["thumbprint"].as_str().unwrap().eq_ignore_ascii_case(expected), "{shown}");
        assert!(shown["properties"].get("data").is_none());
    };
    is(&made, &first_thumbprint);
    vault.set(Some(&second));
    is(&site.post("/certificates/c/refreshSecret").await.is(200).json(), &second_thumbprint);
    vault.set(Some("not a certificate"));
    let failed = site.post("/certificates/c/refreshSecret").await.is(200);
    assert_eq!(failed.json()["properties"]["keyVault"]["lastStatus"]["code"], "RefreshFailed");
    let kept = site.get("/certificates/c").await.is(200);
    is(&kept.json(), &second_thumbprint);
    assert_eq!((kept.json(), kept.etag()), (failed.json(), failed.etag()));
}

#[tokio::test]
async fn a_value_that_cannot_be_served_is_left_out_and_told() {
    let vault = Vault::default();
    vault.set(Some("1"));
    let site = Site::with(Store::new(), |management| management.secrets(vault.clone())).await;
    let server = TestServer::http(echo).await;
    site.free_api("a", &server).await;
    let value = json!({"displayName": "n", "keyVault": {"secretIdentifier": SECRET}});
    site.put("/namedValues/n", value).await.is(201);
    site.policy("/apis/a", r#"<set-header name="x-n"><value>@(({{n}} + 1).ToString())</value></set-header>"#)
        .await
        .is(201);
    for unservable in ["1 + c4n4ry(", &"1".repeat(4097)] {
        vault.set(Some(unservable));
        let failed = site.post("/namedValues/n/refreshSecret").await.is(200);
        let status = failed.json()["properties"]["keyVault"]["lastStatus"].clone();
        assert_eq!(status["code"], "RefreshFailed", "{status}");
        assert!(status["message"].as_str().unwrap().starts_with("it cannot be served: "), "{status}");
        assert!(!failed.text.contains("c4n4ry"), "{failed:?}");
        assert_eq!(site.get("/namedValues?isKeyVaultRefreshFailed=true").await.names(), ["n"]);
        assert!(site.request("/a/x", &[]).await.1.contains("x-n: 2"), "the last good value stays");
    }
    vault.set(Some("2"));
    let good = site.post("/namedValues/n/refreshSecret").await.is(200);
    assert_eq!(good.json()["properties"]["keyVault"]["lastStatus"]["code"], "Success");
    assert!(site.request("/a/x", &[]).await.1.contains("x-n: 3"));
}
