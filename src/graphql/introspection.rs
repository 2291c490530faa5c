//! What a schema says of itself: bounded, since each part of it may be asked for by many names.

use std::collections::HashMap;

use apollo_compiler::executable::{Selection, SelectionSet};
use apollo_compiler::introspection;
use apollo_compiler::request::RequestError;
use apollo_compiler::schema::{ExtendedType, Schema};

use super::{Checked, GraphError, GraphSchema, JsonMap};

/// How many values may be told, about.
const MOST_VALUES: usize = 2_000_000;

/// How many there are of what a schema lists, about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amounts {
    types: usize,
    /// Of a type.
    fields: usize,
    arguments: usize,
    input_fields: usize,
    values: usize,
    interfaces: usize,
    possible_types: usize,
    directives: usize,
}

impl Amounts {
    pub(super) fn of(schema: &Schema, most_implementers: usize) -> Self {
        let (mut all, mut arguments) = (Self::default(), 0_usize);
        for kind in schema.types.values() {
            match kind {
                ExtendedType::Object(object) => {
                    all.fields += object.fields.len();
                    arguments += object.fields.values().map(|field| field.arguments.len()).sum::<usize>();
                    all.interfaces = all.interfaces.max(object.implements_interfaces.len());
                }
                ExtendedType::Interface(interface) => {
                    all.fields += interface.fields.len();
                    arguments += interface.fields.values().map(|field| field.arguments.len()).sum::<usize>();
                }
                ExtendedType::InputObject(object) => all.input_fields += object.fields.len(),
                ExtendedType::Enum(values) => all.values += values.values.len(),
                ExtendedType::Union(union) => all.possible_types = all.possible_types.max(union.members.len()),
                ExtendedType::Scalar(_) => {}
            }
        }
        all.types = schema.types.len();
        all.directives = schema.directive_definitions.len();
        all.possible_types = all.possible_types.max(most_implementers);
        let each = |count: usize, of: usize| count.div_ceil(of.max(1)).max(1);
        all.arguments = each(arguments, all.fields);
        all.fields = each(all.fields, all.types);
        all.input_fields = each(all.input_fields, all.types);
        all.values = each(all.values, all.types);
        all
    }

    /// How many objects a field of the schema about itself gives.
    fn objects(self, field: &str) -> usize {
        match field {
            "types" => self.types,
            "fields" => self.fields,
            "args" => self.arguments,
            "inputFields" => self.input_fields,
            "enumValues" => self.values,
            "interfaces" => self.interfaces,
            "possibleTypes" => self.possible_types,
            "directives" => self.directives,
            _ => 1,
        }
    }
}

/// The members of the data that are about the schema, by what the answer calls them.
pub(super) fn introspected(schema: &GraphSchema, checked: &Checked) -> Result<JsonMap, GraphError> {
    let Checked { document, operation, variables } = checked;
    let is_asked = |name: &str| matches!(name, "__schema" | "__type");
    let mut asked = operation.root_fields(document).filter(|field| is_asked(field.name.as_str())).peekable();
    if !operation.is_query() || asked.peek().is_none() {
        return Ok(JsonMap::new());
    }
    let mut costs = Costs { checked, amounts: schema.amounts, fragments: HashMap::new() };
    let cost = asked.fold(0_usize, |sum, field| sum.saturating_add(costs.set(&field.selection_set)));
    if cost > MOST_VALUES {
        return Err(GraphError::new("The query asks for too much of the schema."));
    }
    let refuse = |error: RequestError| GraphError::from(error.to_graphql_error(&document.sources));
    introspection::check_max_depth(document, operation).map_err(refuse)?;
    let found = introspection::partial_execute(&schema.schema, &schema.implementers, document, operation, variables);
    Ok(found.map_err(refuse)?.data.unwrap_or_default())
}

/// About how many values selections give.
struct Costs<'c> {
    checked: &'c Checked,
    amounts: Amounts,
    fragments: HashMap<&'c str, usize>,
}

impl<'c> Costs<'c> {
    fn set(&mut self, set: &'c SelectionSet) -> usize {
        set.selections.iter().fold(0_usize, |sum, selection| {
            sum.saturating_add(match selection {
                Selection::Field(field) => {
                    let inside = self.set(&field.selection_set).saturating_add(1);
                    inside.saturating_mul(self.amounts.objects(field.name.as_str()))
                }
                Selection::InlineFragment(fragment) => self.set(&fragment.selection_set),
                Selection::FragmentSpread(spread) => self.fragment(spread.fragment_name.as_str()),
            })
        })
    }

    fn fragment(&mut self, name: &'c str) -> usize {
        if let Some(cost) = self.fragments.get(name) {
            return *cost;
        }
        let fragment = self.checked.document.fragments.get(name);
        let cost = fragment.map_or(0, |fragment| self.set(&fragment.selection_set));
        self.fragments.insert(name, cost);
        cost
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::{GraphRequest, JsonValue, Limits, check};

    /// A schema of `n` types with ten fields each.
    fn schema(n: usize) -> GraphSchema {
        let fields: String = (0..10).map(|field| format!("f{field}(a: Int): T0 ")).collect();
        let types: String = (0..n).map(|kind| format!("type T{kind} {{ {fields} }} ")).collect();
        GraphSchema::parse(&format!("{types} type Query {{ a: T0 }}")).unwrap()
    }

    fn ask(schema: &GraphSchema, query: &str) -> Result<JsonMap, GraphError> {
        let body = format!(r#"{{"query":{}}}"#, serde_json::Value::from(query));
        let request = GraphRequest::of_body(body.as_bytes(), None).unwrap();
        introspected(schema, &check(schema, &request, Limits::EXECUTION).unwrap())
    }

    const STANDARD: &str = "query { __schema { queryType { name } types { ...F } directives { name args { ...I } } } } \
        fragment F on __Type { kind name fields(includeDeprecated: true) { name args { ...I } type { ...R } } \
            inputFields { ...I } interfaces { ...R } enumValues { name } possibleTypes { ...R } } \
        fragment I on __InputValue { name type { ...R } defaultValue } \
        fragment R on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }";

    #[test]
    fn what_tools_ask_for_is_told_of_large_schemas() {
        let found = ask(&schema(1_500), STANDARD).unwrap();
        let types = found.get("__schema").and_then(|schema| schema.get("types")).and_then(JsonValue::as_array);
        assert!(types.is_some_and(|types| types.len() > 1_500));
        assert_eq!(ask(&schema(1), "{ a { f0 { __typename } } }").unwrap(), JsonMap::new());
    }

    #[test]
    fn what_multiplies_is_refused() {
        let aliases: String = (0..1_000).map(|n| format!("a{n}: name ")).collect();
        let query = format!("{{ __schema {{ types {{ fields {{ {aliases} }} }} }} }}");
        let refused = ask(&schema(300), &query).unwrap_err();
        assert_eq!(refused.message, "The query asks for too much of the schema.");
    }
}
