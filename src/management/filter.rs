//! `$filter`: the part of OData that the contract names.

mod parser;

use std::cmp::Ordering;

use serde_json::{Map, Value};

/// A condition on a resource. Texts are compared without regard to case.
///
/// `eq ne gt ge lt le`, `and or not`, `contains startswith endswith substringof`, `any all`; a field is `name`, or a member
/// of the properties, such as `displayName`, `properties/displayName` or `tags/any(tag: tag eq 'x')`.
#[derive(Debug, PartialEq)]
pub(super) enum Filter {
    Or(Vec<Filter>),
    And(Vec<Filter>),
    Not(Box<Filter>),
    Compare { field: Field, operator: Operator, literal: Literal },
    Text { function: TextFunction, field: Field, text: String },
    Each { field: Field, all: bool, variable: String, condition: Option<Box<Filter>> },
}

/// A path of members.
#[derive(Debug, PartialEq)]
pub(super) struct Field(Vec<String>);

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum TextFunction {
    Contains,
    StartsWith,
    EndsWith,
}

#[derive(Debug, PartialEq)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
}

/// What a condition is asked about.
#[derive(Clone, Copy)]
struct Subject<'a> {
    name: &'a str,
    properties: &'a Map<String, Value>,
    variable: Option<(&'a str, &'a Value)>,
}

impl Filter {
    pub fn holds(&self, name: &str, properties: &Map<String, Value>) -> bool {
        self.test(Subject { name, properties, variable: None })
    }

    fn test(&self, subject: Subject<'_>) -> bool {
        match self {
            Self::Or(filters) => filters.iter().any(|filter| filter.test(subject)),
            Self::And(filters) => filters.iter().all(|filter| filter.test(subject)),
            Self::Not(filter) => !filter.test(subject),
            Self::Compare { field, operator, literal } => {
                let value = field.value(subject);
                match (literal.order(&value), operator) {
                    (Some(order), Operator::Eq) => order.is_eq(),
                    (Some(order), Operator::Ne) => order.is_ne(),
                    (Some(order), Operator::Gt) => order.is_gt(),
                    (Some(order), Operator::Ge) => order.is_ge(),
                    (Some(order), Operator::Lt) => order.is_lt(),
                    (Some(order), Operator::Le) => order.is_le(),
                    (None, operator) => *operator == Operator::Ne,
                }
            }
            Self::Text { function, field, text } => match field.value(subject) {
                Value::String(value) => {
                    let value = value.to_lowercase();
                    match function {
                        TextFunction::Contains => value.contains(text.as_str()),
                        TextFunction::StartsWith => value.starts_with(text.as_str()),
                        TextFunction::EndsWith => value.ends_with(text.as_str()),
                    }
                }
                _ => false,
            },
            Self::Each { field, all, variable, condition } => {
                let value = field.value(subject);
                let elements = value.as_array().map(Vec::as_slice).unwrap_or_default();
                let mut results = elements.iter().map(|element| {
                    let inner = Subject { variable: Some((variable, element)), ..subject };
                    condition.as_ref().is_none_or(|condition| condition.test(inner))
                });
                if *all { results.all(|holds| holds) } else { results.any(|holds| holds) }
            }
        }
    }
}

impl Field {
    fn value(&self, subject: Subject<'_>) -> Value {
        let mut words = self.0.iter().map(String::as_str).peekable();
        let mut value = match subject.variable {
            Some((variable, value)) if words.peek() == Some(&variable) => {
                words.next();
                value.clone()
            }
            _ => match words.next() {
                Some("name") if self.0.len() == 1 => return subject.name.into(),
                Some(word) => member(subject.properties, word),
                None => Value::Null,
            },
        };
        for word in words {
            value = value.as_object().map_or(Value::Null, |members| member(members, word));
        }
        value
    }
}

fn member(members: &Map<String, Value>, name: &str) -> Value {
    members.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map_or(Value::Null, |(_, value)| value.clone())
}

impl Literal {
    /// How a value stands to this; none when the two cannot be compared.
    fn order(&self, value: &Value) -> Option<Ordering> {
        match (self, value) {
            (Self::Null, Value::Null) => Some(Ordering::Equal),
            (Self::Bool(literal), Value::Bool(value)) => Some(value.cmp(literal)),
            (Self::Number(literal), Value::Number(value)) => value.as_f64()?.partial_cmp(literal),
            (Self::Number(literal), Value::String(value)) => Some(value.to_lowercase().cmp(&literal.to_string())),
            (Self::Text(literal), Value::String(value)) => Some(value.to_lowercase().cmp(literal)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const FIELDS: &[&str] = &["displayName", "path", "isCurrent", "limit", "tags", "created"];

    fn holds(filter: &str) -> bool {
        let properties = json!({
            "displayName": "It's Orders", "path": "a/b", "isCurrent": true, "limit": 7, "tags": ["Red", "blue"],
            "created": "2024-05-01T10:00:00Z"
        });
        Filter::parse(filter, FIELDS)
            .unwrap_or_else(|failure| panic!("{filter}: {failure:?}"))
            .holds("orders", properties.as_object().unwrap())
    }

    #[test]
    fn conditions() {
        for (filter, expected) in [
            ("name eq 'orders'", true),
            ("name eq 'ORDERS'", true),
            ("name ne 'orders'", false),
            ("displayName eq 'it''s orders'", true),
            ("properties/displayName eq 'x'", false),
            ("contains(displayName, 'ORD')", true),
            ("substringof('ord', displayName)", true),
            ("startswith(name,'ord') and endswith(name,'s')", true),
            ("not startswith(name,'ord')", false),
            ("not (name eq 'x') and (path eq 'a/b' or path eq 'c')", true),
            ("isCurrent eq true", true),
            ("isCurrent eq false or limit ge 7", true),
            ("limit gt 7", false),
            ("limit lt 7.5 and limit le 7", true),
            ("tags/any(tag: tag eq 'red')", true),
            ("tags/all(tag: contains(tag, 'e'))", true),
            ("tags/all(tag: tag eq 'red')", false),
            ("tags/any()", true),
            ("created gt 2024-01-01T00:00:00Z", true),
            ("created gt datetime'2025-01-01T00:00:00Z'", false),
            ("path eq null", false),
            ("path ne null", true),
        ] {
            assert_eq!(holds(filter), expected, "{filter}");
        }
    }

    #[test]
    fn what_is_none() {
        let deep = format!("{}name eq 'a'{}", "(".repeat(5000), ")".repeat(5000));
        for filter in [
            "",
            "name",
            "name eq",
            "name eq 'a",
            "name is 'a'",
            "value eq 'a'",
            "(name eq 'a'",
            "name eq 'a')",
            "length(name) eq 3",
            "contains(name, 3)",
            "contains(name 'a')",
            "tags/any(t t eq 'a')",
            "name eq a",
            &deep,
        ] {
            assert!(Filter::parse(filter, FIELDS).is_err(), "{filter}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in ".*", words in "(name|eq|'a'|and|not|\\(|\\)|tags/any\\(|t:|contains\\(|,| )*") {
            let _ = Filter::parse(&text, FIELDS);
            if let Ok(filter) = Filter::parse(&words, FIELDS) {
                filter.holds("x", &Map::new());
            }
        }
    }
}
