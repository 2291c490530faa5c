//! `Distinct`, `Union`, `Intersect`, `Except`.

use super::source;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::args::required;
use crate::expr::library::equality::Comparing;
use crate::expr::library::sequence::deferred;
use crate::expr::library::value_set::ValueSet;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;

/// Which items of both sequences are kept.
#[derive(Clone, Copy)]
enum Kind {
    Union,
    Intersect,
    Except,
}

fn distinct(run: &mut Run<'_>, a: &[Value]) -> Result<Value, Fault> {
    let (source, comparing) = (source(a)?, Comparing::of(a.get(1)));
    Ok(deferred(run.type_arg(0), move |run| {
        let mut seen = ValueSet::new(comparing);
        for item in run.collect(&source)? {
            seen.add(run, item)?;
        }
        Ok(seen.into_items())
    }))
}

fn combine(run: &mut Run<'_>, a: &[Value], kind: Kind) -> Result<Value, Fault> {
    let (first, second) = (required(&a[0], "first")?.clone(), required(&a[1], "second")?.clone());
    let comparing = Comparing::of(a.get(2));
    Ok(deferred(run.type_arg(0), move |run| {
        let (mut others, mut kept) = (ValueSet::new(comparing), ValueSet::new(comparing));
        for item in run.collect(&second)? {
            others.add(run, item)?;
        }
        for item in run.collect(&first)? {
            let is_kept = match kind {
                Kind::Union => true,
                Kind::Intersect => others.find(run, &item)?.is_some(),
                Kind::Except => others.find(run, &item)?.is_none(),
            };
            if is_kept {
                kept.add(run, item)?;
            }
        }
        if let Kind::Union = kind {
            for item in others.into_items() {
                kept.add(run, item)?;
            }
        }
        Ok(kept.into_items())
    }))
}

macro_rules! combines {
    ($on:expr, $($name:literal $kind:expr;)*) => {$(
        $on.def(concat!("static IEnumerable<T> ", $name, "<T>(this IEnumerable<T> first, IEnumerable<T> second)"), |run, a| combine(run, a, $kind))
            .def(concat!("static IEnumerable<T> ", $name, "<T>(this IEnumerable<T> first, IEnumerable<T> second, IEqualityComparer<T> comparer)"), |run, a| combine(run, a, $kind));
    )*};
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    let mut on = table.on(TypeId::Enumerable);
    on.def("static IEnumerable<T> Distinct<T>(this IEnumerable<T> source)", |run, a| distinct(run, a)).def(
        "static IEnumerable<T> Distinct<T>(this IEnumerable<T> source, IEqualityComparer<T> comparer)",
        |run, a| distinct(run, a),
    );
    combines! { on, "Union" Kind::Union; "Intersect" Kind::Intersect; "Except" Kind::Except; }
}
