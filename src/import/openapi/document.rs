//! A document as it was read: values one after the other, with texts left where they stand in the source.

mod node;

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::rc::Rc;

pub(in crate::import) use node::escape;
pub(super) use node::{Node, unescape};

/// A document: what JSON and YAML have in common, with members in the order written.
#[derive(Debug)]
pub(super) struct Document<'t> {
    source: &'t str,
    /// Texts that do not stand in the source as they are meant.
    made: String,
    /// Values in the order written, the first one a null that stands for what is missing.
    slots: Vec<Slot>,
    /// The most values that are kept.
    most: usize,
    /// Whether there were more.
    is_full: bool,
    /// Whether lists and maps know where they stand in the source, as JSON.
    has_spans: bool,
    /// The members of large maps sorted by name, and the items of large lists, of those that were searched.
    places: RefCell<HashMap<u32, Rc<[u32]>>>,
}

/// A value, or the name of a member, which stands before its value.
#[derive(Clone, Copy, Debug)]
struct Slot {
    kind: Kind,
    /// Where the text, number, list or map is.
    start: u32,
    end: u32,
    /// What comes after this value and all it holds.
    next: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Null,
    False,
    True,
    Number,
    MadeNumber,
    Text,
    MadeText,
    List,
    Map,
    /// The name of a member that comes again later.
    Repeated,
}

/// An index, which readers keep below the limit of their documents.
fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The largest source, so that what aliases make of it can still be counted.
pub(super) const LARGEST_SOURCE: usize = (u32::MAX / 8) as usize;

/// Where a list or map begins that is being read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open(usize);

/// Where a text begins that is being made.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextStart(usize);

impl<'t> Document<'t> {
    /// An empty document of at most so many values over a source of JSON.
    pub(super) fn of_json(source: &'t str, most: usize) -> Self {
        Self::new(source, most, true)
    }

    /// An empty document of at most so many values over a source of YAML.
    pub(super) fn of_yaml(source: &'t str, most: usize) -> Self {
        Self::new(source, most, false)
    }

    fn new(source: &'t str, most: usize, has_spans: bool) -> Self {
        // The null is one more.
        let most = most.saturating_add(1);
        let mut slots = Vec::with_capacity((source.len() / 16).min(most).max(1));
        slots.push(Slot { kind: Kind::Null, start: 0, end: 0, next: u32::MAX });
        let made = String::new();
        Self { source, made, slots, most, is_full: false, has_spans, places: RefCell::default() }
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        if self.slots.len() == self.slots.capacity() && !self.grow() {
            return;
        }
        let next = narrow(self.slots.len() + 1);
        self.slots.push(Slot { kind, start: narrow(start), end: narrow(end), next });
    }

    /// Makes room for more values; false when there may be no more.
    ///
    /// The last step goes to the limit, so that what is copied then is small beside it.
    #[cold]
    fn grow(&mut self) -> bool {
        let length = self.slots.len();
        let wanted = if length >= self.most / 4 { self.most } else { length.saturating_mul(2).max(64) };
        match wanted.checked_sub(length).filter(|more| *more > 0) {
            Some(more) => self.slots.reserve_exact(more),
            None => self.is_full = true,
        }
        !self.is_full
    }

    /// How many values there are, names of members among them.
    pub(super) fn count(&self) -> usize {
        self.slots.len() - 1
    }

    /// Whether there were more values than are kept: then what is here is not the document.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    pub(super) fn push_null(&mut self) {
        self.push(Kind::Null, 0, 0);
    }

    pub(super) fn push_bool(&mut self, value: bool) {
        self.push(if value { Kind::True } else { Kind::False }, 0, 0);
    }

    /// Adds a number that stands in the source as JSON writes it.
    pub(super) fn push_number(&mut self, start: usize, end: usize) {
        self.push(Kind::Number, start, end);
    }

    /// Adds a number as JSON writes it.
    pub(super) fn push_made_number(&mut self, number: &str) {
        let start = self.made.len();
        self.made.push_str(number);
        self.push(Kind::MadeNumber, start, self.made.len());
    }

    /// Adds a text that stands in the source as it is meant.
    pub(super) fn push_text(&mut self, start: usize, end: usize) {
        self.push(Kind::Text, start, end);
    }

    /// Begins a text that does not stand in the source as it is meant.
    pub(super) fn begin_text(&self) -> TextStart {
        TextStart(self.made.len())
    }

    /// Adds to the text that was begun.
    pub(super) fn made_text(&mut self) -> &mut String {
        &mut self.made
    }

    pub(super) fn end_text(&mut self, start: TextStart) {
        self.push(Kind::MadeText, start.0, self.made.len());
    }

    /// Adds a text that is copied.
    pub(super) fn push_copied(&mut self, text: &str) {
        let start = self.begin_text();
        self.made.push_str(text);
        self.end_text(start);
    }

    /// Adds a text, which is left where it is when that is in the source.
    pub(super) fn push_borrowed(&mut self, text: &'t str) {
        let start = (text.as_ptr() as usize).wrapping_sub(self.source.as_ptr() as usize);
        let end = start.wrapping_add(text.len());
        if self.source.get(start..end) == Some(text) {
            self.push_text(start, end);
        } else {
            self.push_copied(text);
        }
    }

    /// Begins a list or map, whose items, or names and values, follow.
    pub(super) fn open(&mut self) -> Open {
        self.push(Kind::Null, 0, 0);
        Open(self.slots.len() - 1)
    }

    pub(super) fn close_list(&mut self, open: Open, start: usize, end: usize) {
        self.close(open, Kind::List, start, end);
    }

    /// Ends a map. Of members with the same name the last one stays, as .NET's JSON reader has it.
    pub(super) fn close_map(&mut self, open: Open, start: usize, end: usize) {
        self.close(open, Kind::Map, start, end);
        self.remove_repeated(narrow(open.0));
    }

    fn close(&mut self, open: Open, kind: Kind, start: usize, end: usize) {
        let next = narrow(self.slots.len());
        if let Some(slot) = self.slots.get_mut(open.0) {
            *slot = Slot { kind, start: narrow(start), end: narrow(end), next };
        }
    }

    fn remove_repeated(&mut self, map: u32) {
        let mut count = 0_usize;
        // One bit for each of 256 hashes: two names with the same one are compared.
        let mut seen = [0_u64; 4];
        let mut is_unsure = false;
        for name in self.names(map) {
            let text = self.text(self.slot(name)).as_bytes();
            let middle = text.get(text.len() / 2).copied().unwrap_or_default();
            let last = text.last().copied().unwrap_or_default();
            let hash =
                text.len().wrapping_mul(37) ^ usize::from(middle).wrapping_mul(7) ^ usize::from(last).wrapping_mul(5);
            let bit = 1 << (hash % 64);
            if let Some(word) = seen.get_mut(hash / 64 % 4) {
                is_unsure |= *word & bit != 0;
                *word |= bit;
            }
            count += 1;
        }
        if !is_unsure {
            return;
        }
        let mut names: Vec<u32> = Vec::with_capacity(count);
        names.extend(self.names(map));
        names.sort_unstable_by(|&a, &b| self.by_name(a, b).then(a.cmp(&b)));
        for at in 1..names.len() {
            let (Some(&earlier), Some(&later)) = (names.get(at - 1), names.get(at)) else { break };
            if self.by_name(earlier, later) == Ordering::Equal
                && let Some(slot) = self.slots.get_mut(earlier as usize)
            {
                slot.kind = Kind::Repeated;
            }
        }
    }

    fn by_name(&self, a: u32, b: u32) -> Ordering {
        self.text(self.slot(a)).cmp(self.text(self.slot(b)))
    }

    /// The names of the members of a map, also of those that are repeated.
    fn names(&self, map: u32) -> impl Iterator<Item = u32> {
        let slot = self.slot(map);
        let end = if slot.kind == Kind::Map { slot.next } else { 0 };
        let mut at = map.saturating_add(1);
        std::iter::from_fn(move || {
            let name = (at < end).then_some(at)?;
            at = self.slot(name + 1).next;
            Some(name)
        })
    }

    pub(super) fn root(&self) -> Node<'_> {
        Node { document: self, at: 1 }
    }

    fn slot(&self, at: u32) -> Slot {
        self.slots.get(at as usize).copied().unwrap_or(Slot { kind: Kind::Null, start: 0, end: 0, next: u32::MAX })
    }

    /// What a text or number says.
    fn text(&self, slot: Slot) -> &str {
        let (start, end) = (slot.start as usize, slot.end as usize);
        let from = match slot.kind {
            Kind::Text | Kind::Number | Kind::List | Kind::Map => self.source,
            Kind::MadeText | Kind::MadeNumber => &self.made,
            Kind::Null | Kind::False | Kind::True | Kind::Repeated => return "",
        };
        from.get(start..end).unwrap_or_default()
    }

    /// What was found out about a large list or map, or else is `collect`ed now.
    fn places(&self, of: u32, collect: impl FnOnce() -> Vec<u32>) -> Rc<[u32]> {
        if let Some(known) = self.places.borrow().get(&of) {
            return Rc::clone(known);
        }
        let places: Rc<[u32]> = collect().into();
        self.places.borrow_mut().insert(of, Rc::clone(&places));
        places
    }

    fn find_sorted(&self, map: u32, name: &str) -> Option<u32> {
        let sorted = self.places(map, || {
            let mut names: Vec<u32> = self.names(map).filter(|&name| self.slot(name).kind != Kind::Repeated).collect();
            names.sort_unstable_by(|&a, &b| self.by_name(a, b));
            names
        });
        let found = sorted.binary_search_by(|&at| self.text(self.slot(at)).cmp(name)).ok()?;
        sorted.get(found).copied()
    }
}
