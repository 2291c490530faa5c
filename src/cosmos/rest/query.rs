//! Queries: page after page, or one page.

use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, header};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::addressing::Container;
use super::exchange::Caller;
use super::{header_value, put_key};
use crate::cosmos::{CosmosAnswer, CosmosError, Query};

/// The most items of all pages, and the most pages: one may be empty, and another follow.
const MOST_ITEMS: usize = 50_000;
const MOST_PAGES: usize = 1_000;

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow, rename = "Documents")]
    documents: Vec<&'a RawValue>,
}

/// All items, or those of one page.
pub(super) async fn all(
    caller: &mut Caller<'_>,
    container: &Container,
    query: &Query,
) -> Result<CosmosAnswer, CosmosError> {
    let (body, mut headers) = (body(query), head(query)?);
    let (mut items, mut count) = (BytesMut::from(&b"["[..]), 0);
    for _ in 0..MOST_PAGES {
        let answer = caller.send(Method::POST, &container.items(), headers.clone(), body.clone()).await?;
        let no_page = |_| CosmosError::new("the answer of Cosmos DB is no page of items");
        let page: Page<'_> = serde_json::from_slice(&answer.body).map_err(no_page)?;
        for item in page.documents {
            if count > 0 {
                items.put_u8(b',');
            }
            count += 1;
            items.put(item.get().as_bytes());
        }
        if count > MOST_ITEMS {
            return Err(CosmosError::new(format!(
                "the query gives more than {MOST_ITEMS} items: expected fewer, or `paging`"
            )));
        }
        let next = answer.headers.get("x-ms-continuation").filter(|value| !value.is_empty());
        match next {
            Some(next) if !query.is_paged => {
                headers.insert("x-ms-continuation", next.clone());
            }
            next => {
                items.put_u8(b']');
                let continuation = next.and_then(|value| value.to_str().ok()).map(str::to_owned);
                return Ok(CosmosAnswer::Items { items: items.freeze(), continuation });
            }
        }
    }
    Err(CosmosError::new(format!("the query has more than {MOST_PAGES} pages: expected fewer, or `paging`")))
}

/// One item, wherever it is.
pub(super) async fn one(caller: &mut Caller<'_>, container: &Container, id: &str) -> Result<CosmosAnswer, CosmosError> {
    let query = Query {
        text: "SELECT * FROM c WHERE c.id = @id".into(),
        parameters: vec![("@id".into(), id.into())],
        ..Query::default()
    };
    let CosmosAnswer::Items { items, .. } = all(caller, container, &query).await? else {
        return Ok(CosmosAnswer::Nothing);
    };
    let found: Vec<&RawValue> = serde_json::from_slice(&items).unwrap_or_default();
    match found.as_slice() {
        [] => Err(CosmosError::of_status(404, "there is no item of that id")),
        [item] => Ok(CosmosAnswer::Item(Bytes::copy_from_slice(item.get().as_bytes()))),
        _ => Err(CosmosError::new("several items have that id: expected a `partition-key`")),
    }
}

fn body(query: &Query) -> Bytes {
    let parameters: Vec<_> =
        query.parameters.iter().map(|(name, value)| json!({ "name": &**name, "value": value })).collect();
    json!({ "query": &*query.text, "parameters": parameters }).to_string().into()
}

fn head(query: &Query) -> Result<HeaderMap, CosmosError> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/query+json"));
    headers.insert("x-ms-documentdb-isquery", HeaderValue::from_static("True"));
    match &query.partition_key {
        Some(key) => put_key(&mut headers, key)?,
        None => {
            headers.insert("x-ms-documentdb-query-enablecrosspartition", HeaderValue::from_static("True"));
        }
    }
    if let Some(is_on) = query.low_precision_order_by {
        let value = HeaderValue::from_static(if is_on { "True" } else { "False" });
        headers.insert("x-ms-documentdb-query-enable-low-precision-order-by", value);
    }
    if let Some(most) = query.max_items {
        headers.insert("x-ms-max-item-count", HeaderValue::from(most));
    }
    if let Some(token) = query.continuation.as_deref().filter(|token| !token.is_empty()) {
        headers.insert("x-ms-continuation", header_value("the continuation token", token)?);
    }
    Ok(headers)
}
