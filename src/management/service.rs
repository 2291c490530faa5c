//! Management as a service.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::hash::RandomState;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body as HttpBody;
use tower_service::Service;

use super::answer::Answer;
use super::authorize::{Authorize, Refusal};
use super::backend_state;
use super::error::Failure;
use super::exports::Exports;
use super::folder::Folder;
use super::kind::Place;
use super::path::Path;
use super::query::Query;
use super::resource::{self, Call, Means, Meant};
use crate::body::{Body, BoxError, CollectError};
use crate::clock::Clock;
use crate::gateway::{Gateway, KeyVaultSecrets};
use crate::model::Store;
use crate::outbound::Outbound;
use crate::random::Random;
use crate::secret::SecretProvider;

/// The largest body that is taken, in bytes, when the host does not say.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// The management surface of one gateway.
///
/// It never fails: an error is a response. Clones share everything, and changes are made one after the other.
///
/// ```
/// use gatewright::gateway::Gateway;
/// use gatewright::management::{BearerToken, Management};
/// use gatewright::{Body, Store};
/// use http::Request;
/// use tower::ServiceExt as _;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = Store::new();
/// let gateway = Gateway::builder().build(&store)?;
/// let management = Management::new(gateway.clone(), store, BearerToken::new("t0ken"));
///
/// let service = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/contoso";
/// let request = Request::put(format!("{service}/backends/orders?api-version=2024-05-01"))
///     .header("Authorization", "Bearer t0ken")
///     .body(Body::from(r#"{"properties": {"url": "https://orders.internal/api", "protocol": "http"}}"#))?;
/// assert_eq!(management.clone().oneshot(request).await?.status(), 201);
/// assert!(management.store().service.backends.contains("orders"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Management(pub(super) Arc<Shared>);

#[derive(Clone)]
pub(super) struct Shared {
    pub(super) gateway: Gateway,
    pub(super) state: Arc<State>,
    authorize: Arc<dyn Authorize>,
    base_url: Option<String>,
    pub(super) max_body: usize,
    clock: Clock,
    random: Random,
    hasher: RandomState,
    pub(super) folder: Option<Arc<Mutex<Folder>>>,
    pub(super) secrets: Option<Arc<KeyVaultSecrets>>,
    pub(super) links: Option<Arc<dyn Outbound>>,
}

pub(super) struct State {
    /// What the gateway serves.
    pub(super) store: ArcSwap<Store>,
    /// Held by the one change that is being made.
    pub(super) turn: Arc<tokio::sync::Mutex<()>>,
    exports: Exports,
}

impl Management {
    /// Makes the management surface of a gateway that serves `store`; nobody is served without the check.
    ///
    /// From now on the gateway's configuration has to be changed by it alone.
    pub fn new(gateway: Gateway, store: Store, authorize: impl Authorize) -> Self {
        let state = State { store: ArcSwap::from_pointee(store), turn: Arc::default(), exports: Exports::default() };
        Self(Arc::new(Shared {
            gateway,
            state: Arc::new(state),
            authorize: Arc::new(authorize),
            base_url: None,
            max_body: MAX_BODY,
            clock: Clock::system(),
            random: Random::system(),
            hasher: RandomState::new(),
            folder: None,
            secrets: None,
            links: None,
        }))
    }

    /// Sets: where callers reach it, such as `https://management.contoso.com`, for links to further pages, exports and
    /// operations. Without it that is the `Host` of the request, by `http` unless the request says otherwise
    /// (`X-Forwarded-Proto`).
    #[must_use]
    pub fn base_url(self, url: impl Into<String>) -> Self {
        let url = url.into();
        self.with(|shared| shared.base_url = Some(url.trim_end_matches('/').to_owned()))
    }

    /// Sets: the largest body that is taken, in bytes; 16 MiB by default.
    #[must_use]
    pub fn max_body(self, bytes: usize) -> Self {
        self.with(|shared| shared.max_body = bytes)
    }

    /// Sets: the time that is written into entities.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        self.with(|shared| shared.clock = clock)
    }

    /// Sets: where subscription keys come from.
    #[must_use]
    pub fn random(self, random: Random) -> Self {
        self.with(|shared| shared.random = random)
    }

    /// Sets: where named values and certificates with `keyVault` come from: when they are written, by `refreshSecret`, and by
    /// [`rotate`](Self::rotate) every 4 hours. The provider is asked for the `secretIdentifier` as it is written.
    #[must_use]
    pub fn secrets(self, provider: impl SecretProvider) -> Self {
        self.key_vault(Arc::new(KeyVaultSecrets::new(provider)))
    }

    /// The same with settings of one's own, and with what has been fetched already.
    #[must_use]
    pub fn key_vault(self, secrets: Arc<KeyVaultSecrets>) -> Self {
        self.with(|shared| shared.secrets = Some(secrets))
    }

    /// Sets: what fetches the documents behind links (`xml-link`, `rawxml-link`, `openapi-link`, `wsdl-link`, …); without it
    /// links are refused. Who may write may then have it send `GET` requests to any URL that it reaches.
    #[must_use]
    pub fn links(self, outbound: impl Outbound) -> Self {
        self.with(|shared| shared.links = Some(Arc::new(outbound)))
    }

    /// Sets: the folder that keeps each change before it is answered; without it the store is in memory.
    #[must_use]
    pub fn folder(self, folder: Folder) -> Self {
        self.with(|shared| shared.folder = Some(Arc::new(Mutex::new(folder))))
    }

    fn with(self, change: impl FnOnce(&mut Shared)) -> Self {
        let mut shared = Shared::clone(&self.0);
        change(&mut shared);
        Self(Arc::new(shared))
    }

    /// The configuration that is served now.
    pub fn store(&self) -> Arc<Store> {
        self.0.state.store.load_full()
    }
}

impl fmt::Debug for Management {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Management").field("gateway", &self.0.gateway).finish_non_exhaustive()
    }
}

impl Shared {
    async fn serve(&self, request: Request<Body>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let is_head = head.method == Method::HEAD;
        // Who has the link may read what it leads to: clients send no token to it.
        let exported = self.state.exports.get(head.uri.path(), self.clock.instant());
        if let Some(document) = exported.filter(|_| head.method == Method::GET) {
            let mut response = Response::new(Body::from(document));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
            return response;
        }
        let answer = match self.authorize.authorize(&head).await {
            Ok(()) => self.answer(head, body).await.unwrap_or_else(Failure::into_answer),
            Err(refusal) => refused(refusal),
        };
        answer.into_response(is_head)
    }

    async fn answer(&self, head: Parts, body: Body) -> Result<Answer, Failure> {
        let query = Query::parse(head.uri.query());
        query.check_version()?;
        let call = self.call(head, query)?;
        if matches!(call.method, Method::GET | Method::HEAD) {
            if let Meant::BackendState = call.meant {
                return backend_state::read(&call.at, &self.state.store.load(), &self.gateway.snapshot());
            }
            let mut answer = resource::read(&call, &self.state.store.load(), &self.means())?;
            if let Some(document) = answer.document.take() {
                let path = self.state.exports.put(document, &self.random, self.clock.instant());
                answer = answer.link(format!("{}{path}", call.base));
            }
            return Ok(answer);
        }
        let body = body.collect(self.max_body).await.map_err(|error| match error {
            CollectError::TooLarge(limit) => {
                let message = format!("the body is larger than {limit} bytes");
                Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", message)
            }
            _ => Failure::new(StatusCode::BAD_REQUEST, "InvalidRequestContent", "the body could not be read"),
        })?;
        let body = body.as_bytes().cloned().unwrap_or_default();
        self.change(call, body).await
    }

    fn call(&self, head: Parts, query: Query) -> Result<Call, Failure> {
        let not_found = || Failure::not_found("The resource was");
        let path = Path::parse(head.uri.path()).ok_or_else(not_found)?;
        let known = self.state.store.load().name.clone();
        if known.is_some_and(|name| !name.eq_ignore_ascii_case(&path.service)) {
            return Err(Failure::not_found(&format!("The service `{}` was", path.service)));
        }
        let meant = resource::meaning(&path.segments, head.method == Method::POST, path.workspace.is_some());
        let (meant, names) = meant.ok_or_else(not_found)?;
        let at = Place { service_id: path.service_id, workspace: path.workspace, names };
        let base = self.base_url.clone().unwrap_or_else(|| {
            let host = head.headers.get(HOST).and_then(|host| host.to_str().ok());
            let host = host.or_else(|| head.uri.authority().map(|authority| authority.as_str())).unwrap_or_default();
            // Behind something that ends TLS.
            let forwarded = head.headers.get("x-forwarded-proto").and_then(|scheme| scheme.to_str().ok());
            let forwarded = forwarded.filter(|scheme| matches!(*scheme, "http" | "https"));
            format!("{}://{host}", forwarded.or(head.uri.scheme_str()).unwrap_or("http"))
        });
        let url = format!("{base}{}", head.uri.path());
        Ok(Call { method: head.method, at, meant, query, headers: head.headers, base, url })
    }

    pub(super) fn means(&self) -> Means {
        let now = jiff::Timestamp::try_from(self.clock.wall()).unwrap_or_default();
        let now = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        Means { hasher: self.hasher.clone(), random: self.random.clone(), now, fetched: None }
    }
}

fn refused(refusal: Refusal) -> Answer {
    match refusal {
        Refusal::Unauthenticated => {
            let message = "Authentication failed: the Authorization header is missing or not accepted.";
            let failure = Failure::new(StatusCode::UNAUTHORIZED, "AuthenticationFailed", message);
            failure.into_answer().header(WWW_AUTHENTICATE, "Bearer")
        }
        Refusal::Forbidden => {
            let message = "The client is not authorized to perform this action.";
            Failure::new(StatusCode::FORBIDDEN, "AuthorizationFailed", message).into_answer()
        }
    }
}

impl<B> Service<Request<B>> for Management
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = ManagementFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ManagementFuture {
        let shared = Arc::clone(&self.0);
        let request = request.map(Body::new);
        ManagementFuture(Box::pin(async move { shared.serve(request).await }))
    }
}

/// The future of [`Management`].
#[must_use = "futures do nothing unless polled"]
pub struct ManagementFuture(Pin<Box<dyn Future<Output = Response<Body>> + Send>>);

impl Future for ManagementFuture {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx).map(Ok)
    }
}
