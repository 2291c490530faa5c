//! What a value of `Authorization` keeps secret.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::secret::Secret;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The value, what stands behind its scheme, and the password that `Basic` has there.
pub(crate) fn of(value: &str) -> Vec<Secret> {
    let value = value.trim();
    let mut secrets = vec![Secret::new(value)];
    let Some((scheme, rest)) = value.split_once(|c: char| c.is_ascii_whitespace()) else { return secrets };
    let rest = rest.trim_start();
    secrets.push(Secret::new(rest));
    if scheme.eq_ignore_ascii_case("Basic")
        && let Ok(pair) = BASE64.decode(rest)
    {
        let pair = String::from_utf8_lossy(&pair);
        let password = pair.split_once(':').map_or(&*pair, |(_, password)| password);
        secrets.push(Secret::new(password));
    }
    secrets
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn token_and_password_are_secret_by_themselves() {
        for (value, expected) in [
            ("Bearer abc.def", &["Bearer abc.def", "abc.def"][..]),
            (" Bearer   abc ", &["Bearer   abc", "abc"]),
            ("abc", &["abc"]),
            ("basic amFuZTpzM2NyZXQ6eA==", &["basic amFuZTpzM2NyZXQ6eA==", "amFuZTpzM2NyZXQ6eA==", "s3cret:x"]),
            ("Basic amFuZTpzM2NyZXQ", &["Basic amFuZTpzM2NyZXQ", "amFuZTpzM2NyZXQ", "s3cret"]),
            ("Basic ???", &["Basic ???", "???"]),
        ] {
            let found = of(value);
            assert_eq!(found.iter().map(Secret::expose).collect::<Vec<_>>(), expected, "{value}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_secret_whole(value in any::<String>(), rest in "[A-Za-z0-9+/=: ]{0,20}") {
            let value = value.trim();
            let found = of(value);
            prop_assert_eq!(found.first().map(Secret::expose), Some(value));
            let _ = of(&format!("Basic {rest}"));
        }
    }
}
