//! Which algorithm a token is signed with.

/// The hash inside of an algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// A signature algorithm of RFC 7518; `none` is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// `HS256`, …
    Hmac(Hash),
    /// `RS256`, …
    Rsa(Hash),
    /// `PS256`, …
    RsaPss(Hash),
    /// `ES256`, …: the hash says the curve too.
    Ecdsa(Hash),
}

impl Algorithm {
    /// The algorithm of that name, which is written exactly so.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (family, size) = name.split_at_checked(2)?;
        let hash = match size {
            "256" => Hash::Sha256,
            "384" => Hash::Sha384,
            "512" => Hash::Sha512,
            _ => return None,
        };
        Some(match family {
            "HS" => Self::Hmac(hash),
            "RS" => Self::Rsa(hash),
            "PS" => Self::RsaPss(hash),
            "ES" => Self::Ecdsa(hash),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact() {
        assert_eq!(Algorithm::parse("PS384"), Some(Algorithm::RsaPss(Hash::Sha384)));
        for name in ["none", "rs256", "RS256 ", "RS", "RS1", "EdDSA", "ES256K", "", "é256", "€"] {
            assert_eq!(Algorithm::parse(name), None, "{name}");
        }
    }
}
