//! One GraphQL API: its schema, and the resolvers of its fields.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::super::diagnostic::{CompileError, Diagnostic};
use super::super::environment::Environment;
use super::resolver::Resolver;
use crate::graphql::GraphSchema;

/// A GraphQL API.
pub(crate) struct GraphqlApi {
    /// What it is called among all APIs of the gateway, with its workspace: subscriptions go by it.
    pub(crate) name: Arc<str>,
    pub(crate) schema: Arc<GraphSchema>,
    /// By `Type/field`.
    resolvers: HashMap<String, Arc<Resolver>>,
}

/// The document of a resolver.
pub(crate) struct ResolverSource<'a> {
    /// `Type/field`.
    pub(crate) path: &'a str,
    /// What diagnostics call the document.
    pub(crate) file: String,
    pub(crate) text: &'a str,
}

/// What is wrong with a resolver.
pub(crate) enum ResolverProblem {
    /// The resolver itself.
    Entity(String),
    /// Its document.
    Document(CompileError),
}

impl GraphqlApi {
    /// An API without resolvers.
    pub(crate) fn new(name: Arc<str>, schema: GraphSchema) -> Self {
        Self { name, schema: Arc::new(schema), resolvers: HashMap::new() }
    }

    /// Adds a resolver; gives the warnings of its document.
    pub(crate) fn add(
        &mut self,
        source: &ResolverSource<'_>,
        environment: &Environment,
    ) -> Result<Vec<Diagnostic>, ResolverProblem> {
        let path = source.path;
        let entity = |message: String| Err(ResolverProblem::Entity(message));
        let Some((object, field)) = path.split_once('/') else {
            return entity(format!("`path` is `{path}`: expected `Type/field`"));
        };
        if !self.schema.has_field(object, field) {
            return entity(format!("`path` is `{path}`: the schema has no such field of an object type"));
        }
        if self.schema.subscription_type() == Some(object) {
            return entity(format!(
                "`path` is `{path}`: a subscription has no resolver: `publish-event` gives its values"
            ));
        }
        if self.resolvers.contains_key(path) {
            return entity(format!("`path` is `{path}`, which another resolver has: expected one for each field"));
        }
        let (resolver, diagnostics) =
            Resolver::compile(&source.file, source.text, environment).map_err(ResolverProblem::Document)?;
        let is_asked = |kind: &str| kind == object;
        if !resolver.events().is_empty() && !self.schema.root_types().any(is_asked) {
            return entity(format!("its `publish-event` stands at `{path}`: expected a field of a query or mutation"));
        }
        for id in resolver.events() {
            let is_known = self.schema.subscription_type().is_some_and(|object| self.schema.has_field(object, id));
            if !is_known {
                return entity(format!("its `publish-event` names `{id}`: the schema has no such subscription"));
            }
        }
        self.resolvers.insert(path.to_owned(), Arc::new(resolver));
        Ok(diagnostics)
    }

    /// Whether the gateway executes queries, and not a service behind it.
    pub(crate) fn has_resolvers(&self) -> bool {
        !self.resolvers.is_empty()
    }

    pub(super) fn resolver(&self, object: &str, field: &str) -> Option<&Arc<Resolver>> {
        self.resolvers.get(&format!("{object}/{field}"))
    }
}

impl fmt::Debug for GraphqlApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphqlApi").field("name", &self.name).field("resolvers", &self.resolvers.keys()).finish()
    }
}
