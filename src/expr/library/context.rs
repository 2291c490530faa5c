//! The `context` object: its types and their members, answered by the host.

use crate::expr::code::{Run, View};
use crate::expr::dotnet::{DateTime, DateTimeKind, Guid, TimeSpan};
use crate::expr::fault::Fault;
use crate::expr::host::{Flag, Item, List, Message, Number, Part, Text, Time, Url};
use crate::expr::library::array;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Response, Str, Value};

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

/// Throws when the owner of a text is null.
pub(crate) fn require(run: &mut Run<'_>, member: Text) -> Result<(), Fault> {
    let part = match member {
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
        _ => return Ok(()),
    };
    if run.host.has(part) { Ok(()) } else { Err(Fault::null_reference()) }
}

/// Throws when a message is null.
pub(crate) fn require_message(run: &mut Run<'_>, message: Message) -> Result<(), Fault> {
    if message == Message::Response && !run.host.has(Part::Response) {
        return Err(Fault::null_reference());
    }
    Ok(())
}

/// Several values joined with commas; None when there is none.
pub(crate) fn joined(mut nth: impl FnMut(usize) -> Option<String>) -> Option<String> {
    let mut out = nth(0)?;
    let mut index = 1;
    while let Some(more) = nth(index) {
        out.push(',');
        out.push_str(&more);
        index += 1;
    }
    Some(out)
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
        View::Url(url) => url_text(run, url).into(),
        other => other.ty().reflection_name().into(),
    })
}

/// A group, identity or API of a list.
struct ListItem {
    ty: TypeId,
    item: Item,
}

impl Object for ListItem {
    fn ty(&self) -> Ty {
        Ty::Named(self.ty)
    }
}

fn list(run: &mut Run<'_>, member: List, ty: TypeId) -> Value {
    let items = run.host.list(member);
    let items = items.into_iter().map(|item| Value::object(ListItem { ty, item })).collect();
    array::array(Ty::Named(ty), items)
}

fn item(value: &Value) -> Option<&Item> {
    value.downcast::<ListItem>().map(|l| &l.item)
}

/// The pairs or items that a part enumerates.
pub(crate) fn items(run: &mut Run<'_>, view: View) -> Result<Vec<Value>, Fault> {
    let keys = super::dictionary_view::keys(run, view);
    let mut out = Vec::with_capacity(keys.len());
    let value_ty = view.ty().args().get(1).cloned().unwrap_or(Ty::Object);
    for key in keys {
        let value = super::dictionary_view::get(run, view, &key).unwrap_or(Value::Null);
        let pair = super::key_value_pair::make(Ty::String, value_ty.clone(), Value::from(key), value);
        out.push(pair);
    }
    Ok(out)
}

macro_rules! parts {
    ($table:ident $owner:ident: $($text:literal)*) => {
        $({
            $table.on(TypeId::$owner).def($text, |run, a| {
                const NAME: &str = last_word($text);
                match view(&a[0]).and_then(|v| part(v, NAME)) {
                    Some(found) => Ok(open(run, found)),
                    None => Ok(Value::Null),
                }
            });
        })*
    };
}

macro_rules! texts {
    ($table:ident $owner:ident: $($text:literal)*) => {
        $({
            $table.on(TypeId::$owner).def($text, |run, a| {
                const NAME: &str = last_word($text);
                match view(&a[0]).and_then(|v| text_member(v, NAME)) {
                    Some(member) => Ok(run.host.text(member).map(Str::from).into()),
                    None => Ok(Value::Null),
                }
            });
        })*
    };
}

/// The name in `Type Name`.
const fn last_word(text: &'static str) -> &'static str {
    let bytes = text.as_bytes();
    let mut at = bytes.len();
    while at > 0 && bytes[at - 1] != b' ' {
        at -= 1;
    }
    text.split_at(at).1
}

/// Adds the members of `context`.
pub(super) fn register(table: &mut Table) {
    parts!(table IExpressionContext:
        "IContextApi Api" "IBackend Backend" "IDeployment Deployment" "IGraphQL GraphQL" "ILastError LastError"
        "IOperation Operation" "IProduct Product" "IRequest Request" "IResponse Response" "ISubscription Subscription"
        "IUser User" "IReadOnlyDictionary<string, object> Variables" "IWorkspace Workspace");
    parts!(table IRequest:
        "IMessageBody Body" "IReadOnlyDictionary<string, string[]> Headers" "IUrl Url" "IUrl OriginalUrl"
        "IReadOnlyDictionary<string, string> MatchedParameters" "IPrivateEndpointConnection PrivateEndpointConnection"
        "IFoundry Foundry");
    parts!(table IApi: "IUrl ServiceUrl" "ISubscriptionKeyParameterNames SubscriptionKeyParameterNames");
    parts!(table IUrl: "IReadOnlyDictionary<string, string[]> Query");
    parts!(table IDeployment:
        "IGateway Gateway" "ISustainabilityInfo SustainabilityInfo"
        "IReadOnlyDictionary<string, X509Certificate2> Certificates");
    parts!(table IGraphQL: "IGraphQLDataObject Arguments" "IGraphQLDataObject GraphQLArguments" "IGraphQLDataObject Parent");
    texts!(table IRequest: "string Method" "string IpAddress");
    texts!(table IUrl: "string Scheme" "string Host" "string Path" "string QueryString");
    texts!(table IContextApi: "string Revision" "string Version");
    texts!(table ISubscriptionKeyParameterNames: "string Header" "string Query");
    texts!(table IBackend: "string Id" "string AzureRegion");
    texts!(table IDeployment: "string GatewayId" "string Region" "string ServiceId" "string ServiceName");
    texts!(table IGateway: "string Id" "string InstanceId");
    texts!(table ILastError:
        "string Source" "string Reason" "string Message" "string Scope" "string Section" "string Path" "string PolicyId");
    texts!(table IOperation: "string Id" "string Name" "string Method" "string UrlTemplate");
    texts!(table IProduct: "string Id" "string Name");
    texts!(table ISubscription: "string Id" "string Name" "string Key" "string PrimaryKey" "string SecondaryKey");
    texts!(table IUser: "string Id" "string Email" "string FirstName" "string LastName" "string Note");
    texts!(table IWorkspace: "string Id" "string Name");
    texts!(table IPrivateEndpointConnection: "string Name" "string GroupId" "string MemberName");
    texts!(table IFoundry: "string Deployment");
    table
        .on(TypeId::IExpressionContext)
        .def("Guid RequestId", |run, _| Ok(Guid::from_bytes(run.host.request_id()).into()))
        .def("DateTime Timestamp", |run, _| Ok(time(run, Time::Timestamp).unwrap_or(DateTime::MIN).into()))
        .def("TimeSpan Elapsed", |run, _| {
            let ticks = run.host.elapsed().as_nanos() / 100;
            Ok(TimeSpan::from_ticks(i64::try_from(ticks).unwrap_or(i64::MAX)).into())
        })
        .def("bool Tracing", |run, _| Ok(run.host.flag(Flag::Tracing).into()))
        .def("void Trace(string message)", |run, a| {
            run.host.trace(&a[1].as_text().map(Str::to_string).unwrap_or_default());
            Ok(Value::Null)
        });
    table.on(TypeId::IRequest).def("X509Certificate2 Certificate", |run, _| match run.host.request_certificate() {
        Some(der) => super::certificate_value(&der),
        None => Ok(Value::Null),
    });
    table
        .on(TypeId::IApi)
        .def("string Id", |run, a| api_text(run, &a[0], Text::ApiId, |i| &i.id))
        .def("string Name", |run, a| api_text(run, &a[0], Text::ApiName, |i| &i.name))
        .def("string Path", |run, a| api_text(run, &a[0], Text::ApiPath, |i| &i.path))
        .def("IEnumerable<string> Protocols", |run, _| {
            let items = run.host.list(List::ApiProtocols);
            Ok(array::strings(items.into_iter().map(|i| i.id)))
        });
    table
        .on(TypeId::IContextApi)
        .def("bool IsCurrentRevision", |run, _| Ok(run.host.flag(Flag::ApiIsCurrentRevision).into()));
    table.on(TypeId::IBackend).def("BackendType Type", |run, _| {
        let pool = run.host.text(Text::BackendType).is_some_and(|t| t == "Pool");
        Ok(Value::enumeration(TypeId::BackendType, i64::from(pool)))
    });
    table.on(TypeId::IGateway).def("bool IsManaged", |run, _| Ok(run.host.flag(Flag::GatewayIsManaged).into()));
    table.on(TypeId::ISustainabilityInfo).def("CarbonIntensityCategory CurrentCarbonIntensity", |_, _| {
        Ok(Value::enumeration(TypeId::CarbonIntensityCategory, 0))
    });
    table.on(TypeId::ILastError).def("int HttpErrorCode", |run, _| {
        Ok(Value::Int(run.host.number(Number::LastErrorHttpErrorCode).unwrap_or(0) as i32))
    });
    table
        .on(TypeId::IProduct)
        .def("bool ApprovalRequired", |run, _| Ok(run.host.flag(Flag::ProductApprovalRequired).into()))
        .def("bool SubscriptionRequired", |run, _| Ok(run.host.flag(Flag::ProductSubscriptionRequired).into()))
        .def("ProductState State", |run, _| {
            let published = run.host.text(Text::ProductState).is_some_and(|t| t == "Published");
            Ok(Value::enumeration(TypeId::ProductState, i64::from(published)))
        })
        .def("int? SubscriptionsLimit", |run, _| Ok(limit(run)))
        .def("int? SubscriptionLimit", |run, _| Ok(limit(run)))
        .def("IEnumerable<IGroup> Groups", |run, _| Ok(list(run, List::ProductGroups, TypeId::IGroup)))
        .def("IEnumerable<IApi> Apis", |run, _| Ok(list(run, List::ProductApis, TypeId::IApi)));
    table
        .on(TypeId::ISubscription)
        .def("DateTime CreatedDate", |run, _| {
            Ok(time(run, Time::SubscriptionCreatedDate).unwrap_or(DateTime::MIN).into())
        })
        .def("DateTime? StartDate", |run, _| Ok(time(run, Time::SubscriptionStartDate).into()))
        .def("DateTime? EndDate", |run, _| Ok(time(run, Time::SubscriptionEndDate).into()));
    table
        .on(TypeId::IUser)
        .def("IEnumerable<IGroup> Groups", |run, _| Ok(list(run, List::UserGroups, TypeId::IGroup)))
        .def("IEnumerable<IUserIdentity> Identities", |run, _| {
            Ok(list(run, List::UserIdentities, TypeId::IUserIdentity))
        })
        .def("DateTime RegistrationDate", |run, _| {
            Ok(time(run, Time::UserRegistrationDate).unwrap_or(DateTime::MIN).into())
        });
    table
        .on(TypeId::IGroup)
        .def("string Id", |_, a| Ok(item(&a[0]).map(|i| i.id.clone()).into()))
        .def("string Name", |_, a| Ok(item(&a[0]).map(|i| i.name.clone()).into()));
    table
        .on(TypeId::IUserIdentity)
        .def("string Id", |_, a| Ok(item(&a[0]).map(|i| i.id.clone()).into()))
        .def("string Provider", |_, a| Ok(item(&a[0]).map(|i| i.name.clone()).into()));
    table.on(TypeId::IUrl).def("int Port", |run, a| match view(&a[0]) {
        Some(View::Url(url)) => Ok(Value::Int(run.host.number(Number::UrlPort(url)).unwrap_or(0) as i32)),
        _ => Ok(Value::Int(0)),
    });
    register_response(table);
}

fn register_response(table: &mut Table) {
    table
        .on(TypeId::IResponse)
        .def("int StatusCode", |run, a| {
            Ok(Value::Int(match a[0].downcast::<Response>() {
                Some(response) => response.status(),
                None => run.host.number(Number::ResponseStatusCode).unwrap_or(0) as i32,
            }))
        })
        .def("string StatusReason", |run, a| {
            Ok(match a[0].downcast::<Response>() {
                Some(response) => response.reason().into(),
                None => run.host.text(Text::ResponseStatusReason).map(Str::from).into(),
            })
        })
        .def("IReadOnlyDictionary<string, string[]> Headers", |_, a| {
            Ok(match a[0].downcast::<Response>() {
                Some(response) => super::dictionary::of_headers(response.headers()),
                None => Value::View(View::Headers(Message::Response)),
            })
        })
        .def("IMessageBody Body", |run, a| {
            Ok(match a[0].downcast::<Response>() {
                Some(response) if response.has_body() => super::message_body::of_response(response.clone()),
                Some(_) => Value::Null,
                None => open(run, View::Body(Message::Response)),
            })
        });
}

fn api_text(run: &mut Run<'_>, api: &Value, member: Text, of: fn(&Item) -> &String) -> Result<Value, Fault> {
    Ok(match item(api) {
        Some(item) => of(item).as_str().into(),
        None => run.host.text(member).map(Str::from).into(),
    })
}

fn limit(run: &mut Run<'_>) -> Value {
    run.host.number(Number::ProductSubscriptionsLimit).map(|n| n as i32).into()
}

fn time(run: &mut Run<'_>, member: Time) -> Option<DateTime> {
    run.host.time(member).map(moment)
}
