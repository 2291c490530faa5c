//! `authentication-managed-identity`: a token of the gateway's own identity for the backend.

use std::sync::Arc;

use http::{HeaderValue, header};

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Resume, Statement};
use super::super::own_request::{Wanted, acquire};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Scope, Spec};
use crate::expr::Value;
use crate::identity::TokenRequest;
use crate::xml::Element;

const RESOURCE: Attribute =
    Attribute::required("resource", "an application id or a URI such as `https://vault.azure.net`").or_expression();
const CLIENT: Attribute =
    Attribute::optional("client-id", "the client id of a user-assigned identity", "the system-assigned identity")
        .or_expression();
const VARIABLE: Attribute = Attribute::optional("output-token-variable-name", "the name of a variable", "none");
const IGNORE: Attribute = Attribute::optional("ignore-error", "`true` or `false`", "false");

pub(crate) const SPEC: Spec = Spec::new(
    "authentication-managed-identity",
    "Gets a token of the gateway's managed identity, for `Authorization` of the request or for a variable.",
)
.scopes(&[Scope::Global, Scope::Product, Scope::Api, Scope::Operation])
.attributes(&[RESOURCE, CLIENT, VARIABLE, IGNORE])
.state("tokens, in `EngineSettings::tokens` or those of the transport, until they are about to expire.");

/// `authentication-managed-identity`, compiled.
#[derive(Debug)]
pub(crate) struct AuthenticationManagedIdentity {
    resource: Setting<String>,
    client: Option<Setting<String>>,
    variable: Option<Arc<str>>,
    ignores_errors: bool,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    Some(step("authentication-managed-identity", AuthenticationManagedIdentity::compile(compiler, element)?))
}

impl AuthenticationManagedIdentity {
    /// Reads the element, also as a child of another policy.
    pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let resource = compiler.setting(element, &RESOURCE);
        let client = compiler.setting(element, &CLIENT);
        let variable = compiler.constant::<String>(element, &VARIABLE).map(Into::into);
        let ignores_errors = compiler.constant(element, &IGNORE).unwrap_or(false);
        Some(Self { resource: resource?, client, variable, ignores_errors })
    }

    /// The token that is to be got.
    pub(crate) fn wanted(&self, exchange: &mut Exchange) -> Result<Wanted, Box<Failure>> {
        let mut token = TokenRequest::new(&*self.resource.get(exchange)?);
        if let Some(client) = &self.client {
            let client = client.get(exchange)?;
            if !client.trim().is_empty() {
                token = token.client_id(client.trim());
            }
        }
        Ok(Wanted { token, variable: self.variable.clone(), ignores_errors: self.ignores_errors })
    }
}

/// Puts the token where it belongs; none leaves the header alone.
fn take(exchange: &mut Exchange, variable: Option<Arc<str>>, token: Option<String>) -> Result<Flow, Box<Failure>> {
    exchange.mask_token(token.as_deref().unwrap_or_default());
    match (variable, token) {
        (Some(variable), token) => {
            exchange.variables.set(variable, Value::from(token.unwrap_or_default().as_str()));
        }
        (None, Some(token)) => {
            let unsendable =
                |_| Failure::internal("ManagedIdentityTokenNotAcquired", "The token cannot be sent in a header.");
            let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(unsendable)?;
            value.set_sensitive(true);
            exchange.request.headers.insert(header::AUTHORIZATION, value);
        }
        (None, None) => {}
    }
    Ok(Flow::Continue)
}

impl Statement for AuthenticationManagedIdentity {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let wanted = self.wanted(exchange)?;
        let tokens = exchange.settings.tokens.clone();
        if let Some(token) = tokens.as_ref().and_then(|tokens| tokens.fresh(&wanted.token)) {
            return take(exchange, wanted.variable, Some(token.expose().to_owned()));
        }
        Ok(Flow::Wait(Box::pin(async move {
            let got = acquire(tokens.as_ref(), &wanted).await;
            let resume: Resume = Box::new(move |exchange| take(exchange, wanted.variable, got?));
            resume
        })))
    }

    fn needs(&self) -> Needs {
        self.resource.needs() | self.client.as_ref().map_or(Needs::NONE, Setting::needs)
    }
}
