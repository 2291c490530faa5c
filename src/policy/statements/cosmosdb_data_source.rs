//! `cosmosdb-data-source`: the document of a GraphQL resolver that asks Azure Cosmos DB.

use super::super::compile::Compiler;
use super::super::document::Node;
use super::super::own_request::SET_BODY;
use super::super::spec::{Attribute, Child, Content, Spec};
use super::{include_fragment, publish_event};
use crate::xml::Element;

const FRAGMENT: Child = Child::policy(&include_fragment::SPEC, "0..n");
const EXPRESSION: Content = Content::Text { expressions: true };
const BOOL: &str = "`true` or `false`";
const LEVELS: &str = "`bounded-staleness`, `consistent-prefix`, `eventual`, `session` or `strong`";

pub(crate) const TEMPLATE: Attribute = Attribute::optional("template", "`liquid`", "none");
pub(crate) const USES_IDENTITY: Attribute = Attribute::optional("use-managed-identity", BOOL, "false").or_expression();
pub(crate) const CLIENT: Attribute =
    Attribute::optional("client-id", "the client id of a user-assigned identity", "the system-assigned identity")
        .or_expression();
pub(crate) const LOW_PRECISION: Attribute =
    Attribute::optional("enable-low-precision-order-by", BOOL, "what Cosmos DB does").or_expression();
pub(crate) const NAME: Attribute = Attribute::required("name", "the name of a parameter, such as `@id`");
pub(crate) const TYPE: Attribute =
    Attribute::optional("type", "`string`, `number`, `bool`, `null` or `json`", "that of the value");
pub(crate) const DATA_TYPE: Attribute =
    Attribute::optional("data-type", "`string`, `number`, `bool`, `none` or `null`", "string");
pub(crate) const CONSISTENCY: Attribute =
    Attribute::optional("consistency-level", LEVELS, "that of the account").or_expression();
pub(crate) const PRE_TRIGGER: Attribute =
    Attribute::optional("pre-trigger", "the id of a trigger of the container", "none").or_expression();
pub(crate) const POST_TRIGGER: Attribute =
    Attribute::optional("post-trigger", "the id of a trigger of the container", "none").or_expression();
pub(crate) const INDEXING: Attribute =
    Attribute::optional("indexing-directive", "`default`, `include` or `exclude`", "default").or_expression();
pub(crate) const RETURNS_ITEM: Attribute =
    Attribute::optional("enable-content-response-on-write", BOOL, "true").or_expression();
pub(crate) const WRITE_TYPE: Attribute =
    Attribute::optional("type", "`insert`, `replace` or `upsert`", "upsert").or_expression();
pub(crate) const TAG_TYPE: Attribute = Attribute::optional("type", "`match` or `no-match`", "match").or_expression();

pub(crate) const CONNECTION_STRING: Child =
    Child::new("connection-string", "1", EXPRESSION).attributes(&[USES_IDENTITY, CLIENT]);
pub(crate) const DATABASE: Child = Child::new("database-name", "1", EXPRESSION);
pub(crate) const CONTAINER: Child = Child::new("container-name", "1", EXPRESSION);
pub(crate) const STATEMENT: Child = Child::new("sql-statement", "1", Content::Text { expressions: false });
pub(crate) const PARAMETER: Child = Child::new("parameter", "0..n", EXPRESSION).attributes(&[NAME, TYPE, TEMPLATE]);
pub(crate) const PARAMETERS: Child = Child::new("parameters", "0..1", Content::Elements(&[PARAMETER]));
pub(crate) const KEY: Child = Child::new("partition-key", "0..1", EXPRESSION).attributes(&[DATA_TYPE, TEMPLATE]);
pub(crate) const MOST: Child = Child::new("max-item-count", "0..1", EXPRESSION).attributes(&[TEMPLATE]);
pub(crate) const CONTINUATION: Child = Child::new("continuation-token", "0..1", EXPRESSION).attributes(&[TEMPLATE]);
pub(crate) const PAGING: Child = Child::new("paging", "0..1", Content::Elements(&[MOST, CONTINUATION]));
pub(crate) const ID: Child = Child::new("id", "0..1", EXPRESSION).attributes(&[TEMPLATE]);
pub(crate) const TAG: Child = Child::new("etag", "0..1", EXPRESSION).attributes(&[TAG_TYPE, TEMPLATE]);

/// Which account, database and container.
pub(crate) const CONNECTION: Child =
    Child::new("connection-info", "1", Content::Elements(&[CONNECTION_STRING, DATABASE, CONTAINER]));
/// What is asked, in one of four ways.
pub(crate) const QUERY: Child =
    Child::new("query-request", "0..1", Content::Elements(&[STATEMENT, PARAMETERS, KEY, PAGING]))
        .attributes(&[LOW_PRECISION]);
pub(crate) const READ: Child = Child::new("read-request", "0..1", Content::Elements(&[ID, KEY]));
pub(crate) const DELETE: Child = Child::new("delete-request", "0..1", Content::Elements(&[ID, KEY, TAG]))
    .attributes(&[CONSISTENCY, PRE_TRIGGER, POST_TRIGGER]);
pub(crate) const WRITE: Child =
    Child::new("write-request", "0..1", Content::Elements(&[ID, KEY, TAG, SET_BODY, FRAGMENT])).attributes(&[
        WRITE_TYPE,
        CONSISTENCY,
        PRE_TRIGGER,
        POST_TRIGGER,
        INDEXING,
        RETURNS_ITEM,
    ]);
/// What becomes of the answer.
pub(crate) const RESPONSE: Child = Child::new(
    "response",
    "0..1",
    Content::Elements(&[SET_BODY, Child::policy(&publish_event::SPEC, "0..1"), FRAGMENT]),
);

pub(crate) const SPEC: Spec = Spec::new(
    "cosmosdb-data-source",
    "Asks Azure Cosmos DB for the value of a field of a GraphQL API: the document of a resolver.",
)
.sections(&[])
.scopes(&[])
.content(Content::Elements(&[CONNECTION, QUERY, READ, DELETE, WRITE, RESPONSE]))
.differences(&[
    "It needs a build with the feature `cosmos`, or a `CosmosExecutor` of the host: without, it is refused when a configuration \
     is loaded.",
    "The account is asked by its REST protocol, at the endpoint of the connection string: a query over all partitions that needs \
     the plan of an SDK, such as one with `ORDER BY` or an aggregate, fails unless it has a `partition-key`.",
    "With `paging` the value is an object of `items` and `continuationToken`; without, it is an array of all items, 50,000 at \
     most.",
    "An answer of the status 400 or more fails the field, that of an item that is not there among them; 429 is tried again as \
     the account says, 9 times in 30 s at most.",
    "Without a `partition-key` an item is looked for to be read, deleted as one that has none, and written by what its body says \
     at the path that the container defines.",
    "What is asked may take 60 s.",
]);

/// It stands in no document of statements.
pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let message = "`cosmosdb-data-source` is the document of a GraphQL resolver: it cannot stand in another one";
    compiler.error(element.span.start, message.to_owned());
    None
}
