//! `backends`.

use std::time::Duration;

use http::StatusCode;

use super::super::answer::Answer;
use super::super::error::Failure;
use super::super::kind::{Change, Entity, Place, Properties, default, require};
use crate::model::{Backend, Collection, Store, parse_duration};

/// When connections are made anew, and when at the latest.
const RECONNECT: Duration = Duration::from_secs(120);
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

pub(in crate::management) struct Backends;

impl Entity for Backends {
    type Entry = Backend;
    type Properties = Backend;

    const PATH: &'static [&'static str] = &["backends"];
    const FIELDS: &'static [&'static str] = &["title", "url", "description", "protocol", "type"];

    fn all<'s>(store: &'s Store, at: &Place) -> Option<&'s Collection<Backend>> {
        Some(&at.entities(store)?.backends)
    }

    fn all_mut<'s>(store: &'s mut Store, at: &Place) -> Option<&'s mut Collection<Backend>> {
        Some(&mut at.entities_mut(store)?.backends)
    }

    fn properties(entry: &Backend) -> &Backend {
        entry
    }

    fn entry(properties: Backend, _: Option<Backend>) -> Backend {
        properties
    }

    fn prepare(
        _: &mut Store,
        properties: &mut Properties,
        _: Option<&Properties>,
        _: &Change<'_>,
    ) -> Result<(), Failure> {
        let kind = properties.get("type").and_then(|kind| kind.as_str()).unwrap_or_default();
        if kind.eq_ignore_ascii_case("Pool") {
            return Ok(());
        }
        require(properties, "url")?;
        default(properties, "protocol", "http");
        Ok(())
    }

    /// After the time that is asked for, two minutes unless the call says another, the next request opens a connection.
    fn act(action: &str, _: &mut Store, change: &Change<'_>) -> Option<Result<Answer, Failure>> {
        // The contract has it for those of the service only.
        if !action.eq_ignore_ascii_case("reconnect") || change.at.workspace.is_some() {
            return None;
        }
        let after = match change.sent.get("after").and_then(|after| after.as_str()) {
            None => Some(RECONNECT),
            Some(text) => parse_duration(text).filter(|after| *after <= LONGEST),
        };
        let Some(after) = after else {
            return Some(Err(Failure::validation(
                "after",
                "`after` is not a duration of at most a day, such as `PT2M`",
            )));
        };
        let mut answer = Answer::new(StatusCode::ACCEPTED);
        answer.reconnect = Some(after);
        Some(Ok(answer))
    }
}
