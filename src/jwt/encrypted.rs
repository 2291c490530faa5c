//! Encrypted tokens in the compact form of RFC 7516: `header.key.vector.text.tag`.

use std::borrow::Cow;

use aes::cipher::consts::U16;
use aes::{Aes128, Aes192, Aes256};
#[cfg(feature = "aws-lc-rs")]
use aws_lc_rs::aead;
use cipher::{Array, BlockCipherDecrypt, KeyInit};
use hmac::{Hmac, Mac};
use serde::Deserialize;
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::claims::Claims;
use super::signed::Malformed;
use super::{LONGEST, is_object, part};

/// An encrypted token that was read.
pub(crate) struct Encrypted<'t> {
    /// How the content key is given.
    pub(super) management: Management,
    content: Content,
    /// The header as it is written, which the tag covers.
    written_header: &'t [u8],
    pub(super) encrypted_key: Vec<u8>,
    vector: Vec<u8>,
    text: Vec<u8>,
    tag: Vec<u8>,
}

/// `alg` of an encrypted token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Management {
    /// `dir`: the shared key is the content key.
    Direct,
    /// `RSA-OAEP`.
    Oaep,
    /// `RSA-OAEP-256`.
    Oaep256,
}

/// `enc` of an encrypted token: AES in CBC with a tag of HMAC, or in GCM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Cbc128,
    Cbc192,
    Cbc256,
    #[cfg(feature = "aws-lc-rs")]
    Gcm128,
    #[cfg(feature = "aws-lc-rs")]
    Gcm192,
    #[cfg(feature = "aws-lc-rs")]
    Gcm256,
}

/// What was in an encrypted token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Inner {
    /// A token in turn.
    Token(String),
    /// Claims without a signature, as JSON.
    Claims(String),
}

#[derive(Deserialize)]
struct Header<'h> {
    #[serde(borrow)]
    alg: Cow<'h, str>,
    #[serde(borrow)]
    enc: Cow<'h, str>,
    #[serde(default)]
    zip: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    crit: Option<serde::de::IgnoredAny>,
}

/// The token does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrongKey;

impl<'t> Encrypted<'t> {
    /// Reads a token of five parts; none when the text has another number of them.
    pub(crate) fn parse(text: &'t str) -> Option<Result<Self, Malformed>> {
        if text.len() > LONGEST {
            return None;
        }
        let mut parts = text.split('.');
        let (header, key, vector, content, tag) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        Some(Self::of_parts(header, [key, vector, content, tag]))
    }

    fn of_parts(written: &'t str, [key, vector, text, tag]: [&str; 4]) -> Result<Self, Malformed> {
        let header = part(written).ok_or(Malformed::Encoding("header"))?;
        let header: Option<Header<'_>> = is_object(&header).then(|| serde_json::from_slice(&header).ok()).flatten();
        let header = header.ok_or(Malformed::Json("header"))?;
        if header.crit.is_some() {
            return Err(Malformed::Critical);
        }
        let management = match &*header.alg {
            "dir" => Management::Direct,
            "RSA-OAEP" => Management::Oaep,
            "RSA-OAEP-256" => Management::Oaep256,
            _ => return Err(Malformed::Encryption),
        };
        let content = match &*header.enc {
            "A128CBC-HS256" => Content::Cbc128,
            "A192CBC-HS384" => Content::Cbc192,
            "A256CBC-HS512" => Content::Cbc256,
            #[cfg(feature = "aws-lc-rs")]
            "A128GCM" => Content::Gcm128,
            #[cfg(feature = "aws-lc-rs")]
            "A192GCM" => Content::Gcm192,
            #[cfg(feature = "aws-lc-rs")]
            "A256GCM" => Content::Gcm256,
            _ => return Err(Malformed::Encryption),
        };
        // Decompression is a way to send a bomb.
        if header.zip.is_some() {
            return Err(Malformed::Encryption);
        }
        let vector = part(vector).filter(|vector| vector.len() == content.vector_size());
        Ok(Self {
            management,
            content,
            written_header: written.as_bytes(),
            encrypted_key: part(key).ok_or(Malformed::Encoding("key"))?,
            vector: vector.ok_or(Malformed::Encoding("vector"))?,
            text: part(text).ok_or(Malformed::Encoding("text"))?,
            tag: part(tag).ok_or(Malformed::Encoding("tag"))?,
        })
    }

    /// What is in the token, when `key` is the content key.
    pub(super) fn open(&self, key: &[u8]) -> Result<Zeroizing<Vec<u8>>, WrongKey> {
        #[cfg(feature = "aws-lc-rs")]
        if let Some(algorithm) = self.content.gcm() {
            return self.open_gcm(algorithm, key);
        }
        let half = self.content.key_size() / 2;
        if key.len() != 2 * half || self.tag.len() != half {
            return Err(WrongKey);
        }
        let (of_tag, of_text) = key.split_at(half);
        if !self.is_tagged_with(of_tag) {
            return Err(WrongKey);
        }
        let vector: [u8; 16] = self.vector.as_slice().try_into().map_err(|_| WrongKey)?;
        let text = match self.content {
            Content::Cbc128 => decrypt::<Aes128>(of_text, vector, &self.text),
            Content::Cbc192 => decrypt::<Aes192>(of_text, vector, &self.text),
            Content::Cbc256 => decrypt::<Aes256>(of_text, vector, &self.text),
            #[cfg(feature = "aws-lc-rs")]
            Content::Gcm128 | Content::Gcm192 | Content::Gcm256 => None,
        };
        text.ok_or(WrongKey)
    }

    #[cfg(feature = "aws-lc-rs")]
    fn open_gcm(&self, algorithm: &'static aead::Algorithm, key: &[u8]) -> Result<Zeroizing<Vec<u8>>, WrongKey> {
        let key = aead::UnboundKey::new(algorithm, key).map_err(|_| WrongKey)?;
        let vector = aead::Nonce::try_assume_unique_for_key(&self.vector).map_err(|_| WrongKey)?;
        if self.tag.len() != algorithm.tag_len() {
            return Err(WrongKey);
        }
        let mut text = Zeroizing::new([self.text.as_slice(), &self.tag].concat());
        let header = aead::Aad::from(self.written_header);
        let opened = aead::LessSafeKey::new(key).open_in_place(vector, header, &mut text).map_err(|_| WrongKey)?;
        let length = opened.len();
        text.truncate(length);
        Ok(text)
    }

    fn is_tagged_with(&self, key: &[u8]) -> bool {
        let bits = (self.written_header.len() as u64 * 8).to_be_bytes();
        let parts = [self.written_header, &self.vector, &self.text, &bits];
        match self.content {
            Content::Cbc128 => tagged::<Hmac<Sha256>>(key, parts, &self.tag),
            Content::Cbc192 => tagged::<Hmac<Sha384>>(key, parts, &self.tag),
            Content::Cbc256 => tagged::<Hmac<Sha512>>(key, parts, &self.tag),
            // They have a tag of their own.
            #[cfg(feature = "aws-lc-rs")]
            Content::Gcm128 | Content::Gcm192 | Content::Gcm256 => false,
        }
    }
}

impl Inner {
    /// Tells a token from claims.
    pub(super) fn of(text: &[u8]) -> Result<Self, Malformed> {
        let text = str::from_utf8(text).map_err(|_| Malformed::Json("payload"))?;
        if text.trim_start().starts_with('{') {
            Claims::read(text.as_bytes()).ok_or(Malformed::Json("payload"))?;
            return Ok(Self::Claims(text.to_owned()));
        }
        Ok(Self::Token(text.to_owned()))
    }
}

impl Content {
    /// Bytes of the content key; of those of CBC half are for the tag, half for the text.
    fn key_size(self) -> usize {
        match self {
            Self::Cbc128 => 32,
            Self::Cbc192 => 48,
            Self::Cbc256 => 64,
            #[cfg(feature = "aws-lc-rs")]
            Self::Gcm128 | Self::Gcm192 | Self::Gcm256 => self.gcm().map_or(0, aead::Algorithm::key_len),
        }
    }

    fn vector_size(self) -> usize {
        match self {
            Self::Cbc128 | Self::Cbc192 | Self::Cbc256 => 16,
            #[cfg(feature = "aws-lc-rs")]
            Self::Gcm128 | Self::Gcm192 | Self::Gcm256 => aead::NONCE_LEN,
        }
    }

    #[cfg(feature = "aws-lc-rs")]
    fn gcm(self) -> Option<&'static aead::Algorithm> {
        match self {
            Self::Cbc128 | Self::Cbc192 | Self::Cbc256 => None,
            Self::Gcm128 => Some(&aead::AES_128_GCM),
            Self::Gcm192 => Some(&aead::AES_192_GCM),
            Self::Gcm256 => Some(&aead::AES_256_GCM),
        }
    }
}

/// Compares the first half of the code, in constant time.
fn tagged<M: Mac + KeyInit>(key: &[u8], parts: [&[u8]; 4], tag: &[u8]) -> bool {
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else { return false };
    parts.iter().for_each(|part| mac.update(part));
    mac.verify_truncated_left(tag).is_ok()
}

/// AES in CBC with the padding of PKCS #7; the tag was checked before.
fn decrypt<C>(key: &[u8], vector: [u8; 16], text: &[u8]) -> Option<Zeroizing<Vec<u8>>>
where
    C: BlockCipherDecrypt<BlockSize = U16> + KeyInit,
{
    let cipher = C::new_from_slice(key).ok()?;
    let (blocks, rest) = text.as_chunks::<16>();
    if !rest.is_empty() {
        return None;
    }
    let (mut out, mut previous) = (Zeroizing::new(Vec::with_capacity(text.len())), vector);
    for block in blocks {
        let mut open = Array::from(*block);
        cipher.decrypt_block(&mut open);
        out.extend(open.iter().zip(previous).map(|(a, b)| a ^ b));
        previous = *block;
    }
    let padding = usize::from(*out.last()?);
    let end = out.len().checked_sub(padding).filter(|_| (1..=16).contains(&padding))?;
    if out.get(end..)?.iter().any(|byte| usize::from(*byte) != padding) {
        return None;
    }
    out.truncate(end);
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::DecryptionKey;
    use super::*;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    #[test]
    fn a_tag_of_rfc_7518_is_good() {
        // Appendix B.1: the header is the additional data, given as it is.
        let token = Encrypted {
            management: Management::Direct,
            content: Content::Cbc128,
            written_header: b"The second principle of Auguste Kerckhoffs",
            encrypted_key: Vec::new(),
            vector: vec![
                0x1a, 0xf3, 0x8c, 0x2d, 0xc2, 0xb9, 0x6f, 0xfd, 0xd8, 0x66, 0x94, 0x09, 0x23, 0x41, 0xbc, 0x04,
            ],
            text: TEXT.to_vec(),
            tag: vec![0x65, 0x2c, 0x3f, 0xa3, 0x6b, 0x0a, 0x7c, 0x5b, 0x32, 0x19, 0xfa, 0xb3, 0xa3, 0x0b, 0xc1, 0xc4],
        };
        let key: Vec<u8> = (0..32).collect();
        let opened = token.open(&key).unwrap();
        assert!(opened.starts_with(b"A cipher system must not be required to be secret"));
        let other: Vec<u8> = (1..33).collect();
        assert_eq!(token.open(&other).map(|_| ()), Err(WrongKey));
        assert_eq!(token.open(&key[1..]).map(|_| ()), Err(WrongKey));
    }

    #[cfg(feature = "aws-lc-rs")]
    #[test]
    fn tokens_in_gcm_are_opened() {
        use base64::Engine as _;
        let url = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        for (name, algorithm) in
            [("A128GCM", &aead::AES_128_GCM), ("A192GCM", &aead::AES_192_GCM), ("A256GCM", &aead::AES_256_GCM)]
        {
            let (secret, vector) = (vec![7; algorithm.key_len()], [9; aead::NONCE_LEN]);
            let header = url(format!(r#"{{"alg":"dir","enc":"{name}"}}"#).as_bytes());
            let key = aead::LessSafeKey::new(aead::UnboundKey::new(algorithm, &secret).unwrap());
            let mut text = br#"{"sub":"me"}"#.to_vec();
            let nonce = aead::Nonce::assume_unique_for_key(vector);
            let tag = key.seal_in_place_separate_tag(nonce, aead::Aad::from(header.as_bytes()), &mut text).unwrap();
            let written = |header: &str, tag: &[u8]| format!("{header}..{}.{}.{}", url(&vector), url(&text), url(tag));
            let opened = |text: &str, secret: &[u8]| {
                Encrypted::parse(text).unwrap().unwrap().open(secret).map(|text| text.to_vec())
            };
            let good = written(&header, tag.as_ref());
            assert_eq!(opened(&good, &secret), Ok(br#"{"sub":"me"}"#.to_vec()), "{name}");
            assert_eq!(opened(&good, &secret[1..]), Err(WrongKey), "{name}");
            assert_eq!(opened(&good, &vec![8; secret.len()]), Err(WrongKey), "{name}");
            assert_eq!(opened(&written(&header, &tag.as_ref()[1..]), &secret), Err(WrongKey), "{name}");
            let other = url(format!(r#"{{"enc":"{name}","alg":"dir"}}"#).as_bytes());
            assert_eq!(opened(&written(&other, tag.as_ref()), &secret), Err(WrongKey), "{name}");
        }
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for header in [
            r#"{"alg":"RSA1_5","enc":"A128CBC-HS256"}"#,
            r#"{"alg":"dir","enc":"A512GCM"}"#,
            r#"{"alg":"dir","enc":"A128CBC-HS256","zip":"DEF"}"#,
            r#"{"alg":"dir","enc":"A128CBC-HS256","crit":["x"]}"#,
            r#"{"alg":"dir"}"#,
        ] {
            use base64::Engine as _;
            let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(header);
            let text = format!("{header}..AAAAAAAAAAAAAAAAAAAAAA.AAAA.AAAA");
            assert!(Encrypted::parse(&text).is_some_and(|read| read.is_err()));
        }
        assert!(Encrypted::parse("a.b.c").is_none() && Encrypted::parse("a.b.c.d.e.f").is_none());
    }

    proptest! {
        #[test]
        fn never_panics(key in any::<Vec<u8>>(), vector: [u8; 16], text in any::<Vec<u8>>(), tag in any::<Vec<u8>>()) {
            use base64::Engine as _;
            let url = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
            let header = url(br#"{"alg":"dir","enc":"A128CBC-HS256"}"#);
            let token = format!("{header}.{}.{}.{}.{}", url(&key), url(&vector), url(&text), url(&tag));
            let token = Encrypted::parse(&token).unwrap().unwrap();
            prop_assert!(DecryptionKey::secret(KEY).unwrap().open(&token).is_err());
        }

        #[test]
        fn padding_never_panics(vector: [u8; 16], text in any::<Vec<u8>>()) {
            let _ = decrypt::<Aes128>(&[7; 16], vector, &text);
        }
    }

    #[rustfmt::skip]
    const TEXT: [u8; 144] = [
        0xc8, 0x0e, 0xdf, 0xa3, 0x2d, 0xdf, 0x39, 0xd5, 0xef, 0x00, 0xc0, 0xb4, 0x68, 0x83, 0x42, 0x79,
        0xa2, 0xe4, 0x6a, 0x1b, 0x80, 0x49, 0xf7, 0x92, 0xf7, 0x6b, 0xfe, 0x54, 0xb9, 0x03, 0xa9, 0xc9,
        0xa9, 0x4a, 0xc9, 0xb4, 0x7a, 0xd2, 0x65, 0x5c, 0x5f, 0x10, 0xf9, 0xae, 0xf7, 0x14, 0x27, 0xe2,
        0xfc, 0x6f, 0x9b, 0x3f, 0x39, 0x9a, 0x22, 0x14, 0x89, 0xf1, 0x63, 0x62, 0xc7, 0x03, 0x23, 0x36,
        0x09, 0xd4, 0x5a, 0xc6, 0x98, 0x64, 0xe3, 0x32, 0x1c, 0xf8, 0x29, 0x35, 0xac, 0x40, 0x96, 0xc8,
        0x6e, 0x13, 0x33, 0x14, 0xc5, 0x40, 0x19, 0xe8, 0xca, 0x79, 0x80, 0xdf, 0xa4, 0xb9, 0xcf, 0x1b,
        0x38, 0x4c, 0x48, 0x6f, 0x3a, 0x54, 0xc5, 0x10, 0x78, 0x15, 0x8e, 0xe5, 0xd7, 0x9d, 0xe5, 0x9f,
        0xbd, 0x34, 0xd8, 0x48, 0xb3, 0xd6, 0x95, 0x50, 0xa6, 0x76, 0x46, 0x34, 0x44, 0x27, 0xad, 0xe5,
        0x4b, 0x88, 0x51, 0xff, 0xb5, 0x98, 0xf7, 0xf8, 0x00, 0x74, 0xb9, 0x47, 0x3c, 0x82, 0xe2, 0xdb,
    ];
}
