//! Entries of the cache as bytes. A body is a part of what was read, not a copy.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::state::{CacheEntry, CachedResponse, CachedValue};

/// What an entry begins with, and the number of its form.
const MAGIC: &[u8] = b"gw1";
const NEVER: u64 = u64::MAX;

/// The bytes of an entry.
pub(super) fn write(entry: &CacheEntry) -> Vec<u8> {
    let mut out = Vec::with_capacity(entry.size() + 64);
    out.extend_from_slice(MAGIC);
    match entry {
        CacheEntry::Value(value) => {
            out.push(b'v');
            out.extend(value.fresh_until.map_or(NEVER, milliseconds).to_le_bytes());
            out.extend_from_slice(&value.bytes);
        }
        CacheEntry::Response(response) => {
            out.push(b'r');
            out.extend(milliseconds(response.expires).to_le_bytes());
            out.extend(response.status.as_u16().to_le_bytes());
            run(&mut out, response.reason.as_deref().unwrap_or_default().as_bytes());
            out.extend(u32::try_from(response.headers.len()).unwrap_or(u32::MAX).to_le_bytes());
            for (name, value) in &response.headers {
                run(&mut out, name.as_str().as_bytes());
                run(&mut out, value.as_bytes());
            }
            out.extend_from_slice(&response.body);
        }
    }
    out
}

fn run(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(bytes);
}

fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(NEVER - 1)
}

fn time(milliseconds: u64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds))
}

/// The entry of such bytes; none when they are no entry.
pub(super) fn read(bytes: Bytes) -> Option<CacheEntry> {
    let mut input = Input { bytes };
    if *input.take(MAGIC.len())? != *MAGIC {
        return None;
    }
    match input.array()? {
        [b'v'] => {
            let fresh_until = match u64::from_le_bytes(input.array()?) {
                NEVER => None,
                until => Some(time(until)?),
            };
            Some(CacheEntry::Value(CachedValue { bytes: input.bytes, fresh_until }))
        }
        [b'r'] => {
            let expires = time(u64::from_le_bytes(input.array()?))?;
            let status = StatusCode::from_u16(u16::from_le_bytes(input.array()?)).ok()?;
            let reason = String::from_utf8(input.run()?.to_vec()).ok()?;
            let reason = Some(reason.into_boxed_str()).filter(|reason| !reason.is_empty());
            let mut headers = HeaderMap::new();
            for _ in 0..u32::from_le_bytes(input.array()?) {
                let name = HeaderName::from_bytes(&input.run()?).ok()?;
                headers.try_append(name, HeaderValue::from_maybe_shared(input.run()?).ok()?).ok()?;
            }
            let body = input.bytes;
            Some(CacheEntry::Response(Arc::new(CachedResponse { status, reason, headers, body, expires })))
        }
        _ => None,
    }
}

struct Input {
    bytes: Bytes,
}

impl Input {
    fn take(&mut self, length: usize) -> Option<Bytes> {
        (length <= self.bytes.len()).then(|| self.bytes.split_to(length))
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.as_ref().try_into().ok()
    }

    fn run(&mut self) -> Option<Bytes> {
        let length = u32::from_le_bytes(self.array()?);
        self.take(usize::try_from(length).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use http::header;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn entries_come_back_without_a_copy_of_the_body() {
        let mut headers = HeaderMap::new();
        for (name, value) in [(header::ETAG, "\"a\""), (header::VARY, "Accept"), (header::VARY, "Origin")] {
            headers.append(name, HeaderValue::from_static(value));
        }
        let expires = time(1_700_000_000_123).unwrap();
        let (reason, body) = (Some("Fine".into()), Bytes::from_static(b"the body"));
        let response = CachedResponse { status: StatusCode::OK, reason, headers, body, expires };
        let entry = CacheEntry::Response(Arc::new(response));
        let bytes = Bytes::from(write(&entry));
        let read_back = read(bytes.clone()).unwrap();
        assert_eq!(read_back, entry);
        let CacheEntry::Response(response) = read_back else { panic!("a value") };
        assert_eq!(response.body.as_ptr(), bytes.slice(bytes.len() - 8..).as_ptr());
        for fresh_until in [None, time(1_700_000_000_000)] {
            let entry = CacheEntry::Value(CachedValue { bytes: Bytes::from_static(b"v"), fresh_until });
            assert_eq!(read(write(&entry).into()), Some(entry));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_entry_or_none(kind in "[vrx]", bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = read(Bytes::from([MAGIC, kind.as_bytes(), &bytes].concat()));
            let _ = read(Bytes::from(bytes));
        }
    }
}
