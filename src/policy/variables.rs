//! The variables of a request, as `set-variable` makes them.

use std::sync::Arc;

use crate::expr::Value;

/// `context.Variables`: names are case-sensitive.
#[derive(Default)]
pub(crate) struct Variables {
    entries: Vec<(Arc<str>, Value)>,
    /// In a fork, the names of what was set in it.
    written: Option<Vec<Arc<str>>>,
}

impl Variables {
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.entries.iter().find(|(key, _)| **key == *name).map(|(_, value)| value)
    }

    pub(crate) fn set(&mut self, name: Arc<str>, value: Value) {
        if let Some(written) = &mut self.written {
            written.push(name.clone());
        }
        match self.entries.iter_mut().find(|(key, _)| *key == name) {
            Some((_, old)) => *old = value,
            None => self.entries.push((name, value)),
        }
    }

    /// Removes a variable.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.entries.iter().position(|(key, _)| **key == *name)?;
        Some(self.entries.remove(at).1)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Value)> {
        self.entries.iter().map(|(name, value)| (name, value))
    }

    /// The same variables, to be changed apart from these.
    pub(crate) fn fork(&self) -> Self {
        Self { entries: self.entries.clone(), written: Some(Vec::new()) }
    }

    /// Takes over what was set in a fork.
    pub(crate) fn adopt(&mut self, fork: Self) {
        for name in fork.written.iter().flatten() {
            if let Some(value) = fork.get(name) {
                self.set(name.clone(), value.clone());
            }
        }
    }
}
