//! Event hubs: where they are, and the requests that put events into them.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::uri::Authority;
use http::{HeaderName, HeaderValue, Request};
use percent_encoding::utf8_percent_encode;
use serde_json::json;
use sha2::Sha256;

use super::error::Failure;
use super::exchange::Exchange;
use super::own_request::{Prepared, Wanted};
use super::query::UNRESERVED;
use crate::body::Body;
use crate::identity::TokenRequest;
use crate::outbound::OutboundOptions;
use crate::secret::Secret;

/// How long a signature is good for.
const LIFE: Duration = Duration::from_secs(3600);
/// What tokens for event hubs are asked for.
const RESOURCE: &str = "https://eventhubs.azure.net";

/// An event hub, and how the gateway shows who it is: what a logger of the kind `azureEventHub` is to `log-to-eventhub`.
///
/// ```
/// use gatewright::policy::EventHub;
///
/// let text = "Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=c2VjcmV0";
/// let hub = EventHub::of_connection_string(text, Some("requests"))?;
/// assert_eq!(hub.url(), "https://contoso.servicebus.windows.net/requests");
/// # Ok::<_, gatewright::policy::EventHubError>(())
/// ```
#[derive(Clone)]
pub struct EventHub(Arc<Shared>);

struct Shared {
    authority: Authority,
    name: String,
    access: Access,
}

enum Access {
    /// Name and key of a shared access policy.
    Key(String, Secret),
    /// The client id of a user-assigned identity, or the system-assigned one.
    Identity(Option<Arc<str>>),
}

/// Why something is not an event hub.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EventHubError(&'static str);

impl EventHub {
    /// Reads `Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…`, perhaps with `EntityPath=…`; `name` is the name of
    /// the hub, and comes first.
    ///
    /// # Errors
    ///
    /// [`EventHubError`] when a part is missing, or the endpoint is not a host.
    pub fn of_connection_string(text: &str, name: Option<&str>) -> Result<Self, EventHubError> {
        let part = |wanted: &str| {
            let parts = text.split(';').filter_map(|part| part.split_once('='));
            let mut found = parts.filter(|(key, _)| key.trim().eq_ignore_ascii_case(wanted));
            found.next().map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
        };
        let endpoint = part("Endpoint").ok_or(EventHubError("the connection string has no `Endpoint`"))?;
        let key_name = part("SharedAccessKeyName");
        let key_name = key_name.ok_or(EventHubError("the connection string has no `SharedAccessKeyName`"))?;
        let key = part("SharedAccessKey").ok_or(EventHubError("the connection string has no `SharedAccessKey`"))?;
        let name = name.map(str::trim).filter(|name| !name.is_empty()).or_else(|| part("EntityPath"));
        Self::new(endpoint, name.unwrap_or_default(), Access::Key(key_name.to_owned(), Secret::new(key)))
    }

    /// A hub of a namespace such as `contoso.servicebus.windows.net`, reached by the gateway's own identity: the
    /// system-assigned one, or the user-assigned one with this client id.
    ///
    /// # Errors
    ///
    /// [`EventHubError`] when the namespace is not a host, or the name is empty.
    pub fn of_identity(namespace: &str, name: &str, client_id: Option<&str>) -> Result<Self, EventHubError> {
        Self::new(namespace, name.trim(), Access::Identity(client_id.map(Into::into)))
    }

    fn new(endpoint: &str, name: &str, access: Access) -> Result<Self, EventHubError> {
        if name.is_empty() {
            return Err(EventHubError("the event hub has no name"));
        }
        let host = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
        let host = host.split('/').next().unwrap_or_default().trim().to_ascii_lowercase();
        let authority: Authority = host.parse().map_err(|_| EventHubError("the endpoint is not a host"))?;
        Ok(Self(Arc::new(Shared { authority, name: name.to_owned(), access })))
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("https://{}/{}", self.0.authority, utf8_percent_encode(&self.0.name, UNRESERVED))
    }

    /// A request that puts one event into the hub.
    pub(crate) fn event(&self, exchange: &Exchange, to: &Partition, event: Vec<u8>) -> Result<Prepared, Box<Failure>> {
        let fail = |error: &dyn fmt::Display| Failure::internal("EventHubRequestInvalid", error.to_string());
        let url = self.url();
        let partition = match to {
            Partition::Id(id) => format!("/partitions/{}", utf8_percent_encode(id, UNRESERVED)),
            Partition::Any | Partition::Key(_) => String::new(),
        };
        let target = format!("{url}{partition}/messages?timeout=60&api-version=2014-01");
        let mut request = Request::post(target).body(Body::from(event)).map_err(|error| fail(&error))?;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/atom+xml;type=entry;charset=utf-8"));
        if let Partition::Key(key) = to {
            let properties = json!({ "PartitionKey": key }).to_string();
            let properties = HeaderValue::try_from(properties).map_err(|error| fail(&error))?;
            headers.insert(HeaderName::from_static("brokerproperties"), properties);
        }
        let mut wanted = None;
        match &self.0.access {
            Access::Key(name, key) => {
                let signature = signature(&url, name, key, exchange.settings.clock.wall() + LIFE);
                let mut signature = HeaderValue::try_from(signature).map_err(|error| fail(&error))?;
                signature.set_sensitive(true);
                headers.insert(AUTHORIZATION, signature);
            }
            Access::Identity(client) => {
                let token = TokenRequest::new(RESOURCE);
                let token = match client {
                    Some(client) => token.client_id(client.clone()),
                    None => token,
                };
                wanted = Some(Wanted { token, variable: None, ignores_errors: false });
            }
        }
        let uri = request.uri().clone();
        Prepared::new(exchange, Ok(uri), request, OutboundOptions::default(), wanted)
    }
}

/// Which partition an event is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Partition {
    /// The hub chooses.
    Any,
    /// That of this id.
    Id(String),
    /// The one that all events with this key go to.
    Key(String),
}

/// A shared access signature for a resource, good until `expires`.
fn signature(url: &str, key_name: &str, key: &Secret, expires: SystemTime) -> String {
    let resource = utf8_percent_encode(url, UNRESERVED).to_string();
    let expires = expires.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    // INVARIANT: HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()) else { return String::new() };
    mac.update(format!("{resource}\n{expires}").as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let (signature, name) = (utf8_percent_encode(&signature, UNRESERVED), utf8_percent_encode(key_name, UNRESERVED));
    format!("SharedAccessSignature sr={resource}&sig={signature}&se={expires}&skn={name}")
}

impl fmt::Debug for EventHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventHub({})", self.url())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_signature_is_that_of_the_documentation() {
        // Computed with Python: hmac, sha256, urllib.parse.quote_plus.
        let expires = UNIX_EPOCH + Duration::from_secs(1_710_502_245);
        let made = signature("https://contoso.servicebus.windows.net/hub", "send", &Secret::new("a2V5"), expires);
        assert_eq!(
            made,
            "SharedAccessSignature sr=https%3A%2F%2Fcontoso.servicebus.windows.net%2Fhub&sig=HEkXNVDRmp1e%2F3xhUfIkmjC5A62cQ3IlBGU5RUSl9h8%3D&se=1710502245&skn=send"
        );
    }

    #[test]
    fn what_is_no_event_hub_is_refused() {
        let whole =
            "Endpoint=sb://Contoso.servicebus.windows.net/;SharedAccessKeyName=a;SharedAccessKey=b=;EntityPath=hub";
        assert_eq!(
            EventHub::of_connection_string(whole, None).unwrap().url(),
            "https://contoso.servicebus.windows.net/hub"
        );
        let named = EventHub::of_connection_string(whole, Some("other")).unwrap();
        assert_eq!(named.url(), "https://contoso.servicebus.windows.net/other");
        for (text, problem) in [
            ("", "the connection string has no `Endpoint`"),
            ("Endpoint=sb://a/", "the connection string has no `SharedAccessKeyName`"),
            ("Endpoint=sb://a/;SharedAccessKeyName=a", "the connection string has no `SharedAccessKey`"),
            ("Endpoint=sb://a/;SharedAccessKeyName=a;SharedAccessKey=b", "the event hub has no name"),
            ("Endpoint=sb://a b/;SharedAccessKeyName=a;SharedAccessKey=b;EntityPath=c", "the endpoint is not a host"),
        ] {
            assert_eq!(EventHub::of_connection_string(text, None).unwrap_err().to_string(), problem, "{text}");
        }
        assert!(!format!("{:?}", EventHub::of_connection_string(whole, None).unwrap()).contains("b="));
    }

    proptest! {
        #[test]
        fn any_text_is_a_connection_string_or_a_reason(text in any::<String>(), host in "[ -~]{0,20}") {
            let _ = EventHub::of_connection_string(&text, None);
            let whole = format!("Endpoint=sb://{host}/;SharedAccessKeyName=a;SharedAccessKey=b");
            if let Ok(hub) = EventHub::of_connection_string(&whole, Some("hub")) {
                prop_assert!(hub.url().parse::<http::Uri>().is_ok());
            }
        }
    }
}
