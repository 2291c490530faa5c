//! Delegates: compiled functions with what they captured, or members of .NET types.

use std::sync::Arc;

use super::function::FunctionCode;
use super::run::Cell;
use crate::expr::types::{Method, Ty};
use crate::expr::value::{Object, Value};

/// A delegate object.
pub(crate) struct Closure {
    pub(crate) ty: Ty,
    pub(crate) target: Target,
}

pub(crate) enum Target {
    Function { program: Arc<Vec<FunctionCode>>, function: usize, cells: Vec<Arc<Cell>> },
    Native { method: &'static Method, type_args: Arc<[Ty]>, receiver: Option<Value> },
}

impl Object for Closure {
    fn ty(&self) -> Ty {
        self.ty.clone()
    }
}
