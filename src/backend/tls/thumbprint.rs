//! Thumbprints: hashes of certificates, as people paste them.

use std::fmt;

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

/// A hash of a certificate: SHA-1, SHA-256 or SHA-512, told apart by length.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(in crate::backend) struct Thumbprint(Box<[u8]>);

/// Why a text is not a thumbprint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a thumbprint: expected 40, 64 or 128 hex digits (SHA-1, SHA-256 or SHA-512)")]
pub struct ThumbprintError(String);

impl Thumbprint {
    /// Reads hex digits in any case; spaces, colons, hyphens and what is not ASCII are left out, since copying from a
    /// dialog of Windows brings them along.
    pub(in crate::backend) fn parse(text: &str) -> Result<Self, ThumbprintError> {
        let fail = || ThumbprintError(text.to_owned());
        let kept =
            |c: &char| c.is_ascii() && !c.is_ascii_whitespace() && !c.is_ascii_control() && !matches!(c, ':' | '-');
        let digits: Option<Vec<u8>> = text.chars().filter(kept).map(hex_digit).collect();
        let digits = digits.ok_or_else(fail)?;
        if ![40, 64, 128].contains(&digits.len()) {
            return Err(fail());
        }
        Ok(Self(digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()))
    }

    /// The SHA-1 of a certificate, which is what API Management calls its thumbprint.
    pub(in crate::backend) fn of(der: &[u8]) -> Self {
        Self(Sha1::digest(der).as_slice().into())
    }

    /// Whether it is the hash of this certificate.
    pub(in crate::backend) fn matches(&self, der: &[u8]) -> bool {
        match self.0.len() {
            20 => Sha1::digest(der).as_slice() == &*self.0,
            32 => Sha256::digest(der).as_slice() == &*self.0,
            _ => Sha512::digest(der).as_slice() == &*self.0,
        }
    }
}

/// Upper-case hex without separators.
impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}

fn hex_digit(c: char) -> Option<u8> {
    c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_people_paste() {
        let plain = "A9993E364706816ABA3E25717850C26C9CD0D89D";
        let pasted = [
            plain.to_owned(),
            plain.to_lowercase(),
            format!("\u{200e}{plain}"),
            "a9 99 3e 36 47 06 81 6a ba 3e 25 71 78 50 c2 6c 9c d0 d8 9d".to_owned(),
            "A9:99:3E:36:47:06:81:6A:BA:3E:25:71:78:50:C2:6C:9C:D0:D8:9D\r\n".to_owned(),
        ];
        for text in pasted {
            let thumbprint = Thumbprint::parse(&text).unwrap();
            assert!(thumbprint.matches(b"abc") && !thumbprint.matches(b"abd"), "{text}");
            assert_eq!(thumbprint.to_string(), plain);
            assert_eq!(thumbprint, Thumbprint::of(b"abc"));
        }
        let sha256 = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
        assert!(Thumbprint::parse(sha256).unwrap().matches(b"abc"));
        let sha512 = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                      2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
        assert!(Thumbprint::parse(sha512).unwrap().matches(b"abc"));
    }

    #[test]
    fn refuses_what_is_none() {
        for text in ["", "AB", "IssuerCertificateThumbprint1", "A9993E364706816ABA3E25717850C26C9CD0D89"] {
            let expected =
                format!("`{text}` is not a thumbprint: expected 40, 64 or 128 hex digits (SHA-1, SHA-256 or SHA-512)");
            assert_eq!(Thumbprint::parse(text).unwrap_err().to_string(), expected);
        }
    }

    proptest! {
        #[test]
        fn printing_and_parsing_is_the_identity(bytes in proptest::collection::vec(any::<u8>(), 20), text in "\\PC*") {
            let thumbprint = Thumbprint(bytes.into());
            prop_assert_eq!(Thumbprint::parse(&thumbprint.to_string()).unwrap(), thumbprint);
            let _ = Thumbprint::parse(&text);
        }
    }
}
