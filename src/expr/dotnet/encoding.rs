//! `System.Text.Encoding`: text to bytes and back.

use std::borrow::Cow;

use super::exception::{Exception, Result};

/// An encoding that policies can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// `Encoding.UTF8`
    Utf8,
    /// `Encoding.ASCII`
    Ascii,
    /// `Encoding.Unicode`: UTF-16, little-endian.
    Utf16,
    /// `Encoding.BigEndianUnicode`
    Utf16BigEndian,
    /// `Encoding.UTF32`, little-endian.
    Utf32,
    /// `Encoding.UTF7`
    Utf7,
    /// ISO-8859-1.
    Latin1,
}

/// Bytes as UTF-8, with U+FFFD for what is none. Nearly all are well-formed, which is checked faster than it is replaced.
pub(crate) fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

impl Encoding {
    /// All encodings, as `GetEncodings()` lists them.
    pub const ALL: [Self; 7] =
        [Self::Utf16, Self::Utf16BigEndian, Self::Utf32, Self::Ascii, Self::Latin1, Self::Utf7, Self::Utf8];

    /// `Encoding.GetEncoding(name)`.
    pub fn by_name(name: &str) -> Result<Self> {
        Ok(match name.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" | "unicode-1-1-utf-8" | "unicode-2-0-utf-8" | "x-unicode-1-1-utf-8" => Self::Utf8,
            "us-ascii" | "ascii" | "ansi_x3.4-1968" | "iso646-us" | "us" | "cp367" | "ibm367" => Self::Ascii,
            "utf-16" | "utf-16le" | "unicode" | "ucs-2" | "iso-10646-ucs-2" => Self::Utf16,
            "utf-16be" | "unicodefffe" => Self::Utf16BigEndian,
            "utf-32" | "utf-32le" | "ucs-4" | "iso-10646-ucs-4" => Self::Utf32,
            "utf-7" | "unicode-1-1-utf-7" | "x-unicode-1-1-utf-7" | "csunicode11utf7" => Self::Utf7,
            "iso-8859-1" | "iso8859-1" | "iso_8859-1" | "latin1" | "l1" | "cp819" | "ibm819" | "iso-ir-100" => {
                Self::Latin1
            }
            _ => {
                return Err(Exception::argument(format!(
                    "'{name}' is not a supported encoding name. For information on defining a custom encoding, see the documentation for the Encoding.RegisterProvider method. (Parameter 'name')"
                )));
            }
        })
    }

    /// `Encoding.GetEncoding(codePage)`.
    pub fn by_code_page(page: i64) -> Result<Self> {
        let all = [Self::Utf8, Self::Ascii, Self::Utf16, Self::Utf16BigEndian, Self::Utf32, Self::Utf7, Self::Latin1];
        match all.into_iter().find(|encoding| encoding.code_page() == page) {
            Some(encoding) => Ok(encoding),
            None if page == 0 => Ok(Self::Utf8),
            None => Err(Exception::new(
                "System.NotSupportedException",
                format!(
                    "No data is available for encoding {page}. For information on defining a custom encoding, see the documentation for the Encoding.RegisterProvider method."
                ),
            )),
        }
    }

    /// `WebName`.
    pub fn web_name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Ascii => "us-ascii",
            Self::Utf16 => "utf-16",
            Self::Utf16BigEndian => "utf-16BE",
            Self::Utf32 => "utf-32",
            Self::Utf7 => "utf-7",
            Self::Latin1 => "iso-8859-1",
        }
    }

    /// `EncodingName`.
    pub fn display_name(self) -> &'static str {
        match self {
            Self::Utf8 => "Unicode (UTF-8)",
            Self::Ascii => "US-ASCII",
            Self::Utf16 => "Unicode",
            Self::Utf16BigEndian => "Unicode (Big-Endian)",
            Self::Utf32 => "Unicode (UTF-32)",
            Self::Utf7 => "Unicode (UTF-7)",
            Self::Latin1 => "Western European (ISO)",
        }
    }

    /// `CodePage`.
    pub fn code_page(self) -> i64 {
        match self {
            Self::Utf8 => 65001,
            Self::Ascii => 20127,
            Self::Utf16 => 1200,
            Self::Utf16BigEndian => 1201,
            Self::Utf32 => 12000,
            Self::Utf7 => 65000,
            Self::Latin1 => 28591,
        }
    }

    /// `GetPreamble()`.
    pub fn preamble(self) -> &'static [u8] {
        match self {
            Self::Utf8 => &[0xEF, 0xBB, 0xBF],
            Self::Utf16 => &[0xFF, 0xFE],
            Self::Utf16BigEndian => &[0xFE, 0xFF],
            Self::Utf32 => &[0xFF, 0xFE, 0, 0],
            Self::Ascii | Self::Utf7 | Self::Latin1 => &[],
        }
    }

    /// `GetBytes(text)`.
    pub fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Ascii => narrow(text, 0x7F),
            Self::Latin1 => narrow(text, 0xFF),
            Self::Utf16 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Self::Utf16BigEndian => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            Self::Utf32 => text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect(),
            Self::Utf7 => utf7_encode(text),
        }
    }

    /// `GetString(bytes)`: what is invalid becomes U+FFFD (`?` in ASCII); a byte order mark is kept.
    pub fn decode(self, bytes: &[u8]) -> String {
        match self {
            Self::Utf8 => utf8(bytes).into_owned(),
            Self::Ascii => bytes.iter().map(|&b| if b < 0x80 { char::from(b) } else { '?' }).collect(),
            Self::Latin1 => bytes.iter().map(|&b| char::from(b)).collect(),
            Self::Utf16 => utf16_decode(bytes, u16::from_le_bytes),
            Self::Utf16BigEndian => utf16_decode(bytes, u16::from_be_bytes),
            Self::Utf32 => bytes
                .chunks(4)
                .map(|chunk| {
                    let code = <[u8; 4]>::try_from(chunk).ok().map(u32::from_le_bytes);
                    code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
                })
                .collect(),
            Self::Utf7 => utf7_decode(bytes),
        }
    }
}

fn narrow(text: &str, limit: u16) -> Vec<u8> {
    text.encode_utf16().map(|unit| if unit <= limit { unit as u8 } else { b'?' }).collect()
}

fn utf16_decode(bytes: &[u8], read: fn([u8; 2]) -> u16) -> String {
    let pairs = bytes.chunks_exact(2);
    let odd = !pairs.remainder().is_empty();
    let units = pairs.map(|pair| read([pair[0], pair[1]]));
    let mut text: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    if odd {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn is_direct(c: char) -> bool {
    c.is_ascii_alphanumeric() || "\t\n\r '(),-./:?".contains(c)
}

fn utf7_encode(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if is_direct(c) {
            out.push(c as u8);
            continue;
        }
        if c == '+' && chars.peek().is_none_or(|&next| is_direct(next)) {
            out.extend(b"+-");
            continue;
        }
        out.push(b'+');
        let (mut bits, mut count) = (0u32, 0);
        let mut next = Some(c);
        while let Some(c) = next {
            for unit in c.encode_utf16(&mut [0; 2]) {
                bits = bits << 16 | u32::from(*unit);
                count += 16;
                while count >= 6 {
                    count -= 6;
                    out.push(BASE64[(bits >> count & 63) as usize]);
                }
                bits &= (1 << count) - 1;
            }
            next = chars.next_if(|&next| !is_direct(next));
        }
        if count > 0 {
            out.push(BASE64[(bits << (6 - count) & 63) as usize]);
        }
        out.push(b'-');
    }
    out
}

fn utf7_decode(bytes: &[u8]) -> String {
    let mut units = Vec::new();
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'+' {
            units.push(u16::from(byte));
            continue;
        }
        if rest.next_if_eq(&b'-').is_some() {
            units.push(u16::from(b'+'));
            continue;
        }
        let (mut bits, mut count) = (0u32, 0);
        while let Some(digit) = rest.peek().and_then(|b| BASE64.iter().position(|known| known == b)) {
            rest.next();
            bits = bits << 6 | digit as u32;
            count += 6;
            if count >= 16 {
                count -= 16;
                units.push((bits >> count) as u16);
                bits &= (1 << count) - 1;
            }
        }
        rest.next_if_eq(&b'-');
    }
    String::from_utf16_lossy(&units)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn encodes_as_dotnet_does() {
        assert_eq!(Encoding::Ascii.encode("aé😀"), b"a???");
        assert_eq!(Encoding::Ascii.decode(&[200, 65]), "?A");
        assert_eq!(Encoding::Utf16.encode("ab"), [97, 0, 98, 0]);
        assert_eq!(Encoding::Utf8.decode(&[0xFF, 65]), "\u{FFFD}A");
        assert_eq!(Encoding::Utf7.encode("Hi Mom -☺-!"), b"Hi Mom -+Jjo--+ACE-");
        assert_eq!(Encoding::Utf16.decode(&[65, 0, 66]), "A\u{FFFD}");
        assert_eq!(Encoding::by_name("ISO-8859-1"), Ok(Encoding::Latin1));
        assert!(Encoding::by_name("no-such").is_err());
    }

    proptest! {
        #[test]
        fn unicode_encodings_round_trip(text in ".{0,20}") {
            for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf16BigEndian, Encoding::Utf32, Encoding::Utf7] {
                prop_assert_eq!(encoding.decode(&encoding.encode(&text)), text.clone());
            }
        }

        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..20), page in any::<i64>()) {
            for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32, Encoding::Utf7, Encoding::Ascii] {
                let _ = encoding.decode(&bytes);
            }
            let _ = Encoding::by_code_page(page);
        }
    }
}
