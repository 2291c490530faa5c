//! Executes an operation: what has a resolver is asked for, several at a time, the rest is found in what was answered.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::complete::Parent;
use super::introspection::introspected;
use super::plan::{Group, Groups, Plan};
use super::slots::{Content, SlotId, Slots};
use super::{Checked, GraphError, GraphSchema, JsonMap, JsonValue};

/// How many resolvers of one request may be called.
const MOST_CALLS: usize = 10_000;
/// How many resolvers of one request run at a time.
const AT_A_TIME: usize = 16;

/// What a resolver is asked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    /// The object type.
    pub(crate) object: String,
    /// Its field.
    pub(crate) field: String,
    pub(crate) arguments: JsonMap,
    /// The object that the field is one of.
    pub(crate) parent: Arc<JsonMap>,
}

/// The answer of a resolver, to come; the error is for the caller.
pub(crate) type Resolving = Pin<Box<dyn Future<Output = Result<JsonValue, String>> + Send>>;

/// What gives the values of fields.
pub(crate) trait Resolve: Send + Sync {
    /// Whether a field has a resolver.
    fn has(&self, object: &str, field: &str) -> bool;

    /// Asks the resolver of a field.
    fn resolve(&self, call: Call) -> Resolving;
}

const _: Option<&dyn Resolve> = None;

/// One operation, to be executed.
pub(crate) struct Execution {
    pub(crate) schema: Arc<GraphSchema>,
    pub(crate) checked: Arc<Checked>,
    pub(crate) resolvers: Arc<dyn Resolve>,
}

/// An operation under way.
pub(super) struct State {
    pub(super) schema: Arc<GraphSchema>,
    pub(super) plan: Plan,
    pub(super) slots: Slots,
    /// Resolvers that were not called yet.
    pub(super) waiting: VecDeque<Waiting>,
    /// What the schema says of itself.
    pub(super) introspected: JsonMap,
    pub(super) is_too_large: bool,
    calls: usize,
}

/// A resolver to be called, and the slot for what it gives.
pub(super) struct Waiting {
    pub(super) slot: SlotId,
    pub(super) group: Arc<Group>,
    pub(super) call: Call,
}

impl Execution {
    /// Gives data and errors. `root` is what fields of the root type without a resolver are found in.
    pub(crate) async fn run(self, root: &JsonMap) -> (JsonValue, Vec<GraphError>) {
        let introspected = match introspected(&self.schema, &self.checked) {
            Ok(found) => found,
            Err(error) => return (JsonValue::Null, vec![error]),
        };
        let Self { schema, checked, resolvers } = self;
        let plan = Plan::new(Arc::clone(&schema), Arc::clone(&checked), Arc::clone(&resolvers));
        let slots = Slots::default();
        let mut state =
            State { schema, plan, slots, waiting: VecDeque::new(), introspected, is_too_large: false, calls: 0 };
        let Some(top) = state.slots.add(false) else { return (JsonValue::Null, Vec::new()) };
        let groups = state.plan.root();
        if checked.is_mutation() {
            state.one_by_one(top, &groups, root, &*resolvers).await;
        } else {
            state.object(top, &groups, root);
            state.drain(&*resolvers).await;
        }
        if state.is_too_large {
            return (JsonValue::Null, vec![GraphError::new("The answer has too many values.")]);
        }
        state.slots.finish(top)
    }
}

impl State {
    /// The fields of a mutation, each when the one before is done with everything in it.
    async fn one_by_one(&mut self, top: SlotId, groups: &Groups, root: &JsonMap, resolvers: &dyn Resolve) {
        let mut members = Vec::new();
        for group in groups.iter() {
            let Some(slot) = self.slots.add(group.ty.is_non_null()) else {
                self.is_too_large = true;
                return;
            };
            members.push((Arc::clone(group), slot));
            self.member(slot, group, &Parent::new(root));
            self.drain(resolvers).await;
        }
        self.slots.fill(top, Content::Object(members));
    }

    /// Calls resolvers until none is left.
    async fn drain(&mut self, resolvers: &dyn Resolve) {
        let mut running = FuturesUnordered::new();
        loop {
            while running.len() < AT_A_TIME
                && let Some(Waiting { slot, group, call }) = self.waiting.pop_front()
            {
                self.calls += 1;
                if self.calls > MOST_CALLS {
                    let message = format!("The request needs more than {MOST_CALLS} calls of resolvers.");
                    self.fail(slot, &group, message);
                    continue;
                }
                let resolving = resolvers.resolve(call);
                running.push(async move { (slot, group, resolving.await) });
            }
            let Some((slot, group, resolved)) = running.next().await else { return };
            match resolved {
                Ok(value) => self.complete(slot, &group.ty, &group, &value),
                Err(message) => self.fail(slot, &group, message),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::task::Poll;

    use super::*;
    use crate::graphql::{GraphRequest, Limits, answer_of, check};

    const SCHEMA: &str = r#"
        interface Named { name: String }
        union Thing = User | Order
        enum State { OPEN CLOSED }
        input Filter { states: [State!] = [OPEN], limit: Int = 10, text: String }
        scalar Anything
        type Order { id: ID!, state: State, total: Float, buyer: User, count: Int! }
        type User implements Named { id: ID!, name: String, orders(filter: Filter, first: Int): [Order!], boss: User }
        type Query {
            user(id: ID!): User, users: [User!]!, things: [Thing], named: Named, any: Anything, text: String, must: Int!
        }
        type Mutation { add(n: Int!): Int, get: Int }
    "#;

    /// Answers by the name of a field; notes what it was asked.
    struct Answers {
        fields: Vec<(&'static str, &'static str)>,
        calls: Arc<Mutex<Vec<String>>>,
    }

    impl Resolve for Answers {
        fn has(&self, object: &str, field: &str) -> bool {
            let path = format!("{object}/{field}");
            self.fields.iter().any(|(known, _)| *known == path)
        }

        fn resolve(&self, call: Call) -> Resolving {
            let path = format!("{}/{}", call.object, call.field);
            let answer = self.fields.iter().find(|(known, _)| *known == path).map_or("null", |(_, answer)| answer);
            let (arguments, parent) =
                (JsonValue::Object(call.arguments.clone()), call.parent.get("id").cloned().unwrap_or_default());
            let calls = Arc::clone(&self.calls);
            calls.lock().unwrap().push(format!("{path} {arguments} of {parent}"));
            let mut is_ready = false;
            Box::pin(async move {
                std::future::poll_fn(|cx| {
                    if std::mem::replace(&mut is_ready, true) {
                        return Poll::Ready(());
                    }
                    cx.waker().wake_by_ref();
                    Poll::Pending
                })
                .await;
                calls.lock().unwrap().push(format!("done {path}"));
                match answer.strip_prefix("error ") {
                    Some(message) => Err(message.to_owned()),
                    None => Ok(serde_json::from_str(answer).unwrap()),
                }
            })
        }
    }

    async fn run(query: &str, fields: &[(&'static str, &'static str)]) -> (String, Vec<String>) {
        let schema = Arc::new(GraphSchema::parse(SCHEMA).unwrap());
        let body = format!(r#"{{"query":{},"variables":{{"yes":true,"n":7}}}}"#, serde_json::Value::from(query));
        let request = GraphRequest::of_body(body.as_bytes(), None).unwrap();
        let checked = match check(&schema, &request, Limits::EXECUTION) {
            Ok(checked) => Arc::new(checked),
            Err(errors) => panic!("{query}: {errors:?}"),
        };
        let calls = Arc::default();
        let resolvers = Arc::new(Answers { fields: fields.to_vec(), calls: Arc::clone(&calls) });
        let (data, errors) = Execution { schema, checked, resolvers }.run(&JsonMap::new()).await;
        let text = String::from_utf8(answer_of(&errors, Some(&data)).to_vec()).unwrap();
        let calls = calls.lock().unwrap().clone();
        (text, calls)
    }

    const USER: (&str, &str) =
        ("Query/user", r#"{"id": 1, "name": "Ann", "boss": {"id": "2", "name": null}, "secret": 1}"#);

    #[tokio::test]
    async fn fields_without_a_resolver_are_members_of_their_parent() {
        let query = "query($yes: Boolean!) { a: user(id: 1) { ...f __typename boss { id n: name } x: id @skip(if: $yes) } } \
                     fragment f on User { id ... on Named { name } orders { id } }";
        let (text, calls) = run(query, &[USER]).await;
        assert_eq!(
            text,
            r#"{"data":{"a":{"id":"1","name":"Ann","orders":null,"__typename":"User","boss":{"id":"2","n":null}}}}"#
        );
        assert_eq!(calls, [r#"Query/user {"id":1} of null"#, "done Query/user"]);
    }

    #[tokio::test]
    async fn nested_resolvers_run_for_each_item_and_beside_each_other() {
        let users = ("Query/users", r#"[{"id": 1}, {"id": 2}, {"id": 3}]"#);
        let orders = ("User/orders", r#"[{"id": "o", "state": "OPEN", "total": 1.50, "count": 2}]"#);
        let query = "query($n: Int) { users { id orders(filter: {text: \"x\"}, first: $n) { state total } } }";
        let (text, calls) = run(query, &[users, orders]).await;
        let order = r#"[{"state":"OPEN","total":1.5}]"#;
        let user = |id| format!(r#"{{"id":"{id}","orders":{order}}}"#);
        assert_eq!(text, format!(r#"{{"data":{{"users":[{},{},{}]}}}}"#, user(1), user(2), user(3)));
        let arguments = r#"{"filter":{"states":["OPEN"],"limit":10,"text":"x"},"first":7}"#;
        let started: Vec<_> = calls[2..5].iter().map(String::as_str).collect();
        let expected: Vec<_> = (1..4).map(|id| format!("User/orders {arguments} of {id}")).collect();
        assert_eq!(started, expected);
    }

    #[tokio::test]
    async fn errors_make_the_nearest_value_null_that_may_be() {
        for (query, fields, expected) in [
            (
                "{ text user(id: 1) { id } }",
                vec![("Query/text", "error no text"), USER],
                r#"{"data":{"text":null,"user":{"id":"1"}},"errors":[{"message":"no text","locations":[{"line":1,"column":3}],"path":["text"]}]}"#,
            ),
            (
                "{ users { id name } }",
                vec![("Query/users", r#"[{"id": 1, "name": "a"}, {"name": "b"}]"#)],
                r#"{"data":null,"errors":[{"message":"`User.id` is null, which it cannot be.","locations":[{"line":1,"column":11}],"path":["users",1,"id"]}]}"#,
            ),
            (
                "{ user(id: 1) { orders { count } } text }",
                vec![("Query/user", r#"{"orders": [{"count": 1}, {}]}"#), ("Query/text", "\"t\"")],
                r#"{"data":{"user":{"orders":null},"text":"t"},"errors":[{"message":"`Order.count` is null, which it cannot be.","locations":[{"line":1,"column":26}],"path":["user","orders",1,"count"]}]}"#,
            ),
            (
                "{ user(id: 1) { id boss { id } } }",
                vec![("Query/user", "[]")],
                r#"{"data":{"user":null},"errors":[{"message":"`Query.user` is not an object.","locations":[{"line":1,"column":3}],"path":["user"]}]}"#,
            ),
            (
                "{ user(id: 1) { orders { state total } } }",
                vec![("Query/user", r#"{"orders": [{"state": "LOST", "total": "1"}]}"#)],
                r#"{"data":{"user":{"orders":[{"state":null,"total":null}]}},"errors":[{"message":"`Order.state` is a text that is no `State`.","locations":[{"line":1,"column":26}],"path":["user","orders",0,"state"]},{"message":"`Order.total` is a text that is no `Float`.","locations":[{"line":1,"column":32}],"path":["user","orders",0,"total"]}]}"#,
            ),
        ] {
            assert_eq!(run(query, &fields).await.0, expected);
        }
    }

    #[tokio::test]
    async fn abstract_types_are_told_by_their_typename() {
        let things = (
            "Query/things",
            r#"[{"__typename": "User", "name": "Ann"}, {"__typename": "Order", "state": "CLOSED"}, {"name": "?"}]"#,
        );
        let (text, _) = run("{ things { __typename ... on User { name } ... on Order { state } } }", &[things]).await;
        let start = r#"{"data":{"things":[{"__typename":"User","name":"Ann"},{"__typename":"Order","state":"CLOSED"},null]},"errors":[{"message":"`Query.things` needs a `__typename` that is a type of `Thing`.""#;
        assert!(text.starts_with(start), "{text}");
    }

    #[tokio::test]
    async fn a_scalar_of_ones_own_is_any_value() {
        let (text, _) = run("{ any }", &[("Query/any", r#"{"b": [1, null], "a": {"x": 1.0}}"#)]).await;
        assert_eq!(text, r#"{"data":{"any":{"b":[1,null],"a":{"x":1.0}}}}"#);
    }

    #[tokio::test]
    async fn mutations_run_one_after_the_other() {
        let fields = [("Mutation/add", "1"), ("Mutation/get", "2")];
        let (text, calls) = run("mutation { a: add(n: 1) g: get b: add(n: 2) }", &fields).await;
        assert_eq!(text, r#"{"data":{"a":1,"g":2,"b":1}}"#);
        let order: Vec<_> = calls.iter().map(|call| call.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(
            order,
            [
                r#"Mutation/add {"n":1}"#,
                "done Mutation/add",
                "Mutation/get {}",
                "done Mutation/get",
                r#"Mutation/add {"n":2}"#,
                "done Mutation/add"
            ]
        );
    }

    #[tokio::test]
    async fn the_schema_is_told() {
        let query =
            r#"{ __typename s: __schema { queryType { name } } __type(name: "State") { enumValues { name } } }"#;
        let (text, _) = run(query, &[]).await;
        let expected = r#"{"data":{"__typename":"Query","s":{"queryType":{"name":"Query"}},"__type":{"enumValues":[{"name":"OPEN"},{"name":"CLOSED"}]}}}"#;
        assert_eq!(text, expected);
        let deep = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
        assert!(run(deep, &[]).await.0.contains("Maximum introspection depth exceeded"));
    }

    #[tokio::test]
    async fn there_are_bounds() {
        let users: &'static str = Box::leak(format!("[{}]", vec![r#"{"id":1}"#; 10_001].join(",")).into_boxed_str());
        let (text, calls) = run("{ users { boss { id } } }", &[("Query/users", users), ("User/boss", "null")]).await;
        assert!(text.contains("The request needs more than 10000 calls of resolvers."));
        assert_eq!(calls.iter().filter(|call| call.starts_with("User/boss")).count(), 9_999);
        let aliases: String = (0..100).map(|n| format!("a{n}: id ")).collect();
        let (text, _) = run(&format!("{{ users {{ {aliases} }} }}"), &[("Query/users", users)]).await;
        assert_eq!(text, r#"{"data":null,"errors":[{"message":"The answer has too many values."}]}"#);
    }
}
