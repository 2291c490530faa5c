//! Lists: filtered, ordered, page by page.

use std::cmp::Ordering;

use http::StatusCode;
use serde_json::{Value, json};

use super::answer::Answer;
use super::error::Failure;
use super::filter::Filter;
use super::kind::{Kind, Place, Properties};
use super::query::Query;
use super::resource;
use crate::model::Store;

/// How many resources a page has when the caller does not say, and at most.
const PAGE: usize = 100;
const MOST: usize = 1000;

/// A list of resources; `url` is that of the call, without query.
pub(super) fn list(kind: &dyn Kind, store: &Store, at: &Place, query: &Query, url: &str) -> Result<Answer, Failure> {
    let Some(names) = kind.names(store, at) else {
        return Err(Failure::not_found("The resource that the list belongs to was"));
    };
    let top = query.number("$top", 1)?.unwrap_or(PAGE).min(MOST);
    let skip = query.number("$skip", 0)?.unwrap_or(0);
    let filter = query.get("$filter").filter(|text| !text.trim().is_empty());
    let filter = filter.map(|text| Filter::parse(text, kind.fields())).transpose()?;
    let order = query.get("$orderby").map(|text| order_by(text, kind.fields())).transpose()?.unwrap_or_default();
    let failed_only = query.get("isKeyVaultRefreshFailed").filter(|_| kind.fields().contains(&"keyVault"));
    let shown = |name: &String| -> Result<Option<(Place, Properties)>, Failure> {
        let at = at.join(name);
        let Some(mut properties) = kind.read(store, &at) else { return Ok(None) };
        resource::present(kind, &at, query, &mut properties)?;
        kind.shorten(&mut properties);
        Ok(Some((at, properties)))
    };
    let item = |(at, properties): (Place, Properties)| resource::wrap(kind, &at, properties);
    let (count, page): (usize, Vec<Value>);
    if filter.is_none() && order.is_empty() && failed_only.is_none() {
        count = names.len();
        let found: Result<Vec<_>, Failure> = names.iter().skip(skip).take(top).map(shown).collect();
        page = found?.into_iter().flatten().map(item).collect();
    } else {
        let found: Result<Vec<_>, Failure> = names.iter().map(shown).collect();
        let mut found: Vec<_> = found?.into_iter().flatten().collect();
        found.retain(|(at, properties)| {
            let failed = || has_failed(properties).to_string();
            filter.as_ref().is_none_or(|filter| filter.holds(at.last(), properties))
                && failed_only.is_none_or(|wanted| failed().eq_ignore_ascii_case(wanted))
        });
        found.sort_by(|one, other| compare(&order, one, other));
        count = found.len();
        page = found.into_iter().skip(skip).take(top).map(item).collect();
    }
    let mut body = json!({ "value": page, "count": count });
    if skip.saturating_add(top) < count {
        let next = query.with(&[("$top", top.to_string()), ("$skip", skip.saturating_add(top).to_string())]);
        body["nextLink"] = format!("{url}?{next}").into();
    }
    Ok(Answer::new(StatusCode::OK).json(body))
}

/// Whether the last refresh from Key Vault failed.
fn has_failed(properties: &Properties) -> bool {
    let code = properties.get("keyVault").and_then(|vault| vault.get("lastStatus")?.get("code")?.as_str());
    code.is_some_and(|code| !code.eq_ignore_ascii_case("Success"))
}

/// Fields, and whether each goes down.
fn order_by(text: &str, fields: &[&str]) -> Result<Vec<(String, bool)>, Failure> {
    let part = |part: &str| {
        let mut words = part.split_whitespace();
        let field = words.next().unwrap_or_default();
        let field = field.strip_prefix("properties/").unwrap_or(field);
        let down = match words.next() {
            None => Some(false),
            Some(word) if word.eq_ignore_ascii_case("asc") => Some(false),
            Some(word) if word.eq_ignore_ascii_case("desc") => Some(true),
            Some(_) => None,
        };
        let known = std::iter::once(&"name").chain(fields).find(|known| known.eq_ignore_ascii_case(field));
        match (known, down, words.next()) {
            (Some(known), Some(down), None) => Ok(((*known).to_owned(), down)),
            _ => Err(Failure::validation(
                "$orderby",
                format!("`$orderby`: `{}` is not a field with `asc` or `desc`", part.trim()),
            )),
        }
    };
    text.split(',').map(part).collect()
}

fn compare(order: &[(String, bool)], one: &(Place, Properties), other: &(Place, Properties)) -> Ordering {
    let value = |(at, properties): &(Place, Properties), field: &str| match field {
        "name" => at.last().to_lowercase(),
        field => match properties.get(field) {
            Some(Value::String(text)) => text.to_lowercase(),
            Some(Value::Null) | None => String::new(),
            Some(other) => other.to_string(),
        },
    };
    let by_field = order.iter().map(|(field, down)| {
        let order = value(one, field).cmp(&value(other, field));
        if *down { order.reverse() } else { order }
    });
    by_field.fold(Ordering::Equal, Ordering::then)
}
