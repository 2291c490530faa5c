//! Keeps secrets out of texts.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use super::{NamedValue, NamedValues, Secret};

const MASK: &str = "***";
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Base64 of less says too little to be told from ordinary text.
const SHORTEST_BASE64: usize = 6;

/// Replaces secrets in texts that leave the crate by `***`.
///
/// It knows each secret as it is and as it looks percent-encoded, form-encoded, in base64 (also within a longer text
/// that was encoded, as in basic authentication), and escaped for JSON and XML.
#[derive(Default)]
pub struct Redactor {
    /// The forms to look for, by their first byte.
    forms: Vec<Vec<Zeroizing<String>>>,
}

impl Redactor {
    /// A redactor of these secrets; empty ones are left out.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut redactor = Self { forms: Vec::new() };
        for secret in secrets {
            add_forms(secret.expose(), |form| redactor.add(Zeroizing::new(form)));
        }
        redactor
    }

    /// Whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }

    /// The text with each secret replaced by `***`.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let (mut out, mut copied) = (None::<String>, 0);
        let mut hidden = 0..0;
        // Secrets may overlap, so the search goes on inside what is hidden already.
        for (at, first) in text.bytes().enumerate() {
            let Some(longest) = self.longest_at(text, at, first) else { continue };
            if at > hidden.end || hidden.is_empty() {
                flush(text, &mut out, &mut copied, &hidden);
                hidden = at..at + longest;
            } else {
                hidden.end = hidden.end.max(at + longest);
            }
        }
        flush(text, &mut out, &mut copied, &hidden);
        let Some(mut out) = out else { return Cow::Borrowed(text) };
        out.push_str(text.get(copied..).unwrap_or_default());
        Cow::Owned(out)
    }

    fn add(&mut self, form: Zeroizing<String>) {
        let Some(first) = form.bytes().next().map(usize::from) else { return };
        if self.forms.len() <= first {
            self.forms.resize_with(first + 1, Vec::new);
        }
        if let Some(same_start) = self.forms.get_mut(first).filter(|forms| !forms.contains(&form)) {
            same_start.push(form);
        }
    }

    fn longest_at(&self, text: &str, at: usize, first: u8) -> Option<usize> {
        let forms = self.forms.get(usize::from(first)).filter(|forms| !forms.is_empty())?;
        let rest = text.get(at..)?;
        forms.iter().filter(|form| rest.starts_with(form.as_str())).map(|form| form.len()).max()
    }
}

impl From<&NamedValues> for Redactor {
    fn from(values: &NamedValues) -> Self {
        Self::new(values.iter().filter_map(|(_, value)| match value {
            NamedValue::Secret(secret) => Some(secret),
            NamedValue::Plain(_) => None,
        }))
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor(***)")
    }
}

fn flush(text: &str, out: &mut Option<String>, copied: &mut usize, hidden: &std::ops::Range<usize>) {
    if !hidden.is_empty() {
        let out = out.get_or_insert_default();
        out.push_str(text.get(*copied..hidden.start).unwrap_or_default());
        out.push_str(MASK);
        *copied = hidden.end;
    }
}

fn add_forms(secret: &str, mut add: impl FnMut(String)) {
    add(secret.to_owned());
    for set in [UNRESERVED, NON_ALPHANUMERIC] {
        let encoded = utf8_percent_encode(secret, set).to_string();
        for encoded in [lower_case_hex(&encoded), encoded] {
            add(encoded.replace("%20", "+"));
            add(encoded);
        }
    }
    let json = serde_json::Value::from(secret).to_string();
    if let Some(json) = json.strip_prefix('"').and_then(|json| json.strip_suffix('"')) {
        add(json.to_owned());
    }
    let xml = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    add(xml.replace('"', "&quot;").replace('\'', "&apos;"));
    add(xml);
    for before in 0..3 {
        let mut bytes = Zeroizing::new(vec![0; before]);
        bytes.extend_from_slice(secret.as_bytes());
        // Only the characters that the secret alone decides; those at the ends hold bits of its neighbours.
        let (start, end) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let encoded = Zeroizing::new(engine.encode(&bytes));
            if let Some(own) = encoded.get(start..end).filter(|own| own.len() >= SHORTEST_BASE64) {
                add(own.to_owned());
            }
        }
    }
}

fn lower_case_hex(encoded: &str) -> String {
    let mut digits = 0;
    let lower = |c: char| match (c, digits) {
        ('%', _) => {
            digits = 2;
            c
        }
        (_, 0) => c,
        _ => {
            digits -= 1;
            c.to_ascii_lowercase()
        }
    };
    encoded.chars().map(lower).collect()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    fn redactor(secrets: &[&str]) -> Redactor {
        let secrets: Vec<_> = secrets.iter().map(|&text| Secret::new(text)).collect();
        Redactor::new(&secrets)
    }

    #[test]
    fn hides_secrets_as_they_are() {
        let cases = [
            ("", ""),
            ("nothing here", "nothing here"),
            ("key-1", "***"),
            ("a key-1 b key-1", "a *** b ***"),
            ("key-1key-1", "***"),
            ("key-12", "***"),
            ("akey-1-tail", "a***"),
            ("é key-1 é", "é *** é"),
        ];
        for (text, expected) in cases {
            assert_eq!(redactor(&["key-1", "key-12", "1-tail", ""]).redact(text), expected, "{text}");
        }
        assert!(matches!(redactor(&["x"]).redact("abc"), Cow::Borrowed(_)));
    }

    #[test]
    fn hides_encoded_forms() {
        let secret = "p@ss/w\"ord<+é ~";
        let forms = [
            "p%40ss%2Fw%22ord%3C%2B%C3%A9%20~",
            "p%40ss%2fw%22ord%3c%2b%c3%a9%20~",
            "p%40ss%2Fw%22ord%3C%2B%C3%A9+~",
            "p%40ss%2Fw%22ord%3C%2B%C3%A9%20%7E",
            "p@ss/w\\\"ord<+é ~",
            "p@ss/w&quot;ord&lt;+é ~",
            "p@ss/w\"ord&lt;+é ~",
        ];
        for form in forms {
            assert_eq!(redactor(&[secret]).redact(&format!("[{form}]")), "[***]", "{form}");
        }
    }

    #[test]
    fn hides_base64_within_a_longer_text() {
        for user in ["", "u", "us", "use"] {
            let token = STANDARD.encode(format!("{user}:hunter2-hunter2:{user}"));
            let shown = redactor(&["hunter2-hunter2"]).redact(&token).into_owned();
            assert!(shown.contains("***") && shown.len() < 20, "{token} became {shown}");
        }
    }

    proptest! {
        #[test]
        fn no_secret_is_left(secrets in proptest::collection::vec("[a-cé%]{1,4}", 1..4), text in "[a-cé%]{0,30}") {
            let secrets: Vec<_> = secrets.into_iter().map(Secret::new).collect();
            let shown = Redactor::new(&secrets).redact(&text).into_owned();
            for secret in &secrets {
                for part in shown.split(MASK) {
                    prop_assert!(!part.contains(secret.expose()));
                }
            }
        }
    }
}
