//! A value of a document: what JSON and YAML have in common, with members in the order written.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Map),
}

static NULL: Node = Node::Null;

impl Node {
    pub(super) fn map(members: Vec<(String, Node)>) -> Self {
        Self::Map(Map::new(members))
    }

    /// The member of that name; null when there is none or this is no map.
    pub(super) fn get(&self, name: &str) -> &Node {
        self.find(name).unwrap_or(&NULL)
    }

    pub(super) fn find(&self, name: &str) -> Option<&Node> {
        match self {
            Self::Map(map) => map.get(name),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text, unless it is empty.
    pub(super) fn some_text(&self) -> Option<&str> {
        self.text().filter(|text| !text.is_empty())
    }

    pub(super) fn is_true(&self) -> bool {
        *self == Self::Bool(true)
    }

    pub(super) fn is_null(&self) -> bool {
        *self == Self::Null
    }

    pub(super) fn is_map(&self) -> bool {
        matches!(self, Self::Map(_))
    }

    /// The members, none when this is no map.
    pub(super) fn members(&self) -> &[(String, Node)] {
        match self {
            Self::Map(map) => &map.members,
            _ => &[],
        }
    }

    /// The items, none when this is no list.
    pub(super) fn items(&self) -> &[Node] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// What a JSON pointer (`/a/b~1c`) leads to.
    pub(super) fn pointer(&self, pointer: &str) -> Option<&Node> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |node, part| {
            let part = unescape(part);
            match node {
                Self::Map(map) => map.get(&part),
                Self::List(items) => items.get(part.parse::<usize>().ok()?),
                _ => None,
            }
        })
    }

    /// A scalar as text; other values as JSON.
    pub(super) fn to_text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            other => other.to_json().to_string(),
        }
    }

    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(value) => Value::Number(value.clone()),
            Self::Text(text) => Value::String(text.clone()),
            Self::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Self::Map(map) => {
                Value::Object(map.members.iter().map(|(name, value)| (name.clone(), value.to_json())).collect())
            }
        }
    }
}

/// Escapes a name for use in a JSON pointer.
pub(super) fn escape(name: &str) -> Cow<'_, str> {
    if name.contains(['~', '/']) { name.replace('~', "~0").replace('/', "~1").into() } else { name.into() }
}

fn unescape(part: &str) -> Cow<'_, str> {
    let part = percent_encoding::percent_decode_str(part).decode_utf8_lossy();
    if part.contains('~') { part.replace("~1", "/").replace("~0", "~").into() } else { part }
}

/// Members in the order written, found by name without a scan when there are many.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Map {
    members: Vec<(String, Node)>,
    /// Indexes into `members`, sorted by name; empty when there are few.
    sorted: Vec<u32>,
}

impl Map {
    /// Of members with the same name the last one stays, as .NET's JSON reader has it.
    fn new(members: Vec<(String, Node)>) -> Self {
        let mut sorted: Vec<u32> = (0..u32::try_from(members.len()).unwrap_or(u32::MAX)).collect();
        let name = |index: &u32| &members[*index as usize].0;
        sorted.sort_by(|a, b| name(a).cmp(name(b)));
        let earlier = |pair: &[u32]| (name(&pair[0]) == name(&pair[1])).then_some(pair[0] as usize);
        let repeated: HashSet<usize> = sorted.windows(2).filter_map(earlier).collect();
        if !repeated.is_empty() {
            let numbered = members.into_iter().enumerate();
            return Self::new(
                numbered.filter(|(index, _)| !repeated.contains(index)).map(|(_, member)| member).collect(),
            );
        }
        if members.len() <= 8 {
            sorted = Vec::new();
        }
        Self { members, sorted }
    }

    fn get(&self, name: &str) -> Option<&Node> {
        if self.sorted.is_empty() {
            return self.members.iter().find(|member| member.0 == name).map(|member| &member.1);
        }
        let found = self.sorted.binary_search_by(|&index| self.members[index as usize].0.as_str().cmp(name)).ok()?;
        Some(&self.members[self.sorted[found] as usize].1)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Node, E> {
        self.visit_f64(value as f64)
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Node, E> {
        self.visit_f64(value as f64)
    }

    /// A number that JSON cannot write stays text.
    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Number::from_f64(value).map_or_else(|| Node::Text(value.to_string()), Node::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        // A key that YAML reads as null is the text `null`.
        while let Some((name, value)) = members.next_entry::<Option<String>, Node>()? {
            list.push((name.unwrap_or_else(|| "null".to_owned()), value));
        }
        Ok(Node::Map(Map::new(list)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_order_and_the_last_of_repeated_members() {
        let node: Node = serde_json::from_str(r#"{"z":1,"a":2,"z":3,"m":null,"a":[true]}"#).unwrap();
        let names: Vec<_> = node.members().iter().map(|member| member.0.as_str()).collect();
        assert_eq!(names, ["z", "m", "a"]);
        assert_eq!(node.get("z").to_text(), "3");
    }

    #[test]
    fn finds_among_many_members_and_by_pointer() {
        let members: Vec<_> = (0..100).map(|n| format!("\"/p~{n}\":[{n}]")).collect();
        let node: Node = serde_json::from_str(&format!("{{{}}}", members.join(","))).unwrap();
        assert_eq!(node.pointer("/~1p~042/0").map(Node::to_text).as_deref(), Some("42"));
        assert_eq!(node.pointer("/nothing"), None);
        assert_eq!(escape("/p~42"), "~1p~042");
    }
}
