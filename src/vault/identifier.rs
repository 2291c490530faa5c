//! Which secret is meant: `mount/path#field`, of one version `mount/path?version=3#field`.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The version of a key-value engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KvVersion {
    /// Values without history.
    One,
    /// Values with versions.
    Two,
}

/// The field when the identifier names none.
const FIELD: &str = "value";

/// What stands in a path as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A secret's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identifier {
    /// The segments of mount and path.
    segments: Vec<String>,
    pub(super) version: Option<u64>,
    pub(super) field: String,
}

impl Identifier {
    /// Reads an identifier; nothing when it is none.
    pub(super) fn parse(id: &str) -> Option<Self> {
        let (rest, field) = id.split_once('#').unwrap_or((id, FIELD));
        let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
        let version = match query {
            None => None,
            Some(query) => Some(query.strip_prefix("version=")?.parse().ok().filter(|version| *version > 0)?),
        };
        let segments: Vec<String> = path.trim_matches('/').split('/').map(str::to_owned).collect();
        let is_odd =
            |segment: &String| matches!(segment.as_str(), "" | "." | "..") || segment.contains(char::is_control);
        if segments.len() < 2 || segments.iter().any(is_odd) || field.is_empty() {
            return None;
        }
        Some(Self { segments, version, field: field.to_owned() })
    }

    /// The path in the API, and the version of the engine: that of the longest mount which is known, or else of a mount of
    /// one segment in version two.
    pub(super) fn path(&self, mounts: &[(Vec<String>, KvVersion)]) -> (String, KvVersion) {
        let is_here = |mount: &&(Vec<String>, KvVersion)| {
            mount.0.len() < self.segments.len() && self.segments.starts_with(&mount.0)
        };
        let known = mounts.iter().filter(is_here).max_by_key(|(mount, _)| mount.len());
        let (length, engine) = known.map_or((1, KvVersion::Two), |(mount, engine)| (mount.len(), *engine));
        let mut path = String::new();
        for (index, segment) in self.segments.iter().enumerate() {
            if index == length && engine == KvVersion::Two {
                path.push_str("data/");
            }
            let _ = write!(path, "{}/", utf8_percent_encode(segment, PLAIN));
        }
        path.pop();
        if let Some(version) = self.version.filter(|_| engine == KvVersion::Two) {
            let _ = write!(path, "?version={version}");
        }
        (path, engine)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn places() {
        let mounts =
            [(vec!["legacy".to_owned()], KvVersion::One), (vec!["team".to_owned(), "kv".to_owned()], KvVersion::Two)];
        for (id, expected) in [
            ("secret/orders#key", Some(("secret/data/orders", "key"))),
            ("/secret/orders/backend", Some(("secret/data/orders/backend", "value"))),
            ("secret/orders?version=3#key", Some(("secret/data/orders?version=3", "key"))),
            ("secret/a b/é#k/k#", Some(("secret/data/a%20b/%C3%A9", "k/k#"))),
            ("legacy/orders#key", Some(("legacy/orders", "key"))),
            ("legacy/orders?version=3#key", Some(("legacy/orders", "key"))),
            ("team/kv/orders#key", Some(("team/kv/data/orders", "key"))),
            ("team/kv#key", Some(("team/data/kv", "key"))),
            ("secret", None),
            ("secret/", None),
            ("secret//orders", None),
            ("secret/../sys/seal", None),
            ("secret/orders?version=0", None),
            ("secret/orders?v=1", None),
            ("secret/orders#", None),
            ("", None),
        ] {
            let found = Identifier::parse(id).map(|found| (found.path(&mounts).0, found.field));
            assert_eq!(found, expected.map(|(path, field)| (path.to_owned(), field.to_owned())), "{id}");
        }
    }

    proptest! {
        #[test]
        fn a_path_stays_in_its_mount(id in "[a-z./?#%\\\\ -]{0,40}") {
            if let Some(found) = Identifier::parse(&id) {
                let (path, _) = found.path(&[]);
                prop_assert!(path.split('/').all(|part| !matches!(part, "" | "." | "..")), "{}", path);
            }
        }
    }
}
