mod refresh;

use std::sync::atomic::Ordering;

use gatewright::backend::{Backends, Error, Transport};
use gatewright::forward::{CertificateName, FabricOptions, ForwardOptions, ReplicaRole, ServedBy};
use gatewright::model::{Backend, Certificate, Credentials, Pool, PoolMember, ServiceFabricCluster, X509Name};
use gatewright::secret::NamedValues;
use http::Response;

use crate::support::certificates::{self_signed, thumbprint};
use crate::support::naming::stateless;
use crate::support::{Authority, TestNaming, TestServer, echo, text};
use crate::{get, to_b, transport};

const ASK: &str = "/$/ResolvePartition?api-version=6.0&PartitionKeyType=";

fn backend(cluster: ServiceFabricCluster) -> Backend {
    Backend::new("fabric:/app/svc").unwrap().service_fabric_cluster(cluster)
}

fn at(endpoints: &[String]) -> Backend {
    backend(ServiceFabricCluster::new().management_endpoints(endpoints))
}

fn one(transport: &Transport, backend: &Backend) -> Backends {
    let values = NamedValues::new().secret("key", "s3cr3t");
    Backends::builder(transport, &values).backend("b", backend).build().unwrap()
}

fn with(change: impl FnOnce(&mut FabricOptions)) -> ForwardOptions {
    let mut fabric = FabricOptions::default();
    change(&mut fabric);
    let mut options = ForwardOptions::default();
    options.fabric = Some(fabric);
    options
}

async fn seen(backends: &Backends, path: &str, options: &ForwardOptions) -> String {
    let response: Result<Response<_>, Error> = backends.call(&to_b(), get(path), options).await;
    text(response.unwrap_or_else(|error| panic!("{error}")).into_body()).await
}

async fn error(backends: &Backends, options: &ForwardOptions) -> String {
    let error = backends.call(&to_b(), get("/"), options).await.unwrap_err();
    assert_eq!((error.reason(), error.is_retry_safe()), ("BackendConnectionFailure", true), "{error}");
    error.to_string()
}

#[tokio::test]
async fn resolves_once_and_takes_instances_in_turn() {
    let (first, second) = (TestServer::http(echo).await, TestServer::http(echo).await);
    let naming = TestNaming::http().await.then(200, stateless("1:1", &[first.url("/a/b/"), second.url("")]));
    let credentials = Credentials::new().header("x-key", "{{key}}");
    let backends = one(&transport(), &at(&[naming.server.url("")]).credentials(credentials));
    assert!(backends.contains("B") && backends.base_url("b").is_none());
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(seen(&backends, "/x?y=1", &ForwardOptions::default()).await);
    }
    assert!(answers[0].starts_with("GET /a/b/x?y=1 ") && answers[2].starts_with("GET /a/b/x?y=1 "), "{answers:?}");
    assert!(answers[1].starts_with("GET /x?y=1 ") && answers[3].starts_with("GET /x?y=1 "), "{answers:?}");
    assert!(answers[1].contains(&format!("host: {}\n", second.address())) && answers[1].contains("x-key: s3cr3t"));
    assert_eq!(naming.asked(), [format!("/Services/app~svc{ASK}1")]);
}

#[tokio::test]
async fn reconnect_opens_another_connection_to_a_replica() {
    let replica = TestServer::http(echo).await;
    let naming = TestNaming::http().await.then(200, stateless("1:1", &[replica.url("")]));
    let (transport, values) = (transport(), NamedValues::new());
    let backends = Backends::builder(&transport, &values)
        .certificate("c", &Certificate::new().data(Authority::new().client("caller").0.as_str()))
        .backend("b", &at(&[naming.server.url("")]))
        .backend("p", &Backend::of_pool(Pool::new().member(PoolMember::new("b"))))
        .build()
        .unwrap();
    let mut with_certificate = ForwardOptions::default();
    with_certificate.certificate = Some(CertificateName::Id("c".into()));
    let mut connections = Vec::new();
    for id in ["", "b", "p", "other"] {
        backends.reconnect(id);
        for options in [&ForwardOptions::default(), &with_certificate] {
            seen(&backends, "/", options).await;
            seen(&backends, "/", options).await;
        }
        connections.push(replica.connections());
    }
    assert_eq!(connections, [2, 4, 6, 6], "with and without the certificate");
}

#[tokio::test]
async fn a_stale_answer_is_asked_for_anew() {
    let (gone, now) = (TestServer::http(echo).await, TestServer::http(echo).await);
    let naming = TestNaming::http()
        .await
        .then(200, stateless("1:1", &[gone.url("")]))
        .then(200, stateless("1:2", &[now.url("")]));
    let backends = one(&transport(), &at(&[naming.server.url("")]));
    let options = with(|_| {});
    seen(&backends, "/", &options).await;
    // Nobody says that it is stale.
    seen(&backends, "/", &options).await;
    assert_eq!(naming.asked().len(), 1);
    let (other, resolution) = (with(|_| {}), options.fabric.as_ref().unwrap().resolution.clone());
    other.fabric.as_ref().unwrap().resolution.used("1:1");
    resolution.mark_stale();
    assert!(seen(&backends, "/", &options).await.contains(&now.address().to_string()));
    assert_eq!(naming.asked()[1], format!("/Services/app~svc{ASK}1&PreviousRspVersion=1%3A1"));
    // Another request that saw the old answer uses the one that is here by now.
    other.fabric.as_ref().unwrap().resolution.mark_stale();
    seen(&backends, "/", &other).await;
    assert_eq!(naming.asked().len(), 2);
}

#[tokio::test]
async fn of_many_requests_one_asks_the_cluster() {
    let server = TestServer::http(echo).await;
    let naming = TestNaming::http().await.then(200, stateless("1:1", &[server.url("")]));
    let backends = one(&transport(), &at(&[naming.server.url("")]));
    let calls: Vec<_> =
        (0..50).map(|_| tokio::spawn(backends.call(&to_b(), get("/"), &ForwardOptions::default()))).collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().status(), 200);
    }
    assert_eq!(naming.asked().len(), 1);
}

#[tokio::test]
async fn the_kind_of_a_key_is_found_out_and_remembered() {
    let server = TestServer::http(echo).await;
    let named = |name: &str| {
        stateless("1:1", &[server.url("")]).replace("\"Singleton\"", &format!("\"Named\",\"Name\":\"{name}\""))
    };
    let invalid = r#"{"Error":{"Code":"FABRIC_E_INVALID_PARTITION_KEY","Message":"no"}}"#;
    let naming = TestNaming::http()
        .await
        .then(400, invalid)
        .then(200, named("7"))
        .then(200, named("8").replace("3f0d39ad", "x"));
    let backends = one(&transport(), &at(&[naming.server.url("")]));
    for key in ["7", "8", "7", "8"] {
        seen(&backends, "/", &with(|fabric| fabric.partition_key = Some(key.into()))).await;
    }
    let start = format!("/Services/app~svc{ASK}");
    assert_eq!(
        naming.asked(),
        [
            format!("{start}2&PartitionKeyValue=7"),
            format!("{start}3&PartitionKeyValue=7"),
            format!("{start}3&PartitionKeyValue=8")
        ]
    );
}

#[tokio::test]
async fn a_policy_names_service_replica_and_listener() {
    let (primary, secondary) = (TestServer::http(echo).await, TestServer::http(echo).await);
    let address = |server: &TestServer| {
        serde_json::json!({ "Endpoints": { "": server.url("/p"), "admin": server.url("/admin") } }).to_string()
    };
    let answer = serde_json::json!({
        "PartitionInformation": {
            "ServicePartitionKind": "Int64Range", "LowKey": "0", "HighKey": "99", "Id": "r",
        },
        "Endpoints": [
            { "Kind": "StatefulPrimary", "Address": address(&primary) },
            { "Kind": "StatefulSecondary", "Address": address(&secondary) },
        ],
        "Version": "1",
    });
    let naming = TestNaming::http().await.then(200, answer.to_string());
    let backends = one(&transport(), &at(&[naming.server.url("")]));
    for (key, replica, listener, server, path) in [
        ("5", ReplicaRole::Primary, None, &primary, "/p/x"),
        ("99", ReplicaRole::Secondary, Some("admin"), &secondary, "/admin/x"),
    ] {
        let options = with(|fabric| {
            fabric.service = Some("fabric:/Other App/deep/svc/".into());
            fabric.partition_key = Some(key.into());
            fabric.replica = replica;
            fabric.listener = listener.map(Into::into);
        });
        let seen = seen(&backends, "/x", &options).await;
        assert!(seen.starts_with(&format!("GET {path} ")) && seen.contains(&server.address().to_string()), "{seen}");
    }
    // Both keys are in the range that was resolved for the first.
    assert_eq!(naming.asked(), [format!("/Services/Other%20App~deep~svc{ASK}2&PartitionKeyValue=5")]);
    let options = with(|fabric| {
        fabric.service = Some("fabric:/Other App/deep/svc".into());
        fabric.partition_key = Some("5".into());
        fabric.listener = Some("none".into());
    });
    assert_eq!(
        error(&backends, &options).await,
        "backend `b`: the address of the service was not resolved: service `fabric:/Other App/deep/svc`: there is no listener `none`: found ``, `admin`"
    );
    let options = with(|fabric| fabric.service = Some("fabric:/../x".into()));
    assert!(
        error(&backends, &options)
            .await
            .ends_with("`fabric:/../x` is not the name of a service: expected `fabric:/application/service`")
    );
}

#[tokio::test]
async fn management_endpoints_are_tried_in_order() {
    let server = TestServer::http(echo).await;
    let failing = TestNaming::http().await.then(503, r#"{"Error":{"Code":"FABRIC_E_NOT_READY"}}"#);
    let working = TestNaming::http().await.then(200, stateless("1", &[server.url("")]));
    let unused = TestNaming::http().await.then(200, "never");
    let refused = "http://127.0.0.1:1".to_owned();
    let urls = [refused.clone(), failing.server.url(""), working.server.url(""), unused.server.url("")];
    let backends = one(&transport(), &at(&urls));
    seen(&backends, "/", &ForwardOptions::default()).await;
    assert_eq!([failing.asked().len(), working.asked().len(), unused.asked().len()], [1, 1, 0]);
    let backends = one(&transport(), &at(&[refused.clone(), failing.server.url("")]));
    let shown = error(&backends, &ForwardOptions::default()).await;
    assert!(
        shown.ends_with("service `fabric:/app/svc`: the naming service answered 503 `FABRIC_E_NOT_READY`"),
        "{shown}"
    );
    let backends = one(&transport(), &at(&[refused]));
    let shown = error(&backends, &ForwardOptions::default()).await;
    assert!(shown.contains("no management endpoint answered, the last: the host refused the connection"), "{shown}");
}

#[tokio::test]
async fn the_cluster_is_asked_with_a_certificate_and_must_be_the_pinned_one() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let client = clients.client("gateway");
    let server = TestServer::http(echo).await;
    let mutual = TestNaming::tls(servers.mutual(&clients)).await.then(200, stateless("1", &[server.url("")]));
    let transport = transport();
    let trusting = Transport::builder().native_roots(false).root_certificates_pem(servers.pem()).build().unwrap();
    let call = async |transport: &Transport, cluster: ServiceFabricCluster| {
        let backends = Backends::builder(transport, &NamedValues::new())
            .certificate("gateway", &Certificate::new().data(client.0.as_str()))
            .backend("b", &backend(cluster))
            .build()
            .unwrap();
        let result = backends.call(&to_b(), get("/"), &ForwardOptions::default()).await;
        result.map(|response| response.status().as_u16()).map_err(|error| error.to_string())
    };
    let at = |naming: &TestNaming| ServiceFabricCluster::new().management_endpoints([naming.server.tls_url("")]);
    assert_eq!(call(&trusting, at(&mutual).client_certificate_id("/certificates/gateway")).await, Ok(200));
    assert_eq!(call(&trusting, at(&mutual).client_certificate_thumbprint(client.1.as_str())).await, Ok(200));
    let error = call(&trusting, at(&mutual)).await.unwrap_err();
    assert!(error.contains("refuses the client certificate, or misses one"), "{error}");
    let error = call(&transport, at(&mutual).client_certificate_id("gateway")).await.unwrap_err();
    assert!(error.contains("the certificate was refused"), "{error}");

    let (config, leaf) = self_signed(&["cluster.internal"]);
    let pinned = TestNaming::tls(config).await.then(200, stateless("1", &[server.url("")]));
    // A pinned certificate of a cluster is taken whatever its host.
    let by_thumbprint = at(&pinned).server_certificate_thumbprints([thumbprint(&leaf).to_lowercase()]);
    assert_eq!(call(&transport, by_thumbprint).await, Ok(200));
    assert!(call(&transport, at(&pinned).server_certificate_thumbprints(["00".repeat(20)])).await.is_err());
    // A name needs a good chain.
    let name = |issuer: String| X509Name::new("cluster.internal").issuer_certificate_thumbprint(issuer);
    assert!(call(&transport, at(&pinned).server_x509_name(name(thumbprint(&leaf)))).await.is_err());
    let (config, _) = servers.server_and_leaf(&["cluster.internal"], &[]);
    let named = TestNaming::tls(config).await.then(200, stateless("1", &[server.url("")]));
    let issuer = thumbprint(&servers.der());
    assert_eq!(call(&trusting, at(&named).server_x509_name(name(issuer.clone()))).await, Ok(200));
    assert!(call(&transport, at(&named).server_x509_name(name(issuer))).await.is_err());
    assert!(call(&trusting, at(&named).server_x509_name(name("00".repeat(20)))).await.is_err());
}

#[tokio::test]
async fn answers_of_the_corpus_are_understood() {
    let Some(corpus) = std::env::var_os("GATEWRIGHT_CORPUS") else {
        println!("skipped: GATEWRIGHT_CORPUS is not set");
        return;
    };
    let folder = std::path::Path::new(&corpus).join("servicefabric");
    let server = TestServer::http(echo).await;
    let mut count = 0;
    for (file, options, expected) in [
        ("resolve-stateless-singleton.json", with(|_| {}), "GET /x "),
        ("resolve-plain-address.json", with(|_| {}), "GET /x "),
        (
            "resolve-stateful-int64.json",
            with(|fabric| fabric.partition_key = Some("42".into())),
            "GET /1daae3f5-7fd6-42e9-b1ba-8c05f873994d/131049462219135936/6f9619ff-8b86-d011-b42d-00cf4fc964ff/x ",
        ),
    ] {
        let mut answer = std::fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        for address in ["10.0.0.4:8081", "10.0.0.5:8081", "10.0.0.4:30003", "10.0.0.6:20001"] {
            answer = answer.replace(address, &server.address().to_string());
        }
        let naming = TestNaming::http().await.then(200, answer);
        let backends = one(&transport(), &at(&[naming.server.url("")]));
        let seen = seen(&backends, "/x", &options).await;
        assert!(seen.starts_with(expected), "{file}: {seen}");
        count += 1;
    }
    let answer = std::fs::read_to_string(folder.join("error-service-does-not-exist.json")).unwrap();
    let naming = TestNaming::http().await.then(404, answer);
    let shown = error(&one(&transport(), &at(&[naming.server.url("")])), &ForwardOptions::default()).await;
    assert!(shown.ends_with("the naming service answered 404 `FABRIC_E_SERVICE_DOES_NOT_EXIST`"), "{shown}");
    assert_eq!(count, 3);
}

#[test]
fn what_is_wrong_with_a_cluster_is_said() {
    let both = ServiceFabricCluster::new()
        .management_endpoints(["https://c"])
        .server_certificate_thumbprints(["00".repeat(20)])
        .server_x509_name(X509Name::new("n"));
    let cases = [
        (ServiceFabricCluster::new(), "`serviceFabricCluster`: `managementEndpoints` is empty"),
        (
            ServiceFabricCluster::new().management_endpoints(["tcp://c"]),
            "`serviceFabricCluster`: `managementEndpoints`: `tcp://c` is not a base URL: the scheme is not http or https: expected `http://host` or `https://host`, with an optional port and path",
        ),
        (
            both,
            "`serviceFabricCluster`: both `serverCertificateThumbprints` and `serverX509Names` are set: expected one of them",
        ),
        (
            ServiceFabricCluster::new().management_endpoints(["https://c"]).client_certificate_id("/certificates/x"),
            "client certificate `/certificates/x` is not defined",
        ),
    ];
    for (cluster, expected) in cases {
        let errors = Backends::builder(&transport(), &NamedValues::new()).backend("b", &backend(cluster)).build();
        assert_eq!(errors.unwrap_err()[0].to_string(), format!("backend `b`: {expected}"));
    }
}

#[tokio::test]
async fn a_service_may_have_a_breaker_and_be_in_a_pool() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let breaking = at(&[format!("http://{closed}")]).circuit_breaker(crate::breakers::breaker(1));
    let pool = gatewright::model::Pool::new().member(gatewright::model::PoolMember::new("b"));
    let backends = Backends::builder(&transport(), &NamedValues::new())
        .backend("b", &breaking)
        .backend("p", &Backend::of_pool(pool))
        .build()
        .unwrap();
    let call = async |id: &str| {
        let target = gatewright::forward::Target::Backend(id.into());
        backends.call(&target, get("/"), &ForwardOptions::default()).await.unwrap_err()
    };
    assert!(!call("p").await.is_refusal(), "the cluster does not answer");
    assert!(call("b").await.is_refusal() && call("p").await.is_refusal());
}

#[tokio::test]
async fn a_cluster_takes_turns_with_other_members_and_its_breaker_counts() {
    let (replica, other) = (crate::breakers::moody().await, crate::breakers::moody().await);
    let naming = TestNaming::http().await.then(200, stateless("1:1", &[replica.server.url("/r")]));
    let cluster = at(&[naming.server.url("")]).circuit_breaker(crate::breakers::breaker(2));
    let members = ["cluster", "other"].map(PoolMember::new);
    let pool = members.into_iter().fold(Pool::new(), Pool::member);
    let backends = Backends::builder(&transport(), &NamedValues::new())
        .backend("cluster", &cluster)
        .backend("other", &Backend::new(other.server.url("")).unwrap())
        .backend("p", &Backend::of_pool(pool))
        .build()
        .unwrap();
    let served = async || {
        let target = gatewright::forward::Target::Backend("p".into());
        let response = backends.call(&target, get("/"), &ForwardOptions::default()).await.unwrap();
        let by = response.extensions().get::<ServedBy>().unwrap();
        (by.backend.to_string(), by.base.to_string())
    };
    let at_replica = ("cluster".to_owned(), replica.server.url("/r"));
    let at_other = ("other".to_owned(), other.server.url(""));
    assert_eq!([served().await, served().await, served().await], [at_replica.clone(), at_other.clone(), at_replica]);
    replica.status.store(503, Ordering::SeqCst);
    for _ in 0..4 {
        served().await;
    }
    let state = &backends.breakers()[0];
    assert_eq!((&*state.backend, state.trips, state.failures), ("cluster", 1, 2));
    for _ in 0..3 {
        assert_eq!(served().await, at_other);
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_does_not_answer_is_left_for_the_next() {
    let stuck = TestServer::raw(|stream| async move {
        let _open = stream;
        std::future::pending::<()>().await;
    })
    .await;
    // Headers come, the body does not.
    let half = TestServer::raw(|mut stream| async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{").await;
        std::future::pending::<()>().await;
    })
    .await;
    let server = TestServer::http(echo).await;
    let naming = TestNaming::http().await.then(200, stateless("1:1", &[server.url("")]));
    let endpoints = [stuck.url(""), half.url(""), naming.server.url("")];
    let start = tokio::time::Instant::now();
    let answer = seen(&one(&transport(), &at(&endpoints)), "/x", &ForwardOptions::default()).await;
    assert!(answer.starts_with("GET /x "), "{answer}");
    assert!((20..25).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    let failure = error(&one(&transport(), &at(&endpoints[..2])), &ForwardOptions::default()).await;
    assert!(failure.contains("no management endpoint answered"), "{failure}");
}
