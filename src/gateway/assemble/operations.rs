//! Adds the operations of an API.

use std::sync::{Arc, LazyLock};

use http::Method;

use super::super::contract::Schemas;
use super::super::documents::{DocumentId, NO_DOCUMENT};
use super::super::graphql;
use super::super::odata;
use super::super::problem::Problem;
use super::super::router::OperationRoute;
use super::super::samples;
use super::super::snapshot::{OperationState, Pipelines, Protocol};
use super::super::soap::SoapOperations;
use super::super::template::UrlTemplate;
use super::Assembly;
use super::api::{Source, protocol};
use crate::model::{ApiEntry, ApiKind, Operation, OperationEntry};
use crate::policy::{OperationFacts, Scope};

/// The one operation of a WebSocket API.
const HANDSHAKE: &str = "onHandshake";

/// The documents above those of operations.
#[derive(Clone, Copy)]
pub(super) struct Above {
    pub(super) global: DocumentId,
    pub(super) workspace: DocumentId,
    api: DocumentId,
}

/// The operations of an API: what each matches, and what it does then.
pub(super) struct Operations {
    pub(super) routes: Vec<OperationRoute>,
    pub(super) operations: Vec<OperationState>,
    pub(super) soap: Option<Box<SoapOperations>>,
}

impl<'a> Assembly<'a> {
    /// What is above the operations of an API with this document.
    pub(super) fn above(&self, index: usize, api: DocumentId) -> Above {
        Above {
            global: self.scopes.first().copied().unwrap_or(NO_DOCUMENT),
            workspace: if index == 0 { NO_DOCUMENT } else { self.scopes.get(index).copied().unwrap_or(NO_DOCUMENT) },
            api,
        }
    }

    pub(super) fn operations(&mut self, source: Source<'a, '_>, above: Above, products: &[usize]) -> Operations {
        let owner = source.entry;
        let (mut routes, mut operations) = (Vec::new(), Vec::new());
        let mut soap = (owner.api.effective_kind() == ApiKind::Soap).then(Box::<SoapOperations>::default);
        let mut schemas = Schemas::default();
        let handshake = handshake(owner).map(|entry| (HANDSHAKE, entry));
        for (id, entry) in
            owner.operations.iter().chain(handshake).chain(graphql::operations(owner)).chain(odata::operations(owner))
        {
            let operation = &entry.operation;
            let Some((document, route)) = self.operation(source, id, entry) else { continue };
            if let Some(soap) = &mut soap {
                soap.add(operations.len(), operation);
            }
            let pipelines = self.pipelines(above, document, products);
            let facts = operation_facts(owner, (id, operation), &route.template, &pipelines, &mut schemas);
            routes.push(route);
            operations.push(OperationState { facts: Arc::new(facts), pipelines });
        }
        Operations { routes, operations, soap }
    }

    /// The document of an operation, and what the operation matches; none when it can match nothing.
    fn operation(
        &mut self,
        Source { index, realm, name, .. }: Source<'a, '_>,
        id: &str,
        entry: &'a OperationEntry,
    ) -> Option<(DocumentId, OperationRoute)> {
        let operation = &entry.operation;
        let entity = || format!("operation `{id}` of API `{name}`");
        let document = self.compile(entry.policy.as_ref(), Scope::Operation, (index, realm), || {
            format!("policy of operation `{id}` of API `{name}`")
        });
        let template = UrlTemplate::parse(&operation.url_template);
        let method = Method::from_bytes(operation.method.trim().as_bytes());
        match (template, method) {
            (Ok(template), Ok(method)) => {
                let unknown = self.documents.unknown_parameters(document, |name| template.has_parameter(name));
                self.problems.extend(unknown.into_iter().map(Problem::Policy));
                Some((document, OperationRoute { method, template }))
            }
            (template, method) => {
                if let Err(error) = template {
                    self.problem(entity(), error.to_string());
                }
                if method.is_err() {
                    self.problem(entity(), format!("`{}` is not an HTTP method", operation.method));
                }
                None
            }
        }
    }

    /// The pipelines of an operation; those with the same documents are shared.
    fn pipelines(
        &mut self,
        Above { global, workspace, api }: Above,
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

/// What policies see of an operation.
fn operation_facts(
    owner: &ApiEntry,
    (id, operation): (&str, &Operation),
    template: &UrlTemplate,
    pipelines: &Pipelines,
    schemas: &mut Schemas,
) -> OperationFacts {
    let needs_contract = pipelines.all().any(|pipeline| pipeline.needs_contract());
    let needs_samples = pipelines.all().any(|pipeline| pipeline.needs_samples());
    OperationFacts {
        id: id.into(),
        name: operation.display_name.as_deref().unwrap_or(id).into(),
        method: operation.method.trim().into(),
        url_template: operation.url_template.as_str().into(),
        responses: if needs_samples { samples::responses(owner, operation) } else { Vec::new() },
        contract: needs_contract.then(|| Arc::new(schemas.contract(owner, operation, template))),
    }
}

/// The operation that every WebSocket API has, when the configuration does not list it.
fn handshake(entry: &ApiEntry) -> Option<&'static OperationEntry> {
    static OPERATION: LazyLock<OperationEntry> =
        LazyLock::new(|| Operation::new("GET", "/").display_name(HANDSHAKE).into());
    let is_missing = protocol(&entry.api) == Protocol::WebSocket && !entry.operations.contains(HANDSHAKE);
    is_missing.then(|| &*OPERATION)
}
