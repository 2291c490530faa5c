//! One test of policies: what is given.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use serde_json::json;

use super::answer::Answer;
use super::backend::{Answers, OtherService};
use super::call::Call;
use super::context::Told;
use super::outcome::Outcome;
use crate::clock::Clock;
use crate::expr::Value;
use crate::forward::{BaseUrl, ClientCertificate};
use crate::load;
use crate::model::Store;
use crate::policy::{CertificateFacts, CustomPolicy, EngineSettings, Environment, EventHub, Scope};
use crate::random::Random;
use crate::secret::{NamedValues, Secret};

/// A test of policies: documents or a whole configuration, a request, and what services answer.
///
/// Nothing here waits or fails: what is wrong is told by [`run`](Self::run). Unless a test says otherwise, it is
/// 2024-03-15 10:30:45 UTC, the caller is 203.0.113.7, chance begins with the seed 0, the request is `GET /`, and the
/// backend answers `200 OK`.
#[derive(Clone)]
#[must_use]
pub struct PolicyTest {
    pub(super) documents: Vec<(Scope, String, String)>,
    pub(super) store: Option<Arc<Store>>,
    pub(super) named_values: NamedValues,
    pub(super) environment: Environment,
    pub(super) entities: Option<Vec<(String, Option<Arc<BaseUrl>>)>>,
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
    pub(super) backend: Answers,
    pub(super) others: Vec<OtherService>,
    pub(super) told: Told,
    pub(super) variables: Vec<(Arc<str>, Start)>,
    pub(super) settings: EngineSettings,
    pub(super) client_certificate: Option<ClientCertificate>,
    pub(super) is_traced: bool,
    pub(super) problems: Vec<String>,
}

/// What a variable is before the first statement.
#[derive(Clone)]
pub(super) enum Start {
    Value(Value),
    Expression(String),
}

impl PolicyTest {
    /// A test of a policy document of an API; scopes without a document are those of a new service.
    pub fn new(policy: impl Into<String>) -> Self {
        Self::empty().document(Scope::Api, policy)
    }

    /// As [`new`](Self::new), with the document in a file.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self::empty().document_file(Scope::Api, path)
    }

    /// A test of a whole configuration, through a gateway: the request finds its API and operation, keys are checked,
    /// and Backend entities add their credentials. Documents, fragments and named values are those of the configuration.
    pub fn configuration(store: Store) -> Self {
        Self { store: Some(Arc::new(store)), ..Self::empty() }
    }

    /// As [`configuration`](Self::configuration), of an ARM template or a folder.
    pub fn folder(path: impl AsRef<Path>) -> Self {
        match load::path(path) {
            Ok(loaded) => Self::configuration(loaded.store),
            Err(problems) => Self::empty().problem(problems.to_string()),
        }
    }

    pub(super) fn empty() -> Self {
        let settings = EngineSettings {
            clock: Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(1_710_498_645)),
            random: Random::seeded(0),
            ..EngineSettings::default()
        };
        Self {
            documents: Vec::new(),
            store: None,
            named_values: NamedValues::new(),
            environment: Environment::new(),
            entities: None,
            method: "GET".to_owned(),
            url: "/".to_owned(),
            headers: Vec::new(),
            body: Bytes::new(),
            backend: Answers::default(),
            others: Vec::new(),
            told: Told { ip_address: Some("203.0.113.7".to_owned()), ..Told::default() },
            variables: Vec::new(),
            settings,
            client_certificate: None,
            is_traced: false,
            problems: Vec::new(),
        }
    }

    /// The document of another scope; a second one of the same scope takes the place of the first.
    pub fn document(self, scope: Scope, policy: impl Into<String>) -> Self {
        let file = if scope == Scope::Api { "policies.xml".to_owned() } else { format!("{scope}.xml") };
        self.named_document(scope, file, policy.into())
    }

    /// As [`document`](Self::document), in a file.
    pub fn document_file(mut self, scope: Scope, path: impl AsRef<Path>) -> Self {
        match self.read(path.as_ref()) {
            Some(text) => self.named_document(scope, path.as_ref().display().to_string(), text),
            None => self,
        }
    }

    fn named_document(mut self, scope: Scope, file: String, text: String) -> Self {
        self.documents.retain(|(known, ..)| *known != scope);
        self.documents.push((scope, file, text));
        self.documents.sort_by_key(|(scope, ..)| *scope);
        self
    }

    /// A policy fragment.
    pub fn fragment(mut self, id: &str, text: &str) -> Self {
        self.environment = self.environment.fragment(id, &format!("{id}.xml"), text);
        self
    }

    /// As [`fragment`](Self::fragment), in a file.
    pub fn fragment_file(mut self, id: &str, path: impl AsRef<Path>) -> Self {
        if let Some(text) = self.read(path.as_ref()) {
            self.environment = self.environment.fragment(id, &path.as_ref().display().to_string(), &text);
        }
        self
    }

    /// What `{{name}}` stands for.
    pub fn named_value(mut self, name: &str, value: &str) -> Self {
        self.named_values = self.named_values.plain(name, value);
        self
    }

    /// A Backend entity and, when it is a single one, its URL. With one or more, a `backend-id` must name one of them.
    pub fn backend_entity<'a>(mut self, id: &str, url: impl Into<Option<&'a str>>) -> Self {
        let base = match url.into().map(BaseUrl::parse).transpose() {
            Ok(base) => base.map(Arc::new),
            Err(error) => return self.problem(error.to_string()),
        };
        self.entities.get_or_insert_default().push((id.to_owned(), base));
        self
    }

    /// A policy of one's own.
    pub fn policy(mut self, policy: impl CustomPolicy) -> Self {
        self.environment = self.environment.policy(policy);
        self
    }

    /// The caller's request: its method, and its path and query or whole URL.
    pub fn request(mut self, method: &str, url: &str) -> Self {
        (self.method, self.url) = (method.to_owned(), url.to_owned());
        self
    }

    /// Adds a header to the caller's request.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The body of the caller's request.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// A JSON body of the caller's request, with its `Content-Type`.
    pub fn json(self, body: &serde_json::Value) -> Self {
        self.header("Content-Type", "application/json").body(body.to_string())
    }

    /// What the backend answers; given again, what it answers to the next request. The last one is for all that follow.
    pub fn backend(mut self, answer: Answer) -> Self {
        self.backend.push(answer);
        self
    }

    /// Lets a function answer for the backend.
    pub fn backend_always(mut self, answer: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Self {
        self.backend.decide(answer);
        self
    }

    /// What `send-request` and its kin are answered by the service at a URL: `https://host/path`, or
    /// `POST https://host/path` for one method; `*` stands for any text. Given again for the same, the next answer.
    ///
    /// A call that no pattern fits lets [`run`](Self::run) fail: a test has to say what the world is like.
    pub fn send_request(mut self, pattern: &str, answer: Answer) -> Self {
        self.other(pattern).push(answer);
        self
    }

    /// As [`send_request`](Self::send_request), with a function that answers.
    pub fn send_request_always(
        mut self,
        pattern: &str,
        answer: impl Fn(&Call) -> Answer + Send + Sync + 'static,
    ) -> Self {
        self.other(pattern).decide(answer);
        self
    }

    fn other(&mut self, pattern: &str) -> &mut Answers {
        let known = self.others.iter().position(|other| other.pattern == pattern);
        let at = known.unwrap_or_else(|| {
            self.others.push(OtherService { pattern: pattern.to_owned(), answers: Answers::default() });
            self.others.len() - 1
        });
        &mut self.others[at].answers
    }

    /// What `context` says, in JSON and in the words of C#; each member replaces what was said of it before.
    ///
    /// ```
    /// # use gatewright::testing::PolicyTest;
    /// # use serde_json::json;
    /// let test = PolicyTest::new("<policies />").context(&json!({
    ///     "Api": { "Id": "orders", "Path": "orders", "ServiceUrl": "https://orders.internal/v1" },
    ///     "Operation": { "Method": "GET", "UrlTemplate": "/{id}" },
    ///     "Product": { "Name": "Gold" },
    ///     "Subscription": { "Id": "sub-1", "Key": "k" },
    ///     "User": { "Id": "jane", "Email": "jane@contoso.com", "Groups": ["buyers"] },
    ///     "Request": { "IpAddress": "198.51.100.4" },
    /// }));
    /// ```
    pub fn context(mut self, context: &serde_json::Value) -> Self {
        if let Err(problem) = self.told.take(context) {
            self.problems.push(problem);
        }
        self
    }

    /// `context.Api`: its id and the path that its URLs begin with.
    pub fn api(self, id: &str, path: &str) -> Self {
        self.context(&json!({ "Api": { "Id": id, "Path": path } }))
    }

    /// `context.Operation`: its method and URL template, which gives `context.Request.MatchedParameters`.
    pub fn operation(self, method: &str, url_template: &str) -> Self {
        self.context(&json!({ "Operation": { "Id": "operation", "Method": method, "UrlTemplate": url_template } }))
    }

    /// `context.Product` with this id and name.
    pub fn product(self, id: &str) -> Self {
        self.context(&json!({ "Product": { "Id": id } }))
    }

    /// `context.Subscription` with this id and name.
    pub fn subscription(self, id: &str) -> Self {
        self.context(&json!({ "Subscription": { "Id": id } }))
    }

    /// `context.User` with this id, which is the address too, in these groups.
    pub fn user(self, id: &str, groups: &[&str]) -> Self {
        self.context(&json!({ "User": { "Id": id, "Email": id, "Groups": groups } }))
    }

    /// A variable that is there before the first statement.
    pub fn variable(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.variables.push((name.into(), Start::Value(value.into())));
        self
    }

    /// As [`variable`](Self::variable), with the value of an expression: `@(JObject.Parse("{}"))`.
    pub fn variable_of(mut self, name: &str, expression: &str) -> Self {
        self.variables.push((name.into(), Start::Expression(expression.to_owned())));
        self
    }

    /// What time it is.
    pub fn time(self, time: SystemTime) -> Self {
        self.clock(Clock::manual(time))
    }

    /// The clock, for a test that lets time pass.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// What chance begins with: `context.RequestId`, `Guid.NewGuid()`, `new Random()`, the spread of `retry`.
    pub fn random(mut self, seed: u64) -> Self {
        self.settings.random = Random::seeded(seed);
        self
    }

    /// Traces the request, for [`Outcome::request_trace`]; the response then has `Apim-Trace-Id`.
    pub fn traced(mut self) -> Self {
        self.is_traced = true;
        self
    }

    /// An event hub that `log-to-eventhub` names.
    pub fn logger(mut self, id: &str, event_hub: EventHub) -> Self {
        self.environment = self.environment.logger(id, event_hub);
        self
    }

    /// A certificate of the configuration, which policies name by `certificate-id`: DER or PFX in base64, or PEM.
    pub fn certificate(mut self, id: &str, data: &str, password: Option<&str>) -> Self {
        let facts = CertificateFacts::new(id, Secret::new(data), password.map(Secret::new));
        self.environment = self.environment.certificate(facts);
        self
    }

    /// The certificate that the caller shows.
    pub fn client_certificate(mut self, certificate: ClientCertificate) -> Self {
        self.client_certificate = Some(certificate);
        self
    }

    /// Changes any other setting of the engine.
    pub fn settings(mut self, change: impl FnOnce(&mut EngineSettings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// The request's way through the policies.
    ///
    /// Time-outs, `retry` and [`Answer::after`] wait in tokio's time: `#[tokio::test(start_paused = true)]` runs them at
    /// once. A test can be cloned and run again; each run begins anew, but for the clock and chance, which go on.
    ///
    /// # Panics
    ///
    /// When the test cannot begin, and when a policy calls a service that nobody was told to answer for.
    #[track_caller]
    pub fn run(self) -> impl Future<Output = Outcome> {
        let caller = std::panic::Location::caller();
        async move {
            let outcome = self.try_run().await.unwrap_or_else(|error| panic!("the test at {caller}: {error}"));
            let unexpected = outcome.unexpected();
            assert!(
                unexpected.is_empty(),
                "the test at {caller}: policies called {}: say with `send_request` what is answered\n\n{outcome}",
                unexpected.join(", ")
            );
            outcome
        }
    }

    fn read(&mut self, path: &Path) -> Option<String> {
        match std::fs::read_to_string(path) {
            Ok(text) => Some(text),
            Err(error) => {
                self.problems.push(format!("`{}` cannot be read: {error}", path.display()));
                None
            }
        }
    }

    pub(super) fn problem(mut self, problem: String) -> Self {
        self.problems.push(problem);
        self
    }
}

impl fmt::Debug for PolicyTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyTest")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("problems", &self.problems)
            .finish_non_exhaustive()
    }
}
