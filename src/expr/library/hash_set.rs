//! `HashSet<T>` and `ISet<T>`.

use super::args::required;
use super::comparers;
use super::equality::Comparing;
use super::hash_table::HashTable;
use super::list_search::{copy_to, holds};
use super::range;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Iterate, Object, Value, release};

/// A `HashSet<T>` object.
pub(crate) struct HashSet {
    element: Ty,
    table: HashTable,
}

impl Object for HashSet {
    fn ty(&self) -> Ty {
        Ty::generic(TypeId::HashSet, [self.element.clone()])
    }

    fn iterate(&self, _: &mut Run<'_>) -> Result<Option<Box<dyn Iterate>>, Fault> {
        let mut walk = self.table.walk();
        Ok(Some(Box::new(move |_: &mut Run<'_>| Ok(walk.next()?.map(|(item, _)| item)))))
    }
}

/// A `HashSet<T>` of items; later ones that are equal to earlier ones are left out.
pub(crate) fn make(element: Ty, items: Vec<Value>) -> Value {
    make_with(element, items, &Value::Null)
}

/// A `HashSet<T>` whose items an `IEqualityComparer<T>` compares; null is the default one.
pub(crate) fn make_with(element: Ty, items: Vec<Value>, comparer: &Value) -> Value {
    let table = HashTable::new(comparer);
    table.with(|state| {
        for item in items {
            state.add(item, Value::Null);
        }
    });
    Value::object(HashSet { element, table })
}

/// The items of a set.
pub(super) fn items_of(set: &Value) -> Vec<Value> {
    set.downcast::<HashSet>().map(HashSet::items).unwrap_or_default()
}

/// Whether two sets have the same items.
pub(super) fn same_items(a: &Value, b: &Value) -> bool {
    match (a.downcast::<HashSet>(), b.downcast::<HashSet>()) {
        (Some(a), Some(b)) => a.table.len() == b.table.len() && a.shared(&b.table) == a.table.len(),
        _ => a.equals(b),
    }
}

fn this(a: &[Value]) -> Result<&HashSet, Fault> {
    a.first().and_then(Value::downcast).ok_or_else(Fault::null_reference)
}

fn filled(run: &mut Run<'_>, items: &Value, comparer: &Value) -> Result<Value, Fault> {
    let element = run.type_arg(0);
    let items = run.collect(required(items, "collection")?)?;
    run.charge(96 + items.len() * 4 * size_of::<Value>())?;
    let comparing = Comparing::of(Some(comparer));
    run.steps(items.iter().map(|item| comparing.steps(item)).sum())?;
    Ok(make_with(element, items, comparer))
}

impl HashSet {
    fn items(&self) -> Vec<Value> {
        self.table.with(|state| state.pairs().map(|(item, _)| item.clone()).collect())
    }

    /// The items of an argument as a set with the comparer of this one.
    fn other(&self, run: &mut Run<'_>, other: &Value) -> Result<HashTable, Fault> {
        let items = run.collect(required(other, "other")?)?;
        run.charge(items.len() * 4 * size_of::<Value>())?;
        let table = HashTable::new(&self.table.comparer());
        for item in items {
            table.pay(run, &item)?;
            table.with(|state| state.add(item, Value::Null));
        }
        Ok(table)
    }

    fn remove(&self, run: &mut Run<'_>, item: &Value) -> Result<bool, Fault> {
        self.table.pay(run, item)?;
        let removed = self.table.with(|state| state.remove(item));
        let has = removed.is_some();
        release(removed.map(|(item, _)| item));
        Ok(has)
    }

    /// Removes the items for which `goes` holds.
    fn retain(&self, run: &mut Run<'_>, goes: impl Fn(&Value) -> bool) -> Result<(), Fault> {
        for item in self.items().iter().filter(|item| goes(item)) {
            self.remove(run, item)?;
        }
        Ok(())
    }

    fn add(&self, run: &mut Run<'_>, item: Value) -> Result<bool, Fault> {
        run.charge(4 * size_of::<Value>())?;
        self.table.pay(run, &item)?;
        Ok(self.table.with(|state| state.add(item, Value::Null)))
    }

    /// How many items of this set the other has.
    fn shared(&self, other: &HashTable) -> usize {
        if self.table.is_same(other) {
            return self.table.len();
        }
        self.items().iter().filter(|item| other.with(|state| state.contains(item))).count()
    }
}

/// Sizes of this set, of the other, and of what both have.
fn sizes(run: &mut Run<'_>, a: &[Value]) -> Result<(usize, usize, usize), Fault> {
    let set = this(a)?;
    let other = set.other(run, &a[1])?;
    for item in set.items() {
        other.pay(run, &item)?;
    }
    Ok((set.table.len(), other.len(), set.shared(&other)))
}

/// Declares the members that a class and its interface have alike.
fn set_operations(table: &mut Table, id: TypeId) {
    table
        .on(id)
        .def("bool Add(T item)", |run, a| Ok(this(a)?.add(run, a[1].clone())?.into()))
        .def("void UnionWith(IEnumerable<T> other)", |run, a| {
            let set = this(a)?;
            for item in run.collect(required(&a[1], "other")?)? {
                set.add(run, item)?;
            }
            Ok(Value::Null)
        })
        .def("void IntersectWith(IEnumerable<T> other)", |run, a| {
            let set = this(a)?;
            let other = set.other(run, &a[1])?;
            set.retain(run, |item| !other.with(|state| state.contains(item)))?;
            Ok(Value::Null)
        })
        .def("void ExceptWith(IEnumerable<T> other)", |run, a| {
            let set = this(a)?;
            for item in run.collect(required(&a[1], "other")?)? {
                set.remove(run, &item)?;
            }
            Ok(Value::Null)
        })
        .def("void SymmetricExceptWith(IEnumerable<T> other)", |run, a| {
            let set = this(a)?;
            let other = set.other(run, &a[1])?;
            let items: Vec<Value> = other.with(|state| state.pairs().map(|(item, _)| item.clone()).collect());
            // A set reuses freed places, a sequence is added before anything is removed: the order of items shows it.
            let is_set = a[1].downcast::<HashSet>().is_some();
            let mut both = Vec::new();
            for item in items {
                if is_set {
                    if !set.remove(run, &item)? {
                        set.add(run, item)?;
                    }
                } else if !set.add(run, item.clone())? {
                    both.push(item);
                }
            }
            for item in &both {
                set.remove(run, item)?;
            }
            Ok(Value::Null)
        })
        .def("bool Overlaps(IEnumerable<T> other)", |run, a| sizes(run, a).map(|(_, _, shared)| (shared > 0).into()))
        .def("bool SetEquals(IEnumerable<T> other)", |run, a| {
            sizes(run, a).map(|(mine, its, shared)| (mine == its && shared == mine).into())
        })
        .def("bool IsSubsetOf(IEnumerable<T> other)", |run, a| {
            sizes(run, a).map(|(mine, _, shared)| (shared == mine).into())
        })
        .def("bool IsProperSubsetOf(IEnumerable<T> other)", |run, a| {
            sizes(run, a).map(|(mine, its, shared)| (shared == mine && its > mine).into())
        })
        .def("bool IsSupersetOf(IEnumerable<T> other)", |run, a| {
            sizes(run, a).map(|(_, its, shared)| (shared == its).into())
        })
        .def("bool IsProperSupersetOf(IEnumerable<T> other)", |run, a| {
            sizes(run, a).map(|(mine, its, shared)| (shared == its && mine > its).into())
        });
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    set_operations(table, TypeId::ISet);
    set_operations(table, TypeId::HashSet);
    table
        .on(TypeId::HashSet)
        .def("new()", |run, _| {
            run.charge(96)?;
            Ok(make(run.type_arg(0), Vec::new()))
        })
        .def("new(int capacity)", |run, a| {
            run.charge(96 + range::count(&a[0], "capacity")?.saturating_mul(size_of::<Value>()))?;
            Ok(make(run.type_arg(0), Vec::new()))
        })
        .def("new(IEqualityComparer<T> comparer)", |run, a| {
            run.charge(96)?;
            Ok(make_with(run.type_arg(0), Vec::new(), &a[0]))
        })
        .def("new(IEnumerable<T> collection)", |run, a| filled(run, &a[0], &Value::Null))
        .def("new(IEnumerable<T> collection, IEqualityComparer<T> comparer)", |run, a| filled(run, &a[0], &a[1]))
        .def("int Count", |_, a| Ok((this(a)?.table.len() as i32).into()))
        .def("IEqualityComparer<T> Comparer", |run, a| match this(a)?.table.comparer() {
            Value::Null => Ok(comparers::default_of(TypeId::EqualityComparer, run.type_arg(0))),
            comparer => Ok(comparer),
        })
        .def("bool Contains(T item)", |run, a| {
            let table = &this(a)?.table;
            table.pay(run, &a[1])?;
            Ok(table.with(|state| state.contains(&a[1])).into())
        })
        .def("bool TryGetValue(T equalValue, out T actualValue)", |run, a| {
            let table = &this(a)?.table;
            table.pay(run, &a[1])?;
            let found = table.with(|state| state.get(&a[1]).map(|(item, _)| item.clone()));
            let has = found.is_some();
            a[2] = found.unwrap_or_else(|| Value::default_of(&run.type_arg(0)));
            Ok(has.into())
        })
        .def("bool Remove(T item)", |run, a| Ok(this(a)?.remove(run, &a[1])?.into()))
        .def("int RemoveWhere(Predicate<T> match)", |run, a| {
            let set = this(a)?;
            required(&a[1], "match")?;
            let mut removed = 0;
            for item in set.items() {
                if holds(run, &a[1], &item)? {
                    removed += i32::from(set.remove(run, &item)?);
                }
            }
            Ok(removed.into())
        })
        .def("void Clear()", |_, a| {
            this(a)?.table.with(|state| state.clear());
            Ok(Value::Null)
        })
        .def("void TrimExcess()", |_, a| this(a).map(|_| Value::Null))
        .def("void CopyTo(T[] array)", |run, a| {
            let items = this(a)?.items();
            copy_to(run, &items, &a[1], 0)
        })
        .def("void CopyTo(T[] array, int arrayIndex, int count)", |run, a| {
            let mut items = this(a)?.items();
            items.truncate(range::count(&a[3], "count")?);
            copy_to(run, &items, &a[1], range::count(&a[2], "arrayIndex")?)
        })
        .def("void CopyTo(T[] array, int arrayIndex)", |run, a| {
            let items = this(a)?.items();
            copy_to(run, &items, &a[1], range::count(&a[2], "arrayIndex")?)
        });
}
