//! Accounts as connection strings write them.

use url::Url;

use super::CosmosError;
use crate::secret::Secret;

/// An account of Azure Cosmos DB, and what it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CosmosAccount {
    /// Scheme, host and port, without a path: `https://contoso.documents.azure.com:443`.
    pub endpoint: String,
    /// Who asks.
    pub credential: CosmosCredential,
}

/// What an account is shown. It never prints.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CosmosCredential {
    /// The key of the account, in base64.
    Key(Secret),
    /// A token of Microsoft Entra ID.
    Token(Secret),
}

/// What a connection string says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConnectionString {
    /// Scheme, host and port.
    pub(crate) endpoint: String,
    pub(crate) key: Option<Secret>,
}

impl ConnectionString {
    /// Reads `AccountEndpoint=https://contoso.documents.azure.com:443/;AccountKey=…;`. White space does not count: neither a URL
    /// nor a key has any.
    pub(crate) fn parse(text: &str) -> Result<Self, CosmosError> {
        let wrong = |what: &str| CosmosError::new(format!("the connection string of Cosmos DB {what}"));
        let text: String = text.split_whitespace().collect();
        let (mut endpoint, mut key) = (None, None);
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let Some((name, value)) = part.split_once('=') else {
                return Err(wrong("has a part without `=`: expected `AccountEndpoint=https://…;AccountKey=…;`"));
            };
            match &*name.to_ascii_lowercase() {
                "accountendpoint" => endpoint = Some(value.to_owned()),
                "accountkey" => key = Some(Secret::new(value)).filter(|_| !value.is_empty()),
                // How SDKs reach it, which is not this client's choice.
                "database" | "disableservercertificatevalidation" => {}
                // The name may be a piece of a key.
                _ => return Err(wrong("has a part that is not known: expected `AccountEndpoint` and `AccountKey`")),
            }
        }
        let endpoint = endpoint.ok_or_else(|| wrong("has no `AccountEndpoint=https://…`"))?;
        let no_url =
            || wrong("has an `AccountEndpoint` that is no URL: expected `https://contoso.documents.azure.com:443/`");
        let url = Url::parse(&endpoint).map_err(|_| no_url())?;
        let is_bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        if !matches!(url.scheme(), "http" | "https") || !is_bare || !matches!(url.path(), "" | "/") {
            return Err(no_url());
        }
        let host = url.host_str().ok_or_else(no_url)?;
        let port = url.port().map_or(String::new(), |port| format!(":{port}"));
        Ok(Self { endpoint: format!("{}://{host}{port}", url.scheme()), key })
    }

    /// What a token for the account is asked for.
    pub(crate) fn resource(&self) -> String {
        let host = self.endpoint.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
        host.map_or(&*self.endpoint, |(host, _)| host).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_the_portal_gives() {
        for (text, expected) in [
            (
                "AccountEndpoint=https://contoso.documents.azure.com:443/;AccountKey=a2V5==;",
                "https://contoso.documents.azure.com a2V5== https://contoso.documents.azure.com",
            ),
            (
                "\n  accountendpoint = https://contoso-cosmosdb.\n documents.azure.com:8443/;\n",
                "https://contoso-cosmosdb.documents.azure.com:8443 - https://contoso-cosmosdb.documents.azure.com",
            ),
            ("AccountEndpoint=http://[::1]:8081;AccountKey=k", "http://[::1]:8081 k http://[::1]"),
            ("", "the connection string of Cosmos DB has no `AccountEndpoint=https://…`"),
            ("AccountKey=k", "the connection string of Cosmos DB has no `AccountEndpoint=https://…`"),
            (
                "Endpoint=https://x",
                "the connection string of Cosmos DB has a part that is not known: expected `AccountEndpoint` and `AccountKey`",
            ),
            (
                "hello",
                "the connection string of Cosmos DB has a part without `=`: expected `AccountEndpoint=https://…;AccountKey=…;`",
            ),
        ] {
            let shown = match ConnectionString::parse(text) {
                Ok(found) => {
                    let key = found.key.as_ref().map_or("-", |key| key.expose());
                    format!("{} {key} {}", found.endpoint, found.resource())
                }
                Err(error) => error.to_string(),
            };
            assert_eq!(shown, expected, "{text}");
        }
        for text in ["ftp://x", "https://x/path", "https://u:p@x/", "https://x/?a", "x"] {
            let error = ConnectionString::parse(&format!("AccountEndpoint={text}")).unwrap_err().to_string();
            assert!(error.contains("that is no URL"), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn errors_do_not_show_the_text(text in "\\PC{0,40}", secret in "[A-Z]{12}") {
            let _ = ConnectionString::parse(&text);
            if let Err(error) = ConnectionString::parse(&format!("AccountKey={secret};{secret}=1;{text}")) {
                prop_assert!(!error.to_string().contains(&secret));
            }
            let parsed = ConnectionString::parse(&format!("AccountEndpoint=https://x;AccountKey={secret}")).unwrap();
            let shown = format!("{parsed:?}");
            prop_assert!(!shown.contains(&secret));
        }
    }
}
