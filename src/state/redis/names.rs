//! The names of keys: digests, so that no key holds what callers send, and none is long.

use std::time::SystemTime;

use sha2::{Digest, Sha256};

use crate::state::{CacheKey, Key, Window};

/// The key of a counter. Those whose first parts are the same are kept in the same place: it is the hash tag.
pub(super) fn counter(prefix: &str, key: &Key<'_>, window: Window) -> String {
    let (kind, start) = match window {
        Window::Sliding(_) => ("s", None),
        Window::TokenBucket(_) => ("b", None),
        Window::Fixed { start, .. } => ("f", Some(start)),
    };
    let first = Sha256::digest(key.parts.first().copied().unwrap_or_default());
    let mut name = String::with_capacity(prefix.len() + key.family.len() + 56);
    name.push_str(prefix);
    name.push_str(key.family);
    name.push(':');
    name.push_str(kind);
    name.push_str(":{");
    hex(&mut name, first.get(..8).unwrap_or_default());
    name.push_str("}:");
    if let ([_], None) = (key.parts, start) {
        // Mostly there is nothing else, and this is half of the work.
        hex(&mut name, first.get(8..24).unwrap_or_default());
        return name;
    }
    let mut rest = Sha256::new();
    for part in key.parts {
        rest.update((part.len() as u64).to_le_bytes());
        rest.update(part);
    }
    if let Some(start) = start {
        let since = start.duration_since(SystemTime::UNIX_EPOCH);
        let seconds = since.map_or_else(|before| -i128::from(before.duration().as_secs()), |it| it.as_secs().into());
        rest.update(seconds.to_le_bytes());
    }
    hex(&mut name, rest.finalize().get(..16).unwrap_or_default());
    name
}

/// The key of an entry of the cache.
pub(super) fn entry(prefix: &str, key: &CacheKey) -> String {
    let (kind, _) = key.as_str().split_once(':').unwrap_or_default();
    let mut name = format!("{prefix}{kind}:");
    hex(&mut name, Sha256::digest(key.as_str()).get(..16).unwrap_or_default());
    name
}

/// Writes up to 16 bytes as hexadecimal digits.
fn hex(out: &mut String, bytes: &[u8]) {
    let digit = |value: u8| value + if value < 10 { b'0' } else { b'a' - 10 };
    let mut digits = [[0; 2]; 16];
    for (digits, byte) in digits.iter_mut().zip(bytes) {
        *digits = [digit(byte >> 4), digit(byte & 15)];
    }
    let digits = digits.as_flattened().get(..2 * bytes.len()).and_then(|digits| std::str::from_utf8(digits).ok());
    out.push_str(digits.unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::slots::slot_of;
    use super::*;

    fn named(parts: &[&str], window: Window) -> String {
        counter("gatewright:", &Key { family: "quota", parts }, window)
    }

    #[test]
    fn counters_of_one_question_share_a_slot_and_no_name_tells_a_part() {
        let window = Window::Sliding(Duration::from_secs(1));
        let (a, b) = (named(&["secret", "b}{"], window), named(&["secret", "{c}"], window));
        assert_eq!(slot_of(&a), slot_of(&b));
        assert!(a != b && !a.contains("secret") && a.len() < 100, "{a}");
        assert!(named(&["ab", "c"], window) != named(&["a", "bc"], window));
        assert!(named(&["a"], window) != named(&["a"], Window::TokenBucket(Duration::from_secs(1))));
        let fixed = |start| Window::Fixed { start: SystemTime::UNIX_EPOCH + Duration::from_secs(start), end: None };
        assert!(named(&["a"], fixed(1)) != named(&["a"], fixed(2)));
    }

    #[test]
    fn values_and_responses_have_names_of_their_own() {
        let (value, response) = (entry("p:", &CacheKey::value("k")), entry("p:", &CacheKey::response("k")));
        assert!(value.starts_with("p:value:") && response.starts_with("p:response:"));
    }
}
