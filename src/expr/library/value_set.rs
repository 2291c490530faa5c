//! Values, each once, in the order in which they came: what `Distinct`, `GroupBy` and their like work with.

use std::collections::HashMap;

use super::equality::Comparing;
use super::keys::Key;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::value::Value;

/// Values that a comparer tells apart.
pub(crate) struct ValueSet {
    comparing: Comparing,
    items: Vec<Value>,
    places: HashMap<Key, usize>,
}

impl ValueSet {
    pub(crate) fn new(comparing: Comparing) -> Self {
        Self { comparing, items: Vec::new(), places: HashMap::new() }
    }

    /// Where the value stands.
    pub(crate) fn find(&self, run: &mut Run<'_>, value: &Value) -> Result<Option<usize>, Fault> {
        run.steps(self.comparing.steps(value))?;
        Ok(self.places.get(&self.comparing.key(value)).copied())
    }

    /// Adds a value; its place, and whether it is new.
    pub(crate) fn add(&mut self, run: &mut Run<'_>, value: Value) -> Result<(usize, bool), Fault> {
        run.steps(self.comparing.steps(&value))?;
        let next = self.items.len();
        let place = *self.places.entry(self.comparing.key(&value)).or_insert(next);
        if place == next {
            self.items.push(value);
        }
        Ok((place, place == next))
    }

    pub(crate) fn into_items(self) -> Vec<Value> {
        self.items
    }
}
