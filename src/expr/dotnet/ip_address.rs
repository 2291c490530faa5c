//! `System.Net.IPAddress`: text of addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::exception::{Exception, Result};

/// `IPAddress.Parse(text)`.
pub fn parse(text: &str) -> Result<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    if bare.contains(':') {
        let address = bare.split_once('%').map_or(bare, |(address, _)| address);
        if let Ok(address) = address.parse::<Ipv6Addr>() {
            return Ok(address.into());
        }
    }
    let v4 = parse_v4(text).map(IpAddr::from);
    v4.ok_or_else(|| Exception::format("An invalid IP address was specified."))
}

/// Dotted text of one to four numbers, decimal, octal (`0…`) or hexadecimal (`0x…`); the last fills the rest.
pub fn parse_v4(text: &str) -> Option<Ipv4Addr> {
    let numbers: Option<Vec<u32>> = text.split('.').map(number).collect();
    let numbers = numbers.filter(|numbers| numbers.len() <= 4)?;
    let (&last, front) = numbers.split_last()?;
    let mut value: u32 = 0;
    for &byte in front {
        value = value << 8 | u32::from(u8::try_from(byte).ok()?);
    }
    let bits = 32 - 8 * front.len() as u32;
    if bits < 32 && last >> bits != 0 {
        return None;
    }
    let front = if front.is_empty() { 0 } else { value << bits };
    Some(Ipv4Addr::from(front | last))
}

fn number(text: &str) -> Option<u32> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&text[2..], 16),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    if digits.starts_with('+') { None } else { u32::from_str_radix(digits, radix).ok() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parses_as_dotnet_does() {
        let cases =
            [("10.0.0.1", "10.0.0.1"), ("2001:0db8::0001", "2001:db8::1"), ("127.1", "127.0.0.1"), ("[::1]", "::1")];
        for (text, expected) in cases {
            assert_eq!(parse(text).map(|address| address.to_string()).as_deref(), Ok(expected));
        }
        for bad in ["abc", "", "1.2.3.4.5", "256.1.1.1", "1..2", "+1.2.3.4"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[0-9a-fx.:%+\\[\\]]{0,24}") {
            let _ = parse(&text);
        }
    }
}
