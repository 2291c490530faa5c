//! What a document says and an API has no place for: counted, and told once for each kind.

use crate::import::Finding;
use crate::import::finding::Findings;

/// A kind of what is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Links,
    ExternalDocs,
    Deprecated,
    Responses,
}

/// The code of each kind, and what is left out.
const KINDS: [(Kind, &str, &str); 4] = [
    (Kind::Links, "links-ignored", "responses have links"),
    (Kind::ExternalDocs, "external-docs-ignored", "places have external documentation"),
    (Kind::Deprecated, "deprecated-ignored", "operations are deprecated"),
    (Kind::Responses, "responses-ignored", "responses have no status code, no range (`4XX`) and are not `default`"),
];

/// How often each kind was met, and where first.
#[derive(Debug, Default)]
pub(super) struct Dropped([Option<(usize, String)>; KINDS.len()]);

impl Dropped {
    /// Counts one; `pointer` says where it is.
    pub(super) fn count(&mut self, kind: Kind, pointer: impl FnOnce() -> String) {
        if let Some(place) = self.0.get_mut(kind as usize) {
            place.get_or_insert_with(|| (0, pointer())).0 += 1;
        }
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        let mut findings = Findings::default();
        for ((_, code, what), (count, pointer)) in
            KINDS.into_iter().zip(self.0).filter_map(|(kind, met)| Some((kind, met?)))
        {
            findings.warn(code, pointer, format!("{count} {what}: that is left out"));
        }
        findings.into_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_each_kind_once() {
        let mut dropped = Dropped::default();
        for (number, kind) in [Kind::Responses, Kind::Links, Kind::Responses].into_iter().enumerate() {
            dropped.count(kind, || format!("/{number}"));
        }
        let found: Vec<_> = dropped.into_findings().into_iter().map(|found| found.to_string()).collect();
        assert_eq!(
            found,
            [
                "#/1: 1 responses have links: that is left out (links-ignored)",
                "#/0: 2 responses have no status code, no range (`4XX`) and are not `default`: that is left out \
                 (responses-ignored)"
            ]
        );
        for (number, (kind, ..)) in KINDS.into_iter().enumerate() {
            assert_eq!(kind as usize, number);
        }
    }
}
