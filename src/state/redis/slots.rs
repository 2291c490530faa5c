//! Which server of a cluster has a key.

use redis::Value;

/// The part of a key that decides its slot, `{…}`, hashed as clusters do.
pub(super) fn slot_of(key: &str) -> u16 {
    let tag = key.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(tag, _)| tag);
    let hashed = tag.filter(|tag| !tag.is_empty()).unwrap_or(key);
    crc16(hashed.as_bytes()) % 16_384
}

/// CRC-16/XMODEM.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc: u16, byte| {
        (0..8).fold(
            crc ^ (u16::from(*byte) << 8),
            |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
            },
        )
    })
}

/// The slots from `first` to `last`, and the server that takes writes to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) first: u16,
    pub(super) last: u16,
    pub(super) server: (String, u16),
}

/// Reads the answer to `CLUSTER SLOTS` of the server `from`; none when it is something else.
pub(super) fn ranges(answer: &Value, from: &str) -> Option<Vec<Range>> {
    let Value::Array(entries) = answer else { return None };
    let number = |value: &Value| match value {
        Value::Int(number) => u16::try_from(*number).ok(),
        _ => None,
    };
    entries
        .iter()
        .map(|entry| {
            let Value::Array(entry) = entry else { return None };
            let [first, last, Value::Array(primary), ..] = &**entry else { return None };
            let [host, port, ..] = &**primary else { return None };
            let host = match host {
                Value::BulkString(host) => String::from_utf8(host.clone()).ok()?,
                Value::SimpleString(host) => host.clone(),
                Value::Nil => String::new(),
                _ => return None,
            };
            // A server that does not know its own name is the one that was asked.
            let host = if host.is_empty() || host == "?" { from.to_owned() } else { host };
            Some(Range { first: number(first)?, last: number(last)?, server: (host, number(port)?) })
        })
        .collect()
}

/// Where a server says that a key is: `host:port`, without a host on its own host.
pub(super) fn redirected(to: &str, from: &str) -> Option<(String, u16)> {
    let (host, port) = to.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Some((if host.is_empty() { from } else { host }.to_owned(), port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn slots_are_those_of_the_specification() {
        assert_eq!(crc16(b"123456789"), 0x31C3);
        for (key, same) in
            [("{user1000}.following", "{user1000}.followers"), ("foo{bar}{zap}", "bar"), ("{a}b{c}", "a")]
        {
            assert_eq!(slot_of(key), slot_of(same));
        }
        assert_eq!(slot_of("foo{}{bar}"), crc16(b"foo{}{bar}") % 16_384);
        assert_eq!(slot_of("foo"), 12_182);
    }

    #[test]
    fn answers_name_servers() {
        let node = |host: &str, port| Value::Array(vec![Value::BulkString(host.into()), Value::Int(port)]);
        let entry = |a, b, node| Value::Array(vec![Value::Int(a), Value::Int(b), node]);
        let answer = Value::Array(vec![entry(0, 9, node("10.0.0.1", 7000)), entry(10, 16_383, node("", 7001))]);
        let expected = [("10.0.0.1", 7000, 0, 9), ("me", 7001, 10, 16_383)];
        let expected = expected.map(|(host, port, first, last)| Range { first, last, server: (host.to_owned(), port) });
        assert_eq!(ranges(&answer, "me").unwrap(), expected);
        assert_eq!(ranges(&Value::Array(vec![Value::Int(1)]), "me"), None);
        assert_eq!(ranges(&Value::Okay, "me"), None);
        assert_eq!(redirected("10.0.0.1:7000", "me"), Some(("10.0.0.1".to_owned(), 7000)));
        assert_eq!(redirected(":7000", "me"), Some(("me".to_owned(), 7000)));
        assert_eq!(redirected("[::1]:7000", "me"), Some(("::1".to_owned(), 7000)));
        assert_eq!(redirected("nowhere", "me"), None);
    }

    proptest! {
        #[test]
        fn any_key_has_a_slot(key in "\\PC{0,40}") {
            prop_assert!(slot_of(&key) < 16_384);
        }
    }
}
