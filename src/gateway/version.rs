//! The versions and revisions that share one path, and which of them a request wants.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, Uri};

use super::query;
use super::router::{ApiVersion, VersionScheme};

/// All APIs at one path.
#[derive(Debug, Default)]
pub(super) struct Versions {
    /// The revisions of the API that requests without a version get.
    original: Vec<Revision>,
    selectors: Vec<Selector>,
}

/// A header or query parameter that requests name a version in.
#[derive(Debug)]
struct Selector {
    source: Source,
    versions: Vec<(Box<str>, Vec<Revision>)>,
}

#[derive(Debug, PartialEq, Eq)]
enum Source {
    Header(HeaderName),
    Query(Box<str>),
}

/// One API: a revision of a version.
#[derive(Debug)]
pub(super) struct Revision {
    pub name: Box<str>,
    pub api: usize,
    pub is_current: bool,
    pub is_online: bool,
}

impl Versions {
    /// Adds an API; gives the one that has its place already, if any.
    pub fn add(&mut self, version: Option<&ApiVersion>, revision: Revision) -> Option<usize> {
        let revisions = self.revisions_of(version);
        let taken = revisions
            .iter()
            .find(|other| other.name.eq_ignore_ascii_case(&revision.name) || (other.is_current && revision.is_current));
        let taken = taken.map(|other| other.api);
        revisions.push(revision);
        taken
    }

    fn revisions_of(&mut self, version: Option<&ApiVersion>) -> &mut Vec<Revision> {
        let Some(ApiVersion { scheme, identifier }) = version else { return &mut self.original };
        let source = match scheme {
            VersionScheme::Segment => return &mut self.original,
            VersionScheme::Header(name) => Source::Header(name.clone()),
            VersionScheme::Query(name) => Source::Query(name.to_ascii_lowercase().into()),
        };
        let at = self.selectors.iter().position(|selector| selector.source == source).unwrap_or_else(|| {
            self.selectors.push(Selector { source, versions: Vec::new() });
            self.selectors.len() - 1
        });
        // INVARIANT: each index was found, or is that of what was pushed.
        let versions = &mut self.selectors[at].versions;
        let at = versions.iter().position(|(name, _)| name.eq_ignore_ascii_case(identifier)).unwrap_or_else(|| {
            versions.push((identifier.as_str().into(), Vec::new()));
            versions.len() - 1
        });
        &mut versions[at].1
    }

    /// The API, when there is only one, current and online, without a version.
    pub fn only(&self) -> Option<usize> {
        match self.original.as_slice() {
            [only] if self.selectors.is_empty() && only.is_current && only.is_online => Some(only.api),
            _ => None,
        }
    }

    /// The current API of each version, in order of definition, when one version set owns the path and requests name
    /// the version in a header or query.
    pub fn current(&self) -> Vec<usize> {
        let [selector] = self.selectors.as_slice() else { return Vec::new() };
        let lists = std::iter::once(&self.original).chain(selector.versions.iter().map(|(_, revisions)| revisions));
        let current = lists.filter_map(|list| list.iter().find(|one| one.is_current && one.is_online));
        let mut current: Vec<usize> = current.map(|one| one.api).collect();
        current.sort_unstable();
        current
    }

    /// The API for a request that names a revision or none.
    pub fn choose(&self, revision: Option<&[u8]>, uri: &Uri, headers: &HeaderMap) -> Option<usize> {
        let named = self.selectors.iter().find_map(|selector| {
            let identifier = selector.source.read(uri, headers)?;
            let version = selector.versions.iter().find(|(name, _)| name.eq_ignore_ascii_case(&identifier));
            Some(version.map(|(_, revisions)| revisions))
        });
        let revisions = named.unwrap_or(Some(&self.original))?;
        let found = revisions.iter().find(|other| match revision {
            Some(name) => other.name.as_bytes().eq_ignore_ascii_case(name),
            None => other.is_current,
        });
        found.filter(|revision| revision.is_online).map(|revision| revision.api)
    }
}

impl Source {
    /// What a request says here; nothing, or an empty text, is no version.
    fn read<'r>(&self, uri: &'r Uri, headers: &'r HeaderMap) -> Option<Cow<'r, str>> {
        let text = match self {
            Self::Header(name) => Cow::Borrowed(headers.get(name)?.to_str().ok()?.trim()),
            Self::Query(name) => query::values(uri.query()?, name).next()?,
        };
        Some(text).filter(|text| !text.is_empty())
    }
}
