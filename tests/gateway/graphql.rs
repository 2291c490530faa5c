//! GraphQL APIs through a gateway that is served over a socket: in front of a service, over resolvers, and subscriptions.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{SinkExt, StreamExt};
use gatewright::Body;
use gatewright::model::{Api, ApiEntry, ApiKind, ApiSchema, Policy, Resolver, ResolverEntry, Store};
use http::{Request, Response};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::tungstenite::{Error, handshake::server};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async, client_async};

use crate::support::TestServer;
use crate::{document, gateway, header, send};

const SCHEMA: &str = "type Post { id: ID! text: String author: User } type User { id: ID! name: String posts: [Post] } \
                      type Query { user(id: ID!): User users: [User] } type Mutation { post(text: String!): Post } \
                      type Subscription { posted: Post other: Post }";

fn api(service_url: Option<&str>) -> ApiEntry {
    let api = Api::new("g").subscription_required(false).kind(ApiKind::Graphql);
    let mut entry = ApiEntry::new(match service_url {
        Some(url) => api.service_url(url),
        None => api,
    });
    let mut schema = ApiSchema::new().content_type("application/vnd.ms-azure-apim.graphql.schema");
    schema.document = Some(json!({ "value": SCHEMA }).into());
    entry.schemas.insert("graphql", schema);
    entry
}

fn resolver(entry: &mut ApiEntry, path: &str, url: &str, method: &str, response: &str) {
    let mut resolver = ResolverEntry::from(Resolver::new().path(path));
    resolver.policy = Some(Policy::new(format!(
        r#"<http-data-source><http-request><set-method>{method}</set-method><set-url>{url}</set-url></http-request>{response}</http-data-source>"#
    )));
    entry.resolvers.insert(path.replace('/', "-"), resolver);
}

fn store(entry: ApiEntry) -> Store {
    let mut store = Store::new();
    store.service.apis.insert("g", entry);
    store
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect(1 << 20).await.unwrap().as_bytes().unwrap().to_vec()).unwrap()
}

async fn post(gateway: &gatewright::gateway::Gateway, path: &str, query: &str) -> Response<Body> {
    let body = json!({ "query": query }).to_string();
    let request = Request::post(path).header("content-type", "application/json").body(Body::from(body)).unwrap();
    tower::ServiceExt::oneshot(gateway.clone(), request).await.unwrap()
}

/// A service of GraphQL: says how it was asked.
async fn service() -> TestServer {
    TestServer::http(|request: Request<hyper::body::Incoming>| async move {
        let asked = format!("{} {}", request.method(), request.uri());
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let query = serde_json::from_slice::<Value>(&body).map_or(Value::Null, |body| body["query"].clone());
        let data = json!({ "data": { "users": [{ "id": asked, "name": query }] } });
        let mut response = Response::new(Body::from(data.to_string()));
        response.headers_mut().insert("content-type", "application/json".parse().unwrap());
        response
    })
    .await
}

#[tokio::test]
async fn a_service_behind_the_gateway_is_one_endpoint() {
    let backend = service().await;
    let gateway = gateway(&store(api(Some(&backend.url("/graphql")))));
    for (method, path, expected) in [
        ("POST", "/g", "POST /graphql"),
        ("POST", "/g/", "POST /graphql"),
        ("GET", "/g?query=%7Busers%7Bid%7D%7D", "GET /graphql?query=%7Busers%7Bid%7D%7D"),
        ("GET", "/g/?query=%7Busers%7Bid%7D%7D", "GET /graphql?query=%7Busers%7Bid%7D%7D"),
    ] {
        let answer: Value = serde_json::from_str(&text(send(&gateway, method, path, &[]).await).await).unwrap();
        assert_eq!(answer["data"]["users"][0]["id"], expected, "{method} {path}");
    }
    for (method, path) in [("PUT", "/g"), ("POST", "/g/more")] {
        assert_eq!(send(&gateway, method, path, &[]).await.status(), 404, "{method} {path}");
    }
}

#[tokio::test]
async fn a_service_gets_what_was_validated() {
    let backend = service().await;
    let mut entry = api(Some(&backend.url("/graphql")));
    let rules = r#"<validate-graphql-request max-size="1000"><authorize><rule path="/User/name" action="remove" />
                   <rule path="/Mutation/*" action="reject" /></authorize></validate-graphql-request>"#;
    entry.policy = Some(document(rules, "", ""));
    let gateway = gateway(&store(entry));
    let answer: Value = serde_json::from_str(&text(post(&gateway, "/g", "{ users { id name } }").await).await).unwrap();
    assert_eq!(answer["data"]["users"][0]["name"], "{\n  users {\n    id\n  }\n}\n");
    assert_eq!(answer["errors"][0]["path"], json!(["users", "name"]));
    let refused = post(&gateway, "/g", "mutation { post(text: \"a\") { id } }").await;
    assert_eq!(refused.status(), 400);
    assert!(text(refused).await.starts_with(r#"{"errors":[{"message":"The field `post` of type `Mutation`"#));
}

#[tokio::test]
async fn what_was_validated_stays_what_it_was() {
    let backend = service().await;
    let guard = "<validate-graphql-request />";
    let changed = |action: &str, value: &str| {
        format!("{guard}<set-header name=\"Upgrade\" exists-action=\"{action}\">{value}</set-header>")
    };
    let websocket = "<value>websocket</value>";
    for service_url in [Some(backend.url("/graphql")), None] {
        for (inbound, upgrade, message) in [
            (changed("delete", ""), "websocket", "A request that was to open a connection does so no more."),
            (changed("override", websocket), "", "A request that was validated opens a connection now."),
        ] {
            let mut entry = api(service_url.as_deref());
            entry.policy = Some(document(&inbound, "", ""));
            let gateway = gateway(&store(entry));
            let refused = send(&gateway, "GET", "/g?query=%7Busers%7Bid%7D%7D", &[("upgrade", upgrade)]).await;
            assert_eq!(refused.status(), 400, "{inbound}");
            let answer: Value = serde_json::from_str(&text(refused).await).unwrap();
            assert_eq!(answer["errors"][0]["message"], message);
        }
    }
}

#[tokio::test]
async fn a_query_is_put_together_of_what_services_answer() {
    let most = Arc::new(AtomicUsize::new(0));
    let now = Arc::new(AtomicUsize::new(0));
    let (most_seen, now_open) = (most.clone(), now.clone());
    let backend = TestServer::http(move |request: Request<hyper::body::Incoming>| {
        let (most, now) = (most_seen.clone(), now_open.clone());
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
            now.fetch_sub(1, Ordering::SeqCst);
            let path = request.uri().path().to_owned();
            let body = match path.strip_prefix("/users/") {
                Some(id) => json!([{ "id": format!("p{id}"), "text": "hello" }]),
                None => (1..41).map(|id| json!({ "id": id })).collect(),
            };
            Response::new(Body::from(body.to_string()))
        }
    })
    .await;
    let mut entry = api(None);
    resolver(&mut entry, "Query/users", &backend.url("/users"), "GET", "");
    let url = format!("@(\"{}\" + context.GraphQL.Parent[\"id\"])", backend.url("/users/"));
    resolver(&mut entry, "User/posts", &url, "GET", "");
    let gateway = gateway(&store(entry));
    let answer: Value =
        serde_json::from_str(&text(post(&gateway, "/g", "{ users { id posts { id } } }").await).await).unwrap();
    for id in 1..41 {
        let expected = json!({ "id": id.to_string(), "posts": [{ "id": format!("p{id}") }] });
        assert_eq!(answer["data"]["users"][id - 1], expected);
    }
    let most = most.load(Ordering::SeqCst);
    assert!((2..=16).contains(&most), "{most} at a time");
}

async fn subscribe(
    server: &TestServer,
    protocol: &str,
) -> Result<(WebSocketStream<TcpStream>, http::HeaderMap), Error> {
    let request = Request::get(server.url("/g").replace("http", "ws"))
        .header("host", server.address().to_string())
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", generate_key())
        .header("sec-websocket-protocol", protocol)
        .body(())
        .unwrap();
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let (socket, response) = client_async(request, stream).await?;
    Ok((socket, response.headers().clone()))
}

async fn say(socket: &mut WebSocketStream<TcpStream>, message: Value) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}

async fn hear(socket: &mut WebSocketStream<TcpStream>) -> Value {
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Close(frame) => return json!(frame.map(|frame| u16::from(frame.code))),
            _ => {}
        }
    }
}

async fn posts() -> (TestServer, ApiEntry) {
    let backend = TestServer::http(|_| async {
        Response::new(Body::from(r#"{"id": "1", "text": "hello", "author": {"id": 7}}"#))
    })
    .await;
    let mut entry = api(None);
    let event = r#"<http-response><publish-event><targets><graphql-subscription id="posted" /></targets></publish-event></http-response>"#;
    resolver(&mut entry, "Mutation/post", &backend.url("/"), "POST", event);
    let name = format!("@(\"{}\" + context.GraphQL.Parent[\"id\"])", backend.url("/"));
    resolver(&mut entry, "User/name", &name, "GET", "<http-response><set-body>\"Ann\"</set-body></http-response>");
    (backend, entry)
}

#[tokio::test]
async fn subscribers_get_what_is_published() {
    let (_backend, entry) = posts().await;
    let gateway = gateway(&store(entry));
    let front = TestServer::gateway(gateway.clone()).await;
    let (mut socket, headers) = subscribe(&front, "graphql-transport-ws").await.unwrap();
    assert_eq!(headers["sec-websocket-protocol"], "graphql-transport-ws");
    say(&mut socket, json!({ "type": "connection_init" })).await;
    assert_eq!(hear(&mut socket).await, json!({ "type": "connection_ack" }));
    let wanted = "subscription($yes: Boolean = true) { new: posted { text author { name @include(if: $yes) } } }";
    say(&mut socket, json!({ "type": "subscribe", "id": "a", "payload": { "query": wanted } })).await;
    say(
        &mut socket,
        json!({ "type": "subscribe", "id": "b", "payload": { "query": "subscription { other { id } }" } }),
    )
    .await;
    say(&mut socket, json!({ "type": "subscribe", "id": "c", "payload": { "query": "{ users { id } }" } })).await;
    let refused = hear(&mut socket).await;
    assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("c")));
    say(&mut socket, json!({ "type": "ping" })).await;
    assert_eq!(hear(&mut socket).await, json!({ "type": "pong" }));

    let answer = text(post(&gateway, "/g", "mutation { post(text: \"x\") { id } }").await).await;
    assert_eq!(answer, r#"{"data":{"post":{"id":"1"}}}"#);
    let expected = json!({ "id": "a", "type": "next", "payload": { "data": { "new": { "text": "hello", "author": { "name": "Ann" } } } } });
    assert_eq!(hear(&mut socket).await, expected);

    say(&mut socket, json!({ "type": "complete", "id": "a" })).await;
    say(&mut socket, json!({ "type": "ping" })).await;
    assert_eq!(hear(&mut socket).await, json!({ "type": "pong" }));
    post(&gateway, "/g", "mutation { post(text: \"x\") { id } }").await;
    say(&mut socket, json!({ "type": "ping" })).await;
    assert_eq!(hear(&mut socket).await, json!({ "type": "pong" }));
}

#[tokio::test]
async fn what_is_against_the_protocol_closes_the_connection() {
    let (_backend, entry) = posts().await;
    let front = TestServer::gateway(gateway(&store(entry))).await;
    let wanted = json!({ "type": "subscribe", "id": "a", "payload": { "query": "subscription { posted { id } }" } });
    let init = json!({ "type": "connection_init" });
    for (messages, answers) in [
        (vec![wanted.clone()], vec![json!(4401)]),
        (vec![init.clone(), init.clone()], vec![json!({ "type": "connection_ack" }), json!(4429)]),
        (vec![init.clone(), wanted.clone(), wanted.clone()], vec![json!({ "type": "connection_ack" }), json!(4409)]),
        (vec![json!({ "type": "start" })], vec![json!(4400)]),
        (vec![json!("text")], vec![json!(4400)]),
    ] {
        let (mut socket, _) = subscribe(&front, "graphql-transport-ws").await.unwrap();
        for message in messages {
            say(&mut socket, message).await;
        }
        for answer in answers {
            assert_eq!(hear(&mut socket).await, answer);
        }
    }
    let Err(Error::Http(response)) = subscribe(&front, "graphql-ws").await else { panic!("it was opened") };
    assert_eq!(response.status(), 400);
}

#[tokio::test]
async fn each_subscription_is_validated() {
    let (_backend, mut entry) = posts().await;
    let rules = r#"<validate-graphql-request max-size="300" max-depth="3"><authorize>
        <rule path="/Subscription/other" action="reject" /><rule path="/Post/text" action="remove" /></authorize></validate-graphql-request>"#;
    entry.policy = Some(document(rules, "", ""));
    let gateway = gateway(&store(entry));
    let front = TestServer::gateway(gateway.clone()).await;
    let (mut socket, _) = subscribe(&front, "graphql-transport-ws").await.unwrap();
    say(&mut socket, json!({ "type": "connection_init" })).await;
    hear(&mut socket).await;
    let big = "#".repeat(300);
    for (query, problem) in [
        ("subscription { other { id } }", "The field `other` of type `Subscription` is not allowed."),
        ("subscription { posted { author { posts { id } } } }", "The query is 4 fields deep: at most 3 are allowed."),
        ("subscription { nothing }", "type `Subscription` does not have a field `nothing`"),
        (&format!("subscription {{ posted {{ id }} }}{big}"), "The request has "),
    ] {
        say(&mut socket, json!({ "type": "subscribe", "id": "a", "payload": { "query": query } })).await;
        let error = hear(&mut socket).await;
        assert_eq!(error["type"], "error");
        assert!(error["payload"][0]["message"].as_str().unwrap().starts_with(problem), "{error}");
    }
    let query = "subscription { posted { id text } }";
    say(&mut socket, json!({ "type": "subscribe", "id": "a", "payload": { "query": query } })).await;
    say(&mut socket, json!({ "type": "ping" })).await;
    hear(&mut socket).await;
    post(&gateway, "/g", "mutation { post(text: \"x\") { id } }").await;
    let value = hear(&mut socket).await;
    assert_eq!(value["payload"]["data"], json!({ "posted": { "id": "1", "text": null } }));
    assert_eq!(value["payload"]["errors"][0]["path"], json!(["posted", "text"]));
}

#[tokio::test]
async fn keys_and_policies_come_before_a_subscription() {
    let (_backend, mut entry) = posts().await;
    entry.policy = Some(document(
        r#"<check-header name="X-Pass" failed-check-httpcode="403" failed-check-error-message="no" ignore-case="true"><value>yes</value></check-header>"#,
        "",
        "",
    ));
    let front = TestServer::gateway(gateway(&store(entry))).await;
    let Err(Error::Http(response)) = subscribe(&front, "graphql-transport-ws").await else { panic!("it was opened") };
    assert_eq!(response.status(), 403);
}

#[tokio::test]
async fn subscriptions_of_a_service_are_relayed() {
    let backend = TestServer::raw(|stream| async move {
        #[allow(clippy::result_large_err)] // The library's own signature.
        let agree = |_: &server::Request, mut response: server::Response| {
            response.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
            Ok(response)
        };
        let mut socket = accept_hdr_async(stream, agree).await.unwrap();
        while let Some(Ok(message)) = socket.next().await {
            if message.is_text() {
                socket.send(message).await.unwrap();
            }
        }
    })
    .await;
    let mut entry = api(Some(&backend.url("/graphql")));
    let front = TestServer::gateway(gateway(&store(entry.clone()))).await;
    let (mut socket, _) = subscribe(&front, "graphql-transport-ws").await.unwrap();
    say(&mut socket, json!({ "type": "ping" })).await;
    assert_eq!(hear(&mut socket).await, json!({ "type": "ping" }));

    // Nothing would validate what comes over the connection.
    entry.policy = Some(document(r#"<validate-graphql-request max-size="300" />"#, "", ""));
    let front = TestServer::gateway(gateway(&store(entry))).await;
    let Err(Error::Http(response)) = subscribe(&front, "graphql-transport-ws").await else { panic!("it was opened") };
    assert_eq!(response.status(), 400);
}

#[tokio::test]
async fn what_is_wrong_with_an_api_is_told_when_it_is_loaded() {
    let problems = |entry: ApiEntry| {
        let transport = gatewright::backend::Transport::builder().native_roots(false).build().unwrap();
        let built = gatewright::gateway::Gateway::builder().transport(transport).build(&store(entry));
        built.map_or_else(
            |error| error.to_string(),
            |gateway| gateway.snapshot().warnings().iter().map(ToString::to_string).collect(),
        )
    };
    let mut entry = api(Some("http://service.example"));
    entry.schemas = Default::default();
    assert!(problems(entry.clone()).contains("it has no schema"));
    resolver(&mut entry, "Query/users", "https://a.example", "GET", "");
    assert!(problems(entry).contains("it has no schema"));
    let mut entry = api(None);
    resolver(&mut entry, "Query/users", "nowhere", "GET", "");
    assert!(problems(entry).contains("the text of `set-url` is `nowhere`"));
    let mut entry = api(None);
    let mut sql = ResolverEntry::from(Resolver::new().path("Query/users"));
    sql.policy = Some(Policy::new("<sql-data-source><request /></sql-data-source>"));
    entry.resolvers.insert("users", sql);
    assert!(problems(entry).contains("`sql-data-source` needs"));
    let mut entry = api(Some("http://service.example"));
    resolver(&mut entry, "Query/users", "https://a.example", "GET", "");
    assert!(problems(entry).contains("its `serviceUrl` is not used"));
}

#[tokio::test]
async fn headers_of_the_answer_are_those_of_policies() {
    let mut entry = api(None);
    entry.policy =
        Some(document("", r#"<set-header name="X-Out"><value>@(context.Operation.Id)</value></set-header>"#, ""));
    let gateway = gateway(&store(entry));
    let response = post(&gateway, "/g", "{ users { id } }").await;
    assert_eq!(
        (header(&response, "x-out"), header(&response, "content-type")),
        ("graphql".into(), "application/json".into())
    );
    assert_eq!(text(response).await, r#"{"data":{"users":null}}"#);
}
