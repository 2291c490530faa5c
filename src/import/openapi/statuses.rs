//! Responses that have no status code of their own: those of a range, and the one for all others.

use crate::model::OperationResponse;

/// The responses of ranges (`4XX`) and of all others (`default`), by their statuses alone; an API knows no more of them.
pub(super) fn without_code<'s>(statuses: impl Iterator<Item = &'s str>) -> Vec<OperationResponse> {
    let response = |status: &str| match status.as_bytes() {
        b"default" => Some(OperationResponse::new()),
        [class @ b'1'..=b'5', b'X' | b'x', b'X' | b'x'] => {
            Some(OperationResponse::new().status_class(u16::from(class - b'0')))
        }
        _ => None,
    };
    let mut found: Vec<OperationResponse> = Vec::new();
    for response in statuses.filter_map(response) {
        if !found.contains(&response) {
            found.push(response);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_the_default_are_kept() {
        let statuses = ["200", "4XX", "4xx", "default", "x-other", "6XX", "2X", "XX", "", "5XX"];
        let found: Vec<_> = without_code(statuses.into_iter()).iter().map(|response| response.status_class).collect();
        assert_eq!(found, [Some(4), None, Some(5)]);
    }
}
