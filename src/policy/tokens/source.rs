//! Where in a request the token is.

use http::header;

use super::super::compile::Compiler;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::header_name::{HeaderSetting, text};
use super::super::pipeline::Needs;
use super::super::query;
use super::super::setting::{Literal, Setting};
use super::super::spec::Attribute;
use crate::expr::Value;
use crate::xml::Element;

pub(crate) const HEADER: Attribute = Attribute::optional("header-name", "a header name", "none").or_expression();
pub(crate) const QUERY: Attribute =
    Attribute::optional("query-parameter-name", "the name of a query parameter", "none").or_expression();
pub(crate) const VALUE: Attribute =
    Attribute::optional("token-value", "a token without `Bearer`, or a `Jwt`", "none").or_expression();
pub(crate) const SCHEME: Attribute =
    Attribute::optional("require-scheme", "a scheme of `Authorization` such as `Bearer`", "none").or_expression();

/// Where in a request the token is.
#[derive(Debug)]
pub(crate) enum Source {
    Header(HeaderSetting, Option<Setting<String>>),
    Query(Setting<String>),
    Value(Setting<TokenText>),
}

/// The text of a token.
#[derive(Clone, Debug)]
pub(crate) struct TokenText(String);

impl Literal for TokenText {
    fn literal(text: &str) -> Option<Self> {
        Some(Self(text.to_owned()))
    }

    fn value(value: Value) -> Result<Self, String> {
        let text = value.jwt_text().map(str::to_owned);
        Ok(Self(text.or_else(|| value.to_text()).unwrap_or_default()))
    }
}

impl Source {
    /// Reads the attributes; `default` is the header when none of them is there.
    pub(crate) fn compile(
        compiler: &mut Compiler<'_>,
        element: &Element,
        default: Option<header::HeaderName>,
    ) -> Option<Self> {
        let given = [HEADER, QUERY, VALUE].map(|attribute| element.attribute(attribute.name).is_some());
        let scheme = compiler.setting(element, &SCHEME);
        match (given, default) {
            ([true, false, false], _) => {
                Some(Self::Header(HeaderSetting::compile(compiler, element, &HEADER)?, scheme))
            }
            ([false, true, false], _) => Some(Self::Query(compiler.setting(element, &QUERY)?)),
            ([false, false, true], _) => Some(Self::Value(compiler.setting(element, &VALUE)?)),
            ([false, false, false], Some(name)) => {
                let shown = name.as_str().into();
                Some(Self::Header(HeaderSetting::Constant(shown, name), scheme))
            }
            _ => {
                let message =
                    format!("`{}` needs one of `header-name`, `query-parameter-name` and `token-value`", element.name);
                compiler.error(element.span.start, message);
                None
            }
        }
    }

    /// The token, if there is one.
    pub(crate) fn token(&self, exchange: &mut Exchange) -> Result<Option<String>, Box<Failure>> {
        let found = match self {
            Self::Header(name, scheme) => {
                let (_, name) = name.get(exchange)?;
                let value = name.as_ref().and_then(|name| exchange.request.headers.get(name)).cloned();
                let Some(value) = value else { return Ok(None) };
                let value = text(&value);
                let value = value.trim();
                match scheme.as_ref().filter(|_| name == Some(header::AUTHORIZATION)) {
                    Some(scheme) => {
                        let scheme = scheme.get(exchange)?;
                        let token =
                            value.split_once(' ').filter(|(found, _)| found.eq_ignore_ascii_case(scheme.trim()));
                        token.map(|(_, token)| token.trim().to_owned())
                    }
                    None => Some(value.split_once(' ').map_or(value, |(_, token)| token).trim().to_owned()),
                }
            }
            Self::Query(name) => {
                let name = name.get(exchange)?;
                let (_, all) = query::split(exchange.request.rest());
                let found = query::parameters(all).find(|parameter| query::is_named(parameter, &name));
                found.and_then(|parameter| parameter.split_once('=')).map(|(_, value)| query::decode(value))
            }
            Self::Value(token) => Some(token.get(exchange)?.0.trim().to_owned()),
        };
        Ok(found.filter(|token| !token.is_empty()))
    }

    pub(crate) fn needs(&self) -> Needs {
        match self {
            Self::Header(name, scheme) => name.needs() | scheme.as_ref().map_or(Needs::NONE, Setting::needs),
            Self::Query(name) => name.needs(),
            Self::Value(token) => token.needs(),
        }
    }
}
