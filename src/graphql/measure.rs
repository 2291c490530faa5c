//! How deep a query is nested and how many fields it asks for, fragments put in their places.

use std::collections::HashMap;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::{Operation, Selection, SelectionSet};

/// The size of a query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    /// How many fields are inside of each other.
    pub(super) depth: usize,
    /// How many fields there are; each use of a fragment counts.
    pub(super) fields: usize,
}

/// Measures an operation of a valid document: no fragment is in itself.
pub(super) fn measure(document: &ExecutableDocument, operation: &Operation) -> Size {
    Measure { document, fragments: HashMap::new() }.set(&operation.selection_set)
}

struct Measure<'d> {
    document: &'d ExecutableDocument,
    /// Fragments that were measured: one that is used a thousand times is looked at once.
    fragments: HashMap<&'d str, Size>,
}

impl<'d> Measure<'d> {
    fn set(&mut self, set: &'d SelectionSet) -> Size {
        set.selections.iter().fold(Size::default(), |sum, selection| {
            let size = match selection {
                Selection::Field(field) => {
                    let inside = self.set(&field.selection_set);
                    Size { depth: inside.depth.saturating_add(1), fields: inside.fields.saturating_add(1) }
                }
                Selection::InlineFragment(fragment) => self.set(&fragment.selection_set),
                Selection::FragmentSpread(spread) => self.fragment(spread.fragment_name.as_str()),
            };
            Size { depth: sum.depth.max(size.depth), fields: sum.fields.saturating_add(size.fields) }
        })
    }

    fn fragment(&mut self, name: &'d str) -> Size {
        if let Some(size) = self.fragments.get(name) {
            return *size;
        }
        let Some(fragment) = self.document.fragments.get(name) else { return Size::default() };
        let size = self.set(&fragment.selection_set);
        self.fragments.insert(name, size);
        size
    }
}
