//! `proxy`: the web proxy that the request to the backend goes through.

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Section, Spec};
use crate::forward::WebProxy;
use crate::xml::Element;

const URL: Attribute = Attribute::required("url", "`http://host:port`").or_expression();
const USERNAME: Attribute = Attribute::optional("username", "a user name", "none").or_expression();
const PASSWORD: Attribute = Attribute::optional("password", "a password", "none").or_expression();

pub(crate) const SPEC: Spec = Spec::new(
    "proxy",
    "Sends the request to the backend through a web proxy, with Basic credentials; NTLM is not supported.",
)
.sections(&[Section::Inbound])
.attributes(&[URL, USERNAME, PASSWORD])
.differences(&["Basic credentials are sent with the first request; NTLM is not supported."]);

/// `proxy`, compiled.
#[derive(Debug)]
pub(crate) struct Proxy(Kind);

#[derive(Debug)]
enum Kind {
    Constant(WebProxy),
    Computed { url: Setting<String>, username: Option<Setting<String>>, password: Option<Setting<String>> },
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    Some(step("proxy", Proxy::compile(compiler, element)?))
}

impl Proxy {
    /// Reads the element, also as a child of another policy.
    pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let url = compiler.setting::<String>(element, &URL);
        let mut credentials = Vec::with_capacity(2);
        for attribute in [&USERNAME, &PASSWORD] {
            credentials.push(match element.attribute(attribute.name) {
                Some(_) => Some(compiler.setting::<String>(element, attribute)?),
                None => None,
            });
        }
        let (password, username) = (credentials.pop().flatten(), credentials.pop().flatten());
        let texts = |setting: &Option<Setting<String>>| match setting {
            None => Some(None),
            Some(Setting::Constant(text)) => Some(Some(text.clone())),
            Some(Setting::Expression(_)) => None,
        };
        let url = url?;
        if let (Setting::Constant(text), Some(username), Some(password)) = (&url, texts(&username), texts(&password)) {
            return match WebProxy::parse(text, username.as_deref(), password.as_deref()) {
                Ok(proxy) => Some(Self(Kind::Constant(proxy))),
                Err(error) => {
                    compiler.error(element.span.start, format!("`proxy`: {error}"));
                    None
                }
            };
        }
        Some(Self(Kind::Computed { url, username, password }))
    }

    /// The proxy for this request.
    pub(crate) fn get(&self, exchange: &mut Exchange) -> Result<WebProxy, Box<Failure>> {
        let (url, username, password) = match &self.0 {
            Kind::Constant(proxy) => return Ok(proxy.clone()),
            Kind::Computed { url, username, password } => (url, username, password),
        };
        let url = url.get(exchange)?;
        let username = username.as_ref().map(|text| text.get(exchange)).transpose()?;
        let password = password.as_ref().map(|text| text.get(exchange)).transpose()?;
        let proxy = WebProxy::parse(&url, username.as_ref().map(|s| s.as_str()), password.as_ref().map(|s| s.as_str()));
        proxy.map_err(|error| Failure::internal("InvalidProxy", error.to_string()))
    }
}

impl Statement for Proxy {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        exchange.proxy = Some(self.get(exchange)?);
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        match &self.0 {
            Kind::Constant(_) => Needs::NONE,
            Kind::Computed { url, username, password } => {
                [username, password].into_iter().flatten().fold(url.needs(), |needs, text| needs | text.needs())
            }
        }
    }
}
