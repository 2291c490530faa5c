//! Answers what expressions ask of `context`.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use http::{HeaderMap, header};

use super::super::facts::{ApiFacts, CertificateFacts};
use super::super::header_name;
use super::super::messages::MessageBody;
use super::{Context, UrlPart};
use crate::expr::dotnet::encoding::utf8;
use crate::expr::{
    self, ApiItem, BodyError, DeploymentCertificate, Flag, Host, Item, List, Message, Number, Part, Text, Time, Value,
};
use crate::forward::ClientCertificate;
use crate::sink::TraceSeverity;

impl Host for Context<'_> {
    fn has(&mut self, part: Part) -> bool {
        let facts = &self.exchange.facts;
        let is_there = |body: &MessageBody| !matches!(body, MessageBody::None);
        match part {
            Part::Api => facts.api.is_some(),
            Part::Backend => self.backend().is_some(),
            #[cfg(feature = "graphql")]
            Part::GraphQL => self.exchange.graphql.field.is_some(),
            Part::LastError => self.exchange.last_error.is_some(),
            Part::Operation => facts.operation.is_some(),
            Part::Product => facts.product.is_some(),
            Part::RequestBody => is_there(&self.exchange.request.body),
            Part::Response => self.exchange.response.is_some(),
            Part::ResponseBody => self.exchange.response.is_some(),
            Part::Subscription => facts.subscription.is_some(),
            Part::User => facts.user.is_some(),
            Part::Workspace => facts.workspace.is_some(),
            _ => false,
        }
    }

    fn text(&mut self, member: Text) -> Option<Cow<'_, str>> {
        if let Text::RequestIpAddress = member {
            return self.exchange.client_ip().map(|ip| Cow::Owned(ip.to_canonical().to_string()));
        }
        let (exchange, facts) = (&*self.exchange, &self.exchange.facts);
        let (api, operation, product) = (facts.api.as_deref(), facts.operation.as_deref(), facts.product.as_deref());
        let (subscription, user, deployment) =
            (facts.subscription.as_deref(), facts.user.as_deref(), facts.deployment.as_deref());
        let error = exchange.last_error.as_deref();
        match member {
            Text::RequestMethod => borrowed(exchange.request.method.as_str()),
            Text::ResponseStatusReason => exchange.response.as_ref().map(|response| response.reason()),
            Text::UrlScheme(url) => self.scheme(url).map(Cow::Borrowed),
            Text::UrlHost(url) => self.authority(url).map(|authority| Cow::Borrowed(split_port(authority).0)),
            Text::UrlPath(url) => self.url_part(url, UrlPart::Path),
            Text::UrlQueryString(url) => self.url_part(url, UrlPart::Query),
            Text::ApiId => borrowed(&api?.id),
            Text::ApiName => borrowed(&api?.name),
            Text::ApiPath => borrowed(&api?.path),
            Text::ApiRevision => borrowed(&api?.revision),
            Text::ApiVersion => borrowed(&api?.version),
            Text::ApiSubscriptionKeyHeader => borrowed(&api?.subscription_key_header),
            Text::ApiSubscriptionKeyQuery => borrowed(&api?.subscription_key_query),
            Text::BackendId => borrowed(&self.backend()?.id),
            Text::BackendAzureRegion => borrowed(self.backend()?.azure_region.as_deref()?),
            Text::BackendType => borrowed(if self.backend()?.is_pool { "Pool" } else { "Single" }),
            Text::DeploymentGatewayId => borrowed(deployment.map_or("managed", |deployment| &deployment.gateway_id)),
            Text::DeploymentGatewayInstanceId => {
                borrowed(deployment.map_or("managed", |deployment| &deployment.instance_id))
            }
            Text::DeploymentRegion => borrowed(deployment.map_or("", |deployment| &deployment.region)),
            Text::DeploymentServiceId => borrowed(deployment.map_or("", |deployment| &deployment.service_id)),
            Text::DeploymentServiceName => borrowed(deployment.map_or("", |deployment| &deployment.service_name)),
            Text::LastErrorSource => borrowed(&error?.source),
            Text::LastErrorReason => borrowed(&error?.reason),
            Text::LastErrorMessage => borrowed(&error?.message),
            Text::LastErrorScope => borrowed(error?.scope?.name()),
            Text::LastErrorSection => borrowed(error?.section?.name()),
            Text::LastErrorPath => borrowed(error?.path.as_deref()?),
            Text::LastErrorPolicyId => borrowed(error?.policy_id.as_deref()?),
            Text::OperationId => borrowed(&operation?.id),
            Text::OperationName => borrowed(&operation?.name),
            Text::OperationMethod => borrowed(&operation?.method),
            Text::OperationUrlTemplate => borrowed(&operation?.url_template),
            Text::ProductId => borrowed(&product?.id),
            Text::ProductName => borrowed(&product?.name),
            Text::ProductState => borrowed(if product?.is_published { "Published" } else { "NotPublished" }),
            Text::SubscriptionId => borrowed(&subscription?.id),
            Text::SubscriptionName => borrowed(&subscription?.name),
            Text::SubscriptionPrimaryKey => borrowed(subscription?.primary_key.as_ref()?.expose()),
            Text::SubscriptionSecondaryKey => borrowed(subscription?.secondary_key.as_ref()?.expose()),
            Text::SubscriptionKey => {
                let subscription = subscription?;
                let used =
                    if facts.used_secondary_key { &subscription.secondary_key } else { &subscription.primary_key };
                borrowed(used.as_ref()?.expose())
            }
            Text::UserId => borrowed(&user?.id),
            Text::UserEmail => borrowed(&user?.email),
            Text::UserFirstName => borrowed(&user?.first_name),
            Text::UserLastName => borrowed(&user?.last_name),
            Text::UserNote => borrowed(&user?.note),
            Text::WorkspaceId => borrowed(&facts.workspace.as_deref()?.0),
            Text::WorkspaceName => borrowed(&facts.workspace.as_deref()?.1),
            _ => None,
        }
    }

    fn flag(&mut self, member: Flag) -> bool {
        let facts = &self.exchange.facts;
        match member {
            Flag::Tracing => self.exchange.tracer.is_some(),
            Flag::ApiIsCurrentRevision => facts.api.as_ref().is_some_and(|api| api.is_current_revision),
            Flag::ProductApprovalRequired => facts.product.as_ref().is_some_and(|product| product.approval_required),
            Flag::ProductSubscriptionRequired => {
                facts.product.as_ref().is_some_and(|product| product.subscription_required)
            }
            Flag::GatewayIsManaged => {
                facts.deployment.as_ref().is_none_or(|deployment| &*deployment.gateway_id == "managed")
            }
        }
    }

    fn number(&mut self, member: Number) -> Option<i64> {
        match member {
            Number::ResponseStatusCode => Some(self.exchange.response.as_ref()?.status.as_u16().into()),
            Number::UrlPort(url) => {
                let port = split_port(self.authority(url)?).1;
                Some(port.unwrap_or(if self.scheme(url) == Some("https") { 443 } else { 80 }))
            }
            Number::ProductSubscriptionsLimit => {
                self.exchange.facts.product.as_ref()?.subscriptions_limit.map(Into::into)
            }
            Number::LastErrorHttpErrorCode => Some(self.exchange.last_error.as_ref()?.status.as_u16().into()),
        }
    }

    fn time(&mut self, member: Time) -> Option<SystemTime> {
        let facts = &self.exchange.facts;
        let text = match member {
            Time::Timestamp => return Some(self.exchange.received()),
            Time::SubscriptionCreatedDate => facts.subscription.as_ref()?.created_date.as_deref()?,
            Time::SubscriptionStartDate => facts.subscription.as_ref()?.start_date.as_deref()?,
            Time::SubscriptionEndDate => facts.subscription.as_ref()?.end_date.as_deref()?,
            Time::UserRegistrationDate => facts.user.as_ref()?.registration_date.as_deref()?,
        };
        text.parse::<jiff::Timestamp>().ok().map(SystemTime::from)
    }

    fn list(&mut self, member: List) -> Vec<Item> {
        let facts = &self.exchange.facts;
        let item = |id: &str, name: &str| Item { id: id.to_owned(), name: name.to_owned(), ..Item::default() };
        let pairs: &[(std::sync::Arc<str>, std::sync::Arc<str>)] = match member {
            List::ApiProtocols => {
                let protocols = facts.api.iter().flat_map(|api| &api.protocols);
                return protocols.map(|protocol| item(protocol, "")).collect();
            }
            List::ProductGroups => facts.product.as_ref().map_or(&[], |product| &product.groups),
            List::ProductApis => {
                let apis = facts.product.iter().flat_map(|product| &product.apis);
                return apis.map(|api| Item { api: Some(api_item(api)), ..item(&api.id, &api.name) }).collect();
            }
            List::UserGroups => facts.user.as_ref().map_or(&[], |user| &user.groups),
            List::UserIdentities => facts.user.as_ref().map_or(&[], |user| &user.identities),
        };
        pairs.iter().map(|(id, name)| item(id, name)).collect()
    }

    fn request_certificate(&mut self) -> Option<Vec<u8>> {
        self.exchange.request.extensions.get::<ClientCertificate>().map(|certificate| certificate.der.to_vec())
    }

    fn verify_certificate(&mut self, der: &[u8], _check_revocation: bool) -> bool {
        let shown = self.exchange.request.extensions.get::<ClientCertificate>();
        shown.is_some_and(|shown| shown.is_trusted && shown.der == der)
    }

    fn deployment_certificates(&mut self) -> Vec<DeploymentCertificate> {
        let deployment = self.exchange.facts.deployment.iter();
        deployment.flat_map(|deployment| &deployment.certificates).filter_map(deployment_certificate).collect()
    }

    fn header_values(&mut self, message: Message, name: &str) -> Vec<Cow<'_, str>> {
        let values = self.headers(message).into_iter().flat_map(|headers| headers.get_all(name));
        values.map(|value| utf8(value.as_bytes())).collect()
    }

    fn header_text(&mut self, message: Message, name: &str) -> Option<Cow<'_, str>> {
        let mut values = self.headers(message)?.get_all(name).into_iter();
        let mut text = utf8(values.next()?.as_bytes());
        for more in values {
            let joined = text.to_mut();
            joined.push(',');
            joined.push_str(&utf8(more.as_bytes()));
        }
        Some(text)
    }

    fn header_names(&mut self, message: Message) -> Vec<String> {
        self.headers(message).into_iter().flat_map(HeaderMap::keys).map(header_name::usual).collect()
    }

    fn matched_parameter(&mut self, name: &str) -> Option<Cow<'_, str>> {
        let parameters = &self.exchange.parameters;
        parameters.iter().find(|(known, _)| **known == *name).map(|(_, value)| Cow::Borrowed(value.as_str()))
    }

    fn matched_parameter_names(&mut self) -> Vec<String> {
        self.exchange.parameters.iter().map(|(name, _)| name.to_string()).collect()
    }

    fn variable(&mut self, name: &str) -> Option<Cow<'_, Value>> {
        self.exchange.variables.get(name).map(Cow::Borrowed)
    }

    fn variable_names(&mut self) -> Vec<String> {
        self.exchange.variables.iter().map(|(name, _)| name.to_string()).collect()
    }

    fn body(&mut self, message: Message, preserve: bool) -> Result<expr::Body, BodyError> {
        let content_type = self.headers(message).and_then(|headers| headers.get(header::CONTENT_TYPE));
        let content_type = content_type.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let Some(state) = self.body_state(message) else {
            return Err(BodyError::Failed("there is no such message".to_owned()));
        };
        let bytes = match state {
            MessageBody::None => Vec::new(),
            MessageBody::Bytes(bytes) => bytes.to_vec(),
            MessageBody::Consumed => return Err(BodyError::Consumed),
            MessageBody::Sent => return Err(BodyError::Failed("the body was sent to the backend".to_owned())),
            MessageBody::Stream(_) => return Err(BodyError::Failed("the body is not in memory".to_owned())),
        };
        if !preserve && matches!(state, MessageBody::Bytes(_)) {
            *state = MessageBody::Consumed;
        }
        Ok(expr::Body { bytes, content_type })
    }

    #[cfg(feature = "graphql")]
    fn graphql(&mut self, parent: bool, name: &str) -> Option<String> {
        self.exchange.graphql.field.as_ref()?.json(parent, name)
    }

    fn request_id(&mut self) -> [u8; 16] {
        self.exchange.id()
    }

    fn elapsed(&mut self) -> Duration {
        let received = self.exchange.received();
        self.exchange.settings.clock.wall().duration_since(received).unwrap_or_default()
    }

    fn random_bytes(&mut self, bytes: &mut [u8]) {
        self.exchange.settings.random.fill(bytes);
    }

    fn now(&mut self) -> SystemTime {
        self.exchange.settings.clock.wall()
    }

    fn trace(&mut self, message: &str) {
        self.exchange.trace("context.Trace", TraceSeverity::default(), message, Vec::new());
    }
}

/// A certificate as expressions open it; none when its text is no base64.
fn deployment_certificate(certificate: &CertificateFacts) -> Option<DeploymentCertificate> {
    let text = certificate.data.expose();
    let bytes = if text.starts_with("-----") {
        text.as_bytes().to_vec()
    } else {
        base64::engine::general_purpose::STANDARD.decode(text.trim()).ok()?
    };
    let password = certificate.password.as_ref().map(|password| password.expose().to_owned());
    Some(DeploymentCertificate { id: certificate.id.to_string(), bytes, password: password.unwrap_or_default() })
}

fn api_item(api: &ApiFacts) -> ApiItem {
    ApiItem {
        path: api.path.to_string(),
        protocols: api.protocols.iter().map(|protocol| protocol.to_string()).collect(),
        service_url: api
            .service_url
            .as_ref()
            .map(|url| format!("{}://{}{}", url.scheme().as_str(), url.authority().as_str(), url.path_and_query(""))),
        subscription_key_header: api.subscription_key_header.to_string(),
        subscription_key_query: api.subscription_key_query.to_string(),
    }
}

/// Splits `host:port`, brackets of IPv6 kept.
fn split_port(authority: &str) -> (&str, Option<i64>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => (host, port.parse().ok()),
        _ => (authority, None),
    }
}

fn borrowed(text: &str) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(text))
}
