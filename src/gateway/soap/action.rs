//! The SOAP action of a request.

use std::borrow::Cow;

use http::{HeaderMap, Uri, header};

use super::PARAMETER;
use crate::gateway::query;

/// What a request says that it wants done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Action<'r> {
    Named(Cow<'r, str>),
    /// It says nothing, or an empty text.
    Empty,
}

impl<'r> Action<'r> {
    /// The query parameter `soapAction`, else the header `SOAPAction` without its quotes (SOAP 1.1), else the parameter
    /// `action` of the content type (SOAP 1.2).
    pub(super) fn of(uri: &'r Uri, headers: &'r HeaderMap) -> Self {
        let in_query = query::values(uri.query().unwrap_or_default(), PARAMETER).next();
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let in_header = || header(header::HeaderName::from_static("soapaction")).map(unquoted).map(Cow::Borrowed);
        let in_type = || header(header::CONTENT_TYPE).and_then(of_content_type);
        let is_some = |action: &Cow<'_, str>| !action.is_empty();
        let found =
            in_query.filter(is_some).or_else(|| in_header().filter(is_some)).or_else(|| in_type().filter(is_some));
        found.map_or(Self::Empty, Self::Named)
    }
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// The action in `application/soap+xml; action="urn:a"`, or in the same parameter of a `multipart/related`.
fn of_content_type(value: &str) -> Option<Cow<'_, str>> {
    let (media, mut rest) = value.split_once(';')?;
    let media = media.trim();
    if !["application/soap+xml", "multipart/related"].iter().any(|known| media.eq_ignore_ascii_case(known)) {
        return None;
    }
    loop {
        let (name, value) = rest.split_once('=')?;
        let value = value.trim_start();
        let (text, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_at(end_of_quoted(quoted)),
            None => value.split_at(value.find(';').unwrap_or(value.len())),
        };
        if name.trim_matches([' ', '\t', ';']).eq_ignore_ascii_case("action") {
            return Some(if text.contains('\\') { text.replace('\\', "").into() } else { text.trim_end().into() });
        }
        rest = after.split_once(';')?.1;
    }
}

fn end_of_quoted(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    });
    end.unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn finds_the_action() {
        for (url, soap_action, content_type, expected) in [
            ("/?soapAction=urn%3Aa", "\"urn:b\"", "", "urn:a"),
            ("/?SOAPACTION=", "\"urn:b\"", "", "urn:b"),
            ("/", "urn:b", "", "urn:b"),
            ("/", "\"\"", "application/soap+xml;charset=utf-8; action=\"urn:c;d\"", "urn:c;d"),
            ("/", "", "Application/SOAP+XML; action=urn:c ; x=y", "urn:c"),
            ("/", "", "multipart/related; type=\"application/xop+xml\"; Action=\"urn:c\"", "urn:c"),
            ("/", "", "application/soap+xml; charset=utf-8", ""),
            ("/", "", "text/xml; action=\"urn:c\"", ""),
            ("/", "", "application/soap+xml; action", ""),
            ("/", "", "application/soap+xml; action=\"urn", "urn"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("soapaction", HeaderValue::from_static(soap_action));
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
            let uri = url.parse().unwrap();
            let found = match Action::of(&uri, &headers) {
                Action::Named(action) => action.into_owned(),
                Action::Empty => String::new(),
            };
            assert_eq!(found, expected, "{url} {soap_action} {content_type}");
        }
    }
    proptest! {
        #[test]
        fn any_content_type_is_read(value in "(multipart/related|application/soap\\+xml|text/xml)?[a-z;=\"\\\\ é]{0,60}") {
            if let Some(action) = of_content_type(&value) {
                prop_assert!(action.len() <= value.len());
            }
        }

        #[test]
        fn the_action_is_found_among_parameters(before in "(; ?[b-z]{1,4}=([a-z]{0,4}|\"[a-z;=]{0,6}\")){0,3}", action in "[a-z:;=]{1,12}") {
            let value = format!("multipart/related{before}; action=\"{action}\"; z=1");
            let found = of_content_type(&value);
            prop_assert_eq!(found.as_deref(), Some(action.as_str()));
        }
    }
}
