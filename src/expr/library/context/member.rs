//! The members of `context` and of its parts.

use super::item::list;
use super::{moment, open, part, text_member, view};
use crate::expr::code::{Run, View};
use crate::expr::dotnet::{DateTime, Guid, TimeSpan};
use crate::expr::host::{Flag, List, Message, Number, Text, Time};
use crate::expr::json::Expected;
use crate::expr::library::json;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::{Response, Str, Value};

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

/// Adds the members of `context` and of its parts.
pub(super) fn register(table: &mut Table) {
    parts!(table IExpressionContext:
        "IContextApi Api" "IBackend Backend" "IDeployment Deployment" "IGraphQL GraphQL" "ILastError LastError"
        "IOperation Operation" "IProduct Product" "IRequest Request" "IResponse Response" "ISubscription Subscription"
        "IUser User" "IReadOnlyDictionary<string, object> Variables" "IWorkspace Workspace");
    parts!(table IRequest:
        "IMessageBody Body" "IReadOnlyDictionary<string, string[]> Headers" "IUrl Url" "IUrl OriginalUrl"
        "IReadOnlyDictionary<string, string> MatchedParameters" "IPrivateEndpointConnection PrivateEndpointConnection"
        "IFoundry Foundry");
    parts!(table IDeployment:
        "IGateway Gateway" "ISustainabilityInfo SustainabilityInfo"
        "IReadOnlyDictionary<string, X509Certificate2> Certificates");
    parts!(table IGraphQL: "IGraphQLDataObject Arguments" "IGraphQLDataObject GraphQLArguments" "IGraphQLDataObject Parent");
    texts!(table IRequest: "string Method" "string IpAddress");
    texts!(table IContextApi: "string Revision" "string Version");
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
        Some(der) => crate::expr::library::certificate::parse(run, &der, ""),
        None => Ok(Value::Null),
    });
    table
        .on(TypeId::IContextApi)
        .def("bool IsCurrentRevision", |run, _| Ok(run.host.flag(Flag::ApiIsCurrentRevision).into()));
    table.on(TypeId::IBackend).def("BackendType Type", |run, _| {
        let pool = run.host.text(Text::BackendType).is_some_and(|t| t == "Pool");
        Ok(Value::enumeration(TypeId::BackendType, i64::from(pool)))
    });
    table.on(TypeId::IGateway).def("bool IsManaged", |run, _| Ok(run.host.flag(Flag::GatewayIsManaged).into()));
    table.on(TypeId::ISustainabilityInfo).def("CarbonIntensityCategory CurrentCarbonIntensity", |run, _| {
        let constants = &crate::expr::types::table().info(TypeId::CarbonIntensityCategory).constants;
        let name = run.host.text(Text::DeploymentCarbonIntensity).unwrap_or_default();
        let number = constants.iter().find(|(known, _)| *known == name).map_or(0, |(_, number)| *number);
        Ok(Value::enumeration(TypeId::CarbonIntensityCategory, number))
    });
    table.on(TypeId::IGraphQLDataObject).def("JToken this[string key]", |run, a| {
        let name = crate::expr::library::args::string(&a[1], "key")?.text();
        match run.host.graphql(view(&a[0]) == Some(View::GraphQLParent), &name) {
            Some(json) => Ok(json::value(json::parse(run, &json, Expected::Anything)?)),
            None => Ok(Value::Null),
        }
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
                Some(response) => crate::expr::library::dictionary::of_headers(response.headers()),
                None => Value::View(View::Headers(Message::Response)),
            })
        })
        .def("IMessageBody Body", |run, a| {
            Ok(match a[0].downcast::<Response>() {
                Some(response) if response.has_body() => {
                    crate::expr::library::message_body::of_response(response.clone())
                }
                Some(_) => Value::Null,
                None => open(run, View::Body(Message::Response)),
            })
        });
}

fn limit(run: &mut Run<'_>) -> Value {
    run.host.number(Number::ProductSubscriptionsLimit).map(|n| n as i32).into()
}

fn time(run: &mut Run<'_>, member: Time) -> Option<DateTime> {
    run.host.time(member).map(moment)
}
