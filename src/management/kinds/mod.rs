//! Every kind of resource: one line each. A new one is its file and its line here.

mod api_imports;
mod api_products;
mod apis;
mod backends;
mod caches;
mod certificates;
mod diagnostics;
mod gateways;
mod groups;
mod id_links;
mod links;
mod loggers;
mod masked;
mod named_values;
mod operations;
mod policies;
mod policy_descriptions;
mod policy_fragments;
mod products;
mod releases;
mod resolvers;
mod revisions;
mod schemas;
mod subscriptions;
pub(super) mod tag_links;
mod tags;
mod users;
pub(super) mod vault;
mod version_sets;
mod workspaces;

use super::kind::{Kind, Of};

/// All kinds.
pub(super) static ALL: &[&dyn Kind] = &[
    &Of::<backends::Backends>::NEW,
    &Of::<named_values::NamedValues>::NEW,
    &apis::Apis,
    &revisions::Revisions,
    &Of::<releases::Releases>::NEW,
    &api_products::ApiProducts,
    &Of::<operations::Operations>::NEW,
    &Of::<resolvers::Resolvers>::NEW,
    &Of::<version_sets::VersionSets>::NEW,
    &Of::<schemas::ApiSchemas>::NEW,
    &Of::<schemas::Schemas>::NEW,
    &policies::SCOPE,
    &policies::PRODUCT,
    &policies::API,
    &policies::OPERATION,
    &policies::RESOLVER,
    &Of::<policy_fragments::PolicyFragments>::NEW,
    &policy_descriptions::PolicyDescriptions,
    &Of::<products::Products>::NEW,
    &products::APIS,
    &products::GROUPS,
    &products::API_LINKS,
    &products::GROUP_LINKS,
    &subscriptions::OF_PRODUCT,
    &subscriptions::OF_USER,
    &Of::<subscriptions::Subscriptions>::NEW,
    &Of::<certificates::Certificates>::NEW,
    &Of::<caches::Caches>::NEW,
    &Of::<loggers::Loggers>::NEW,
    &Of::<diagnostics::Diagnostics>::NEW,
    &Of::<diagnostics::ApiDiagnostics>::NEW,
    &Of::<gateways::Gateways>::NEW,
    &gateways::APIS,
    &Of::<groups::Groups>::NEW,
    &groups::USERS,
    &Of::<users::Users>::NEW,
    &users::UserGroups,
    &Of::<tags::Tags>::NEW,
    &tags::OF_API,
    &tags::OF_OPERATION,
    &tags::OF_PRODUCT,
    &tag_links::APIS,
    &tag_links::PRODUCTS,
    &tag_links::OPERATIONS,
    &Of::<workspaces::Workspaces>::NEW,
];
