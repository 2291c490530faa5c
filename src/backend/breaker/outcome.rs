//! How an attempt ended, and when the backend wants to be asked again.

use std::time::{Duration, SystemTime};

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue};

/// Why there was no response, as `errorReasons` of a rule names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureReason {
    /// `BackendConnectionFailure`.
    BackendConnectionFailure,
    /// `Timeout`.
    Timeout,
    /// `ClientConnectionFailure`.
    ClientConnectionFailure,
}

impl FailureReason {
    const ALL: [Self; 3] = [Self::BackendConnectionFailure, Self::Timeout, Self::ClientConnectionFailure];

    /// The word in `context.LastError.Reason`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BackendConnectionFailure => "BackendConnectionFailure",
            Self::Timeout => "Timeout",
            Self::ClientConnectionFailure => "ClientConnectionFailure",
        }
    }

    /// The reason of this name, in any case of letters.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str().eq_ignore_ascii_case(text.trim()))
    }
}

/// How one attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A response, with the time that its `Retry-After` asks for.
    Status(u16, Option<Duration>),
    /// No response.
    Failure(FailureReason),
}

/// What `Retry-After` asks for: seconds, or the time until a date; nothing for what cannot be read, zero, or the past.
pub(crate) fn retry_after(headers: &HeaderMap, now: impl FnOnce() -> SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER).map(HeaderValue::to_str)?.ok()?.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        // Too many digits for a number are very many seconds.
        Err(_) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => Duration::from_secs(u64::MAX),
        Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(now()).ok()?,
    };
    (!wait.is_zero()).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        // Sun, 06 Nov 1994 08:49:37 GMT
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let cases = [
            ("5", Some(5)),
            (" 86400 ", Some(86_400)),
            ("0", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
            ("Sunday, 06-Nov-94 08:50:37 GMT", Some(60)),
            ("Sun Nov  6 09:49:37 1994", Some(3_600)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49:00 GMT", None),
            ("Sun, 99 Nov 1994 08:49:00 GMT", None),
        ];
        for (text, expected) in cases {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_str(text).unwrap())]);
            assert_eq!(retry_after(&headers, || now), expected.map(Duration::from_secs), "`{text}`");
        }
        assert_eq!(retry_after(&HeaderMap::new(), || now), None);
    }
}
