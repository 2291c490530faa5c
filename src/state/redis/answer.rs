//! What scripts answer.

use std::time::Duration;

use redis::Value;

use crate::state::{Decision, Limit, StoreError};

/// The decision that the counters' script answers with.
pub(super) fn decision(answer: &Value, limits: usize) -> Result<Decision, StoreError> {
    read(answer, limits).ok_or_else(|| StoreError::new("the server answers something else than a decision"))
}

fn read(answer: &Value, limits: usize) -> Option<Decision> {
    let items = match answer {
        Value::Int(left) if limits == 1 => return Some(Decision::allowed([u64::try_from(*left).ok()?].into_iter())),
        Value::Array(items) => items,
        _ => return None,
    };
    let number = |value: &Value| if let Value::Int(number) = value { Some(*number) } else { None };
    match (&**items, number(items.first()?)?) {
        ([_, remaining @ ..], 1) if remaining.len() == limits => {
            let each = remaining.iter().map(|left| u64::try_from(number(left)?).ok()).collect::<Option<Vec<u64>>>()?;
            Some(Decision::allowed(each.into_iter()))
        }
        ([_, limit, wait], 0) => {
            let limit = usize::try_from(number(limit)?).ok()?.checked_sub(1).filter(|at| *at < limits)?;
            let wait = u64::try_from(number(wait)?).ok().map(Duration::from_millis);
            Some(Decision::Exceeded { limit, wait })
        }
        _ => None,
    }
}

/// Limit, need and cost as scripts can count: beyond this numbers are no longer exact.
pub(super) fn countable(limit: &Limit<'_>) -> [i64; 3] {
    const MOST: i64 = 1 << 52;
    let exact = |number: i64| number.clamp(-MOST, MOST);
    [exact(i64::try_from(limit.limit).unwrap_or(MOST)), exact(limit.need), exact(limit.cost)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_decisions_are_decisions() {
        let answer = |numbers: &[i64]| Value::Array(numbers.iter().map(|number| Value::Int(*number)).collect());
        assert_eq!(decision(&answer(&[1, 5]), 1).unwrap(), Decision::allowed([5].into_iter()));
        assert_eq!(decision(&answer(&[1, 5, 3]), 2).unwrap(), Decision::allowed([5, 3].into_iter()));
        let exceeded = |limit, wait| Decision::Exceeded { limit, wait };
        assert_eq!(decision(&answer(&[0, 2, 1_500]), 2).unwrap(), exceeded(1, Some(Duration::from_millis(1_500))));
        assert_eq!(decision(&answer(&[0, 1, -1]), 1).unwrap(), exceeded(0, None));
        for garbage in [&[][..], &[1], &[1, 5, 3], &[1, -5], &[0, 0, 1], &[0, 2, 1], &[2, 1], &[0, 1]] {
            assert!(decision(&answer(garbage), 1).is_err(), "{garbage:?}");
        }
        assert_eq!(decision(&Value::Int(5), 1).unwrap(), Decision::allowed([5].into_iter()));
        assert!(decision(&Value::Int(5), 2).is_err() && decision(&Value::Int(-1), 1).is_err());
        assert!(decision(&Value::Okay, 1).is_err() && decision(&Value::Nil, 1).is_err());
    }
}
