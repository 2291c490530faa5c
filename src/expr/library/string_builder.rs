//! `StringBuilder`: the object, its text, and what reads it.

use std::sync::{Mutex, PoisonError};

use super::args::{int, required, string, unit};
use super::array::Array;
use super::range;
use super::string::made;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value};

/// A `StringBuilder` object.
pub(crate) struct StringBuilder(Mutex<State>);

pub(super) struct State {
    pub(super) units: Vec<u16>,
    capacity: usize,
    most: usize,
}

impl State {
    /// Throws when so many more units are too many.
    fn check(&self, more: usize) -> Result<(), Fault> {
        if self.units.len().saturating_add(more) <= self.most {
            return Ok(());
        }
        Err(Fault::out_of_range("capacity was less than the current size. (Parameter 'requiredLength')"))
    }
}

const DEFAULT_CAPACITY: usize = 16;

impl Object for StringBuilder {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::StringBuilder)
    }

    fn to_text(&self, run: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        let text = self.with(|state| Str::from_utf16(&state.units));
        run.charge(text.byte_len())?;
        Ok(Some(text))
    }
}

impl StringBuilder {
    /// Works on the text; `work` must not use the same builder.
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn len(&self) -> usize {
        self.with(|state| state.units.len())
    }

    /// Appends units, paid for.
    pub(super) fn append(&self, run: &mut Run<'_>, units: &[u16]) -> Result<(), Fault> {
        run.charge(units.len() * 2)?;
        self.with(|state| {
            state.check(units.len())?;
            state.units.extend_from_slice(units);
            Ok(())
        })
    }

    /// Appends the text of a string.
    pub(super) fn append_text(&self, run: &mut Run<'_>, text: &Str) -> Result<(), Fault> {
        match text.as_str() {
            Some(text) => {
                run.charge(text.len() * 2)?;
                self.with(|state| {
                    state.check(if state.most < i32::MAX as usize { text.encode_utf16().count() } else { 0 })?;
                    state.units.extend(text.encode_utf16());
                    Ok(())
                })
            }
            None => self.append(run, &text.units()),
        }
    }
}

/// The instance.
pub(super) fn this(a: &[Value]) -> Result<&StringBuilder, Fault> {
    a.first().and_then(Value::downcast).ok_or_else(Fault::null_reference)
}

fn make(run: &mut Run<'_>, units: Vec<u16>, capacity: usize) -> Result<Value, Fault> {
    run.charge(64 + units.len() * 2)?;
    let capacity = capacity.max(units.len());
    Ok(Value::object(StringBuilder(Mutex::new(State { units, capacity, most: i32::MAX as usize }))))
}

/// A new `StringBuilder`.
pub(super) fn empty(run: &mut Run<'_>) -> Result<Value, Fault> {
    make(run, Vec::new(), DEFAULT_CAPACITY)
}

/// Appends to a builder.
pub(super) fn push(run: &mut Run<'_>, builder: &Value, text: &Str) -> Result<(), Fault> {
    this(std::slice::from_ref(builder))?.append_text(run, text)
}

fn capacity(value: &Value) -> Result<usize, Fault> {
    let capacity = usize::try_from(int(value));
    let capacity =
        capacity.map_err(|_| Fault::out_of_range("'capacity' must be greater than zero. (Parameter 'capacity')"))?;
    Ok(if capacity == 0 { DEFAULT_CAPACITY } else { capacity })
}

/// The units of a string argument; none for null.
fn units(value: &Value) -> Vec<u16> {
    value.as_text().map(Str::units).unwrap_or_default()
}

fn set_length(run: &mut Run<'_>, builder: &StringBuilder, length: &Value) -> Result<Value, Fault> {
    let length = usize::try_from(int(length));
    let length = length.map_err(|_| Fault::out_of_range("Length cannot be less than zero. (Parameter 'value')"))?;
    run.charge(length.saturating_sub(builder.len()).saturating_mul(2))?;
    builder.with(|state| state.units.resize(length, 0));
    Ok(Value::Null)
}

/// `start` and `length` of a part of the text, checked.
pub(super) fn part(start: &Value, length: &Value, len: usize) -> Result<(usize, usize), Fault> {
    let start = usize::try_from(int(start))
        .map_err(|_| Fault::out_of_range("StartIndex cannot be less than zero. (Parameter 'startIndex')"))?;
    let length = usize::try_from(int(length))
        .map_err(|_| Fault::out_of_range("Length cannot be less than zero. (Parameter 'length')"))?;
    if start.checked_add(length).is_none_or(|end| end > len) {
        return Err(Fault::out_of_range(
            "Index was out of range. Must be non-negative and less than the size of the collection. (Parameter 'index')",
        ));
    }
    Ok((start, length))
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::StringBuilder)
        .def("new()", |run, _| make(run, Vec::new(), DEFAULT_CAPACITY))
        .def("new(int capacity)", |run, a| make(run, Vec::new(), capacity(&a[0])?))
        .def("new(int capacity, int maxCapacity)", |run, a| {
            let most = usize::try_from(int(&a[1])).ok().filter(|most| *most > 0).ok_or_else(|| {
                Fault::out_of_range("MaxCapacity must be one or greater. (Parameter 'maxCapacity')")
            })?;
            let capacity = if int(&a[0]) == 0 { DEFAULT_CAPACITY.min(most) } else { capacity(&a[0])? };
            if capacity > most {
                return Err(Fault::out_of_range("Capacity exceeds maximum capacity. (Parameter 'capacity')"));
            }
            let builder = make(run, Vec::new(), capacity)?;
            this(std::slice::from_ref(&builder))?.with(|state| state.most = most);
            Ok(builder)
        })
        .def("new(string value)", |run, a| make(run, units(&a[0]), DEFAULT_CAPACITY))
        .def("new(string value, int capacity)", |run, a| make(run, units(&a[0]), capacity(&a[1])?))
        .def("new(string value, int startIndex, int length, int capacity)", |run, a| {
            let units = units(&a[0]);
            let (start, length) = part(&a[1], &a[2], units.len())?;
            make(run, units[start..start + length].to_vec(), capacity(&a[3])?)
        })
        .def("string ToString(int startIndex, int length)", |run, a| {
            let builder = this(a)?;
            let (start, length) = part(&a[1], &a[2], builder.len())?;
            made(run, builder.with(|state| Str::from_utf16(&state.units[start..start + length])))
        })
        .def_set(
            "int Length",
            |_, a| Ok((this(a)?.len() as i32).into()),
            |run, a| set_length(run, this(a)?, &a[1]),
        )
        .def_set(
            "int Capacity",
            |_, a| {
                this(a)?.with(|state| {
                    while state.capacity < state.units.len() {
                        state.capacity *= 2;
                    }
                    Ok((state.capacity as i32).into())
                })
            },
            |_, a| {
                let builder = this(a)?;
                let wanted = usize::try_from(int(&a[1])).ok().filter(|wanted| *wanted >= builder.len());
                let wanted = wanted.ok_or_else(|| {
                    Fault::out_of_range("capacity was less than the current size. (Parameter 'value')")
                })?;
                builder.with(|state| state.capacity = wanted.max(1));
                Ok(Value::Null)
            },
        )
        .def("int MaxCapacity", |_, a| Ok((this(a)?.with(|state| state.most) as i32).into()))
        .def("int EnsureCapacity(int capacity)", |_, a| {
            let wanted = range::count(&a[1], "capacity")?;
            this(a)?.with(|state| {
                state.capacity = state.capacity.max(wanted).max(state.units.len());
                Ok((state.capacity as i32).into())
            })
        })
        .def_set(
            "char this[int index]",
            |_, a| {
                let index = usize::try_from(int(&a[1])).map_err(|_| Fault::index_out_of_range())?;
                let unit = this(a)?.with(|state| state.units.get(index).copied());
                unit.map(Value::Char).ok_or_else(Fault::index_out_of_range)
            },
            |_, a| {
                let builder = this(a)?;
                let index = range::index(&a[1], builder.len())?;
                builder.with(|state| state.units[index] = unit(&a[2]));
                Ok(Value::Null)
            },
        )
        .def("StringBuilder Clear()", |_, a| {
            this(a)?.with(|state| state.units.clear());
            Ok(a[0].clone())
        })
        .def("bool Equals(StringBuilder sb)", |_, a| {
            let mine = this(a)?.with(|state| state.units.clone());
            let other = a[1].downcast::<StringBuilder>();
            Ok(other.is_some_and(|other| other.with(|state| state.units == mine)).into())
        })
        .def("void CopyTo(int sourceIndex, char[] destination, int destinationIndex, int count)", |run, a| {
            let builder = this(a)?;
            let target = required(&a[2], "destination")?.downcast::<Array>().ok_or_else(Fault::null_reference)?;
            let (start, count) = part(&a[1], &a[4], builder.len())?;
            let at = range::count(&a[3], "destinationIndex")?;
            if at.checked_add(count).is_none_or(|end| end > target.len()) {
                return Err(Fault::argument("Either offset did not refer to a position in the string, or there is an insufficient length of destination character array."));
            }
            run.steps(count / 8)?;
            let units = builder.with(|state| state.units[start..start + count].to_vec());
            for (offset, unit) in units.into_iter().enumerate() {
                target.set(at + offset, Value::Char(unit));
            }
            Ok(Value::Null)
        });
}

/// A string argument that must not be null, as units.
pub(super) fn text_units(value: &Value, parameter: &str) -> Result<Vec<u16>, Fault> {
    string(value, parameter).map(Str::units)
}
