//! Finding one text in another in time that grows with their lengths, not with the product.

/// The first place of `what` in `text`.
pub(super) fn find(text: &[u16], what: &[u16]) -> Option<usize> {
    position(text.iter().copied(), what.to_vec())
}

/// The last place of `what` in `text`.
pub(super) fn rfind(text: &[u16], what: &[u16]) -> Option<usize> {
    let from_end = position(text.iter().rev().copied(), what.iter().rev().copied().collect())?;
    text.len().checked_sub(from_end + what.len())
}

/// The search of Knuth, Morris and Pratt.
fn position(text: impl Iterator<Item = u16>, what: Vec<u16>) -> Option<usize> {
    if what.is_empty() {
        return Some(0);
    }
    let borders = borders(&what);
    let mut matched = 0;
    for (index, unit) in text.enumerate() {
        // INVARIANT: `matched` is less than the length of `what`, and a border is shorter than what it borders.
        while matched > 0 && what[matched] != unit {
            matched = borders[matched - 1];
        }
        matched += usize::from(what[matched] == unit);
        if matched == what.len() {
            return Some(index + 1 - matched);
        }
    }
    None
}

/// For each prefix, the longest shorter prefix that it ends with.
fn borders(what: &[u16]) -> Vec<usize> {
    let mut borders = vec![0; what.len()];
    let mut length = 0;
    for index in 1..what.len() {
        while length > 0 && what[length] != what[index] {
            length = borders[length - 1];
        }
        length += usize::from(what[length] == what[index]);
        borders[index] = length;
    }
    borders
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{find, rfind};

    proptest! {
        #[test]
        fn agrees_with_looking_everywhere(
            text in prop::collection::vec(0u16..3, 0..40),
            what in prop::collection::vec(0u16..3, 1..6),
        ) {
            prop_assert_eq!(find(&text, &what), text.windows(what.len()).position(|part| part == what));
            prop_assert_eq!(rfind(&text, &what), text.windows(what.len()).rposition(|part| part == what));
        }
    }
}
