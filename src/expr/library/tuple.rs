//! `Tuple<…>` and `ValueTuple<…>`.

use std::cmp::Ordering;
use std::sync::Arc;

use super::key_value_pair::{nesting, shallow};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value, release};

/// A tuple object; of either sort.
pub(crate) struct Tuple {
    id: TypeId,
    types: Arc<[Ty]>,
    items: Vec<Value>,
    nesting: u16,
}

/// A tuple of a type, such as `TypeId::Tuple2`.
pub(crate) fn make(id: TypeId, types: Arc<[Ty]>, items: Vec<Value>) -> Result<Value, Fault> {
    let nesting = nesting(&items);
    shallow(nesting)?;
    Ok(Value::object(Tuple { id, types, items, nesting }))
}

impl Tuple {
    pub(super) fn items(&self) -> &[Value] {
        &self.items
    }
}

impl Object for Tuple {
    fn ty(&self) -> Ty {
        Ty::Generic(self.id, Arc::clone(&self.types))
    }

    fn to_text(&self, run: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        let mut text = String::from("(");
        for (i, item) in self.items.iter().enumerate() {
            text.push_str(if i > 0 { ", " } else { "" });
            let item = run.text_or_empty(item)?;
            if self.id == TypeId::Tuple8 && i == 7 {
                // The rest goes on inside the same brackets.
                text.push_str(item.text().trim_start_matches('(').trim_end_matches(')'));
                continue;
            }
            run.charge(item.byte_len())?;
            text.push_str(&item.text());
        }
        text.push(')');
        Ok(Some(text.into()))
    }

    fn equals(&self, other: &Value) -> Option<bool> {
        let other = other.downcast::<Self>();
        Some(other.is_some_and(|other| {
            self.id == other.id
                && self.types == other.types
                && self.items.iter().zip(&other.items).all(|(a, b)| a.equals(b))
        }))
    }

    fn hash_code(&self) -> Option<i32> {
        let mix = |hash: i32, item: &Value| hash.wrapping_shl(5).wrapping_add(hash) ^ item.hash_code();
        Some(self.items.iter().fold(0, mix))
    }

    fn parts(&self, visit: &mut dyn FnMut(&Value)) -> bool {
        self.items.iter().for_each(visit);
        true
    }

    fn compare(&self, run: &mut Run<'_>, other: &Value) -> Result<Option<Ordering>, Fault> {
        let other = match other.downcast::<Self>() {
            Some(other) if self.id == other.id && self.types == other.types => other,
            _ => {
                let message = format!("Argument must be of type {}. (Parameter 'other')", self.ty().reflection_name());
                return Err(Fault::argument(message));
            }
        };
        for (a, b) in self.items.iter().zip(&other.items) {
            let order = run.compare(a, b)?;
            if order != Ordering::Equal {
                return Ok(Some(order));
            }
        }
        Ok(Some(Ordering::Equal))
    }

    fn nesting(&self) -> u16 {
        self.nesting
    }
}

impl Drop for Tuple {
    fn drop(&mut self) {
        release(std::mem::take(&mut self.items));
    }
}

fn item(a: &[Value], index: usize) -> Result<Value, Fault> {
    let tuple = a.first().and_then(Value::downcast::<Tuple>).ok_or_else(Fault::null_reference)?;
    Ok(tuple.items.get(index).cloned().unwrap_or(Value::Null))
}

macro_rules! tuples {
    ($table:ident: $($id:ident $new:literal $create:literal;)*) => {
        $({
            $table.on(TypeId::$id).def($new, |run, a| {
                run.charge(32 * (a.len() + 1))?;
                make(TypeId::$id, run.type_args(), a.to_vec())
            });
            $table.on(TypeId::Tuple).def($create, |run, a| {
                run.charge(32 * (a.len() + 1))?;
                make(TypeId::$id, run.type_args(), a.to_vec())
            });
            items($table, TypeId::$id);
        })*
    };
}

macro_rules! value_tuples {
    ($table:ident: $($id:ident $new:literal;)*) => {
        $({
            $table.on(TypeId::$id).def($new, |run, a| {
                run.charge(32 * (a.len() + 1))?;
                make(TypeId::$id, run.type_args(), a.to_vec())
            });
            items($table, TypeId::$id);
        })*
    };
}

/// Declares `Item1` and so on.
fn items(table: &mut Table, id: TypeId) {
    let count = table.info(id).params.len();
    let members: [(&'static str, crate::expr::types::Native); 7] = [
        ("T1 Item1", |_, a| item(a, 0)),
        ("T2 Item2", |_, a| item(a, 1)),
        ("T3 Item3", |_, a| item(a, 2)),
        ("T4 Item4", |_, a| item(a, 3)),
        ("T5 Item5", |_, a| item(a, 4)),
        ("T6 Item6", |_, a| item(a, 5)),
        ("T7 Item7", |_, a| item(a, 6)),
    ];
    for (text, native) in members.into_iter().take(count) {
        table.on(id).def(text, native);
    }
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    tuples!(table:
        Tuple1 "new(T1 item1)" "static Tuple<T1> Create<T1>(T1 item1)";
        Tuple2 "new(T1 item1, T2 item2)" "static Tuple<T1, T2> Create<T1, T2>(T1 item1, T2 item2)";
        Tuple3 "new(T1 item1, T2 item2, T3 item3)"
            "static Tuple<T1, T2, T3> Create<T1, T2, T3>(T1 item1, T2 item2, T3 item3)";
        Tuple4 "new(T1 item1, T2 item2, T3 item3, T4 item4)"
            "static Tuple<T1, T2, T3, T4> Create<T1, T2, T3, T4>(T1 item1, T2 item2, T3 item3, T4 item4)";
        Tuple5 "new(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5)"
            "static Tuple<T1, T2, T3, T4, T5> Create<T1, T2, T3, T4, T5>(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5)";
        Tuple6 "new(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6)"
            "static Tuple<T1, T2, T3, T4, T5, T6> Create<T1, T2, T3, T4, T5, T6>(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6)";
        Tuple7 "new(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6, T7 item7)"
            "static Tuple<T1, T2, T3, T4, T5, T6, T7> Create<T1, T2, T3, T4, T5, T6, T7>(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6, T7 item7)";
    );
    table
        .on(TypeId::Tuple8)
        .def("new(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6, T7 item7, TRest rest)", |run, a| {
            run.charge(32 * (a.len() + 1))?;
            if a[7].downcast::<Tuple>().is_none() {
                return Err(Fault::argument("The last element of an eight element tuple must be a Tuple."));
            }
            make(TypeId::Tuple8, run.type_args(), a.to_vec())
        })
        .def("TRest Rest", |_, a| item(a, 7));
    items(table, TypeId::Tuple8);
    table.on(TypeId::Tuple).def(
        "static Tuple<T1, T2, T3, T4, T5, T6, T7, Tuple<T8>> Create<T1, T2, T3, T4, T5, T6, T7, T8>(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6, T7 item7, T8 item8)",
        |run, a| {
            run.charge(32 * (a.len() + 1))?;
            let last = [run.type_arg(7)];
            let rest = make(TypeId::Tuple1, last.clone().into(), a[7..].to_vec())?;
            let types: Vec<Ty> = (0..7).map(|i| run.type_arg(i)).chain([Ty::generic(TypeId::Tuple1, last)]).collect();
            make(TypeId::Tuple8, types.into(), a[..7].iter().cloned().chain([rest]).collect())
        },
    );
    value_tuples!(table:
        ValueTuple2 "new(T1 item1, T2 item2)";
        ValueTuple3 "new(T1 item1, T2 item2, T3 item3)";
        ValueTuple4 "new(T1 item1, T2 item2, T3 item3, T4 item4)";
        ValueTuple5 "new(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5)";
        ValueTuple6 "new(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6)";
        ValueTuple7 "new(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6, T7 item7)";
    );
}
