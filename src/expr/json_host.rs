//! A host that answers from a JSON document, for tests and for trying expressions out.

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value as Json;

use super::Value;
use super::host::{
    ApiItem, Body, BodyError, DeploymentCertificate, Flag, Host, Item, List, Message, Number, Part, Text, Time, Url,
};

mod variable;

/// Answers `context` from a JSON document.
///
/// The document has the members of `context` in camel case; each is optional:
///
/// ```json
/// {"timestamp": "2024-03-15T10:30:45Z", "requestId": "0f8fad5b-d9cb-469f-a165-70867728950e",
///  "request": {"method": "GET", "url": "https://host/path?q=1", "headers": {"Accept": ["text/plain"]}, "body": null},
///  "response": {"statusCode": 200, "headers": {}, "body": "text"},
///  "variables": {"n": 1, "g": {"type": "Guid", "value": "0f8fad5b-d9cb-469f-a165-70867728950e"}},
///  "api": {"id": "orders"}, "user": {"id": "u", "groups": [{"id": "g", "name": "G"}]}}
/// ```
///
/// `request.certificate` is PEM, or DER in base64; `deployment.certificates` has such texts by id, or
/// `{"pfx": base64, "password": "…"}`.
#[derive(Clone, Debug, Default)]
pub struct JsonHost {
    document: Json,
    variables: Vec<(String, Value)>,
    request_body: BodyState,
    response_body: BodyState,
    /// What `context.Trace` wrote.
    pub trace: Vec<String>,
}

#[derive(Clone, Debug, Default)]
enum BodyState {
    #[default]
    None,
    Here(Vec<u8>),
    Consumed,
}

impl BodyState {
    fn of(body: &Json) -> Self {
        body.as_str().map_or(Self::None, |text| Self::Here(text.as_bytes().to_vec()))
    }
}

impl JsonHost {
    /// A host for a document.
    pub fn new(document: Json) -> Self {
        let mut variables = Vec::new();
        if let Some(map) = document["variables"].as_object() {
            variables.extend(map.iter().map(|(name, value)| (name.clone(), variable::value(value))));
        }
        Self {
            request_body: BodyState::of(&document["request"]["body"]),
            response_body: BodyState::of(&document["response"]["body"]),
            document,
            variables,
            trace: Vec::new(),
        }
    }

    /// Lays `setup` over a document: members recursively, but `headers` and `variables` are replaced whole, and null
    /// takes a member away.
    pub fn overlaid(mut document: Json, setup: &Json) -> Self {
        overlay(&mut document, setup);
        Self::new(document)
    }

    /// Sets a variable.
    pub fn set_variable(&mut self, name: &str, value: Value) {
        self.variables.retain(|(n, _)| n != name);
        self.variables.push((name.to_owned(), value));
    }

    fn url(&self, url: Url) -> Option<(&str, &str, &str, &str)> {
        let text = match url {
            Url::Current => &self.document["request"]["url"],
            Url::Original => &self.document["request"]["originalUrl"],
            Url::Service => &self.document["api"]["serviceUrl"],
        };
        let text = text.as_str()?;
        let (scheme, rest) = text.split_once("://")?;
        let at = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(at);
        let at = rest.find('?').unwrap_or(rest.len());
        let (path, query) = rest.split_at(at);
        Some((scheme, authority, if path.is_empty() { "/" } else { path }, query))
    }

    fn headers(&self, message: Message) -> Option<&serde_json::Map<String, Json>> {
        let name = match message {
            Message::Request => "request",
            Message::Response => "response",
        };
        self.document[name]["headers"].as_object()
    }
}

fn overlay(document: &mut Json, setup: &Json) {
    let Some(members) = setup.as_object() else {
        *document = setup.clone();
        return;
    };
    if !document.is_object() {
        *document = Json::Object(serde_json::Map::new());
    }
    for (name, value) in members {
        if value.is_object() && name != "headers" && name != "variables" {
            overlay(&mut document[name.as_str()], value);
        } else {
            document[name.as_str()] = value.clone();
        }
    }
}

/// Where a text member is in the document.
fn path(member: Text) -> Option<&'static str> {
    Some(match member {
        Text::RequestMethod => "/request/method",
        Text::RequestIpAddress => "/request/ipAddress",
        Text::ResponseStatusReason => "/response/statusReason",
        Text::ApiId => "/api/id",
        Text::ApiName => "/api/name",
        Text::ApiPath => "/api/path",
        Text::ApiRevision => "/api/revision",
        Text::ApiVersion => "/api/version",
        Text::ApiSubscriptionKeyHeader => "/api/subscriptionKeyParameterNames/header",
        Text::ApiSubscriptionKeyQuery => "/api/subscriptionKeyParameterNames/query",
        Text::BackendId => "/backend/id",
        Text::BackendAzureRegion => "/backend/azureRegion",
        Text::BackendType => "/backend/type",
        Text::DeploymentGatewayId => "/deployment/gatewayId",
        Text::DeploymentGatewayInstanceId => "/deployment/instanceId",
        Text::DeploymentRegion => "/deployment/region",
        Text::DeploymentServiceId => "/deployment/serviceId",
        Text::DeploymentServiceName => "/deployment/serviceName",
        Text::LastErrorSource => "/lastError/source",
        Text::LastErrorReason => "/lastError/reason",
        Text::LastErrorMessage => "/lastError/message",
        Text::LastErrorScope => "/lastError/scope",
        Text::LastErrorSection => "/lastError/section",
        Text::LastErrorPath => "/lastError/path",
        Text::LastErrorPolicyId => "/lastError/policyId",
        Text::OperationId => "/operation/id",
        Text::OperationName => "/operation/name",
        Text::OperationMethod => "/operation/method",
        Text::OperationUrlTemplate => "/operation/urlTemplate",
        Text::ProductId => "/product/id",
        Text::ProductName => "/product/name",
        Text::ProductState => "/product/state",
        Text::SubscriptionId => "/subscription/id",
        Text::SubscriptionName => "/subscription/name",
        Text::SubscriptionKey => "/subscription/key",
        Text::SubscriptionPrimaryKey => "/subscription/primaryKey",
        Text::SubscriptionSecondaryKey => "/subscription/secondaryKey",
        Text::UserId => "/user/id",
        Text::UserEmail => "/user/email",
        Text::UserFirstName => "/user/firstName",
        Text::UserLastName => "/user/lastName",
        Text::UserNote => "/user/note",
        Text::WorkspaceId => "/workspace/id",
        Text::WorkspaceName => "/workspace/name",
        Text::PrivateEndpointName => "/request/privateEndpointConnection/name",
        Text::PrivateEndpointGroupId => "/request/privateEndpointConnection/groupId",
        Text::PrivateEndpointMemberName => "/request/privateEndpointConnection/memberName",
        Text::FoundryDeployment => "/request/foundry/deployment",
        Text::DeploymentCarbonIntensity => "/deployment/currentCarbonIntensity",
        Text::UrlScheme(_) | Text::UrlHost(_) | Text::UrlPath(_) | Text::UrlQueryString(_) => return None,
    })
}

fn instant(value: &Json) -> Option<SystemTime> {
    variable::time(value.as_str()?)
}

impl Host for JsonHost {
    fn has(&mut self, part: Part) -> bool {
        let found = match part {
            Part::Api => &self.document["api"],
            Part::Backend => &self.document["backend"],
            Part::GraphQL => &self.document["graphQL"],
            Part::LastError => &self.document["lastError"],
            Part::Operation => &self.document["operation"],
            Part::Product => &self.document["product"],
            Part::RequestBody => &self.document["request"]["body"],
            Part::Response => &self.document["response"],
            Part::ResponseBody => &self.document["response"]["body"],
            Part::Subscription => &self.document["subscription"],
            Part::User => &self.document["user"],
            Part::Workspace => &self.document["workspace"],
            Part::PrivateEndpointConnection => &self.document["request"]["privateEndpointConnection"],
            Part::Foundry => &self.document["request"]["foundry"],
        };
        !found.is_null()
    }

    fn text(&mut self, member: Text) -> Option<Cow<'_, str>> {
        let part = match member {
            Text::UrlScheme(url) => self.url(url)?.0,
            Text::UrlHost(url) => self.url(url)?.1.split(':').next().unwrap_or_default(),
            Text::UrlPath(url) => self.url(url)?.2,
            Text::UrlQueryString(url) => self.url(url)?.3,
            Text::DeploymentGatewayInstanceId => {
                self.document.pointer("/deployment/instanceId").and_then(Json::as_str).unwrap_or("managed")
            }
            other => self.document.pointer(path(other)?)?.as_str()?,
        };
        Some(Cow::Borrowed(part))
    }

    fn flag(&mut self, member: Flag) -> bool {
        let value = match member {
            Flag::Tracing => &self.document["tracing"],
            Flag::ApiIsCurrentRevision => &self.document["api"]["isCurrentRevision"],
            Flag::ProductApprovalRequired => &self.document["product"]["approvalRequired"],
            Flag::ProductSubscriptionRequired => &self.document["product"]["subscriptionRequired"],
            Flag::GatewayIsManaged => return self.document["deployment"]["isManaged"].as_bool().unwrap_or(true),
        };
        value.as_bool().unwrap_or(false)
    }

    fn number(&mut self, member: Number) -> Option<i64> {
        match member {
            Number::ResponseStatusCode => self.document["response"]["statusCode"].as_i64(),
            Number::ProductSubscriptionsLimit => self.document["product"]["subscriptionsLimit"].as_i64(),
            Number::LastErrorHttpErrorCode => self.document["lastError"]["httpErrorCode"].as_i64(),
            Number::UrlPort(url) => {
                let (scheme, authority, ..) = self.url(url)?;
                match authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok()) {
                    Some(port) => Some(port),
                    None => Some(if scheme.eq_ignore_ascii_case("https") { 443 } else { 80 }),
                }
            }
        }
    }

    fn time(&mut self, member: Time) -> Option<SystemTime> {
        instant(match member {
            Time::Timestamp => &self.document["timestamp"],
            Time::SubscriptionCreatedDate => &self.document["subscription"]["createdDate"],
            Time::SubscriptionStartDate => &self.document["subscription"]["startDate"],
            Time::SubscriptionEndDate => &self.document["subscription"]["endDate"],
            Time::UserRegistrationDate => &self.document["user"]["registrationDate"],
        })
    }

    fn list(&mut self, member: List) -> Vec<Item> {
        let (list, second) = match member {
            List::ApiProtocols => (&self.document["api"]["protocols"], ""),
            List::ProductGroups => (&self.document["product"]["groups"], "name"),
            List::ProductApis => (&self.document["product"]["apis"], "name"),
            List::UserGroups => (&self.document["user"]["groups"], "name"),
            List::UserIdentities => (&self.document["user"]["identities"], "provider"),
        };
        let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
        let item = |json: &Json| match json {
            Json::String(id) => Item { id: id.clone(), ..Item::default() },
            other => {
                let api = (member == List::ProductApis).then(|| api_item(other));
                Item { id: text(&other["id"]), name: text(&other[second]), api }
            }
        };
        list.as_array().into_iter().flatten().map(item).collect()
    }

    fn request_certificate(&mut self) -> Option<Vec<u8>> {
        certificate_bytes(&self.document["request"]["certificate"])
    }

    fn deployment_certificates(&mut self) -> Vec<DeploymentCertificate> {
        let all = self.document["deployment"]["certificates"].as_object();
        let read = |(id, certificate): (&String, &Json)| {
            let pfx = certificate.get("pfx");
            let bytes = certificate_bytes(pfx.unwrap_or(certificate))?;
            let password = certificate["password"].as_str().unwrap_or_default().to_owned();
            Some(DeploymentCertificate { id: id.clone(), bytes, password })
        };
        all.into_iter().flatten().filter_map(read).collect()
    }

    fn header_values(&mut self, message: Message, name: &str) -> Vec<Cow<'_, str>> {
        let mut headers = self.headers(message).into_iter().flatten();
        match headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, values)| values) {
            Some(Json::Array(values)) => values.iter().filter_map(Json::as_str).map(Cow::Borrowed).collect(),
            Some(Json::String(value)) => vec![Cow::Borrowed(value)],
            _ => Vec::new(),
        }
    }

    fn header_names(&mut self, message: Message) -> Vec<String> {
        self.headers(message).into_iter().flat_map(|h| h.keys().cloned()).collect()
    }

    fn matched_parameter(&mut self, name: &str) -> Option<Cow<'_, str>> {
        self.document["request"]["matchedParameters"][name].as_str().map(Cow::Borrowed)
    }

    fn matched_parameter_names(&mut self) -> Vec<String> {
        let map = self.document["request"]["matchedParameters"].as_object();
        map.into_iter().flat_map(|m| m.keys().cloned()).collect()
    }

    fn variable(&mut self, name: &str) -> Option<Cow<'_, Value>> {
        self.variables.iter().find(|(n, _)| n == name).map(|(_, value)| Cow::Borrowed(value))
    }

    fn variable_names(&mut self) -> Vec<String> {
        self.variables.iter().map(|(name, _)| name.clone()).collect()
    }

    fn body(&mut self, message: Message, preserve: bool) -> Result<Body, BodyError> {
        let content_type = self.header_values(message, "Content-Type").into_iter().next().map(Cow::into_owned);
        let state = match message {
            Message::Request => &mut self.request_body,
            Message::Response => &mut self.response_body,
        };
        let bytes = match state {
            BodyState::None => return Err(BodyError::Failed("the message has no body".to_owned())),
            BodyState::Consumed => return Err(BodyError::Consumed),
            BodyState::Here(bytes) if preserve => bytes.clone(),
            BodyState::Here(bytes) => std::mem::take(bytes),
        };
        if !preserve {
            *state = BodyState::Consumed;
        }
        Ok(Body { bytes, content_type })
    }

    fn graphql(&mut self, parent: bool, name: &str) -> Option<String> {
        let part = if parent { "parent" } else { "arguments" };
        self.document["graphQL"][part].get(name).map(Json::to_string)
    }

    fn request_id(&mut self) -> [u8; 16] {
        self.document["requestId"].as_str().and_then(variable::guid).unwrap_or_default()
    }

    fn elapsed(&mut self) -> Duration {
        Duration::from_millis(self.document["elapsedMs"].as_u64().unwrap_or(0))
    }

    fn now(&mut self) -> SystemTime {
        instant(&self.document["now"]).unwrap_or_else(SystemTime::now)
    }

    fn trace(&mut self, message: &str) {
        self.trace.push(message.to_owned());
    }
}

/// The bytes of a certificate, which is PEM or base64.
fn certificate_bytes(json: &Json) -> Option<Vec<u8>> {
    let text = json.as_str()?;
    if text.starts_with("-----") {
        return Some(text.as_bytes().to_vec());
    }
    super::dotnet::base64::decode(text).ok()
}

fn api_item(json: &Json) -> ApiItem {
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    let names = &json["subscriptionKeyParameterNames"];
    ApiItem {
        path: text(&json["path"]),
        protocols: json["protocols"].as_array().into_iter().flatten().map(text).collect(),
        service_url: json["serviceUrl"].as_str().map(str::to_owned),
        subscription_key_header: text(&names["header"]),
        subscription_key_query: text(&names["query"]),
    }
}

/// The epoch plus a number of ticks of 100 ns.
fn from_unix_ticks(ticks: i64) -> SystemTime {
    let nanos = |ticks: i64| Duration::new((ticks / 10_000_000) as u64, (ticks % 10_000_000) as u32 * 100);
    if ticks >= 0 { UNIX_EPOCH + nanos(ticks) } else { UNIX_EPOCH - nanos(ticks.saturating_neg()) }
}
