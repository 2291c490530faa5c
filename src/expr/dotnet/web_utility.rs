//! `System.Net.WebUtility`: form encoding of URLs, entities of HTML.

use super::html_entities;

/// `WebUtility.UrlEncode`.
pub fn url_encode(text: &str) -> String {
    url_encode_bytes(text.as_bytes())
}

/// `WebUtility.UrlEncodeToBytes`, as text.
pub fn url_encode_bytes(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b' ' => out.push('+'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'!' | b'*' | b'(' | b')' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// `WebUtility.UrlDecode`: bad escapes are kept.
pub fn url_decode(text: &str) -> String {
    String::from_utf8_lossy(&url_decode_bytes(text.as_bytes())).into_owned()
}

/// `WebUtility.UrlDecodeToBytes`.
pub fn url_decode_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = if byte == b'%' { hex_pair(bytes, at + 1) } else { None };
        match escaped {
            Some(value) => {
                out.push(value);
                at += 3;
            }
            None => {
                out.push(if byte == b'+' { b' ' } else { byte });
                at += 1;
            }
        }
    }
    out
}

/// The byte that two hexadecimal digits at `at` stand for.
pub(super) fn hex_pair(bytes: &[u8], at: usize) -> Option<u8> {
    let digit = |index: usize| bytes.get(index).and_then(|&b| char::from(b).to_digit(16));
    Some((digit(at)? * 16 + digit(at + 1)?) as u8)
}

/// `WebUtility.HtmlEncode`.
pub fn html_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '\u{A0}'..='\u{FF}' | '\u{10000}'.. => out.push_str(&format!("&#{};", u32::from(c))),
            _ => out.push(c),
        }
    }
    out
}

/// `WebUtility.HtmlDecode`: unknown entities are kept.
pub fn html_decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest[1..].find([';', '&']).map(|index| index + 1).filter(|&index| rest[index..].starts_with(';'));
        match end.and_then(|end| entity(&rest[1..end]).map(|c| (c, end))) {
            Some((c, end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    let Some(number) = name.strip_prefix('#') else { return html_entities::find(name) };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    code.ok().filter(|&code| code > 0 && !number.contains('+')).and_then(char::from_u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn encodes_and_decodes() {
        assert_eq!(url_encode("a b&c=d/e?f~"), "a+b%26c%3Dd%2Fe%3Ff%7E");
        assert_eq!(url_decode("a+b%20c%zz%C3%A9"), "a b c%zzé");
        assert_eq!(html_encode("<a href=\"x\">&'é€😀"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;&#233;€&#128512;");
        assert_eq!(html_decode("&lt;&#65;&#x42;&eacute;&euro;&apos;&unknown; &&amp;"), "<AB\u{e9}€'&unknown; &&");
    }

    proptest! {
        #[test]
        fn round_trips(text in ".{0,20}") {
            prop_assert_eq!(url_decode(&url_encode(&text)), text.clone());
            prop_assert_eq!(html_decode(&html_encode(&text)), text.clone());
            let _ = html_decode(&text);
        }

        #[test]
        fn never_panics(text in "[%&#x;+a-fé]{0,20}") {
            let _ = (url_decode(&text), html_decode(&text));
        }
    }
}
