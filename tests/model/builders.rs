//! Entities made in Rust, and tolerance of JSON.

use std::time::Duration;

use gatewright::model::*;
use serde_json::json;

#[test]
fn builders_write_arm_json() {
    let backend = Backend::new("https://orders.internal/api")
        .unwrap()
        .title("Orders")
        .credentials(
            Credentials::new()
                .header("x-functions-key", "{{orders-key}}")
                .query("sv", "1")
                .query("sv", "2")
                .authorization(Authorization::new("Basic", "abc")),
        )
        .proxy(Proxy::new("http://proxy:8080").username("Contoso\\admin").password("p"))
        .tls(Tls::new().validate_certificate_chain(false))
        .circuit_breaker(
            CircuitBreaker::new().rule(
                CircuitBreakerRule::new()
                    .name("5xx")
                    .trip_duration(Duration::from_secs(30))
                    .accept_retry_after(true)
                    .failure_condition(
                        FailureCondition::new()
                            .count(3)
                            .interval(Duration::from_secs(3600))
                            .status_code_range(StatusCodeRange::new(500, 599)),
                    ),
            ),
        )
        .service_fabric_cluster(ServiceFabricCluster::new().client_certificate_thumbprint("AB"));
    assert_eq!(
        serde_json::to_value(&backend).unwrap(),
        json!({
            "url": "https://orders.internal/api",
            "protocol": "http",
            "title": "Orders",
            "properties": { "serviceFabricCluster": { "clientCertificatethumbprint": "AB" } },
            "credentials": {
                "authorization": { "scheme": "Basic", "parameter": "abc" },
                "header": { "x-functions-key": ["{{orders-key}}"] },
                "query": { "sv": ["1", "2"] },
            },
            "proxy": { "url": "http://proxy:8080", "username": "Contoso\\admin", "password": "p" },
            "tls": { "validateCertificateChain": false },
            "circuitBreaker": { "rules": [{
                "name": "5xx",
                "failureCondition": { "count": 3, "interval": "PT1H", "statusCodeRanges": [{ "min": 500, "max": 599 }] },
                "tripDuration": "PT30S",
                "acceptRetryAfter": true,
            }] },
        })
    );
    let pool = Backend::of_pool(Pool::new().member(PoolMember::new("orders-1").weight(3)));
    assert_eq!(
        serde_json::to_value(&pool).unwrap(),
        json!({ "type": "Pool", "pool": { "services": [{ "id": "/backends/orders-1", "weight": 3 }] } })
    );
}

#[test]
fn urls_of_backends_are_checked() {
    for url in ["http://a", "https://a:8443/b?c=d", "fabric:/app/service", "https://{{host}}/x", "HTTPS://A"] {
        assert!(Backend::new(url).is_ok(), "{url}");
    }
    for url in ["", "a/b", "/x", "ftp://a", "http://", "fabric:/"] {
        let error = Backend::new(url).unwrap_err().to_string();
        assert!(error.starts_with(&format!("`{url}` is not the URL of a backend")), "{error}");
    }
}

#[test]
fn reading_forgives_what_templates_contain() {
    let backend: Backend = serde_json::from_value(json!({
        "type": "pool", "url": null, "title": null, "protocol": null, "credentials": null,
        "pool": { "services": [{ "id": "/backends/b", "weight": "3", "priority": null }], "sessionAffinity": null },
        "future": { "x": [1] },
    }))
    .unwrap();
    assert!(backend.is_pool() && backend.url.is_none());
    let member = &backend.pool.as_ref().unwrap().services[0];
    assert_eq!((member.weight, member.priority), (Some(3), None));
    assert_eq!(backend.extra.get("future"), Some(&json!({ "x": [1] })));

    let tls: Tls =
        serde_json::from_value(json!({ "validateCertificateName": "False", "serverX509Names": null })).unwrap();
    assert_eq!(tls.validate_certificate_name, Some(false));
    let api: Api =
        serde_json::from_value(json!({ "path": null, "type": "GraphQL", "protocols": ["HTTPS", "x"] })).unwrap();
    assert_eq!((api.path.as_str(), api.effective_kind()), ("", ApiKind::Graphql));
    assert_eq!(api.protocols, [ApiProtocol::Https, ApiProtocol::Other("x".to_owned())]);
}

#[test]
fn ids_find_entities_in_their_place() {
    let mut store = Store::new();
    store.service.backends.insert("Orders", Backend::new("https://a").unwrap());
    store.entities_mut(Some("Sales")).backends.insert("crm", Backend::new("https://b").unwrap());
    let service = "/subscriptions/1/resourceGroups/g/providers/Microsoft.ApiManagement/service/s";
    for (id, workspace, expected) in [
        ("/backends/orders".to_owned(), None, true),
        ("/backends/orders".to_owned(), Some("sales"), false),
        ("/backends/CRM".to_owned(), Some("sales"), true),
        ("/workspaces/sales/backends/crm".to_owned(), None, true),
        (format!("{service}/backends/orders"), Some("sales"), true),
        (format!("{service}/workspaces/SALES/backends/crm"), None, true),
        ("/apis/orders".to_owned(), None, false),
    ] {
        let id: ResourceId = id.parse().unwrap();
        assert_eq!(store.contains(&id, workspace), expected, "{id} in {workspace:?}");
    }
}
