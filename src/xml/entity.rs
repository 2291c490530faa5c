//! Character references: the five names of XML and numbers.

/// The character and the byte length of the reference that `bytes` starts with, if it starts with one.
///
/// Anything else after `&` is not a reference: the `&` stands for itself.
pub(super) fn reference(bytes: &[u8]) -> Option<(char, usize)> {
    for (name, character) in
        [(b"&amp;" as &[u8], '&'), (b"&lt;", '<'), (b"&gt;", '>'), (b"&quot;", '"'), (b"&apos;", '\'')]
    {
        if bytes.starts_with(name) {
            return Some((character, name.len()));
        }
    }
    let digits = bytes.strip_prefix(b"&#")?;
    let (digits, radix, prefix) = match digits.strip_prefix(b"x") {
        Some(digits) => (digits, 16, 3),
        None => (digits, 10, 2),
    };
    let mut code = 0_u32;
    for (length, &byte) in digits.iter().enumerate() {
        if byte == b';' {
            return (length > 0).then_some((char::from_u32(code).filter(|&c| c != '\0')?, prefix + length + 1));
        }
        code = code.checked_mul(radix)?.checked_add(char::from(byte).to_digit(radix)?)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_names_and_numbers() {
        for (text, expected) in [
            ("&amp;lt;", Some(('&', 5))),
            ("&lt;", Some(('<', 4))),
            ("&#65;", Some(('A', 5))),
            ("&#x1F600;x", Some(('😀', 9))),
            ("&#0;", None),
            ("&#xD800;", None),
            ("&#99999999999;", None),
            ("&#;", None),
            ("&#12", None),
            ("&nbsp;", None),
            ("&& c", None),
            ("", None),
        ] {
            assert_eq!(reference(text.as_bytes()), expected, "{text}");
        }
    }
}
