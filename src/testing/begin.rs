//! Begins a test: documents compiled and linked or a gateway made, and the request put before them.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderValue, Method, Request, Uri, header};

use super::answer::{header_line, streaming};
use super::backend::{BehindDocuments, BehindGateway, Others, Services};
use super::outcome::Outcome;
#[cfg(feature = "sql")]
use super::recorder::NoServers;
use super::recorder::{Credentials, Recorder, Tokens};
use super::test::{PolicyTest, Start};
use crate::backend::Transport;
use crate::body::Body;
use crate::forward::{BaseUrl, ClientAddress, Target};
use crate::gateway::{Gateway, ToBackends, UrlTemplate};
use crate::identity::TokenCache;
use crate::model::Store;
use crate::policy::{
    BackendDirectory, BackendFacts, Deliveries, Document, EngineSettings, Environment, Exchange, Run, link,
};
use crate::secret::Redactor;

/// Why a test could not begin: a document that does not compile, a request that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupError(Vec<String>);

impl SetupError {
    /// What is wrong, a line each; for documents these are the compiler's diagnostics.
    pub fn problems(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for SetupError {}

impl PolicyTest {
    /// As [`run`](Self::run).
    ///
    /// # Errors
    ///
    /// [`SetupError`] when the test cannot begin.
    pub async fn try_run(&self) -> Result<Outcome, SetupError> {
        if !self.problems.is_empty() {
            return Err(SetupError(self.problems.clone()));
        }
        let recorder = Recorder::shared();
        let services = Services::new(&self.backend, &self.others, self.entities.clone().unwrap_or_default());
        let mut settings = self.settings.clone();
        settings.trace_sink = recorder.clone();
        settings.metric_sink = recorder.clone();
        settings.deliveries = Deliveries::default();
        settings.tokens.get_or_insert_with(|| TokenCache::new(Tokens));
        settings.credentials.get_or_insert_with(|| Arc::new(Credentials));
        #[cfg(feature = "sql")]
        settings.sql.get_or_insert_with(|| Arc::new(NoServers));
        let deliveries = settings.deliveries.clone();
        settings.outbound = Some(Arc::new(Others(services.clone())));
        let request = self.caller_request().map_err(|problem| SetupError(vec![problem]))?;
        if let Some(store) = &self.store {
            let mut run = self.through_gateway(store, settings, &services, request)?;
            self.trace(run.exchange_mut(), &recorder);
            return Ok(Outcome::of(run, &services, &recorder, &deliveries, Vec::new()).await);
        }
        let (documents, warnings) = self.compile()?;
        let pipeline = Arc::new(link(&documents));
        let mut exchange = Box::new(Exchange::new(request, Arc::new(settings)));
        self.tell(&mut exchange).map_err(|problem| SetupError(vec![problem]))?;
        self.trace(&mut exchange, &recorder);
        let run = Run::serve(exchange, &pipeline, BehindDocuments(services.clone()));
        Ok(Outcome::of(run, &services, &recorder, &deliveries, warnings).await)
    }

    /// Begins to trace the request, when it is to be traced.
    fn trace(&self, exchange: &mut Exchange, recorder: &Arc<Recorder>) {
        if self.is_traced {
            exchange.begin_trace(recorder.clone(), Arc::new(Redactor::from(&self.named_values)));
        }
    }

    /// What documents are compiled against.
    pub(super) fn environment(&self) -> Environment {
        let environment = self.environment.clone().named_values(self.named_values.clone());
        match &self.entities {
            Some(entities) => environment.backends(entities.iter().map(|(id, _)| id.as_str())),
            None => environment,
        }
    }

    /// What the compiler says of the documents.
    pub(super) fn diagnostics(&self) -> Result<Vec<String>, SetupError> {
        self.compile().map(|(_, warnings)| warnings)
    }

    /// The documents with their warnings.
    fn compile(&self) -> Result<(Vec<Document>, Vec<String>), SetupError> {
        let environment = self.environment();
        let (mut documents, mut diagnostics, mut failed) = (Vec::new(), Vec::new(), false);
        for (scope, file, text) in &self.documents {
            match Document::compile(file, text, *scope, &environment) {
                Ok(document) => {
                    diagnostics.extend(document.diagnostics().iter().map(ToString::to_string));
                    documents.push(document);
                }
                Err(error) => {
                    failed = true;
                    diagnostics.extend(error.diagnostics().iter().map(ToString::to_string));
                }
            }
        }
        if failed { Err(SetupError(diagnostics)) } else { Ok((documents, diagnostics)) }
    }

    fn caller_request(&self) -> Result<Request<Body>, String> {
        let mut request = Request::new(streaming(self.body.clone()));
        *request.method_mut() =
            Method::from_bytes(self.method.as_bytes()).map_err(|_| format!("`{}` is not a method", self.method))?;
        let uri: Uri = self.url.parse().map_err(|error| format!("`{}` is not a URL: {error}", self.url))?;
        if let Some(authority) = uri.authority()
            && let Ok(host) = HeaderValue::from_str(authority.as_str())
        {
            request.headers_mut().insert(header::HOST, host);
        }
        *request.uri_mut() = uri;
        for (name, value) in &self.headers {
            let (name, value) = header_line(name, value)?;
            request.headers_mut().append(name, value);
        }
        if let Some(address) = &self.told.ip_address {
            let address: IpAddr = address.parse().map_err(|_| format!("`{address}` is not an IP address"))?;
            request.extensions_mut().insert(ClientAddress(address));
        }
        if let Some(certificate) = &self.client_certificate {
            request.extensions_mut().insert(certificate.clone());
        }
        Ok(request)
    }

    /// Puts into an exchange what a gateway would know.
    fn tell(&self, exchange: &mut Exchange) -> Result<(), String> {
        exchange.facts = self.told.facts.clone();
        exchange.parameters = self.told.parameters.clone();
        if let Some(entities) = &self.entities {
            exchange.facts.backends = Some(Arc::new(Directory::new(entities)));
        }
        if let Some(api) = exchange.facts.api.clone() {
            exchange.target = api.service_url.clone().map(Target::Url);
            let path = exchange.request.original_uri.path();
            let rest = path.strip_prefix('/').and_then(|path| path.strip_prefix(&*api.path));
            if !api.path.is_empty()
                && let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with('/'))
            {
                let start = path.len() - rest.len();
                exchange.rest_starts_at(start);
            }
        }
        if let Some(operation) = exchange.facts.operation.clone().filter(|_| exchange.parameters.is_empty()) {
            let template = UrlTemplate::parse(&operation.url_template).map_err(|error| error.to_string())?;
            let uri = &exchange.request.original_uri;
            let path = uri.path().get(exchange.api_path_length..).unwrap_or_default();
            let Some(found) = template.parameters(path, uri.query()) else {
                return Err(format!("the request `{}` does not match the operation `{}`", self.url, template.as_str()));
            };
            exchange.parameters = found.into_iter().map(|(name, value)| (name.into(), value.into_owned())).collect();
        }
        self.begin_variables(exchange)
    }

    fn begin_variables(&self, exchange: &mut Exchange) -> Result<(), String> {
        for (name, start) in &self.variables {
            let value = match start {
                Start::Value(value) => value.clone(),
                Start::Expression(text) => {
                    exchange.evaluate(text).map_err(|problem| format!("the variable `{name}`: {problem}"))?
                }
            };
            exchange.variables.set(name.clone(), value);
        }
        Ok(())
    }

    fn through_gateway(
        &self,
        store: &Store,
        settings: EngineSettings,
        services: &Arc<Services>,
        request: Request<Body>,
    ) -> Result<Run<ToBackends>, SetupError> {
        let problem = |problem: String| SetupError(vec![problem]);
        if !self.documents.is_empty() {
            let message = "a test of a configuration has the documents of the configuration: expected none besides";
            return Err(problem(message.to_owned()));
        }
        let transport = Transport::builder().native_roots(false).build().map_err(|error| problem(error.to_string()))?;
        let builder = Gateway::builder().transport(transport).settings(settings);
        let builder = builder.policies(self.environment.custom.clone());
        let gateway = builder.build(store).map_err(|error| problem(error.to_string()))?;
        let mut run = gateway.begin(request, Arc::new(BehindGateway(services.clone())));
        self.begin_variables(run.exchange_mut()).map_err(problem)?;
        Ok(run)
    }
}

/// The Backend entities that a test names.
struct Directory(Vec<BackendFacts>);

impl Directory {
    fn new(entities: &[(String, Option<Arc<BaseUrl>>)]) -> Self {
        let facts = entities.iter().map(|(id, url)| {
            let mut facts = BackendFacts::new(id.as_str());
            facts.is_pool = url.is_none();
            facts.url.clone_from(url);
            facts
        });
        Self(facts.collect())
    }
}

impl BackendDirectory for Directory {
    fn backend(&self, id: &str) -> Option<&BackendFacts> {
        self.0.iter().find(|facts| facts.id.eq_ignore_ascii_case(id))
    }
}
