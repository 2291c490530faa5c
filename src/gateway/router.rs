//! Matches requests to APIs and operations: host, path, version, revision, method and URL template.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, Method, Uri, header};
use percent_encoding::percent_decode;

use super::operations::{Operations, OperationsBuilder};
use super::segment::{Key, Segment};
use super::template::UrlTemplate;
use super::tree::{Children, NodeId, Tree, TreeBuilder};
use super::version::{Revision, Versions};

/// The longest path segment that is matched, in bytes.
const MAX_SEGMENT: usize = 1024;

/// One API as requests find it: one revision of one version.
#[derive(Clone, Debug)]
pub struct ApiRoute {
    /// The hosts it answers on; none for every host.
    pub hosts: Vec<String>,
    /// The path in front of its operations, without regard to slashes at both ends; empty for the root.
    pub path: String,
    /// Its version; none when it is not versioned, or the version from before there were any.
    pub version: Option<ApiVersion>,
    /// Its revision, as in `;rev=2`.
    pub revision: String,
    /// Whether requests that name no revision get this one.
    pub is_current: bool,
    /// Whether requests reach it at all.
    pub is_online: bool,
    /// Its operations, in order of definition.
    pub operations: Vec<OperationRoute>,
}

/// The version of an API and where requests say it.
#[derive(Clone, Debug)]
pub struct ApiVersion {
    /// Where requests say it.
    pub scheme: VersionScheme,
    /// What they say, without regard to case: `v2`.
    pub identifier: String,
}

/// Where a request says which version of an API it wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionScheme {
    /// In the path segment that follows the path of the API.
    Segment,
    /// In a header.
    Header(HeaderName),
    /// In a query parameter.
    Query(String),
}

/// One operation as requests find it.
#[derive(Clone, Debug)]
pub struct OperationRoute {
    /// The method; only this one matches.
    pub method: Method,
    /// What follows the path of the API.
    pub template: UrlTemplate,
}

/// Two APIs, by index, that the same requests would reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteConflict {
    /// The one that comes first.
    pub first: usize,
    /// The one that cannot be reached.
    pub second: usize,
}

/// Finds the API and operation of a request.
///
/// The time of a match depends on the length of the path, not on the number of APIs and operations, and a match
/// allocates only to decode percent-encoded segments.
#[derive(Debug)]
pub struct Router {
    paths: Tree<ApiNode>,
    any_host: NodeId,
    hosts: Option<NodeId>,
    versions: Box<[Versions]>,
    apis: Box<[ApiEntry]>,
    operations: Operations,
}

/// Where the operations of an API are.
#[derive(Clone, Copy, Debug)]
struct ApiEntry {
    root: NodeId,
    first_operation: u32,
}

/// What is at the end of a path of APIs.
#[derive(Clone, Copy, Debug)]
enum ApiNode {
    /// Nothing: the path goes on.
    Empty,
    /// One API, current and without versions that a header or a query selects.
    Only { api: u32, versions: u32, entry: ApiEntry },
    /// Versions and revisions, or none of them: then nothing with a shorter path is looked for.
    Versions(u32),
}

/// What a request matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// An operation of an API, by its index among the operations of that API.
    Operation(ApiMatch, usize),
    /// An API that has no such operation.
    NoOperation(ApiMatch),
    /// No API.
    NoApi,
}

/// The API that a request matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiMatch {
    /// The index of the API.
    pub api: usize,
    /// How much of the path of the request is the path of the API, with version and revision, in bytes.
    pub path_length: usize,
}

impl ApiMatch {
    /// What follows the path of the API, as the request has it: empty, or with a slash in front.
    #[inline]
    pub fn remainder(self, uri: &Uri) -> &str {
        uri.path().get(self.path_length..).unwrap_or_default()
    }
}

impl Router {
    /// Makes a router; APIs and operations are known by their places in `apis`.
    ///
    /// # Errors
    ///
    /// All pairs of APIs with the same host, path, version and revision, or two current revisions of one version.
    pub fn new(apis: Vec<ApiRoute>) -> Result<Self, Vec<RouteConflict>> {
        let mut builder = RouterBuilder::default();
        let any_host = builder.paths.root();
        let hosts = apis.iter().any(|api| !api.hosts.is_empty()).then(|| builder.paths.root());
        for (index, api) in apis.into_iter().enumerate() {
            builder.add(index, api, any_host, hosts);
        }
        builder.finish(any_host, hosts)
    }

    /// The API and operation of a request.
    #[inline]
    pub fn find(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Route {
        let Some((found, entry)) = self.find_api(uri, headers) else { return Route::NoApi };
        match self.find_operation(found, entry, method, uri) {
            Some(operation) => Route::Operation(found, operation),
            None => Route::NoOperation(found),
        }
    }

    /// The API of a request: the one with the longest path, in the version and revision that the request names.
    pub fn api(&self, uri: &Uri, headers: &HeaderMap) -> Option<ApiMatch> {
        self.find_api(uri, headers).map(|(found, _)| found)
    }

    /// The APIs that a request would reach if it named a version in a header or query: what a preflight request, which
    /// cannot, may be meant for.
    pub fn versions(&self, uri: &Uri, headers: &HeaderMap) -> Vec<ApiMatch> {
        let Some(place) = self.place(uri, headers).filter(|place| place.revision.is_none()) else { return Vec::new() };
        let (ApiNode::Only { versions, .. } | ApiNode::Versions(versions)) = *self.paths.payload(place.node) else {
            return Vec::new();
        };
        let apis = self.versions.get(versions as usize).map(Versions::current).unwrap_or_default();
        apis.into_iter().map(|api| ApiMatch { api, path_length: place.end }).collect()
    }

    /// The index of the operation of an API that a request with this method would reach.
    pub fn operation(&self, found: ApiMatch, method: &Method, uri: &Uri) -> Option<usize> {
        self.find_operation(found, *self.apis.get(found.api)?, method, uri)
    }

    /// The template of an operation, by the indices of its API and its own.
    pub fn template(&self, api: usize, operation: usize) -> Option<&UrlTemplate> {
        let first = self.apis.get(api)?.first_operation;
        self.operations.template(first + u32::try_from(operation).ok()?)
    }

    #[inline]
    fn find_operation(&self, found: ApiMatch, entry: ApiEntry, method: &Method, uri: &Uri) -> Option<usize> {
        let path = found.remainder(uri);
        if path.len() > MAX_SEGMENT && path.split('/').any(|segment| segment.len() > MAX_SEGMENT) {
            return None;
        }
        let operation = self.operations.find(entry.root, method, path, uri.query())?;
        Some(operation.checked_sub(entry.first_operation)? as usize)
    }

    #[inline]
    fn find_api(&self, uri: &Uri, headers: &HeaderMap) -> Option<(ApiMatch, ApiEntry)> {
        let place = self.place(uri, headers)?;
        let (api, entry) = match (*self.paths.payload(place.node), &place.revision) {
            (ApiNode::Only { api, entry, .. }, None) => (api as usize, entry),
            (ApiNode::Only { versions, .. } | ApiNode::Versions(versions), revision) => {
                let versions = self.versions.get(versions as usize)?;
                let api = versions.choose(revision.as_deref(), uri, headers)?;
                (api, *self.apis.get(api)?)
            }
            (ApiNode::Empty, _) => return None,
        };
        Some((ApiMatch { api, path_length: place.end }, entry))
    }

    #[inline]
    fn place<'p>(&self, uri: &'p Uri, headers: &HeaderMap) -> Option<Place<'p>> {
        let place = self.host(uri, headers).and_then(|root| self.walk(root, uri.path()));
        place.or_else(|| self.walk(self.any_host, uri.path()))
    }

    fn host(&self, uri: &Uri, headers: &HeaderMap) -> Option<NodeId> {
        let root = self.hosts?;
        let host = match uri.host() {
            Some(host) => host,
            None => without_port(headers.get(header::HOST)?.to_str().ok()?),
        };
        self.paths.literal(root, &Key::of(host.as_bytes()), host.as_bytes(), 0)
    }

    /// The longest path of an API that a path starts with.
    #[inline]
    fn walk<'p>(&self, root: NodeId, path: &'p str) -> Option<Place<'p>> {
        let path = path.as_bytes();
        if path.first().is_some_and(|first| *first != b'/') {
            return None;
        }
        let (mut node, mut at) = (root, 0);
        let (mut best, mut end) = (None, 0);
        loop {
            if !matches!(self.paths.payload(node), ApiNode::Empty) {
                (best, end) = (Some(node), at);
            }
            let goes_on = at < path.len() && (at == 0 || self.paths.children(node) != Children::None);
            let segment = goes_on.then(|| Segment::read(path, at + 1));
            let child = segment.filter(|segment| !segment.is_encoded).and_then(|segment| {
                let child = self.paths.literal(node, &segment.key, path, at + 1)?;
                Some((child, segment.end))
            });
            match (child, segment) {
                (Some(found), _) => (node, at) = found,
                (None, Some(segment)) if segment.is_encoded || has_semicolon(path, at + 1, segment.end) => {
                    match self.decoded(node, at, path, segment.end) {
                        Step::Child(child) => (node, at) = (child, segment.end),
                        Step::Revision(place) => return Some(place),
                        Step::Nothing => break,
                    }
                }
                _ => break,
            }
        }
        best.map(|node| Place { node, end, revision: None })
    }

    /// Goes on with a segment that is encoded, or that may name a revision.
    #[cold]
    fn decoded<'p>(&self, node: NodeId, at: usize, path: &'p [u8], end: usize) -> Step<'p> {
        let text = Cow::from(percent_decode(path.get(at + 1..end).unwrap_or_default()));
        match self.paths.literal(node, &Key::of(&text), &text, 0) {
            Some(child) => Step::Child(child),
            None => self.revision(node, at == 0, text, end).map_or(Step::Nothing, Step::Revision),
        }
    }

    /// The API at the end of a path whose last segment is `name;rev=2`, or `;rev=2` alone for the root.
    fn revision<'p>(&self, node: NodeId, is_root: bool, segment: Cow<'p, [u8]>, end: usize) -> Option<Place<'p>> {
        const MARK: &[u8] = b";rev=";
        let mark = segment.windows(MARK.len()).position(|part| part.eq_ignore_ascii_case(MARK))?;
        let name = segment.get(..mark)?;
        let node = match name {
            [] if is_root => node,
            name => self.paths.literal(node, &Key::of(name), name, 0)?,
        };
        if matches!(self.paths.payload(node), ApiNode::Empty) {
            return None;
        }
        let revision = match segment {
            Cow::Borrowed(text) => Cow::Borrowed(text.get(mark + MARK.len()..)?),
            Cow::Owned(mut text) => Cow::Owned(text.split_off(mark + MARK.len())),
        };
        Some(Place { node, end, revision: Some(revision) })
    }
}

/// Where the path of an API ends, and the revision that the request names there.
struct Place<'p> {
    node: NodeId,
    end: usize,
    revision: Option<Cow<'p, [u8]>>,
}

/// Where a segment leads.
enum Step<'p> {
    Child(NodeId),
    Revision(Place<'p>),
    Nothing,
}

#[derive(Debug, Default)]
struct RouterBuilder {
    /// At each node the number of its versions, from 1 on.
    paths: TreeBuilder<usize>,
    versions: Vec<Versions>,
    apis: Vec<ApiEntry>,
    operations: OperationsBuilder,
    conflicts: Vec<RouteConflict>,
}

impl RouterBuilder {
    fn add(&mut self, index: usize, api: ApiRoute, any_host: NodeId, hosts: Option<NodeId>) {
        let (root, first_operation) = self.operations.add(api.operations);
        self.apis.push(ApiEntry { root, first_operation });
        let mut roots = vec![any_host];
        if let Some(hosts) = hosts.filter(|_| !api.hosts.is_empty()) {
            roots = api.hosts.iter().map(|host| self.paths.literal(hosts, without_port(host).as_bytes())).collect();
            roots.sort_unstable();
            roots.dedup();
        }
        let mut conflict = None;
        for root in roots {
            let mut node = root;
            for segment in api.path.split('/').filter(|segment| !segment.is_empty()) {
                node = self.paths.literal(node, &Cow::from(percent_decode(segment.as_bytes())));
            }
            let version = match &api.version {
                Some(ApiVersion { scheme: VersionScheme::Segment, identifier }) => {
                    // The path alone is taken, by nothing: requests without a version find no API.
                    self.versions_at(node);
                    node = self.paths.literal(node, identifier.as_bytes());
                    None
                }
                version => version.as_ref(),
            };
            let revision = Revision {
                name: api.revision.as_str().into(),
                api: index,
                is_current: api.is_current,
                is_online: api.is_online,
            };
            conflict = self.versions_at(node).add(version, revision).or(conflict);
        }
        self.conflicts.extend(conflict.map(|first| RouteConflict { first, second: index }));
    }

    fn versions_at(&mut self, node: NodeId) -> &mut Versions {
        let number = self.paths.payload(node);
        if *number == 0 {
            self.versions.push(Versions::default());
            *number = self.versions.len();
        }
        let index = *number - 1;
        // INVARIANT: a number that is not 0 was given above.
        &mut self.versions[index]
    }

    fn finish(self, any_host: NodeId, hosts: Option<NodeId>) -> Result<Router, Vec<RouteConflict>> {
        let Self { paths, versions, mut apis, operations, conflicts } = self;
        if !conflicts.is_empty() {
            return Err(conflicts);
        }
        let (operations, places) = operations.finish();
        for entry in &mut apis {
            entry.root = places.get(entry.root as usize).copied().unwrap_or(entry.root);
        }
        let (paths, places) = paths.finish(|number| {
            let Some(index) = usize::checked_sub(number, 1) else { return ApiNode::Empty };
            let only = versions.get(index).and_then(Versions::only);
            match only.and_then(|api| Some((api, *apis.get(api)?))) {
                Some((api, entry)) => ApiNode::Only { api: api as u32, versions: index as u32, entry },
                None => ApiNode::Versions(index as u32),
            }
        });
        let place = |id: NodeId| places.get(id as usize).copied().unwrap_or(id);
        Ok(Router {
            paths,
            any_host: place(any_host),
            hosts: hosts.map(place),
            versions: versions.into(),
            apis: apis.into(),
            operations,
        })
    }
}

fn has_semicolon(path: &[u8], start: usize, end: usize) -> bool {
    path.get(start..end).is_some_and(|segment| segment.contains(&b';'))
}

/// `contoso.com` of `contoso.com:8443`; the brackets of an IPv6 address stay.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}
