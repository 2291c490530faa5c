//! GraphQL: any query over a schema with rules and without a service is answered, within bounds. The first line, when it is a
//! JSON object, is the variables.
#![no_main]

use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use gatewright::Body;
use gatewright::backend::Transport;
use gatewright::gateway::Gateway;
use gatewright::model::{Api, ApiEntry, ApiKind, ApiSchema, Policy, Store};
use http::Request;
use libfuzzer_sys::fuzz_target;
use serde_json::json;
use tower::Service;

const SCHEMA: &str = "interface Node { id: ID! } union Any = A | B scalar Json enum E { X Y } \
    input In { n: Int! = 1 l: [In!] e: E t: String j: Json } \
    type A implements Node { id: ID! b: B l(i: In): [[A!]]! any: [Any] } type B implements Node { id: ID! a: A j(j: Json): Json } \
    type Query { a(id: ID, i: In, n: [Int!]): A node: Node any(f: Float = 1.5, s: Boolean): Any text: String! } \
    type Mutation { m(i: In!): A } type Subscription { s: A }";

static GATEWAYS: LazyLock<[Gateway; 2]> = LazyLock::new(|| {
    let rules = "<validate-graphql-request><authorize><rule path='/A/id' action='remove' /><rule path='/B/*' action='remove' />\
                 <rule path='/Mutation/*' action='reject' /></authorize></validate-graphql-request>";
    ["", rules].map(|rules| {
        let mut entry = ApiEntry::new(Api::new("").subscription_required(false).kind(ApiKind::Graphql));
        let mut schema = ApiSchema::new().content_type("application/vnd.ms-azure-apim.graphql.schema");
        schema.document = Some(json!({ "value": SCHEMA }).into());
        entry.schemas.insert("graphql", schema);
        let policy = format!("<policies><inbound>{rules}</inbound><backend><forward-request /></backend></policies>");
        entry.policy = Some(Policy::new(policy));
        let mut store = Store::new();
        store.service.apis.insert("g", entry);
        let transport = Transport::builder().native_roots(false).build().unwrap();
        Gateway::builder().transport(transport).build(&store).unwrap()
    })
});

fuzz_target!(|text: &str| {
    let (first, rest) = text.split_once('\n').unwrap_or(("", text));
    let variables = serde_json::from_str(first).ok().filter(serde_json::Value::is_object);
    let (query, variables) = variables.map_or((text, json!({})), |variables| (rest, variables));
    for gateway in &*GATEWAYS {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let mut answer = pin!(gateway.clone().call(Request::post("/").body(Body::from(body)).unwrap()));
        let mut context = Context::from_waker(Waker::noop());
        let Poll::Ready(Ok(response)) = answer.as_mut().poll(&mut context) else { panic!("it waits: {query}") };
        assert!([200, 400].contains(&response.status().as_u16()), "{}: {query}", response.status());
        let bytes = response.body().as_bytes().unwrap().clone();
        let answer: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert!(answer.get("data").is_some() || answer["errors"].is_array());
    }
});
