//! The text of a document from its bytes: UTF-8, UTF-16, or ISO-8859-1.

/// Decodes the bytes; none when they are not in the encoding they claim.
pub(super) fn decode(bytes: &[u8]) -> Option<String> {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        // Without a mark the first character tells: XML begins with `<`.
        [b'<', 0, ..] => utf16(bytes, u16::from_le_bytes),
        [0, b'<', ..] => utf16(bytes, u16::from_be_bytes),
        _ if is_latin1(bytes) => Some(bytes.iter().copied().map(char::from).collect()),
        _ => String::from_utf8(bytes.to_vec()).ok(),
    }
}

/// Line and column of the first byte that is not in the encoding; none when the bytes are not UTF-8 at all.
pub(super) fn bad_place(bytes: &[u8]) -> Option<(u64, u64)> {
    let good = match std::str::from_utf8(bytes) {
        Ok(_) => return None,
        Err(error) => bytes.get(..error.valid_up_to())?,
    };
    let line = good.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    let last = good.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    Some((line, String::from_utf8_lossy(last).chars().count() as u64 + 1))
}

/// The same as a text that stands alone: an XML declaration, which may name the encoding of the bytes, becomes spaces.
pub(crate) fn decode_alone(bytes: &[u8]) -> Option<String> {
    let text = decode(bytes)?;
    match text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
        Some((declaration, rest)) if rest.contains('<') && !declaration.contains('<') => {
            let blank: String = declaration.chars().map(|c| if c == '\n' { c } else { ' ' }).collect();
            // Spaces before the root element do no harm, and lines and columns stay.
            Some(format!("     {blank}  {rest}"))
        }
        _ => Some(text),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (pairs, []) = bytes.as_chunks::<2>() else { return None };
    char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<_, _>>().ok()
}

/// Whether the XML declaration names ISO-8859-1.
fn is_latin1(bytes: &[u8]) -> bool {
    let declaration = &bytes[..bytes.len().min(200)];
    let end = declaration.windows(2).position(|pair| pair == b"?>").unwrap_or(0);
    let declaration = declaration[..end].to_ascii_lowercase();
    declaration.starts_with(b"<?xml") && declaration.windows(10).any(|name| name == b"iso-8859-1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes() {
        let little: Vec<u8> = "\u{feff}<ü/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "\u{feff}<ü/>".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [&little[..], &big, &little[2..], &big[2..], "<ü/>".as_bytes(), "\u{feff}<ü/>".as_bytes()] {
            assert_eq!(decode(bytes).as_deref(), Some("<ü/>"));
        }
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><\xfc/>";
        assert!(decode(latin).is_some_and(|text| text.ends_with("<ü/>")));
        assert_eq!(decode_alone(latin).as_deref(), Some(format!("{}<ü/>", " ".repeat(43)).as_str()));
        assert_eq!(decode(b"<\xfc/>"), None);
        assert_eq!(decode(&little[..little.len() - 1]), None);
    }
}
