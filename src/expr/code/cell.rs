//! Variables that lambdas and local functions capture, and the end of those that hold their own lambda.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::expr::fault::Fault;
use crate::expr::library::{holds_closures, sequence};
use crate::expr::value::Value;

/// A variable that a lambda or local function captures.
pub(crate) struct Cell {
    value: Mutex<Value>,
    /// The evaluation that made it.
    evaluation: u64,
}

impl Cell {
    /// A place that no function captures.
    pub(super) fn alone(value: Value) -> Arc<Self> {
        Arc::new(Self { value: Mutex::new(value), evaluation: 0 })
    }

    pub(crate) fn get(&self) -> Value {
        self.value.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn into_value(self) -> Value {
        self.value.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, value: Value) {
        let old = std::mem::replace(&mut *self.value.lock().unwrap_or_else(PoisonError::into_inner), value);
        drop(old);
    }
}

/// The cells of one evaluation that closures were made of. A closure and the variable that it is in can hold each other,
/// so that nothing would free them: the variables are emptied when nobody can ask for them any more.
#[derive(Default)]
pub(super) struct Loops {
    /// A number for this evaluation, once it has a cell.
    evaluation: u64,
    cells: Vec<Arc<Cell>>,
}

impl Loops {
    /// A new variable.
    pub(super) fn cell(&mut self) -> Arc<Cell> {
        static EVALUATIONS: AtomicU64 = AtomicU64::new(1);
        if self.evaluation == 0 {
            self.evaluation = EVALUATIONS.fetch_add(1, Ordering::Relaxed);
        }
        Arc::new(Cell { value: Mutex::new(Value::Null), evaluation: self.evaluation })
    }

    /// Remembers a cell that may hold the closure that is made of it. Those of other evaluations are not ours to empty.
    pub(super) fn note(&mut self, cell: &Arc<Cell>) {
        if cell.evaluation == self.evaluation {
            self.cells.push(Arc::clone(cell));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Ends the evaluation: empties the variables, now or, when its result is a lazy sequence, with the result.
    #[cold]
    pub(super) fn end(&mut self, result: Result<Value, Fault>) -> Result<Value, Fault> {
        let emptied = Emptied(std::mem::take(&mut self.cells));
        match result {
            Ok(value) if sequence::is_lazy(&value) => Ok(sequence::with(value, emptied)),
            Ok(value) => {
                if holds_closures(&value) {
                    emptied.leave();
                }
                Ok(value)
            }
            fault => fault,
        }
    }
}

/// Variables that are emptied when this is dropped.
struct Emptied(Vec<Arc<Cell>>);

impl Emptied {
    /// Leaves them as they are.
    fn leave(mut self) {
        self.0.clear();
    }
}

impl Drop for Emptied {
    fn drop(&mut self) {
        for cell in self.0.drain(..) {
            cell.set(Value::Null);
        }
    }
}
