//! `connection-string`: where a data source is, and who asks it.

use super::super::compile::Compiler;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::own_request::Wanted;
use super::super::setting::{Literal, Setting};
use super::super::statements::cosmosdb_data_source::{CLIENT, USES_IDENTITY};
use crate::expr::Value;
use crate::identity::TokenRequest;
use crate::xml::Element;

/// What a connection string says.
pub(super) trait ConnectionText: Sized + Clone {
    /// Reads it. The error does not repeat it: it may hold a secret.
    fn read(text: &str) -> Result<Self, String>;

    /// What it has no secret in; none when it has one.
    fn lacks(&self) -> Option<&'static str>;
}

/// The string, and whether a managed identity takes the place of its secret.
pub(super) struct Connection<T> {
    string: Setting<Told<T>>,
    uses_identity: Setting<bool>,
    client: Option<Setting<String>>,
}

#[derive(Clone)]
struct Told<T>(T);

impl<T: ConnectionText> Literal for Told<T> {
    fn literal(text: &str) -> Option<Self> {
        T::read(text).ok().map(Self)
    }

    fn value(value: Value) -> Result<Self, String> {
        T::read(&value.to_text().unwrap_or_default()).map(Self).map_err(|error| format!("{error}."))
    }
}

impl<T: ConnectionText> Connection<T> {
    /// Reads the element.
    pub(super) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let uses_identity = match element.attribute(USES_IDENTITY.name) {
            Some(_) => compiler.setting(element, &USES_IDENTITY)?,
            None => Setting::Constant(false),
        };
        let client = compiler.setting(element, &CLIENT);
        let string = match compiler.text::<String>(element, true, "a connection string")? {
            Setting::Expression(expression) => Setting::Expression(expression),
            Setting::Constant(text) => match T::read(&text) {
                Ok(told) => Setting::Constant(Told(told)),
                Err(error) => {
                    compiler.error(element.inner.start, error);
                    return None;
                }
            },
        };
        if let (Setting::Constant(Told(told)), Setting::Constant(false)) = (&string, &uses_identity)
            && let Some(message) = told.lacks()
        {
            compiler.error(element.inner.start, message.to_owned());
        }
        Some(Self { string, uses_identity, client })
    }

    /// What the string says.
    pub(super) fn told(&self, exchange: &mut Exchange) -> Result<T, Box<Failure>> {
        Ok(self.string.get(exchange)?.into_owned().0)
    }

    pub(super) fn uses_identity(&self, exchange: &mut Exchange) -> Result<bool, Box<Failure>> {
        Ok(*self.uses_identity.get(exchange)?)
    }

    /// The token of the identity, for a resource.
    pub(super) fn token(&self, exchange: &mut Exchange, resource: &str) -> Result<Wanted, Box<Failure>> {
        let mut token = TokenRequest::new(resource);
        if let Some(client) = &self.client {
            let client = client.get(exchange)?;
            if !client.trim().is_empty() {
                token = token.client_id(client.trim());
            }
        }
        Ok(Wanted { token, variable: None, ignores_errors: false })
    }
}
