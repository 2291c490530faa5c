//! `authentication-basic`: a user name and password for the backend.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, header};

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Section, Spec};
use crate::xml::Element;

const USERNAME: Attribute = Attribute::required("username", "a user name").or_expression();
const PASSWORD: Attribute = Attribute::required("password", "a password").or_expression();

pub(crate) const SPEC: Spec = Spec::new(
    "authentication-basic",
    "Sets `Authorization` of the request to the backend to a user name and password.",
)
.sections(&[Section::Inbound])
.once()
.attributes(&[USERNAME, PASSWORD]);

/// `authentication-basic`, compiled.
#[derive(Debug)]
pub(crate) struct AuthenticationBasic {
    username: Setting<String>,
    password: Setting<String>,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    Some(step("authentication-basic", AuthenticationBasic::compile(compiler, element)?))
}

impl AuthenticationBasic {
    /// Reads the element, also as a child of another policy.
    pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let (username, password) = (compiler.setting(element, &USERNAME), compiler.setting(element, &PASSWORD));
        Some(Self { username: username?, password: password? })
    }

    /// The value of `Authorization`, marked sensitive.
    pub(crate) fn header(&self, exchange: &mut Exchange) -> Result<HeaderValue, Box<Failure>> {
        let text = format!("{}:{}", self.username.get(exchange)?, self.password.get(exchange)?);
        let value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(text)));
        // INVARIANT: base64 is visible ASCII.
        let mut value = value.map_err(|_| Failure::internal("InvalidHeaderValue", "The password cannot be sent."))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl Statement for AuthenticationBasic {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let value = self.header(exchange)?;
        exchange.request.headers.insert(header::AUTHORIZATION, value);
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        self.username.needs() | self.password.needs()
    }
}
