//! Follows redirects, for `forward-request follow-redirects="true"`.

use std::sync::Arc;

use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE, COOKIE,
    LOCATION, UPGRADE,
};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use url::Url;

use super::client::Client;
use super::credentials::{Identity, set_authorization};
use super::error::Error;
use super::in_process::InProcess;
use super::outgoing::{self, Destination};
use super::single::Single;
use crate::Body;
use crate::forward::{BaseUrl, ForwardOptions};

const MOST: usize = 10;

/// A call that goes where the backend sends it, up to ten times; after that the redirect itself is the response.
///
/// The credentials of the entity are for the first scheme, host and port only, and so are `Authorization`, `Cookie`,
/// `Ocp-Apim-Subscription-Key` and all headers that are marked sensitive. From `https` no redirect leads to `http`. A
/// request is repeated as it is only when its body is in memory.
pub(super) struct Follow {
    pub(super) base: BaseUrl,
    pub(super) single: Option<Arc<Single>>,
    pub(super) identity: Option<Arc<Identity>>,
    pub(super) client: Client,
    /// For other hosts: checks certificates fully.
    pub(super) other: Client,
}

impl Follow {
    pub(super) async fn send(
        self,
        mut request: Request<Body>,
        options: ForwardOptions,
    ) -> Result<Response<Body>, Error> {
        outgoing::clean(&mut request, &options)?;
        let mut again = Again::of(&request);
        let first = match &self.single {
            Some(single) => single.destination_at(&self.base),
            None => Destination { base: &self.base, host: None, credentials: None },
        };
        outgoing::address(&mut request, &first, &options)?;
        self.identify(&mut request).await?;
        let mut at = request.uri().clone();
        let in_process = request.extensions().get::<InProcess>().cloned();
        let is_upgrade = request.headers().contains_key(UPGRADE);
        let version = outgoing::version(request.headers(), &options);
        let mut response = self.client.send(request, version).await?;
        if is_upgrade {
            return Ok(response);
        }
        let mut options = options;
        options.keep_host = false;
        for _ in 0..MOST {
            let Some(next) = location(&response, &at) else { break };
            let Some(mut request) = again.request(response.status()) else { break };
            let Ok(base) = BaseUrl::parse(&next[..url::Position::BeforePath]) else { break };
            let Ok(remainder) = next[url::Position::BeforePath..url::Position::AfterQuery].parse() else { break };
            *request.uri_mut() = remainder;
            let is_same = base.scheme() == self.base.scheme() && base.authority() == self.base.authority();
            let destination =
                Destination { base: &base, host: None, credentials: first.credentials.filter(|_| is_same) };
            if !is_same {
                forget_secrets(request.headers_mut());
            }
            outgoing::address(&mut request, &destination, &options)?;
            if is_same {
                self.identify(&mut request).await?;
            }
            at = request.uri().clone();
            if let Some(in_process) = &in_process {
                request.extensions_mut().insert(in_process.clone());
            }
            let client = if is_same { &self.client } else { &self.other };
            response = client.send(request, options.http_version).await?;
        }
        Ok(response)
    }
}

impl Follow {
    /// Shows the token of the entity's managed identity, when it has one.
    async fn identify(&self, request: &mut Request<Body>) -> Result<(), Error> {
        if let Some(identity) = &self.identity {
            set_authorization(request.headers_mut(), identity.header().await?);
        }
        Ok(())
    }
}

/// What is needed to send the request once more.
struct Again {
    method: Method,
    headers: HeaderMap,
    body: Option<Body>,
}

impl Again {
    fn of(request: &Request<Body>) -> Self {
        Self { method: request.method().clone(), headers: request.headers().clone(), body: request.body().try_clone() }
    }

    /// The request after a redirect of this status; none when it cannot be repeated.
    fn request(&mut self, status: StatusCode) -> Option<Request<Body>> {
        // RFC 9110, 15.4: 303 asks for something else, and of old 301 and 302 are understood so after `POST`.
        let is_another = match status {
            StatusCode::SEE_OTHER => self.method != Method::HEAD,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            _ => false,
        };
        if is_another {
            self.method = Method::GET;
            for name in [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION] {
                self.headers.remove(name);
            }
            self.body = Some(Body::empty());
        }
        let mut request = Request::new(self.body.as_ref()?.try_clone()?);
        *request.method_mut() = self.method.clone();
        *request.headers_mut() = self.headers.clone();
        Some(request)
    }
}

/// Takes out what is not for another host than the one that the request was made for.
fn forget_secrets(headers: &mut HeaderMap) {
    headers.remove(AUTHORIZATION);
    headers.remove(COOKIE);
    headers.remove("ocp-apim-subscription-key");
    let sensitive = headers.iter().filter(|(_, value)| value.is_sensitive()).map(|(name, _)| name.clone());
    for name in sensitive.collect::<Vec<_>>() {
        headers.remove(name);
    }
}

fn location(response: &Response<Body>, at: &Uri) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = std::str::from_utf8(response.headers().get(LOCATION)?.as_bytes()).ok()?;
    let at = Url::parse(&at.to_string()).ok()?;
    let next = at.join(location).ok()?;
    let is_followed = next.scheme() == "https" || (next.scheme() == "http" && at.scheme() == "http");
    is_followed.then_some(next)
}
