//! Adds an API to what is put together.

use std::sync::Arc;

use http::HeaderName;

use super::super::access::{ApiAccess, KEY_HEADER, KEY_QUERY};
use super::super::documents::NO_DOCUMENT;
use super::super::graphql;
use super::super::naming::{header_name, split_revision, version};
use super::super::odata;
use super::super::problem::Problem;
use super::super::realm::Realm;
use super::super::router::{ApiRoute, OperationRoute};
use super::super::snapshot::{ApiState, Protocol};
use super::operations::{Above, Operations};
use super::verbosity::trace_verbosity;
use super::{Assembly, key};
use crate::forward::{BaseUrl, Target};
use crate::model::{Api, ApiEntry, ApiKind, Entities};
use crate::policy::{ApiFacts, Scope};

/// An API of a configuration, and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Source<'a, 'r> {
    /// The number of its service or workspace.
    pub(super) index: usize,
    pub(super) realm: &'r Realm,
    pub(super) name: &'r str,
    /// The name without a revision.
    base: &'r str,
    pub(super) entry: &'a ApiEntry,
}

impl Source<'_, '_> {
    /// The API in problems.
    fn entity(self) -> String {
        format!("API `{}`", self.name)
    }
}

impl<'a> Assembly<'a> {
    pub(super) fn api(&mut self, index: usize, entities: &'a Entities, realm: &Realm, name: &str, entry: &'a ApiEntry) {
        let (base, named_revision) = split_revision(name);
        let source = Source { index, realm, name, base, entry };
        let api = &entry.api;
        let revision = api.api_revision.as_deref().or(named_revision).unwrap_or("1").to_owned();
        if let Some(current) = named_revision.and_then(|_| entities.apis.get(base))
            && current.api.api_revision.as_deref().unwrap_or("1") == revision
        {
            // Exports list the current revision under both names.
            return;
        }
        let version = match version(api, entities) {
            Ok(version) => version,
            Err(message) => return self.problem(source.entity(), message),
        };
        let service_url = self.service_url(source);
        let document =
            self.compile(entry.policy.as_ref(), Scope::Api, (index, realm), || format!("policy of API `{name}`"));
        let access = match self.api_places.get(&key(index, base)) {
            Some(access) => *access,
            None => self.api_access(source),
        };
        let Some(ApiAccess { key_query, products, .. }) = self.access.get(access).cloned() else { return };
        let is_current = api.is_current.unwrap_or(named_revision.is_none());
        let mut facts = self.api_facts(source, service_url.clone(), &revision, is_current, &key_query);
        facts.trace_verbosity = trace_verbosity(&entities.diagnostics, &entry.diagnostics);
        let above = self.above(index, document);
        let Operations { routes, operations, soap } = self.operations(source, above, &products);
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
        let Above { global, workspace, .. } = above;
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

    /// The URL behind an API; none without one, or when it is wrong.
    fn service_url(&mut self, source: Source<'a, '_>) -> Option<Arc<BaseUrl>> {
        let url = source.entry.api.service_url.as_deref().filter(|url| !url.trim().is_empty());
        match url.map(|url| source.realm.service_url(url)).transpose() {
            Ok(url) => url,
            Err(message) => {
                self.problem(source.entity(), format!("`serviceUrl`: {message}"));
                None
            }
        }
    }

    /// Who may use an API; the index of it.
    fn api_access(&mut self, source: Source<'a, '_>) -> usize {
        let Source { index, base, entry, .. } = source;
        let api = &entry.api;
        let name = base.to_ascii_lowercase();
        let products = self.products.iter().enumerate();
        let products = products.filter(|(_, product)| product.realm == index && product.apis.contains(&name));
        let products: Vec<_> = products.map(|(product, _)| product).collect();
        let open = products.iter().filter_map(|product| self.products.get(*product));
        let open: Vec<_> = open.filter(|product| !product.access.requires_subscription).map(|p| &*p.facts.id).collect();
        if let [first, second, ..] = open.as_slice() {
            let message = format!("it is in the open products `{first}` and `{second}`: expected at most one");
            self.problem(source.entity(), message);
        }
        let key_header = HeaderName::try_from(header_name(api)).unwrap_or_else(|_| {
            self.problem(source.entity(), format!("`{}` is not the name of a header", header_name(api)));
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

    /// What policies see of an API.
    fn api_facts(
        &mut self,
        source: Source<'a, '_>,
        service_url: Option<Arc<BaseUrl>>,
        revision: &str,
        is_current_revision: bool,
        key_query: &str,
    ) -> ApiFacts {
        let Source { name, base, entry, .. } = source;
        let api = &entry.api;
        #[cfg(feature = "graphql")]
        let graphql = graphql::read(name, entry, source.realm, &mut self.problems, &mut self.warnings);
        #[cfg(not(feature = "graphql"))]
        graphql::refuse(name, entry, &mut self.problems);
        ApiFacts {
            id: base.into(),
            name: api.display_name.as_deref().unwrap_or(base).into(),
            path: api.path.trim_matches('/').into(),
            protocols: match api.protocols.as_slice() {
                [] => vec!["https".into()],
                protocols => protocols.iter().map(|protocol| protocol.as_str().into()).collect(),
            },
            service_url,
            revision: revision.into(),
            version: api.api_version.as_deref().unwrap_or_default().into(),
            is_current_revision,
            subscription_key_header: header_name(api).into(),
            subscription_key_query: key_query.into(),
            odata: odata::metadata(name, entry, &mut self.warnings),
            trace_verbosity: None,
            #[cfg(feature = "graphql")]
            graphql: graphql.map(Arc::new),
        }
    }
}

pub(super) fn protocol(api: &Api) -> Protocol {
    match api.effective_kind() {
        ApiKind::Websocket => Protocol::WebSocket,
        ApiKind::Grpc => Protocol::Grpc,
        ApiKind::Graphql => Protocol::Graphql,
        _ => Protocol::Http,
    }
}
