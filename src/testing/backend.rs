//! The services behind a policy under test: they note what they get and answer as they were told.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::{Request, Response, Uri};

use super::answer::{Answer, Kind, failed, timed_out};
use super::call::Call;
use super::content::Content;
use super::recorder::lock;
use crate::backend::{Error, Serve, Served};
use crate::body::Body;
use crate::forward::{BaseUrl, CertificateName, ForwardError, ForwardOptions, Target};
use crate::outbound::{Outbound, OutboundOptions};
use crate::policy::Forward;

/// What decides an answer by what was asked.
type Decide = Arc<dyn Fn(&Call) -> Answer + Send + Sync>;

/// Answers one after the other, the last one again and again; without any, `200 OK`.
#[derive(Clone, Default)]
pub(super) struct Answers {
    given: Vec<Answer>,
    decide: Option<Decide>,
}

impl Answers {
    pub(super) fn push(&mut self, answer: Answer) {
        self.given.push(answer);
    }

    pub(super) fn decide(&mut self, decide: impl Fn(&Call) -> Answer + Send + Sync + 'static) {
        self.decide = Some(Arc::new(decide));
    }

    /// The answer to call number `index`.
    fn get(&self, index: usize, call: &Call) -> Answer {
        match &self.decide {
            Some(decide) => decide(call),
            None => self.given.get(index).or(self.given.last()).cloned().unwrap_or_else(|| Answer::new(200)),
        }
    }
}

/// A service that `send-request` calls.
#[derive(Clone)]
pub(super) struct OtherService {
    /// `METHOD URL` or `URL`, where `*` stands for any text.
    pub(super) pattern: String,
    pub(super) answers: Answers,
}

impl OtherService {
    fn is_for(&self, call: &Call) -> bool {
        let url = match self.pattern.split_once(' ') {
            Some((method, url)) if method == "*" || call.method.as_str() == method => url,
            Some(_) => return false,
            None => self.pattern.as_str(),
        };
        matches(url.trim(), &call.url)
    }
}

/// Whether a text is like a pattern in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<_> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Everything behind the policies of one test.
pub(super) struct Services {
    backend: Answers,
    /// With how often each was called.
    others: Vec<(OtherService, AtomicUsize)>,
    sent: Mutex<Vec<Call>>,
    called: Mutex<Vec<Call>>,
    unexpected: Mutex<Vec<String>>,
    /// The base URLs of the Backend entities that the test names.
    entities: Vec<(String, Option<Arc<BaseUrl>>)>,
}

impl Services {
    pub(super) fn new(
        backend: &Answers,
        others: &[OtherService],
        entities: Vec<(String, Option<Arc<BaseUrl>>)>,
    ) -> Arc<Self> {
        Arc::new(Self {
            backend: backend.clone(),
            others: others.iter().map(|other| (other.clone(), AtomicUsize::new(0))).collect(),
            sent: Mutex::default(),
            called: Mutex::default(),
            unexpected: Mutex::default(),
            entities,
        })
    }

    /// The requests that reached the backend.
    pub(super) fn sent(&self) -> Vec<Call> {
        lock(&self.sent).clone()
    }

    /// The requests that `send-request` and its kin made.
    pub(super) fn called(&self) -> Vec<Call> {
        lock(&self.called).clone()
    }

    /// Those of them that nobody was told to answer.
    pub(super) fn unexpected(&self) -> Vec<String> {
        lock(&self.unexpected).clone()
    }

    /// The URL of a request whose own URI is what follows the target's base.
    fn url(&self, target: Option<&Target>, rest: &Uri) -> String {
        let rest = rest.path_and_query().map_or("", |rest| rest.as_str());
        let rest = if rest == "?" { "" } else { rest };
        let base = match target {
            Some(Target::Url(base)) => Some(base),
            Some(Target::Backend(id)) => {
                let found = self.entities.iter().find(|(known, _)| known.eq_ignore_ascii_case(id));
                found.and_then(|(_, base)| base.as_ref())
            }
            None => None,
        };
        base.map_or_else(|| rest.to_owned(), |base| base.join(rest).to_string())
    }

    /// Notes a request to the backend and answers it.
    async fn answer_backend(&self, call: Call) -> Result<Response<Body>, ForwardError> {
        let answer = {
            let mut sent = lock(&self.sent);
            let call = Call { label: format!("request {} to the backend", sent.len()), ..call };
            let answer = self.backend.get(sent.len(), &call);
            sent.push(call);
            answer
        };
        give(answer).await
    }

    /// Notes a call of a policy's own and answers it.
    async fn answer_other(
        &self,
        request: Request<Body>,
        options: &OutboundOptions,
    ) -> Result<Response<Body>, ForwardError> {
        let target = options.backend.clone().map(Target::Backend);
        let url = match &target {
            Some(_) => self.url(target.as_ref(), request.uri()),
            None => request.uri().to_string(),
        };
        let first = format!("{} {}{}", request.method(), request.uri(), special(options));
        let call = read(request, url, target, first).await?;
        let answer = {
            let mut called = lock(&self.called);
            let call = Call { label: format!("call {} of a policy", called.len()), ..call };
            let known = self.others.iter().find(|(other, _)| other.is_for(&call));
            let answer = known.map(|(other, count)| other.answers.get(count.fetch_add(1, Ordering::Relaxed), &call));
            if answer.is_none() {
                lock(&self.unexpected).push(format!("{} {}", call.method, call.url));
            }
            called.push(call);
            answer.unwrap_or_else(Answer::refuses)
        };
        give(answer).await
    }
}

/// What is special about a call, as a case writes it: a web proxy, a certificate, a Backend entity.
fn special(options: &OutboundOptions) -> String {
    let proxy = options.proxy.as_ref().map_or(String::new(), |proxy| format!(" via {}", proxy.authority()));
    let certificate = match &options.certificate {
        None => String::new(),
        Some(CertificateName::Id(id)) => format!(" as {id}"),
        Some(CertificateName::Thumbprint(text)) => format!(" as thumbprint {text}"),
        Some(CertificateName::Data(data)) => format!(" as {} bytes, {}", data.file().len(), data.password()),
    };
    let backend = options.backend.as_ref().map_or(String::new(), |id| format!(" on {id}"));
    format!("{proxy}{certificate}{backend}")
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").finish_non_exhaustive()
    }
}

/// Reads a request to its end.
async fn read(
    request: Request<Body>,
    url: String,
    target: Option<Target>,
    first: String,
) -> Result<Call, ForwardError> {
    let (parts, body) = request.into_parts();
    let body = body.collect(usize::MAX).await.map_err(|error| failed(error.to_string().into()))?;
    let content = Content { headers: parts.headers, body: body.as_bytes().cloned().unwrap_or_default() };
    Ok(Call { method: parts.method, url, target, first, label: String::new(), content })
}

async fn give(answer: Answer) -> Result<Response<Body>, ForwardError> {
    if !answer.delay.is_zero() {
        tokio::time::sleep(answer.delay).await;
    }
    match answer.kind {
        Kind::Response(reply) => Ok(reply.into_response()),
        Kind::TimesOut => Err(timed_out()),
        Kind::Fails(message) => Err(failed(message)),
    }
}

/// The backend of documents that run by themselves.
pub(super) struct BehindDocuments(pub(super) Arc<Services>);

impl Forward for BehindDocuments {
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, ForwardError>> + Send>>;

    fn forward(&mut self, target: Option<Target>, request: Request<Body>, _: ForwardOptions) -> Self::Future {
        let services = Arc::clone(&self.0);
        Box::pin(async move {
            let url = services.url(target.as_ref(), request.uri());
            let chosen = match &target {
                Some(Target::Url(url)) => format!(" -> {url}"),
                Some(Target::Backend(id)) => format!(" -> backend {id}"),
                None => String::new(),
            };
            let first = format!("{} {}{chosen}", request.method(), request.uri());
            services.answer_backend(read(request, url, target, first).await?).await
        })
    }
}

/// The backends of a whole configuration, where the network would begin: after credentials, pools and breakers.
pub(super) struct BehindGateway(pub(super) Arc<Services>);

impl Serve for BehindGateway {
    fn serve(&self, request: &mut Request<Body>) -> Option<Served> {
        let request = std::mem::replace(request, Request::new(Body::empty()));
        let services = Arc::clone(&self.0);
        Some(Box::pin(async move {
            let url = request.uri().to_string();
            let first = format!("{} {url}", request.method());
            let answered = match read(request, url, None, first).await {
                Ok(call) => services.answer_backend(call).await,
                Err(error) => Err(error),
            };
            answered.map_err(|error| match error.reason {
                "Timeout" => Error::timeout(),
                _ => Error::not_connected(error.message.into_owned()),
            })
        }))
    }
}

/// The services that policies call on their own.
pub(super) struct Others(pub(super) Arc<Services>);

#[async_trait]
impl Outbound for Others {
    async fn send(&self, request: Request<Body>, options: &OutboundOptions) -> Result<Response<Body>, ForwardError> {
        self.0.answer_other(request, options).await
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, is_like) in [
            ("https://a/b", "https://a/b", true),
            ("https://a/b", "https://a/b?c", false),
            ("https://a/*", "https://a/", true),
            ("*/token*", "https://login/x/token?y", true),
            ("https://*/token", "https://a/b/token/token", true),
            ("https://*/token", "https://a/b/tokens", false),
            ("*", "", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(matches(pattern, text), is_like, "{pattern} {text}");
        }
    }
}
