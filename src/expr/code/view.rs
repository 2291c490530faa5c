//! Parts of `context` as values: small, and read when they are asked.

use crate::expr::host::{Message, Url};
use crate::expr::types::{Ty, TypeId};

/// A part of `context`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum View {
    Context,
    Api,
    KeyNames,
    Backend,
    Deployment,
    Gateway,
    Sustainability,
    DeploymentCertificates,
    GraphQL,
    GraphQLArguments,
    GraphQLParent,
    LastError,
    Operation,
    Product,
    Request,
    Response,
    Headers(Message),
    Body(Message),
    MatchedParameters,
    Url(Url),
    Query(Url),
    PrivateEndpoint,
    Foundry,
    Subscription,
    User,
    Variables,
    Workspace,
}

impl View {
    pub(crate) fn ty(self) -> Ty {
        let dictionary = |value| Ty::generic(TypeId::IReadOnlyDictionary, [Ty::String, value]);
        Ty::Named(match self {
            Self::Context => TypeId::IExpressionContext,
            Self::Api => TypeId::IContextApi,
            Self::KeyNames => TypeId::ISubscriptionKeyParameterNames,
            Self::Backend => TypeId::IBackend,
            Self::Deployment => TypeId::IDeployment,
            Self::Gateway => TypeId::IGateway,
            Self::Sustainability => TypeId::ISustainabilityInfo,
            Self::DeploymentCertificates => return dictionary(Ty::Named(TypeId::X509Certificate2)),
            Self::GraphQL => TypeId::IGraphQL,
            Self::GraphQLArguments | Self::GraphQLParent => TypeId::IGraphQLDataObject,
            Self::LastError => TypeId::ILastError,
            Self::Operation => TypeId::IOperation,
            Self::Product => TypeId::IProduct,
            Self::Request => TypeId::IRequest,
            Self::Response => TypeId::IResponse,
            Self::Headers(_) | Self::Query(_) => return dictionary(Ty::array(Ty::String)),
            Self::Body(_) => TypeId::IMessageBody,
            Self::MatchedParameters => return dictionary(Ty::String),
            Self::Url(_) => TypeId::IUrl,
            Self::PrivateEndpoint => TypeId::IPrivateEndpointConnection,
            Self::Foundry => TypeId::IFoundry,
            Self::Subscription => TypeId::ISubscription,
            Self::User => TypeId::IUser,
            Self::Variables => return dictionary(Ty::Object),
            Self::Workspace => TypeId::IWorkspace,
        })
    }
}
