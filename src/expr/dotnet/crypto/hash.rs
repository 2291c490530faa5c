//! Hashes and their keyed forms.

use hmac::{KeyInit, Mac, SimpleHmac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// A hash algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HashAlgorithm {
    /// 128 bits
    Md5,
    /// 160 bits
    Sha1,
    /// 256 bits
    Sha256,
    /// 384 bits
    Sha384,
    /// 512 bits
    Sha512,
}

fn keyed<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> Vec<u8> {
    // INVARIANT: HMAC takes keys of any length.
    <M as KeyInit>::new_from_slice(key)
        .map(|mac| mac.chain_update(data).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}

impl HashAlgorithm {
    /// The algorithm with the name of a `HashAlgorithmName`, such as `SHA256`.
    pub fn by_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().replace('-', "").as_str() {
            "MD5" => Self::Md5,
            "SHA" | "SHA1" => Self::Sha1,
            "SHA256" => Self::Sha256,
            "SHA384" => Self::Sha384,
            "SHA512" => Self::Sha512,
            _ => return None,
        })
    }

    /// The name of the `HashAlgorithmName`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha384 => "SHA384",
            Self::Sha512 => "SHA512",
        }
    }

    /// Bytes of a hash.
    pub fn size(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Bytes of a block, which are also the bytes of a random key.
    pub fn block_size(self) -> usize {
        match self {
            Self::Sha384 | Self::Sha512 => 128,
            _ => 64,
        }
    }

    /// The hash of `data`.
    pub fn hash(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Md5 => Md5::digest(data).to_vec(),
            Self::Sha1 => Sha1::digest(data).to_vec(),
            Self::Sha256 => Sha256::digest(data).to_vec(),
            Self::Sha384 => Sha384::digest(data).to_vec(),
            Self::Sha512 => Sha512::digest(data).to_vec(),
        }
    }

    /// The HMAC of `data`.
    pub fn hmac(self, key: &[u8], data: &[u8]) -> Vec<u8> {
        match self {
            Self::Md5 => keyed::<SimpleHmac<Md5>>(key, data),
            Self::Sha1 => keyed::<SimpleHmac<Sha1>>(key, data),
            Self::Sha256 => keyed::<SimpleHmac<Sha256>>(key, data),
            Self::Sha384 => keyed::<SimpleHmac<Sha384>>(key, data),
            Self::Sha512 => keyed::<SimpleHmac<Sha512>>(key, data),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::base64::encode;
    use super::*;

    #[test]
    fn hashes_as_dotnet_does() {
        assert_eq!(encode(&HashAlgorithm::Sha256.hash(b"abc")), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
        assert_eq!(encode(&HashAlgorithm::Md5.hash(b"abc")), "kAFQmDzST7DWlj99KOF/cg==");
        assert_eq!(encode(&HashAlgorithm::Sha1.hash(&[1, 2, 3])), "cDeAcZjCKn0rCAc3HXY3eahP388=");
        assert_eq!(encode(&HashAlgorithm::Md5.hmac(b"key", b"message")), "TkdI5itGNSH2d1+/khI0tQ==");
        let long = vec![b'k'; 100];
        let expected = "BIImWpLOF2sDdPIZI4CyHi1AEmQyxS+GXMCVcFOuehQ=";
        assert_eq!(encode(&HashAlgorithm::Sha256.hmac(&long, b"m")), expected);
    }
}
