//! One value of a document.

use std::borrow::Cow;

use super::{Document, Kind, Slot};

/// So many members are scanned for a name before they are sorted.
const FEW: usize = 16;
/// So many are scanned for several names at once.
const SOME: usize = 48;

/// A value of a document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'d> {
    pub(super) document: &'d Document<'d>,
    pub(super) at: u32,
}

impl<'d> Node<'d> {
    fn slot(self) -> Slot {
        self.document.slot(self.at)
    }

    fn kind(self) -> Kind {
        self.slot().kind
    }

    fn at(self, at: u32) -> Self {
        Self { document: self.document, at }
    }

    /// The member of that name; null when there is none or this is no map.
    pub(crate) fn get(self, name: &str) -> Self {
        self.find(name).unwrap_or_else(|| self.at(0))
    }

    pub(crate) fn find(self, name: &str) -> Option<Self> {
        for (number, at) in self.document.names(self.at).enumerate() {
            if number == FEW {
                return self.document.find_sorted(self.at, name).map(|at| self.at(at + 1));
            }
            let slot = self.document.slot(at);
            if slot.kind != Kind::Repeated && self.document.text(slot) == name {
                return Some(self.at(at + 1));
            }
        }
        None
    }

    /// The members of those names, in one pass.
    pub(crate) fn find_all<const N: usize>(self, names: [&str; N]) -> [Option<Self>; N] {
        let mut found = [None; N];
        for (number, at) in self.document.names(self.at).enumerate() {
            if number == SOME {
                return names.map(|name| self.document.find_sorted(self.at, name).map(|at| self.at(at + 1)));
            }
            let slot = self.document.slot(at);
            let name = self.document.text(slot);
            if slot.kind != Kind::Repeated
                && let Some((_, place)) = names.iter().zip(&mut found).find(|(wanted, _)| **wanted == name)
            {
                *place = Some(self.at(at + 1));
            }
        }
        found
    }

    /// The members of those names with their names, in the order written.
    pub(crate) fn find_in_order<const N: usize>(self, names: [&'static str; N]) -> Vec<(&'static str, Self)> {
        let found = names.into_iter().zip(self.find_all(names));
        let mut found: Vec<_> = found.filter_map(|(name, value)| Some((name, value?))).collect();
        found.sort_unstable_by_key(|(_, value)| value.at);
        found
    }

    pub(crate) fn text(self) -> Option<&'d str> {
        let slot = self.slot();
        matches!(slot.kind, Kind::Text | Kind::MadeText).then(|| self.document.text(slot))
    }

    /// The text, unless it is empty.
    pub(crate) fn some_text(self) -> Option<&'d str> {
        self.text().filter(|text| !text.is_empty())
    }

    /// The number as JSON writes it.
    pub(crate) fn number(self) -> Option<&'d str> {
        let slot = self.slot();
        matches!(slot.kind, Kind::Number | Kind::MadeNumber).then(|| self.document.text(slot))
    }

    pub(crate) fn bool(self) -> Option<bool> {
        match self.kind() {
            Kind::True => Some(true),
            Kind::False => Some(false),
            _ => None,
        }
    }

    pub(crate) fn is_true(self) -> bool {
        self.kind() == Kind::True
    }

    pub(crate) fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    pub(crate) fn is_map(self) -> bool {
        self.kind() == Kind::Map
    }

    pub(crate) fn is_list(self) -> bool {
        self.kind() == Kind::List
    }

    /// The members, none when this is no map.
    pub(crate) fn members(self) -> impl Iterator<Item = (&'d str, Self)> {
        self.document.names(self.at).filter_map(move |at| {
            let slot = self.document.slot(at);
            (slot.kind != Kind::Repeated).then(|| (self.document.text(slot), self.at(at + 1)))
        })
    }

    pub(crate) fn has_members(self) -> bool {
        self.members().next().is_some()
    }

    /// The items, none when this is no list.
    pub(crate) fn items(self) -> impl Iterator<Item = Self> {
        let slot = self.slot();
        let end = if slot.kind == Kind::List { slot.next } else { 0 };
        let mut at = self.at.saturating_add(1);
        std::iter::from_fn(move || {
            let item = (at < end).then(|| self.at(at))?;
            at = item.slot().next;
            Some(item)
        })
    }

    /// The item at that place.
    fn item(self, place: usize) -> Option<Self> {
        if place < FEW {
            return self.items().nth(place);
        }
        let places = self.document.places(self.at, || self.items().map(|item| item.at).collect());
        places.get(place).map(|at| self.at(*at))
    }

    pub(crate) fn has_items(self) -> bool {
        self.items().next().is_some()
    }

    /// What a JSON pointer (`/a/b~1c`) leads to.
    pub(crate) fn pointer(self, pointer: &str) -> Option<Self> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |node, part| {
            let part = unescape(part);
            if node.is_list() { node.item(part.parse().ok()?) } else { node.find(&part) }
        })
    }

    /// How many values this is, where a long text counts as several; counting ends above `most`.
    pub(crate) fn weight(self, most: usize) -> usize {
        let mut weight = 0;
        let mut at = self.at;
        while at < self.slot().next && weight <= most {
            let text = self.document.slot(at);
            weight += 1 + if text.next == at + 1 { self.document.text(text).len() / 64 } else { 0 };
            at += 1;
        }
        weight
    }

    /// The JSON that a list or map was read from.
    pub(crate) fn source(self) -> Option<&'d str> {
        let slot = self.slot();
        (self.document.has_spans && matches!(slot.kind, Kind::List | Kind::Map)).then(|| self.document.text(slot))
    }
}

/// Two values are the same when they are the same place of a document.
impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.document, other.document) && self.at == other.at
    }
}

/// Escapes a name for use in a JSON pointer.
pub(crate) fn escape(name: &str) -> Cow<'_, str> {
    if name.contains(['~', '/']) { name.replace('~', "~0").replace('/', "~1").into() } else { name.into() }
}

/// The name that a part of a JSON pointer in a URL says.
pub(crate) fn unescape(part: &str) -> Cow<'_, str> {
    if !part.contains(['%', '~']) {
        return part.into();
    }
    let part = percent_encoding::percent_decode_str(part).decode_utf8_lossy();
    if part.contains('~') { part.replace("~1", "/").replace("~0", "~").into() } else { part }
}
