//! The URL that a policy's own request is sent to.

use http::Uri;
use url::{ParseError, Position, Url};

use super::super::context::Context;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::{invalid, unavailable};

/// The URI of a text. One that is not absolute is a fault of the document; one that no host can have fails when it is
/// sent, as a host that is not there does.
pub(super) fn absolute(text: &str) -> Result<Result<Uri, Box<Failure>>, Box<Failure>> {
    let shown = || text.trim().split('?').next().unwrap_or_default().to_owned();
    let url = match Url::parse(text.trim()) {
        Ok(url) => url,
        Err(ParseError::RelativeUrlWithoutBase) => {
            return Err(invalid(format!("'{}' is not an absolute URL.", shown())));
        }
        Err(error) => return Ok(Err(unavailable(format!("'{}' is not a URL: {error}", shown())))),
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid(format!("The URL has the scheme '{}': expected http or https.", url.scheme())));
    }
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    let (scheme, host) = (url.scheme(), url.host_str().unwrap_or_default());
    let rest = &url[Position::BeforePath..Position::AfterQuery];
    let uri = Uri::try_from(format!("{scheme}://{host}{port}{rest}"));
    Ok(uri.map_err(|error| unavailable(format!("'{}' is not a URL: {error}", shown()))))
}

/// The URL of the request on its way.
pub(super) fn current(exchange: &mut Exchange) -> Result<Uri, Box<Failure>> {
    let rest = exchange.request.rest().to_owned();
    let base = Context::new(exchange).base().map(|base| base.join(&rest).to_string());
    let text = base.unwrap_or_else(|| exchange.request.original_uri.to_string());
    absolute(&text)?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_absolute_urls_of_http_are_taken() {
        for (text, expected) in [
            (" https://a.example ", "https://a.example/"),
            ("HTTP://A.Example:80/x y?q=a b#part", "http://a.example/x%20y?q=a%20b"),
            ("https://user:password@a.example:444/../x", "https://a.example:444/x"),
            ("https://[::1]/", "https://[::1]/"),
            ("/relative", "SendRequestInvalid"),
            ("", "SendRequestInvalid"),
            ("ftp://a.example", "SendRequestInvalid"),
            ("mailto:a@b.example", "SendRequestInvalid"),
            ("https://", "BackendConnectionFailure"),
            ("https://a b/", "BackendConnectionFailure"),
            ("https://a.example:99999/", "BackendConnectionFailure"),
        ] {
            let found = match absolute(text) {
                Ok(Ok(uri)) => uri.to_string(),
                Ok(Err(failure)) | Err(failure) => failure.reason.to_string(),
            };
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_query_is_not_told() {
        let Err(failure) = absolute("relative?key=secret") else { panic!("it is not absolute") };
        assert_eq!(failure.message, "'relative' is not an absolute URL.");
    }

    proptest! {
        #[test]
        fn any_text_is_a_uri_or_a_reason(text in any::<String>(), rest in "[ -~]{0,30}") {
            let _ = absolute(&text);
            let _ = absolute(&format!("https://{rest}"));
        }
    }
}
