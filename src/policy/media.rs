//! Media types of messages: what a body is, in which charset, and what a caller accepts.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::expr::dotnet::encoding::{Encoding, utf8};

/// A media type as a header has it: `application/json; charset=utf-8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MediaType<'a> {
    /// Type and subtype, without white space around them.
    essence: &'a str,
    parameters: &'a str,
}

impl<'a> MediaType<'a> {
    pub(crate) fn parse(text: &'a str) -> Self {
        let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
        Self { essence: essence.trim(), parameters }
    }

    /// The `Content-Type` of a message.
    pub(crate) fn of(headers: &'a HeaderMap) -> Option<Self> {
        let text = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        Some(Self::parse(text)).filter(|media| !media.essence.is_empty())
    }

    /// Type and subtype.
    pub(crate) fn essence(self) -> &'a str {
        self.essence
    }

    fn has(self, names: &[&str], suffix: &str) -> bool {
        let ending = self.essence.len().checked_sub(suffix.len()).and_then(|at| self.essence.get(at..));
        names.iter().any(|name| self.essence.eq_ignore_ascii_case(name))
            || ending.is_some_and(|ending| ending.eq_ignore_ascii_case(suffix))
    }

    /// Whether both are the same type, parameters aside.
    pub(crate) fn is_same(self, other: MediaType<'_>) -> bool {
        self.essence.eq_ignore_ascii_case(other.essence)
    }

    pub(crate) fn is_json(self) -> bool {
        self.has(&["application/json", "text/json"], "+json")
    }

    pub(crate) fn is_xml(self) -> bool {
        self.has(&["application/xml", "text/xml"], "+xml")
    }

    /// Whether the body is text that people could read.
    pub(crate) fn is_text(self) -> bool {
        let script = ["application/javascript", "application/x-javascript", "application/ecmascript"];
        let is_text = self.essence.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("text/"));
        is_text || self.is_json() || self.is_xml() || script.iter().any(|name| self.essence.eq_ignore_ascii_case(name))
    }

    fn parameter(self, name: &str) -> Option<&'a str> {
        self.parameters.split(';').find_map(|parameter| {
            let (key, value) = parameter.split_once('=')?;
            key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
        })
    }

    /// The encoding of the charset, when it names one that .NET has.
    pub(crate) fn encoding(self) -> Option<Encoding> {
        Encoding::by_name(self.parameter("charset")?).ok()
    }
}

/// What is said of XML that [`xml_text`] cannot read.
pub(crate) const NOT_ITS_ENCODING: &str = "Its bytes are no text in its encoding, which is UTF-8 when it names none.";

/// Whether a header such as `Accept` names a media range of that kind with a weight above zero.
pub(crate) fn accepts(headers: &HeaderMap, is_wanted: impl Fn(MediaType<'_>) -> bool) -> bool {
    let values = headers.get_all(header::ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(MediaType::parse).any(|range| {
        let weight = range.parameter("q").map_or(Some(1.0), |weight| weight.parse::<f32>().ok());
        is_wanted(range) && weight.is_some_and(|weight| weight > 0.0)
    })
}

/// The text of a body in its charset, UTF-8 without one; a byte order mark is dropped.
///
/// XML can say its encoding by a byte order mark, which goes before the charset.
pub(crate) fn text<'b>(bytes: &'b [u8], headers: &HeaderMap) -> Cow<'b, str> {
    let encoding = match bytes {
        [0xFF, 0xFE, ..] => Some(Encoding::Utf16),
        [0xFE, 0xFF, ..] => Some(Encoding::Utf16BigEndian),
        _ => MediaType::of(headers).and_then(MediaType::encoding),
    };
    decode(bytes, encoding)
}

/// Every text that a body may be read as: in its charset or by its byte order mark, and as UTF-8, which is what many read
/// whatever the charset says. None of bytes that are no text, or in a charset that is not known.
pub(crate) fn readings(bytes: &[u8], headers: &HeaderMap) -> Option<Vec<String>> {
    let charset = MediaType::of(headers).and_then(|media| media.parameter("charset"));
    let encoding = match (bytes, charset) {
        ([0xFF, 0xFE, ..], _) => Encoding::Utf16,
        ([0xFE, 0xFF, ..], _) => Encoding::Utf16BigEndian,
        (_, Some(name)) => Encoding::by_name(name).ok()?,
        (_, None) => Encoding::Utf8,
    };
    let plain = std::str::from_utf8(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)).ok().map(str::to_owned);
    let mut readings = match encoding {
        Encoding::Utf8 => vec![plain?],
        encoding => {
            let decoded = decode(bytes, Some(encoding)).into_owned();
            let is_whole = !decoded.contains('\u{fffd}');
            is_whole.then_some(decoded).into_iter().chain(plain.filter(|plain| !plain.contains('\0'))).collect()
        }
    };
    readings.dedup();
    // Some readers take zeros for another encoding.
    (!readings.is_empty() && !readings.iter().any(|text| text.contains('\0'))).then_some(readings)
}

/// The text of an XML body: without byte order mark and charset, in the encoding that it declares; none when its bytes
/// are no text in that encoding.
pub(crate) fn xml_text<'b>(bytes: &'b [u8], headers: &HeaderMap) -> Option<Cow<'b, str>> {
    let is_told = matches!(bytes, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..])
        || MediaType::of(headers).and_then(MediaType::encoding).is_some();
    if is_told {
        return Some(text(bytes, headers));
    }
    match declared_encoding(bytes) {
        None | Some(Encoding::Utf8) => {
            std::str::from_utf8(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)).ok().map(Cow::Borrowed)
        }
        encoding => Some(decode(bytes, encoding)),
    }
}

/// What `<?xml … encoding="…"?>` says.
fn declared_encoding(bytes: &[u8]) -> Option<Encoding> {
    let declaration = bytes.strip_prefix(b"<?xml")?;
    let end = declaration.iter().take(200).position(|byte| *byte == b'>')?;
    let declaration = std::str::from_utf8(declaration.get(..end)?).ok()?;
    let (_, behind) = declaration.split_once("encoding")?;
    let value = behind.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let name = value.get(1..)?.split(quote).next()?;
    // A declaration that was read byte by byte is not in UTF-16 or UTF-32, whatever it says.
    let encoding = Encoding::by_name(name).ok()?;
    matches!(encoding, Encoding::Utf8 | Encoding::Ascii | Encoding::Latin1).then_some(encoding)
}

fn decode(bytes: &[u8], encoding: Option<Encoding>) -> Cow<'_, str> {
    match encoding {
        None | Some(Encoding::Utf8) => utf8(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)),
        Some(encoding) => {
            let text = encoding.decode(bytes);
            Cow::Owned(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
        }
    }
}

/// Says what a new body is.
pub(crate) fn set_content_type(headers: &mut HeaderMap, value: &'static str) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(value));
}

/// Adds a name to `Vary` unless it is there.
pub(crate) fn vary(headers: &mut HeaderMap, name: &HeaderName) {
    let names = headers.get_all(header::VARY).into_iter().filter_map(|value| value.to_str().ok());
    let mut names = names.flat_map(|value| value.split(','));
    if !names.any(|known| known.trim() == "*" || known.trim().eq_ignore_ascii_case(name.as_str())) {
        let title = if *name == header::ORIGIN { HeaderValue::from_static("Origin") } else { name.clone().into() };
        headers.append(header::VARY, title);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_without_case() {
        assert!(MediaType::parse("Application/JSON; charset=utf-8").is_json());
        assert!(MediaType::parse("application/problem+json").is_json());
        assert!(MediaType::parse(" text/xml ").is_xml());
        assert!(MediaType::parse("application/soap+xml").is_text());
        assert!(!MediaType::parse("image/png").is_text());
        assert!(!MediaType::parse("json").is_json());
    }

    #[test]
    fn only_named_ranges_with_a_weight_are_accepted() {
        let asks = |accept: &'static str| {
            accepts(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]), |media| media.is_xml())
        };
        assert!(asks("text/html, application/xml;q=0.1"));
        assert!(asks("application/atom+xml"));
        assert!(!asks("application/xml;q=0"));
        assert!(!asks("*/*"));
    }

    #[test]
    fn xml_is_read_in_the_encoding_that_it_declares() {
        let none = HeaderMap::new();
        let utf8 = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("text/xml; charset=utf-8"))]);
        let latin = b"<?xml version='1.0' encoding=\"iso-8859-1\"?><a>caf\xE9</a>";
        assert!(xml_text(latin, &none).unwrap().ends_with("<a>café</a>"));
        assert!(xml_text(latin, &utf8).unwrap().ends_with("<a>caf\u{fffd}</a>"), "the charset goes before");
        assert_eq!(xml_text(b"\xEF\xBB\xBF<a/>", &none).as_deref(), Some("<a/>"));
        assert_eq!(xml_text(b"<?xml version='1.0' encoding='utf-16'?><a/>", &none).unwrap().len(), 43);
        assert_eq!(xml_text(b"<a>caf\xE9</a>", &none), None);
        assert_eq!(xml_text(b"<?xml encoding", &none).as_deref(), Some("<?xml encoding"));
    }

    #[test]
    fn text_is_read_in_its_charset() {
        let latin = HeaderMap::from_iter([(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=\"iso-8859-1\""),
        )]);
        assert_eq!(text(b"caf\xE9", &latin), "café");
        assert_eq!(text(b"\xEF\xBB\xBFx", &HeaderMap::new()), "x");
        assert_eq!(text(b"\xFF\xFEx\0", &HeaderMap::new()), "x");
    }

    #[test]
    fn a_body_has_all_the_readings_that_somebody_may_take() {
        let headers =
            |value: &'static str| HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(value))]);
        let utf16 = b"\xFF\xFEh\0i\0";
        for (bytes, content_type, expected) in [
            (&b"hi"[..], "text/plain", Some(&["hi"][..])),
            (b"\xEF\xBB\xBFhi", "text/plain; charset=utf-8", Some(&["hi"])),
            (utf16, "application/json", Some(&["hi"])),
            (&utf16[2..], "application/json; charset=utf-16", Some(&["hi"])),
            // A reader that knows no charset reads UTF-8.
            (b"caf\xC3\xA9", "text/plain; charset=iso-8859-1", Some(&["caf\u{c3}\u{a9}", "caf\u{e9}"])),
            (b"hi", "text/plain; charset=utf-16", Some(&["\u{6968}", "hi"])),
            (b"odd", "text/plain; charset=utf-16", Some(&["odd"])),
            (&utf16[2..], "application/json", None),
            (b"\xFF\xFE\0\0h\0\0\0", "application/json", None),
            (b"caf\xE9", "text/plain", None),
            (b"hi", "text/plain; charset=ibm037", None),
            (b"\x89PNG\x0d\x0a", "image/png", None),
        ] {
            let expected = expected.map(|texts| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
            assert_eq!(readings(bytes, &headers(content_type)), expected, "{bytes:?} {content_type}");
        }
    }
}
