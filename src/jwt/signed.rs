//! Tokens in the compact form of RFC 7515: `header.claims.signature`.

use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;

use super::algorithm::Algorithm;
use super::claims::Claims;
use super::{LONGEST, append_part, is_object};

/// Why a text is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("The token is longer than {LONGEST} bytes.")]
    TooLong,
    #[error("The token is not well-formed: it has {0} parts, not 3 or 5.")]
    Parts(usize),
    #[error("The token is not well-formed: its {0} is not base64url.")]
    Encoding(&'static str),
    #[error("The token is not well-formed: its {0} is not a JSON object.")]
    Json(&'static str),
    #[error("The token has critical headers that are not understood.")]
    Critical,
    #[error("The token is encrypted in a way that is not supported.")]
    Encryption,
}

/// A token that was read; nothing of it is checked.
#[derive(Debug)]
pub(crate) struct Token<'t> {
    /// `alg`; none for `none` and for what is not known.
    pub(crate) algorithm: Option<Algorithm>,
    says_none: bool,
    /// `kid`.
    pub(crate) key_id: Option<Box<str>>,
    /// What the signature is of.
    pub(crate) signed: &'t [u8],
    /// Header, payload and signature, decoded.
    bytes: Vec<u8>,
    payload: Range<usize>,
}

#[derive(Deserialize)]
struct Header<'h> {
    #[serde(borrow)]
    alg: Cow<'h, str>,
    #[serde(borrow, default)]
    kid: Option<Cow<'h, str>>,
    #[serde(default)]
    crit: Option<serde::de::IgnoredAny>,
}

impl<'t> Token<'t> {
    /// Reads a token of three parts.
    pub(crate) fn parse(text: &'t str) -> Result<Self, Malformed> {
        if text.len() > LONGEST {
            return Err(Malformed::TooLong);
        }
        let wrong = || Malformed::Parts(text.split('.').take(100).count());
        let (signed, signature) = text.rsplit_once('.').ok_or_else(wrong)?;
        let (header, payload) =
            signed.split_once('.').filter(|(_, payload)| !payload.contains('.')).ok_or_else(wrong)?;
        let mut bytes = Vec::with_capacity(text.len());
        append_part(header, &mut bytes).ok_or(Malformed::Encoding("header"))?;
        let header: Option<Header<'_>> = is_object(&bytes).then(|| serde_json::from_slice(&bytes).ok()).flatten();
        let header = header.ok_or(Malformed::Json("header"))?;
        if header.crit.is_some() {
            return Err(Malformed::Critical);
        }
        let (algorithm, says_none) = (Algorithm::parse(&header.alg), header.alg == "none");
        let key_id = header.kid.map(Into::into);
        let start = bytes.len();
        append_part(payload, &mut bytes).ok_or(Malformed::Encoding("payload"))?;
        let payload = start..bytes.len();
        append_part(signature, &mut bytes).ok_or(Malformed::Encoding("signature"))?;
        Ok(Self { algorithm, says_none, key_id, signed: signed.as_bytes(), bytes, payload })
    }

    /// What the token claims.
    pub(crate) fn claims(&self) -> Result<Claims<'_>, Malformed> {
        self.bytes.get(self.payload.clone()).and_then(Claims::read).ok_or(Malformed::Json("payload"))
    }

    pub(crate) fn signature(&self) -> &[u8] {
        self.bytes.get(self.payload.end..).unwrap_or_default()
    }

    /// Whether the token says that it has no signature, and has none.
    pub(crate) fn is_unsigned(&self) -> bool {
        self.says_none && self.signature().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    use super::*;

    fn of(header: &str, claims: &str, signature: &[u8]) -> String {
        [header.as_bytes(), claims.as_bytes(), signature].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".")
    }

    #[test]
    fn a_token_is_read() {
        let text = of(r#"{"alg":"RS256","kid":"a\u0062","x":1}"#, r#"{"sub":"s"}"#, b"!");
        let token = Token::parse(&text).unwrap();
        assert_eq!((token.algorithm, token.key_id.as_deref()), (Algorithm::parse("RS256"), Some("ab")));
        let claims = token.claims().unwrap();
        assert_eq!((claims.get("sub").unwrap().as_str(), token.signature()), (Some("s"), &b"!"[..]));
        assert_eq!(token.signed, text.rsplit_once('.').unwrap().0.as_bytes());
        assert!(!token.is_unsigned());
    }

    #[test]
    fn only_none_without_a_signature_is_unsigned() {
        for (header, signature, expected) in [
            (r#"{"alg":"none"}"#, "", true),
            (r#"{"alg":"none"}"#, "x", false),
            (r#"{"alg":"None"}"#, "", false),
            (r#"{"alg":"HS256"}"#, "", false),
        ] {
            let text = of(header, "{}", signature.as_bytes());
            assert_eq!(Token::parse(&text).unwrap().is_unsigned(), expected, "{header}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let good = |header, claims| of(header, claims, b"s");
        for (text, expected) in [
            (String::new(), Malformed::Parts(1)),
            ("a.b".to_owned(), Malformed::Parts(2)),
            ("a.b.c.d".to_owned(), Malformed::Parts(4)),
            ("*.e30.".to_owned(), Malformed::Encoding("header")),
            ("eyJhbGciOiJub25lIn0.*.".to_owned(), Malformed::Encoding("payload")),
            ("eyJhbGciOiJub25lIn0=.e30.".to_owned(), Malformed::Encoding("header")),
            (format!("{}=", good(r#"{"alg":"HS256"}"#, "{}")), Malformed::Encoding("signature")),
            (good("[]", "{}"), Malformed::Json("header")),
            (good("{}", "{}"), Malformed::Json("header")),
            (good(r#"["none"]"#, "{}"), Malformed::Json("header")),
            (good(r#"{"alg":7}"#, "{}"), Malformed::Json("header")),
            (good(r#"{"alg":"HS256","alg":"none"}"#, "{}"), Malformed::Json("header")),
            (good(r#"{"alg":"HS256","kid":1}"#, "{}"), Malformed::Json("header")),
            (good(r#"{"alg":"HS256"}"#, "[]"), Malformed::Json("payload")),
            (good(r#"{"alg":"HS256"}"#, &"[".repeat(1000)), Malformed::Json("payload")),
            (good(r#"{"alg":"HS256","crit":["b64"]}"#, "{}"), Malformed::Critical),
            ("a".repeat(LONGEST + 1), Malformed::TooLong),
        ] {
            assert_eq!(Token::parse(&text).and_then(|token| token.claims().map(drop)), Err(expected), "{text:.60}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>(), header in any::<Vec<u8>>(), claims in any::<Vec<u8>>()) {
            let _ = Token::parse(&text).map(|token| token.claims().map(drop));
            let text = [&header, &claims, &header].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
            let _ = Token::parse(&text).map(|token| token.claims().map(drop));
        }
    }
}
