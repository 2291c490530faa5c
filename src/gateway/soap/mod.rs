//! Finds the operation of a SOAP API: by the action that a request names, or by the root element of its body.

mod action;
mod envelope;
mod peek;

use std::collections::HashMap;
use std::sync::Arc;

use http::{HeaderMap, Method, Request, Uri};

use super::own_calls::Caller;
use super::query;
use super::router::{ApiMatch, Route};
use super::serve::{self, ToBackends};
use super::snapshot::Snapshot;
use crate::body::Body;
use crate::model::Operation;
use crate::policy::{EngineSettings, Run};
use action::Action;

/// The query parameter that names an action, in URLs as in URL templates.
const PARAMETER: &str = "soapAction";

/// The operations of one SOAP API, by what requests call them.
#[derive(Debug, Default)]
pub(super) struct SoapOperations {
    actions: HashMap<Box<str>, usize>,
    elements: HashMap<Box<str>, usize>,
    /// The operation that takes every other action: `/?soapAction={any}`.
    wildcard: Option<usize>,
}

impl SoapOperations {
    /// Adds an operation by its index among those of the API; of two with the same action the first stays.
    pub fn add(&mut self, index: usize, operation: &Operation) {
        let Some(action) = operation.url_template.split_once("?soapAction=").map(|(_, action)| action) else { return };
        if action.starts_with('{') && action.ends_with('}') {
            self.wildcard.get_or_insert(index);
            return;
        }
        self.actions.entry(action.into()).or_insert(index);
        let body = operation.request.as_ref().and_then(|request| request.representations.first());
        let element = body.and_then(|body| body.type_name.as_deref()).or(operation.display_name.as_deref());
        if let Some(element) = element {
            self.elements.entry(element.into()).or_insert(index);
        }
    }

    fn of_action(&self, action: &str) -> Option<usize> {
        self.actions.get(action).copied().or(self.wildcard)
    }
}

impl Snapshot {
    /// The API and operation of a request, as far as its head tells.
    pub(super) fn route(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Route {
        let route = self.router.find(method, uri, headers);
        let (Route::NoOperation(found), Some(operations)) = (route, self.soap(route, method, uri)) else {
            return route;
        };
        let operation = match Action::of(uri, headers) {
            Action::Named(action) => operations.of_action(&action),
            Action::Empty => operations.wildcard,
        };
        operation.map_or(route, |operation| Route::Operation(found, operation))
    }

    /// The API of a request whose operation only its body tells.
    pub(super) fn told_by_body(
        &self,
        route: Route,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Option<ApiMatch> {
        let Route::NoOperation(found) = route else { return None };
        let has_elements = !self.soap(route, method, uri)?.elements.is_empty();
        (has_elements && Action::of(uri, headers) == Action::Empty).then_some(found)
    }

    /// The operations to choose from when a request may be for one of a SOAP API.
    fn soap(&self, route: Route, method: &Method, uri: &Uri) -> Option<&SoapOperations> {
        let Route::NoOperation(found) = route else { return None };
        let is_for_root = matches!(found.remainder(uri), "" | "/");
        let operations = self.apis.get(found.api)?.soap.as_deref()?;
        (is_for_root && *method == Method::POST).then_some(operations)
    }
}

/// Begins to run the pipeline of a request once enough of its body is there to tell the operation.
pub(super) async fn begin(
    snapshot: Arc<Snapshot>,
    found: ApiMatch,
    request: Request<Body>,
    settings: Arc<EngineSettings>,
    caller: Caller,
) -> Run<ToBackends> {
    let (head, body) = request.into_parts();
    let (element, body) = peek::root_element(body).await;
    let operations = snapshot.apis.get(found.api).and_then(|api| api.soap.as_deref());
    let operation = element.and_then(|element| operations?.elements.get(element.as_str()).copied());
    let route = operation.map_or(Route::NoOperation(found), |operation| Route::Operation(found, operation));
    serve::begin(&snapshot, route, Request::from_parts(head, body), settings, caller)
}

/// What of a request's URL follows the service URL of a SOAP API: the query without the action.
pub(super) fn rest(uri: &Uri) -> String {
    let others =
        uri.query().unwrap_or_default().split('&').filter(|item| !item.is_empty() && !query::has(item, PARAMETER));
    let mut rest = String::new();
    for item in others {
        rest.push(if rest.is_empty() { '?' } else { '&' });
        rest.push_str(item);
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_action_is_not_forwarded() {
        for (url, expected) in
            [("/calc?soapAction=urn:a", ""), ("/calc/?a=1&SOAPAction=urn:a&b", "?a=1&b"), ("/calc", "")]
        {
            assert_eq!(rest(&url.parse().unwrap()), expected, "{url}");
        }
    }
}
