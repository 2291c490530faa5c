//! The REST protocol of Azure Cosmos DB, over the requests of policies.

mod addressing;
mod exchange;
mod query;
mod signature;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::Value as Json;

use super::{
    Consistency, CosmosAnswer, CosmosError, CosmosExecutor, CosmosOperation, CosmosRequest, EntityTag, Indexing,
    PartitionKey, Write, WriteKind, WriteOptions,
};
use crate::clock::Clock;
use crate::outbound::Outbound;
use addressing::Container;
use exchange::Caller;

/// Asks Azure Cosmos DB by its REST protocol.
pub(crate) struct RestClient {
    outbound: Arc<dyn Outbound>,
    clock: Clock,
}

impl RestClient {
    pub(crate) fn new(outbound: Arc<dyn Outbound>, clock: Clock) -> Self {
        Self { outbound, clock }
    }
}

#[async_trait]
impl CosmosExecutor for RestClient {
    async fn execute(&self, request: CosmosRequest) -> Result<CosmosAnswer, CosmosError> {
        let CosmosRequest { account, database, container, operation, byte_limit } = request;
        let container = Container::new(&database, &container)?;
        let mut caller = Caller::new(&*self.outbound, &self.clock, &account, byte_limit);
        match operation {
            CosmosOperation::Query(asked) => query::all(&mut caller, &container, &asked).await,
            CosmosOperation::Read { id, partition_key: Some(key) } => {
                let mut headers = HeaderMap::new();
                put_key(&mut headers, &key)?;
                let answer = caller.send(Method::GET, &container.item(&id)?, headers, Bytes::new()).await?;
                Ok(CosmosAnswer::Item(answer.body))
            }
            CosmosOperation::Read { id, partition_key: None } => query::one(&mut caller, &container, &id).await,
            CosmosOperation::Delete { id, partition_key, options } => {
                let mut headers = terms(&options)?;
                put_key(&mut headers, &partition_key.unwrap_or(PartitionKey::None))?;
                caller.send(Method::DELETE, &container.item(&id)?, headers, Bytes::new()).await?;
                Ok(CosmosAnswer::Nothing)
            }
            CosmosOperation::Write(write) => self::write(&mut caller, &container, write).await,
        }
    }
}

async fn write(caller: &mut Caller<'_>, container: &Container, write: Write) -> Result<CosmosAnswer, CosmosError> {
    let no_object = |_| CosmosError::new("the body of the item is no JSON object");
    let mut item: serde_json::Map<String, Json> = serde_json::from_slice(&write.body).map_err(no_object)?;
    let mut body = write.body;
    if let Some(id) = write.id.as_ref().filter(|_| !item.contains_key("id")) {
        item.insert("id".to_owned(), Json::from(id.as_str()));
        // INVARIANT: JSON that was read can be written.
        body = serde_json::to_vec(&item).unwrap_or_default().into();
    }
    let mut headers = terms(&write.options)?;
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let key = match write.partition_key {
        Some(key) => key,
        None => key_of(caller, container, &Json::Object(item)).await?,
    };
    put_key(&mut headers, &key)?;
    if let Some(indexing) = write.indexing {
        let directive = match indexing {
            Indexing::Default => "Default",
            Indexing::Include => "Include",
            Indexing::Exclude => "Exclude",
        };
        headers.insert("x-ms-indexing-directive", HeaderValue::from_static(directive));
    }
    if write.returns_item == Some(false) {
        headers.insert("prefer", HeaderValue::from_static("return=minimal"));
    }
    let answer = match (write.kind, &write.id) {
        (WriteKind::Replace, None) => return Err(CosmosError::new("the item to be replaced has no id")),
        (WriteKind::Replace, Some(id)) => caller.send(Method::PUT, &container.item(id)?, headers, body).await?,
        (kind, _) => {
            if kind == WriteKind::Upsert {
                headers.insert("x-ms-documentdb-is-upsert", HeaderValue::from_static("True"));
            }
            caller.send(Method::POST, &container.items(), headers, body).await?
        }
    };
    let is_told =
        answer.status != StatusCode::NO_CONTENT && !answer.body.is_empty() && write.returns_item != Some(false);
    Ok(if is_told { CosmosAnswer::Item(answer.body) } else { CosmosAnswer::Nothing })
}

/// The headers that say on what terms an item is changed.
fn terms(options: &WriteOptions) -> Result<HeaderMap, CosmosError> {
    let mut headers = HeaderMap::new();
    if let Some(consistency) = options.consistency {
        let level = match consistency {
            Consistency::BoundedStaleness => "BoundedStaleness",
            Consistency::ConsistentPrefix => "ConsistentPrefix",
            Consistency::Eventual => "Eventual",
            Consistency::Session => "Session",
            Consistency::Strong => "Strong",
        };
        headers.insert("x-ms-consistency-level", HeaderValue::from_static(level));
    }
    let mut text = |name: &'static str, what: &str, value: Option<&str>| {
        let Some(value) = value else { return Ok(()) };
        headers.insert(name, header_value(what, value)?);
        Ok::<_, CosmosError>(())
    };
    text("x-ms-documentdb-pre-trigger-include", "the id of a trigger", options.pre_trigger.as_deref())?;
    text("x-ms-documentdb-post-trigger-include", "the id of a trigger", options.post_trigger.as_deref())?;
    let (matching, other) = match &options.entity_tag {
        Some(EntityTag::Match(tag)) => (Some(&**tag), None),
        Some(EntityTag::NoMatch(tag)) => (None, Some(&**tag)),
        None => (None, None),
    };
    text("if-match", "the entity tag", matching)?;
    text("if-none-match", "the entity tag", other)?;
    Ok(headers)
}

fn header_value(what: &str, value: &str) -> Result<HeaderValue, CosmosError> {
    HeaderValue::from_str(value).map_err(|_| CosmosError::new(format!("{what} cannot be sent in a header")))
}

/// Says where the item is.
fn put_key(headers: &mut HeaderMap, key: &PartitionKey) -> Result<(), CosmosError> {
    let text = match key {
        PartitionKey::None => "[{}]".to_owned(),
        PartitionKey::Value(value) => format!("[{}]", ascii_json(value)),
    };
    headers.insert("x-ms-documentdb-partitionkey", header_value("the partition key", &text)?);
    Ok(())
}

/// JSON whose letters are all ASCII, which headers need.
fn ascii_json(value: &Json) -> String {
    let mut ascii = String::new();
    for letter in value.to_string().chars() {
        if letter.is_ascii() && letter != '\u{7f}' {
            ascii.push(letter);
        } else {
            ascii.extend(letter.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    ascii
}

/// The partition key that an item has by the definition of its container.
async fn key_of(caller: &mut Caller<'_>, container: &Container, item: &Json) -> Result<PartitionKey, CosmosError> {
    let answer = caller.send(Method::GET, &container.definition(), HeaderMap::new(), Bytes::new()).await?;
    let unknown = || CosmosError::new("the container does not say what its partition key is");
    let definition: Json = serde_json::from_slice(&answer.body).map_err(|_| unknown())?;
    let paths = definition.pointer("/partitionKey/paths").and_then(Json::as_array).ok_or_else(unknown)?;
    let [path] = paths.as_slice() else {
        return Err(CosmosError::new("the container has a hierarchical partition key: expected `partition-key`"));
    };
    let path = path.as_str().ok_or_else(unknown)?;
    Ok(match item.pointer(&path.replace('"', "")) {
        None => PartitionKey::None,
        Some(Json::Object(_) | Json::Array(_)) => {
            return Err(CosmosError::new("the partition key of the item is no value"));
        }
        Some(value) => PartitionKey::Value(value.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_ascii() {
        for (value, expected) in [
            (Json::from("Zoë 😀\u{7f}"), r#"["Zo\u00eb \ud83d\ude00\u007f"]"#),
            (Json::from(1.5), "[1.5]"),
            (Json::Null, "[null]"),
            (Json::from("a\"\n"), r#"["a\"\n"]"#),
        ] {
            let mut headers = HeaderMap::new();
            put_key(&mut headers, &PartitionKey::Value(value)).unwrap();
            assert_eq!(headers["x-ms-documentdb-partitionkey"], expected);
        }
    }
}
