//! Delegates: compiled functions with what they captured, or members of .NET types.

use std::sync::Arc;

use super::cell::Cell;
use super::function::FunctionCode;
use crate::expr::types::{Method, Ty};
use crate::expr::value::{Object, Value, release};

/// A delegate object.
pub(crate) struct Closure {
    pub(crate) ty: Ty,
    pub(crate) target: Target,
}

pub(crate) enum Target {
    Function {
        program: Arc<Vec<FunctionCode>>,
        function: usize,
        cells: Vec<Arc<Cell>>,
    },
    /// Delegates that are called one after the other.
    Many(Arc<[Value]>),
    Native {
        method: &'static Method,
        type_args: Arc<[Ty]>,
        receiver: Option<Value>,
    },
}

impl Drop for Closure {
    fn drop(&mut self) {
        match &mut self.target {
            Target::Function { cells, .. } => {
                release(cells.drain(..).filter_map(Arc::into_inner).map(Cell::into_value));
            }
            Target::Many(all) => {
                let all = Arc::get_mut(all).into_iter().flatten();
                release(all.map(|one| std::mem::replace(one, Value::Null)));
            }
            Target::Native { receiver, .. } => release(receiver.take()),
        }
    }
}

impl Object for Closure {
    fn ty(&self) -> Ty {
        self.ty.clone()
    }
}

impl Closure {
    /// How many delegates a delegate calls.
    pub(super) fn count(delegate: &Value) -> usize {
        match delegate.downcast::<Self>() {
            Some(Self { target: Target::Many(all), .. }) => all.len(),
            Some(_) => 1,
            None => 0,
        }
    }

    /// The delegates that a delegate calls.
    fn list(delegate: &Value) -> Vec<Value> {
        match delegate.downcast::<Self>() {
            Some(Self { target: Target::Many(all), .. }) => all.to_vec(),
            Some(_) => vec![delegate.clone()],
            None => Vec::new(),
        }
    }

    fn of_list(mut list: Vec<Value>, ty: Ty) -> Value {
        match list.len() {
            0 => Value::Null,
            1 => list.remove(0),
            _ => Value::object(Self { ty, target: Target::Many(list.into()) }),
        }
    }

    /// `left + right`
    pub(super) fn combine(left: Value, right: Value) -> Value {
        let ty = if left.is_null() { right.ty() } else { left.ty() };
        let mut list = Self::list(&left);
        list.extend(Self::list(&right));
        Self::of_list(list, ty)
    }

    /// `left - right`: without the last occurrence of the right one's list.
    pub(super) fn remove(left: Value, right: &Value) -> Value {
        let (mut list, gone) = (Self::list(&left), Self::list(right));
        let same = |at: usize| list[at..].iter().zip(&gone).all(|(a, b)| Self::same(a, b));
        let found = (0..(list.len() + 1).saturating_sub(gone.len())).rev().find(|at| same(*at));
        match found {
            Some(at) if !gone.is_empty() => {
                list.drain(at..at + gone.len());
                Self::of_list(list, left.ty())
            }
            _ => left,
        }
    }

    /// Whether two delegates call the same with the same.
    fn same(a: &Value, b: &Value) -> bool {
        match (a.downcast::<Self>(), b.downcast::<Self>()) {
            (Some(a), Some(b)) if std::ptr::eq(a, b) => true,
            (
                Some(Self { target: Target::Function { function: f, cells: x, program: p }, .. }),
                Some(Self { target: Target::Function { function: g, cells: y, program: q }, .. }),
            ) => f == g && Arc::ptr_eq(p, q) && x.len() == y.len() && x.iter().zip(y).all(|(x, y)| Arc::ptr_eq(x, y)),
            _ => false,
        }
    }
}
