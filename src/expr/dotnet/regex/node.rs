//! The tree of a pattern.

use super::set::Set;

/// A position that a pattern can ask for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Assertion {
    /// `\A`, and `^` in one line.
    Start,
    /// `^` in several lines.
    LineStart,
    /// `\z`
    End,
    /// `\Z`, and `$` in one line.
    EndOrLastLineFeed,
    /// `$` in several lines.
    LineEnd,
    /// `\G`
    SearchStart,
    /// `\b`, `\B`; by ASCII words under ECMAScript.
    Boundary { negated: bool, ecma: bool },
}

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Set(Set),
    Assertion(Assertion),
    Concat(Vec<Node>),
    Alternate(Vec<Node>),
    Repeat {
        body: Box<Node>,
        min: u32,
        max: u32,
        lazy: bool,
    },
    /// A group; `popped` is the group that a balancing group takes a capture from.
    Capture {
        group: Option<usize>,
        popped: Option<usize>,
        body: Box<Node>,
    },
    BackReference {
        group: usize,
        ignore_case: bool,
        ecma: bool,
    },
    Look {
        ahead: bool,
        negated: bool,
        body: Box<Node>,
    },
    Atomic(Box<Node>),
    /// `(?(group)yes|no)`
    IfGroup {
        group: usize,
        yes: Box<Node>,
        no: Box<Node>,
    },
    /// `(?(expression)yes|no)`
    IfMatches {
        test: Box<Node>,
        yes: Box<Node>,
        no: Box<Node>,
    },
}

/// No upper bound of a repetition.
pub(super) const UNBOUNDED: u32 = u32::MAX;

impl Node {
    pub fn empty() -> Self {
        Self::Concat(Vec::new())
    }

    /// The units that a match can begin with; nothing when it may be empty or that is not known.
    pub fn first_units(&self) -> Option<Set> {
        match self {
            Self::Set(set) => Some(set.clone()),
            Self::Concat(nodes) => {
                nodes.iter().find(|node| !matches!(node, Self::Assertion(_) | Self::Look { .. }))?.first_units()
            }
            Self::Alternate(nodes) => {
                nodes.iter().try_fold(Set::default(), |all, node| Some(all.union(&node.first_units()?)))
            }
            Self::Repeat { body, min, .. } if *min > 0 => body.first_units(),
            Self::Capture { body, .. } | Self::Atomic(body) => body.first_units(),
            _ => None,
        }
    }

    /// Whether every match begins at the start of the text.
    pub fn is_anchored(&self) -> bool {
        match self {
            Self::Assertion(Assertion::Start) => true,
            Self::Concat(nodes) => nodes.first().is_some_and(Self::is_anchored),
            Self::Alternate(nodes) => nodes.iter().all(Self::is_anchored),
            Self::Capture { body, .. } | Self::Atomic(body) => body.is_anchored(),
            _ => false,
        }
    }
}
