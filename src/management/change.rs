//! One change: made to a copy, compiled, kept, and then served.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;

use super::answer::Answer;
use super::error::Failure;
use super::folder::SaveError;
use super::kind::Fetched;
use super::links;
use super::resource::{self, Call, Meant};
use super::service::Shared;
use crate::gateway::Gateway;
use crate::model::Store;

impl Shared {
    /// Makes a change to a copy, and serves it when it compiles.
    ///
    /// Once begun it comes to its end, also when the caller goes away: the gateway and the store never differ.
    pub(super) async fn change(&self, call: Call, body: Bytes) -> Result<Answer, Failure> {
        let (state, gateway, mut means) = (Arc::clone(&self.state), self.gateway.clone(), self.means());
        let folder = self.folder.clone();
        // Before it is our turn: a vault that hangs holds nobody else up.
        let body = match &self.links {
            Some(outbound) => links::follow(&call, body, &**outbound, self.max_body).await?,
            None => body,
        };
        means.fetched = self.fetch(&call, &body).await;
        let turn = Arc::clone(&self.state.turn).lock_owned().await;
        let runtime = tokio::runtime::Handle::current();
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let before = state.store.load_full();
            let mut after = Store::clone(&before);
            let answer = resource::change(&call, &body, &mut after, &means)?;
            if let Some(after) = answer.reconnect {
                let workspace = call.at.workspace.as_deref();
                let index = before.scopes().position(|(name, _)| same(name, workspace)).unwrap_or_default();
                runtime.spawn(reconnect(gateway.clone(), index, call.at.last().to_owned(), after));
            }
            if after != *before {
                resource::check_references(&call, &before, &after)?;
                let changed = call.changed();
                gateway.replace(&after).map_err(|error| Failure::of_configuration(&error, &changed))?;
                if let Some(folder) = folder {
                    let kept = folder.lock().unwrap_or_else(PoisonError::into_inner).save(&after);
                    kept.map_err(|error| {
                        // It has been served a moment ago.
                        let _ = gateway.replace(&before);
                        not_kept(&error)
                    })?;
                }
                state.store.store(Arc::new(after));
            }
            Ok(answer)
        });
        work.await.unwrap_or_else(|_| {
            Err(Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", "the change could not be made"))
        })
    }

    /// Fetches the secret that a change names.
    async fn fetch(&self, call: &Call, body: &[u8]) -> Option<Fetched> {
        let secrets = self.secrets.as_ref()?;
        let wanted = resource::wanted_secret(call, body, &self.state.store.load())?;
        let (outcome, status) = secrets.fetch(&wanted).await;
        Some(Fetched { identifier: wanted.identifier, outcome, status })
    }
}

impl Call {
    /// The short id of what is changed.
    fn changed(&self) -> String {
        match &self.meant {
            Meant::Service => String::new(),
            Meant::Resource(kind) | Meant::Collection(kind) | Meant::Action(kind, _) => self.at.short_id(kind.path()),
        }
    }
}

/// Why a change that could be served is refused all the same.
fn not_kept(error: &SaveError) -> Failure {
    if error.is_name() {
        return Failure::validation("name", error.to_string());
    }
    tracing::error!(target: "gatewright::management", %error, "a change could not be kept");
    let message = "the change could not be kept on disk, and has not been made";
    Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", message)
}

fn same(one: Option<&str>, other: Option<&str>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        (one, other) => one == other,
    }
}

/// Makes the connections of a backend anew; `index` is that of its service or workspace.
async fn reconnect(gateway: Gateway, index: usize, backend: String, after: Duration) {
    tokio::time::sleep(after).await;
    if let Some(backends) = gateway.snapshot().backends().nth(index) {
        backends.reconnect(&backend);
    }
}
