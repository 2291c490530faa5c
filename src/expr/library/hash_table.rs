//! The table inside `Dictionary` and `HashSet`: enumerates in the order of .NET's slots.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::comparers;
use super::equality::Comparing;
use super::keys::Key;
use super::string::Comparer;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::value::{Value, release};

/// A table that views and enumerations share.
#[derive(Clone)]
pub(super) struct HashTable(Arc<Mutex<State>>);

/// Keys and values in slots; a removed slot is the next to be used again.
pub(super) struct State {
    comparing: Comparing,
    slots: Vec<Option<(Value, Value)>>,
    index: HashMap<Key, usize>,
    free: Vec<usize>,
    version: u64,
}

impl Drop for State {
    fn drop(&mut self) {
        self.clear();
    }
}

impl State {
    fn key(&self, value: &Value) -> Key {
        self.comparing.key(value)
    }

    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    pub(super) fn get(&self, key: &Value) -> Option<&(Value, Value)> {
        let slot = *self.index.get(&self.key(key))?;
        self.slots.get(slot)?.as_ref()
    }

    pub(super) fn contains(&self, key: &Value) -> bool {
        self.index.contains_key(&self.key(key))
    }

    /// Adds a pair unless the key is there.
    pub(super) fn add(&mut self, key: Value, value: Value) -> bool {
        let folded = self.key(&key);
        if self.index.contains_key(&folded) {
            return false;
        }
        self.version += 1;
        let slot = self.free.pop().unwrap_or(self.slots.len());
        match self.slots.get_mut(slot) {
            Some(place) => *place = Some((key, value)),
            None => self.slots.push(Some((key, value))),
        }
        self.index.insert(folded, slot);
        true
    }

    /// Adds a pair or replaces the value; gives the old value.
    pub(super) fn set(&mut self, key: Value, value: Value) -> Option<Value> {
        let folded = self.key(&key);
        let place = self.index.get(&folded).and_then(|slot| self.slots.get_mut(*slot)?.as_mut());
        if let Some(place) = place {
            self.version += 1;
            return Some(std::mem::replace(&mut place.1, value));
        }
        self.add(key, value);
        None
    }

    /// Takes a pair out.
    pub(super) fn remove(&mut self, key: &Value) -> Option<(Value, Value)> {
        let slot = self.index.remove(&self.key(key))?;
        self.version += 1;
        self.free.push(slot);
        self.slots.get_mut(slot)?.take()
    }

    pub(super) fn clear(&mut self) {
        self.version += 1;
        self.index.clear();
        self.free.clear();
        release(std::mem::take(&mut self.slots).into_iter().flatten().flat_map(|(key, value)| [key, value]));
    }

    pub(super) fn pairs(&self) -> impl Iterator<Item = &(Value, Value)> {
        self.slots.iter().flatten()
    }
}

impl HashTable {
    /// An empty table whose keys an `IEqualityComparer` argument compares; null is the default comparer.
    pub(super) fn new(comparer: &Value) -> Self {
        let comparing = Comparing::of(Some(comparer));
        let state = State { comparing, slots: Vec::new(), index: HashMap::new(), free: Vec::new(), version: 0 };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Works on the table; `work` must not use it in another way.
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Pays for looking a key up.
    pub(super) fn pay(&self, run: &mut Run<'_>, key: &Value) -> Result<(), Fault> {
        run.steps(self.with(|state| state.comparing).steps(key))
    }

    pub(super) fn len(&self) -> usize {
        self.with(|state| state.len())
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The comparer that was given; null for the default one.
    pub(super) fn comparer(&self) -> Value {
        match self.with(|state| state.comparing) {
            Comparing::Default => Value::Null,
            Comparing::Text(how) => Value::object(Comparer(how)),
            Comparing::Deep(deep) => comparers::of(deep),
        }
    }

    /// Starts an enumeration of the pairs.
    pub(super) fn walk(&self) -> Walk {
        Walk { table: self.clone(), next: 0, version: self.with(|state| state.version) }
    }
}

/// An enumeration of a table's pairs.
pub(super) struct Walk {
    table: HashTable,
    next: usize,
    version: u64,
}

impl Walk {
    /// The next pair; an error when the table has changed.
    pub(super) fn next(&mut self) -> Result<Option<(Value, Value)>, Fault> {
        self.table.with(|state| {
            if state.version != self.version {
                return Err(super::items::modified());
            }
            while let Some(slot) = state.slots.get(self.next) {
                self.next += 1;
                if slot.is_some() {
                    return Ok(slot.clone());
                }
            }
            Ok(None)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::library::string::Comparison;
    use crate::expr::value::Str;

    fn texts(table: &HashTable) -> Vec<String> {
        table.with(|state| state.pairs().filter_map(|(key, _)| key.as_text().map(Str::to_string)).collect())
    }

    #[test]
    fn a_removed_slot_is_used_again() {
        let table = HashTable::new(&Value::Null);
        for key in ["a", "b", "c"] {
            assert!(table.with(|state| state.add(key.into(), Value::Null)));
        }
        assert!(table.with(|state| state.remove(&"a".into())).is_some());
        assert!(table.with(|state| state.add("d".into(), Value::Null)));
        assert_eq!(texts(&table), ["d", "b", "c"]);
    }

    #[test]
    fn a_comparer_folds_keys() {
        let comparer = Value::object(Comparer(Comparison::Ordinal { ignores_case: true }));
        let table = HashTable::new(&comparer);
        assert!(table.with(|state| state.add("Key".into(), 1.into())));
        assert!(!table.with(|state| state.add("KEY".into(), 2.into())));
        assert_eq!(texts(&table), ["Key"]);
    }

    #[test]
    fn an_enumeration_notices_changes() {
        let table = HashTable::new(&Value::Null);
        table.with(|state| state.add("a".into(), Value::Null));
        let mut walk = table.walk();
        table.with(|state| state.set("a".into(), 1.into()));
        assert!(walk.next().is_err());
    }
}
