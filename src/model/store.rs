//! All entities of one service, in memory.

use super::collection::Collection;
use super::{
    Api, ApiSchema, ApiVersionSet, Backend, Cache, Certificate, CertificateAuthority, Diagnostic, Gateway, Group,
    Logger, NamedValue, Operation, Policy, PolicyFragment, Product, Release, Resolver, ResourceId, Schema,
    Subscription, Tag, User, WorkspaceProperties,
};

/// All entities of one service: its own, and those of its workspaces.
///
/// ```
/// use gatewright::model::{Api, ApiEntry, Backend, Operation, Store};
///
/// let mut store = Store::new();
/// store.service.backends.insert("orders", Backend::new("https://orders.internal/api")?);
/// let mut orders = ApiEntry::new(Api::new("orders"));
/// orders.operations.insert("list", Operation::new("GET", "/").into());
/// store.service.apis.insert("orders", orders);
/// assert!(store.service.apis.get("ORDERS").is_some());
/// # Ok::<_, gatewright::model::BackendUrlError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Store {
    /// Name of the service, when it is known.
    pub name: Option<String>,
    /// Azure region of the service, when it is known.
    pub location: Option<String>,
    /// Host names under which the gateway is reached, when they are known.
    pub host_names: Vec<String>,
    /// Certificates that backends' chains may end in, besides those that the system trusts.
    pub authorities: Vec<CertificateAuthority>,
    /// Entities of the service itself.
    pub service: Entities,
    /// Workspaces with their entities.
    pub workspaces: Collection<Workspace>,
}

/// The entities of the service or of one workspace.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Entities {
    /// Document at global scope, or at workspace scope.
    pub policy: Option<Policy>,
    /// Reusable lists of statements.
    pub policy_fragments: Collection<PolicyFragment>,
    /// Named values by resource name; `{{name}}` means the display name.
    pub named_values: Collection<NamedValue>,
    /// Backends and pools.
    pub backends: Collection<Backend>,
    /// APIs; a revision that is not current has the name `api;rev=2`.
    pub apis: Collection<ApiEntry>,
    /// Version sets.
    pub api_version_sets: Collection<ApiVersionSet>,
    /// Products.
    pub products: Collection<ProductEntry>,
    /// Subscriptions.
    pub subscriptions: Collection<Subscription>,
    /// Client certificates.
    pub certificates: Collection<Certificate>,
    /// Loggers.
    pub loggers: Collection<Logger>,
    /// Diagnostics that hold for all APIs.
    pub diagnostics: Collection<Diagnostic>,
    /// External caches.
    pub caches: Collection<Cache>,
    /// Schemas that all APIs may use.
    pub schemas: Collection<Schema>,
    /// Self-hosted gateways.
    pub gateways: Collection<GatewayEntry>,
    /// Tags.
    pub tags: Collection<Tag>,
    /// Links of tags that have names, by tag; the `tags` of APIs, products and operations decide.
    pub tag_links: Collection<TagLinks>,
    /// Groups of users.
    pub groups: Collection<GroupEntry>,
    /// Users.
    pub users: Collection<User>,
}

/// A workspace with its entities.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Workspace {
    /// What the workspace says of itself.
    pub properties: WorkspaceProperties,
    /// Its entities.
    pub entities: Entities,
}

/// An API, or one revision of it, with what belongs to it.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ApiEntry {
    /// The API.
    pub api: Api,
    /// Document at API scope.
    pub policy: Option<Policy>,
    /// Operations.
    pub operations: Collection<OperationEntry>,
    /// Schemas.
    pub schemas: Collection<ApiSchema>,
    /// Diagnostics.
    pub diagnostics: Collection<Diagnostic>,
    /// GraphQL resolvers.
    pub resolvers: Collection<ResolverEntry>,
    /// Releases.
    pub releases: Collection<Release>,
    /// Names of tags.
    pub tags: Vec<String>,
}

/// An operation with what belongs to it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OperationEntry {
    /// The operation.
    pub operation: Operation,
    /// Document at operation scope.
    pub policy: Option<Policy>,
    /// Names of tags.
    pub tags: Vec<String>,
}

/// A GraphQL resolver with its document.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ResolverEntry {
    /// The resolver.
    pub resolver: Resolver,
    /// Its document.
    pub policy: Option<Policy>,
}

/// A product with what belongs to it.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ProductEntry {
    /// The product.
    pub product: Product,
    /// Document at product scope.
    pub policy: Option<Policy>,
    /// Names of the APIs in the product, without revision.
    pub apis: Vec<String>,
    /// Names of the groups that see the product.
    pub groups: Vec<String>,
    /// Links to some of the APIs by the name of the link, as newer contracts have them; `apis` decides.
    pub api_links: Collection<String>,
    /// Links to some of the groups by the name of the link; `groups` decides.
    pub group_links: Collection<String>,
    /// Names of tags.
    pub tags: Vec<String>,
}

/// Links of a tag by the name of the link, as newer contracts have them, to short ids: `/apis/orders/operations/list`.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct TagLinks {
    /// To APIs.
    pub apis: Collection<String>,
    /// To products.
    pub products: Collection<String>,
    /// To operations.
    pub operations: Collection<String>,
}

/// A self-hosted gateway with what belongs to it.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct GatewayEntry {
    /// The gateway.
    pub gateway: Gateway,
    /// Names of the APIs that it serves.
    pub apis: Vec<String>,
}

/// A group with its members.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct GroupEntry {
    /// The group.
    pub group: Group,
    /// Names of users.
    pub users: Vec<String>,
}

impl Store {
    /// Makes an empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// The entities of a workspace, or of the service itself when no workspace is named.
    pub fn entities(&self, workspace: Option<&str>) -> Option<&Entities> {
        match workspace {
            None => Some(&self.service),
            Some(name) => self.workspaces.get(name).map(|workspace| &workspace.entities),
        }
    }

    /// The entities of a workspace, which is made when it is new, or of the service itself.
    pub fn entities_mut(&mut self, workspace: Option<&str>) -> &mut Entities {
        match workspace {
            None => &mut self.service,
            Some(name) => &mut self.workspaces.get_or_default(name).entities,
        }
    }

    /// The entities of the service (`None`) and of all workspaces with their names.
    pub fn scopes(&self) -> impl Iterator<Item = (Option<&str>, &Entities)> {
        let workspaces = self.workspaces.iter().map(|(name, workspace)| (Some(name), &workspace.entities));
        std::iter::once((None, &self.service)).chain(workspaces)
    }

    /// Whether the entity that an id names is here. An id without workspace is looked up in `workspace`, the place
    /// where the id is written. Ids of kinds that a store does not hold are not here.
    pub fn contains(&self, id: &ResourceId, workspace: Option<&str>) -> bool {
        let workspace = id.workspace().or(if id.is_full() { None } else { workspace });
        self.entities(workspace).is_some_and(|entities| entities.contains(id.kind(), id.name()))
    }
}

impl Entities {
    /// The API of this name, with its name as it was inserted. `orders;rev=1` finds `orders` when that is its revision.
    pub fn api(&self, name: &str) -> Option<(&str, &ApiEntry)> {
        if let Some(found) = self.apis.get_named(name) {
            return Some(found);
        }
        let (current, revision) = split_revision(name);
        let revision = revision?;
        self.apis.get_named(current).filter(|(_, entry)| entry.api.api_revision.as_deref().unwrap_or("1") == revision)
    }

    /// Whether there is an entity of this kind (`backends`, `apis`, …) and name.
    pub fn contains(&self, kind: &str, name: &str) -> bool {
        match kind.to_ascii_lowercase().as_str() {
            "apis" => self.api(name).is_some(),
            "apiversionsets" | "api-version-sets" => self.api_version_sets.contains(name),
            "backends" => self.backends.contains(name),
            "caches" => self.caches.contains(name),
            "certificates" => self.certificates.contains(name),
            "diagnostics" => self.diagnostics.contains(name),
            "gateways" => self.gateways.contains(name),
            "groups" => self.groups.contains(name),
            "loggers" => self.loggers.contains(name),
            "namedvalues" | "properties" => self.named_values.contains(name),
            "policyfragments" => self.policy_fragments.contains(name),
            "products" => self.products.contains(name),
            "schemas" => self.schemas.contains(name),
            "subscriptions" => self.subscriptions.contains(name),
            "tags" => self.tags.contains(name),
            "users" => self.users.contains(name),
            _ => false,
        }
    }
}

impl ApiEntry {
    /// Makes one without operations.
    pub fn new(api: Api) -> Self {
        Self { api, ..Self::default() }
    }
}

impl From<Operation> for OperationEntry {
    fn from(operation: Operation) -> Self {
        Self { operation, policy: None, tags: Vec::new() }
    }
}

impl From<Resolver> for ResolverEntry {
    fn from(resolver: Resolver) -> Self {
        Self { resolver, policy: None }
    }
}

impl From<Product> for ProductEntry {
    fn from(product: Product) -> Self {
        Self { product, ..Self::default() }
    }
}

/// Name and revision of `orders;rev=2`.
fn split_revision(name: &str) -> (&str, Option<&str>) {
    let Some((api, rest)) = name.split_once(';') else { return (name, None) };
    match rest.get(..4) {
        Some(word) if word.eq_ignore_ascii_case("rev=") => (api, rest.get(4..)),
        _ => (name, None),
    }
}
