//! `GroupBy`, `ToLookup`, `Join`, `GroupJoin`.

use super::{delegate, source};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::args::required;
use crate::expr::library::array::array;
use crate::expr::library::equality::Comparing;
use crate::expr::library::sequence::deferred;
use crate::expr::library::value_set::ValueSet;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Iterate, Object, Value};

/// Items that have one key.
struct Grouping {
    key_type: Ty,
    element: Ty,
    key: Value,
    items: Vec<Value>,
}

impl Object for Grouping {
    fn ty(&self) -> Ty {
        Ty::generic(TypeId::IGrouping, [self.key_type.clone(), self.element.clone()])
    }

    fn iterate(&self, _: &mut Run<'_>) -> Result<Option<Box<dyn Iterate>>, Fault> {
        let mut items = self.items.clone().into_iter();
        Ok(Some(Box::new(move |_: &mut Run<'_>| Ok(items.next()))))
    }
}

/// Groups that are found by their key.
struct Lookup {
    key_type: Ty,
    element: Ty,
    comparing: Comparing,
    groups: Vec<(Value, Vec<Value>)>,
}

impl Object for Lookup {
    fn ty(&self) -> Ty {
        Ty::generic(TypeId::Lookup, [self.key_type.clone(), self.element.clone()])
    }

    fn iterate(&self, _: &mut Run<'_>) -> Result<Option<Box<dyn Iterate>>, Fault> {
        let groups = self.groups.clone();
        let mut items = made(groups, &self.key_type, &self.element).into_iter();
        Ok(Some(Box::new(move |_: &mut Run<'_>| Ok(items.next()))))
    }
}

/// Items under their keys, keys in the order in which they came.
fn groups(
    run: &mut Run<'_>,
    source: &Value,
    key: &Value,
    element: Option<&Value>,
    comparing: Comparing,
) -> Result<Vec<(Value, Vec<Value>)>, Fault> {
    let (mut keys, mut groups) = (ValueSet::new(comparing), Vec::<Vec<Value>>::new());
    for item in run.collect(source)? {
        let found = run.call(key, &mut [item.clone()])?;
        let item = match element {
            Some(element) => run.call(element, &mut [item])?,
            None => item,
        };
        let (at, is_new) = keys.add(run, found)?;
        if is_new {
            groups.push(Vec::new());
        }
        if let Some(group) = groups.get_mut(at) {
            group.push(item);
        }
    }
    Ok(keys.into_items().into_iter().zip(groups).collect())
}

fn made(groups: Vec<(Value, Vec<Value>)>, key_type: &Ty, element: &Ty) -> Vec<Value> {
    let group =
        |(key, items)| Value::object(Grouping { key_type: key_type.clone(), element: element.clone(), key, items });
    groups.into_iter().map(group).collect()
}

/// Where the arguments of a `GroupBy` or `ToLookup` stand.
#[derive(Clone, Copy)]
struct Form {
    element: Option<usize>,
    result: Option<usize>,
    comparer: Option<usize>,
}

fn group_by(run: &mut Run<'_>, a: &[Value], form: Form) -> Result<Value, Fault> {
    let (source, key) = (source(a)?, delegate(&a[1], "keySelector")?);
    let element = form.element.map(|at| delegate(&a[at], "elementSelector")).transpose()?;
    let result = form.result.map(|at| delegate(&a[at], "resultSelector")).transpose()?;
    let comparing = Comparing::of(form.comparer.and_then(|at| a.get(at)));
    let key_type = run.type_arg(1);
    let element_type = if element.is_some() { run.type_arg(2) } else { run.type_arg(0) };
    let group_type = Ty::generic(TypeId::IGrouping, [key_type.clone(), element_type.clone()]);
    let of = match &result {
        Some(_) => run.type_arg(if element.is_some() { 3 } else { 2 }),
        None => group_type,
    };
    Ok(deferred(of, move |run| {
        let groups = groups(run, &source, &key, element.as_ref(), comparing)?;
        let Some(result) = &result else { return Ok(made(groups, &key_type, &element_type)) };
        let mut results = Vec::with_capacity(groups.len());
        for (key, items) in groups {
            let items = array(element_type.clone(), items);
            results.push(run.call(result, &mut [key, items])?);
        }
        Ok(results)
    }))
}

fn to_lookup(run: &mut Run<'_>, a: &[Value], form: Form) -> Result<Value, Fault> {
    let (source, key) = (source(a)?, delegate(&a[1], "keySelector")?);
    let element = form.element.map(|at| delegate(&a[at], "elementSelector")).transpose()?;
    let comparing = Comparing::of(form.comparer.and_then(|at| a.get(at)));
    let key_type = run.type_arg(1);
    let element_type = if element.is_some() { run.type_arg(2) } else { run.type_arg(0) };
    let groups = groups(run, &source, &key, element.as_ref(), comparing)?;
    Ok(Value::object(Lookup { key_type, element: element_type, comparing, groups }))
}

/// `Join` and `GroupJoin`.
fn join(run: &mut Run<'_>, a: &[Value], grouped: bool) -> Result<Value, Fault> {
    let (outer, inner) = (required(&a[0], "outer")?.clone(), required(&a[1], "inner")?.clone());
    let (outer_key, inner_key) = (delegate(&a[2], "outerKeySelector")?, delegate(&a[3], "innerKeySelector")?);
    let (result, comparing) = (delegate(&a[4], "resultSelector")?, Comparing::of(a.get(5)));
    let inner_type = run.type_arg(1);
    Ok(deferred(run.type_arg(3), move |run| {
        let found = groups(run, &inner, &inner_key, None, comparing)?;
        let mut keys = ValueSet::new(comparing);
        for (key, _) in &found {
            keys.add(run, key.clone())?;
        }
        let mut results = Vec::new();
        for item in run.collect(&outer)? {
            let key = run.call(&outer_key, &mut [item.clone()])?;
            // A null key joins with nothing.
            let at = if key.is_null() { None } else { keys.find(run, &key)? };
            let matches = at.and_then(|at| found.get(at)).map(|(_, items)| items.clone()).unwrap_or_default();
            run.charge(matches.len() * size_of::<Value>())?;
            if grouped {
                let matches = array(inner_type.clone(), matches);
                results.push(run.call(&result, &mut [item, matches])?);
            } else {
                for matched in matches {
                    run.charge(size_of::<Value>())?;
                    results.push(run.call(&result, &mut [item.clone(), matched])?);
                }
            }
        }
        Ok(results)
    }))
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    const PLAIN: Form = Form { element: None, result: None, comparer: None };
    table
        .on(TypeId::Enumerable)
        .def("static IEnumerable<IGrouping<K, T>> GroupBy<T, K>(this IEnumerable<T> source, Func<T, K> keySelector)", |run, a| {
            group_by(run, a, PLAIN)
        })
        .def(
            "static IEnumerable<IGrouping<K, T>> GroupBy<T, K>(this IEnumerable<T> source, Func<T, K> keySelector, IEqualityComparer<K> comparer)",
            |run, a| group_by(run, a, Form { comparer: Some(2), ..PLAIN }),
        )
        .def(
            "static IEnumerable<IGrouping<K, E>> GroupBy<T, K, E>(this IEnumerable<T> source, Func<T, K> keySelector, Func<T, E> elementSelector)",
            |run, a| group_by(run, a, Form { element: Some(2), ..PLAIN }),
        )
        .def(
            "static IEnumerable<IGrouping<K, E>> GroupBy<T, K, E>(this IEnumerable<T> source, Func<T, K> keySelector, Func<T, E> elementSelector, IEqualityComparer<K> comparer)",
            |run, a| group_by(run, a, Form { element: Some(2), comparer: Some(3), ..PLAIN }),
        )
        .def(
            "static IEnumerable<R> GroupBy<T, K, R>(this IEnumerable<T> source, Func<T, K> keySelector, Func<K, IEnumerable<T>, R> resultSelector)",
            |run, a| group_by(run, a, Form { result: Some(2), ..PLAIN }),
        )
        .def(
            "static IEnumerable<R> GroupBy<T, K, E, R>(this IEnumerable<T> source, Func<T, K> keySelector, Func<T, E> elementSelector, Func<K, IEnumerable<E>, R> resultSelector)",
            |run, a| group_by(run, a, Form { element: Some(2), result: Some(3), ..PLAIN }),
        )
        .def(
            "static IEnumerable<R> GroupBy<T, K, R>(this IEnumerable<T> source, Func<T, K> keySelector, Func<K, IEnumerable<T>, R> resultSelector, IEqualityComparer<K> comparer)",
            |run, a| group_by(run, a, Form { result: Some(2), comparer: Some(3), ..PLAIN }),
        )
        .def(
            "static IEnumerable<R> GroupBy<T, K, E, R>(this IEnumerable<T> source, Func<T, K> keySelector, Func<T, E> elementSelector, Func<K, IEnumerable<E>, R> resultSelector, IEqualityComparer<K> comparer)",
            |run, a| group_by(run, a, Form { element: Some(2), result: Some(3), comparer: Some(4) }),
        )
        .def(
            "static ILookup<K, E> ToLookup<T, K, E>(this IEnumerable<T> source, Func<T, K> keySelector, Func<T, E> elementSelector, IEqualityComparer<K> comparer)",
            |run, a| to_lookup(run, a, Form { element: Some(2), comparer: Some(3), ..PLAIN }),
        )
        .def(
            "static IEnumerable<R> GroupJoin<T, I, K, R>(this IEnumerable<T> outer, IEnumerable<I> inner, Func<T, K> outerKeySelector, Func<I, K> innerKeySelector, Func<T, IEnumerable<I>, R> resultSelector, IEqualityComparer<K> comparer)",
            |run, a| join(run, a, true),
        )
        .def("static ILookup<K, T> ToLookup<T, K>(this IEnumerable<T> source, Func<T, K> keySelector)", |run, a| {
            to_lookup(run, a, PLAIN)
        })
        .def(
            "static ILookup<K, T> ToLookup<T, K>(this IEnumerable<T> source, Func<T, K> keySelector, IEqualityComparer<K> comparer)",
            |run, a| to_lookup(run, a, Form { comparer: Some(2), ..PLAIN }),
        )
        .def(
            "static ILookup<K, E> ToLookup<T, K, E>(this IEnumerable<T> source, Func<T, K> keySelector, Func<T, E> elementSelector)",
            |run, a| to_lookup(run, a, Form { element: Some(2), ..PLAIN }),
        )
        .def(
            "static IEnumerable<R> Join<T, I, K, R>(this IEnumerable<T> outer, IEnumerable<I> inner, Func<T, K> outerKeySelector, Func<I, K> innerKeySelector, Func<T, I, R> resultSelector)",
            |run, a| join(run, a, false),
        )
        .def(
            "static IEnumerable<R> Join<T, I, K, R>(this IEnumerable<T> outer, IEnumerable<I> inner, Func<T, K> outerKeySelector, Func<I, K> innerKeySelector, Func<T, I, R> resultSelector, IEqualityComparer<K> comparer)",
            |run, a| join(run, a, false),
        )
        .def(
            "static IEnumerable<R> GroupJoin<T, I, K, R>(this IEnumerable<T> outer, IEnumerable<I> inner, Func<T, K> outerKeySelector, Func<I, K> innerKeySelector, Func<T, IEnumerable<I>, R> resultSelector)",
            |run, a| join(run, a, true),
        );
    table
        .on(TypeId::IGrouping)
        .def("K Key", |_, a| Ok(a[0].downcast::<Grouping>().map_or(Value::Null, |group| group.key.clone())));
    table
        .on(TypeId::ILookup)
        .def("int Count", |_, a| Ok(a[0].downcast::<Lookup>().map_or(0, |lookup| lookup.groups.len() as i32).into()))
        .def("bool Contains(K key)", |_, a| Ok(a[0].downcast::<Lookup>().and_then(|l| l.find(&a[1])).is_some().into()))
        .def("IEnumerable<T> this[K key]", |_, a| {
            let Some(lookup) = a[0].downcast::<Lookup>() else { return Ok(Value::Null) };
            let items = lookup.find(&a[1]).map(|(_, items)| items.clone()).unwrap_or_default();
            Ok(array(lookup.element.clone(), items))
        });
}

impl Lookup {
    fn find(&self, key: &Value) -> Option<&(Value, Vec<Value>)> {
        self.groups.iter().find(|(known, _)| self.comparing.equal(known, key))
    }
}
