//! `get-authorization-context`: the token of an authorization at another service.

use std::sync::Arc;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Resume, Statement};
use super::super::pipeline::Needs;
use super::super::setting::{Literal, Setting};
use super::super::spec::{Attribute, Scope, Section, Spec};
use crate::expr::Value;
use crate::expr::json::{Expected, JToken};
use crate::identity::{AuthorizationContext, AuthorizationIdentity, AuthorizationRequest};
use crate::jwt::{Claim, Token};
use crate::xml::Element;

const PROVIDER: Attribute = Attribute::required("provider-id", "the id of a credential provider").or_expression();
const AUTHORIZATION: Attribute =
    Attribute::required("authorization-id", "the id of an authorization of the provider").or_expression();
const VARIABLE: Attribute =
    Attribute::required("context-variable-name", "the name of a variable, which gets an `Authorization`")
        .or_expression();
const IDENTITY_TYPE: Attribute = Attribute::optional("identity-type", "`managed` or `jwt`", "managed").or_expression();
const IDENTITY: Attribute =
    Attribute::optional("identity", "a token of Microsoft Entra, for `jwt`", "none").or_expression();
const IGNORE: Attribute = Attribute::optional("ignore-error", "`true` or `false`", "false").or_expression();

/// What a token that asks must be for.
const AUDIENCE: &str = "https://azure-api.net/authorization-manager";

pub(crate) const SPEC: Spec = Spec::new(
    "get-authorization-context",
    "Gets the access token of an authorization at another service, as an `Authorization` in a variable.",
)
.sections(&[Section::Inbound])
.scopes(&[Scope::Global, Scope::Product, Scope::Api, Scope::Operation])
.attributes(&[PROVIDER, AUTHORIZATION, VARIABLE, IDENTITY_TYPE, IDENTITY, IGNORE])
.differences(&["Authorizations and their tokens are those of `EngineSettings::credentials`, which the host gives."]);

/// `get-authorization-context`, compiled.
#[derive(Debug)]
pub(crate) struct GetAuthorizationContext {
    provider: Setting<String>,
    authorization: Setting<String>,
    variable: Setting<String>,
    identity_type: Setting<IdentityType>,
    identity: Option<Setting<String>>,
    ignores_errors: Setting<bool>,
}

/// `identity-type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IdentityType {
    Managed,
    Jwt,
}

impl Literal for IdentityType {
    fn literal(text: &str) -> Option<Self> {
        match text.trim() {
            "managed" => Some(Self::Managed),
            "jwt" => Some(Self::Jwt),
            _ => None,
        }
    }

    fn value(value: Value) -> Result<Self, String> {
        let text = value.to_text().unwrap_or_default();
        Self::literal(&text).ok_or_else(|| format!("'{text}' is neither 'managed' nor 'jwt'."))
    }
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let identity_type = match element.attribute(IDENTITY_TYPE.name) {
        Some(_) => compiler.setting(element, &IDENTITY_TYPE),
        None => Some(Setting::Constant(IdentityType::Managed)),
    };
    let identity = compiler.setting(element, &IDENTITY);
    if matches!(identity_type, Some(Setting::Constant(IdentityType::Jwt))) && element.attribute(IDENTITY.name).is_none()
    {
        let message = "`identity-type` of `get-authorization-context` is `jwt`: it needs the attribute `identity`";
        compiler.error(element.span.start, message.to_owned());
    }
    let provider = compiler.setting(element, &PROVIDER);
    let authorization = compiler.setting(element, &AUTHORIZATION);
    let variable = compiler.setting(element, &VARIABLE);
    let statement = GetAuthorizationContext {
        provider: provider?,
        authorization: authorization?,
        variable: variable?,
        identity_type: identity_type?,
        identity,
        ignores_errors: compiler.setting(element, &IGNORE).unwrap_or(Setting::Constant(false)),
    };
    Some(step("get-authorization-context", statement))
}

impl GetAuthorizationContext {
    fn request(&self, exchange: &mut Exchange) -> Result<Result<AuthorizationRequest, String>, Box<Failure>> {
        let provider = self.provider.get(exchange)?.into_owned();
        let request = AuthorizationRequest::new(provider, self.authorization.get(exchange)?.into_owned());
        if *self.identity_type.get(exchange)? == IdentityType::Managed {
            return Ok(Ok(request));
        }
        let token = match &self.identity {
            Some(token) => token.get(exchange)?.into_owned(),
            None => String::new(),
        };
        let token = token.trim();
        let problem = wrong(token);
        Ok(problem.map_or_else(|| Ok(request.identity(AuthorizationIdentity::Jwt(token.into()))), Err))
    }
}

/// What is wrong with a token that asks, but for its signature.
fn wrong(token: &str) -> Option<String> {
    let malformed = |malformed| Some(format!("The identity is not a token. {malformed}"));
    let token = match Token::parse(token) {
        Ok(token) => token,
        Err(error) => return malformed(error),
    };
    let claims = match token.claims() {
        Ok(claims) => claims,
        Err(error) => return malformed(error),
    };
    let audiences = claims.get("aud").map(Claim::texts).unwrap_or_default();
    if !audiences.iter().any(|audience| audience.trim_end_matches('/') == AUDIENCE) {
        return Some(format!("The audience of the identity's token is not '{AUDIENCE}'."));
    }
    let missing = ["oid", "tid"].into_iter().find(|name| claims.get(name).and_then(Claim::as_str).is_none());
    missing.map(|name| format!("The identity's token has no claim '{name}'."))
}

fn value(context: &AuthorizationContext) -> Value {
    let claims = context.claims.iter().map(|(name, claim)| (name.clone(), claim_value(claim)));
    Value::authorization(context.access_token.expose(), claims.collect())
}

fn claim_value(claim: &serde_json::Value) -> Value {
    match claim {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(is) => Value::from(*is),
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::from(whole),
            (None, number) => Value::from(number),
        },
        other => JToken::parse(&other.to_string(), Expected::Token).ok().flatten().map_or(Value::Null, Value::object),
    }
}

impl Statement for GetAuthorizationContext {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let ignores_errors = *self.ignores_errors.get(exchange)?;
        let variable: Arc<str> = self.variable.get(exchange)?.as_str().into();
        let request = self.request(exchange)?;
        let manager = exchange.settings.credentials.clone();
        Ok(Flow::Wait(Box::pin(async move {
            let got = match (request, manager) {
                (Err(problem), _) => Err(problem),
                (Ok(request), Some(manager)) => manager.get(&request).await.map_err(|error| error.to_string()),
                (Ok(_), None) => {
                    Err("The gateway has no credential manager: the engine's settings have none.".to_owned())
                }
            };
            let resume: Resume = Box::new(move |exchange| {
                match got {
                    Ok(context) => {
                        exchange.mask_token(context.access_token.expose());
                        exchange.variables.set(variable, value(&context));
                    }
                    Err(message) if ignores_errors => {
                        tracing::debug!(target: "gatewright::policy", "get-authorization-context: ignored: {message}");
                        exchange.trace_note(|| format!("The error was ignored. {message}"));
                        exchange.variables.set(variable, Value::Null);
                    }
                    Err(message) => return Err(Failure::internal("AuthorizationContextNotAcquired", message)),
                }
                Ok(Flow::Continue)
            });
            resume
        })))
    }

    fn needs(&self) -> Needs {
        let identity = self.identity.as_ref().map_or(Needs::NONE, Setting::needs);
        let names = self.provider.needs() | self.authorization.needs() | self.variable.needs();
        names | identity | self.identity_type.needs() | self.ignores_errors.needs()
    }
}
