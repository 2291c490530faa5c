//! `System.Array`: the static methods and the members beyond `Length`.

use super::args::int;
use super::array::{Array, array, rectangular};
use super::list_search::copy_to;
use super::object::TypeObject;
use super::ordering::Order;
use super::range;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId, is_subtype};
use crate::expr::value::Value;

/// The instance.
fn this(a: &[Value]) -> Result<&Array, Fault> {
    a.first().and_then(Value::downcast).ok_or_else(Fault::null_reference)
}

/// An array argument that must not be null.
fn given<'a>(value: &'a Value, parameter: &str) -> Result<&'a Array, Fault> {
    value.downcast().ok_or_else(|| Fault::argument_null(parameter))
}

/// A copy of the items of the first argument.
pub(super) fn items(run: &mut Run<'_>, a: &[Value]) -> Result<Vec<Value>, Fault> {
    let array = given(&a[0], "array")?;
    run.charge(array.len() * size_of::<Value>())?;
    Ok(array.to_vec())
}

/// `Copy`: items must fit the element type of the target.
fn copy(
    run: &mut Run<'_>,
    source: &Value,
    from: &Value,
    target: &Value,
    to: &Value,
    length: &Value,
) -> Result<Value, Fault> {
    let (source, to_array) = (given(source, "sourceArray")?, given(target, "destinationArray")?);
    let (from, to) = (range::count(from, "sourceIndex")?, range::count(to, "destinationIndex")?);
    let length = range::count(length, "length")?;
    if from.checked_add(length).is_none_or(|end| end > source.len()) {
        return Err(Fault::argument(
            "Source array was not long enough. Check the source index, length, and the array's lower bounds. (Parameter 'sourceArray')",
        ));
    }
    run.charge(length * size_of::<Value>())?;
    let mut part = source.to_vec();
    part.truncate(from + length);
    part.drain(..from);
    if source.element() != to_array.element() {
        for item in &mut part {
            *item = converted(std::mem::replace(item, Value::Null), to_array.element())?;
        }
    }
    copy_to(run, &part, target, to)
}

/// An item as an item of an array of another type: wider numbers and fitting references only.
fn converted(item: Value, to: &Ty) -> Result<Value, Fault> {
    if item.is_null() || is_subtype(&item.ty(), to) {
        return Ok(item);
    }
    let wider = match (to, item.integral()) {
        (Ty::Named(TypeId::Double), Some(number)) => Some(Value::Double(number as f64)),
        (Ty::Named(TypeId::Single), Some(number)) => Some(Value::Float(number as f32)),
        (Ty::Named(id), Some(number)) => {
            Value::of_integral(*id, number).filter(|value| value.integral() == Some(number))
        }
        _ => None,
    };
    wider.ok_or_else(|| {
        Fault::new(
            TypeId::ArrayTypeMismatchException,
            "Source array type cannot be assigned to destination array type.",
        )
    })
}

/// Changes `count` items from `start` on.
fn change(a: &[Value], (start, count): (usize, usize), work: impl FnOnce(&mut [Value])) -> Result<Value, Fault> {
    let array = given(&a[0], "array")?;
    let mut all = array.to_vec();
    if let Some(part) = all.get_mut(start..start + count) {
        work(part);
    }
    array.replace(all);
    Ok(Value::Null)
}

pub(super) fn whole(a: &[Value]) -> Result<(usize, usize), Fault> {
    Ok((0, given(&a[0], "array")?.len()))
}

pub(super) fn part(a: &[Value], start: usize) -> Result<(usize, usize), Fault> {
    range::part(&a[start], &a[start + 1], given(&a[0], "array")?.len())
}

fn sort(run: &mut Run<'_>, a: &[Value], (start, count): (usize, usize), order: &Order) -> Result<Value, Fault> {
    let mut sorted = items(run, a)?;
    sorted.truncate(start + count);
    sorted.drain(..start);
    order.sort(run, &mut sorted)?;
    change(a, (start, count), |part| part.clone_from_slice(&sorted))
}

/// `Sort(keys, items)`: the items follow their keys.
fn sort_with(run: &mut Run<'_>, a: &[Value], order: &Order) -> Result<Value, Fault> {
    let length = Value::Int(given(&a[0], "keys")?.len() as i32);
    sort_part_with(run, a, (&Value::Int(0), &length), order)
}

fn sort_part_with(
    run: &mut Run<'_>,
    a: &[Value],
    (start, count): (&Value, &Value),
    order: &Order,
) -> Result<Value, Fault> {
    let keys = items(run, a)?;
    let (start, count) = range::part(start, count, keys.len())?;
    let Some(followers) = a[1].downcast::<Array>() else { return sort(run, a, (start, count), order) };
    let values = followers.to_vec();
    if values.len() < start + count {
        return Err(Fault::argument(
            "Offset and length were out of bounds for the array or count is greater than the number of elements from index to the end of the source collection.",
        ));
    }
    let mut places: Vec<usize> = (start..start + count).collect();
    super::ordering::merge_sort(&mut places, &mut |x, y| order.compare(run, &keys[x], &keys[y]))?;
    let sorted = |from: &[Value]| {
        let mut all = from.to_vec();
        all.splice(start..start + count, places.iter().map(|place| from[*place].clone()));
        all
    };
    followers.replace(sorted(&values));
    given(&a[0], "keys")?.replace(sorted(&keys));
    Ok(Value::Null)
}

/// The place of an item by its indices, one for each dimension.
fn place(array: &Array, indices: &[Value]) -> Result<usize, Fault> {
    if indices.len() != array.lengths.len() {
        return Err(Fault::argument("Array was not a one-dimensional array."));
    }
    indices.iter().zip(&array.lengths).try_fold(0, |place, (index, length)| {
        let index = usize::try_from(int(index)).ok().filter(|index| index < length);
        Ok(place * length + index.ok_or_else(Fault::index_out_of_range)?)
    })
}

fn set_value(a: &[Value]) -> Result<Value, Fault> {
    let array = this(a)?;
    let place = place(array, &a[2..])?;
    let item = match &a[1] {
        Value::Null => Value::default_of(array.element()),
        other => converted(other.clone(), array.element()).map_err(|_| {
            Fault::new(TypeId::InvalidCastException, "Object cannot be stored in an array of this type.")
        })?,
    };
    array.set(place, item);
    Ok(Value::Null)
}

fn length_of(a: &[Value]) -> Result<usize, Fault> {
    let index = usize::try_from(int(&a[1])).ok();
    index.and_then(|index| this(a).ok()?.lengths.get(index).copied()).ok_or_else(Fault::index_out_of_range)
}

fn clear(a: &[Value], range: (usize, usize)) -> Result<Value, Fault> {
    let none = Value::default_of(given(&a[0], "array")?.element());
    change(a, range, |part| part.fill(none))
}

/// `CreateInstance`.
fn create(run: &mut Run<'_>, a: &mut [Value]) -> Result<Value, Fault> {
    let Some(TypeObject(element)) = a[0].downcast() else { return Err(Fault::argument_null("elementType")) };
    let lengths = a[1..].iter().map(|length| range::count(length, "length")).collect::<Result<Vec<_>, _>>()?;
    let size = lengths.iter().try_fold(1_usize, |size, length| size.checked_mul(*length)).unwrap_or(usize::MAX);
    run.charge(size.saturating_mul(size_of::<Value>()))?;
    Ok(rectangular(element.clone(), lengths, vec![Value::default_of(element); size]))
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::Array)
        .def("long LongLength", |_, a| Ok((this(a)?.len() as i64).into()))
        .def("int Rank", |_, a| Ok((this(a)?.lengths.len() as i32).into()))
        .def("bool IsSynchronized", |_, a| this(a).map(|_| false.into()))
        .def("object SyncRoot", |_, a| Ok(a[0].clone()))
        .def("void Initialize()", |_, a| this(a).map(|_| Value::Null))
        .def("bool IsReadOnly", |_, a| this(a).map(|_| false.into()))
        .def("bool IsFixedSize", |_, a| this(a).map(|_| true.into()))
        .def("int GetLength(int dimension)", |_, a| Ok((length_of(a)? as i32).into()))
        .def("long GetLongLength(int dimension)", |_, a| Ok((length_of(a)? as i64).into()))
        .def("int GetUpperBound(int dimension)", |_, a| Ok((length_of(a)? as i32 - 1).into()))
        .def("int GetLowerBound(int dimension)", |_, a| length_of(a).map(|_| 0.into()))
        .def("object GetValue(int index)", |_, a| Ok(this(a)?.get(place(this(a)?, &a[1..])?).unwrap_or(Value::Null)))
        .def("object GetValue(int index1, int index2)", |_, a| {
            Ok(this(a)?.get(place(this(a)?, &a[1..])?).unwrap_or(Value::Null))
        })
        .def("object GetValue(int index1, int index2, int index3)", |_, a| {
            Ok(this(a)?.get(place(this(a)?, &a[1..])?).unwrap_or(Value::Null))
        })
        .def("object GetValue(long index)", |_, a| Ok(this(a)?.get(place(this(a)?, &a[1..])?).unwrap_or(Value::Null)))
        .def("object GetValue(params int[] indices)", |_, a| {
            let indices = given(&a[1], "indices")?.to_vec();
            Ok(this(a)?.get(place(this(a)?, &indices)?).unwrap_or(Value::Null))
        })
        .def("void SetValue(object value, long index)", |_, a| set_value(a))
        .def("void SetValue(object value, int index1, int index2, int index3)", |_, a| set_value(a))
        .def("void SetValue(object value, params int[] indices)", |_, a| {
            let indices = given(&a[2], "indices")?.to_vec();
            set_value(&[&a[..2], &indices].concat())
        })
        .def("void SetValue(object value, int index)", |_, a| set_value(a))
        .def("void SetValue(object value, int index1, int index2)", |_, a| set_value(a))
        .def("object Clone()", |run, a| {
            let items = items(run, a)?;
            let array = this(a)?;
            Ok(rectangular(array.element().clone(), array.lengths.clone(), items))
        })
        .def("void CopyTo(Array array, int index)", |run, a| {
            let length = Value::Int(this(a)?.len() as i32);
            copy(run, &a[0], &Value::Int(0), &a[1], &a[2], &length)
        })
        .def("static void Copy(Array sourceArray, Array destinationArray, int length)", |run, a| {
            copy(run, &a[0], &Value::Int(0), &a[1], &Value::Int(0), &a[2])
        })
        .def(
            "static void Copy(Array sourceArray, int sourceIndex, Array destinationArray, int destinationIndex, int length)",
            |run, a| copy(run, &a[0], &a[1], &a[2], &a[3], &a[4]),
        )
        .def("static void Copy(Array sourceArray, Array destinationArray, long length)", |run, a| {
            copy(run, &a[0], &Value::Int(0), &a[1], &Value::Int(0), &a[2])
        })
        .def(
            "static void ConstrainedCopy(Array sourceArray, int sourceIndex, Array destinationArray, int destinationIndex, int length)",
            |run, a| copy(run, &a[0], &a[1], &a[2], &a[3], &a[4]),
        )
        .def("static Array CreateInstance(Type elementType, int length)", create)
        .def("static Array CreateInstance(Type elementType, int length1, int length2)", create)
        .def("static Array CreateInstance(Type elementType, int length1, int length2, int length3)", create)
        .def("static T[] Empty<T>()", |run, _| Ok(array(run.type_arg(0), Vec::new())))
        .def("static void Resize<T>(ref T[] array, int newSize)", |run, a| {
            let element = run.type_arg(0);
            let size = range::count(&a[1], "newSize")?;
            run.charge(size.saturating_mul(size_of::<Value>()))?;
            let mut items = a[0].downcast::<Array>().map(Array::to_vec).unwrap_or_default();
            if a[0].is_null() || items.len() != size {
                items.resize(size, Value::default_of(&element));
                a[0] = array(element, items);
            }
            Ok(Value::Null)
        })
        .def("static void Reverse(Array array)", |_, a| change(a, whole(a)?, <[Value]>::reverse))
        .def("static void Reverse(Array array, int index, int length)", |_, a| {
            change(a, part(a, 1)?, <[Value]>::reverse)
        })
        .def("static void Clear(Array array)", |_, a| clear(a, whole(a)?))
        .def("static void Clear(Array array, int index, int length)", |_, a| {
            let len = given(&a[0], "array")?.len();
            let (start, count) = (usize::try_from(int(&a[1])).ok(), usize::try_from(int(&a[2])).ok());
            let range = start.zip(count).filter(|(start, count)| start.checked_add(*count).is_some_and(|end| end <= len));
            clear(a, range.ok_or_else(Fault::index_out_of_range)?)
        })
        .def("static void Fill<T>(T[] array, T value)", |_, a| {
            change(a, whole(a)?, |part| part.fill(a[1].clone()))
        })
        .def("static void Sort(Array array)", |run, a| sort(run, a, whole(a)?, &Order::Default))
        .def("static void Sort<T>(T[] array)", |run, a| sort(run, a, whole(a)?, &Order::Default))
        .def("static void Sort<T>(T[] array, IComparer<T> comparer)", |run, a| {
            sort(run, a, whole(a)?, &Order::of_comparer(&a[1]))
        })
        .def("static void Sort<T>(T[] array, Comparison<T> comparison)", |run, a| {
            sort(run, a, whole(a)?, &Order::of_delegate(&a[1])?)
        })
        .def("static void Sort<T>(T[] array, int index, int length)", |run, a| sort(run, a, part(a, 1)?, &Order::Default))
        .def("static void Sort<T>(T[] array, int index, int length, IComparer<T> comparer)", |run, a| {
            sort(run, a, part(a, 1)?, &Order::of_comparer(&a[3]))
        })
        .def("static void Sort<K, V>(K[] keys, V[] items, int index, int length)", |run, a| {
            sort_part_with(run, a, (&a[2], &a[3]), &Order::Default)
        })
        .def("static void Sort<K, V>(K[] keys, V[] items, int index, int length, IComparer<K> comparer)", |run, a| {
            sort_part_with(run, a, (&a[2], &a[3]), &Order::of_comparer(&a[4]))
        })
        .def("static void Sort<K, V>(K[] keys, V[] items)", |run, a| sort_with(run, a, &Order::Default))
        .def("static void Sort<K, V>(K[] keys, V[] items, IComparer<K> comparer)", |run, a| {
            sort_with(run, a, &Order::of_comparer(&a[2]))
        });
    super::array_search::register(table);
}
