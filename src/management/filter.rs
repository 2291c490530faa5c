//! `$filter`: the part of OData that the contract names.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::error::Failure;

/// How deep parentheses and `not` may nest.
const DEPTH: usize = 32;

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
    /// Reads a condition on `fields` or the name.
    pub fn parse(text: &str, fields: &[&str]) -> Result<Self, Failure> {
        let mut parser = Parser { rest: text, fields, variables: Vec::new() };
        let parsed = parser.or(0).and_then(|filter| match parser.rest.trim() {
            "" => Ok(filter),
            rest => Err(format!("`{}` is not expected", first_word(rest))),
        });
        parsed.map_err(|problem| Failure::validation("$filter", format!("`$filter`: {problem}")))
    }

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

struct Parser<'a> {
    rest: &'a str,
    fields: &'a [&'a str],
    variables: Vec<String>,
}

impl Parser<'_> {
    fn or(&mut self, depth: usize) -> Result<Filter, String> {
        let mut filters = vec![self.and(depth)?];
        while self.take_word("or") {
            filters.push(self.and(depth)?);
        }
        Ok(if filters.len() == 1 { filters.swap_remove(0) } else { Filter::Or(filters) })
    }

    fn and(&mut self, depth: usize) -> Result<Filter, String> {
        let mut filters = vec![self.term(depth)?];
        while self.take_word("and") {
            filters.push(self.term(depth)?);
        }
        Ok(if filters.len() == 1 { filters.swap_remove(0) } else { Filter::And(filters) })
    }

    fn term(&mut self, depth: usize) -> Result<Filter, String> {
        if depth > DEPTH {
            return Err(format!("it nests deeper than {DEPTH}"));
        }
        if self.take("(") {
            let inner = self.or(depth + 1)?;
            self.expect(")")?;
            return Ok(inner);
        }
        if self.take_word("not") {
            return Ok(Filter::Not(Box::new(self.term(depth + 1)?)));
        }
        let word = self.word()?;
        if self.take("(") {
            return self.call(&word, depth);
        }
        let field = self.field(&word)?;
        let operator = match self.word()?.to_ascii_lowercase().as_str() {
            "eq" => Operator::Eq,
            "ne" => Operator::Ne,
            "gt" => Operator::Gt,
            "ge" => Operator::Ge,
            "lt" => Operator::Lt,
            "le" => Operator::Le,
            other => {
                return Err(format!("`{other}` is not an operator: expected `eq`, `ne`, `gt`, `ge`, `lt` or `le`"));
            }
        };
        Ok(Filter::Compare { field, operator, literal: self.literal()? })
    }

    fn call(&mut self, word: &str, depth: usize) -> Result<Filter, String> {
        if let Some((path, last @ ("any" | "all"))) = word.rsplit_once('/') {
            return self.each(path, last == "all", depth);
        }
        let function = match word.to_ascii_lowercase().as_str() {
            "contains" | "substringof" => TextFunction::Contains,
            "startswith" => TextFunction::StartsWith,
            "endswith" => TextFunction::EndsWith,
            other => {
                return Err(format!(
                    "`{other}` is not a function: expected `contains`, `startswith`, `endswith` or `substringof`"
                ));
            }
        };
        // `substringof` has its arguments the other way round.
        let (field, literal) = if self.rest.trim_start().starts_with('\'') {
            let literal = self.literal()?;
            self.expect(",")?;
            let word = self.word()?;
            (self.field(&word)?, literal)
        } else {
            let word = self.word()?;
            let field = self.field(&word)?;
            self.expect(",")?;
            (field, self.literal()?)
        };
        self.expect(")")?;
        let Literal::Text(text) = literal else { return Err(format!("`{word}` needs a text in single quotes")) };
        Ok(Filter::Text { function, field, text })
    }

    fn each(&mut self, path: &str, all: bool, depth: usize) -> Result<Filter, String> {
        let field = self.field(path)?;
        if self.take(")") {
            return Ok(Filter::Each { field, all, variable: String::new(), condition: None });
        }
        let variable = self.word()?;
        self.expect(":")?;
        self.variables.push(variable.clone());
        let condition = self.or(depth + 1)?;
        self.variables.pop();
        self.expect(")")?;
        Ok(Filter::Each { field, all, variable, condition: Some(Box::new(condition)) })
    }

    fn field(&self, text: &str) -> Result<Field, String> {
        let path: Vec<String> = text.split(['/', '.']).map(str::to_owned).collect();
        let path = match path.split_first() {
            Some((first, rest)) if first == "properties" && !rest.is_empty() => rest.to_vec(),
            _ => path,
        };
        let first = path.first().map_or("", String::as_str);
        let is_known = first.eq_ignore_ascii_case("name")
            || self.variables.iter().any(|variable| variable == first)
            || self.fields.iter().any(|field| field.eq_ignore_ascii_case(first));
        if !is_known {
            let known: Vec<String> =
                std::iter::once(&"name").chain(self.fields).map(|field| format!("`{field}`")).collect();
            return Err(format!("`{first}` cannot be filtered by: expected one of {}", known.join(", ")));
        }
        Ok(Field(path))
    }

    fn literal(&mut self) -> Result<Literal, String> {
        let rest = self.rest.trim_start();
        let quoted = rest.strip_prefix('\'').or_else(|| rest.strip_prefix("datetime'"));
        if let Some(mut rest) = quoted {
            let mut text = String::new();
            loop {
                let (part, after) = rest.split_once('\'').ok_or("a text is not closed: expected `'`")?;
                text.push_str(part);
                match after.strip_prefix('\'') {
                    Some(more) => {
                        text.push('\'');
                        rest = more;
                    }
                    None => {
                        self.rest = after;
                        return Ok(Literal::Text(text.to_lowercase()));
                    }
                }
            }
        }
        let word = self.word()?;
        Ok(match word.to_ascii_lowercase().as_str() {
            "null" => Literal::Null,
            "true" => Literal::Bool(true),
            "false" => Literal::Bool(false),
            text => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Literal::Number(number),
                // A point in time needs no quotes.
                _ if text.starts_with(|c: char| c.is_ascii_digit()) => Literal::Text(text.to_owned()),
                _ => {
                    return Err(format!(
                        "`{word}` is not a value: expected a text in single quotes, a number, true or false"
                    ));
                }
            },
        })
    }

    fn word(&mut self) -> Result<String, String> {
        let rest = self.rest.trim_start();
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '/' | '.' | '-' | '+');
        let mut end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        // The colons of a point in time.
        if rest.starts_with(|c: char| c.is_ascii_digit()) {
            end = rest.find(|c: char| !is_part(c) && c != ':').unwrap_or(rest.len());
        }
        let (word, after) = rest.split_at(end);
        if word.is_empty() {
            return Err(match rest {
                "" => "it ends too early".to_owned(),
                _ => format!("`{}` is not expected", first_word(rest)),
            });
        }
        self.rest = after;
        Ok(word.to_owned())
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.rest.trim_start().strip_prefix(sign);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn take_word(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start();
        let Some((start, after)) = rest.split_at_checked(word.len()) else { return false };
        let is_it = start.eq_ignore_ascii_case(word) && after.starts_with([' ', '(', '\t']);
        if is_it {
            self.rest = after;
        }
        is_it
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.take(sign) {
            return Ok(());
        }
        Err(match self.rest.trim() {
            "" => format!("it ends too early: expected `{sign}`"),
            rest => format!("`{}` is not expected: expected `{sign}`", first_word(rest)),
        })
    }
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
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
