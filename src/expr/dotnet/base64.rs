//! Base64 by the rules of `System.Convert`, and hexadecimal text of `BitConverter`.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::exception::{Exception, Result};

const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// `Convert.ToBase64String(bytes)`.
pub fn encode(bytes: &[u8]) -> String {
    ENGINE.encode(bytes)
}

/// `Convert.FromBase64String(text)`: white space is ignored, padding is required.
pub fn decode(text: &str) -> Result<Vec<u8>> {
    let compact: String = text.chars().filter(|c| !matches!(c, ' ' | '\t' | '\r' | '\n')).collect();
    ENGINE.decode(compact).map_err(|_| {
        Exception::format(
            "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding characters, or an illegal character among the padding characters.",
        )
    })
}

/// Base64 text with `Base64FormattingOptions.InsertLineBreaks`: lines of 76.
pub fn in_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 38);
    for (index, c) in text.chars().enumerate() {
        if index > 0 && index % 76 == 0 {
            out.push_str("\r\n");
        }
        out.push(c);
    }
    out
}

/// `Convert.FromHexString(text)`.
pub fn decode_hex(text: &str) -> Result<Vec<u8>> {
    let bad = || Exception::format("The input is not a valid hex string as it contains a non-hex character.");
    if !text.len().is_multiple_of(2) {
        return Err(Exception::format("The input is not a valid hex string as its length is not a multiple of 2."));
    }
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    Ok(digits.ok_or_else(bad)?.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect())
}

/// `BitConverter.ToString(bytes)`: `01-AB-FF`.
pub fn dashed_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_what_dotnet_decodes() {
        assert_eq!(decode(" aGVs\r\nbG8= "), Ok(b"hello".to_vec()));
        assert_eq!(decode("YQ=="), decode("YR=="));
        assert_eq!(decode(""), Ok(Vec::new()));
        for bad in ["aGVsbG8", "a", "====", "a-_=", "YQ=", "YQ==YQ=="] {
            assert_eq!(decode(bad).map_err(|e| e.class), Err("System.FormatException"), "{bad}");
        }
        assert_eq!(decode_hex("01aBFf"), Ok(vec![1, 171, 255]));
        assert!(decode_hex("0").is_err() && decode_hex("é").is_err());
        assert_eq!(in_lines(&"a".repeat(77)).len(), 79);
        assert_eq!(dashed_hex(&[1, 171, 255]), "01-AB-FF");
    }
}
