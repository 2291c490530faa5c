//! A value of a document: what JSON and YAML have in common, with members in the order written.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

/// A value. Text that stands in the document as it is meant is borrowed from there.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node<'d> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'d, str>),
    List(Box<[Node<'d>]>),
    Map(Map<'d>),
}

/// A member of a map: its name and value.
pub(super) type Member<'d> = (Cow<'d, str>, Node<'d>);

static NULL: Node<'static> = Node::Null;

impl<'d> Node<'d> {
    pub(super) fn map(members: Vec<Member<'d>>) -> Self {
        Self::Map(Map::new(members))
    }

    /// The member of that name; null when there is none or this is no map.
    pub(super) fn get(&self, name: &str) -> &Node<'d> {
        self.find(name).unwrap_or(&NULL)
    }

    pub(super) fn find(&self, name: &str) -> Option<&Node<'d>> {
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
    pub(super) fn members(&self) -> &[Member<'d>] {
        match self {
            Self::Map(map) => &map.members,
            _ => &[],
        }
    }

    /// The items, none when this is no list.
    pub(super) fn items(&self) -> &[Node<'d>] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// What a JSON pointer (`/a/b~1c`) leads to.
    pub(super) fn pointer(&self, pointer: &str) -> Option<&Node<'d>> {
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
            Self::Text(text) => text.clone().into_owned(),
            other => other.to_json().to_string(),
        }
    }

    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(value) => Value::Number(value.clone()),
            Self::Text(text) => Value::String(text.clone().into_owned()),
            Self::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Self::Map(map) => {
                let members = map.members.iter();
                Value::Object(members.map(|(name, value)| (name.clone().into_owned(), value.to_json())).collect())
            }
        }
    }

    pub(super) fn into_json(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Number(value) => Value::Number(value),
            Self::Text(text) => Value::String(text.into_owned()),
            Self::List(items) => Value::Array(items.into_iter().map(Self::into_json).collect()),
            Self::Map(map) => {
                Value::Object(map.into_members().map(|(name, value)| (name.into_owned(), value.into_json())).collect())
            }
        }
    }

    /// The members, none when this is no map.
    pub(super) fn into_members(self) -> impl Iterator<Item = Member<'d>> {
        match self {
            Self::Map(map) => map.members.into_iter(),
            _ => Box::<[Member<'d>]>::default().into_iter(),
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
pub(super) struct Map<'d> {
    members: Box<[Member<'d>]>,
    /// None when there are few.
    index: Option<Box<Index>>,
}

/// The places of members, sorted by name.
#[derive(Clone, Debug, PartialEq)]
struct Index(Box<[u32]>);

/// So many members are scanned.
const FEW: usize = 8;

impl<'d> Map<'d> {
    /// Of members with the same name the last one stays, as .NET's JSON reader has it.
    fn new(mut members: Vec<Member<'d>>) -> Self {
        if members.len() <= FEW {
            let is_repeated = |at: usize, all: &[Member<'d>]| all[at + 1..].iter().any(|later| later.0 == all[at].0);
            for at in (0..members.len()).rev() {
                if is_repeated(at, &members) {
                    members.remove(at);
                }
            }
            return Self { members: members.into(), index: None };
        }
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
        Self { members: members.into(), index: Some(Box::new(Index(sorted.into()))) }
    }

    fn get(&self, name: &str) -> Option<&Node<'d>> {
        let Some(index) = &self.index else {
            return self.members.iter().find(|member| member.0 == name).map(|member| &member.1);
        };
        let found = index.0.binary_search_by(|&place| self.members[place as usize].0.as_ref().cmp(name)).ok()?;
        Some(&self.members[index.0[found] as usize].1)
    }

    fn into_members(self) -> impl Iterator<Item = Member<'d>> {
        self.members.into_iter()
    }
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Node<'de>, E> {
        self.visit_f64(value as f64)
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Node<'de>, E> {
        self.visit_f64(value as f64)
    }

    /// A number that JSON cannot write stays text.
    fn visit_f64<E>(self, value: f64) -> Result<Node<'de>, E> {
        Ok(Number::from_f64(value).map_or_else(|| Node::Text(value.to_string().into()), Node::Number))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(value.into()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(value.to_owned().into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node<'de>, E> {
        Ok(Node::Text(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some((Name(name), value)) = members.next_entry::<Name<'de>, Node<'de>>()? {
            list.push((name, value));
        }
        Ok(Node::Map(Map::new(list)))
    }
}

/// The name of a member; what YAML reads as null is the text `null`.
struct Name<'d>(Cow<'d, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_option(NameVisitor)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_unit<E>(self) -> Result<Name<'de>, E> {
        Ok(Name("null".into()))
    }

    fn visit_none<E>(self) -> Result<Name<'de>, E> {
        Ok(Name("null".into()))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name<'de>, D::Error> {
        deserializer.deserialize_str(self)
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Name<'de>, E> {
        Ok(Name(value.into()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Name<'de>, E> {
        Ok(Name(value.to_owned().into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Name<'de>, E> {
        Ok(Name(value.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_order_and_the_last_of_repeated_members() {
        let node: Node = serde_json::from_str(r#"{"z":1,"a":2,"z":3,"m":null,"a":[true]}"#).unwrap();
        let names: Vec<_> = node.members().iter().map(|member| member.0.as_ref()).collect();
        assert_eq!(names, ["z", "m", "a"]);
        assert_eq!(node.get("z").to_text(), "3");
    }

    #[test]
    fn finds_among_many_members_and_by_pointer() {
        let members: Vec<_> = (0..100).map(|n| format!("\"/p~{n}\":[{n}]")).collect();
        let text = format!("{{{}}}", members.join(","));
        let node: Node<'_> = serde_json::from_str(&text).unwrap();
        assert_eq!(node.pointer("/~1p~042/0").map(Node::to_text).as_deref(), Some("42"));
        assert_eq!(node.pointer("/nothing"), None);
        assert_eq!(escape("/p~42"), "~1p~042");
    }
}
