//! `context` of expressions, as a gateway answers it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatewright::Body;
use gatewright::forward::{ClientCertificate, ClientScheme};
use gatewright::model::{Certificate, Group, GroupEntry, Policy, Product, ProductState, Store, User, UserIdentity};
use http::Request;
use tower::ServiceExt;

use super::{free_api, gateway, product, send, subscription, with_policy};

const DER: &[u8] = include_bytes!("../expr/data/certificates/client.der");
const PFX: &[u8] = include_bytes!("../expr/data/certificates/client.pfx");

/// Expressions and what they give, as text.
const MEMBERS: &[(&str, &str)] = &[
    ("context.Api.Id + context.Api.Name + context.Api.Path", "ordersOrderso"),
    ("context.Api.Revision + context.Api.IsCurrentRevision", "1True"),
    ("string.Join(\",\", context.Api.Protocols)", "https"),
    ("context.Api.ServiceUrl.Host + context.Api.ServiceUrl.Port", "orders.example443"),
    ("context.Api.ServiceUrl.ToUri().Scheme", "https"),
    ("context.Api.SubscriptionKeyParameterNames.Header", "Ocp-Apim-Subscription-Key"),
    ("context.Api.SubscriptionKeyParameterNames.Query", "subscription-key"),
    ("context.Backend == null", "True"),
    ("context.Deployment.Gateway.Id + context.Deployment.Gateway.InstanceId", "managedmanaged"),
    ("context.Deployment.Gateway.IsManaged", "True"),
    ("context.Deployment.GatewayId", "managed"),
    ("context.Deployment.ServiceId + context.Deployment.ServiceName + context.Deployment.Region", "contosocontosoWest"),
    ("context.Deployment.ServiceName.Length > 0 && context.Deployment.Region.Length > 0", "True"),
    ("context.Deployment.SustainabilityInfo.CurrentCarbonIntensity", "NotAvailable"),
    ("string.Join(\",\", context.Deployment.Certificates.Keys)", "client"),
    ("context.Deployment.Certificates[\"client\"].HasPrivateKey", "True"),
    ("context.Deployment.Certificates.Any(c => c.Value.Thumbprint == context.Request.Certificate.Thumbprint)", "True"),
    ("context.Request.Certificate.SerialNumber", "0A1B2C3D"),
    ("context.Request.Certificate.Issuer == context.Request.Certificate.Subject", "True"),
    ("context.Elapsed >= TimeSpan.Zero", "True"),
    ("context.GraphQL == null && context.LastError == null && context.Workspace == null", "True"),
    ("context.Operation.Id + context.Operation.Method + context.Operation.UrlTemplate", "readGET/items/{id}"),
    ("context.Product.Id + context.Product.Name + context.Product.State", "premiumPremium productPublished"),
    ("context.Product.ApprovalRequired.ToString() + context.Product.SubscriptionRequired", "FalseTrue"),
    ("context.Product.SubscriptionsLimit + context.Product.SubscriptionLimit", "6"),
    ("context.Product.Groups.Single().Name", "Developers"),
    ("context.Product.Apis.Single().ServiceUrl.Host", "orders.example"),
    ("context.Product.Apis.Single().SubscriptionKeyParameterNames.Header", "Ocp-Apim-Subscription-Key"),
    ("context.Product.Apis.Single().Path + context.Product.Apis.Single().Protocols.First()", "ohttps"),
    ("context.Request.Body == null", "True"),
    ("context.Request.Headers[\"X-A\"].Length + context.Request.Headers.GetValueOrDefault(\"x-a\")", "21,2"),
    ("context.Request.MatchedParameters[\"id\"]", "7"),
    ("context.Request.Method", "GET"),
    ("context.Request.OriginalUrl.ToString()", "https://gateway.example/o/items/7?q=1&q=2"),
    ("context.Request.Url.Host + context.Request.Url.Path", "orders.example/items/7"),
    ("context.Request.Url.Query[\"q\"].Length + context.Request.Url.QueryString", "2?q=1&q=2"),
    ("context.Request.PrivateEndpointConnection == null && context.Request.Foundry == null", "True"),
    ("context.RequestId.ToString().Length", "36"),
    ("context.Response == null", "True"),
    ("context.Subscription.Id + context.Subscription.Key + context.Subscription.PrimaryKey", "s1kk"),
    ("context.Subscription.SecondaryKey + context.Subscription.Name", "k-2s1"),
    ("context.Subscription.CreatedDate.ToString(\"u\")", "2023-01-02 03:04:05Z"),
    ("context.Subscription.StartDate == null && context.Subscription.EndDate == null", "True"),
    ("context.Timestamp.Year > 2000", "True"),
    ("context.Tracing", "False"),
    (
        "context.User.Id + context.User.Email + context.User.FirstName + context.User.LastName",
        "u1ana@example.comAnaBelo",
    ),
    ("context.User.Note + context.User.RegistrationDate.ToString(\"u\")", "VIP2022-12-31 23:59:59Z"),
    ("context.User.Groups.Single().Id + context.User.Groups.Single().Name", "developersDevelopers"),
    (
        "string.Join(\",\", context.User.Identities.Select(i => i.Provider + \":\" + i.Id))",
        "Basic:ana@example.com,Aad:4f",
    ),
    ("context.Variables.Count", "0"),
];

#[tokio::test]
async fn every_member_is_answered() {
    let mut store = Store::default();
    let all: Vec<String> = MEMBERS.iter().map(|(source, _)| format!("\"\" + ({source})")).collect();
    let body = format!("<set-body>@(string.Join(\"\\n\", new string[] {{ {} }}))</set-body>", all.join(", "));
    let answer = format!(
        "<policies><inbound><base /><return-response>{body}</return-response></inbound><backend><base /></backend><outbound><base /></outbound><on-error><base /></on-error></policies>"
    );
    let mut api = free_api("o", "https://orders.example", &[]);
    api.api.display_name = Some("Orders".to_owned());
    let operation = gatewright::model::Operation::new("GET", "/items/{id}");
    api.operations.insert("read", with_policy(operation, &answer));
    store.service.apis.insert("orders", api);
    let premium = Product::new().display_name("Premium product").state(ProductState::Published).subscriptions_limit(3);
    let mut premium = product(premium.subscription_required(true), &["orders"]);
    premium.groups.push("developers".to_owned());
    store.service.products.insert("premium", premium);
    let mut developers = GroupEntry::default();
    developers.users.push("U1".to_owned());
    developers.group = Group::new().display_name("Developers");
    store.service.groups.insert("developers", developers);
    let user = User::new().email("ana@example.com").first_name("Ana").last_name("Belo").note("VIP");
    let user = user.registration_date("2022-12-31T23:59:59Z");
    let user = user.identity(UserIdentity::new().provider("Basic").id("ana@example.com"));
    store.service.users.insert("u1", user.identity(UserIdentity::new().provider("Aad").id("4f")));
    let own = subscription("/products/premium", "k").owner_id("/users/u1").created_date("2023-01-02T03:04:05Z");
    store.service.subscriptions.insert("s1", own);
    (store.name, store.location) = (Some("contoso".to_owned()), Some("West".to_owned()));
    let certificate = Certificate::new().data(STANDARD.encode(PFX)).password("pw");
    store.service.certificates.insert("client", certificate);

    let mut request = Request::get("https://gateway.example/o/items/7?q=1&q=2")
        .header("Ocp-Apim-Subscription-Key", "k")
        .header("X-A", "1")
        .header("X-A", "2")
        .body(Body::empty())
        .unwrap();
    request.extensions_mut().insert(ClientScheme::Https);
    request.extensions_mut().insert(ClientCertificate::new(DER));
    let response = gateway(&store).oneshot(request).await.unwrap_or_else(|never| match never {});
    let text = super::support::text(response.into_body()).await;
    let found: Vec<&str> = text.lines().collect();
    let pairs = MEMBERS.iter().zip(&found).filter(|((_, wanted), found)| wanted != *found);
    let wrong: Vec<_> = pairs.map(|((source, wanted), found)| format!("{source}: {found}, not {wanted}")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(found.len(), MEMBERS.len(), "{text}");
}

#[tokio::test]
async fn an_api_of_a_workspace_knows_it() {
    let answer = r#"<policies><inbound><return-response><set-body>@(context.Workspace.Id + "|" + context.Workspace.Name)</set-body></return-response></inbound><backend /><outbound /><on-error /></policies>"#;
    let mut store = Store::default();
    for (id, name, expected) in [("team", Some("The team"), "team|The team"), ("bare", None, "bare|bare")] {
        let workspace = store.workspaces.get_or_default(id);
        workspace.properties.display_name = name.map(str::to_owned);
        let mut api = free_api(id, "https://a.example", &[("x", "GET", "/x")]);
        api.policy = Some(Policy::new(answer));
        workspace.entities.apis.insert("a", api);
        let response = send(&gateway(&store), "GET", &format!("/{id}/x"), &[]).await;
        assert_eq!(super::support::text(response.into_body()).await, expected);
    }
}
