//! Values that only Azure knows: texts that carry a mark until it is clear whether they matter.

use crate::load::json::{Node, Value};

/// Noncharacters, which no text holds, around what is not known.
const OPEN: char = '\u{fdd0}';
const CLOSE: char = '\u{fdd1}';

/// A text that stands for something that is not known.
pub(super) fn mark(what: &str) -> String {
    format!("{OPEN}{what}{CLOSE}")
}

/// What is not known in a text, for a message.
pub(super) fn find(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(OPEN)?;
    Some(rest.split(CLOSE).next().unwrap_or(rest))
}

/// What is not known in a value, searched to its depth.
pub(super) fn find_in(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => find(text),
        Value::Array(elements) => elements.iter().find_map(|node| find_in(&node.value)),
        Value::Object(members) => members.iter().find_map(|(name, node)| find(name).or_else(|| find_in(&node.value))),
        _ => None,
    }
}

/// The text without marks.
pub(super) fn unmark(text: &str) -> String {
    text.replace([OPEN, CLOSE], "")
}

/// Removes the marks from ids, where the service does not matter; returns what is left: offset and what is not known.
pub(super) fn settle(node: &mut Node) -> Vec<(usize, String)> {
    let mut left = Vec::new();
    settle_into(node, &mut left);
    left
}

fn settle_into(node: &mut Node, left: &mut Vec<(usize, String)>) {
    match &mut node.value {
        Value::String(text) => {
            let Some(what) = find(text) else { return };
            if names_only_the_service(text) {
                *text = unmark(text);
            } else {
                left.push((node.offset, what.to_owned()));
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|node| settle_into(node, left)),
        Value::Object(members) => members.iter_mut().for_each(|(_, node)| settle_into(node, left)),
        _ => {}
    }
}

fn names_only_the_service(text: &str) -> bool {
    let Ok(id) = crate::model::ResourceId::parse(text) else { return false };
    id.is_full() && !id.segments().any(|(kind, name)| find(kind).or_else(|| find(name.unwrap_or_default())).is_some())
}
