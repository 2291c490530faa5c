//! `connection-info`: which server, and who asks.

use std::sync::Arc;

use super::super::super::compile::Compiler;
use super::super::super::error::Failure;
use super::super::super::exchange::Exchange;
use super::super::super::list::Step;
use super::super::super::own_request::{CERTIFICATE, Wanted};
use super::super::super::setting::{Literal, Setting};
use super::super::super::statements::authentication_certificate::AuthenticationCertificate;
use super::super::super::statements::get_authorization_context;
use super::super::super::statements::sql_data_source::{CLIENT, CONNECTION_STRING, SCOPE, USES_IDENTITY};
use super::super::data_source::flatten;
use super::within;
use crate::expr::Value;
use crate::forward::CertificateName;
use crate::identity::TokenRequest;
use crate::sql::{ConnectionString, SqlCredential, SqlServer};
use crate::xml::Element;

/// What tokens for Azure SQL are asked for.
const RESOURCE: &str = "https://database.windows.net";

pub(super) struct Connection {
    string: Setting<Server>,
    uses_identity: Setting<bool>,
    scope: Option<Setting<String>>,
    client: Option<Setting<String>>,
    certificate: Option<AuthenticationCertificate>,
}

/// Which server, and who asks: a credential, or a token that is to be got.
pub(super) struct Who {
    pub(super) server: SqlServer,
    pub(super) credential: Result<SqlCredential, Wanted>,
    pub(super) certificate: Option<CertificateName>,
}

/// A connection string, read.
#[derive(Clone)]
struct Server(ConnectionString);

impl Literal for Server {
    fn literal(text: &str) -> Option<Self> {
        ConnectionString::parse(text).ok().map(Self)
    }

    fn value(value: Value) -> Result<Self, String> {
        let parsed = ConnectionString::parse(&value.to_text().unwrap_or_default());
        parsed.map(Self).map_err(|error| format!("{error}."))
    }
}

impl Connection {
    /// Reads the element; what runs before goes into `before`.
    pub(super) fn compile(compiler: &mut Compiler<'_>, element: &Element, before: &mut Vec<Arc<Step>>) -> Option<Self> {
        let mut parts = Parts::default();
        parts.read(compiler, element, before);
        if !parts.has_string {
            compiler.error(element.span.start, "`connection-info` needs a `connection-string`".to_owned());
        }
        let (string, uses_identity, scope, client) = parts.string?;
        Some(Self { string, uses_identity, scope, client, certificate: parts.certificate }).filter(|_| !parts.is_broken)
    }

    pub(super) fn work_out(&self, exchange: &mut Exchange) -> Result<Who, Box<Failure>> {
        let ConnectionString { server, credential } = self.string.get(exchange)?.into_owned().0;
        let certificate = self.certificate.as_ref().map(|certificate| certificate.choice(exchange)).transpose()?;
        let credential = if *self.uses_identity.get(exchange)? {
            let scope = self.scope.as_ref().map(|scope| scope.get(exchange)).transpose()?;
            let scope = scope.as_deref().map(|scope| scope.trim()).filter(|scope| !scope.is_empty());
            let mut token = TokenRequest::new(scope.unwrap_or(RESOURCE));
            if let Some(client) = &self.client {
                let client = client.get(exchange)?;
                if !client.trim().is_empty() {
                    token = token.client_id(client.trim());
                }
            }
            Err(Wanted { token, variable: None, ignores_errors: false })
        } else {
            Ok(credential.ok_or_else(|| {
                let message =
                    "The connection string of SQL has no User ID and Password, and no managed identity is used.";
                Failure::internal("SqlRequestInvalid", message)
            })?)
        };
        Ok(Who { server, credential, certificate })
    }
}

/// The connection string, whether an identity is used, and which.
type StringSetting = (Setting<Server>, Setting<bool>, Option<Setting<String>>, Option<Setting<String>>);

#[derive(Default)]
struct Parts {
    string: Option<StringSetting>,
    certificate: Option<AuthenticationCertificate>,
    has_string: bool,
    is_broken: bool,
}

impl Parts {
    fn read(&mut self, compiler: &mut Compiler<'_>, parent: &Element, before: &mut Vec<Arc<Step>>) {
        for child in parent.elements() {
            match &*child.name {
                "connection-string" if !std::mem::replace(&mut self.has_string, true) => {
                    compiler.check_child(&CONNECTION_STRING, child);
                    self.string = string(compiler, child);
                }
                "authentication-certificate" => {
                    compiler.check_child(&CERTIFICATE, child);
                    self.certificate = AuthenticationCertificate::compile(compiler, child);
                    self.is_broken |= self.certificate.is_none();
                }
                name if *name == *get_authorization_context::SPEC.element => {
                    let node = compiler.statement(child);
                    flatten(compiler, child, node, before);
                }
                "include-fragment" => within(compiler, child, |inner, root| self.read(inner, root, before)),
                name if compiler.is_fragment => {
                    let message = format!("`{name}` cannot stand in `connection-info`, or not twice");
                    compiler.error(child.span.start, message);
                }
                _ => {}
            }
        }
    }
}

fn string(compiler: &mut Compiler<'_>, element: &Element) -> Option<StringSetting> {
    let uses_identity = match element.attribute(USES_IDENTITY.name) {
        Some(_) => compiler.setting(element, &USES_IDENTITY)?,
        None => Setting::Constant(false),
    };
    let (scope, client) = (compiler.setting(element, &SCOPE), compiler.setting(element, &CLIENT));
    // The text is not told: it may be a password.
    let string = match compiler.text::<String>(element, true, "a connection string")? {
        Setting::Expression(expression) => Setting::Expression(expression),
        Setting::Constant(text) => match ConnectionString::parse(&text) {
            Ok(parsed) => Setting::Constant(Server(parsed)),
            Err(error) => {
                compiler.error(element.inner.start, error.to_string());
                return None;
            }
        },
    };
    if let (Setting::Constant(server), Setting::Constant(false)) = (&string, &uses_identity)
        && server.0.credential.is_none()
    {
        let message =
            "the connection string of SQL has no `User ID` and `Password`: expected them, or `use-managed-identity`";
        compiler.error(element.inner.start, message.to_owned());
    }
    Some((string, uses_identity, scope, client))
}
