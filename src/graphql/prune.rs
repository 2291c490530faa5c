//! Takes out of a query what rules do not allow.

use std::collections::{HashMap, HashSet};

use apollo_compiler::ast::Value;
use apollo_compiler::executable::{DirectiveList, Field, Operation, OperationMap, Selection, SelectionSet};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Node};

use super::error::Step;
use super::inclusion::is_included;
use super::rules::{Decision, Rules};
use super::{Checked, GraphError, GraphSchema, Hidden};

/// What rules leave of a query.
#[derive(Debug)]
pub(crate) enum Pruned {
    /// All of it.
    Whole,
    /// Nothing: the request is refused.
    Rejected(GraphError),
    /// A part, or no part.
    Partly {
        /// The query that is left; none when no field is.
        left: Option<Box<Checked>>,
        hidden: Hidden,
    },
}

/// Looks at every field of a request's operation.
pub(crate) fn prune<E>(schema: &GraphSchema, checked: &Checked, rules: &mut Rules<'_, E>) -> Result<Pruned, E> {
    let mut walk = Walk { schema, checked, rules, path: Vec::new(), hidden: Hidden::default(), rejected: None };
    walk.set(&checked.operation.selection_set, true)?;
    let Walk { hidden, rejected, .. } = walk;
    if let Some(error) = rejected {
        return Ok(Pruned::Rejected(error));
    }
    if hidden.errors.is_empty() {
        return Ok(Pruned::Whole);
    }
    let left = Filter { checked, rules, fragments: HashMap::new() }.document()?;
    Ok(Pruned::Partly { left: left.map(Box::new), hidden })
}

/// Finds what is to be taken out, at each place where the answer would have it.
struct Walk<'w, 'r, E> {
    schema: &'w GraphSchema,
    checked: &'w Checked,
    rules: &'w mut Rules<'r, E>,
    path: Vec<String>,
    hidden: Hidden,
    rejected: Option<GraphError>,
}

impl<E> Walk<'_, '_, E> {
    /// Looks at selections; says whether something of them is left. `is_certain` when every object at the place has them.
    fn set(&mut self, set: &SelectionSet, is_certain: bool) -> Result<bool, E> {
        let mut is_left = false;
        for selection in &set.selections {
            if self.rejected.is_some() {
                break;
            }
            let is_in = is_included(selection.directives(), &self.checked.variables);
            let holds =
                |inner: &SelectionSet| is_certain && is_in && self.schema.is_a(set.ty.as_str(), inner.ty.as_str());
            is_left |= match selection {
                Selection::Field(field) => self.field(set, field, is_certain && is_in)?,
                Selection::InlineFragment(fragment) => {
                    let is_certain = holds(&fragment.selection_set);
                    self.set(&fragment.selection_set, is_certain)?
                }
                Selection::FragmentSpread(spread) => match self.checked.document.fragments.get(&spread.fragment_name) {
                    Some(fragment) => {
                        let is_certain = holds(&fragment.selection_set);
                        self.set(&fragment.selection_set, is_certain)?
                    }
                    None => false,
                },
            };
        }
        Ok(is_left)
    }

    fn field(&mut self, set: &SelectionSet, field: &Node<Field>, is_certain: bool) -> Result<bool, E> {
        self.path.push(field.response_key().as_str().to_owned());
        let is_left = match self.rules.decide(set.ty.as_str(), field.name.as_str())? {
            Decision::Rejected => {
                self.rejected = Some(self.error(set, field, "is not allowed"));
                true
            }
            Decision::Removed => {
                let error = self.error(set, field, "was removed from the query: it is not allowed");
                self.hidden.errors.push(error);
                false
            }
            Decision::Allowed if field.selection_set.is_empty() => true,
            Decision::Allowed => self.set(&field.selection_set, is_certain)?,
        };
        if !is_left && is_certain {
            self.hidden.places.push(self.path.clone());
        }
        self.path.pop();
        Ok(is_left)
    }

    fn error(&self, set: &SelectionSet, field: &Node<Field>, problem: &str) -> GraphError {
        let error = GraphError::new(format!("The field `{}` of type `{}` {problem}.", field.name, set.ty));
        let error = error.of(self.path.iter().cloned().map(Step::Key).collect());
        let place = field.line_column_range(&self.checked.document.sources);
        place.map_or(error.clone(), |place| error.at(place.start.line, place.start.column))
    }
}

/// Makes the query that is left.
struct Filter<'w, 'r, E> {
    checked: &'w Checked,
    rules: &'w mut Rules<'r, E>,
    /// What is left of fragments, by name.
    fragments: HashMap<&'w str, Option<SelectionSet>>,
}

impl<'w, E> Filter<'w, '_, E> {
    fn document(mut self) -> Result<Option<Checked>, E> {
        let checked = self.checked;
        let Some(selection_set) = self.set(&checked.operation.selection_set)? else { return Ok(None) };
        let mut document = ExecutableDocument::new();
        document.sources = checked.document.sources.clone();
        let mut used = Used::default();
        used.directives(&checked.operation.directives);
        used.set(&selection_set);
        while let Some(name) = used.open.pop() {
            let known = checked.document.fragments.get_key_value(name.as_str());
            let left = self.fragments.remove(name.as_str()).flatten();
            let (Some((name, fragment)), Some(left)) = (known, left) else { continue };
            used.directives(&fragment.directives);
            used.set(&left);
            let mut fragment = fragment.clone();
            fragment.make_mut().selection_set = left;
            document.fragments.insert(name.clone(), fragment);
        }
        let mut operation: Operation = (*checked.operation).clone();
        operation.selection_set = selection_set;
        operation.variables.retain(|variable| used.variables.contains(variable.name.as_str()));
        document.operations = OperationMap::from_one(operation);
        let operation = match document.operations.iter().next() {
            Some(operation) => operation.clone(),
            None => return Ok(None),
        };
        let variables = Valid::assume_valid((*checked.variables).clone());
        Ok(Some(Checked { document: Valid::assume_valid(document), operation, variables }))
    }

    /// The selections that are left; none when there are none.
    fn set(&mut self, set: &'w SelectionSet) -> Result<Option<SelectionSet>, E> {
        let mut left = SelectionSet::new(set.ty.clone());
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    if self.rules.decide(set.ty.as_str(), field.name.as_str())? != Decision::Allowed {
                        continue;
                    }
                    if field.selection_set.is_empty() {
                        left.push(field.clone());
                    } else if let Some(inner) = self.set(&field.selection_set)? {
                        let mut field = field.clone();
                        field.make_mut().selection_set = inner;
                        left.push(field);
                    }
                }
                Selection::InlineFragment(fragment) => {
                    if let Some(inner) = self.set(&fragment.selection_set)? {
                        let mut fragment = fragment.clone();
                        fragment.make_mut().selection_set = inner;
                        left.push(fragment);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.fragment_name.as_str();
                    if !self.fragments.contains_key(name) {
                        let fragment = self.checked.document.fragments.get(name);
                        let inner = fragment.map(|fragment| self.set(&fragment.selection_set)).transpose()?.flatten();
                        self.fragments.insert(name, inner);
                    }
                    if self.fragments.get(name).is_some_and(Option::is_some) {
                        left.push(spread.clone());
                    }
                }
            }
        }
        Ok((!left.is_empty()).then_some(left))
    }
}

/// The variables and fragments that selections use.
#[derive(Default)]
struct Used {
    variables: HashSet<String>,
    seen: HashSet<String>,
    /// Fragments that were not looked into yet.
    open: Vec<String>,
}

impl Used {
    fn set(&mut self, set: &SelectionSet) {
        for selection in &set.selections {
            self.directives(selection.directives());
            match selection {
                Selection::Field(field) => {
                    field.arguments.iter().for_each(|argument| self.value(&argument.value));
                    self.set(&field.selection_set);
                }
                Selection::InlineFragment(fragment) => self.set(&fragment.selection_set),
                Selection::FragmentSpread(spread) => {
                    let name = spread.fragment_name.as_str();
                    if self.seen.insert(name.to_owned()) {
                        self.open.push(name.to_owned());
                    }
                }
            }
        }
    }

    fn directives(&mut self, directives: &DirectiveList) {
        for directive in directives.iter() {
            directive.arguments.iter().for_each(|argument| self.value(&argument.value));
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Variable(name) => {
                self.variables.insert(name.as_str().to_owned());
            }
            Value::List(items) => items.iter().for_each(|item| self.value(item)),
            Value::Object(members) => members.iter().for_each(|(_, value)| self.value(value)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::graphql::{GraphRequest, Limits, RulePath, Verdict, check};

    const SCHEMA: &str = "interface Node { id: ID } type User implements Node { id: ID name(upper: Boolean): String email: String \
                          friends: [User] } type Query { me: User node: Node users: [User] }";

    fn pruned(query: &str, rules: &[(&str, Verdict)]) -> (String, Vec<String>) {
        let schema = GraphSchema::parse(SCHEMA).unwrap();
        let body = format!(r#"{{"query":{}}}"#, serde_json::Value::from(query));
        let request = GraphRequest::of_body(body.as_bytes(), None).unwrap();
        let checked = check(&schema, &request, Limits::EXECUTION).unwrap();
        let paths: Vec<_> = rules.iter().map(|(path, _)| RulePath::parse(path).unwrap()).collect();
        let mut action = |at: usize| Ok::<_, Infallible>(rules[at].1);
        let mut rules = Rules::new(&schema, &paths, &mut action);
        match prune(&schema, &checked, &mut rules).unwrap() {
            Pruned::Whole => ("whole".to_owned(), Vec::new()),
            Pruned::Rejected(error) => (error.message, Vec::new()),
            Pruned::Partly { left, hidden } => {
                let text = left.map(|left| left.document.to_string()).unwrap_or_default();
                let places = hidden.places.iter().map(|place| place.join("."));
                (text.split_whitespace().collect::<Vec<_>>().join(" "), places.collect())
            }
        }
    }

    #[test]
    fn what_is_removed_leaves_no_trace_in_the_query() {
        let rules = [("/User/email", Verdict::Remove)];
        for (query, expected, places) in [
            ("{ me { id } }", "whole", vec![]),
            ("{ me { id mail: email } }", "{ me { id } }", vec!["me.mail"]),
            ("{ me { email } users { id } }", "{ users { id } }", vec!["me.email", "me"]),
            ("{ me { email } }", "", vec!["me.email", "me"]),
            ("{ users { id ...f } } fragment f on User { email }", "{ users { id } }", vec!["users.email"]),
            (
                "query($u: Boolean, $s: Boolean!) { me { name(upper: $u) email @skip(if: $s) } }",
                "query($u: Boolean) { me { name(upper: $u) } }",
                vec!["me.email"],
            ),
            ("{ node { id ... on User { email } } }", "{ node { id } }", vec![]),
        ] {
            let variables = query.contains("$s");
            let query =
                if variables { query.replace("$s: Boolean!", "$s: Boolean! = false") } else { query.to_owned() };
            assert_eq!(pruned(&query, &rules), (expected.to_owned(), places.into_iter().map(str::to_owned).collect()));
        }
    }

    #[test]
    fn what_is_rejected_ends_the_request() {
        let expected = "The field `email` of type `User` is not allowed.";
        for query in ["{ me { email } }", "{ users { friends { ...f } } } fragment f on User { x: email }"] {
            assert_eq!(pruned(query, &[("/User/email", Verdict::Reject), ("/User/id", Verdict::Remove)]).0, expected);
        }
        let found = pruned("{ __schema { types { name } } }", &[("/__*", Verdict::Reject)]).0;
        assert!(found.contains("__schema"), "{found}");
    }
}
