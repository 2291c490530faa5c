//! Long-running operations: they are over when they are answered, and have a URL that says so to those who ask for it.

use http::header::LOCATION;
use http::{HeaderName, StatusCode};
use serde_json::json;

use super::answer::Answer;
use super::error::Failure;
use super::kind::{Kind, Place};
use super::resource::{Call, Meant};
use crate::model::Store;
use crate::random::Random;

/// What stands between a resource and the id of an operation on it.
pub(super) const WORD: &str = "operationResults";

/// Adds where the operation can be asked for, and where its result is.
pub(super) fn announce(answer: Answer, call: &Call, random: &Random) -> Answer {
    let resource = match call.meant {
        Meant::Action(..) => call.url.trim_end_matches('/').rsplit_once('/').map_or("", |(resource, _)| resource),
        _ => call.url.trim_end_matches('/'),
    };
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    let id: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let version = call.query.get("api-version").unwrap_or_default();
    let (status, result) = (
        format!("{resource}/{WORD}/{id}?api-version={version}"),
        format!("{resource}?api-version={version}&asyncId={id}&asyncCode={}", answer.status.as_u16()),
    );
    answer.header(HeaderName::from_static("azure-asyncoperation"), status).header(LOCATION, result)
}

/// How an operation went: it is over, as long as there is what it made.
pub(super) fn read(kind: &dyn Kind, at: &Place, store: &Store) -> Result<Answer, Failure> {
    let Some((id, names)) = at.names.split_last() else { return Err(Failure::not_found("The operation was")) };
    let resource = at.with(names);
    if kind.read(store, &resource).is_none() {
        return Err(Failure::not_found("The operation was"));
    }
    let full = format!("{}/{WORD}/{id}", resource.id(kind.path()));
    Ok(Answer::new(StatusCode::OK).json(json!({ "id": full, "name": id, "status": "Succeeded" })))
}
