//! The token of a managed identity, as a header.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

use super::super::error::{Error, Kind};
use crate::identity::{TokenCache, TokenRequest};
use crate::secret::Secret;

/// The managed identity of an entity.
#[derive(Clone)]
pub(in crate::backend) struct Identity {
    pub(in crate::backend) tokens: TokenCache,
    pub(in crate::backend) request: TokenRequest,
}

impl Identity {
    /// The header, if the token need not be got anew.
    pub(in crate::backend) fn at_once(&self) -> Option<HeaderValue> {
        bearer(&self.tokens.fresh(&self.request)?).ok()
    }

    /// The header.
    pub(in crate::backend) async fn header(&self) -> Result<HeaderValue, Error> {
        let token = self.tokens.get(&self.request).await.map_err(|error| Error::caused_by(Kind::NoToken, error))?;
        bearer(&token)
    }
}

/// Replaces what authorization there is.
pub(in crate::backend) fn set(headers: &mut HeaderMap, bearer: HeaderValue) {
    headers.insert(AUTHORIZATION, bearer);
}

fn bearer(token: &Secret) -> Result<HeaderValue, Error> {
    let value = HeaderValue::try_from(format!("Bearer {}", token.expose()));
    let mut value = value.map_err(|_| Error::caused_by(Kind::NoToken, "the token cannot be sent in a header"))?;
    value.set_sensitive(true);
    Ok(value)
}
