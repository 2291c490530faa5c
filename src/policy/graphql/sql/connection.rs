//! `connection-info`: which server, and who asks.

use std::sync::Arc;

use super::super::super::compile::Compiler;
use super::super::super::error::Failure;
use super::super::super::exchange::Exchange;
use super::super::super::list::Step;
use super::super::super::own_request::{CERTIFICATE, Wanted};
use super::super::super::setting::Setting;
use super::super::super::statements::authentication_certificate::AuthenticationCertificate;
use super::super::super::statements::get_authorization_context;
use super::super::super::statements::sql_data_source::{CONNECTION_STRING, SCOPE};
use super::super::connection::ConnectionText;
use super::super::data_source::flatten;
use super::within;
use crate::forward::CertificateName;
use crate::sql::{ConnectionString, SqlCredential, SqlServer};
use crate::xml::Element;

/// What tokens for Azure SQL are asked for.
const RESOURCE: &str = "https://database.windows.net";

pub(super) struct Connection {
    string: StringAndIdentity,
    scope: Option<Setting<String>>,
    certificate: Option<AuthenticationCertificate>,
}

type StringAndIdentity = super::super::connection::Connection<ConnectionString>;

/// Which server, and who asks: a credential, or a token that is to be got.
pub(super) struct Who {
    pub(super) server: SqlServer,
    pub(super) credential: Result<SqlCredential, Wanted>,
    pub(super) certificate: Option<CertificateName>,
}

impl ConnectionText for ConnectionString {
    fn read(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|error| error.to_string())
    }

    fn lacks(&self) -> Option<&'static str> {
        let message =
            "the connection string of SQL has no `User ID` and `Password`: expected them, or `use-managed-identity`";
        self.credential.is_none().then_some(message)
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
        let (string, scope) = parts.string?;
        Some(Self { string, scope, certificate: parts.certificate }).filter(|_| !parts.is_broken)
    }

    pub(super) fn work_out(&self, exchange: &mut Exchange) -> Result<Who, Box<Failure>> {
        let ConnectionString { server, credential } = self.string.told(exchange)?;
        let certificate = self.certificate.as_ref().map(|certificate| certificate.choice(exchange)).transpose()?;
        let credential = if self.string.uses_identity(exchange)? {
            let scope = match &self.scope {
                Some(scope) => scope.get(exchange)?.into_owned(),
                None => String::new(),
            };
            let resource = if scope.trim().is_empty() { RESOURCE } else { scope.trim() };
            Err(self.string.token(exchange, resource)?)
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

#[derive(Default)]
struct Parts {
    string: Option<(StringAndIdentity, Option<Setting<String>>)>,
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
                    let scope = compiler.setting(child, &SCOPE);
                    self.string = StringAndIdentity::compile(compiler, child).map(|string| (string, scope));
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
