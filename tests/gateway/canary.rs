//! A canary secret in every place of a document that takes one comes out nowhere but where the document puts it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gatewright::Body;
use gatewright::identity::{
    AuthorizationContext, AuthorizationRequest, CredentialManager, Error, Token, TokenCache, TokenRequest, TokenSource,
};
use gatewright::model::{CertificateAuthority, NamedValue, Policy, Store};
use gatewright::policy::EngineSettings;
use hmac::{Hmac, KeyInit, Mac};
use http::{Request, Response};
use hyper::body::Incoming;
use sha2::Sha256;

use crate::free_api;
use crate::support::{Authority, TestServer};
use crate::told::Told;

const CANARY: &str = "c4n4ry-0123456789-abcdefghijklmnopqrstuvwxyz";

/// One API in front of a server.
fn forwarding(url: &str, inbound: &str, secrets: &[(&str, &str)]) -> Store {
    let mut store = Store::new();
    let mut api = free_api("a", url, &[("x", "GET", "/x")]);
    api.policy = Some(Policy::new(format!(
        r#"<policies><inbound>{inbound}</inbound><backend><forward-request /></backend><outbound /><on-error><set-header name="x-reason"><value>@(context.LastError.Reason + "|" + context.LastError.Message)</value></set-header></on-error></policies>"#
    )));
    store.service.apis.insert("a", api);
    for (name, value) in secrets {
        store.service.named_values.insert(*name, NamedValue::new().value(*value).secret(true));
    }
    store
}

/// A server that insists on a header.
async fn insisting(name: &'static str, value: String) -> TestServer {
    TestServer::http(move |request: Request<Incoming>| {
        let is_right = request.headers().get(name).is_some_and(|found| found == value.as_str());
        async move { Response::builder().status(if is_right { 200 } else { 403 }).body(Body::empty()).unwrap() }
    })
    .await
}

fn signed(key: &[u8]) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let text = format!("{}.{}", part(r#"{"alg":"HS256","typ":"JWT"}"#), part(r#"{"exp":4102444800,"sub":"jane"}"#));
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn keys_of_tokens() {
    let key = STANDARD.encode(CANARY);
    let server = insisting("host", String::new()).await;
    for attributes in ["", r#" id="one""#] {
        let document = format!(
            r#"<validate-jwt header-name="Authorization" output-token-variable-name="jwt"><issuer-signing-keys><key{attributes}>{{{{key}}}}</key></issuer-signing-keys><decryption-keys><key>{{{{key}}}}</key></decryption-keys></validate-jwt><return-response><set-status code="200" /></return-response>"#
        );
        let mut told = Told::begin();
        let store = forwarding(&server.url("/"), &document, &[("key", &key)]);
        let gateway = told.build(EngineSettings::default(), &store).unwrap();
        let (good, forged) = (signed(CANARY.as_bytes()), signed(b"another key of another one, also long enough"));
        for (token, status) in [(format!("Bearer {good}"), 200), (forged, 401), ("nonsense".to_owned(), 401)] {
            let answered = told.send(&gateway, "a", &[("authorization", &token)]).await;
            assert_eq!(answered.0, status, "{token}: {answered:?}");
        }
        assert_eq!(told.send(&gateway, "a", &[]).await.0, 401);
        told.assert_silent(&document, &[&key, CANARY]);
    }
    // One that is no key.
    let document = r#"<validate-jwt header-name="Authorization"><issuer-signing-keys><key>{{key}}</key></issuer-signing-keys></validate-jwt>"#;
    let mut told = Told::begin();
    let wrong = format!("{CANARY}!");
    let store = forwarding(&server.url("/"), document, &[("key", &wrong)]);
    if let Ok(gateway) = told.build(EngineSettings::default(), &store) {
        assert!(told.send(&gateway, "a", &[("authorization", &signed(b"another"))]).await.0 >= 400);
    }
    told.assert_silent(document, &[CANARY]);
}

/// Gives the canary, or says no.
struct Identity {
    is_refused: bool,
}

#[async_trait]
impl TokenSource for Identity {
    async fn token(&self, request: &TokenRequest) -> Result<Token, Error> {
        if self.is_refused {
            return Err(Error::refused(format!("nobody has a token for {}", request.resource)));
        }
        Ok(Token::new(CANARY, SystemTime::now() + Duration::from_secs(3600)))
    }
}

#[async_trait]
impl CredentialManager for Identity {
    async fn get(&self, request: &AuthorizationRequest) -> Result<AuthorizationContext, Error> {
        if self.is_refused {
            return Err(Error::refused(format!("nobody has {}", request.authorization)));
        }
        Ok(AuthorizationContext::new(CANARY).claim("scope", "repo".into()))
    }
}

fn with_identity(is_refused: bool) -> EngineSettings {
    let mut settings = EngineSettings::default();
    settings.tokens = Some(TokenCache::new(Identity { is_refused }));
    settings.credentials = Some(Arc::new(Identity { is_refused }));
    settings
}

#[tokio::test]
async fn tokens_of_identities_and_authorizations() {
    let server = insisting("authorization", format!("Bearer {CANARY}")).await;
    let url = server.url("/");
    let managed = r#"<authentication-managed-identity resource="https://r.example" output-token-variable-name="t" />"#;
    let context = r#"<get-authorization-context provider-id="p" authorization-id="a" context-variable-name="c" />"#;
    let header = |value: &str| {
        format!(r#"<set-header name="Authorization" exists-action="override"><value>{value}</value></set-header>"#)
    };
    let (of_variable, of_context) =
        (r#"(string)context.Variables["t"]"#, r#"((Authorization)context.Variables["c"]).AccessToken"#);
    for inbound in [
        r#"<authentication-managed-identity resource="https://r.example" />"#.to_owned(),
        r#"<authentication-managed-identity resource="https://r.example" /><trace source="s">@(context.Request.Headers.GetValueOrDefault("Authorization", ""))</trace>"#.to_owned(),
        format!("{managed}{}", header(&format!(r#"@("Bearer " + {of_variable})"#))),
        format!("{context}{}", header(&format!(r#"@("Bearer " + {of_context})"#))),
        format!(
            r#"{managed}<set-variable name="u" value="@("Bearer " + {of_variable})" /><trace source="s">@({of_variable})</trace>{}"#,
            header(r#"@((string)context.Variables["u"])"#)
        ),
        format!(
            r#"{context}<set-variable name="u" value="@("Bearer " + {of_context})" /><trace source="s">@({of_context})</trace>{}"#,
            header(r#"@((string)context.Variables["u"])"#)
        ),
        format!(
            r#"<send-request response-variable-name="r" fail-on-error-status-code="true"><set-url>{url}</set-url><authentication-managed-identity resource="https://r.example" /></send-request><return-response response-variable-name="r" />"#
        ),
    ] {
        let mut told = Told::begin();
        let gateway = told.build(with_identity(false), &forwarding(&url, &inbound, &[])).unwrap();
        let answered = told.send(&gateway, "a", &[]).await;
        assert_eq!(answered.0, 200, "{inbound}: {answered:?}");
        told.assert_silent(&inbound, &[CANARY]);
    }
    // What fails while the token is at hand, and what gets none.
    for (is_refused, inbound) in [
        (false, format!(r#"{managed}<set-variable name="n" value="@(int.Parse({of_variable}))" />"#)),
        (false, format!(r#"{context}<set-variable name="n" value="@(int.Parse({of_context}))" />"#)),
        (false, format!(r#"{managed}<set-method>@("A B" + {of_variable})</set-method>"#)),
        (false, format!(r#"{context}<set-header name="@("a b" + {of_context})"><value>1</value></set-header>"#)),
        (false, format!(r#"{managed}<set-backend-service base-url="@("http://a b/" + {of_variable})" />"#)),
        (false, format!(r#"{managed}<set-variable name="n" value="@{{ throw new Exception({of_variable}); }}" />"#)),
        (
            false,
            format!(
                r#"{context}<send-request response-variable-name="r"><set-url>@("http://127.0.0.1:1/?t=" + {of_context})</set-url></send-request>"#
            ),
        ),
        (true, managed.to_owned()),
        (true, context.to_owned()),
        (
            true,
            context.replacen(
                "<get-authorization-context",
                r#"<get-authorization-context identity-type="jwt" identity="{{canary}}""#,
                1,
            ),
        ),
    ] {
        let mut told = Told::begin();
        let store = forwarding(&url, &inbound, &[("canary", CANARY)]);
        let gateway = told.build(with_identity(is_refused), &store).unwrap();
        let answered = told.send(&gateway, "a", &[]).await;
        assert_eq!(answered.0, 500, "{inbound}: {answered:?}");
        told.assert_silent(&inbound, &[CANARY]);
    }
}

#[tokio::test]
async fn certificates_of_documents() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let (pem, _) = clients.client("client");
    let who = |_, thumbprint: String| async move { Response::new(Body::from(thumbprint)) };
    let server = TestServer::mutual(servers.mutual(&clients), who).await;
    let url = server.tls_url("/");
    let body = STANDARD.encode(&pem);
    // The private part of it, in both forms.
    let key = pem.rsplit_once("PRIVATE KEY-----\n").unwrap().0.lines().nth_back(1).unwrap().to_owned();
    let part = body[body.len() - 60..].to_owned();
    let wrong = STANDARD.encode(format!("{CANARY}{CANARY}"));
    let attributes = r#"body="{{body}}" password="{{canary}}""#;
    for (inbound, body, status) in [
        (format!("<authentication-certificate {attributes} />"), &body, 200),
        (r#"<authentication-certificate body="@("{{body}}")" password="@("{{canary}}")" />"#.to_owned(), &body, 200),
        (
            format!(
                r#"<send-request response-variable-name="r"><set-url>{url}</set-url><authentication-certificate {attributes} /></send-request><return-response response-variable-name="r" />"#
            ),
            &body,
            200,
        ),
        (format!("<authentication-certificate {attributes} />"), &wrong, 500),
        (format!("<authentication-certificate {attributes} />"), &CANARY.to_owned(), 500),
        (r#"<authentication-certificate body="@("{{body}}?")" password="@("{{canary}}")" />"#.to_owned(), &wrong, 500),
    ] {
        let mut told = Told::begin();
        let mut store = forwarding(&url, &inbound, &[("body", body), ("canary", CANARY)]);
        store.authorities.push(CertificateAuthority::new(servers.pem()));
        let gateway = told.build(EngineSettings::default(), &store).unwrap();
        let answered = told.send(&gateway, "a", &[]).await;
        assert_eq!(answered.0, status, "{inbound}: {answered:?}");
        told.assert_silent(&inbound, &[CANARY, &key, &part, &wrong]);
    }
}
