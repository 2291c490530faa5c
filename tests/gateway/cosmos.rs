//! `cosmosdb-data-source` before a server that speaks the REST protocol of Azure Cosmos DB over TLS: it checks signatures,
//! hands out pages, and refuses as the service does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatewright::Body;
use gatewright::cosmos::{CosmosAnswer, CosmosError, CosmosExecutor, CosmosOperation, CosmosRequest};
use gatewright::gateway::Gateway;
use gatewright::model::{Api, ApiEntry, ApiKind, ApiSchema, Policy, Resolver, ResolverEntry, Store};
use gatewright::policy::EngineSettings;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, Method, Request, Response};
use http_body_util::BodyExt;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::resolved::{ask, builder};
use crate::support::{Authority, TestServer, raw};

const KEY: &str = "dGhlIGtleSBvZiB0aGUgYWNjb3VudA==";
const SCHEMA: &str = "type Item { id: ID! name: String _etag: String } type Page { items: [Item] continuationToken: String } \
                      type Query { all: [Item] page(after: String): Page item(id: String!, at: String): Item } \
                      type Mutation { add(id: ID!, name: String): Item put(id: ID!, name: String): Item \
                      change(id: ID!, name: String, tag: String): Item remove(id: ID!, tag: String): Boolean }";

/// One container, `items` of the database `shop`, whose partition key is `/id`.
#[derive(Default)]
struct Account {
    items: BTreeMap<String, Value>,
    /// How many requests are refused before one is done.
    busy: usize,
    asked: Vec<String>,
    tags: usize,
}

impl Account {
    fn with(ids: &[&str]) -> Arc<Mutex<Self>> {
        let items =
            ids.iter().map(|id| ((*id).to_owned(), json!({ "id": id, "name": id, "_etag": "first" }))).collect();
        Arc::new(Mutex::new(Self { items, ..Self::default() }))
    }

    fn answer(&mut self, method: &Method, path: &str, headers: &HeaderMap, body: &[u8]) -> Response<Body> {
        let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
        let path = percent_decode_str(path).decode_utf8().unwrap().into_owned();
        self.asked.push(format!("{method} {path}"));
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        // A feed has the link of what it is in, an item its own.
        let (link, kind) = match segments.as_slice() {
            [rest @ .., kind] if !rest.len().is_multiple_of(2) => (segments.join("/"), *rest.last().unwrap_or(kind)),
            [rest @ .., kind] => (rest.join("/"), *kind),
            [] => panic!("no path"),
        };
        let date = header("x-ms-date").unwrap().to_lowercase();
        let signed = format!("{}\n{kind}\n{link}\n{date}\n\n", method.as_str().to_lowercase());
        let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(KEY).unwrap()).unwrap();
        mac.update(signed.as_bytes());
        let expected = format!("type=master&ver=1.0&sig={}", STANDARD.encode(mac.finalize().into_bytes()));
        let shown = percent_decode_str(header("authorization").unwrap()).decode_utf8().unwrap();
        if shown != expected || header("x-ms-version").is_none() {
            return answer(
                401,
                &[],
                json!({ "code": "Unauthorized", "message": "The input authorization token can't serve the request." }),
            );
        }
        if self.busy > 0 {
            self.busy -= 1;
            return answer(429, &[("x-ms-retry-after-ms", "5"), ("x-ms-substatus", "3200")], json!({ "code": "429" }));
        }
        let key = header("x-ms-documentdb-partitionkey").map(|text| serde_json::from_str::<Value>(text).unwrap());
        match (method.as_str(), segments.as_slice()) {
            ("GET", ["dbs", "shop", "colls", "items"]) => {
                answer(200, &[], json!({ "id": "items", "partitionKey": { "paths": ["/id"], "kind": "Hash" } }))
            }
            ("POST", ["dbs", "shop", "colls", "items", "docs"])
                if header("x-ms-documentdb-isquery") == Some("True") =>
            {
                assert_eq!(header("content-type"), Some("application/query+json"));
                self.query(header("x-ms-continuation"), header("x-ms-max-item-count"), body)
            }
            ("POST", ["dbs", "shop", "colls", "items", "docs"]) => {
                let item: Value = serde_json::from_slice(body).unwrap();
                let id = item["id"].as_str().unwrap().to_owned();
                assert_eq!(key, Some(json!([id])));
                if self.items.contains_key(&id) && header("x-ms-documentdb-is-upsert") != Some("True") {
                    return answer(409, &[], json!({ "code": "Conflict", "message": "there is one\r\nActivityId: x" }));
                }
                self.keep(id, item)
            }
            (method, ["dbs", "shop", "colls", "items", "docs", id]) => {
                let known = self.items.get(*id).filter(|_| key == Some(json!([id])));
                let Some(known) = known else { return answer(404, &[], json!({ "code": "NotFound" })) };
                let tag = known["_etag"].as_str().unwrap();
                if header("if-match").is_some_and(|wanted| wanted != tag) {
                    return answer(412, &[], json!({ "code": "PreconditionFailed" }));
                }
                match method {
                    "GET" => answer(200, &[("etag", tag)], known.clone()),
                    "PUT" => self.keep((*id).to_owned(), serde_json::from_slice(body).unwrap()),
                    _ => {
                        self.items.remove(*id);
                        Response::builder().status(204).body(Body::empty()).unwrap()
                    }
                }
            }
            _ => answer(404, &[], json!({ "code": "NotFound", "message": "no such container" })),
        }
    }

    fn keep(&mut self, id: String, mut item: Value) -> Response<Body> {
        self.tags += 1;
        item["_etag"] = json!(format!("tag {}", self.tags));
        self.items.insert(id, item.clone());
        answer(201, &[], item)
    }

    /// Two items a page, unless fewer are asked for.
    fn query(&self, continuation: Option<&str>, most: Option<&str>, body: &[u8]) -> Response<Body> {
        let asked: Value = serde_json::from_slice(body).unwrap();
        let wanted = asked["parameters"].as_array().unwrap().iter().find(|p| p["name"] == "@id").map(|p| &p["value"]);
        let found: Vec<_> = self.items.values().filter(|item| wanted.is_none_or(|id| item["id"] == *id)).collect();
        let start: usize = continuation.map_or(0, |token| token.strip_prefix("from ").unwrap().parse().unwrap());
        let most = most.and_then(|most| most.parse().ok()).unwrap_or(2_usize);
        let page: Vec<_> = found.iter().skip(start).take(most).collect();
        let next = format!("from {}", start + most);
        let headers: &[(&str, &str)] = if start + most < found.len() { &[("x-ms-continuation", &next)] } else { &[] };
        answer(200, headers, json!({ "_rid": "x", "Documents": page, "_count": page.len() }))
    }
}

fn answer(status: u16, headers: &[(&str, &str)], body: Value) -> Response<Body> {
    let mut response = Response::builder().status(status).header("content-type", "application/json");
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Body::from(body.to_string())).unwrap()
}

async fn serve(account: &Arc<Mutex<Account>>, authority: &Authority) -> TestServer {
    let account = Arc::clone(account);
    TestServer::tls(
        authority.server(&["localhost"], &["h2", "http/1.1"]),
        move |request: Request<hyper::body::Incoming>| {
            let account = Arc::clone(&account);
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                account.lock().unwrap().answer(&head.method, head.uri.path(), &head.headers, &body)
            }
        },
    )
    .await
}

fn store(endpoint: &str, key: &str) -> Store {
    let connection = format!(
        "<connection-info><connection-string>AccountEndpoint={endpoint};AccountKey={key};</connection-string>\
         <database-name>shop</database-name><container-name>items</container-name></connection-info>"
    );
    let argument = |name: &str| format!("@(context.GraphQL.Arguments[\"{name}\"])");
    let (id, tag) = (argument("id"), argument("tag"));
    let id = format!("<id>{id}</id><partition-key>{id}</partition-key>");
    let tag = format!("<etag>{tag}</etag>");
    let page = format!(
        "<query-request><sql-statement>SELECT * FROM c</sql-statement><paging><max-item-count>1</max-item-count>\
         <continuation-token>{}</continuation-token></paging></query-request>",
        argument("after")
    );
    let at = argument("at");
    let read =
        format!("<read-request>{}<partition-key>{at}</partition-key></read-request>", &id[..id.find("<part").unwrap()]);
    let mut api = ApiEntry::new(Api::new("g").subscription_required(false).kind(ApiKind::Graphql));
    let mut schema = ApiSchema::new().content_type("application/vnd.ms-azure-apim.graphql.schema");
    schema.document = Some(json!({ "value": SCHEMA }).into());
    api.schemas.insert("graphql", schema);
    for (path, request) in [
        ("Query/all", "<query-request><sql-statement>SELECT * FROM c</sql-statement></query-request>".to_owned()),
        ("Query/page", page),
        ("Query/item", read),
        ("Mutation/add", "<write-request type=\"insert\" />".to_owned()),
        ("Mutation/put", "<write-request />".to_owned()),
        (
            "Mutation/change",
            format!(
                "<write-request type=\"replace\">{id}{tag}<set-body>@(\"{{\\\"id\\\":\\\"\" + context.GraphQL.Arguments[\"id\"] + \"\\\",\\\"name\\\":\\\"changed\\\"}}\")</set-body></write-request>"
            ),
        ),
        (
            "Mutation/remove",
            format!("<delete-request>{id}{tag}</delete-request><response><set-body>true</set-body></response>"),
        ),
    ] {
        let mut resolver = ResolverEntry::from(Resolver::new().path(path));
        let document = format!("<cosmosdb-data-source>{connection}{request}</cosmosdb-data-source>");
        resolver.policy = Some(Policy::new(document));
        api.resolvers.insert(path.replace('/', "-"), resolver);
    }
    let mut store = Store::new();
    store.service.apis.insert("g", api);
    store
}

#[tokio::test]
async fn items_are_queried_read_and_changed() {
    let (account, authority) = (Account::with(&["a", "b", "c", "d", "e"]), Authority::new());
    let server = serve(&account, &authority).await;
    let gateway = builder(&authority).build(&store(&server.tls_url("/"), KEY)).unwrap();
    let failed =
        |field: &str, status: u16| format!("The resolver of `{field}` failed: the service answered with {status}.");
    for (query, data, error) in [
        (
            "{ all { id } }",
            json!({ "all": [{ "id": "a" }, { "id": "b" }, { "id": "c" }, { "id": "d" }, { "id": "e" }] }),
            None,
        ),
        (
            "{ page(after: \"from 3\") { items { id } continuationToken } }",
            json!({ "page": { "items": [{ "id": "d" }], "continuationToken": "from 4" } }),
            None,
        ),
        (
            "{ page(after: \"from 4\") { items { id } continuationToken } }",
            json!({ "page": { "items": [{ "id": "e" }], "continuationToken": null } }),
            None,
        ),
        ("{ item(id: \"a\", at: \"a\") { id name } }", json!({ "item": { "id": "a", "name": "a" } }), None),
        ("{ item(id: \"a\", at: \"b\") { id } }", json!({ "item": null }), Some(failed("Query.item", 404))),
        (
            "{ item(id: \"../d\", at: \"b\") { id } }",
            json!({ "item": null }),
            Some("The resolver of `Query.item` failed.".to_owned()),
        ),
        (
            "mutation { add(id: \"ü x\", name: \"f\") { name _etag } }",
            json!({ "add": { "name": "f", "_etag": "tag 1" } }),
            None,
        ),
        ("mutation { add(id: \"a\") { name } }", json!({ "add": null }), Some(failed("Mutation.add", 409))),
        (
            "mutation { put(id: \"a\", name: \"A\") { name _etag } }",
            json!({ "put": { "name": "A", "_etag": "tag 2" } }),
            None,
        ),
        (
            "mutation { change(id: \"a\", tag: \"first\") { name } }",
            json!({ "change": null }),
            Some(failed("Mutation.change", 412)),
        ),
        ("mutation { change(id: \"a\", tag: \"tag 2\") { name } }", json!({ "change": { "name": "changed" } }), None),
        (
            "mutation { change(id: \"nobody\") { name } }",
            json!({ "change": null }),
            Some(failed("Mutation.change", 404)),
        ),
        (
            "mutation { remove(id: \"b\", tag: \"other\") }",
            json!({ "remove": null }),
            Some(failed("Mutation.remove", 412)),
        ),
        ("mutation { remove(id: \"b\") }", json!({ "remove": true }), None),
        ("{ item(id: \"b\", at: \"b\") { id } }", json!({ "item": null }), Some(failed("Query.item", 404))),
    ] {
        let found = ask(&gateway, query).await;
        assert_eq!(found["data"], data, "{query}: {found}");
        assert_eq!(found["errors"][0]["message"].as_str(), error.as_deref(), "{query}");
    }
    assert_eq!(server.connections(), 1, "connections are used again");
    assert!(account.lock().unwrap().asked.iter().all(|asked| !asked.contains("..")));
}

#[tokio::test]
async fn an_account_that_is_busy_is_asked_again() {
    let (account, authority) = (Account::with(&["a"]), Authority::new());
    let server = serve(&account, &authority).await;
    let gateway = builder(&authority).build(&store(&server.tls_url("/"), KEY)).unwrap();
    account.lock().unwrap().busy = 9;
    assert_eq!(ask(&gateway, "{ all { id } }").await["data"], json!({ "all": [{ "id": "a" }] }));
    account.lock().unwrap().busy = 100;
    let found = ask(&gateway, "{ all { id } }").await;
    assert_eq!(found["errors"][0]["message"], "The resolver of `Query.all` failed: the service answered with 429.");
    assert_eq!(account.lock().unwrap().busy, 90);
}

#[tokio::test]
async fn another_key_and_another_authority_are_refused_and_not_told() {
    let (account, authority) = (Account::with(&["a"]), Authority::new());
    let server = serve(&account, &authority).await;
    let gateway = builder(&authority).build(&store(&server.tls_url("/"), "YW5vdGhlciBrZXk=")).unwrap();
    let found = ask(&gateway, "{ all { id } }").await;
    assert_eq!(found["errors"][0]["message"], "The resolver of `Query.all` failed: the service answered with 401.");
    assert!(!format!("{gateway:?}").contains("YW5vdGhlciBrZXk="));
    let gateway = builder(&Authority::new()).build(&store(&server.tls_url("/"), KEY)).unwrap();
    let found = ask(&gateway, "{ all { id } }").await;
    assert_eq!(found["errors"][0]["message"], "The resolver of `Query.all` failed.");
}

#[tokio::test]
async fn an_answer_is_no_longer_than_the_largest_body() {
    let (account, authority) = (Account::with(&["a", "b", "c", "d", "e"]), Authority::new());
    let server = serve(&account, &authority).await;
    for (limit, works) in [(1_000, true), (200, false)] {
        let mut settings = EngineSettings::default();
        settings.body_limit = limit;
        let gateway = builder(&authority).settings(settings).build(&store(&server.tls_url("/"), KEY)).unwrap();
        assert_eq!(ask(&gateway, "{ all { id } }").await["data"]["all"].is_array(), works, "{limit}");
    }
}

#[tokio::test]
async fn servers_that_misbehave_fail_the_field() {
    let authority = Authority::new();
    let page = b"HTTP/1.1 200 OK\r\ncontent-length: 17\r\nx-ms-continuation: again\r\n\r\n{\"Documents\":[1]}";
    let servers = [
        TestServer::raw(raw::reset).await,
        TestServer::raw(raw::garbage).await,
        TestServer::raw(raw::close_early).await,
        TestServer::raw(|stream| raw::answer_and_close(stream, b"HTTP/1.1 200 OK\r\n\r\n[[[[[")).await,
        TestServer::raw(|stream| raw::answer_and_close(stream, b"HTTP/1.1 503 No\r\ncontent-length: 9999\r\n\r\n{"))
            .await,
        // A page that always has a next one.
        TestServer::raw(move |stream| raw::answer_and_close(stream, page)).await,
    ];
    for server in &servers {
        let gateway = builder(&authority).build(&store(&server.url("/"), KEY)).unwrap();
        let found = ask(&gateway, "{ all { id } }").await;
        assert_eq!(found["data"], json!({ "all": null }), "{found}");
    }
}

#[tokio::test]
async fn a_host_has_an_executor_of_its_own() {
    struct Own;

    #[async_trait::async_trait]
    impl CosmosExecutor for Own {
        async fn execute(&self, request: CosmosRequest) -> Result<CosmosAnswer, CosmosError> {
            assert!(!format!("{request:?}").contains(KEY));
            match request.operation {
                CosmosOperation::Read { id, .. } => {
                    let place = format!("{}/{}", request.account.endpoint, request.container);
                    Ok(CosmosAnswer::Item(json!({ "id": id, "name": place }).to_string().into()))
                }
                _ => Err(CosmosError::of_status(403, "it only reads")),
            }
        }
    }

    let gateway = Gateway::builder().cosmos(Arc::new(Own)).build(&store("https://contoso.example:443/", KEY)).unwrap();
    let found = ask(&gateway, "{ item(id: \"a\", at: \"a\") { id name } all { id } }").await;
    assert_eq!(found["data"], json!({ "item": { "id": "a", "name": "https://contoso.example/items" }, "all": null }));
    assert_eq!(found["errors"][0]["message"], "The resolver of `Query.all` failed: the service answered with 403.");
}
