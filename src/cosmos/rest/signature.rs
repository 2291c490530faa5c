//! What authorises a request: the signature of an account's key, or a token.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderValue, Method};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;

use super::addressing::Address;
use crate::cosmos::{CosmosCredential, CosmosError};

/// Keys are pasted by people: padding may be missing.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The value of `Authorization`, marked sensitive; `date` is that of `x-ms-date`.
pub(super) fn authorization(
    credential: &CosmosCredential,
    method: &Method,
    address: &Address,
    date: &str,
) -> Result<HeaderValue, CosmosError> {
    let text = match credential {
        CosmosCredential::Token(token) => format!("type=aad&ver=1.0&sig={}", token.expose()),
        CosmosCredential::Key(key) => {
            let no_key = || CosmosError::new("`AccountKey` of the connection string is no base64");
            let key = LENIENT.decode(key.expose()).map_err(|_| no_key())?;
            let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| no_key())?;
            let (method, date) = (method.as_str().to_ascii_lowercase(), date.to_ascii_lowercase());
            mac.update(format!("{method}\n{}\n{}\n{date}\n\n", address.kind, address.link).as_bytes());
            format!("type=master&ver=1.0&sig={}", STANDARD.encode(mac.finalize().into_bytes()))
        }
    };
    let mut value = HeaderValue::try_from(utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string())
        .map_err(|_| CosmosError::new("the credential cannot be sent in a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    /// The example of "Access control on Cosmos DB resources" in Azure's reference.
    #[test]
    fn signs_as_the_reference_does() {
        let key = "dsZQi3KtZmCv1ljt3VNWNm7sQUF1y5rJfC6kv5JiwvW0EndXdDku/dkKBp8/ufDToSxLzR4y+O/0H/t4bQtVNw==";
        let address = Address { kind: "dbs", link: "dbs/ToDoList".to_owned(), path: String::new() };
        let signed = authorization(
            &CosmosCredential::Key(Secret::new(key)),
            &Method::GET,
            &address,
            "Thu, 27 Apr 2017 00:51:12 GMT",
        );
        let expected = "type%3Dmaster%26ver%3D1%2E0%26sig%3Dc09PEVJrgp2uQRkr934kFbTqhByc7TVr3OHyqlu%2Bc%2Bc%3D";
        assert_eq!(signed.unwrap(), expected);
    }

    #[test]
    fn a_key_that_is_none_is_not_told() {
        let address = Address { kind: "docs", link: String::new(), path: String::new() };
        let signed = authorization(&CosmosCredential::Key(Secret::new("se(ret")), &Method::GET, &address, "");
        assert_eq!(signed.unwrap_err().to_string(), "`AccountKey` of the connection string is no base64");
        let token = CosmosCredential::Token(Secret::new("a.b-c"));
        let value = authorization(&token, &Method::GET, &address, "").unwrap();
        assert!(value.is_sensitive());
        assert_eq!(value, "type%3Daad%26ver%3D1%2E0%26sig%3Da%2Eb%2Dc");
    }
}
