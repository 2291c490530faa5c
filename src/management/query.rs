//! The query of a call.

use url::form_urlencoded;

use super::error::Failure;
use http::StatusCode;

/// The parameters of a query, decoded; names are compared without regard to case.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(query: Option<&str>) -> Self {
        Self(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether a parameter is `true`.
    pub fn is(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// A whole number that is at least `least`.
    pub fn number(&self, name: &str, least: usize) -> Result<Option<usize>, Failure> {
        let Some(text) = self.get(name) else { return Ok(None) };
        match text.parse() {
            Ok(number) if number >= least => Ok(Some(number)),
            _ => Err(Failure::validation(name, format!("`{name}` is `{text}`: expected a number from {least} on"))),
        }
    }

    /// The same with other values for some parameters, as it stands in a URL.
    pub fn with(&self, changes: &[(&str, String)]) -> String {
        let mut text = form_urlencoded::Serializer::new(String::new());
        let kept = self.0.iter().filter(|(name, _)| !changes.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)));
        text.extend_pairs(kept);
        text.extend_pairs(changes);
        text.finish()
    }

    /// Refuses calls without a version of the contract, and those of versions before 2021-08-01.
    pub fn check_version(&self) -> Result<(), Failure> {
        let Some(version) = self.get("api-version").filter(|version| !version.is_empty()) else {
            let message = "The api-version query parameter (?api-version=) is required for all requests.";
            return Err(Failure::new(StatusCode::BAD_REQUEST, "MissingApiVersionParameter", message));
        };
        let date = version.strip_suffix("-preview").unwrap_or(version);
        let is_date = date.len() == 10
            && date.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if is_date && date >= "2021-08-01" {
            return Ok(());
        }
        let message = format!(
            "The api-version `{version}` is not supported: expected `2024-05-01`, or another one from 2021-08-01 on"
        );
        Err(Failure::new(StatusCode::BAD_REQUEST, "InvalidApiVersionParameter", message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (query, served) in [
            ("api-version=2024-05-01", true),
            ("API-Version=2025-09-01-preview", true),
            ("api-version=2019-12-01", false),
            ("api-version=latest", false),
            ("api-version=", false),
            ("", false),
        ] {
            assert_eq!(Query::parse(Some(query)).check_version().is_ok(), served, "{query}");
        }
    }

    #[test]
    fn the_next_page_keeps_the_rest() {
        let query = Query::parse(Some("api-version=1&%24top=2&$skip=4&$filter=a%20eq%20'b'"));
        let next = query.with(&[("$skip", "6".to_owned())]);
        let next = Query::parse(Some(&next));
        assert_eq!(
            (next.get("$skip"), next.get("$top"), next.get("$filter")),
            (Some("6"), Some("2"), Some("a eq 'b'"))
        );
        assert!(
            next.number("$skip", 0).is_ok() && next.number("$filter", 0).is_err() && query.number("$top", 3).is_err()
        );
    }
}
