//! The `context` object: what its members are, answered by the host.

mod item;
mod member;
mod url;

use crate::expr::code::{Run, View};
use crate::expr::dotnet::{DateTime, DateTimeKind};
use crate::expr::fault::Fault;
use crate::expr::host::{Message, Number, Part, Text, Url};
use crate::expr::types::Table;
use crate::expr::value::{Str, Value};

/// The part that a member of a part is.
pub(crate) fn part(view: View, name: &str) -> Option<View> {
    Some(match (view, name) {
        (View::Context, "Request") => View::Request,
        (View::Context, "Response") => View::Response,
        (View::Context, "Api") => View::Api,
        (View::Context, "Deployment") => View::Deployment,
        (View::Context, "Operation") => View::Operation,
        (View::Context, "Product") => View::Product,
        (View::Context, "Subscription") => View::Subscription,
        (View::Context, "User") => View::User,
        (View::Context, "LastError") => View::LastError,
        (View::Context, "Backend") => View::Backend,
        (View::Context, "GraphQL") => View::GraphQL,
        (View::Context, "Workspace") => View::Workspace,
        (View::Context, "Variables") => View::Variables,
        (View::Request, "Headers") => View::Headers(Message::Request),
        (View::Request, "Body") => View::Body(Message::Request),
        (View::Request, "Url") => View::Url(Url::Current),
        (View::Request, "OriginalUrl") => View::Url(Url::Original),
        (View::Request, "MatchedParameters") => View::MatchedParameters,
        (View::Request, "PrivateEndpointConnection") => View::PrivateEndpoint,
        (View::Request, "Foundry") => View::Foundry,
        (View::Response, "Headers") => View::Headers(Message::Response),
        (View::Response, "Body") => View::Body(Message::Response),
        (View::Api, "ServiceUrl") => View::Url(Url::Service),
        (View::Api, "SubscriptionKeyParameterNames") => View::KeyNames,
        (View::Url(url), "Query") => View::Query(url),
        (View::Deployment, "Gateway") => View::Gateway,
        (View::Deployment, "SustainabilityInfo") => View::Sustainability,
        (View::Deployment, "Certificates") => View::DeploymentCertificates,
        (View::GraphQL, "Arguments" | "GraphQLArguments") => View::GraphQLArguments,
        (View::GraphQL, "Parent") => View::GraphQLParent,
        _ => return None,
    })
}

/// The text that a member of a part is.
pub(crate) fn text_member(view: View, name: &str) -> Option<Text> {
    Some(match (view, name) {
        (View::Request, "Method") => Text::RequestMethod,
        (View::Request, "IpAddress") => Text::RequestIpAddress,
        (View::Response, "StatusReason") => Text::ResponseStatusReason,
        (View::Url(url), "Scheme") => Text::UrlScheme(url),
        (View::Url(url), "Host") => Text::UrlHost(url),
        (View::Url(url), "Path") => Text::UrlPath(url),
        (View::Url(url), "QueryString") => Text::UrlQueryString(url),
        (View::Api, "Id") => Text::ApiId,
        (View::Api, "Name") => Text::ApiName,
        (View::Api, "Path") => Text::ApiPath,
        (View::Api, "Revision") => Text::ApiRevision,
        (View::Api, "Version") => Text::ApiVersion,
        (View::KeyNames, "Header") => Text::ApiSubscriptionKeyHeader,
        (View::KeyNames, "Query") => Text::ApiSubscriptionKeyQuery,
        (View::Backend, "Id") => Text::BackendId,
        (View::Backend, "AzureRegion") => Text::BackendAzureRegion,
        (View::Deployment, "GatewayId") | (View::Gateway, "Id") => Text::DeploymentGatewayId,
        (View::Gateway, "InstanceId") => Text::DeploymentGatewayInstanceId,
        (View::Deployment, "Region") => Text::DeploymentRegion,
        (View::Deployment, "ServiceId") => Text::DeploymentServiceId,
        (View::Deployment, "ServiceName") => Text::DeploymentServiceName,
        (View::LastError, "Source") => Text::LastErrorSource,
        (View::LastError, "Reason") => Text::LastErrorReason,
        (View::LastError, "Message") => Text::LastErrorMessage,
        (View::LastError, "Scope") => Text::LastErrorScope,
        (View::LastError, "Section") => Text::LastErrorSection,
        (View::LastError, "Path") => Text::LastErrorPath,
        (View::LastError, "PolicyId") => Text::LastErrorPolicyId,
        (View::Operation, "Id") => Text::OperationId,
        (View::Operation, "Name") => Text::OperationName,
        (View::Operation, "Method") => Text::OperationMethod,
        (View::Operation, "UrlTemplate") => Text::OperationUrlTemplate,
        (View::Product, "Id") => Text::ProductId,
        (View::Product, "Name") => Text::ProductName,
        (View::Subscription, "Id") => Text::SubscriptionId,
        (View::Subscription, "Name") => Text::SubscriptionName,
        (View::Subscription, "Key") => Text::SubscriptionKey,
        (View::Subscription, "PrimaryKey") => Text::SubscriptionPrimaryKey,
        (View::Subscription, "SecondaryKey") => Text::SubscriptionSecondaryKey,
        (View::User, "Id") => Text::UserId,
        (View::User, "Email") => Text::UserEmail,
        (View::User, "FirstName") => Text::UserFirstName,
        (View::User, "LastName") => Text::UserLastName,
        (View::User, "Note") => Text::UserNote,
        (View::Workspace, "Id") => Text::WorkspaceId,
        (View::Workspace, "Name") => Text::WorkspaceName,
        (View::PrivateEndpoint, "Name") => Text::PrivateEndpointName,
        (View::PrivateEndpoint, "GroupId") => Text::PrivateEndpointGroupId,
        (View::PrivateEndpoint, "MemberName") => Text::PrivateEndpointMemberName,
        (View::Foundry, "Deployment") => Text::FoundryDeployment,
        _ => return None,
    })
}

/// What has to be there for a part to be there.
fn needed(view: View) -> Option<Part> {
    Some(match view {
        View::Api | View::KeyNames | View::Url(Url::Service) => Part::Api,
        View::Backend => Part::Backend,
        View::GraphQL | View::GraphQLArguments | View::GraphQLParent => Part::GraphQL,
        View::LastError => Part::LastError,
        View::Operation => Part::Operation,
        View::Product => Part::Product,
        View::Body(Message::Request) => Part::RequestBody,
        View::Response | View::Headers(Message::Response) => Part::Response,
        View::Body(Message::Response) => Part::ResponseBody,
        View::Subscription => Part::Subscription,
        View::User => Part::User,
        View::Workspace => Part::Workspace,
        View::PrivateEndpoint => Part::PrivateEndpointConnection,
        View::Foundry => Part::Foundry,
        _ => return None,
    })
}

/// The part that must be there for a text to be read.
pub(crate) fn owner(member: Text) -> Option<Part> {
    Some(match member {
        Text::ResponseStatusReason => Part::Response,
        Text::UrlScheme(Url::Service)
        | Text::UrlHost(Url::Service)
        | Text::UrlPath(Url::Service)
        | Text::UrlQueryString(Url::Service)
        | Text::ApiId
        | Text::ApiName
        | Text::ApiPath
        | Text::ApiRevision
        | Text::ApiVersion
        | Text::ApiSubscriptionKeyHeader
        | Text::ApiSubscriptionKeyQuery => Part::Api,
        Text::BackendId | Text::BackendAzureRegion | Text::BackendType => Part::Backend,
        Text::LastErrorSource
        | Text::LastErrorReason
        | Text::LastErrorMessage
        | Text::LastErrorScope
        | Text::LastErrorSection
        | Text::LastErrorPath
        | Text::LastErrorPolicyId => Part::LastError,
        Text::OperationId | Text::OperationName | Text::OperationMethod | Text::OperationUrlTemplate => Part::Operation,
        Text::ProductId | Text::ProductName | Text::ProductState => Part::Product,
        Text::SubscriptionId
        | Text::SubscriptionName
        | Text::SubscriptionKey
        | Text::SubscriptionPrimaryKey
        | Text::SubscriptionSecondaryKey => Part::Subscription,
        Text::UserId | Text::UserEmail | Text::UserFirstName | Text::UserLastName | Text::UserNote => Part::User,
        Text::WorkspaceId | Text::WorkspaceName => Part::Workspace,
        Text::PrivateEndpointName | Text::PrivateEndpointGroupId | Text::PrivateEndpointMemberName => {
            Part::PrivateEndpointConnection
        }
        Text::FoundryDeployment => Part::Foundry,
        _ => return None,
    })
}

/// Throws when a message is null.
pub(crate) fn require_message(run: &mut Run<'_>, message: Message) -> Result<(), Fault> {
    if message == Message::Response && !run.host.has(Part::Response) {
        return Err(Fault::null_reference());
    }
    Ok(())
}

/// A part as a value: null when it is not there.
fn open(run: &mut Run<'_>, view: View) -> Value {
    match needed(view) {
        Some(part) if !run.host.has(part) => Value::Null,
        _ => Value::View(view),
    }
}

fn view(value: &Value) -> Option<View> {
    match value {
        Value::View(view) => Some(*view),
        _ => None,
    }
}

fn moment(time: std::time::SystemTime) -> DateTime {
    let (seconds, nanos) = match time.duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => (i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos()),
        Err(before) => (-i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX), 0),
    };
    DateTime::from_unix(seconds, nanos).with_kind(DateTimeKind::Utc)
}

/// The time of day, UTC.
pub(crate) fn now(run: &mut Run<'_>) -> DateTime {
    moment(run.host.now())
}

/// The full URL, without the port when it is the scheme's default.
pub(crate) fn url_text(run: &mut Run<'_>, url: Url) -> String {
    let mut read = |member| run.host.text(member).map(std::borrow::Cow::into_owned).unwrap_or_default();
    let (scheme, host) = (read(Text::UrlScheme(url)), read(Text::UrlHost(url)));
    let (path, query) = (read(Text::UrlPath(url)), read(Text::UrlQueryString(url)));
    let port = run.host.number(Number::UrlPort(url)).unwrap_or(0);
    let default = match scheme.as_str() {
        "http" | "ws" => 80,
        "https" | "wss" => 443,
        _ => 0,
    };
    let port = if port == default || port <= 0 { String::new() } else { format!(":{port}") };
    format!("{scheme}://{host}{port}{path}{query}")
}

/// `ToString()` of a part.
pub(crate) fn text_of(run: &mut Run<'_>, view: View) -> Result<Str, Fault> {
    Ok(match view {
        View::Url(url) => {
            let text = url_text(run, url);
            run.charge(text.len())?;
            text.into()
        }
        other => other.ty().reflection_name().into(),
    })
}

/// Adds the members of `context`.
pub(super) fn register(table: &mut Table) {
    member::register(table);
    url::register(table);
    item::register(table);
}
