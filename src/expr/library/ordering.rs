//! Orders for sorting and searching: `Comparer.Default`, an `IComparer<T>`, a `Comparison<T>`.

use std::cmp::Ordering;

use super::args::int;
use super::string::Comparer;
use super::string::Comparison;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::value::Value;

/// How two items are compared.
pub(super) enum Order {
    Default,
    Text(Comparison),
    /// A `Comparison<T>` delegate.
    Delegate(Value),
}

impl Order {
    /// The order of an `IComparer<T>` argument; null is the default one.
    pub(super) fn of_comparer(comparer: &Value) -> Self {
        comparer.downcast::<Comparer>().map_or(Self::Default, |comparer| Self::Text(comparer.0))
    }

    /// The order of a `Comparison<T>` argument.
    pub(super) fn of_delegate(delegate: &Value) -> Result<Self, Fault> {
        if delegate.is_null() { Err(Fault::argument_null("comparison")) } else { Ok(Self::Delegate(delegate.clone())) }
    }

    pub(super) fn compare(&self, run: &mut Run<'_>, a: &Value, b: &Value) -> Result<Ordering, Fault> {
        match self {
            Self::Default => run.compare(a, b),
            Self::Text(how) => {
                run.step()?;
                if let (Value::Str(a), Value::Str(b)) = (a, b) {
                    run.steps(a.byte_len().min(b.byte_len()))?;
                }
                Ok(how.compare_values(a, b).cmp(&0))
            }
            Self::Delegate(delegate) => Ok(int(&run.call(delegate, &mut [a.clone(), b.clone()])?).cmp(&0)),
        }
    }

    /// Sorts as `Sort` does; what its comparisons throw comes wrapped in an InvalidOperationException.
    pub(super) fn sort(&self, run: &mut Run<'_>, items: &mut Vec<Value>) -> Result<(), Fault> {
        let mut order: Vec<usize> = (0..items.len()).collect();
        run.charge(items.len() * size_of::<Value>())?;
        merge_sort(&mut order, &mut |a, b| self.compare(run, &items[a], &items[b])).map_err(wrapped)?;
        *items = order.into_iter().map(|index| items[index].clone()).collect();
        Ok(())
    }

    /// `BinarySearch` in `items`: the index, or the complement of where it belongs.
    pub(super) fn search(&self, run: &mut Run<'_>, items: &[Value], value: &Value) -> Result<i32, Fault> {
        let (mut low, mut high) = (0, items.len());
        while low < high {
            let middle = low + (high - 1 - low) / 2;
            match self.compare(run, &items[middle], value).map_err(wrapped)? {
                Ordering::Equal => return Ok(middle as i32),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        Ok(!(low as i32))
    }
}

/// What `Sort` makes of an exception in a comparison.
fn wrapped(fault: Fault) -> Fault {
    match fault.cause() {
        crate::expr::fault::Cause::Budget(_) => fault,
        _ => Fault::invalid_operation("Failed to compare two elements in the array."),
    }
}

/// A stable sort whose comparison can fail.
pub(super) fn merge_sort(
    items: &mut [usize],
    compare: &mut dyn FnMut(usize, usize) -> Result<Ordering, Fault>,
) -> Result<(), Fault> {
    if items.len() < 2 {
        return Ok(());
    }
    let (left, right) = items.split_at_mut(items.len() / 2);
    merge_sort(left, compare)?;
    merge_sort(right, compare)?;
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut rest_left, mut rest_right) = (&*left, &*right);
    while let ([a, after_a @ ..], [b, after_b @ ..]) = (rest_left, rest_right) {
        if compare(*a, *b)? == Ordering::Greater {
            merged.push(*b);
            rest_right = after_b;
        } else {
            merged.push(*a);
            rest_left = after_a;
        }
    }
    merged.extend_from_slice(rest_left);
    merged.extend_from_slice(rest_right);
    items.copy_from_slice(&merged);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sorts_stably(values in proptest::collection::vec(0u8..20, 0..60)) {
            let mut order: Vec<usize> = (0..values.len()).collect();
            let result = merge_sort(&mut order, &mut |a, b| Ok(values[a].cmp(&values[b])));
            prop_assert!(result.is_ok());
            let mut expected: Vec<usize> = (0..values.len()).collect();
            expected.sort_by_key(|index| values[*index]);
            prop_assert_eq!(order, expected);
        }
    }
}
