//! Credentials made ready when the configuration is loaded.

use std::borrow::Cow;

use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, TE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::query::PreparedQuery;
use crate::model::Credentials;
use crate::secret::NamedValues;

/// Headers and query parameters of an entity, with all named values put in.
pub(in crate::backend) struct PreparedCredentials {
    headers: Box<[(HeaderName, Box<[HeaderValue]>)]>,
    query: Option<PreparedQuery>,
    /// A token of it comes on top.
    has_identity: bool,
}

/// What is wrong with the credentials of a backend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// A `{{name}}` is not defined.
    #[error("named value `{name}` is not defined (used in {place})")]
    MissingNamedValue {
        /// The name between the braces.
        name: String,
        /// The setting that holds the reference.
        place: String,
    },
    /// The name of a header is not one, or the header belongs to the connection.
    #[error("`{0}` is not the name of a header that credentials can set")]
    HeaderName(String),
    /// A value has characters that no header can have. The value is not shown.
    #[error("the value of {0} has characters that are not allowed in a header")]
    HeaderValue(String),
    /// A kind of credentials that a layer cannot add.
    #[error("{0} cannot be added by a layer: use `Backends`")]
    Unsupported(&'static str),
}

impl PreparedCredentials {
    pub(in crate::backend) fn new(credentials: &Credentials, values: &NamedValues) -> Result<Self, CredentialsError> {
        let mut headers = Vec::new();
        for (name, texts) in &credentials.header {
            let header = header_name(name)?;
            if credentials.authorization.is_some() && header == AUTHORIZATION {
                continue;
            }
            let place = format!("header `{name}`");
            let texts = texts.iter().map(|text| header_value(&fill(text.expose(), values, &place)?, &place));
            headers.push((header, texts.collect::<Result<_, _>>()?));
        }
        if let Some(authorization) = &credentials.authorization {
            let place = "`authorization`";
            let scheme = fill(&authorization.scheme, values, place)?;
            let parameter = fill(authorization.parameter.expose(), values, place)?;
            let value = header_value(&format!("{scheme} {parameter}"), place)?;
            headers.push((AUTHORIZATION, [value].into()));
        }
        let mut query = PreparedQuery::default();
        for (name, texts) in &credentials.query {
            let place = format!("query parameter `{name}`");
            query.replace(name);
            for text in texts {
                query.append(name, &fill(text.expose(), values, &place)?);
            }
        }
        let has_identity = credentials.managed_identity.is_some();
        Ok(Self { headers: headers.into(), query: (!query.is_empty()).then_some(query), has_identity })
    }

    /// No credentials.
    pub(in crate::backend) fn none() -> Self {
        Self { headers: Box::new([]), query: None, has_identity: false }
    }

    /// Whether nothing is added to a request.
    pub(in crate::backend) fn is_empty(&self) -> bool {
        self.headers.is_empty() && self.query.is_none() && !self.has_identity
    }

    /// What is to be done to the query, if anything.
    pub(in crate::backend) fn query(&self) -> Option<&PreparedQuery> {
        self.query.as_ref()
    }

    /// Replaces headers of the same names.
    pub(in crate::backend) fn set_headers(&self, headers: &mut HeaderMap) {
        for (name, values) in &self.headers {
            let Some((first, more)) = values.split_first() else {
                headers.remove(name);
                continue;
            };
            headers.insert(name, first.clone());
            for value in more {
                headers.append(name, value.clone());
            }
        }
    }
}

fn fill<'a>(text: &'a str, values: &NamedValues, place: &str) -> Result<Cow<'a, str>, CredentialsError> {
    let missing = |name| CredentialsError::MissingNamedValue { name, place: place.to_owned() };
    values.substitute(text).map_err(|error| missing(error.name))
}

fn header_name(name: &str) -> Result<HeaderName, CredentialsError> {
    let header = HeaderName::from_bytes(name.as_bytes()).ok();
    header
        .filter(|header| ![CONNECTION, CONTENT_LENGTH, TE, TRANSFER_ENCODING, UPGRADE].contains(header))
        .ok_or_else(|| CredentialsError::HeaderName(name.to_owned()))
}

fn header_value(text: &str, place: &str) -> Result<HeaderValue, CredentialsError> {
    let value = HeaderValue::from_bytes(text.as_bytes());
    let mut value = value.map_err(|_| CredentialsError::HeaderValue(place.to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Authorization;

    fn values() -> NamedValues {
        NamedValues::new().secret("key", "s3cr3t").plain("bad", "a\nb")
    }

    fn applied(credentials: &Credentials, sent: &[(&'static str, &'static str)]) -> Vec<(String, String)> {
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            headers.append(*name, HeaderValue::from_static(value));
        }
        PreparedCredentials::new(credentials, &values()).unwrap().set_headers(&mut headers);
        let text = |(name, value): (&HeaderName, &HeaderValue)| (name.to_string(), value.to_str().unwrap().to_owned());
        headers.iter().map(text).collect()
    }

    #[test]
    fn replaces_headers_of_the_same_name() {
        let credentials = Credentials::new().header("x-key", "a{{KEY}}b").header("X-Key", "2").header("x-more", "3");
        let got = applied(&Credentials::new().header("x-key", "a{{KEY}}b").header("x-key", "2"), &[("x-key", "old")]);
        assert_eq!(got, [("x-key".into(), "as3cr3tb".into()), ("x-key".into(), "2".into())]);
        assert!(PreparedCredentials::new(&credentials, &values()).is_ok());
    }

    #[test]
    fn authorization_wins_over_a_header_of_that_name() {
        let credentials =
            Credentials::new().header("authorization", "Other").authorization(Authorization::new("Bearer", "{{key}}"));
        let got = applied(&credentials, &[("authorization", "caller's")]);
        assert_eq!(got, [("authorization".into(), "Bearer s3cr3t".into())]);
    }

    #[test]
    fn values_are_sensitive() {
        let mut headers = HeaderMap::new();
        let credentials = Credentials::new().header("x-key", "{{key}}");
        PreparedCredentials::new(&credentials, &values()).unwrap().set_headers(&mut headers);
        assert!(!format!("{headers:?}").contains("s3cr3t"));
    }

    #[test]
    fn says_what_is_wrong_without_the_value() {
        let cases = [
            (
                Credentials::new().header("x-key", "{{none}}"),
                "named value `none` is not defined (used in header `x-key`)",
            ),
            (
                Credentials::new().query("code", "{{none}}"),
                "named value `none` is not defined (used in query parameter `code`)",
            ),
            (
                Credentials::new().authorization(Authorization::new("Basic", "{{none}}")),
                "named value `none` is not defined (used in `authorization`)",
            ),
            (Credentials::new().header("x key", "v"), "`x key` is not the name of a header that credentials can set"),
            (
                Credentials::new().header("Transfer-Encoding", "chunked"),
                "`Transfer-Encoding` is not the name of a header that credentials can set",
            ),
            (
                Credentials::new().header("x-key", "{{bad}}"),
                "the value of header `x-key` has characters that are not allowed in a header",
            ),
        ];
        for (credentials, message) in cases {
            let error = PreparedCredentials::new(&credentials, &values()).err().unwrap();
            assert_eq!(error.to_string(), message);
        }
    }
}
