//! Every kind of resource: made, read, listed, filtered, paged, changed with ETags, deleted.

use serde_json::{Value, json};

use crate::support::Authority;
use crate::{SERVICE, Site};

/// A kind: where it is, how one is made (`#` is its number), a change, and what a filter then finds.
type Case = (&'static str, Value, Value, &'static str);

fn cases(pem: &str) -> Vec<Case> {
    vec![
        (
            "/backends",
            json!({"url": "https://h#.example/x", "protocol": "http"}),
            json!({"title": "New"}),
            "title eq 'new'",
        ),
        (
            "/namedValues",
            json!({"displayName": "value-#", "value": "v", "tags": ["a"]}),
            json!({"tags": ["b"]}),
            "tags/any(t: t eq 'b')",
        ),
        (
            "/apis",
            json!({"displayName": "API #", "path": "p#", "protocols": ["https"]}),
            json!({"description": "new"}),
            "description eq 'new' and isCurrent eq true",
        ),
        (
            "/apis/base/operations",
            json!({"displayName": "Op #", "method": "GET", "urlTemplate": "/op#/{id}",
                "templateParameters": [{"name": "id", "type": "string", "required": true}]}),
            json!({"displayName": "New"}),
            "contains(displayName, 'new')",
        ),
        (
            "/apis/base/schemas",
            json!({"contentType": "application/json", "document": {"value": "{}"}}),
            json!({"contentType": "text/xml"}),
            "contentType eq 'text/xml'",
        ),
        (
            "/apis/base/diagnostics",
            json!({"loggerId": "/loggers/base"}),
            json!({"verbosity": "error"}),
            "verbosity eq 'error'",
        ),
        (
            "/apis/base/resolvers",
            json!({"displayName": "R", "path": "Query/f#"}),
            json!({"path": "Query/new"}),
            "path eq 'Query/new'",
        ),
        (
            "/apis/base/releases",
            json!({"apiId": "/apis/base", "notes": "first"}),
            json!({"notes": "new"}),
            "notes eq 'new'",
        ),
        (
            "/apiVersionSets",
            json!({"displayName": "Set #", "versioningScheme": "Segment"}),
            json!({"versioningScheme": "Query", "versionQueryName": "v"}),
            "versioningScheme eq 'Query'",
        ),
        (
            "/schemas",
            json!({"schemaType": "json", "document": {"type": "object"}}),
            json!({"description": "new"}),
            "description eq 'new'",
        ),
        (
            "/policyFragments",
            json!({"format": "rawxml", "value": "<fragment><set-header name=\"x#\"><value>@(\"a\")</value></set-header></fragment>"}),
            json!({"description": "new"}),
            "description eq 'new'",
        ),
        ("/products", json!({"displayName": "Product #"}), json!({"state": "published"}), "state eq 'published'"),
        (
            "/subscriptions",
            json!({"displayName": "Sub #", "scope": "/products/base", "state": "active"}),
            json!({"state": "suspended"}),
            "state eq 'suspended'",
        ),
        ("/certificates", json!({"data": pem, "password": ""}), Value::Null, "subject ne null"),
        (
            "/caches",
            json!({"connectionString": "redis:6379,password=p#", "useFromLocation": "default"}),
            json!({"description": "new"}),
            "description eq 'new'",
        ),
        (
            "/loggers",
            json!({"loggerType": "azureEventHub", "credentials": {"name": "hub",
                "connectionString": "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=s;SharedAccessKey=a#a#"}}),
            json!({"description": "new"}),
            "description eq 'new'",
        ),
        (
            "/diagnostics",
            json!({"loggerId": "/loggers/base"}),
            json!({"alwaysLog": "allErrors"}),
            "alwaysLog eq 'allErrors'",
        ),
        ("/gateways", json!({"locationData": {"name": "here"}}), json!({"description": "new"}), "description eq 'new'"),
        ("/groups", json!({"displayName": "Group #"}), json!({"description": "new"}), "description eq 'new'"),
        (
            "/users",
            json!({"email": "u#@example.com", "firstName": "A", "lastName": "B", "password": "not kept"}),
            json!({"note": "new"}),
            "note eq 'new'",
        ),
        ("/tags", json!({"displayName": "Tag #"}), json!({"displayName": "New"}), "displayName eq 'new'"),
        ("/workspaces", json!({"displayName": "Workspace #"}), json!({"description": "new"}), "description eq 'new'"),
    ]
}

/// Whether workspaces have such resources.
fn is_in_workspaces(path: &str) -> bool {
    !["/caches", "/gateways", "/users", "/workspaces"].contains(&path)
}

async fn base(site: &Site, scope: &str) {
    let put = async |path: &str, properties| site.put(&format!("{scope}{path}"), properties).await;
    put("/apis/base", json!({"displayName": "Base", "path": format!("base{}", scope.len())})).await.is(201);
    put("/loggers/base", json!({"loggerType": "azureMonitor"})).await.is(201);
    put("/products/base", json!({"displayName": "Base"})).await.is(201);
}

fn numbered(properties: &Value, number: usize) -> Value {
    serde_json::from_str(&properties.to_string().replace('#', &number.to_string())).unwrap()
}

#[tokio::test]
async fn every_kind_does_every_verb() {
    let site = Site::new().await;
    site.put("/workspaces/w", json!({"displayName": "W"})).await.is(201);
    let (pem, thumbprint) = Authority::new().client("client");
    base(&site, "").await;
    base(&site, "/workspaces/w").await;
    let certificate = site.put("/certificates/known", json!({"data": pem})).await.is(201).json();
    assert_eq!(certificate["properties"]["subject"], "CN=client");
    assert_eq!(certificate["properties"]["thumbprint"].as_str().unwrap().to_lowercase(), thumbprint.to_lowercase());
    for case in cases(&pem) {
        one_kind(&site, "", &case).await;
        if is_in_workspaces(case.0) {
            one_kind(&site, "/workspaces/w", &case).await;
        }
    }
}

async fn one_kind(site: &Site, scope: &str, (path, properties, change, filter): &Case) {
    let all = format!("{scope}{path}");
    for number in 1..=3 {
        let name = format!("x{number}");
        let mut properties = numbered(properties, number);
        if *path == "/apis" && !scope.is_empty() {
            properties["path"] = format!("w{number}").into();
        }
        let one = format!("{all}/{name}");
        site.call("HEAD", &one, &[], Value::Null).await.is(404);
        let made = site.put(&one, properties.clone()).await.is(201);
        let body = made.json();
        assert_eq!(body["name"], name.as_str(), "{body}");
        assert_eq!(body["id"], format!("{SERVICE}{one}"), "{body}");
        let kind = body["type"].as_str().unwrap();
        assert!(kind.starts_with("Microsoft.ApiManagement/service/"), "{body}");
        let found = site.get(&one).await.is(200);
        assert_eq!((found.json(), found.etag()), (body.clone(), made.etag()), "{one}");
        assert_eq!(site.call("HEAD", &one, &[], Value::Null).await.is(200).etag(), made.etag());
        site.call("GET", &one, &[("if-none-match", made.etag())], Value::Null).await.is(304);
        site.call("PUT", &one, &[("if-none-match", "*")], properties.clone()).await.is(412);
        site.call("PUT", &one, &[("if-match", "\"other\"")], properties.clone()).await.is(412);
        let again = site.call("PUT", &one, &[("if-match", made.etag())], properties).await.is(200);
        assert_eq!(again.json()["properties"]["displayName"], body["properties"]["displayName"]);
    }
    let first = site.get(&format!("{all}?$filter=startswith(name,'x')&$top=2")).await.is(200);
    assert_eq!(first.names(), ["x1", "x2"], "{all}");
    assert_eq!(first.json()["count"], 3);
    let next = first.json()["nextLink"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {}", crate::TOKEN);
    let second = site.send("GET", &next, &[("authorization", &bearer)], String::new()).await.is(200);
    assert_eq!(second.names(), ["x3"]);
    assert!(second.json().get("nextLink").is_none());
    let down = site.get(&format!("{all}?$filter=startswith(name,'x')&$orderby=name%20desc&$skip=1")).await.is(200);
    assert_eq!(down.names(), ["x2", "x1"]);
    site.get(&format!("{all}?$top=0")).await.is(400);
    site.get(&format!("{all}?$filter=nonsense%20eq%20'a'")).await.is(400);
    let one = format!("{all}/x2");
    if !change.is_null() {
        let before = site.get(&one).await.is(200);
        site.call("PATCH", &one, &[], change.clone()).await.is(428);
        site.call("PATCH", &one, &[("if-match", "\"other\"")], change.clone()).await.is(412);
        let changed = site.call("PATCH", &one, &[("if-match", before.etag())], change.clone()).await.is(200);
        assert_ne!(changed.etag(), before.etag(), "{one}");
        for (member, value) in change.as_object().unwrap() {
            assert_eq!(changed.json()["properties"][member], *value, "{one}");
        }
        site.call("PATCH", &format!("{all}/none"), &[("if-match", "*")], change.clone()).await.is(404);
        let found = site
            .get(&format!("{all}?$filter=startswith(name,'x')%20and%20({})", filter.replace(' ', "%20")))
            .await
            .is(200);
        assert_eq!(found.names(), ["x2"], "{all} {filter}");
    }
    for number in 1..=3 {
        let one = format!("{all}/x{number}");
        site.call("DELETE", &one, &[], Value::Null).await.is(428);
        site.call("DELETE", &one, &[("if-match", "\"other\"")], Value::Null).await.is(412);
        let etag = site.get(&one).await.etag().to_owned();
        let gone = site.call("DELETE", &one, &[("if-match", &etag)], Value::Null).await;
        assert!(gone.status == 200 || gone.status == 204, "{gone:?}");
        let missing = site.get(&one).await.is(404).json();
        assert_eq!(missing["error"]["code"], "ResourceNotFound");
        site.delete(&one).await.is(204);
    }
}

#[tokio::test]
async fn links_lead_from_one_entity_to_another() {
    let site = Site::new().await;
    base(&site, "").await;
    site.put("/apis/base/operations/op", json!({"displayName": "o", "method": "GET", "urlTemplate": "/"}))
        .await
        .is(201);
    site.put("/groups/g", json!({"displayName": "G"})).await.is(201);
    site.put("/tags/t", json!({"displayName": "T"})).await.is(201);
    site.put("/users/u", json!({"email": "u@example.com", "firstName": "A", "lastName": "B"})).await.is(201);
    site.put("/gateways/here", json!({"locationData": {"name": "here"}})).await.is(201);
    for (owner, name, presence) in [
        ("/products/base/apis", "base", 204),
        ("/products/base/groups", "g", 204),
        ("/groups/g/users", "u", 204),
        ("/gateways/here/apis", "base", 200),
        ("/apis/base/tags", "t", 200),
        ("/apis/base/operations/op/tags", "t", 200),
        ("/products/base/tags", "t", 200),
    ] {
        let one = format!("{owner}/{name}");
        site.call("HEAD", &one, &[], Value::Null).await.is(404);
        site.call("PUT", &format!("{owner}/none"), &[], Value::Null).await.is(404);
        let made = site.call("PUT", &one, &[], Value::Null).await.is(201);
        assert!(made.json()["properties"].is_object(), "{made:?}");
        site.call("PUT", &one, &[], Value::Null).await.is(200);
        site.call("HEAD", &one, &[], Value::Null).await.is(presence);
        assert_eq!(site.get(owner).await.is(200).names(), [name]);
        site.call("DELETE", &one, &[], Value::Null).await.is(200);
        site.call("HEAD", &one, &[], Value::Null).await.is(404);
        site.call("PUT", &one, &[], Value::Null).await.is(201);
    }
    assert_eq!(site.get("/apis/base/products").await.names(), ["base"]);
    assert_eq!(site.get("/users/u/groups").await.names(), ["g"]);
    assert_eq!(site.get("/products/base/apiLinks").await.names(), ["base"]);
    site.put("/products/base/apiLinks/my-link", json!({"apiId": "/apis/base"})).await.is(201);
    let link = site.get("/products/base/apiLinks/my-link").await.is(200).json();
    assert_eq!(link["properties"]["apiId"], format!("{SERVICE}/apis/base"));
    assert_eq!(site.get("/products/base/apiLinks").await.names(), ["my-link"]);
    site.call("DELETE", "/products/base/apiLinks/my-link", &[], Value::Null).await.is(200);
    assert!(site.get("/products/base/apis").await.names().is_empty());
    site.put("/products/base/groupLinks/gl", json!({"groupId": "/groups/g"})).await.is(201);
    for (kind, member, target, derived) in [
        ("apiLinks", "apiId", "/apis/base", "base"),
        ("productLinks", "productId", "/products/base", "base"),
        ("operationLinks", "operationId", "/apis/base/operations/op", "base-op"),
    ] {
        let all = format!("/tags/t/{kind}");
        assert_eq!(site.get(&all).await.is(200).names(), [derived]);
        let body = json!({ member: target });
        site.put(&format!("{all}/mine"), body.clone()).await.is(201);
        site.put(&format!("{all}/mine"), body).await.is(200);
        assert_eq!(site.get(&all).await.names(), ["mine"]);
        let link = site.get(&format!("{all}/mine")).await.is(200).json();
        assert_eq!(link["properties"][member], format!("{SERVICE}{target}"));
        for wrong in [json!({}), json!({ member: "/backends/x" }), json!({ member: format!("{target}-none") })] {
            site.put(&format!("{all}/other"), wrong).await.is(400);
        }
        site.get(&format!("/tags/none/{kind}")).await.is(404);
        site.call("DELETE", &format!("{all}/mine"), &[], Value::Null).await.is(200);
        assert!(site.get(&all).await.names().is_empty());
        assert!(site.get(&format!("{target}/tags")).await.names().is_empty());
        site.put(&format!("{all}/mine"), json!({ member: target })).await.is(201);
    }
    // The groups of a workspace have users of the service.
    site.put("/workspaces/w", json!({"displayName": "W"})).await.is(201);
    site.put("/workspaces/w/groups/g", json!({"displayName": "G"})).await.is(201);
    site.call("PUT", "/workspaces/w/groups/g/users/none", &[], Value::Null).await.is(404);
    site.call("PUT", "/workspaces/w/groups/g/users/u", &[], Value::Null).await.is(201);
    site.call("HEAD", "/workspaces/w/groups/g/users/u", &[], Value::Null).await.is(204);
    let users = site.get("/workspaces/w/groups/g/users").await.is(200).json();
    assert_eq!(users["value"][0]["properties"]["email"], "u@example.com");
    let subscription = json!({"displayName": "S", "scope": "/apis", "ownerId": "/users/u", "state": "active"});
    let made = site.put("/workspaces/w/subscriptions/s", subscription).await.is(201).json();
    assert_eq!(made["properties"]["ownerId"], format!("{SERVICE}/users/u"));
    site.delete("/users/u").await.is(400);
    // What is gone is gone from where it was linked.
    site.delete("/tags/t").await.is(200);
    site.delete("/users/u?deleteSubscriptions=true").await.is(204);
    site.get("/workspaces/w/subscriptions/s").await.is(404);
    site.delete("/groups/g").await.is(200);
    site.call("PUT", "/products/base/apis/base", &[], Value::Null).await.is(201);
    site.delete("/apis/base").await.is(204);
    for list in [
        "/products/base/tags",
        "/products/base/groups",
        "/products/base/apis",
        "/gateways/here/apis",
        "/products/base/groupLinks",
        "/workspaces/w/groups/g/users",
    ] {
        assert!(site.get(list).await.is(200).names().is_empty(), "{list}");
    }
}

#[tokio::test]
async fn policies_at_every_scope_in_both_forms() {
    let site = Site::new().await;
    base(&site, "").await;
    site.put("/workspaces/w", json!({"displayName": "W"})).await.is(201);
    base(&site, "/workspaces/w").await;
    for scope in ["", "/workspaces/w"] {
        let operation = json!({"displayName": "o", "method": "GET", "urlTemplate": "/"});
        site.put(&format!("{scope}/apis/base/operations/op"), operation).await.is(201);
    }
    let text = r#"<policies><inbound><set-variable name="a" value="@("x" == "y" && 1 < 2)" /></inbound><backend /></policies>"#;
    for owner in [
        "",
        "/products/base",
        "/apis/base",
        "/apis/base/operations/op",
        "/workspaces/w",
        "/workspaces/w/products/base",
        "/workspaces/w/apis/base",
        "/workspaces/w/apis/base/operations/op",
    ] {
        let (all, one) = (format!("{owner}/policies"), format!("{owner}/policies/policy"));
        site.get(&one).await.is(404);
        assert!(site.get(&all).await.names().is_empty());
        let made = site.put(&one, json!({"format": "rawxml", "value": text})).await.is(201);
        let raw = site.get(&format!("{one}?format=rawxml")).await.is(200);
        assert_eq!(raw.json()["properties"]["value"], text);
        assert_eq!(raw.etag(), made.etag());
        let xml = site.get(&one).await.is(200).json();
        assert_eq!(xml["properties"]["format"], "xml");
        let value = xml["properties"]["value"].as_str().unwrap();
        assert!(value.contains("&quot;x&quot; == &quot;y&quot; &amp;&amp; 1 &lt; 2"), "{value}");
        site.put(&one, json!({"value": value})).await.is(200);
        assert_eq!(site.get(&format!("{one}?format=rawxml")).await.json()["properties"]["value"], text);
        assert_eq!(site.get(&all).await.names(), ["policy"]);
        site.put(&format!("{owner}/policies/other"), json!({"value": text})).await.is(400);
        let link = site.put(&one, json!({"format": "rawxml-link", "value": "https://x.example/p.xml"})).await.is(400);
        assert!(link.text.contains("links are not followed"), "{link:?}");
        site.delete(&one).await.is(200);
        site.get(&one).await.is(404);
    }
    site.get("/policyDescriptions?$top=3").await.is(200);
    let found = site.get("/policyDescriptions?$filter=name%20eq%20'cors'").await.is(200);
    assert_eq!(found.names(), ["cors"]);
    assert!(found.json()["value"][0]["properties"]["scope"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn the_service_and_what_is_not_there() {
    let site = Site::new().await;
    let service = site.get("").await.is(200).json();
    assert_eq!((&service["name"], &service["id"]), (&"contoso".into(), &SERVICE.into()));
    site.get("/nonsense").await.is(404);
    site.get("/apis/none/operations").await.is(404);
    site.get("/workspaces/none/apis").await.is(404);
    site.put("/workspaces/none/tags/t", json!({"displayName": "T"})).await.is(404);
    site.post("/backends/none/reconnect").await.is(404);
    site.call("DELETE", "/backends", &[("if-match", "*")], Value::Null).await.is(405);
    // Paths are compared without regard to case.
    site.put("/backends/Mixed", json!({"url": "https://a.example"})).await.is(201);
    site.put("/BACKENDS/mixed", json!({"url": "https://b.example"})).await.is(200);
    assert_eq!(site.get("/Backends").await.names(), ["Mixed"]);
}

#[tokio::test]
async fn changes_of_named_values_say_where_to_ask_how_they_go() {
    let site = Site::new().await;
    let bearer = format!("Bearer {}", crate::TOKEN);
    let value = json!({"displayName": "n", "value": "v"});
    for (method, status) in [("PUT", 201), ("PUT", 200), ("PATCH", 200)] {
        let made = site.call(method, "/namedValues/n", &[("if-match", "*")], value.clone()).await.is(status);
        let place = |name: &str| made.headers[name].to_str().unwrap().to_owned();
        let operation = place("azure-asyncoperation");
        assert!(operation.contains("/namedValues/n/operationResults/"), "{operation}");
        let seen = site.send("GET", &operation, &[("authorization", &bearer)], String::new()).await.is(200).json();
        assert_eq!(seen["status"], "Succeeded");
        assert!(operation.contains(seen["id"].as_str().unwrap()), "{seen} {operation}");
        site.send("GET", &operation, &[], String::new()).await.is(401);
        let result = site.send("GET", &place("location"), &[("authorization", &bearer)], String::new()).await.is(200);
        assert_eq!((result.json(), result.etag()), (made.json(), made.etag()));
    }
    site.get("/namedValues/none/operationResults/1").await.is(404);
    site.get("/backends/none/operationResults/1").await.is(404);
    site.put("/namedValues/n/operationResults/1", json!({})).await.is(405);
    let made = site.put("/backends/b", json!({"url": "https://b.example"})).await.is(201);
    assert!(made.headers.get("location").is_none());
    let forwarded = [("x-forwarded-proto", "https"), ("host", "management.example")];
    let made = site.call("PUT", "/namedValues/n", &forwarded, value).await.is(200);
    assert!(made.headers["location"].to_str().unwrap().starts_with("https://management.example/"), "{made:?}");
}
