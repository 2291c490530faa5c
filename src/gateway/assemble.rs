//! Turns the entities of a store into a snapshot, and collects everything that is wrong with them.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock, OnceLock};

use http::{HeaderName, Method};

use super::access::{AccessTable, ApiAccess, KEY_HEADER, KEY_QUERY, ProductAccess};
use super::contract::Schemas;
use super::documents::{Chain, DocumentId, Documents, NO_DOCUMENT};
use super::graphql;
use super::naming::{header_name, split_revision, version};
use super::odata;
use super::problem::{ConfigurationError, Problem};
use super::realm::Realm;
use super::router::{ApiRoute, OperationRoute, Router};
use super::samples;
use super::snapshot::{ApiState, OperationState, Pipelines, Protocol, Snapshot, Surroundings};
use super::soap::SoapOperations;
use super::subscriptions;
use super::template::UrlTemplate;
use crate::forward::Target;
use crate::model::{self, Api, ApiEntry, ApiKind, Entities, Operation, OperationEntry, Store};
use crate::policy::{ApiFacts, CertificateFacts, DeploymentFacts, OperationFacts, ProductFacts, Scope};
use crate::secret::Secret;

/// The one operation of a WebSocket API.
const HANDSHAKE: &str = "onHandshake";

/// The number of a service (0) or workspace, and a name in lower case.
pub(super) type Key = (usize, String);

pub(super) fn key(realm: usize, name: &str) -> Key {
    (realm, name.to_ascii_lowercase())
}

pub(super) fn assemble(store: &Store, surroundings: Surroundings<'_>) -> Result<Snapshot, ConfigurationError> {
    let mut assembly = Assembly::default();
    let realms: Vec<_> =
        store.scopes().map(|(name, entities)| realm(store, name, entities, surroundings, &mut assembly)).collect();
    let entities = || store.scopes().map(|(_, entities)| entities).zip(&realms).enumerate();
    for (index, (entities, realm)) in entities() {
        assembly.scope_document(index, entities, realm);
        assembly.products(index, entities, realm);
    }
    for (index, (entities, realm)) in entities() {
        for (name, entry) in &entities.apis {
            assembly.api(index, entities, realm, name, entry);
        }
    }
    let (mut keys, mut owners) = (Vec::new(), Vec::new());
    for (index, (entities, _)) in entities() {
        for (name, subscription) in &entities.subscriptions {
            match subscriptions::access(store, &assembly.places(), index, subscription) {
                Ok(access) => {
                    keys.push(access);
                    owners.push((name, subscriptions::state(name, subscription, entities, &store.service)));
                }
                Err(message) => assembly.problem(format!("subscription `{name}`"), message),
            }
        }
    }
    let Assembly { mut problems, warnings, mut documents, routes, apis, names, access, products, scopes, .. } =
        assembly;
    let global = documents.link([
        scopes.first().copied().unwrap_or(NO_DOCUMENT),
        NO_DOCUMENT,
        NO_DOCUMENT,
        NO_DOCUMENT,
        NO_DOCUMENT,
    ]);
    let product_access: Vec<_> = products.iter().map(|product| product.access).collect();
    let access = AccessTable::new(access, &product_access, keys).map_err(|mut conflicts| {
        conflicts.dedup();
        let name = |index: usize| owners.get(index).map_or("", |(name, _)| name);
        problems.extend(conflicts.into_iter().map(|conflict| Problem::Entity {
            entity: format!("subscription `{}`", name(conflict.second)),
            message: format!("it has a key that subscription `{}` has: expected one of its own", name(conflict.first)),
        }));
    });
    let router = Router::new(routes).map_err(|conflicts| {
        let name = |index: usize| names.get(index).map_or("", String::as_str);
        problems.extend(conflicts.into_iter().map(|conflict| Problem::Entity {
            entity: format!("API `{}`", name(conflict.second)),
            message: format!(
                "it has the path, version and revision of API `{}`, or both are the current revision",
                name(conflict.first)
            ),
        }));
    });
    let backends = realms.first().and_then(|realm| realm.backends.clone());
    match (access, router, backends) {
        (Ok(access), Ok(router), Some(backends)) if problems.is_empty() => Ok(Snapshot {
            router,
            access,
            products: products.into_iter().map(|product| product_facts(product, &apis, &realms)).collect(),
            apis,
            subscriptions: owners.into_iter().map(|(_, state)| state).collect(),
            global,
            backends,
            all_backends: realms.iter().filter_map(|realm| realm.backends.clone()).collect(),
            deployment: Arc::new(deployment(store)),
            warnings,
            values: realms.iter().map(|realm| realm.values.clone()).collect(),
            redactor: OnceLock::new(),
            own: None,
        }),
        _ => Err(ConfigurationError(problems)),
    }
}

#[derive(Default)]
struct Assembly<'a> {
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    documents: Documents<'a>,
    /// The document of the service and of each workspace.
    scopes: Vec<DocumentId>,
    products: Vec<Product>,
    product_places: HashMap<Key, usize>,
    routes: Vec<ApiRoute>,
    apis: Vec<ApiState>,
    names: Vec<String>,
    access: Vec<ApiAccess>,
    api_places: HashMap<Key, usize>,
    pipelines: HashMap<Pipelines<Chain>, Arc<Pipelines>>,
}

struct Product {
    facts: Arc<ProductFacts>,
    access: ProductAccess,
    document: DocumentId,
    /// The service or workspace, and its APIs in lower case.
    realm: usize,
    apis: HashSet<String>,
}

/// Where products and APIs are in their lists.
pub(super) struct Places<'a> {
    pub products: &'a HashMap<Key, usize>,
    pub apis: &'a HashMap<Key, usize>,
}

impl<'a> Assembly<'a> {
    fn places(&self) -> Places<'_> {
        Places { products: &self.product_places, apis: &self.api_places }
    }

    fn problem(&mut self, entity: String, message: impl Into<String>) {
        self.problems.push(Problem::Entity { entity, message: message.into() });
    }

    fn compile(
        &mut self,
        policy: Option<&'a model::Policy>,
        scope: Scope,
        (index, realm): (usize, &Realm),
        name: impl FnOnce() -> String,
    ) -> DocumentId {
        let environment = (index, &realm.environment);
        self.documents.compile(policy, scope, environment, name, &mut self.problems, &mut self.warnings)
    }

    fn scope_document(&mut self, index: usize, entities: &'a Entities, realm: &Realm) {
        let scope = if index == 0 { Scope::Global } else { Scope::Workspace };
        let document = self.compile(entities.policy.as_ref(), scope, (index, realm), || match &realm.workspace {
            Some(workspace) => format!("policy of workspace `{}`", workspace.0),
            None => "policy of all APIs".to_owned(),
        });
        self.scopes.push(document);
    }

    fn products(&mut self, index: usize, entities: &'a Entities, realm: &Realm) {
        for (name, entry) in &entities.products {
            let document = self.compile(entry.policy.as_ref(), Scope::Product, (index, realm), || {
                format!("policy of product `{name}`")
            });
            let requires_subscription = entry.product.subscription_required.unwrap_or(true);
            let groups = entry.groups.iter().map(|id| {
                let group = entities.groups.get(id).and_then(|entry| entry.group.display_name.as_deref());
                (id.as_str().into(), group.unwrap_or(id).into())
            });
            let facts = ProductFacts {
                id: name.into(),
                name: entry.product.display_name.as_deref().unwrap_or(name).into(),
                approval_required: entry.product.approval_required.unwrap_or(false),
                subscription_required: requires_subscription,
                subscriptions_limit: entry.product.subscriptions_limit.and_then(|limit| i32::try_from(limit).ok()),
                is_published: entry.product.state == Some(model::ProductState::Published),
                groups: groups.collect(),
                apis: Vec::new(),
            };
            self.product_places.insert(key(index, name), self.products.len());
            self.products.push(Product {
                facts: Arc::new(facts),
                access: ProductAccess { requires_subscription },
                document,
                realm: index,
                apis: entry.apis.iter().map(|api| split_revision(api).0.to_ascii_lowercase()).collect(),
            });
        }
    }

    fn api(&mut self, index: usize, entities: &'a Entities, realm: &Realm, name: &str, entry: &'a ApiEntry) {
        let (base, named_revision) = split_revision(name);
        let api = &entry.api;
        let revision = api.api_revision.as_deref().or(named_revision).unwrap_or("1").to_owned();
        if let Some(current) = named_revision.and_then(|_| entities.apis.get(base))
            && current.api.api_revision.as_deref().unwrap_or("1") == revision
        {
            // Exports list the current revision under both names.
            return;
        }
        let entity = || format!("API `{name}`");
        let version = match version(api, entities) {
            Ok(version) => version,
            Err(message) => return self.problem(entity(), message),
        };
        let service_url = api.service_url.as_deref().filter(|url| !url.trim().is_empty());
        let service_url = match service_url.map(|url| realm.service_url(url)).transpose() {
            Ok(url) => url,
            Err(message) => {
                self.problem(entity(), format!("`serviceUrl`: {message}"));
                None
            }
        };
        let document =
            self.compile(entry.policy.as_ref(), Scope::Api, (index, realm), || format!("policy of API `{name}`"));
        let access = match self.api_places.get(&key(index, base)) {
            Some(access) => *access,
            None => self.api_access(index, base, api, entity),
        };
        let Some(ApiAccess { key_query, products, .. }) = self.access.get(access).cloned() else { return };
        let is_current = api.is_current.unwrap_or(named_revision.is_none());
        #[cfg(feature = "graphql")]
        let graphql = graphql::read(name, entry, realm, &mut self.problems, &mut self.warnings);
        #[cfg(not(feature = "graphql"))]
        graphql::refuse(name, entry, &mut self.problems);
        let facts = ApiFacts {
            id: base.into(),
            name: api.display_name.as_deref().unwrap_or(base).into(),
            path: api.path.trim_matches('/').into(),
            protocols: match api.protocols.as_slice() {
                [] => vec!["https".into()],
                protocols => protocols.iter().map(|protocol| protocol.as_str().into()).collect(),
            },
            service_url: service_url.clone(),
            revision: revision.as_str().into(),
            version: api.api_version.as_deref().unwrap_or_default().into(),
            is_current_revision: is_current,
            subscription_key_header: header_name(api).into(),
            subscription_key_query: key_query.as_str().into(),
            odata: odata::metadata(name, entry, &mut self.warnings),
            #[cfg(feature = "graphql")]
            graphql: graphql.map(Arc::new),
        };
        let above = [
            self.scopes.first().copied().unwrap_or(NO_DOCUMENT),
            if index == 0 { NO_DOCUMENT } else { self.scopes.get(index).copied().unwrap_or(NO_DOCUMENT) },
        ];
        let (mut routes, mut operations) = (Vec::new(), Vec::new());
        let mut soap = (api.effective_kind() == ApiKind::Soap).then(Box::<SoapOperations>::default);
        let (owner, mut schemas) = (entry, Schemas::default());
        let handshake = handshake(owner).map(|entry| (HANDSHAKE, entry));
        for (id, entry) in
            owner.operations.iter().chain(handshake).chain(graphql::operations(owner)).chain(odata::operations(owner))
        {
            let operation = &entry.operation;
            let entity = || format!("operation `{id}` of API `{name}`");
            let own = self.compile(entry.policy.as_ref(), Scope::Operation, (index, realm), || {
                format!("policy of operation `{id}` of API `{name}`")
            });
            let template = UrlTemplate::parse(&operation.url_template);
            let method = Method::from_bytes(operation.method.trim().as_bytes());
            match (template, method) {
                (Ok(template), Ok(method)) => {
                    let unknown = self.documents.unknown_parameters(own, |name| template.has_parameter(name));
                    self.problems.extend(unknown.into_iter().map(Problem::Policy));
                    routes.push(OperationRoute { method, template });
                }
                (template, method) => {
                    if let Err(error) = template {
                        self.problem(entity(), error.to_string());
                    }
                    if method.is_err() {
                        self.problem(entity(), format!("`{}` is not an HTTP method", operation.method));
                    }
                    continue;
                }
            }
            if let Some(soap) = &mut soap {
                soap.add(operations.len(), operation);
            }
            let pipelines = self.pipelines(above, document, own, &products);
            let needs_contract = pipelines.all().any(|pipeline| pipeline.needs_contract());
            let needs_samples = pipelines.all().any(|pipeline| pipeline.needs_samples());
            let template = routes.last().map(|route: &OperationRoute| &route.template).filter(|_| needs_contract);
            let contract = template.map(|template| Arc::new(schemas.contract(owner, operation, template)));
            let facts = OperationFacts {
                id: id.into(),
                name: operation.display_name.as_deref().unwrap_or(id).into(),
                method: operation.method.trim().into(),
                url_template: operation.url_template.as_str().into(),
                responses: if needs_samples { samples::responses(owner, operation) } else { Vec::new() },
                contract,
            };
            operations.push(OperationState { facts: Arc::new(facts), pipelines });
        }
        // A document of many operations may be right for some of them.
        let has = |name: &str| routes.iter().any(|route: &OperationRoute| route.template.has_parameter(name));
        let unknown = self.documents.unknown_parameters(document, has);
        self.warnings.extend(unknown.into_iter().map(|unknown| Problem::Policy(unknown.into_warning())));
        self.names.push(name.to_owned());
        self.routes.push(ApiRoute {
            hosts: Vec::new(),
            path: api.path.clone(),
            version,
            revision,
            is_current,
            is_online: api.is_online.unwrap_or(true),
            operations: routes,
        });
        // Without backends there is no snapshot, but the rest is checked.
        let Some(backends) = realm.backends.clone() else { return };
        let [global, workspace] = above;
        self.apis.push(ApiState {
            facts: Arc::new(facts),
            access,
            workspace: realm.workspace.clone(),
            target: service_url.map(Target::Url),
            backends,
            protocol: protocol(api),
            directory: realm.directory.clone(),
            pipeline: self.documents.link([global, workspace, NO_DOCUMENT, document, NO_DOCUMENT]),
            operations,
            soap,
        });
    }

    fn api_access(&mut self, index: usize, base: &str, api: &Api, entity: impl Fn() -> String) -> usize {
        let name = base.to_ascii_lowercase();
        let products = self.products.iter().enumerate();
        let products = products.filter(|(_, product)| product.realm == index && product.apis.contains(&name));
        let products: Vec<_> = products.map(|(product, _)| product).collect();
        let open = products.iter().filter_map(|product| self.products.get(*product));
        let open: Vec<_> = open.filter(|product| !product.access.requires_subscription).map(|p| &*p.facts.id).collect();
        if let [first, second, ..] = open.as_slice() {
            let message = format!("it is in the open products `{first}` and `{second}`: expected at most one");
            self.problem(entity(), message);
        }
        let key_header = HeaderName::try_from(header_name(api)).unwrap_or_else(|_| {
            self.problem(entity(), format!("`{}` is not the name of a header", header_name(api)));
            KEY_HEADER
        });
        let names = api.subscription_key_parameter_names.as_ref();
        let key_query = names.and_then(|names| names.query.as_deref()).filter(|name| !name.is_empty());
        self.api_places.insert(key(index, base), self.access.len());
        self.access.push(ApiAccess {
            requires_subscription: api.subscription_required.unwrap_or(true),
            key_header,
            key_query: key_query.unwrap_or(KEY_QUERY).to_owned(),
            products,
            workspace: (index > 0).then_some(index),
        });
        self.access.len() - 1
    }

    fn pipelines(
        &mut self,
        [global, workspace]: [DocumentId; 2],
        api: DocumentId,
        operation: DocumentId,
        products: &[usize],
    ) -> Arc<Pipelines> {
        let plain = [global, workspace, NO_DOCUMENT, api, operation];
        let in_product = |product: &usize| {
            let document = self.products.get(*product).map_or(NO_DOCUMENT, |product| product.document);
            (*product, [global, workspace, document, api, operation])
        };
        let chains = Pipelines { plain, products: products.iter().map(in_product).collect() };
        if let Some(pipelines) = self.pipelines.get(&chains) {
            return pipelines.clone();
        }
        let mut link = |chain| self.documents.link(chain);
        let pipelines = Arc::new(Pipelines {
            plain: link(plain),
            products: chains.products.iter().map(|(product, chain)| (*product, link(*chain))).collect(),
        });
        self.pipelines.insert(chains, pipelines.clone());
        pipelines
    }
}

fn realm(
    store: &Store,
    name: Option<&str>,
    entities: &Entities,
    Surroundings { transport, resilience, custom, checks_revocation }: Surroundings<'_>,
    assembly: &mut Assembly<'_>,
) -> Realm {
    let workspace = name.map(|id| {
        let properties = store.workspaces.get(id).map(|workspace| &workspace.properties);
        (Arc::from(id), Arc::from(properties.and_then(|p| p.display_name.as_deref()).unwrap_or(id)))
    });
    let reports = (&mut assembly.problems, &mut assembly.warnings);
    let mut realm = Realm::new(entities, workspace, (transport, resilience), &store.authorities, reports);
    realm.environment = realm.environment.custom_policies(custom.clone()).revocation_checked(checks_revocation);
    realm
}

/// The operation that every WebSocket API has, when the configuration does not list it.
fn handshake(entry: &ApiEntry) -> Option<&'static OperationEntry> {
    static OPERATION: LazyLock<OperationEntry> =
        LazyLock::new(|| Operation::new("GET", "/").display_name(HANDSHAKE).into());
    let is_missing = protocol(&entry.api) == Protocol::WebSocket && !entry.operations.contains(HANDSHAKE);
    is_missing.then(|| &*OPERATION)
}

fn protocol(api: &Api) -> Protocol {
    match api.effective_kind() {
        ApiKind::Websocket => Protocol::WebSocket,
        ApiKind::Grpc => Protocol::Grpc,
        ApiKind::Graphql => Protocol::Graphql,
        _ => Protocol::Http,
    }
}

/// The facts of a product, with those of its APIs.
fn product_facts(product: Product, apis: &[ApiState], realms: &[Realm]) -> Arc<ProductFacts> {
    let workspace = realms.get(product.realm).and_then(|realm| realm.workspace.as_ref());
    let of_product = apis.iter().filter(|api| {
        api.facts.is_current_revision
            && api.workspace.as_ref() == workspace
            && product.apis.contains(&api.facts.id.to_ascii_lowercase())
    });
    let apis = of_product.map(|api| api.facts.clone()).collect();
    Arc::new(ProductFacts { apis, ..(*product.facts).clone() })
}

fn deployment(store: &Store) -> DeploymentFacts {
    let mut facts = DeploymentFacts::default();
    if let Some(name) = &store.name {
        facts.service_id = name.as_str().into();
        facts.service_name = name.as_str().into();
    }
    if let Some(location) = &store.location {
        facts.region = location.as_str().into();
    }
    facts.certificates = (store.service.certificates.iter())
        .filter_map(|(id, certificate)| {
            let data = Secret::new(certificate.data.as_ref()?.expose());
            let password = certificate.password.as_ref().map(|password| Secret::new(password.expose()));
            Some(CertificateFacts::new(id, data, password))
        })
        .collect();
    facts
}
