//! `Range`, `Repeat`, `Empty`; `ToArray`, `ToList`, `ToDictionary`, `ToHashSet`.

use super::{delegate, source};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::args::int;
use crate::expr::library::array::array;
use crate::expr::library::equality::Comparing;
use crate::expr::library::sequence::lazy;
use crate::expr::library::value_set::ValueSet;
use crate::expr::library::{dictionary, hash_set, list};
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::Value;

fn to_dictionary(
    run: &mut Run<'_>,
    a: &[Value],
    element: Option<usize>,
    comparer: Option<usize>,
) -> Result<Value, Fault> {
    let (source, key) = (source(a)?, delegate(&a[1], "keySelector")?);
    let element = element.map(|at| delegate(&a[at], "elementSelector")).transpose()?;
    let comparer = comparer.and_then(|at| a.get(at)).cloned();
    let key_type = run.type_arg(1);
    let value_type = if element.is_some() { run.type_arg(2) } else { run.type_arg(0) };
    let (mut keys, mut pairs) = (ValueSet::new(Comparing::of(comparer.as_ref())), Vec::new());
    for item in run.collect(&source)? {
        let found = run.call(&key, &mut [item.clone()])?;
        if found.is_null() {
            return Err(Fault::argument_null("key"));
        }
        if !keys.add(run, found.clone())?.1 {
            return Err(Fault::argument("An item with the same key has already been added."));
        }
        let item = match &element {
            Some(element) => run.call(element, &mut [item])?,
            None => item,
        };
        pairs.push((found, item));
    }
    Ok(dictionary::make_with(key_type, value_type, pairs, comparer.as_ref()))
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::Enumerable)
        .def("static IEnumerable<int> Range(int start, int count)", |_, a| {
            let (start, count) = (int(&a[0]), int(&a[1]));
            if count < 0 || i64::from(start) + i64::from(count) - 1 > i64::from(i32::MAX) {
                return Err(Fault::out_of_range("Specified argument was out of the range of valid values."));
            }
            Ok(lazy(Ty::Named(TypeId::Int32), move |_| {
                let mut numbers = (i64::from(start)..i64::from(start) + i64::from(count)).map(|n| Value::Int(n as i32));
                Ok(Box::new(move |run: &mut Run<'_>| {
                    run.step()?;
                    Ok(numbers.next())
                }))
            }))
        })
        .def("static IEnumerable<T> Repeat<T>(T element, int count)", |run, a| {
            let (item, count) = (a[0].clone(), int(&a[1]));
            if count < 0 {
                return Err(Fault::out_of_range("Specified argument was out of the range of valid values."));
            }
            Ok(lazy(run.type_arg(0), move |_| {
                let (item, mut left) = (item.clone(), count);
                Ok(Box::new(move |run: &mut Run<'_>| {
                    run.step()?;
                    left -= 1;
                    Ok((left >= 0).then(|| item.clone()))
                }))
            }))
        })
        .def("static IEnumerable<T> Empty<T>()", |run, _| Ok(array(run.type_arg(0), Vec::new())))
        .def("static T[] ToArray<T>(this IEnumerable<T> source)", |run, a| {
            let ty = run.type_arg(0);
            run.collect(&source(a)?).map(|items| array(ty, items))
        })
        .def("static List<T> ToList<T>(this IEnumerable<T> source)", |run, a| {
            let ty = run.type_arg(0);
            run.collect(&source(a)?).map(|items| list::make(ty, items))
        })
        .def("static HashSet<T> ToHashSet<T>(this IEnumerable<T> source)", |run, a| {
            let ty = run.type_arg(0);
            run.collect(&source(a)?).map(|items| hash_set::make(ty, items))
        })
        .def("static HashSet<T> ToHashSet<T>(this IEnumerable<T> source, IEqualityComparer<T> comparer)", |run, a| {
            let ty = run.type_arg(0);
            run.collect(&source(a)?).map(|items| hash_set::make_with(ty, items, &a[1]))
        })
        .def("static Dictionary<K, T> ToDictionary<T, K>(this IEnumerable<T> source, Func<T, K> keySelector)", |run, a| {
            to_dictionary(run, a, None, None)
        })
        .def(
            "static Dictionary<K, T> ToDictionary<T, K>(this IEnumerable<T> source, Func<T, K> keySelector, IEqualityComparer<K> comparer)",
            |run, a| to_dictionary(run, a, None, Some(2)),
        )
        .def(
            "static Dictionary<K, E> ToDictionary<T, K, E>(this IEnumerable<T> source, Func<T, K> keySelector, Func<T, E> elementSelector)",
            |run, a| to_dictionary(run, a, Some(2), None),
        )
        .def(
            "static Dictionary<K, E> ToDictionary<T, K, E>(this IEnumerable<T> source, Func<T, K> keySelector, Func<T, E> elementSelector, IEqualityComparer<K> comparer)",
            |run, a| to_dictionary(run, a, Some(2), Some(3)),
        );
}
