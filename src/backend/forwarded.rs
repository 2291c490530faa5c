//! The caller's address on its way to the backend.

use std::fmt::{self, Write};
use std::net::IpAddr;

use http::header::Entry;
use http::{HeaderMap, HeaderName, HeaderValue};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Appends the caller's address to `X-Forwarded-For`.
pub(super) fn append_client_ip(headers: &mut HeaderMap, address: IpAddr) {
    let mut text = Text { bytes: [0; 40], length: 0 };
    // INVARIANT: no address is longer than the buffer, and writing to a buffer with room does not fail.
    let _ = match address.to_canonical() {
        IpAddr::V4(address) => text.write_octets(address.octets()),
        address => write!(text, "{address}"),
    };
    let value = match headers.entry(X_FORWARDED_FOR) {
        Entry::Vacant(place) => {
            if let Ok(value) = HeaderValue::from_bytes(text.as_bytes()) {
                place.insert(value);
            }
            return;
        }
        Entry::Occupied(given) => {
            let mut list = Vec::with_capacity(64);
            for value in given.iter().filter(|value| !value.is_empty()) {
                list.extend_from_slice(value.as_bytes());
                list.extend_from_slice(b", ");
            }
            list.extend_from_slice(text.as_bytes());
            HeaderValue::from_bytes(&list)
        }
    };
    if let Ok(value) = value {
        headers.insert(X_FORWARDED_FOR, value);
    }
}

/// Room for the longest address as text, on the stack.
struct Text {
    bytes: [u8; 40],
    length: usize,
}

impl Text {
    /// Writes an IPv4 address: most callers have one, and formatting costs more than the rest of the work here.
    fn write_octets(&mut self, octets: [u8; 4]) -> fmt::Result {
        for (i, octet) in octets.into_iter().enumerate() {
            if i > 0 {
                self.write_char('.')?;
            }
            for (digit, from) in [(octet / 100, 100), (octet / 10 % 10, 10), (octet % 10, 0)] {
                if octet >= from {
                    self.write_char(char::from(b'0' + digit))?;
                }
            }
        }
        Ok(())
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let end = self.length + part.len();
        self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(part.as_bytes());
        self.length = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appends_to_what_is_there() {
        let cases: [(&[&'static str], &str, &str); 7] = [
            (&[], "192.0.2.1", "192.0.2.1"),
            (&["10.0.0.1"], "192.0.2.1", "10.0.0.1, 192.0.2.1"),
            (&["10.0.0.1, 10.0.0.2", "10.0.0.3"], "192.0.2.1", "10.0.0.1, 10.0.0.2, 10.0.0.3, 192.0.2.1"),
            (&[""], "2001:db8::1", "2001:db8::1"),
            (&[], "::ffff:192.0.2.1", "192.0.2.1"),
            (&[], "255.100.10.0", "255.100.10.0"),
            (&[], "2001:db8:1111:2222:3333:4444:5555:6666", "2001:db8:1111:2222:3333:4444:5555:6666"),
        ];
        for (given, address, expected) in cases {
            let mut headers = HeaderMap::new();
            for value in given {
                headers.append(X_FORWARDED_FOR, HeaderValue::from_static(value));
            }
            append_client_ip(&mut headers, address.parse().unwrap());
            let got: Vec<_> = headers.get_all(X_FORWARDED_FOR).iter().collect();
            assert_eq!(got, [expected], "{given:?}");
        }
    }
}
