//! Delegates: made of lambdas, local functions and natives; called, joined and taken apart.

use std::sync::Arc;

use super::call::evaluate;
use super::closure::{Closure, Target};
use super::emit::Emitter;
use super::function::{Code, Place};
use crate::expr::bind::tree::{FuncId, LocalId, Node};
use crate::expr::library::may_hold_closures;
use crate::expr::syntax::Span;
use crate::expr::types::{Method, Ty};
use crate::expr::value::Value;

/// What a closure takes with its cells, in bytes.
const CLOSURE: usize = 192;

impl Emitter<'_> {
    pub(super) fn cells_of(&self, function: FuncId) -> Vec<usize> {
        self.outer[function.0 as usize]
            .iter()
            .filter_map(|local| match self.place(*local) {
                Place::Cell(i) => Some(i),
                Place::Slot(_) => None,
            })
            .collect()
    }

    pub(super) fn closure(&self, function: FuncId, ty: &Ty) -> Code<Value> {
        let index = function.0 as usize;
        let ty = ty.clone();
        let holds_closures = |local: &LocalId| {
            let ty = &self.locals[local.0 as usize].ty;
            may_hold_closures(ty)
        };
        let outer: Vec<(usize, bool)> =
            self.outer[index].iter().map(holds_closures).zip(self.cells_of(function)).map(|(h, i)| (i, h)).collect();
        Box::new(move |run| {
            let mut cells = Vec::with_capacity(outer.len());
            for (i, holds) in &outer {
                if let Some(cell) = run.cell(*i).cloned() {
                    if *holds {
                        run.loops.note(&cell);
                    }
                    cells.push(cell);
                }
            }
            run.charge(CLOSURE)?;
            let target = Target::Function { program: Arc::clone(run.program()), function: index, cells };
            Ok(Value::object(Closure { ty: ty.clone(), target }))
        })
    }

    pub(super) fn native_delegate(
        &self,
        method: &'static Method,
        type_args: &Arc<[Ty]>,
        receiver: Option<&Node>,
        ty: &Ty,
    ) -> Code<Value> {
        let (type_args, ty) = (Arc::clone(type_args), ty.clone());
        let receiver = receiver.map(|r| self.value(r));
        Box::new(move |run| {
            let receiver = match &receiver {
                Some(code) => Some(code(run)?),
                None => None,
            };
            run.charge(128)?;
            let target = Target::Native { method, type_args: Arc::clone(&type_args), receiver };
            Ok(Value::object(Closure { ty: ty.clone(), target }))
        })
    }

    pub(super) fn invoke(&self, delegate: &Node, args: &[Node], span: Span) -> Code<Value> {
        let (delegate, args) = (self.value(delegate), self.values(args));
        Box::new(move |run| {
            let delegate = delegate(run)?;
            let mut values = evaluate(run, &args, None)?;
            run.call(&delegate, &mut values).map_err(|f| f.at(span))
        })
    }

    /// `left + right` and `left - right`
    pub(super) fn combine(&self, removes: bool, left: &Node, right: &Node) -> Code<Value> {
        let (left, right) = (self.value(left), self.value(right));
        Box::new(move |run| {
            let left = left(run)?;
            let right = right(run)?;
            let (mine, other) = (Closure::count(&left), Closure::count(&right));
            run.steps(1 + if removes { mine.saturating_mul(other) } else { mine + other })?;
            run.charge((mine + other) * size_of::<Value>())?;
            run.room((mine + other) * 2 * size_of::<Value>())?;
            Ok(if removes { Closure::remove(left, &right) } else { Closure::combine(left, right) })
        })
    }
}
