//! Documents behind links: `xml-link` and its kin become what they lead to before a change is made.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::Value;
use url::Url;

use super::error::Failure;
use super::resource::{Call, Meant};
use crate::body::Body;
use crate::outbound::{Outbound, OutboundOptions};

/// How long a document may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The body of a change with the document itself in the place of a link to it; other bodies stay as they are.
pub(super) async fn follow(call: &Call, body: Bytes, outbound: &dyn Outbound, limit: usize) -> Result<Bytes, Failure> {
    let is_write = call.method == Method::PUT || call.method == Method::PATCH;
    let Meant::Resource(kind) = &call.meant else { return Ok(body) };
    let may_link = matches!(kind.path().last(), Some(&("policies" | "policyFragments" | "apis")));
    // What is no JSON is refused later.
    let Some(mut sent) = serde_json::from_slice::<Value>(&body).ok().filter(|_| is_write && may_link) else {
        return Ok(body);
    };
    let Some(properties) = sent.get_mut("properties").and_then(Value::as_object_mut) else { return Ok(body) };
    let text = |name: &str| properties.get(name).and_then(Value::as_str);
    let (Some(format), Some(link)) = (text("format").and_then(without_link), text("value")) else { return Ok(body) };
    let document = fetch(link, outbound, limit).await.map_err(|why| {
        // The link itself may hold a key.
        Failure::validation("value", format!("the link in `value` cannot be followed: {why}"))
    })?;
    properties.insert("format".to_owned(), format.into());
    properties.insert("value".to_owned(), document.into());
    Ok(sent.to_string().into())
}

/// The format of what a link leads to.
fn without_link(format: &str) -> Option<String> {
    let format = format.to_ascii_lowercase();
    format.contains("-link").then(|| format.replace("-link", ""))
}

async fn fetch(link: &str, outbound: &dyn Outbound, limit: usize) -> Result<String, String> {
    let url = Url::parse(link.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or("it is not a URL of `https` or `http`")?;
    let request = Request::get(url.as_str()).body(Body::empty()).map_err(|error| error.to_string())?;
    let asked = async {
        let response = outbound.send(request, &OutboundOptions::default()).await;
        let (head, body) = response.map_err(|error| error.message.into_owned())?.into_parts();
        if head.status != StatusCode::OK {
            return Err(format!("it was answered {}", head.status.as_u16()));
        }
        body.collect(limit).await.map_err(|error| error.to_string())
    };
    let answered = tokio::time::timeout(TIMEOUT, asked).await;
    let body = answered.map_err(|_| format!("no answer within {} s", TIMEOUT.as_secs()))??;
    let bytes = body.as_bytes().cloned().unwrap_or_default();
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| "the document is not UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::without_link;

    #[test]
    fn formats_of_links() {
        for (format, expected) in [
            ("xml-link", Some("xml")),
            ("rawxml-link", Some("rawxml")),
            ("openapi-link", Some("openapi")),
            ("openapi+json-link", Some("openapi+json")),
            ("swagger-link-json", Some("swagger-json")),
            ("WSDL-Link", Some("wsdl")),
            ("xml", None),
        ] {
            assert_eq!(without_link(format).as_deref(), expected, "{format}");
        }
    }
}
