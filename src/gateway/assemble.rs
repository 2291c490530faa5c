//! Turns the entities of a store into a snapshot, and collects everything that is wrong with them.

mod api;
mod operations;
mod verbosity;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use super::access::{AccessTable, ApiAccess, ProductAccess};
use super::documents::{Chain, DocumentId, Documents, NO_DOCUMENT};
use super::naming::split_revision;
use super::problem::{ConfigurationError, Problem};
use super::realm::Realm;
use super::router::{ApiRoute, Router};
use super::snapshot::{ApiState, Pipelines, Snapshot, Surroundings};
use super::subscriptions;
use crate::model::{self, Entities, Store};
use crate::policy::{CertificateFacts, DeploymentFacts, ProductFacts, Scope};
use crate::secret::Secret;

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
            all_backends: realms.iter().filter_map(Realm::named_backends).collect(),
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
}

fn realm(
    store: &Store,
    name: Option<&str>,
    entities: &Entities,
    Surroundings { transport, resilience, dialect, abilities }: Surroundings<'_>,
    assembly: &mut Assembly<'_>,
) -> Realm {
    let workspace = name.map(|id| {
        let properties = store.workspaces.get(id).map(|workspace| &workspace.properties);
        (Arc::from(id), Arc::from(properties.and_then(|p| p.display_name.as_deref()).unwrap_or(id)))
    });
    let reports = (&mut assembly.problems, &mut assembly.warnings);
    let mut realm = Realm::new(entities, workspace, (transport, resilience), &store.authorities, reports);
    realm.environment = realm.environment.dialect(dialect).revocation_checked(abilities.checks_revocation);
    #[cfg(feature = "graphql")]
    {
        realm.environment = realm.environment.cosmos_asked(abilities.asks_cosmos).sql_asked(abilities.asks_sql);
    }
    realm
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
