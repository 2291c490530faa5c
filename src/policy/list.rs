//! Every policy: one line each. A new policy is its file in `statements` and its line here.

use std::pin::Pin;

use super::compile::Compiler;
use super::document::Node;
use super::error::Failure;
use super::exchange::Exchange;
use super::messages::ResponseState;
use super::pipeline::Needs;
use super::spec::Spec;
use super::statements;
use crate::xml::Element;

/// What a statement does at run time.
pub(crate) trait Statement {
    /// Does it.
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>>;

    /// What must be at hand before.
    fn needs(&self) -> Needs;
}

/// How a request goes on after a statement.
pub(crate) enum Flow {
    /// With the next one.
    Continue,
    /// With this response at once: the rest of the pipeline is left out.
    End(Box<ResponseState>),
    /// With this response of a cache, and what follows the policy that keeps such responses in `outbound`.
    Cached(Box<ResponseState>, Keeper),
    /// When this work is done, as its [`Resume`] says. Dropping the work gives it up; the exchange is untouched then.
    Wait(Work),
}

/// Which policy keeps the responses that another one finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeper {
    /// `cache-store`.
    CacheStore,
    /// `llm-semantic-cache-store`.
    Semantic,
}

/// Work that a statement waits for. It holds what it needs of the exchange, since it cannot see it.
pub(crate) type Work = Pin<Box<dyn Future<Output = Resume> + Send>>;

/// Takes the result of some work into the exchange; it may start to wait again.
pub(crate) type Resume = Box<dyn FnOnce(&mut Exchange) -> Result<Flow, Box<Failure>> + Send>;

/// A policy as the compiler finds it.
pub(crate) struct Entry {
    pub(crate) spec: &'static Spec,
    pub(crate) compile: fn(&mut Compiler<'_>, &Element) -> Option<Node>,
}

/// The one macro of the policy engine: makes the `Step` enum, so that statements are dispatched statically, and the
/// list that elements are looked up in.
macro_rules! policies {
    (steps: { $($step:ident :: $Step:ident,)* } flow: { $($flow:ident,)* }) => {
        /// A statement of the straight kind: one instruction.
        #[derive(Debug)]
        pub(crate) enum Step {
            /// A policy of a user's own.
            Custom(super::custom::Custom),
            $($Step(statements::$step::$Step),)*
        }

        $(impl From<statements::$step::$Step> for Step {
            fn from(statement: statements::$step::$Step) -> Self {
                Self::$Step(statement)
            }
        })*

        impl From<super::custom::Custom> for Step {
            fn from(statement: super::custom::Custom) -> Self {
                Self::Custom(statement)
            }
        }

        impl Statement for Step {
            fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
                match self {
                    Self::Custom(statement) => statement.run(exchange),
                    $(Self::$Step(statement) => statement.run(exchange),)*
                }
            }

            fn needs(&self) -> Needs {
                match self {
                    Self::Custom(statement) => statement.needs(),
                    $(Self::$Step(statement) => statement.needs(),)*
                }
            }
        }

        /// All policies, by element name.
        pub(crate) static LIST: &[Entry] = &[
            $(Entry { spec: &statements::$step::SPEC, compile: statements::$step::compile },)*
            $(Entry { spec: &statements::$flow::SPEC, compile: statements::$flow::compile },)*
        ];
    };
}

policies! {
    steps: {
        authentication_basic::AuthenticationBasic,
        authentication_certificate::AuthenticationCertificate,
        authentication_managed_identity::AuthenticationManagedIdentity,
        cache_lookup::CacheLookup,
        cache_lookup_value::CacheLookupValue,
        cache_remove_value::CacheRemoveValue,
        cache_store::CacheStore,
        cache_store_value::CacheStoreValue,
        cache_value::CacheValue,
        check_header::CheckHeader,
        cors::Cors,
        cross_domain::CrossDomain,
        emit_metric::EmitMetric,
        find_and_replace::FindAndReplace,
        get_authorization_context::GetAuthorizationContext,
        invoke_dapr_binding::InvokeDaprBinding,
        ip_filter::IpFilter,
        json_to_xml::JsonToXml,
        jsonp::Jsonp,
        llm_content_safety::LlmContentSafety,
        llm_emit_token_metric::LlmEmitTokenMetric,
        llm_semantic_cache_lookup::LlmSemanticCacheLookup,
        llm_semantic_cache_store::LlmSemanticCacheStore,
        llm_token_limit::LlmTokenLimit,
        log_to_eventhub::LogToEventhub,
        mock_response::MockResponse,
        proxy::Proxy,
        publish_to_dapr::PublishToDapr,
        quota::Quota,
        quota_by_key::QuotaByKey,
        rate_limit::RateLimit,
        rate_limit_by_key::RateLimitByKey,
        redirect_content_urls::RedirectContentUrls,
        return_response::ReturnResponse,
        rewrite_uri::RewriteUri,
        send_one_way_request::SendOneWayRequest,
        send_request::SendRequest,
        send_service_bus_message::SendServiceBusMessage,
        set_backend_service::SetBackendService,
        set_body::SetBody,
        set_header::SetHeader,
        set_method::SetMethod,
        set_query_parameter::SetQueryParameter,
        set_status::SetStatus,
        set_variable::SetVariable,
        trace::Trace,
        validate_azure_ad_token::ValidateAzureAdToken,
        validate_client_certificate::ValidateClientCertificate,
        validate_content::ValidateContent,
        validate_graphql_request::ValidateGraphqlRequest,
        validate_headers::ValidateHeaders,
        validate_jwt::ValidateJwt,
        validate_odata_request::ValidateOdataRequest,
        validate_parameters::ValidateParameters,
        validate_status_code::ValidateStatusCode,
        wait::Wait,
        xml_to_json::XmlToJson,
        xsl_transform::XslTransform,
    }
    flow: {
        azure_openai_emit_token_metric,
        azure_openai_semantic_cache_lookup,
        azure_openai_semantic_cache_store,
        azure_openai_token_limit,
        base,
        block,
        choose,
        cosmosdb_data_source,
        forward_request,
        graphql_data_source,
        http_data_source,
        include_fragment,
        limit_concurrency,
        publish_event,
        retry,
        sql_data_source,
    }
}

/// The policy of that element name.
pub(crate) fn find(element: &str) -> Option<&'static Entry> {
    LIST.iter().find(|entry| entry.spec.element == element)
}

/// What all policies say of themselves, in alphabetical order.
///
/// ```
/// assert!(gatewright::policy::specs().any(|spec| spec.element == "set-header"));
/// ```
pub fn specs() -> impl Iterator<Item = &'static Spec> {
    let mut specs: Vec<_> = LIST.iter().map(|entry| entry.spec).collect();
    specs.sort_by_key(|spec| spec.element);
    specs.into_iter()
}
