//! The items of a list, queue or stack: shared with enumerations, which notice changes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::value::{Iterate, Value, release};

/// Items that enumerations and wrappers share.
#[derive(Clone)]
pub(super) struct Items(Arc<Mutex<State>>);

struct State {
    values: VecDeque<Value>,
    version: u64,
}

impl Drop for State {
    fn drop(&mut self) {
        release(std::mem::take(&mut self.values));
    }
}

/// `InvalidOperationException` of an enumeration whose collection has changed.
pub(super) fn modified() -> Fault {
    Fault::invalid_operation("Collection was modified; enumeration operation may not execute.")
}

impl Items {
    pub(super) fn new(values: impl Into<VecDeque<Value>>) -> Self {
        Self(Arc::new(Mutex::new(State { values: values.into(), version: 0 })))
    }

    fn with<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at the items; `look` must not use the same collection.
    pub(super) fn read<R>(&self, look: impl FnOnce(&VecDeque<Value>) -> R) -> R {
        self.with(|state| look(&state.values))
    }

    /// Changes the items; enumerations in progress end.
    pub(super) fn change<R>(&self, work: impl FnOnce(&mut VecDeque<Value>) -> R) -> R {
        self.with(|state| {
            state.version += 1;
            work(&mut state.values)
        })
    }

    pub(super) fn len(&self) -> usize {
        self.read(VecDeque::len)
    }

    pub(super) fn get(&self, index: usize) -> Option<Value> {
        self.read(|items| items.get(index).cloned())
    }

    /// A copy of the items, paid for.
    pub(super) fn copy(&self, run: &mut Run<'_>) -> Result<Vec<Value>, Fault> {
        run.charge(self.len() * size_of::<Value>())?;
        Ok(self.read(|items| items.iter().cloned().collect()))
    }

    /// Replaces all items.
    pub(super) fn replace(&self, values: Vec<Value>) {
        let old = self.change(|items| std::mem::replace(items, values.into()));
        release(old);
    }

    /// The first place of a value from `start` on, inside `count` items.
    pub(super) fn position(
        &self,
        run: &mut Run<'_>,
        value: &Value,
        start: usize,
        count: usize,
    ) -> Result<Option<usize>, Fault> {
        run.steps(count * 2 + 1)?;
        Ok(self.read(|items| {
            items.iter().skip(start).take(count).position(|item| item.equals(value)).map(|at| at + start)
        }))
    }

    /// Starts an enumeration.
    pub(super) fn iterate(&self) -> Box<dyn Iterate> {
        let (items, mut index) = (self.clone(), 0);
        let version = items.with(|state| state.version);
        Box::new(move |_: &mut Run<'_>| {
            let item = items.with(|state| {
                if state.version == version { Ok(state.values.get(index).cloned()) } else { Err(modified()) }
            })?;
            index += usize::from(item.is_some());
            Ok(item)
        })
    }
}
