//! Operations of Azure Cosmos DB, and what comes of them.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value as Json;

use super::CosmosAccount;

/// One operation on the items of a container.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CosmosRequest {
    /// Where it is, and who asks.
    pub account: CosmosAccount,
    /// The name of the database.
    pub database: String,
    /// The name of the container.
    pub container: String,
    /// What is to be done.
    pub operation: CosmosOperation,
    /// The longest answer, in bytes; a longer one is an error.
    pub byte_limit: usize,
}

/// What is to be done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum CosmosOperation {
    /// Asks for items.
    Query(Query),
    /// Reads an item.
    Read {
        /// The id of the item.
        id: String,
        /// Where it is; without one, it is looked for.
        partition_key: Option<PartitionKey>,
    },
    /// Deletes an item.
    Delete {
        /// The id of the item.
        id: String,
        /// Where it is.
        partition_key: Option<PartitionKey>,
        /// On what terms.
        options: WriteOptions,
    },
    /// Writes an item.
    Write(Write),
}

/// A query.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Query {
    /// The text, with parameters such as `@name`.
    pub text: Arc<str>,
    /// Names, with the `@`, and values.
    pub parameters: Vec<(Arc<str>, Json)>,
    /// Where to look; everywhere without one.
    pub partition_key: Option<PartitionKey>,
    /// Whether one page is asked for; otherwise all items are.
    pub is_paged: bool,
    /// The most items of a page; -1 leaves it to the service.
    pub max_items: Option<i64>,
    /// Where the page begins, as the one before said it.
    pub continuation: Option<String>,
    /// `EnableLowPrecisionOrderBy` of the service.
    pub low_precision_order_by: Option<bool>,
}

/// An item to be written.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Write {
    /// What becomes of one that is there.
    pub kind: WriteKind,
    /// The id; that of the body without one.
    pub id: Option<String>,
    /// Where it goes; without one, the body says it at the paths that the container defines.
    pub partition_key: Option<PartitionKey>,
    /// The item, a JSON object.
    pub body: Bytes,
    /// Whether it is indexed.
    pub indexing: Option<Indexing>,
    /// Whether the answer is to have the item; it has without this.
    pub returns_item: Option<bool>,
    /// On what terms.
    pub options: WriteOptions,
}

/// The terms of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteOptions {
    /// The consistency level; that of the account without one.
    pub consistency: Option<Consistency>,
    /// The id of a trigger that runs before.
    pub pre_trigger: Option<String>,
    /// The id of a trigger that runs after.
    pub post_trigger: Option<String>,
    /// What the entity tag of the item must be.
    pub entity_tag: Option<EntityTag>,
}

/// A condition on the entity tag of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntityTag {
    /// It must be this one.
    Match(String),
    /// It must not be this one.
    NoMatch(String),
}

/// The value of a partition key.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PartitionKey {
    /// A string, number, boolean or null.
    Value(Json),
    /// Items have no such property.
    None,
}

/// What becomes of an item that is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WriteKind {
    /// It stays, and the operation fails.
    Insert,
    /// It is replaced, and the operation fails when there is none.
    Replace,
    /// It is replaced.
    #[default]
    Upsert,
}

/// Consistency levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consistency {
    /// `bounded-staleness`.
    BoundedStaleness,
    /// `consistent-prefix`.
    ConsistentPrefix,
    /// `eventual`.
    Eventual,
    /// `session`.
    Session,
    /// `strong`.
    Strong,
}

/// Whether an item is indexed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indexing {
    /// As the container says.
    Default,
    /// It is.
    Include,
    /// It is not.
    Exclude,
}

/// What comes of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CosmosAnswer {
    /// The items of a query.
    Items {
        /// A JSON array.
        items: Bytes,
        /// Where the next page begins, when there is one and one page was asked for.
        continuation: Option<String>,
    },
    /// An item: a JSON object.
    Item(Bytes),
    /// Nothing: it was deleted, or the item is not told.
    Nothing,
}
