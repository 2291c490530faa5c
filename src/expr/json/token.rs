//! `JToken`: a node of a JSON tree that can be changed through any of its handles.

mod navigation;

use super::tree::{Children, Data, JsonTree, NONE};
use super::value::{Stored, TokenValue};
use crate::expr::arena::{Annotated, Handle, Place, Tree};
use crate::expr::dotnet::exception::{Exception, Result};

/// A token by reference, as C# holds it; cloning gives the same token.
#[derive(Debug, Clone)]
pub(crate) struct JToken {
    pub(super) handle: Handle<JsonTree>,
    class: TokenClass,
}

/// The .NET class of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TokenClass {
    Object,
    Array,
    Constructor,
    Property,
    Value,
    Raw,
}

/// `Newtonsoft.Json.Linq.JTokenType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum JTokenType {
    None = 0,
    Object = 1,
    Array = 2,
    Constructor = 3,
    Property = 4,
    Comment = 5,
    Integer = 6,
    Float = 7,
    String = 8,
    Boolean = 9,
    Null = 10,
    Undefined = 11,
    Date = 12,
    Raw = 13,
    Bytes = 14,
    Guid = 15,
    Uri = 16,
    TimeSpan = 17,
}

impl TokenClass {
    /// The full name of the .NET class.
    pub(crate) fn full_name(self) -> &'static str {
        match self {
            Self::Object => "Newtonsoft.Json.Linq.JObject",
            Self::Array => "Newtonsoft.Json.Linq.JArray",
            Self::Constructor => "Newtonsoft.Json.Linq.JConstructor",
            Self::Property => "Newtonsoft.Json.Linq.JProperty",
            Self::Value => "Newtonsoft.Json.Linq.JValue",
            Self::Raw => "Newtonsoft.Json.Linq.JRaw",
        }
    }
}

impl JTokenType {
    /// All types with the names of their constants, in the order of their numbers.
    pub(crate) const ALL: [(Self, &'static str); 18] = [
        (Self::None, "None"),
        (Self::Object, "Object"),
        (Self::Array, "Array"),
        (Self::Constructor, "Constructor"),
        (Self::Property, "Property"),
        (Self::Comment, "Comment"),
        (Self::Integer, "Integer"),
        (Self::Float, "Float"),
        (Self::String, "String"),
        (Self::Boolean, "Boolean"),
        (Self::Null, "Null"),
        (Self::Undefined, "Undefined"),
        (Self::Date, "Date"),
        (Self::Raw, "Raw"),
        (Self::Bytes, "Bytes"),
        (Self::Guid, "Guid"),
        (Self::Uri, "Uri"),
        (Self::TimeSpan, "TimeSpan"),
    ];

    /// The name of the constant.
    pub(crate) fn name(self) -> &'static str {
        Self::ALL.get(self as usize).map_or("", |(_, name)| name)
    }
}

impl JToken {
    /// `new JObject()`.
    pub(crate) fn object() -> Self {
        Self::single(Data::Object(Children::default()))
    }

    /// `new JArray()`.
    pub(crate) fn array() -> Self {
        Self::single(Data::Array(Children::default()))
    }

    /// `new JConstructor(name)`.
    pub(crate) fn constructor(name: &str) -> Self {
        let mut tree = JsonTree::default();
        let name = tree.store(name);
        let index = tree.add(Data::Constructor(name, Children::default()));
        Self::of_tree(tree, index)
    }

    /// `new JProperty(name, value)`; no value stands for JSON null.
    pub(crate) fn property(name: &str, value: Option<&Self>) -> Result<Self> {
        let mut tree = JsonTree::default();
        let name = tree.store(name);
        let index = tree.add(Data::Property(name, NONE));
        let property = Self::of_tree(tree, index);
        let value = value.map_or_else(Self::null, Self::clone);
        if value.class == TokenClass::Property {
            return Err(Exception::argument(format!(
                "Can not add {} to {}.",
                value.class.full_name(),
                TokenClass::Property.full_name()
            )));
        }
        let value = property.own(value);
        property.handle.join(&value.handle, |place, child| {
            if let Data::Property(_, value) = &mut place.tree.node_mut(place.index).data {
                *value = child;
            }
            place.tree.adopt(place.index);
        })?;
        Ok(property)
    }

    /// `new JValue(value)`.
    pub(crate) fn value_of(value: &TokenValue) -> Self {
        Self::typed(value.token_type(), value)
    }

    /// A value token whose type is not the one of its value: a null string, a comment, undefined.
    pub(crate) fn typed(token_type: JTokenType, value: &TokenValue) -> Self {
        let mut tree = JsonTree::default();
        let stored = tree.store_value(value);
        let index = tree.add(Data::Value(token_type, stored));
        Self::of_tree(tree, index)
    }

    /// `JValue.CreateNull()`.
    pub(crate) fn null() -> Self {
        Self::single(Data::Value(JTokenType::Null, Stored::Null))
    }

    /// A string token.
    pub(crate) fn string(text: &str) -> Self {
        let mut tree = JsonTree::default();
        let span = tree.store(text);
        let index = tree.add(Data::Value(JTokenType::String, Stored::String(span)));
        Self::of_tree(tree, index)
    }

    /// `new JRaw(value)`.
    pub(crate) fn raw(value: &TokenValue) -> Self {
        let mut tree = JsonTree::default();
        let stored = tree.store_value(value);
        let index = tree.add(Data::Raw(stored));
        Self::of_tree(tree, index)
    }

    pub(super) fn of_tree(tree: JsonTree, index: u32) -> Self {
        let class = tree.class(index);
        Self { handle: Handle::new(tree, index), class }
    }

    fn single(data: Data) -> Self {
        let mut tree = JsonTree::default();
        let index = tree.add(data);
        Self::of_tree(tree, index)
    }

    pub(super) fn at(place: &Place<'_, JsonTree>, index: u32) -> Self {
        Self { handle: place.handle(index), class: place.tree.class(index) }
    }

    fn maybe_at(place: &Place<'_, JsonTree>, index: u32) -> Option<Self> {
        (index != NONE).then(|| Self::at(place, index))
    }

    pub(super) fn all_at(place: &Place<'_, JsonTree>, indices: &[u32]) -> Vec<Self> {
        indices.iter().map(|index| Self::at(place, *index)).collect()
    }

    /// The annotations.
    pub(crate) fn annotated(&self) -> &dyn Annotated {
        &self.handle
    }

    /// Whether both are the same token, not merely equal ones.
    pub(crate) fn ptr_eq(&self, other: &Self) -> bool {
        self.handle.ptr_eq(&other.handle)
    }

    /// The .NET class: never changes for a token.
    pub(crate) fn class(&self) -> TokenClass {
        self.class
    }

    /// Whether the token is a `JContainer`.
    pub(crate) fn is_container(&self) -> bool {
        !matches!(self.class, TokenClass::Value | TokenClass::Raw)
    }

    /// What the whole tree takes, in bytes, near enough for a budget.
    pub(crate) fn weight(&self) -> usize {
        self.handle.with(|place| place.tree.weight())
    }

    /// What a copy of the token and all below it takes, in bytes.
    pub(crate) fn subtree_weight(&self) -> usize {
        self.handle.with(|place| place.tree.subtree_weight(place.index))
    }

    /// `Type`.
    pub(crate) fn token_type(&self) -> JTokenType {
        self.handle.with(|place| place.tree.token_type(place.index))
    }

    /// The name of a `JProperty` or `JConstructor`.
    pub(crate) fn name(&self) -> Option<String> {
        self.handle.with(|place| place.tree.name(place.index).map(str::to_owned))
    }

    /// `JValue.Value`; none for containers.
    pub(crate) fn value(&self) -> Option<TokenValue> {
        self.handle.with(|place| place.tree.value(place.index))
    }

    /// Runs `work` on the text of a string token, without copying it; none for any other token.
    pub(crate) fn with_text<R>(&self, work: impl FnOnce(&str) -> R) -> Option<R> {
        self.handle.with(|place| match &place.tree.node(place.index).data {
            Data::Value(_, Stored::String(span)) | Data::Raw(Stored::String(span)) => {
                Some(work(place.tree.text(*span)))
            }
            _ => None,
        })
    }

    /// A walk over the children that throws once the list of children changes.
    pub(crate) fn cursor(&self) -> Cursor {
        let version = self.handle.with(|place| place.tree.version(place.index));
        Cursor { container: self.clone(), version, next: 0 }
    }
}

/// An enumerator over the children of a token.
#[derive(Debug, Clone)]
pub(crate) struct Cursor {
    container: JToken,
    version: u32,
    next: usize,
}

impl Cursor {
    /// The next child; throws when children were added or removed since the walk began.
    pub(crate) fn next(&mut self) -> Result<Option<JToken>> {
        let next = self.container.handle.with(|place| {
            if place.tree.version(place.index) != self.version {
                return Err(invalid_operation("Collection was modified; enumeration operation may not execute."));
            }
            Ok(place.tree.children(place.index).get(self.next).map(|child| JToken::at(&place, *child)))
        })?;
        self.next += 1;
        Ok(next)
    }
}

pub(super) fn invalid_operation(message: impl Into<String>) -> Exception {
    Exception::new("System.InvalidOperationException", message)
}

/// Appends a property's step to a path, quoted when it has special characters.
pub(super) fn push_name(path: &mut String, name: &str) {
    const SPECIAL: &[char] = &[
        '.', ' ', '\'', '/', '"', '[', ']', '(', ')', '\t', '\n', '\r', '\u{c}', '\u{8}', '\\', '\u{85}', '\u{2028}',
        '\u{2029}',
    ];
    if name.contains(SPECIAL) {
        path.push_str("['");
        for c in name.chars() {
            if matches!(c, '\'' | '\\') {
                path.push('\\');
            }
            path.push(c);
        }
        path.push_str("']");
    } else {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
    }
}

/// Appends an array's step to a path.
pub(super) fn push_index(path: &mut String, index: usize) {
    use std::fmt::Write;
    let _ = write!(path, "[{index}]");
}
