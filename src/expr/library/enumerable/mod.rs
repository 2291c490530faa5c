//! `System.Linq.Enumerable`.

mod fold;
mod group;
mod make;
mod order;
mod pick;
mod select;
mod sets;

use super::args::{boolean, required};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::Table;
use crate::expr::value::Value;

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    select::register(table);
    pick::register(table);
    fold::register(table);
    order::register(table);
    group::register(table);
    sets::register(table);
    make::register(table);
}

/// The sequence that a method extends; null is an error of the argument, not of the instance.
fn source(a: &[Value]) -> Result<Value, Fault> {
    required(&a[0], "source").cloned()
}

/// A delegate argument.
fn delegate(value: &Value, name: &str) -> Result<Value, Fault> {
    required(value, name).cloned()
}

/// Calls a predicate.
fn holds(run: &mut Run<'_>, predicate: &Value, item: &Value) -> Result<bool, Fault> {
    run.call(predicate, &mut [item.clone()]).map(|held| boolean(&held))
}
