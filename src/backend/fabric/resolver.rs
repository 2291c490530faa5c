//! Asks a cluster where a service is.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::naming::{NamingError, Partition, error_code};
use crate::Body;
use crate::backend::client::Client;
use crate::backend::error::{Error, Kind};
use crate::forward::{BaseUrl, HttpVersion};

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// A node that is stuck must not keep the others from being asked.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// An answer is some hundred bytes for each replica.
const LONGEST_ANSWER: usize = 1 << 20;

/// Calls the naming service of a cluster.
pub(super) struct Resolver {
    pub(super) endpoints: Vec<BaseUrl>,
    pub(super) client: Client,
}

/// How a key is given to the naming service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyKind {
    None = 1,
    Int64 = 2,
    Named = 3,
}

/// What is asked for.
pub(super) struct Question<'a> {
    /// Without `fabric:/`.
    pub(super) service: &'a str,
    pub(super) kind: KeyKind,
    pub(super) key: Option<&'a str>,
    /// A version that is known to be out of date.
    pub(super) stale: Option<&'a str>,
}

/// Why a partition was not resolved.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum ResolveError {
    #[error("no management endpoint answered, the last: {0}")]
    NoAnswer(String),
    #[error("the naming service answered {status}{}", .code.as_ref().map(|code| format!(" `{code}`")).unwrap_or_default())]
    Refused { status: u16, code: Option<String> },
    #[error(transparent)]
    Naming(#[from] NamingError),
}

impl ResolveError {
    /// Whether the service has partitions of another kind than was asked for.
    pub(super) fn is_key_kind(&self) -> bool {
        matches!(self, Self::Refused { code: Some(code), .. } if code == "FABRIC_E_INVALID_PARTITION_KEY")
    }
}

impl Resolver {
    /// Asks one endpoint after the other, until one answers in time with something other than 5xx.
    pub(super) async fn resolve(&self, question: &Question<'_>) -> Result<Partition, ResolveError> {
        let mut last = ResolveError::NoAnswer("there is none".to_owned());
        for endpoint in &self.endpoints {
            let asked = tokio::time::timeout(LONGEST_WAIT, self.ask(endpoint, question)).await;
            match asked.unwrap_or_else(|_| Err(Error::timeout())) {
                Ok((200, body)) => return Ok(Partition::parse(&body)?),
                Ok((status, body)) => {
                    last = ResolveError::Refused { status, code: error_code(&body) };
                    if status < 500 {
                        break;
                    }
                }
                Err(error) => last = ResolveError::NoAnswer(error.to_string()),
            }
        }
        Err(last)
    }

    async fn ask(&self, endpoint: &BaseUrl, question: &Question<'_>) -> Result<(u16, Bytes), Error> {
        let unsendable = |error: http::Error| Error::caused_by(Kind::Unsendable, error);
        let request = Request::get(question.url(endpoint)).header("host", endpoint.authority().as_str());
        let request = request.header("accept", "application/json").body(Body::empty()).map_err(unsendable)?;
        let response = self.client.send(request, HttpVersion::Http1).await?;
        let status = response.status().as_u16();
        let body = response.into_body().collect(LONGEST_ANSWER).await;
        let body = body.map_err(|error| Error::caused_by(Kind::Closed, error.to_string()))?;
        Ok((status, body.as_bytes().cloned().unwrap_or_default()))
    }
}

impl Question<'_> {
    fn url(&self, endpoint: &BaseUrl) -> String {
        let service: Vec<_> =
            self.service.split('/').map(|part| utf8_percent_encode(part, UNRESERVED).to_string()).collect();
        let mut remainder = format!("/Services/{}/$/ResolvePartition?api-version=6.0", service.join("~"));
        remainder += &format!("&PartitionKeyType={}", self.kind as u8);
        for (name, value) in [("PartitionKeyValue", self.key), ("PreviousRspVersion", self.stale)] {
            if let Some(value) = value {
                remainder += &format!("&{name}={}", utf8_percent_encode(value, UNRESERVED));
            }
        }
        endpoint.join(&remainder).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_as_the_cluster_expects() {
        let cases = [
            (KeyKind::None, None, None, "?api-version=6.0&PartitionKeyType=1"),
            (KeyKind::Int64, Some("-5"), None, "?api-version=6.0&PartitionKeyType=2&PartitionKeyValue=-5"),
            (
                KeyKind::Named,
                Some("a&b c"),
                Some("1:2"),
                "?api-version=6.0&PartitionKeyType=3&PartitionKeyValue=a%26b%20c&PreviousRspVersion=1%3A2",
            ),
        ];
        let endpoint = BaseUrl::parse("https://cluster.example:19080/").unwrap();
        for (kind, key, stale, query) in cases {
            let question = Question { service: "my app/app1/svc1", kind, key, stale };
            let start = "https://cluster.example:19080/Services/my%20app~app1~svc1/$/ResolvePartition";
            assert_eq!(question.url(&endpoint), format!("{start}{query}"));
        }
    }
}
