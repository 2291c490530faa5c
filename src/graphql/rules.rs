//! Rules of who may ask for what: a path in the schema, and what becomes of it.

use std::collections::HashMap;

use super::GraphSchema;

/// What a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RulePath {
    /// `/*`: everything.
    All,
    /// `/__*`: the schema about itself.
    Introspection,
    /// `/Type/*`: all fields of a type.
    Type(String),
    /// `/Type/field`.
    Field(String, String),
}

/// What becomes of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is asked for.
    Allow,
    /// It is left out, and an error says so.
    Remove,
    /// The request is refused.
    Reject,
    /// Another rule decides.
    Ignore,
}

/// What the rules come to for a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Decision {
    Allowed,
    Removed,
    Rejected,
}

impl RulePath {
    /// Reads a path as documents write it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_name = |text: &str| {
            let mut letters = text.chars();
            letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
                && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        let rest = text.strip_prefix('/')?;
        match rest.split_once('/') {
            None if rest == "*" => Some(Self::All),
            None if rest == "__*" => Some(Self::Introspection),
            Some((name, "*")) if is_name(name) => Some(Self::Type(name.to_owned())),
            Some((name, field)) if is_name(name) && is_name(field) => {
                Some(Self::Field(name.to_owned(), field.to_owned()))
            }
            _ => None,
        }
    }

    /// How well the path fits a field of a type: the most specific one has the largest number; none when it does not.
    fn fit(&self, object: &str, field: &str) -> Option<u8> {
        let is_meta = matches!(field, "__schema" | "__type") || object.starts_with("__");
        match self {
            Self::Field(known, name) => (known == object && name == field).then_some(3),
            // Each answer may have it: clients ask for it everywhere.
            _ if field == "__typename" => None,
            Self::Introspection => is_meta.then_some(2),
            Self::Type(known) => (known == object).then_some(1),
            Self::All => Some(0),
        }
    }
}

/// Rules at work on one query; each field of a type is decided once.
pub(crate) struct Rules<'r, E> {
    schema: &'r GraphSchema,
    paths: &'r [RulePath],
    /// Works out the action of a rule, by its place.
    action: &'r mut dyn FnMut(usize) -> Result<Verdict, E>,
    decided: HashMap<(String, String), Decision>,
}

impl<'r, E> Rules<'r, E> {
    pub(crate) fn new(
        schema: &'r GraphSchema,
        paths: &'r [RulePath],
        action: &'r mut dyn FnMut(usize) -> Result<Verdict, E>,
    ) -> Self {
        Self { schema, paths, action, decided: HashMap::new() }
    }

    /// What becomes of a field of a type. A field of an interface is one of each type that can stand there: the strictest
    /// decision holds.
    pub(super) fn decide(&mut self, parent: &str, field: &str) -> Result<Decision, E> {
        let key = (parent.to_owned(), field.to_owned());
        if let Some(decision) = self.decided.get(&key) {
            return Ok(*decision);
        }
        let mut decision = Decision::Allowed;
        for object in self.schema.possible(parent) {
            let mut fitting: Vec<(u8, usize)> = Vec::new();
            for (at, path) in self.paths.iter().enumerate() {
                fitting.extend(path.fit(object, field).map(|fit| (fit, at)));
            }
            // The most specific first; of those that are alike, the first in the document.
            fitting.sort_by_key(|(fit, at)| (std::cmp::Reverse(*fit), *at));
            for (_, at) in fitting {
                let found = match (self.action)(at)? {
                    Verdict::Ignore => continue,
                    Verdict::Allow => Decision::Allowed,
                    Verdict::Remove => Decision::Removed,
                    Verdict::Reject => Decision::Rejected,
                };
                decision = decision.max(found);
                break;
            }
        }
        self.decided.insert(key, decision);
        Ok(decision)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn paths_are_read_as_documents_write_them() {
        for (text, expected) in [
            ("/*", Some(RulePath::All)),
            ("/__*", Some(RulePath::Introspection)),
            ("/Query/*", Some(RulePath::Type("Query".into()))),
            ("/Query/users", Some(RulePath::Field("Query".into(), "users".into()))),
            ("/Query", None),
            ("Query/users", None),
            ("/Query/us*", None),
            ("/Query/users/id", None),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(RulePath::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn the_most_specific_rule_that_is_not_ignored_decides() {
        let text = "interface Node { id: ID } type User implements Node { id: ID name: String } type Query { u: User n: Node }";
        let schema = GraphSchema::parse(text).unwrap();
        let decide = |rules: &[(&str, Verdict)], object: &str, field: &str| {
            let paths: Vec<_> = rules.iter().map(|(path, _)| RulePath::parse(path).unwrap()).collect();
            let mut action = |at: usize| Ok::<_, Infallible>(rules[at].1);
            Rules::new(&schema, &paths, &mut action).decide(object, field).unwrap()
        };
        use Verdict::{Allow, Ignore, Reject, Remove};
        let rules = [("/*", Reject), ("/User/*", Remove), ("/User/name", Allow), ("/__*", Allow)];
        assert_eq!(decide(&rules, "User", "name"), Decision::Allowed);
        assert_eq!(decide(&rules, "User", "id"), Decision::Removed);
        assert_eq!(decide(&rules, "Query", "u"), Decision::Rejected);
        assert_eq!(decide(&rules, "Query", "__schema"), Decision::Allowed);
        assert_eq!(decide(&rules, "__Type", "name"), Decision::Allowed);
        assert_eq!(decide(&rules, "Query", "__typename"), Decision::Allowed);
        assert_eq!(decide(&[("/User/__typename", Reject)], "User", "__typename"), Decision::Rejected);
        assert_eq!(decide(&[("/User/id", Remove)], "Node", "id"), Decision::Removed);
        assert_eq!(decide(&[("/*", Reject), ("/User/id", Ignore)], "User", "id"), Decision::Rejected);
        assert_eq!(decide(&[("/User/id", Ignore)], "User", "id"), Decision::Allowed);
        assert_eq!(decide(&[("/User/id", Reject), ("/User/id", Allow)], "User", "id"), Decision::Rejected);
    }
}
