//! Reads the query of a request, and checks it against a schema and limits.

use apollo_compiler::executable::Operation;
use apollo_compiler::parser::Parser;
use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{ExecutableDocument, Node};

use super::measure::measure;
use super::{GraphError, GraphRequest, GraphSchema, JsonMap};

/// How deep anything in a query may be nested before it is understood: this keeps the parser's stack small.
const NESTING: usize = 200;
/// How many words and marks a query may have.
const TOKENS: usize = 60_000;
/// The most errors that are told.
const MOST_ERRORS: usize = 20;

/// How large a query may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// How many fields may be inside of each other.
    pub(crate) depth: usize,
    /// How many fields there may be; each use of a fragment counts.
    pub(crate) fields: usize,
}

impl Limits {
    /// What is executed at all.
    pub(crate) const EXECUTION: Self = Self { depth: 64, fields: 5_000 };
}

/// A request that is valid: its document, the operation asked for, and the variables with the types they have.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) document: Valid<ExecutableDocument>,
    pub(crate) operation: Node<Operation>,
    pub(crate) variables: Valid<JsonMap>,
}

impl Checked {
    /// Whether the operation is a subscription.
    pub(crate) fn is_subscription(&self) -> bool {
        self.operation.is_subscription()
    }

    /// Whether the operation is a mutation.
    pub(crate) fn is_mutation(&self) -> bool {
        self.operation.is_mutation()
    }

    /// The field of a subscription, with its arguments as they are written.
    pub(crate) fn subscribed(&self) -> Option<&str> {
        self.operation.root_fields(&self.document).next().map(|field| field.name.as_str())
    }
}

/// Checks a request; the errors are those of the first step that finds some.
pub(crate) fn check(schema: &GraphSchema, request: &GraphRequest, limits: Limits) -> Result<Checked, Vec<GraphError>> {
    let mut parser = Parser::new().recursion_limit(NESTING).token_limit(TOKENS);
    let ast = parser.parse_ast(request.query.as_str(), "query").map_err(|found| errors(&found.errors))?;
    // Fields that are not there first: what follows from that is nothing to tell.
    let document = ast.to_executable(&schema.schema).map_err(|found| errors(&found.errors))?;
    let document = document.validate(&schema.schema).map_err(|found| errors(&found.errors))?;
    let operation = document.operations.get(request.operation.as_deref());
    let operation = operation.map_err(|error| one(error.to_graphql_error(&document.sources)))?.clone();
    let size = measure(&document, &operation);
    if size.depth > limits.depth {
        let message = format!("The query is {} fields deep: at most {} are allowed.", size.depth, limits.depth);
        return Err(vec![GraphError::new(message)]);
    }
    if size.fields > limits.fields {
        let message = format!("The query has {} fields: at most {} are allowed.", size.fields, limits.fields);
        return Err(vec![GraphError::new(message)]);
    }
    let variables = coerce_variable_values(&schema.schema, &operation, &request.variables);
    let variables = variables.map_err(|error| one(error.to_graphql_error(&document.sources)))?;
    Ok(Checked { document, operation, variables })
}

fn errors(found: &DiagnosticList) -> Vec<GraphError> {
    found.iter().take(MOST_ERRORS).map(|error| error.to_json().into()).collect()
}

fn one(error: apollo_compiler::response::GraphQLError) -> Vec<GraphError> {
    vec![error.into()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SCHEMA: &str = "type Query { a: Query b(x: Int! = 1): Int c: [Query] } type Mutation { m(i: In): Int } \
                          input In { n: Int! l: [In!] }";
    const LIMITS: Limits = Limits { depth: 3, fields: 10 };

    fn request(query: &str, variables: &str) -> GraphRequest {
        let body = format!(r#"{{"query":{},"variables":{variables}}}"#, serde_json::Value::from(query));
        GraphRequest::of_body(body.as_bytes(), None).unwrap()
    }

    fn first(query: &str, variables: &str) -> String {
        let schema = GraphSchema::parse(SCHEMA).unwrap();
        match check(&schema, &request(query, variables), LIMITS) {
            Ok(_) => "good".to_owned(),
            Err(errors) => errors[0].message.clone(),
        }
    }

    #[test]
    fn finds_what_is_wrong() {
        for (query, variables, expected) in [
            ("{ a { a { b } } }", "{}", "good"),
            ("{ a { a { a { b } } } }", "{}", "The query is 4 fields deep: at most 3 are allowed."),
            ("{ a { ...f } } fragment f on Query { a { ...g } } fragment g on Query { b }", "{}", "good"),
            ("{ a { ...f } } fragment f on Query { a { a { b } } }", "{}", "The query is 4 fields deep: at most 3 are"),
            ("{ b x1: b x2: b x3: b x4: b x5: b x6: b x7: b x8: b x9: b }", "{}", "good"),
            ("{ b x1: b x2: b x3: b x4: b x5: b x6: b x7: b x8: b x9: b y: b }", "{}", "The query has 11 fields: at"),
            ("{ ...f ...f } fragment f on Query { a { b x: b y: b z: b } }", "{}", "good"),
            ("{ ...f ...f } fragment f on Query { a { b x: b y: b z: b w: b } }", "{}", "The query has 12 fields"),
            ("{ nothing }", "{}", "type `Query` does not have a field `nothing`"),
            ("{ a { b }", "{}", "syntax error: "),
            ("", "{}", "syntax error: "),
            ("query A { b } query B { b }", "{}", "Ambiguous request"),
            ("query($x: Int!) { b(x: $x) }", r#"{"x": 3}"#, "good"),
            ("query($x: Int!) { b(x: $x) }", "{}", "missing value for non-null variable 'x'"),
            ("query($x: Int!) { b(x: $x) }", r#"{"x": "3"}"#, "could not coerce variable x"),
            ("fragment f on Query { ...f } { ...f }", "{}", ""),
        ] {
            let found = first(query, variables);
            assert!(found.starts_with(expected) && (expected == "good") == (found == "good"), "{query}: {found}");
        }
    }

    #[test]
    fn what_multiplies_or_nests_ends_at_once() {
        let chain: String = (0..60).map(|n| format!("fragment f{n} on Query {{ ...f{0} ...f{0} }}\n", n + 1)).collect();
        let query = format!("{{ ...f0 }} {chain} fragment f60 on Query {{ b }}");
        assert!(first(&query, "{}").starts_with("The query has "));
        for (open, close) in [("{ a ", "}"), ("{ a(x: ", ")}"), ("[", "]"), ("{ m(i: {l: ", "})}")] {
            let deep = format!("{}{}", open.repeat(20_000), close.repeat(20_000));
            assert_ne!(first(&deep, "{}"), "good");
        }
        assert!(first(&format!("{{ {} }}", "b ".repeat(70_000)), "{}").contains("token"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn any_text_is_a_query_or_errors(
            text in "(query|mutation|fragment f on Query|\\{|\\}|\\(|\\)|\\[|\\]|\\.\\.\\.f|\\.\\.\\. on Query|a|b|c|m|:|\\$x|1|\"|@skip\\(if: true\\)| ){0,40}"
        ) {
            let schema = GraphSchema::parse(SCHEMA).unwrap();
            if let Err(errors) = check(&schema, &request(&text, "{}"), LIMITS) {
                prop_assert!(!errors.is_empty());
            }
        }
    }
}
