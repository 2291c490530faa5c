//! `@skip` and `@include`.

use apollo_compiler::ast::Value;
use apollo_compiler::executable::DirectiveList;

use super::{JsonMap, JsonValue};

/// Whether a selection with these directives is a part of the query, given the variables.
pub(super) fn is_included(directives: &DirectiveList, variables: &JsonMap) -> bool {
    let condition = |name: &str| {
        let value = directives.get(name)?.specified_argument_by_name("if")?;
        match &**value {
            Value::Boolean(is) => Some(*is),
            Value::Variable(name) => variables.get(name.as_str()).and_then(JsonValue::as_bool),
            _ => None,
        }
    };
    condition("skip") != Some(true) && condition("include") != Some(false)
}
