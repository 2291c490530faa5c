//! `Dictionary<K, V>.KeyCollection` and `ValueCollection`: views of a dictionary that follow its changes.

use std::sync::Arc;

use super::hash_table::HashTable;
use super::list_search::copy_to;
use super::range;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Iterate, Object, Value};

/// Which half of the pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Keys,
    Values,
}

impl Part {
    fn of(self, (key, value): (Value, Value)) -> Value {
        match self {
            Self::Keys => key,
            Self::Values => value,
        }
    }
}

/// A `KeyCollection` or `ValueCollection` object.
pub(super) struct PartView {
    pub(super) part: Part,
    /// `K` and `V`.
    pub(super) types: Arc<[Ty]>,
    pub(super) table: HashTable,
}

impl Object for PartView {
    fn ty(&self) -> Ty {
        let id = match self.part {
            Part::Keys => TypeId::KeyCollection,
            Part::Values => TypeId::ValueCollection,
        };
        Ty::Generic(id, Arc::clone(&self.types))
    }

    fn iterate(&self, _: &mut Run<'_>) -> Result<Option<Box<dyn Iterate>>, Fault> {
        let (mut walk, part) = (self.table.walk(), self.part);
        Ok(Some(Box::new(move |_: &mut Run<'_>| Ok(walk.next()?.map(|pair| part.of(pair))))))
    }
}

fn this(a: &[Value]) -> Result<&PartView, Fault> {
    a.first().and_then(Value::downcast).ok_or_else(Fault::null_reference)
}

fn contains(run: &mut Run<'_>, a: &mut [Value]) -> Result<Value, Fault> {
    let view = this(a)?;
    Ok(match view.part {
        Part::Keys => {
            view.table.pay(run, &a[1])?;
            view.table.with(|state| !a[1].is_null() && state.contains(&a[1]))
        }
        Part::Values => {
            run.steps(view.table.len() * 2 + 1)?;
            view.table.with(|state| state.pairs().any(|(_, value)| value.equals(&a[1])))
        }
    }
    .into())
}

fn read_only(view: &PartView) -> Fault {
    let what = if view.part == Part::Keys { "key" } else { "value" };
    Fault::not_supported(format!("Mutating a {what} collection derived from a dictionary is not allowed."))
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    for (id, item) in [(TypeId::KeyCollection, 0), (TypeId::ValueCollection, 1)] {
        table
            .on(id)
            .def("int Count", |_, a| Ok((this(a)?.table.len() as i32).into()))
            .def(["bool Contains(K item)", "bool Contains(V item)"][item], contains)
            .def(["void CopyTo(K[] array, int index)", "void CopyTo(V[] array, int index)"][item], |run, a| {
                let items = run.collect(&a[0])?;
                copy_to(run, &items, &a[1], range::count(&a[2], "index")?)
            });
    }
}

/// What `ICollection.Add`, `Remove` and `Clear` throw for a view.
pub(super) fn refusal(value: &Value) -> Option<Fault> {
    value.downcast::<PartView>().map(read_only)
}
