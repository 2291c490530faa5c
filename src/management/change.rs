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
use super::resource::{self, Call, Means, Meant};
use super::service::Shared;
use crate::gateway::{Gateway, Snapshot};
use crate::model::Store;

impl Shared {
    /// Makes a change to a copy, and serves it when it compiles and is kept.
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
            let made = Made::new(&call, &body, &before, &means, &gateway).or_else(|failure| {
                // A secret that cannot be served is one that could not be had.
                let Some(refused) = means.fetched.as_ref().filter(|_| call.is_refresh()) else { return Err(failure) };
                means.fetched = Some(refused.refused(&failure));
                Made::new(&call, &body, &before, &means, &gateway)
            })?;
            if let Some(after) = made.answer.reconnect {
                runtime.spawn(reconnect(gateway.clone(), call.at.last().to_owned(), after));
            }
            if let Some((store, snapshot)) = made.next {
                if let Some(folder) = folder {
                    let kept = folder.lock().unwrap_or_else(PoisonError::into_inner).save(&store);
                    kept.map_err(|error| not_kept(&error))?;
                }
                gateway.adopt(snapshot);
                state.store.store(Arc::new(store));
            }
            Ok(made.answer)
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

/// A change that can be served.
struct Made {
    answer: Answer,
    /// None when nothing is another one.
    next: Option<(Store, Arc<Snapshot>)>,
}

impl Made {
    fn new(call: &Call, body: &[u8], before: &Store, means: &Means, gateway: &Gateway) -> Result<Self, Failure> {
        let mut after = before.clone();
        let answer = resource::change(call, body, &mut after, means)?;
        if after == *before {
            return Ok(Self { answer, next: None });
        }
        resource::check_references(call, before, &after)?;
        let snapshot = gateway.prepare(&after).map_err(|error| Failure::of_configuration(&error, &call.changed()))?;
        Ok(Self { answer, next: Some((after, snapshot)) })
    }
}

impl Call {
    /// Whether a secret is to be fetched again.
    pub(super) fn is_refresh(&self) -> bool {
        matches!(&self.meant, Meant::Action(_, action) if action.eq_ignore_ascii_case("refreshSecret"))
    }

    /// The short id of what is changed.
    fn changed(&self) -> String {
        match &self.meant {
            Meant::Service | Meant::Operation(_) | Meant::BackendState => String::new(),
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

/// Makes the connections of a backend of the service anew.
async fn reconnect(gateway: Gateway, backend: String, after: Duration) {
    tokio::time::sleep(after).await;
    if let Some(backends) = gateway.snapshot().backends_of(None) {
        backends.reconnect(&backend);
    }
}
