//! Where a walk through a document is.

use std::fmt;

use super::document::escape;

/// The way from the root of a document to a value; its text is a JSON pointer.
#[derive(Default)]
pub(super) struct Pointer<'d>(Vec<Part<'d>>);

enum Part<'d> {
    Name(&'d str),
    Item(usize),
}

impl<'d> Pointer<'d> {
    pub(super) fn push(&mut self, name: &'d str) {
        self.0.push(Part::Name(name));
    }

    pub(super) fn push_item(&mut self, number: usize) {
        self.0.push(Part::Item(number));
    }

    pub(super) fn pop(&mut self) {
        self.0.pop();
    }

    /// The name of the member that the walk is in.
    pub(super) fn last(&self) -> Option<&'d str> {
        match self.0.last() {
            Some(Part::Name(name)) => Some(name),
            _ => None,
        }
    }
}

impl fmt::Display for Pointer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Name(name) => write!(f, "/{}", escape(name)),
            Part::Item(number) => write!(f, "/{number}"),
        })
    }
}
