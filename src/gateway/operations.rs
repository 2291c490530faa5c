//! Finds the operation of an API: the most specific template among those that match a method, a path and a query.

use std::borrow::Cow;
use std::cmp::{Ordering, Reverse};

use http::Method;

use super::router::OperationRoute;
use super::segment::{self, Key, Segment};
use super::template::{PathSegment, QueryValue, UrlTemplate};
use super::tree::{Children, NodeId, Tree, TreeBuilder};

/// The operations of all APIs.
#[derive(Debug)]
pub(super) struct Operations {
    tree: Tree<Leaves>,
    leaves: Box<[Leaf]>,
    templates: Box<[UrlTemplate]>,
    methods: Box<[Method]>,
}

/// The operations whose templates end at a node: three runs of leaves, one after the other.
#[derive(Clone, Copy, Debug)]
struct Leaves {
    start: u32,
    slashed: u32,
    wildcard: u32,
    end: u32,
}

/// An operation; those of one node that fit a request better come first.
#[derive(Clone, Copy, Debug)]
struct Leaf {
    operation: u32,
    method: u16,
    has_query: bool,
}

/// How the path of a template ends at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Plain,
    Slash,
    Wildcard,
}

/// Collects the operations of all APIs.
#[derive(Debug, Default)]
pub(super) struct OperationsBuilder {
    tree: TreeBuilder<Vec<(End, Leaf)>>,
    templates: Vec<UrlTemplate>,
    methods: Vec<Method>,
}

impl OperationsBuilder {
    /// Adds the operations of one API; gives the root to look them up under and the number of the first.
    pub fn add(&mut self, operations: Vec<OperationRoute>) -> (NodeId, u32) {
        let (root, first) = (self.tree.root(), self.templates.len() as u32);
        for OperationRoute { method, template } in operations {
            let mut node = root;
            let mut end = if template.has_trailing_slash { End::Slash } else { End::Plain };
            for segment in &template.path {
                match segment {
                    PathSegment::Literal(text) => node = self.tree.literal(node, text),
                    PathSegment::Mix(pattern, _) => node = self.tree.mix(node, pattern),
                    PathSegment::Parameter(_) => node = self.tree.parameter(node),
                    PathSegment::Wildcard(_) => end = End::Wildcard,
                }
            }
            let leaf = Leaf {
                operation: self.templates.len() as u32,
                method: self.method(method),
                has_query: !template.query.is_empty(),
            };
            self.tree.payload(node).push((end, leaf));
            self.templates.push(template);
        }
        (root, first)
    }

    /// Also gives the new ids of the roots by the old ones.
    pub fn finish(self) -> (Operations, Vec<NodeId>) {
        let Self { tree, templates, methods } = self;
        let mut leaves = Vec::new();
        let (tree, places) = tree.finish(|mut own: Vec<(End, Leaf)>| {
            own.sort_by(|(_, a), (_, b)| by_query(&templates, *a, *b));
            let start = leaves.len() as u32;
            let mut take = |end| {
                leaves.extend(own.iter().filter(|(at, _)| *at == end).map(|(_, leaf)| *leaf));
                leaves.len() as u32
            };
            Leaves { start, slashed: take(End::Plain), wildcard: take(End::Slash), end: take(End::Wildcard) }
        });
        (Operations { tree, leaves: leaves.into(), templates: templates.into(), methods: methods.into() }, places)
    }

    fn method(&mut self, method: Method) -> u16 {
        let known = self.methods.iter().position(|other| *other == method);
        let index = known.unwrap_or_else(|| {
            self.methods.push(method);
            self.methods.len() - 1
        });
        u16::try_from(index).unwrap_or(u16::MAX)
    }
}

impl Operations {
    /// The template of an operation, by its number.
    pub fn template(&self, operation: u32) -> Option<&UrlTemplate> {
        self.templates.get(operation as usize)
    }

    /// The number of the operation under `root` that fits a request best. `path` is empty or starts with a slash.
    #[inline]
    pub fn find(&self, root: NodeId, method: &Method, path: &str, query: Option<&str>) -> Option<u32> {
        let method = self.methods.iter().position(|other| other == method)?;
        let search = Search {
            operations: self,
            method: u16::try_from(method).ok()?,
            path: path.as_bytes(),
            query: query.unwrap_or_default(),
            ignores_slash: false,
        };
        let found = search.from(root, 0).or_else(|| Search { ignores_slash: true, ..search }.from(root, 0));
        found.map(|leaf| leaf.operation)
    }
}

/// One request among the operations of one API.
struct Search<'a> {
    operations: &'a Operations,
    method: u16,
    path: &'a [u8],
    query: &'a str,
    /// Whether a trailing slash of the request or of a template makes no difference.
    ignores_slash: bool,
}

impl Search<'_> {
    /// The best operation in the subtree of `node`, for what follows `at`: the end of the path, or a slash.
    ///
    /// The depth of the recursion is bounded by the number of segments in the longest template.
    fn from(&self, mut node: NodeId, mut at: usize) -> Option<Leaf> {
        let tree = &self.operations.tree;
        loop {
            let leaves = tree.payload(node);
            let start = at + 1;
            if start >= self.path.len() {
                return self.at_end(node, at < self.path.len());
            }
            // Where there is no choice, there is nothing to come back to.
            let has_wildcard = leaves.wildcard < leaves.end;
            match tree.children(node) {
                Children::Literals if !has_wildcard => {
                    let segment = Segment::read(self.path, start);
                    node = self.literal(node, &segment, start)?;
                    at = segment.end;
                }
                Children::Parameter if !has_wildcard => {
                    at = segment::end(self.path, start);
                    node = tree.parameter(node).filter(|_| at > start)?;
                }
                Children::None => return self.first(leaves.wildcard, leaves.end),
                _ => return self.choose(node, start),
            }
        }
    }

    /// Tries the children of a node, the most specific first, with the segment that begins at `start`.
    fn choose(&self, node: NodeId, start: usize) -> Option<Leaf> {
        let tree = &self.operations.tree;
        let segment = Segment::read(self.path, start);
        let literal = self.literal(node, &segment, start).and_then(|child| self.from(child, segment.end));
        literal
            .or_else(|| self.mixes(node, &segment, start))
            .or_else(|| self.from(tree.parameter(node).filter(|_| segment.end > start)?, segment.end))
            .or_else(|| {
                let leaves = tree.payload(node);
                self.first(leaves.wildcard, leaves.end)
            })
    }

    #[inline]
    fn literal(&self, node: NodeId, segment: &Segment, start: usize) -> Option<NodeId> {
        if segment.is_encoded {
            return self.encoded_literal(node, segment, start);
        }
        self.operations.tree.literal(node, &segment.key, self.path, start)
    }

    #[cold]
    fn encoded_literal(&self, node: NodeId, segment: &Segment, start: usize) -> Option<NodeId> {
        let text = self.decoded(segment, start);
        self.operations.tree.literal(node, &Key::of(&text), &text, 0)
    }

    fn mixes(&self, node: NodeId, segment: &Segment, start: usize) -> Option<Leaf> {
        let mixes = self.operations.tree.mixes(node);
        if mixes.is_empty() {
            return None;
        }
        let text = self.decoded(segment, start);
        mixes
            .iter()
            .filter(|(pattern, _)| pattern.matches(&text, |_, _| {}))
            .filter_map(|(_, child)| self.from(*child, segment.end))
            .min_by(|a, b| self.compare(*a, *b))
    }

    fn decoded(&self, segment: &Segment, start: usize) -> Cow<'_, [u8]> {
        let text = self.path.get(start..segment.end).unwrap_or_default();
        if segment.is_encoded { percent_encoding::percent_decode(text).into() } else { Cow::Borrowed(text) }
    }

    #[inline]
    fn at_end(&self, node: NodeId, has_slash: bool) -> Option<Leaf> {
        let leaves = *self.operations.tree.payload(node);
        let plain = || self.first(leaves.start, leaves.slashed);
        let slashed = || self.first(leaves.slashed, leaves.wildcard);
        let found = match (self.ignores_slash, has_slash) {
            (false, false) => plain(),
            (false, true) => slashed(),
            (true, _) => match (plain(), slashed()) {
                (Some(a), Some(b)) => Some(if self.compare(b, a) == Ordering::Less { b } else { a }),
                (a, b) => a.or(b),
            },
        };
        found.or_else(|| self.after_empty_segment(node, has_slash)).or_else(|| self.first(leaves.wildcard, leaves.end))
    }

    /// What `//*` has for `/`: an empty segment, and none for the wildcard.
    fn after_empty_segment(&self, node: NodeId, has_slash: bool) -> Option<Leaf> {
        let tree = &self.operations.tree;
        let child = if has_slash { tree.literal(node, &Key::of(&[]), &[], 0)? } else { return None };
        let leaves = tree.payload(child);
        self.first(leaves.wildcard, leaves.end)
    }

    /// The first leaf of a run that has the method and whose query parameters are there.
    #[inline]
    fn first(&self, start: u32, end: u32) -> Option<Leaf> {
        let leaves = self.operations.leaves.get(start as usize..end as usize)?;
        leaves.iter().copied().find(|leaf| leaf.method == self.method && (!leaf.has_query || self.has_query(*leaf)))
    }

    fn has_query(&self, leaf: Leaf) -> bool {
        let template = self.operations.template(leaf.operation);
        template.is_some_and(|template| template.query.iter().all(|parameter| parameter.is_in(self.query)))
    }

    fn compare(&self, a: Leaf, b: Leaf) -> Ordering {
        let templates = &self.operations.templates;
        let classes = |leaf: Leaf| {
            let path = templates.get(leaf.operation as usize).into_iter().flat_map(|template| &template.path);
            path.map(class).chain([END])
        };
        let mut pairs = classes(a).zip(classes(b)).map(|(a, b)| a.cmp(&b));
        pairs.find(|order| order.is_ne()).unwrap_or_else(|| by_query(templates, a, b))
    }
}

/// The less, the more specific.
fn class(segment: &PathSegment) -> u8 {
    match segment {
        PathSegment::Literal(_) => 0,
        PathSegment::Mix(..) => 1,
        PathSegment::Parameter(_) => 2,
        PathSegment::Wildcard(_) => END + 1,
    }
}

/// A template that ends is more specific than one with a wildcard there.
const END: u8 = 3;

/// Orders operations with paths of the same classes, those that fit better first.
fn by_query(templates: &[UrlTemplate], a: Leaf, b: Leaf) -> Ordering {
    let rank = |leaf: Leaf| {
        templates.get(leaf.operation as usize).map(|template| {
            let fixed =
                template.query.iter().filter(|parameter| matches!(parameter.value, QueryValue::Fixed(_))).count();
            Reverse((template.query.len(), fixed, template.as_str().len()))
        })
    };
    rank(a).cmp(&rank(b)).then(a.operation.cmp(&b.operation))
}
