//! GraphQL APIs: their one endpoint, their schema and their resolvers.

use std::sync::LazyLock;

#[cfg(feature = "graphql")]
use super::naming::split_revision;
use super::problem::Problem;
#[cfg(feature = "graphql")]
use super::realm::Realm;
use super::template::UrlTemplate;
#[cfg(feature = "graphql")]
use crate::graphql::GraphSchema;
use crate::model::{ApiEntry, ApiKind, Operation, OperationEntry};
#[cfg(feature = "graphql")]
use crate::model::{PolicyFormat, ResolverEntry};
#[cfg(feature = "graphql")]
use crate::policy::{GraphqlApi, ResolverProblem, ResolverSource, Severity};

/// The operations of an API that the configuration does not list: requests are posted, or stand in the URL.
pub(super) fn operations(entry: &ApiEntry) -> impl Iterator<Item = (&str, &OperationEntry)> {
    static OPERATIONS: LazyLock<[(&str, OperationEntry); 2]> = LazyLock::new(|| {
        let operation = |method| Operation::new(method, "/").display_name("graphql").into();
        [("graphql", operation("POST")), ("graphql-get", operation("GET"))]
    });
    let is_graphql = entry.api.effective_kind() == ApiKind::Graphql;
    let all = OPERATIONS.iter().filter(move |_| is_graphql);
    let is_listed = |implied: &Operation| {
        entry.operations.iter().any(|(_, known)| {
            let template = UrlTemplate::parse(&known.operation.url_template);
            let is_root = template.is_ok_and(|template| template.as_str().trim_matches('/').is_empty());
            is_root && known.operation.method.trim() == implied.method
        })
    };
    let missing: Vec<_> = all.filter(|(_, implied)| !is_listed(&implied.operation)).collect();
    missing.into_iter().map(|(id, operation)| (*id, operation))
}

/// Reports resolvers: this build has none.
#[cfg(not(feature = "graphql"))]
pub(super) fn refuse(name: &str, entry: &ApiEntry, problems: &mut Vec<Problem>) {
    if !entry.resolvers.is_empty() {
        let message = "it has resolvers, which need a build with the feature `graphql`".to_owned();
        problems.push(Problem::Entity { entity: format!("API `{name}`"), message });
    }
}

/// What makes a GraphQL API of an entry; none when it is no GraphQL API, or has no schema.
#[cfg(feature = "graphql")]
pub(super) fn read(
    name: &str,
    entry: &ApiEntry,
    realm: &Realm,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> Option<GraphqlApi> {
    if entry.api.effective_kind() != ApiKind::Graphql {
        return None;
    }
    let problem = |message: String| Problem::Entity { entity: format!("API `{name}`"), message };
    let has_resolvers = !entry.resolvers.is_empty();
    // A service behind the gateway answers without a schema too.
    let mut told = |message: String| {
        if has_resolvers { &mut *problems } else { &mut *warnings }.push(problem(message));
    };
    let Some(text) = schema(entry) else {
        told("it has no schema with the content type `application/vnd.ms-azure-apim.graphql.schema`".to_owned());
        return None;
    };
    let schema = match GraphSchema::parse(&text) {
        Ok(schema) => schema,
        Err(found) => {
            found.into_iter().for_each(|found| told(format!("its schema: {found}")));
            return None;
        }
    };
    if has_resolvers && entry.api.service_url.as_deref().is_some_and(|url| !url.trim().is_empty()) {
        warnings.push(problem("it has resolvers: its `serviceUrl` is not used".to_owned()));
    }
    let scope = realm.workspace.as_ref().map_or("", |workspace| &*workspace.0);
    let mut api = GraphqlApi::new(format!("{scope}/{}", split_revision(name).0).into(), schema);
    for (id, resolver) in &entry.resolvers {
        add(&mut api, (name, id), resolver, realm, problems, warnings);
    }
    Some(api)
}

/// The text of the schema.
#[cfg(feature = "graphql")]
fn schema(entry: &ApiEntry) -> Option<String> {
    let is_graphql = |kind: &str| kind.to_ascii_lowercase().contains("graphql");
    let of_kind = entry.schemas.iter().find(|(_, schema)| schema.content_type.as_deref().is_some_and(is_graphql));
    let schema = of_kind.map(|(_, schema)| schema).or_else(|| entry.schemas.get("graphql"))?;
    schema.document.as_deref()?.get("value")?.as_str().map(str::to_owned)
}

#[cfg(feature = "graphql")]
fn add(
    api: &mut GraphqlApi,
    (name, id): (&str, &str),
    resolver: &ResolverEntry,
    realm: &Realm,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) {
    let what = format!("resolver `{id}` of API `{name}`");
    let mut refuse = |message: String| problems.push(Problem::Entity { entity: what.clone(), message });
    let Some(path) = resolver.resolver.path.as_deref() else {
        return refuse("it has no `path`: expected `Type/field`".to_owned());
    };
    let Some(policy) = &resolver.policy else {
        return refuse("it has no policy: expected `http-data-source`".to_owned());
    };
    if let Some(PolicyFormat::XmlLink | PolicyFormat::RawXmlLink) = policy.format {
        return refuse("the format is a link, which is not fetched: expected the text of the document".to_owned());
    }
    let file = policy.origin.as_ref().map_or_else(|| format!("policy of {what}"), ToString::to_string);
    match api.add(&ResolverSource { path, file, text: &policy.value }, &realm.environment) {
        Ok(diagnostics) => warnings.extend(diagnostics.into_iter().map(Problem::Policy)),
        Err(ResolverProblem::Entity(message)) => refuse(message),
        Err(ResolverProblem::Document(error)) => {
            for diagnostic in error.into_diagnostics() {
                let is_error = diagnostic.severity == Severity::Error;
                if is_error { &mut *problems } else { &mut *warnings }.push(Problem::Policy(diagnostic));
            }
        }
    }
}
