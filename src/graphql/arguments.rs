//! The arguments of a field, with the types that the schema gives them.

use apollo_compiler::ast::{FieldDefinition, InputValueDefinition, Type, Value};
use apollo_compiler::executable::Field;
use apollo_compiler::schema::ExtendedType;

use super::{GraphSchema, JsonMap, JsonValue};

/// Works the arguments out; the error says what is wrong with one.
pub(super) fn arguments(
    schema: &GraphSchema,
    definition: &FieldDefinition,
    field: &Field,
    variables: &JsonMap,
) -> Result<JsonMap, String> {
    let reader = Reader { schema, variables };
    let mut all = JsonMap::new();
    for expected in &definition.arguments {
        let given = field.arguments.iter().find(|argument| argument.name == expected.name);
        let what = format!("argument `{}`", expected.name);
        if let Some(value) = reader.member(expected, given.map(|argument| &*argument.value), &what)? {
            all.insert(expected.name.as_str(), value);
        }
    }
    Ok(all)
}

struct Reader<'a> {
    schema: &'a GraphSchema,
    variables: &'a JsonMap,
}

impl Reader<'_> {
    /// The value of an argument or of a member of an input object, or its default; none when there is none.
    fn member(
        &self,
        expected: &InputValueDefinition,
        given: Option<&Value>,
        what: &str,
    ) -> Result<Option<JsonValue>, String> {
        let value = match given {
            Some(value) => self.value(&expected.ty, value, what)?,
            None => None,
        };
        match (value, &expected.default_value) {
            (Some(value), _) => Ok(Some(value)),
            (None, Some(default)) => constant(default).map(Some),
            (None, None) if expected.ty.is_non_null() => Err(format!("The {what} has no value.")),
            (None, None) => Ok(None),
        }
    }

    /// A value of a type; none for a variable without a value.
    fn value(&self, ty: &Type, value: &Value, what: &str) -> Result<Option<JsonValue>, String> {
        let is_null = match value {
            Value::Variable(name) => match self.variables.get(name.as_str()) {
                // The variable has its type already, which fits this one.
                Some(found) if !found.is_null() => return Ok(Some(found.clone())),
                Some(_) => true,
                None => return Ok(None),
            },
            value => value.is_null(),
        };
        if is_null {
            return if ty.is_non_null() { Err(format!("The {what} is null.")) } else { Ok(Some(JsonValue::Null)) };
        }
        match ty {
            Type::List(item) | Type::NonNullList(item) => {
                let items = match value.as_list() {
                    Some(items) => items.iter().map(|value| self.item(item, value, what)).collect::<Result<_, _>>()?,
                    // One value stands for a list of one.
                    None => vec![self.item(item, value, what)?],
                };
                Ok(Some(JsonValue::Array(items)))
            }
            Type::Named(name) | Type::NonNullNamed(name) => match (self.schema.named(name.as_str()), value.as_object())
            {
                (Some(ExtendedType::InputObject(object)), Some(given)) => {
                    let mut all = JsonMap::new();
                    for (member, expected) in &object.fields {
                        let given = given.iter().find(|(name, _)| name == member).map(|(_, value)| &**value);
                        let what = format!("member `{member}` of {what}");
                        if let Some(value) = self.member(expected, given, &what)? {
                            all.insert(member.as_str(), value);
                        }
                    }
                    Ok(Some(JsonValue::Object(all)))
                }
                _ => self.plain(value).map(Some),
            },
        }
    }

    fn item(&self, ty: &Type, value: &Value, what: &str) -> Result<JsonValue, String> {
        match self.value(ty, value, what)? {
            Some(value) => Ok(value),
            None if ty.is_non_null() => Err(format!("An item of the {what} has no value.")),
            None => Ok(JsonValue::Null),
        }
    }

    /// A value of a scalar; one of one's own type may hold variables at any place.
    fn plain(&self, value: &Value) -> Result<JsonValue, String> {
        match value {
            Value::Variable(name) => Ok(self.variables.get(name.as_str()).cloned().unwrap_or(JsonValue::Null)),
            Value::List(items) => items.iter().map(|item| self.plain(item)).collect(),
            Value::Object(members) => {
                let mut all = JsonMap::new();
                for (name, value) in members {
                    all.insert(name.as_str(), self.plain(value)?);
                }
                Ok(JsonValue::Object(all))
            }
            other => constant(other),
        }
    }
}

/// A value without variables.
fn constant(value: &Value) -> Result<JsonValue, String> {
    Ok(match value {
        Value::Null | Value::Variable(_) => JsonValue::Null,
        Value::Enum(name) => name.as_str().into(),
        Value::String(text) => text.as_str().into(),
        Value::Boolean(is) => (*is).into(),
        Value::Int(number) => JsonValue::Number(numeral(number.as_str())?),
        Value::Float(number) => JsonValue::Number(numeral(number.as_str())?),
        Value::List(items) => return items.iter().map(|item| constant(item)).collect(),
        Value::Object(members) => {
            let mut all = JsonMap::new();
            for (name, value) in members {
                all.insert(name.as_str(), constant(value)?);
            }
            JsonValue::Object(all)
        }
    })
}

fn numeral(text: &str) -> Result<serde_json::Number, String> {
    text.parse().map_err(|_| format!("The number {text} is too large."))
}
