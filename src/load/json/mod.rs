//! JSON that remembers where each value stands in its file.

mod deserialize;
mod read;

pub(super) use read::parse;

/// A value and the byte offset at which it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) offset: usize,
    pub(super) value: Value,
}

/// A JSON value; members keep their order.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    String(String),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    pub(super) fn new(offset: usize, value: Value) -> Self {
        Self { offset, value }
    }

    pub(super) fn object(offset: usize) -> Self {
        Self::new(offset, Value::Object(Vec::new()))
    }

    /// The member of this name, without regard to case when the case differs.
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        let members = self.members()?;
        let exact = members.iter().find(|(key, _)| key == name);
        exact.or_else(|| members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))).map(|(_, node)| node)
    }

    pub(super) fn members(&self) -> Option<&[(String, Node)]> {
        if let Value::Object(members) = &self.value { Some(members) } else { None }
    }

    pub(super) fn elements(&self) -> Option<&[Node]> {
        if let Value::Array(elements) = &self.value { Some(elements) } else { None }
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = &self.value { Some(text) } else { None }
    }

    pub(super) fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// Adds or replaces a member of an object.
    pub(super) fn set(&mut self, name: &str, node: Node) {
        if let Value::Object(members) = &mut self.value {
            match members.iter_mut().find(|(key, _)| key == name) {
                Some((_, old)) => *old = node,
                None => members.push((name.to_owned(), node)),
            }
        }
    }

    /// Takes a member out of an object.
    pub(super) fn remove(&mut self, name: &str) -> Option<Node> {
        let Value::Object(members) = &mut self.value else { return None };
        let index = members.iter().position(|(key, _)| key == name)?;
        Some(members.remove(index).1)
    }

    /// Says that the value, with all inside, stands at this offset.
    pub(super) fn relocate(&mut self, offset: usize) {
        self.offset = offset;
        match &mut self.value {
            Value::Array(elements) => elements.iter_mut().for_each(|node| node.relocate(offset)),
            Value::Object(members) => members.iter_mut().for_each(|(_, node)| node.relocate(offset)),
            _ => {}
        }
    }

    /// Lays another value over this one: objects member by member, everything else as a whole.
    pub(super) fn merge(&mut self, over: &Node) {
        match (&mut self.value, &over.value) {
            (Value::Object(members), Value::Object(others)) => {
                for (name, other) in others {
                    match members.iter_mut().find(|(key, _)| key == name) {
                        Some((_, node)) => node.merge(other),
                        None => {
                            let mut node = other.clone();
                            node.relocate(self.offset);
                            members.push((name.clone(), node));
                        }
                    }
                }
            }
            (value, other) => {
                *value = other.clone();
                self.relocate(self.offset);
            }
        }
    }
}

impl Value {
    /// The name of the kind, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

impl From<&serde_json::Value> for Node {
    fn from(json: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        let value = match json {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) => Value::Number(number.clone()),
            Json::String(text) => Value::String(text.clone()),
            Json::Array(elements) => Value::Array(elements.iter().map(Self::from).collect()),
            Json::Object(members) => {
                Value::Object(members.iter().map(|(name, value)| (name.clone(), value.into())).collect())
            }
        };
        Self::new(0, value)
    }
}
