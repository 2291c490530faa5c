//! Index and count arguments of lists and arrays, checked.

use super::args::int;
use crate::expr::fault::Fault;
use crate::expr::value::Value;

/// An index that must be that of an item.
pub(super) fn index(value: &Value, len: usize) -> Result<usize, Fault> {
    usize::try_from(int(value)).ok().filter(|index| *index < len).ok_or_else(Fault::list_index)
}

/// A number that must not be negative.
pub(super) fn count(value: &Value, parameter: &str) -> Result<usize, Fault> {
    usize::try_from(int(value))
        .map_err(|_| Fault::out_of_range(format!("Non-negative number required. (Parameter '{parameter}')")))
}

/// `index` and `count` of a part: the exceptions of `GetRange`, `Reverse`, `Sort`.
pub(super) fn part(start: &Value, length: &Value, len: usize) -> Result<(usize, usize), Fault> {
    let (start, length) = (count(start, "index")?, count(length, "count")?);
    if start.checked_add(length).is_none_or(|end| end > len) {
        return Err(Fault::argument(
            "Offset and length were out of bounds for the array or count is greater than the number of elements from \
             index to the end of the source collection.",
        ));
    }
    Ok((start, length))
}

/// `startIndex` and, when given, `count` of a search.
pub(super) fn search(start: &Value, length: Option<&Value>, len: usize) -> Result<(usize, usize), Fault> {
    let start = usize::try_from(int(start)).ok().filter(|start| *start <= len).ok_or_else(|| {
        Fault::out_of_range(
            "Index was out of range. Must be non-negative and less than or equal to the size of the collection. \
             (Parameter 'startIndex')",
        )
    })?;
    let length = match length {
        None => len - start,
        Some(length) => usize::try_from(int(length)).ok().filter(|length| *length <= len - start).ok_or_else(|| {
            Fault::out_of_range(
                "Count must be positive and count must refer to a location within the string/array/collection. \
                 (Parameter 'count')",
            )
        })?,
    };
    Ok((start, length))
}

/// `startIndex` and, when given, `count` of a search backwards, as the places that are searched.
pub(super) fn search_back(
    start: Option<&Value>,
    length: Option<&Value>,
    len: usize,
) -> Result<std::ops::Range<usize>, Fault> {
    let Some(start) = start else { return Ok(0..len) };
    if len == 0 {
        return Ok(0..0);
    }
    let end = usize::try_from(int(start)).ok().filter(|start| *start < len).ok_or_else(|| {
        Fault::out_of_range(
            "Index was out of range. Must be non-negative and less than the size of the collection. \
             (Parameter 'startIndex')",
        )
    })? + 1;
    let Some(length) = length else { return Ok(0..end) };
    let first = usize::try_from(int(length)).ok().and_then(|length| end.checked_sub(length));
    let first = first.ok_or_else(|| {
        Fault::out_of_range(
            "Count must be positive and count must refer to a location within the string/array/collection. \
             (Parameter 'count')",
        )
    })?;
    Ok(first..end)
}
