//! Events and messages to Azure and Dapr.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use gatewright::forward::BaseUrl;
use gatewright::identity::{Error, Token, TokenCache, TokenRequest, TokenSource};
use gatewright::model::{CertificateAuthority, Logger, LoggerKind, NamedValue, Policy};
use gatewright::policy::EngineSettings;

use super::{answering, builder, noting};
use crate::support::{Authority, TestServer, text};
use crate::{header, send};

#[tokio::test]
async fn events_and_messages_reach_azure_over_https() {
    let authority = Authority::new();
    let (handler, asked) = noting(201).await;
    let server = TestServer::tls(authority.server(&["localhost"], &["http/1.1"]), handler).await;
    let host = format!("localhost:{}", server.address().port());
    let mut store = answering(&format!(
        r#"<log-to-eventhub logger-id="by-key" partition-key="p">@("event of " + context.Request.Method)</log-to-eventhub>
           <send-service-bus-message queue-name="orders" namespace="{host}" client-id="me" message-id="0f8fad5b-d9cb-469f-a165-70867728950e"><payload>message</payload></send-service-bus-message>
           <log-to-eventhub logger-id="by-identity">second</log-to-eventhub>"#
    ));
    store.authorities.push(CertificateAuthority::new(authority.pem()));
    let text = format!("Endpoint=sb://{host}/;SharedAccessKeyName=send;SharedAccessKey=c2VjcmV0");
    store.service.named_values.insert("hub", NamedValue::new().value(text).secret(true));
    let logger = Logger::new().kind(LoggerKind::AzureEventHub);
    let by_key = logger.clone().credential("name", "requests").credential("connectionString", "{{hub}}");
    store.service.loggers.insert("by-key", by_key);
    let by_identity = logger.credential("name", "audit").credential("endpointAddress", host.as_str());
    store.service.loggers.insert("by-identity", by_identity.credential("identityClientId", "SystemAssigned"));
    let mut settings = EngineSettings::default();
    settings.tokens = Some(TokenCache::new(Tokens));
    let deliveries = settings.deliveries.clone();
    let gateway = builder().settings(settings).build(&store).unwrap();
    let response = send(&gateway, "GET", "/a/x", &[]).await;
    assert_eq!((response.status().as_u16(), header(&response, "x-reason")), (200, String::new()));
    deliveries.drained().await;
    assert_eq!((deliveries.sent(), deliveries.failed()), (2, 0));
    let asked = asked.lock().unwrap().clone();
    let find = |start: &str| {
        let found = asked.iter().find(|asked| asked.starts_with(start));
        found.unwrap_or_else(|| panic!("{start}: {asked:?}")).as_str()
    };
    let event = find("POST /requests/messages?timeout=60&api-version=2014-01\n");
    let signature = format!(
        "authorization: SharedAccessSignature sr=https%3A%2F%2Flocalhost%3A{}%2Frequests&sig=",
        server.address().port()
    );
    assert!(event.contains(&signature) && event.contains("&skn=send\n"), "{event}");
    assert!(
        event.contains("brokerproperties: {\"PartitionKey\":\"p\"}\n") && event.ends_with("\n\nevent of GET"),
        "{event}"
    );
    let event = find("POST /audit/messages?");
    assert!(event.contains("authorization: Bearer https://eventhubs.azure.net+system\n"), "{event}");
    let message = find("POST /orders/messages?timeout=60\n");
    assert!(message.contains("authorization: Bearer https://servicebus.azure.net+me\n"), "{message}");
    assert!(message.contains("{\"MessageId\":\"0f8fad5b-d9cb-469f-a165-70867728950e\"}"), "{message}");
}

#[tokio::test]
async fn a_logger_that_cannot_be_used_is_a_problem_where_it_is_named() {
    for (logger, expected) in [
        (
            Logger::new().kind(LoggerKind::ApplicationInsights),
            "logger `l`: its type is `applicationInsights`: expected `azureEventHub`",
        ),
        (
            Logger::new().kind(LoggerKind::AzureEventHub).credential("name", "hub"),
            "logger `l`: its `credentials` have neither `connectionString` nor `endpointAddress`",
        ),
        (
            Logger::new().kind(LoggerKind::AzureEventHub).credential("connectionString", "{{none}}"),
            "named value `none`",
        ),
    ] {
        let mut store = answering(r#"<log-to-eventhub logger-id="l">x</log-to-eventhub>"#);
        store.service.loggers.insert("l", logger.clone());
        let error = builder().build(&store).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        // Nobody names it: it is of no matter.
        let mut store = answering("");
        store.service.loggers.insert("l", logger);
        assert!(builder().build(&store).is_ok());
    }
}

#[tokio::test]
async fn the_dapr_sidecar_is_where_the_host_says() {
    let (handler, asked) = noting(200).await;
    let server = TestServer::http(handler).await;
    let mut store = answering("");
    let api = store.service.apis.get_mut("a").unwrap();
    api.policy = Some(Policy::new(
        r#"<policies><inbound><publish-to-dapr pubsub-name="bus" topic="orders">{"n":1}</publish-to-dapr><invoke-dapr-binding name="mail" operation="create"><data>text</data></invoke-dapr-binding><set-backend-service backend-id="dapr" dapr-app-id="shop" dapr-method="orders/list" dapr-namespace="prod" /></inbound><backend><forward-request /></backend><outbound /><on-error /></policies>"#,
    ));
    let mut settings = EngineSettings::default();
    settings.dapr = Arc::new(BaseUrl::parse(&server.url("")).unwrap());
    let gateway = builder().settings(settings).build(&store).unwrap();
    let response = send(&gateway, "GET", "/a/x?page=2", &[("x-one", "1")]).await;
    assert_eq!(text(response.into_body()).await, "taken");
    let asked = asked.lock().unwrap().clone();
    let firsts: Vec<_> = asked.iter().map(|asked| asked.lines().next().unwrap()).collect();
    let expected = [
        "POST /v1.0/publish/bus/orders",
        "POST /v1.0/bindings/mail",
        "GET /v1.0/invoke/shop.prod/method/orders/list?page=2",
    ];
    assert_eq!(firsts, expected);
    assert!(asked[0].ends_with("\n\n{\"n\":1}") && asked[0].contains("content-type: application/json\n"), "{asked:?}");
    assert!(asked[1].ends_with("\n\n{\"data\":\"text\",\"operation\":\"create\"}"), "{asked:?}");
    assert!(asked[2].contains("x-one: 1\n"), "{asked:?}");
}

/// Gives tokens that say what they are for.
struct Tokens;

#[async_trait]
impl TokenSource for Tokens {
    async fn token(&self, request: &TokenRequest) -> Result<Token, Error> {
        let text = format!("{}+{}", request.resource, request.client_id.as_deref().unwrap_or("system"));
        Ok(Token::new(text, SystemTime::now() + Duration::from_secs(3600)))
    }
}
