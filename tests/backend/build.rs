use gatewright::backend::{BackendOptions, Backends, Resilience};
use gatewright::forward::ForwardOptions;
use gatewright::model::{
    Backend, CircuitBreaker, CircuitBreakerRule, Credentials, Pool, PoolMember, Proxy, ServiceFabricCluster, Tls,
    X509Name,
};
use gatewright::secret::NamedValues;

use crate::{get, to_b, transport};

#[test]
fn everything_that_is_wrong_is_reported() {
    let url = || Backend::new("https://b.example").unwrap();
    let values = NamedValues::new().secret("bad", "not a url");
    let transport = transport();
    let backends = Backends::builder(&transport, &values)
        .backend("fine", &url())
        .backend("pool", &Backend::of_pool(Pool::new().member(PoolMember::new("/backends/fine"))))
        .backend("fabric", &Backend::new("fabric:/app/service").unwrap())
        .backend("cluster", &url().service_fabric_cluster(ServiceFabricCluster::new()))
        .backend("breaker", &url().circuit_breaker(CircuitBreaker::new().rule(CircuitBreakerRule::new())))
        .backend("proxy", &url().proxy(Proxy::new("socks://proxy:8080")))
        .backend("proxy-value", &url().proxy(Proxy::new("http://{{bad}}")))
        .backend("pin", &url().tls(Tls::new().server_certificate_thumbprints(["AB"])))
        .backend(
            "issuer",
            &url().tls(Tls::new().server_x509_name(X509Name::new("n").issuer_certificate_thumbprint("x"))),
        )
        .backend("certificate", &url().credentials(Credentials::new().certificate_ids(["/certificates/none"])))
        .backend("thumbprint", &url().credentials(Credentials::new().certificate(["AB"])))
        .backend("no-url", &Backend::default())
        .backend("bad-url", &Backend::default().url("https://user@b.example"))
        .backend("secret-url", &Backend::new("{{bad}}").unwrap())
        .backend("unknown", &url().credentials(Credentials::new().header("x-key", "{{none}}")))
        .backend("FINE", &url());
    let messages: Vec<_> = backends.build().unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        messages,
        [
            "backend `fabric`: `url` is `fabric:/app/service`: `properties.serviceFabricCluster` is missing",
            "backend `cluster`: `serviceFabricCluster`: `managementEndpoints` is empty",
            "backend `breaker`: `circuitBreaker`: rule `rule-1`: neither `count` nor `percentage` is set: expected one of them",
            "backend `breaker`: `circuitBreaker`: rule `rule-1`: neither `statusCodeRanges` nor `errorReasons` is set: nothing would be a failure",
            "backend `proxy`: `proxy`: `socks://proxy:8080` is not the URL of a web proxy: the scheme is not http or https: expected `http://host` with an optional port",
            "backend `proxy-value`: `proxy`: its URL is not that of a web proxy",
            "backend `pin`: `tls`: `AB` is not a thumbprint: expected 40, 64 or 128 hex digits (SHA-1, SHA-256 or SHA-512)",
            "backend `issuer`: `tls`: `x` is not a thumbprint: expected 40, 64 or 128 hex digits (SHA-1, SHA-256 or SHA-512)",
            "backend `certificate`: client certificate `/certificates/none` is not defined",
            "backend `thumbprint`: client certificate `AB` is not defined",
            "backend `no-url`: `url` is missing",
            "backend `bad-url`: `url`: `https://***@b.example` is not a base URL: it holds user information: expected `http://host` or `https://host`, with an optional port and path",
            "backend `secret-url`: `url`: `{{bad}}` with its named values is not a base URL",
            "backend `unknown`: named value `none` is not defined (used in header `x-key`)",
            "backend `FINE`: another backend has this id",
        ]
    );
}

#[tokio::test]
async fn the_order_of_settings_does_not_matter() {
    let (transport, values) = (transport(), NamedValues::new());
    let secret = gatewright::model::Certificate::default();
    let backend = Backend::new("https://b.example").unwrap().credentials(Credentials::new().certificate_ids(["c"]));
    let error = Backends::builder(&transport, &values).backend("b", &backend).certificate("c", &secret).build();
    let error = error.unwrap_err().to_string();
    assert!(error.contains("client certificate `c`") && !error.contains("is not defined"), "{error}");
    let options = BackendOptions::new().max_requests(1, 0);
    let resilience = Resilience::new().workspace_backend("team", "b", options);
    let plain = Backend::new("http://127.0.0.1:9").unwrap();
    let builder = Backends::builder(&transport, &values).backend("b", &plain).resilience(&resilience);
    let backends = builder.workspace("team").build().unwrap();
    let call = || backends.call(&to_b(), get("/"), &ForwardOptions::default());
    let (first, second) = tokio::join!(call(), call());
    assert_eq!((first.unwrap_err().status(), second.unwrap_err().status()), (500, 503));
}

#[test]
fn ids_are_found_in_any_case() {
    let values = NamedValues::new().plain("host", "b.example");
    let transport = transport();
    let backends = Backends::builder(&transport, &values)
        .backend("Orders", &Backend::new("https://{{host}}/api/").unwrap())
        .build()
        .unwrap();
    for id in ["Orders", "orders", "ORDERS"] {
        assert_eq!(backends.base_url(id).map(ToString::to_string).as_deref(), Some("https://b.example/api"), "{id}");
    }
    assert!(!backends.contains("other"));
}

#[test]
fn entities_of_the_corpus_are_built_or_refused_with_a_reason() {
    let Some(corpus) = std::env::var_os("GATEWRIGHT_CORPUS") else {
        println!("skipped: GATEWRIGHT_CORPUS is not set");
        return;
    };
    let folder = std::path::Path::new(&corpus).join("arm/backends");
    let issuer = "backend `b`: `serviceFabricCluster`: `IssuerCertificateThumbprint1` is not a thumbprint: expected 40, 64 or 128 hex digits (SHA-1, SHA-256 or SHA-512)";
    let tokens = "backend `b`: `credentials.managedIdentity` needs a source of tokens: give one to the transport with `tokens`, or to `BackendLayer::with_tokens`";
    for (file, path, expected) in [
        ("body-CustomAssignedCertificateThumbprint.json", "", None),
        ("body-CustomAssignedCertificateX509Names.json", "", None),
        ("body-ManagedIdentityCircuitBreaker.json", "", Some(tokens)),
        // The sample has a placeholder for the thumbprint.
        ("body-WorkspaceServiceFabric.json", "", Some(issuer)),
        ("ApiManagementCreateBackendServiceFabric.json", "/parameters/parameters", Some(issuer)),
        ("ApiManagementCreateBackendProxyBackend.json", "/parameters/parameters", None),
    ] {
        let text = std::fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let properties = json.pointer(&format!("{path}/properties")).unwrap().clone();
        let mut backend: Backend = serde_json::from_value(properties).unwrap();
        backend.circuit_breaker = None;
        let built = Backends::builder(&transport(), &NamedValues::new()).backend("b", &backend).build();
        let refused = built.err().map(|errors| errors[0].to_string());
        assert_eq!(refused.as_deref(), expected, "{file}");
    }
}
