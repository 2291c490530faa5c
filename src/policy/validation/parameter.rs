//! Parameters and headers against what is declared of them.

use std::borrow::Cow;

use serde_json::{Number, Value};

use super::action::Action;
use super::contract::ParameterContract;
use super::report::{ErrorKind, Report};
use super::schema::{Breach, Lack, Variant};

/// What is said of a parameter or header when the schema of the API is not known.
pub(crate) const UNRESOLVED: &str = "API's schema doesn't exist or it couldn't be resolved.";

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Query,
    Path,
    RequestHeader,
    ResponseHeader,
}

impl Place {
    pub(crate) fn kind(self) -> ErrorKind {
        match self {
            Self::Query => ErrorKind::QueryParameter,
            Self::Path => ErrorKind::PathParameter,
            Self::RequestHeader => ErrorKind::RequestHeader,
            Self::ResponseHeader => ErrorKind::ResponseHeader,
        }
    }

    /// The words of messages.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Query => "query parameter",
            Self::Path => "path parameter",
            Self::RequestHeader | Self::ResponseHeader => "header",
        }
    }

    fn capitalized(self) -> &'static str {
        match self {
            Self::Query => "Query parameter",
            Self::Path => "Path parameter",
            Self::RequestHeader | Self::ResponseHeader => "Header",
        }
    }

    fn message(self) -> &'static str {
        if self == Self::ResponseHeader { "Response" } else { "Request" }
    }
}

/// Checks the values that a message has for a parameter, each a line or an occurrence.
pub(crate) fn check(
    report: &mut Report,
    action: Action,
    place: Place,
    declared: &ParameterContract,
    values: &[Cow<'_, str>],
) {
    if action == Action::Ignore {
        return;
    }
    let (kind, words, name) = (place.kind(), place.words(), &*declared.name);
    let is_list = &*declared.kind == "array";
    match values {
        [] if declared.required => {
            report.add(action, kind, name, "IncorrectMessage", format!("Required {words} {name} is missing."));
        }
        [] => {}
        [_, _, ..] if !is_list => {
            let details = format!("{} cannot contain multiple values for the {words} {name}.", place.message());
            report.add(action, kind, name, "IncorrectMessage", details);
        }
        values => match parsed(place, declared, values) {
            Ok(candidates) => {
                let length = values.iter().map(|value| value.len()).sum();
                conforms(report, action, place, declared, (&candidates, length));
            }
            Err(problem) => {
                let (details, public) = match place {
                    Place::ResponseHeader => {
                        let text =
                            format!("Value of the header {name} couldn't be parsed according to the definition.");
                        (text.clone(), text)
                    }
                    _ => (
                        format!(
                            "Value of the {words} {name} cannot be parsed according to the definition.\n\n{problem}"
                        ),
                        format!(
                            "Value of the {words} {name} couldn't be parsed according to the definition.\n\n{problem}"
                        ),
                    ),
                };
                report.add_as(action, (kind, name, "IncorrectMessage"), details, public);
            }
        },
    }
}

/// Checks a value, of a text of that length, against enumeration and schema; of several readings of a text one is enough.
fn conforms(
    report: &mut Report,
    action: Action,
    place: Place,
    declared: &ParameterContract,
    (candidates, length): (&[Value], usize),
) {
    let (kind, words, name) = (place.kind(), place.words(), &*declared.name);
    let mut breaches = Vec::new();
    let lack = declared.schema.as_ref().and_then(|schema| schema.lack());
    match &declared.schema {
        Some(_) if lack == Some(Lack::Document) => return report.add_no_schema(action, UNRESOLVED),
        Some(_) if lack == Some(Lack::Definitions) => {
            return report.add_no_schema(action, "API schema does not specify definitions.");
        }
        Some(schema) if lack.is_some() => {
            let definition = schema.name();
            let details = format!(
                "API's schema does not contain definition {definition}, which is associated with the {words} {name}."
            );
            return report.add_internal(action, (kind, name, "MissingDefinition"), details);
        }
        Some(schema) => {
            for candidate in candidates {
                match schema.check(candidate, length, Variant::default()) {
                    Ok(found) if found.is_empty() => return,
                    Ok(found) if breaches.is_empty() => breaches = found,
                    Ok(_) => {}
                    Err(exception) => {
                        let details = format!("{} {name} cannot be validated.\n\n{exception}", place.capitalized());
                        return report.add_internal(action, (kind, name, "ValidationError"), details);
                    }
                }
            }
        }
        None => {
            let is_known = |value: &Value| declared.values.iter().any(|known| is_text(value, known));
            let is_listed = |candidate: &Value| match candidate {
                Value::Array(items) => items.iter().all(is_known),
                one => is_known(one),
            };
            if declared.values.is_empty() || candidates.iter().any(is_listed) {
                return;
            }
            let values: Vec<_> = declared.values.iter().map(|value| format!("\"{value}\"")).collect();
            breaches
                .push(Breach { message: format!("The value is none of {}.", values.join(", ")), path: String::new() });
        }
    }
    for Breach { message, .. } in breaches {
        let rest =
            format!("alue of the {words} {name} does not conform to the definition.\n\n{message} Line: 1, Position: 1");
        report.add_as(action, (kind, name, "IncorrectMessage"), format!("V{rest}"), format!("The v{rest}"));
    }
}

/// Whether a value is written so.
fn is_text(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own == text,
        other => {
            let written = other.to_string();
            written == text
        }
    }
}

/// What the texts may stand for, by the type that is declared.
fn parsed(place: Place, declared: &ParameterContract, values: &[Cow<'_, str>]) -> Result<Vec<Value>, String> {
    let one = values.first().map_or("", |value| value.trim());
    let wrong = |kind: &str| format!("'{one}' is not {kind}.");
    Ok(match &*declared.kind {
        "integer" => {
            let number = one.parse::<i64>().map(Number::from).or_else(|_| one.parse::<u64>().map(Number::from));
            vec![Value::Number(number.map_err(|_| wrong("a whole number"))?)]
        }
        "number" => vec![number(one).ok_or_else(|| wrong("a number"))?],
        "boolean" => match one {
            "true" | "True" => vec![true.into()],
            "false" | "False" => vec![false.into()],
            _ => return Err(wrong("true or false")),
        },
        "array" => {
            // In a header and in a path, the items stand between commas.
            let items = || {
                values.iter().flat_map(|value| match place {
                    Place::Query => vec![value.trim()],
                    _ => value.split(',').map(str::trim).collect(),
                })
            };
            let texts = items().map(Value::from).collect();
            let scalars = items().map(|item| scalar(item).unwrap_or_else(|| item.into())).collect();
            vec![texts, scalars]
        }
        "object" => vec![serde_json::from_str(one).map_err(|error| error.to_string())?],
        "string" => vec![values.first().map_or("", |value| value).into()],
        _ => std::iter::once(values.first().map_or("", |value| value).into()).chain(scalar(one)).collect(),
    })
}

fn number(text: &str) -> Option<Value> {
    match text.parse::<i64>() {
        Ok(whole) => Some(whole.into()),
        // Rust reads `inf`, `nan` and `1.` too, JSON does not.
        Err(_) => serde_json::from_str::<Value>(text).ok().filter(Value::is_number),
    }
}

fn scalar(text: &str) -> Option<Value> {
    match text {
        "true" => Some(true.into()),
        "false" => Some(false.into()),
        text => number(text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::spec::Section;
    use super::*;

    #[test]
    fn each_item_of_an_array_is_one_of_the_listed_values() {
        let mut declared = ParameterContract::new("kinds", "array");
        declared.values = vec!["a".into(), "b".into(), "1".into()];
        for (values, is_good) in [(&["a", "b", "1", "a"][..], true), (&["a", "c"], false), (&["a"], true)] {
            let mut report = Report::new("validate-parameters", Section::Inbound, None);
            let values: Vec<_> = values.iter().map(|value| Cow::Borrowed(*value)).collect();
            check(&mut report, Action::Prevent, Place::Query, &declared, &values);
            assert_eq!(report.is_empty(), is_good, "{values:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_value_or_a_problem(text in any::<String>(), kind in "(integer|number|boolean|array|object|string|)") {
            let declared = ParameterContract::new("a", kind);
            for place in [Place::Query, Place::Path, Place::RequestHeader] {
                let _ = parsed(place, &declared, &[Cow::Borrowed(&text)]);
            }
        }
    }
}
