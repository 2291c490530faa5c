//! HashiCorp Vault, against a server that speaks TLS, and fails, throttles, rotates, revokes and hangs in turn.

#![cfg(all(feature = "vault", any(feature = "aws-lc-rs", feature = "ring")))]

#[allow(unused_imports)] // The tests of backends use the rest.
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use gatewright::backend::Transport;
use gatewright::secret::SecretProvider;
use gatewright::vault::{AppRole, Kubernetes, KvVersion, VaultAuth, VaultProvider};
use support::{Authority, HashiCorpVault as Vault, Log};

async fn text(provider: &VaultProvider, id: &str) -> String {
    match provider.get(id).await {
        Ok(found) => found.secret.expose().to_owned(),
        Err(error) => panic!("{id}: {error}"),
    }
}

#[tokio::test]
async fn both_versions_of_the_engine() {
    let vault = Vault::start().await;
    let provider = vault.provider(VaultAuth::token("root")).mount("legacy", KvVersion::One).namespace("team");
    let found = provider.get("secret/orders#key").await.unwrap();
    assert_eq!((found.secret.expose(), found.version.as_deref()), ("c4n4ry-1", Some("1")));
    assert_eq!(vault.seen(), ["GET /v1/secret/data/orders [team] "]);
    for (id, expected) in [
        ("secret/orders?version=1#key", "c4n4ry-1"),
        ("secret/orders#port", "8443"),
        ("secret/orders#on", "true"),
        ("legacy/orders#key", "c4n4ry-1"),
    ] {
        assert_eq!(text(&provider, id).await, expected, "{id}");
    }
    assert_eq!(provider.get("legacy/orders#key").await.unwrap().version, None);
    for id in ["secret/orders", "secret/orders#none", "secret/other#key", "secret/gone#key", "legacy/other#key"] {
        assert!(provider.get(id).await.unwrap_err().is_not_found(), "{id}");
    }
    assert!(provider.get("secret/orders#list").await.unwrap_err().is_unavailable());
    assert!(provider.get("orders").await.unwrap_err().is_invalid_id());
    assert!(provider.is_fixed("secret/orders?version=1#key") && !provider.is_fixed("secret/orders#key"));
    vault.will(|conduct| (conduct.value, conduct.version) = ("c4n4ry-2".into(), 2));
    assert_eq!(provider.get("secret/orders#key").await.unwrap().version.as_deref(), Some("2"));
}

#[tokio::test]
async fn a_role_logs_in_before_its_token_ends_and_when_it_is_revoked() {
    let vault = Vault::start().await;
    let provider = vault.provider(AppRole::new("gateway", "s3cr3t-id"));
    for _ in 0..3 {
        assert_eq!(text(&provider, "secret/orders#key").await, "c4n4ry-1");
    }
    let seen = vault.seen();
    assert!(seen[0].starts_with("POST /v1/auth/approle/login"), "{seen:?}");
    assert_eq!(seen.len(), 4, "one login: {seen:?}");
    vault.clock.advance(Duration::from_secs(3500));
    text(&provider, "secret/orders#key").await;
    assert_eq!(vault.conduct.lock().unwrap().logins, 2, "shortly before it ends");
    vault.will(|conduct| conduct.good = "another".to_owned());
    text(&provider, "secret/orders#key").await;
    text(&provider, "secret/orders#key").await;
    assert_eq!(vault.conduct.lock().unwrap().logins, 3, "it was revoked");
    // What is forbidden for good is not asked for for ever.
    vault.will(|conduct| {
        conduct.answer = Some((403, None, r#"{"errors": ["1 error occurred:\n\t* permission denied\n\n"]}"#))
    });
    vault.seen();
    let error = provider.get("secret/orders#key").await.unwrap_err();
    assert!(
        error.is_unavailable() && error.to_string().contains("403: 1 error occurred:, * permission denied"),
        "{error}"
    );
    assert_eq!(vault.seen().len(), 3);
    let elsewhere = vault.provider(AppRole::new("gateway", "s3cr3t-id").mount("/team/approle/"));
    vault.will(|conduct| conduct.answer = None);
    text(&elsewhere, "secret/orders#key").await;
    assert!(vault.seen()[0].starts_with("POST /v1/auth/team/approle/login"));
    let refused = vault.provider(AppRole::new("gateway", "c4n4ry")).get("secret/orders#key").await.unwrap_err();
    assert!(refused.to_string().contains("invalid role or secret ID") && !format!("{refused:?}").contains("c4n4ry"));
}

#[tokio::test]
async fn a_pod_shows_the_token_of_its_service_account() {
    let vault = Vault::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let provider = vault.provider(Kubernetes::new("gateway").token_file(&file));
    let missing = provider.get("secret/orders#key").await.unwrap_err();
    assert!(missing.is_unavailable() && missing.to_string().contains("cannot be read"), "{missing}");
    std::fs::write(&file, "jwt-of-the-pod\n").unwrap();
    assert_eq!(text(&provider, "secret/orders#key").await, "c4n4ry-1");
    let seen = vault.seen();
    assert!(seen[0].starts_with("POST /v1/auth/kubernetes/login"), "{seen:?}");
    // Kubernetes writes another token, which is read for the next login.
    std::fs::write(&file, "c4n4ry-of-somebody-else").unwrap();
    vault.clock.advance(Duration::from_secs(7200));
    let refused = provider.get("secret/orders#key").await.unwrap_err();
    assert!(refused.to_string().contains("was answered 400") && !refused.to_string().contains("c4n4ry"), "{refused}");
}

#[tokio::test]
async fn failures_say_what_the_vault_says() {
    let vault = Vault::start().await;
    let provider = vault.provider(VaultAuth::token("root"));
    for (status, after, body, seconds) in [
        (429, Some("7"), r#"{"errors": ["request path \"secret/data/orders\": rate limit quota exceeded"]}"#, Some(7)),
        (503, None, r#"{"errors": ["Vault is sealed"]}"#, None),
        (500, Some("x"), "<html>", None),
        (307, None, "", None),
        (200, None, "no JSON", None),
    ] {
        vault.will(|conduct| conduct.answer = Some((status, after, body)));
        let error = provider.get("secret/orders#key").await.unwrap_err();
        assert!(error.is_unavailable(), "{error}");
        assert_eq!(error.retry_after(), seconds.map(Duration::from_secs), "{error}");
        assert!(status == 200 || error.to_string().contains(&status.to_string()), "{error}");
    }
    vault.will(|conduct| conduct.hangs = true);
    tokio::time::pause();
    let error = provider.get("secret/orders#key").await.unwrap_err();
    tokio::time::resume();
    assert!(error.is_unavailable() && error.to_string().contains("no answer within 10 s"), "{error}");
    vault.will(|conduct| (conduct.hangs, conduct.answer) = (false, None));
    assert_eq!(text(&provider, "secret/orders#key").await, "c4n4ry-1");
    let nobody = Authority::new();
    let transport = Transport::builder().native_roots(false).root_certificates_pem(nobody.pem()).build().unwrap();
    let stranger = VaultProvider::new(transport, &vault.server.tls_url(""), VaultAuth::token("root")).unwrap();
    assert!(stranger.get("secret/orders#key").await.unwrap_err().is_unavailable(), "its certificate is not trusted");
}

#[test]
fn addresses() {
    let transport = Transport::builder().native_roots(false).build().unwrap();
    for (address, is_one) in [
        ("https://vault.internal:8200", true),
        ("http://127.0.0.1:8200/prefix/", true),
        ("vault.internal:8200", false),
        ("https://user@vault.internal", false),
        ("https://user:c4n4ry@vault.internal", false),
        ("https://:c4n4ry@vault.internal", false),
        ("ftp://user:c4n4ry@x@vault.internal", false),
        ("https://vault.internal?x", false),
        ("", false),
    ] {
        let made = VaultProvider::new(transport.clone(), address, VaultAuth::token("c4n4ry"));
        assert_eq!(made.is_ok(), is_one, "{address}");
        let told = made.as_ref().map_or_else(ToString::to_string, |_| String::new());
        assert!(!format!("{made:?} {told}").contains("c4n4ry"), "{made:?} {told}");
    }
}

#[tokio::test]
async fn a_static_token_is_told_nobody() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.subscriber());
    let vault = Vault::start().await;
    vault.will(|conduct| (conduct.good, conduct.value) = ("hvs.t0ken".to_owned(), "c4n4ry".into()));
    let provider = vault.provider(VaultAuth::token("hvs.t0ken"));
    let mut told = format!("{:?} {provider:?}", VaultAuth::token("hvs.t0ken"));
    let found = provider.get("secret/orders#key").await.unwrap();
    assert_eq!(found.secret.expose(), "c4n4ry");
    told += &format!("{found:?} {provider:?}");
    for conduct in [(403, None, r#"{"errors": ["permission denied"]}"#), (500, None, ""), (200, None, "no JSON")] {
        vault.will(|now| now.answer = Some(conduct));
        let error = provider.get("secret/orders#key").await.unwrap_err();
        told += &format!("{error} {error:?} {provider:?}");
    }
    told += &log.text();
    assert!(!log.text().is_empty());
    assert!(!told.contains("hvs.t0ken") && !told.contains("c4n4ry"), "{told}");
}
