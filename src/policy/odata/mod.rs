//! OData: what an API declares, and whether a request's URL conforms to it.

mod apply;
mod functions;
mod lexer;
mod metadata;
mod options;
mod parser;
mod path;
mod version;

use super::query;
use metadata::Kind;
pub use metadata::ODataMetadata;
use parser::Fault;
pub(crate) use version::ODataVersion;

/// What does not conform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The query option; none when it is the path.
    pub(crate) option: Option<String>,
    pub(crate) rule: &'static str,
    pub(crate) message: String,
}

/// The most parameters of a query.
const MOST: usize = 1_000;

impl ODataMetadata {
    /// What of a URL does not conform: its path and query, below the root of the service, a sentence each.
    ///
    /// The path has to lead to what is declared; the system query options have to be known and of the syntax, and name what
    /// is declared. Custom query options may be anything.
    pub fn problems(&self, url: &str) -> Vec<String> {
        self.check(url, ODataVersion::V401).into_iter().map(|problem| problem.message).collect()
    }

    /// What of a URL does not conform.
    pub(crate) fn check(&self, url: &str, version: ODataVersion) -> Vec<Problem> {
        let (path, text) = query::split(url);
        let mut problems = Vec::new();
        let kind = path::resolve(self, path).unwrap_or_else(|message| {
            problems.push(Problem { option: None, rule: "ResourcePath", message });
            Kind::unknown()
        });
        let mut seen: Vec<&'static str> = Vec::new();
        let mut parameters = query::parameters(text);
        let decoded = parameters.by_ref().take(MOST).map(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            (query::decode(name), query::decode(value))
        });
        let decoded: Vec<_> = decoded.collect();
        if parameters.next().is_some() {
            let message = format!("The query has more than {MOST} parameters.");
            problems.push(Problem { option: Some(String::new()), rule: "TooManyOptions", message });
        }
        // What is aggregated or computed has members of its own.
        let is_changed =
            |(name, _): &(String, String)| matches!(options::find(name, version), Some("$apply" | "$compute"));
        let is_changed = decoded.iter().any(is_changed);
        for (name, value) in &decoded {
            let mut add = |rule, message| problems.push(Problem { option: Some(name.clone()), rule, message });
            let of = |option: Option<&str>| match option {
                Some("$apply" | "$compute") => kind.clone(),
                _ if is_changed => Kind::unknown(),
                _ => kind.clone(),
            };
            let read = if name.starts_with('@') {
                options::check_alias(value, self, &of(None))
            } else if name.starts_with('$') {
                let Some(option) = options::find(name, version) else {
                    add("UnknownOption", format!("The query option '{name}' is not known."));
                    continue;
                };
                if seen.contains(&option) {
                    add("RepeatedOption", format!("The query option '{name}' is there more than once."));
                    continue;
                }
                seen.push(option);
                options::check(option, value, self, &of(Some(option)))
            } else {
                continue;
            };
            match read {
                Ok(()) => {}
                Err(Fault::Said(message)) => {
                    add("InvalidOption", format!("The query option '{name}' is not valid. {message}"))
                }
                Err(Fault::Syntax(at)) => {
                    let at = value.get(..at).map_or(0, |before| before.chars().count()) + 1;
                    add("InvalidOption", format!("The query option '{name}' has a syntax error at position {at}."));
                }
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests;
