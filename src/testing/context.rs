//! What `context` says of the configuration, as a test writes it: members as C# names them, in JSON.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::forward::BaseUrl;
use crate::policy::{ApiFacts, DeploymentFacts, Facts, OperationFacts, ProductFacts, SubscriptionFacts, UserFacts};
use crate::secret::Secret;

/// What a test says of `context`.
#[derive(Clone, Default)]
pub(super) struct Told {
    pub(super) facts: Facts,
    /// `Request.MatchedParameters`.
    pub(super) parameters: Vec<(Arc<str>, String)>,
    pub(super) ip_address: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Api {
    id: String,
    name: Option<String>,
    path: String,
    service_url: Option<String>,
    revision: String,
    version: String,
    is_current_revision: bool,
    protocols: Vec<String>,
}

impl Default for Api {
    fn default() -> Self {
        Self {
            id: "api".to_owned(),
            name: None,
            path: String::new(),
            service_url: None,
            revision: "1".to_owned(),
            version: String::new(),
            is_current_revision: true,
            protocols: vec!["https".to_owned()],
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Operation {
    id: String,
    name: Option<String>,
    method: String,
    url_template: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Product {
    id: String,
    name: Option<String>,
    approval_required: bool,
    subscription_required: bool,
    subscriptions_limit: Option<i32>,
    state: Option<String>,
    groups: Vec<Group>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Subscription {
    id: String,
    name: Option<String>,
    /// The key that the caller used: the first one, unless it is the second.
    key: Option<String>,
    primary_key: Option<String>,
    secondary_key: Option<String>,
    created_date: Option<String>,
    start_date: Option<String>,
    end_date: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct User {
    id: String,
    email: String,
    first_name: String,
    last_name: String,
    note: String,
    registration_date: Option<String>,
    groups: Vec<Group>,
    identities: Vec<Identity>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Group {
    Name(String),
    #[serde(rename_all = "PascalCase")]
    Both {
        id: String,
        name: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Identity {
    id: String,
    provider: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Deployment {
    gateway_id: Option<String>,
    region: Option<String>,
    service_id: Option<String>,
    service_name: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Workspace {
    id: String,
    name: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Request {
    ip_address: Option<String>,
    matched_parameters: std::collections::BTreeMap<String, String>,
}

impl Told {
    /// Takes over the members of a JSON object; each one replaces what was said of it before.
    pub(super) fn take(&mut self, context: &Value) -> Result<(), String> {
        let Some(members) = context.as_object() else { return Err("`context` is not a JSON object".to_owned()) };
        for (name, value) in members {
            let facts = &mut self.facts;
            match name.as_str() {
                "Api" => facts.api = Some(api(read(name, value)?)?),
                "Operation" => facts.operation = Some(operation(read(name, value)?)),
                "Product" => facts.product = Some(product(read(name, value)?)),
                "Subscription" => {
                    let subscription: Subscription = read(name, value)?;
                    facts.used_secondary_key =
                        subscription.key.is_some() && subscription.key == subscription.secondary_key;
                    facts.subscription = Some(self::subscription(subscription));
                }
                "User" => facts.user = Some(user(read(name, value)?)),
                "Deployment" => facts.deployment = Some(deployment(read(name, value)?)),
                "Workspace" => {
                    let Workspace { id, name: label } = read(name, value)?;
                    facts.workspace = Some(Arc::new((id.as_str().into(), label.unwrap_or(id).into())));
                }
                "Request" => {
                    let request: Request = read(name, value)?;
                    self.ip_address = request.ip_address.or(self.ip_address.take());
                    let parameters = request.matched_parameters.into_iter();
                    self.parameters = parameters.map(|(name, value)| (name.into(), value)).collect();
                }
                other => {
                    return Err(format!(
                        "`context` has no member `{other}` that a test can set: expected `Api`, `Operation`, `Product`, \
                         `Subscription`, `User`, `Deployment`, `Workspace` or `Request`"
                    ));
                }
            }
        }
        Ok(())
    }
}

fn read<T: serde::de::DeserializeOwned>(name: &str, value: &Value) -> Result<T, String> {
    serde_json::from_value(value.clone()).map_err(|error| format!("`context.{name}`: {error}"))
}

fn api(api: Api) -> Result<Arc<ApiFacts>, String> {
    let service_url = match api.service_url {
        Some(url) => Some(BaseUrl::parse(&url).map_err(|error| format!("`context.Api.ServiceUrl`: {error}"))?.into()),
        None => None,
    };
    Ok(Arc::new(ApiFacts {
        name: api.name.as_deref().unwrap_or(&api.id).into(),
        id: api.id.into(),
        path: api.path.trim_matches('/').into(),
        protocols: api.protocols.into_iter().map(Into::into).collect(),
        service_url,
        revision: api.revision.into(),
        version: api.version.into(),
        is_current_revision: api.is_current_revision,
        subscription_key_header: "Ocp-Apim-Subscription-Key".into(),
        subscription_key_query: "subscription-key".into(),
        ..ApiFacts::default()
    }))
}

fn operation(operation: Operation) -> Arc<OperationFacts> {
    Arc::new(OperationFacts {
        name: operation.name.as_deref().unwrap_or(&operation.id).into(),
        id: operation.id.into(),
        method: operation.method.into(),
        url_template: operation.url_template.into(),
        ..OperationFacts::default()
    })
}

fn product(product: Product) -> Arc<ProductFacts> {
    Arc::new(ProductFacts {
        name: product.name.as_deref().unwrap_or(&product.id).into(),
        id: product.id.into(),
        approval_required: product.approval_required,
        subscription_required: product.subscription_required,
        subscriptions_limit: product.subscriptions_limit,
        is_published: product.state.is_none_or(|state| state == "Published"),
        groups: groups(product.groups),
        apis: Vec::new(),
    })
}

fn subscription(subscription: Subscription) -> Arc<SubscriptionFacts> {
    Arc::new(SubscriptionFacts {
        name: subscription.name.as_deref().unwrap_or(&subscription.id).into(),
        id: subscription.id.into(),
        primary_key: subscription.primary_key.or(subscription.key).map(Secret::from),
        secondary_key: subscription.secondary_key.map(Secret::from),
        created_date: subscription.created_date.map(Into::into),
        start_date: subscription.start_date.map(Into::into),
        end_date: subscription.end_date.map(Into::into),
    })
}

fn user(user: User) -> Arc<UserFacts> {
    Arc::new(UserFacts {
        id: user.id.into(),
        email: user.email.into(),
        first_name: user.first_name.into(),
        last_name: user.last_name.into(),
        note: user.note.into(),
        registration_date: user.registration_date.map(Into::into),
        groups: groups(user.groups),
        identities: user.identities.into_iter().map(|known| (known.id.into(), known.provider.into())).collect(),
    })
}

fn groups(groups: Vec<Group>) -> Vec<(Arc<str>, Arc<str>)> {
    let pair = |group| match group {
        Group::Name(name) => (name.as_str().into(), name.into()),
        Group::Both { id, name } => (id.into(), name.into()),
    };
    groups.into_iter().map(pair).collect()
}

fn deployment(deployment: Deployment) -> Arc<DeploymentFacts> {
    let mut facts = DeploymentFacts::default();
    for (part, text) in [
        (&mut facts.gateway_id, deployment.gateway_id),
        (&mut facts.region, deployment.region),
        (&mut facts.service_id, deployment.service_id),
        (&mut facts.service_name, deployment.service_name),
    ] {
        if let Some(text) = text {
            *part = text.into();
        }
    }
    Arc::new(facts)
}
