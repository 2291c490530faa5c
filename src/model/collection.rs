//! Entities of one kind by name.

use std::borrow::Cow;
use std::collections::{BTreeMap, btree_map};
use std::fmt;

/// Entities of one kind, by name and without regard to case, in the order of their names.
#[derive(Clone, PartialEq)]
pub struct Collection<T>(BTreeMap<Box<str>, (Box<str>, T)>);

impl<T> Collection<T> {
    /// Makes an empty one.
    pub fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds an entity; returns the one that had this name.
    pub fn insert(&mut self, name: impl Into<String>, entity: T) -> Option<T> {
        let name = name.into();
        self.0.insert(key(&name).into(), (name.into(), entity)).map(|(_, old)| old)
    }

    /// The entity of this name.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.0.get(key(name).as_ref()).map(|(_, entity)| entity)
    }

    /// The entity of this name, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut T> {
        self.0.get_mut(key(name).as_ref()).map(|(_, entity)| entity)
    }

    /// The name as it was inserted, and the entity.
    pub fn get_named(&self, name: &str) -> Option<(&str, &T)> {
        self.0.get(key(name).as_ref()).map(|(name, entity)| (name.as_ref(), entity))
    }

    /// Whether there is an entity of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(key(name).as_ref())
    }

    /// Removes the entity of this name.
    pub fn remove(&mut self, name: &str) -> Option<T> {
        self.0.remove(key(name).as_ref()).map(|(_, entity)| entity)
    }

    /// All names and entities.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter(self.0.values())
    }

    /// All names and entities, to change them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut T)> {
        self.0.values_mut().map(|named| (&*named.0, &mut named.1))
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(name, _)| name)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Default> Collection<T> {
    /// The entity of this name, made when there is none.
    pub fn get_or_default(&mut self, name: &str) -> &mut T {
        &mut self.0.entry(key(name).into()).or_insert_with(|| (name.into(), T::default())).1
    }
}

impl<T> Default for Collection<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for Collection<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl<'a, T> IntoIterator for &'a Collection<T> {
    type Item = (&'a str, &'a T);
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<N: Into<String>, T> FromIterator<(N, T)> for Collection<T> {
    fn from_iter<I: IntoIterator<Item = (N, T)>>(entities: I) -> Self {
        let mut all = Self::new();
        for (name, entity) in entities {
            all.insert(name, entity);
        }
        all
    }
}

/// Iterates over names and entities of a [`Collection`].
#[derive(Debug, Clone)]
pub struct Iter<'a, T>(btree_map::Values<'a, Box<str>, (Box<str>, T)>);

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = (&'a str, &'a T);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, entity)| (name.as_ref(), entity))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

fn key(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|b| b.is_ascii_uppercase()) { name.to_ascii_lowercase().into() } else { name.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ignore_case_and_are_kept() {
        let mut all = Collection::new();
        assert_eq!(all.insert("Orders", 1), None);
        assert_eq!(all.get("oRDERS"), Some(&1));
        assert_eq!(all.get_named("orders"), Some(("Orders", &1)));
        assert_eq!(all.insert("ORDERS", 2), Some(1));
        assert_eq!(all.len(), 1);
        assert_eq!(all.names().collect::<Vec<_>>(), ["ORDERS"]);
        assert_eq!(all.remove("orders"), Some(2));
        assert!(all.is_empty());
    }
}
