//! Passwords, users, databases, TLS, and the prefix of keys.

use std::time::Duration;

use gatewright::state::{OnFailure, Redis};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::server::{RedisServer, free_port, is_installed};
use crate::{PATIENT, left, take};

/// Whether a limit is counted by the server at that address.
async fn works(redis: Redis) -> bool {
    let stores = redis.timeout(PATIENT).on_failure(OnFailure::Deny).stores().unwrap();
    left(&take(&*stores.counters(), "k", 1_000).await).is_some()
}

#[tokio::test]
async fn passwords_users_and_databases() {
    if !is_installed() {
        return;
    }
    let mut server = RedisServer::start(&["--requirepass", "s3cret=,"]);
    server.client = ["-a", "s3cret=,", "--no-auth-warning"].map(str::to_owned).to_vec();
    assert_eq!(server.command(&["ACL", "SETUSER", "ann", "on", ">pass=", "~*", "+@all"]), "OK");
    let port = server.port;
    for (connection, expected) in [
        (format!("127.0.0.1:{port},user=ann,password=pass=,defaultDatabase=3,ssl=False,abortConnect=False"), true),
        (format!("redis://:s3cret%3D%2C@127.0.0.1:{port}"), true),
        (format!("redis://ann:pass%3D@127.0.0.1:{port}/2"), true),
        (format!("127.0.0.1:{port}"), false),
        (format!("127.0.0.1:{port},password=wrong"), false),
        (format!("127.0.0.1:{port},user=bob,password=pass="), false),
    ] {
        assert_eq!(works(Redis::new(&connection).unwrap()).await, expected, "{connection}");
    }
    let databases = server.command(&["INFO", "keyspace"]);
    assert!(["db0:", "db2:", "db3:"].iter().all(|database| databases.contains(database)), "{databases}");
}

#[tokio::test]
async fn of_several_servers_another_one_is_asked_when_one_is_gone() {
    if !is_installed() {
        return;
    }
    let server = RedisServer::start(&[]);
    let redis = Redis::new(&format!("127.0.0.1:{},{}", free_port(), server.address())).unwrap();
    let stores = redis.timeout(PATIENT).on_failure(OnFailure::Deny).stores().unwrap();
    assert_eq!(left(&take(&*stores.counters(), "k", 5).await), None);
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    assert_eq!(left(&take(&*stores.counters(), "k", 5).await), Some(4));
}

#[tokio::test]
async fn gateways_with_other_prefixes_share_nothing() {
    if !is_installed() {
        return;
    }
    let server = RedisServer::start(&[]);
    let redis = |prefix: &str| Redis::new(&server.address()).unwrap().timeout(PATIENT).prefix(prefix).unwrap();
    let (one, two) = (redis("one:").stores().unwrap(), redis("two:").stores().unwrap());
    assert_eq!(left(&take(&*one.counters(), "k", 5).await), Some(4));
    assert_eq!(left(&take(&*two.counters(), "k", 5).await), Some(4));
    assert_eq!(left(&take(&*one.counters(), "k", 5).await), Some(3));
    assert!(Redis::new("localhost").unwrap().prefix("{a}").is_err());
}

#[tokio::test]
async fn tls_with_a_certificate_that_is_trusted_and_not_otherwise() {
    if !is_installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let leaf_key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["cache.example".to_owned(), "localhost".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&leaf_key, &issuer).unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (ca, cert, key) =
        (file("ca", authority.pem()), file("cert", leaf.pem()), file("key", leaf_key.serialize_pem()));
    let server = RedisServer::start(&[
        "--port",
        "0",
        "--tls-port",
        "{port}",
        "--tls-cert-file",
        &cert,
        "--tls-key-file",
        &key,
        "--tls-ca-cert-file",
        &ca,
        "--tls-auth-clients",
        "no",
    ]);
    let port = server.port;
    let trusting = |connection: String| {
        Redis::new(&connection).unwrap().native_roots(false).root_certificates_pem(authority.pem())
    };
    assert!(works(trusting(format!("localhost:{port},ssl=True"))).await);
    assert!(works(trusting(format!("rediss://localhost:{port}"))).await);
    assert!(works(trusting(format!("127.0.0.1:{port},ssl=True,sslHost=cache.example"))).await);
    assert!(!works(trusting(format!("127.0.0.1:{port},ssl=True"))).await, "the name is another one");
    assert!(!works(trusting(format!("localhost:{port}"))).await, "the server speaks TLS only");
    let other = CertificateParams::new(Vec::new()).unwrap().self_signed(&KeyPair::generate().unwrap()).unwrap();
    let untrusting = Redis::new(&format!("localhost:{port},ssl=True")).unwrap().native_roots(false);
    assert!(untrusting.clone().stores().unwrap_err().to_string().contains("no root certificate"));
    assert!(!works(untrusting.root_certificates_pem(other.pem())).await);
}
