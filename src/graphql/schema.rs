//! The schema of an API.

use std::fmt;

use apollo_compiler::Schema;
use apollo_compiler::collections::HashMap;
use apollo_compiler::executable::OperationType;
use apollo_compiler::parser::Parser;
use apollo_compiler::schema::{ExtendedType, Implementers};
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{Name, Node, ast};

use super::introspection::Amounts;

/// The most problems of a schema that are told.
const MOST_PROBLEMS: usize = 20;

/// A schema, read and found to be good.
pub(crate) struct GraphSchema {
    pub(super) schema: Valid<Schema>,
    pub(super) implementers: HashMap<Name, Implementers>,
    pub(super) amounts: Amounts,
}

impl GraphSchema {
    /// Reads a schema in GraphQL's schema definition language; the error lists what is wrong, a line each.
    pub(crate) fn parse(text: &str) -> Result<Self, Vec<String>> {
        let parsed = Parser::new().parse_schema(text, "schema").map_err(|found| problems(&found.errors))?;
        let schema = parsed.validate().map_err(|found| problems(&found.errors))?;
        let implementers = schema.implementers_map();
        let most = implementers.values().map(|all| all.iter().count()).max().unwrap_or(0);
        let amounts = Amounts::of(&schema, most);
        Ok(Self { schema, implementers, amounts })
    }

    /// Whether an object type has a field of that name.
    pub(crate) fn has_field(&self, object: &str, field: &str) -> bool {
        self.schema.get_object(object).is_some_and(|object| object.fields.contains_key(field))
    }

    /// The name of the type whose fields are subscriptions.
    pub(crate) fn subscription_type(&self) -> Option<&str> {
        self.schema.root_operation(OperationType::Subscription).map(Name::as_str)
    }

    /// The names of the types whose fields are queries and mutations.
    pub(crate) fn root_types(&self) -> impl Iterator<Item = &str> {
        let kinds = [OperationType::Query, OperationType::Mutation].into_iter();
        kinds.filter_map(|kind| self.schema.root_operation(kind)).map(Name::as_str)
    }

    /// The names of the object types that can stand where `name` is expected, and `name` itself.
    pub(super) fn possible<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        let implementers = self.implementers.get(name);
        std::iter::once(name).chain(implementers.into_iter().flat_map(Implementers::iter).map(Name::as_str))
    }

    /// Whether an object type is, or can stand for, the type of that name.
    pub(super) fn is_a(&self, object: &str, name: &str) -> bool {
        object == name || self.schema.is_subtype(name, object)
    }

    /// The definition of a field of an object type, the ones that every type has among them.
    pub(super) fn field(&self, object: &str, field: &str) -> Option<&Node<ast::FieldDefinition>> {
        self.schema.type_field(object, field).ok().map(|field| &field.node)
    }

    /// A type by its name.
    pub(super) fn named(&self, name: &str) -> Option<&ExtendedType> {
        self.schema.types.get(name)
    }
}

impl fmt::Debug for GraphSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphSchema").field("types", &self.schema.types.len()).finish_non_exhaustive()
    }
}

fn problems(errors: &DiagnosticList) -> Vec<String> {
    let place = |found: apollo_compiler::response::GraphQLError| {
        let place = found.locations.first().map_or(String::new(), |at| format!("line {}: ", at.line));
        format!("{place}{}", found.message)
    };
    errors.iter().take(MOST_PROBLEMS).map(|error| place(error.to_json())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_wrong_and_where() {
        let found = GraphSchema::parse("type Query {\n  a: Int\n  b: Nowhere\n}").unwrap_err();
        assert!(
            found.iter().any(|problem| problem.starts_with("line 3: ") && problem.contains("Nowhere")),
            "{found:?}"
        );
        assert!(!GraphSchema::parse("type Query {").unwrap_err().is_empty());
        assert!(!GraphSchema::parse("").unwrap_err().is_empty());
    }

    #[test]
    fn knows_fields_and_what_implements_what() {
        let text = "interface Named { name: String } type A implements Named { name: String } type Query { a: Named }";
        let schema = GraphSchema::parse(text).unwrap();
        assert!(schema.has_field("A", "name") && !schema.has_field("A", "x") && !schema.has_field("Named", "name"));
        assert_eq!(schema.possible("Named").collect::<Vec<_>>(), ["Named", "A"]);
        assert!(schema.is_a("A", "Named") && schema.is_a("A", "A") && !schema.is_a("Query", "Named"));
        assert_eq!(schema.subscription_type(), None);
    }

    #[test]
    fn deep_nesting_ends_with_an_error() {
        let deep = format!("type Query {{ a(b: [Int] = {}) : Int }}", "[".repeat(50_000));
        assert!(GraphSchema::parse(&deep).is_err());
    }
}
