//! Compiled functions.

use super::run::Run;
use crate::expr::fault::Fault;
use crate::expr::value::Value;

/// Compiled code that gives a `T`.
pub(crate) type Code<T> = Box<dyn Fn(&mut Run<'_>) -> Result<T, Fault> + Send + Sync>;

/// A lambda, a local function or the whole expression.
pub(crate) struct FunctionCode {
    pub(crate) slots: usize,
    /// Cells in the frame: first those that are captured from outside, then its own.
    pub(crate) cells: usize,
    pub(crate) params: Vec<Place>,
    pub(crate) body: Code<Value>,
}

/// Where a variable lives in a frame.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    Slot(usize),
    Cell(usize),
}

impl Place {
    pub(crate) fn load(self, run: &Run<'_>) -> Value {
        match self {
            Self::Slot(i) => run.slot(i).clone(),
            Self::Cell(i) => run.cell(i).map_or(Value::Null, |cell| cell.get()),
        }
    }

    pub(crate) fn store(self, run: &mut Run<'_>, value: Value) {
        match self {
            Self::Slot(i) => run.set_slot(i, value),
            Self::Cell(i) => {
                if let Some(cell) = run.cell(i) {
                    cell.set(value);
                }
            }
        }
    }
}
