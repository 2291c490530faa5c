//! Functions of arrays and objects, and those that take a text like an array.

use super::logic::is_same;
use super::text::MAX_TEXT;
use super::{Outcome, integer, member, nodes, number, string, to_text};
use crate::load::json::{Node, Value};

/// Calls one; nothing when the function or its arguments are others.
pub(super) fn call(name: &str, values: &[Value]) -> Option<Outcome> {
    match (name, values) {
        ("concat", values) => {
            let mut all = Vec::new();
            for value in values {
                let Value::Array(elements) = value else { return None };
                all.extend(elements.iter().cloned());
            }
            Some(Ok(Value::Array(all)))
        }
        ("createarray", values) => Some(Ok(nodes(values))),
        ("array", [value @ Value::Array(_)]) => Some(Ok(value.clone())),
        ("array", [value]) => Some(Ok(nodes(std::slice::from_ref(value)))),
        ("createobject", values) if values.len().is_multiple_of(2) => {
            let mut object = Node::object(0);
            for pair in values.chunks_exact(2) {
                let [Value::String(name), value] = pair else { return None };
                object.set(name, Node::new(0, value.clone()));
            }
            Some(Ok(object.value))
        }
        ("length", [Value::String(text)]) => number(text.chars().count()),
        ("length", [Value::Array(elements)]) => number(elements.len()),
        ("length", [Value::Object(members)]) => number(members.len()),
        ("empty", [value]) => Some(Ok(Value::Bool(match value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(elements) => elements.is_empty(),
            Value::Object(members) => members.is_empty(),
            _ => return None,
        }))),
        ("contains", [Value::String(text), part]) => Some(Ok(Value::Bool(text.contains(&to_text(part))))),
        ("contains", [Value::Array(elements), value]) => {
            Some(Ok(Value::Bool(elements.iter().any(|node| is_same(&node.value, value)))))
        }
        ("contains", [Value::Object(members), Value::String(name)]) => {
            Some(Ok(Value::Bool(members.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)))))
        }
        ("first", [Value::Array(elements)]) => {
            Some(Ok(elements.first().map_or(Value::Null, |node| node.value.clone())))
        }
        ("last", [Value::Array(elements)]) => Some(Ok(elements.last().map_or(Value::Null, |node| node.value.clone()))),
        ("first", [Value::String(text)]) => string(text.chars().next().map(String::from).unwrap_or_default()),
        ("last", [Value::String(text)]) => string(text.chars().next_back().map(String::from).unwrap_or_default()),
        ("take" | "skip", [value, count]) => {
            let count = usize::try_from(integer(count)?.max(0)).ok()?;
            Some(Ok(match (value, name) {
                (Value::String(text), "take") => Value::String(text.chars().take(count).collect()),
                (Value::String(text), _) => Value::String(text.chars().skip(count).collect()),
                (Value::Array(elements), "take") => Value::Array(elements.iter().take(count).cloned().collect()),
                (Value::Array(elements), _) => Value::Array(elements.iter().skip(count).cloned().collect()),
                _ => return None,
            }))
        }
        ("join", [Value::Array(elements), Value::String(separator)]) => {
            if elements.len().saturating_mul(separator.len()) > MAX_TEXT {
                return Some(Err("`join` makes too much text".to_owned()));
            }
            string(elements.iter().map(|node| to_text(&node.value)).collect::<Vec<_>>().join(separator))
        }
        ("range", [start, count]) => {
            let (start, count) = (integer(start)?, integer(count).filter(|count| (0..=10_000).contains(count))?);
            let end = start.checked_add(count)?;
            Some(Ok(nodes(&(start..end).map(|number| Value::Number(number.into())).collect::<Vec<_>>())))
        }
        ("union", [Value::Object(_), ..]) => {
            let mut all = Node::object(0);
            for value in values {
                let Value::Object(_) = value else { return None };
                all.merge(&Node::new(0, value.clone()));
            }
            Some(Ok(all.value))
        }
        ("union", values) => {
            let mut all: Vec<Node> = Vec::new();
            for value in values {
                let Value::Array(elements) = value else { return None };
                for element in elements {
                    if !all.iter().any(|node| is_same(&node.value, &element.value)) {
                        all.push(element.clone());
                    }
                }
            }
            Some(Ok(Value::Array(all)))
        }
        ("items", [Value::Object(members)]) => {
            let pair = |(name, node): &(String, Node)| {
                let mut pair = Node::object(0);
                pair.set("key", Node::new(0, Value::String(name.clone())));
                pair.set("value", node.clone());
                pair.value
            };
            let mut sorted = members.clone();
            sorted.sort_by(|a, b| a.0.cmp(&b.0));
            Some(Ok(nodes(&sorted.iter().map(pair).collect::<Vec<_>>())))
        }
        ("tryget", [object, key]) => Some(Ok(member(object, key).unwrap_or(Value::Null))),
        _ => None,
    }
}
