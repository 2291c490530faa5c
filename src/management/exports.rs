//! Exported descriptions behind links, which whoever has the link may read for a while.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::random::Random;

/// Where links lead.
const PATH: &str = "/exports/";
/// How long a link leads somewhere: what API Management promises.
const LIFE: Duration = Duration::from_secs(5 * 60);
/// How many there are at a time: the oldest goes first.
const MOST: usize = 32;

/// Documents by the name in their link, the oldest first.
#[derive(Default)]
pub(super) struct Exports(Mutex<VecDeque<Export>>);

struct Export {
    path: String,
    ends: Instant,
    document: Bytes,
}

impl Exports {
    /// Keeps a document; the path of its link.
    pub(super) fn put(&self, document: String, random: &Random, now: Instant) -> String {
        let mut bytes = [0; 16];
        random.fill(&mut bytes);
        let name: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let path = format!("{PATH}{name}");
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|export| export.ends > now);
        if all.len() >= MOST {
            all.pop_front();
        }
        all.push_back(Export { path: path.clone(), ends: now + LIFE, document: document.into() });
        path
    }

    /// The document at a path.
    pub(super) fn get(&self, path: &str, now: Instant) -> Option<Bytes> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found =
            all.iter().filter(|_| path.starts_with(PATH)).find(|export| export.path == path && export.ends > now);
        found.map(|export| export.document.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_link_leads_somewhere_for_a_while() {
        let (exports, random, now) = (Exports::default(), Random::system(), Instant::now);
        let paths: Vec<String> = (0..MOST).map(|number| exports.put(number.to_string(), &random, now())).collect();
        assert_eq!(exports.get(&paths[7], now()).unwrap(), "7");
        assert!(exports.get("/exports/", now()).is_none() && exports.get("", now()).is_none());
        exports.put("one more".to_owned(), &random, now());
        assert!(exports.get(&paths[0], now()).is_none() && exports.get(&paths[1], now()).is_some());
        tokio::time::advance(LIFE).await;
        assert!(exports.get(&paths[1], now()).is_none());
    }
}
