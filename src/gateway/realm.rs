//! What one service or workspace gives its APIs: named values, fragments and backends.

use std::collections::HashMap;
use std::sync::Arc;

use super::problem::Problem;
use crate::backend::{Backends, CertificateError, Resilience, Transport};
use crate::forward::{BaseUrl, BaseUrlError, CertificateName};
use crate::jwt::Signatures;
use crate::model::{Backend, CertificateAuthority, Entities, Logger, LoggerKind, SchemaKind, Store};
use crate::policy::{BackendDirectory, BackendFacts, CertificateFacts, CertificateProblem, Environment, EventHub};
use crate::secret::{NamedValue, NamedValues, Secret};

/// What the portal fills in for `maxPartitionResolutionRetries`.
const RESOLUTION_RETRIES: u32 = 5;

/// A service or a workspace.
pub(super) struct Realm {
    pub values: Arc<NamedValues>,
    pub environment: Environment,
    pub backends: Option<Arc<Backends>>,
    pub directory: Arc<dyn BackendDirectory>,
    /// Id and name of the workspace.
    pub workspace: Option<Arc<(Arc<str>, Arc<str>)>>,
}

impl Realm {
    pub fn new(
        entities: &Entities,
        workspace: Option<(Arc<str>, Arc<str>)>,
        (transport, resilience): (&Transport, &Resilience),
        authorities: &[CertificateAuthority],
        (problems, warnings): (&mut Vec<Problem>, &mut Vec<Problem>),
    ) -> Self {
        let values = Arc::new(named_values(entities));
        let environment =
            environment_of(entities, values.clone()).signatures(Signatures::of_provider(transport.crypto_provider()));
        let scope = workspace.as_ref().map_or("", |(id, _)| id);
        let mut builder = Backends::builder(transport, &values).resilience(resilience).workspace(scope);
        for authority in authorities {
            builder = builder.authority(authority);
        }
        for (id, certificate) in &entities.certificates {
            builder = builder.certificate(id, certificate);
        }
        for (id, backend) in &entities.backends {
            builder = builder.backend(id, backend);
        }
        let backends = match builder.build() {
            Ok(backends) => {
                warnings.extend(backends.warnings().iter().cloned().map(Problem::Backend));
                Some(Arc::new(backends))
            }
            Err(errors) => {
                problems.extend(errors.into_iter().map(Problem::Backend));
                None
            }
        };
        let environment = match &backends {
            Some(backends) => {
                let backends = Arc::clone(backends);
                environment.client_certificates(move |name| certificate_problem(&backends, name))
            }
            None => environment,
        };
        let facts = entities.backends.iter().map(|(id, backend)| facts(id, backend, backends.as_deref()));
        let directory = Arc::new(Directory(facts.collect()));
        Self { values, environment, backends, directory, workspace: workspace.map(Arc::new) }
    }

    /// Its backends, with the id of the workspace.
    pub fn named_backends(&self) -> Option<(Option<Arc<str>>, Arc<Backends>)> {
        let workspace = self.workspace.as_ref().map(|workspace| workspace.0.clone());
        Some((workspace, self.backends.clone()?))
    }

    /// The URL behind an API, with named values put in.
    pub fn service_url(&self, text: &str) -> Result<Arc<BaseUrl>, String> {
        let text = self.values.substitute(text).map_err(|error| error.to_string())?;
        // What was put in may be a secret.
        let shown = |error: BaseUrlError| error.about(&self.environment.redactor.redact(&text)).to_string();
        BaseUrl::parse(&text).map(Arc::new).map_err(shown)
    }
}

/// What is wrong with a client certificate that a policy names.
fn certificate_problem(backends: &Backends, name: &CertificateName) -> Option<CertificateProblem> {
    Some(match (backends.certificate_problem(name)?, name) {
        (CertificateError::Unknown(text), CertificateName::Thumbprint(_)) if backends.has_absent_certificates() => {
            let message = format!(
                "whether there is a client certificate `{text}` is not known: one of the configuration was not given"
            );
            CertificateProblem::Doubtful(message)
        }
        (CertificateError::Unknown(_), _) => CertificateProblem::Unknown,
        (error, _) => CertificateProblem::Doubtful(error.to_string()),
    })
}

/// What policy documents of the service are compiled against: its named values, fragments and backends.
///
/// ```
/// use gatewright::gateway::environment;
/// use gatewright::policy::lint;
///
/// let text = "<policies><inbound><include-fragment fragment-id='none' /></inbound><backend /></policies>";
/// let found = lint("x.xml", text, &environment(&gatewright::Store::new()));
/// assert!(found.iter().any(|problem| problem.message == "fragment `none` is not defined"));
/// ```
pub fn environment(store: &Store) -> Environment {
    environment_of(&store.service, Arc::new(named_values(&store.service)))
}

fn environment_of(entities: &Entities, values: Arc<NamedValues>) -> Environment {
    let mut environment = Environment::new().named_values(values.clone()).backends(entities.backends.names());
    for (id, fragment) in &entities.policy_fragments {
        let file = fragment.origin.as_ref().map_or_else(|| format!("fragment `{id}`"), ToString::to_string);
        environment = environment.fragment(id, &file, &fragment.value);
    }
    for (id, logger) in &entities.loggers {
        environment = match event_hub(logger, &values) {
            Ok(hub) => environment.logger(id, hub),
            Err(problem) => environment.unusable_logger(id, problem),
        };
    }
    for (id, schema) in &entities.schemas {
        let text = schema.value.as_ref().and_then(|value| value.as_str());
        environment = match (&schema.document, text) {
            (Some(document), _) => environment.json_schema(id, document.clone()),
            (None, Some(text)) if schema.kind == Some(SchemaKind::Xml) => environment.xml_schema(id, text),
            (None, Some(text)) => match serde_json::from_str(text) {
                Ok(document) => environment.json_schema(id, document),
                Err(_) => environment,
            },
            (None, None) => environment,
        };
    }
    for (id, certificate) in &entities.certificates {
        environment = match &certificate.data {
            Some(data) => {
                let password = certificate.password.as_ref().map(|password| Secret::new(password.expose()));
                environment.certificate(CertificateFacts::new(id, Secret::new(data.expose()), password))
            }
            None => environment.unusable_certificate(id, "it has no `data`".to_owned()),
        };
    }
    environment
}

/// The event hub of a logger: by a connection string, or by the gateway's own identity.
fn event_hub(logger: &Logger, values: &NamedValues) -> Result<EventHub, String> {
    match &logger.kind {
        Some(LoggerKind::AzureEventHub) => {}
        Some(kind) => return Err(format!("its type is `{}`: expected `azureEventHub`", kind.as_str())),
        None => return Err("it has no `loggerType`: expected `azureEventHub`".to_owned()),
    }
    let credential = |name: &str| {
        let mut found = logger.credentials.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let text = found.next().map(|(_, value)| values.substitute(value.expose()));
        text.transpose().map_err(|error| format!("{error} (used in `credentials`)"))
    };
    let name = credential("name")?;
    let hub = match (credential("connectionString")?, credential("endpointAddress")?) {
        (Some(text), _) => EventHub::of_connection_string(&text, name.as_deref()),
        (None, Some(endpoint)) => {
            let client = credential("identityClientId")?;
            let client = client.as_deref().filter(|id| !id.is_empty() && !id.eq_ignore_ascii_case("SystemAssigned"));
            EventHub::of_identity(&endpoint, name.as_deref().unwrap_or_default(), client)
        }
        (None, None) => {
            return Err("its `credentials` have neither `connectionString` nor `endpointAddress`".to_owned());
        }
    };
    hub.map_err(|error| error.to_string())
}

/// Values in a Key Vault that were not given are left out: a document that uses one says that it is not defined.
fn named_values(entities: &Entities) -> NamedValues {
    entities.named_values.iter().fold(NamedValues::new(), |values, (id, named)| {
        let Some(value) = &named.value else { return values };
        let name = named.display_name.as_deref().unwrap_or(id);
        let is_secret = named.secret == Some(true) || named.key_vault.is_some();
        values.insert(
            name,
            match is_secret {
                true => NamedValue::Secret(Secret::new(value.expose())),
                false => NamedValue::Plain(value.expose().to_owned()),
            },
        )
    })
}

/// What expressions see of the Backend entities, by id in lower case.
struct Directory(HashMap<String, BackendFacts>);

impl BackendDirectory for Directory {
    fn backend(&self, id: &str) -> Option<&BackendFacts> {
        self.0.get(id).or_else(|| self.0.get(&id.to_ascii_lowercase()))
    }
}

fn facts(id: &str, backend: &Backend, backends: Option<&Backends>) -> (String, BackendFacts) {
    let mut facts = BackendFacts::new(id);
    facts.is_pool = backend.is_pool();
    facts.azure_region = backend.azure_region.as_deref().map(Into::into);
    facts.resolution_retries =
        backend.fabric().map_or(0, |cluster| cluster.max_partition_resolution_retries.unwrap_or(RESOLUTION_RETRIES));
    facts.url = backends.and_then(|backends| backends.base_url(id)).cloned().map(Arc::new);
    (id.to_ascii_lowercase(), facts)
}
