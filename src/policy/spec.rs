//! What a policy says of itself: element, sections, scopes, attributes and children.
//!
//! Validation, messages and the table in `docs/policies.md` come from here.

use std::fmt;

/// One of the four parts of a policy document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Section {
    /// Statements on the request.
    Inbound,
    /// Statements around the call of the backend.
    Backend,
    /// Statements on the response.
    Outbound,
    /// Statements that run on any error.
    OnError,
}

impl Section {
    /// All sections in the order in which a request meets them.
    pub const ALL: [Self; 4] = [Self::Inbound, Self::Backend, Self::Outbound, Self::OnError];

    /// The element's name: `inbound`, `backend`, `outbound`, `on-error`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Backend => "backend",
            Self::Outbound => "outbound",
            Self::OnError => "on-error",
        }
    }

    /// The section of that element name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|section| section.name() == name)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a policy document is attached to, from broad to narrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// The whole service.
    Global,
    /// A workspace of the service.
    Workspace,
    /// A product.
    Product,
    /// An API.
    Api,
    /// An operation of an API.
    Operation,
}

impl Scope {
    /// All scopes, broad to narrow.
    pub const ALL: [Self; 5] = [Self::Global, Self::Workspace, Self::Product, Self::Api, Self::Operation];

    /// The word of `context.LastError.Scope`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Workspace => "workspace",
            Self::Product => "product",
            Self::Api => "api",
            Self::Operation => "operation",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sections(u8);

impl Sections {
    /// All four.
    pub const ALL: Self = Self::of(&Section::ALL);

    /// The set of the given sections.
    pub const fn of(sections: &[Section]) -> Self {
        let (mut bits, mut i) = (0, 0);
        while i < sections.len() {
            bits |= sections[i].bit();
            i += 1;
        }
        Self(bits)
    }

    /// Whether the set has `section`.
    pub const fn contains(self, section: Section) -> bool {
        self.0 & section.bit() != 0
    }

    /// The members in order.
    pub fn iter(self) -> impl Iterator<Item = Section> {
        Section::ALL.into_iter().filter(move |section| self.contains(*section))
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// All five.
    pub const ALL: Self = Self::of(&Scope::ALL);

    /// The set of the given scopes.
    pub const fn of(scopes: &[Scope]) -> Self {
        let (mut bits, mut i) = (0, 0);
        while i < scopes.len() {
            bits |= scopes[i].bit();
            i += 1;
        }
        Self(bits)
    }

    /// Whether the set has `scope`.
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// The members, broad to narrow.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }
}

/// Everything that validation and documentation need to know of a policy.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Spec {
    /// The element's name.
    pub element: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// Where in a document it may stand.
    pub sections: Sections,
    /// What kinds of documents it may stand in.
    pub scopes: Scopes,
    /// Whether it may stand only once in a section.
    pub once: bool,
    /// Its attributes; every policy has `id` besides.
    pub attributes: &'static [Attribute],
    /// What may stand between its tags.
    pub content: Content,
    /// What it keeps from one request to another, and where; empty for nothing.
    pub state: &'static str,
    /// Where it differs from API Management, or decides what API Management's documentation leaves open: a sentence each.
    pub differences: &'static [&'static str],
}

/// An attribute of a policy or of one of its child elements.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Attribute {
    /// The name.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// Whether its value may be an expression.
    pub expressions: bool,
    /// What a literal value looks like: `whole number, 1 or more`, `` `skip` or `delete` ``.
    pub kind: &'static str,
    /// What holds when it is not there, in words of the document.
    pub default: &'static str,
}

/// What may stand between the tags of an element.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Content {
    /// Nothing but white space.
    Nothing,
    /// Text; the flag says whether it may be an expression.
    Text {
        /// Whether the text may be an expression.
        expressions: bool,
    },
    /// Statements.
    Policies,
    /// The named elements.
    Elements(&'static [Child]),
    /// Text, which may be an expression, or the named elements.
    TextOrElements(&'static [Child]),
    /// Anything; the policy reads the source itself.
    Verbatim,
}

/// An element that belongs to a policy, such as `value` or `when`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Child {
    /// The element's name.
    pub element: &'static str,
    /// How many there may be: `0..1`, `1..n`. A second one is refused where it is `0..1` or `1`.
    pub count: &'static str,
    /// Its attributes.
    pub attributes: &'static [Attribute],
    /// What may stand between its tags.
    pub content: Content,
    /// Whether it is a policy itself, which has `id` besides.
    pub is_policy: bool,
}

impl Attribute {
    /// A required attribute whose literal looks like `kind`.
    pub const fn required(name: &'static str, kind: &'static str) -> Self {
        Self { name, required: true, expressions: false, kind, default: "" }
    }

    /// An optional attribute with what holds without it.
    pub const fn optional(name: &'static str, kind: &'static str, default: &'static str) -> Self {
        Self { name, required: false, expressions: false, kind, default }
    }

    /// The same attribute, and its value may be an expression.
    pub const fn or_expression(mut self) -> Self {
        self.expressions = true;
        self
    }
}

impl Spec {
    /// A policy that may stand in any section and scope, without attributes and content.
    pub const fn new(element: &'static str, summary: &'static str) -> Self {
        Self {
            element,
            summary,
            sections: Sections::ALL,
            scopes: Scopes::ALL,
            once: false,
            attributes: &[],
            content: Content::Nothing,
            state: "",
            differences: &[],
        }
    }

    /// The same policy, at most once in a section.
    pub const fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// The same policy, in these sections only.
    pub const fn sections(mut self, sections: &[Section]) -> Self {
        self.sections = Sections::of(sections);
        self
    }

    /// The same policy, in documents of these scopes only.
    pub const fn scopes(mut self, scopes: &[Scope]) -> Self {
        self.scopes = Scopes::of(scopes);
        self
    }

    /// The same policy, with attributes.
    pub const fn attributes(mut self, attributes: &'static [Attribute]) -> Self {
        self.attributes = attributes;
        self
    }

    /// The same policy, with content.
    pub const fn content(mut self, content: Content) -> Self {
        self.content = content;
        self
    }

    /// The same policy, with what it keeps from one request to another.
    pub const fn state(mut self, state: &'static str) -> Self {
        self.state = state;
        self
    }

    /// The same policy, with where it differs from API Management.
    pub const fn differences(mut self, differences: &'static [&'static str]) -> Self {
        self.differences = differences;
        self
    }
}

impl Child {
    /// A child element without attributes.
    pub const fn new(element: &'static str, count: &'static str, content: Content) -> Self {
        Self { element, count, attributes: &[], content, is_policy: false }
    }

    /// A policy as a child of another one.
    pub const fn policy(spec: &Spec, count: &'static str) -> Self {
        Self { element: spec.element, count, attributes: spec.attributes, content: spec.content, is_policy: true }
    }

    /// The same element, with attributes.
    pub const fn attributes(mut self, attributes: &'static [Attribute]) -> Self {
        self.attributes = attributes;
        self
    }

    /// Whether there may be no more than one.
    pub(crate) fn is_single(&self) -> bool {
        matches!(self.count, "0..1" | "1")
    }

    /// Whether an element of that name may stand in it.
    #[cfg(feature = "graphql")]
    pub(crate) fn has(&self, element: &str) -> bool {
        match self.content {
            Content::Elements(children) | Content::TextOrElements(children) => {
                children.iter().any(|child| child.element == element)
            }
            _ => false,
        }
    }
}
