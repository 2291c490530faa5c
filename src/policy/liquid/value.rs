//! The values of templates.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::expr::dotnet::{DateTime, Decimal, TimeSpan};
use crate::expr::json::text::{double, quoted};

/// A value of a template. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) enum Value {
    #[default]
    Nil,
    Bool(bool),
    Int(i64),
    Decimal(Decimal),
    Double(f64),
    Text(Arc<str>),
    Date(DateTime),
    List(Arc<Vec<Value>>),
    Hash(Arc<Hash>),
    /// A member of a hash that is looped over.
    Pair(Arc<(Arc<str>, Value)>),
}

/// Values by name, in order.
#[derive(Debug, Default)]
pub(crate) struct Hash {
    members: Vec<(Arc<str>, Value)>,
    places: HashMap<Arc<str>, usize>,
    ignores_case: bool,
    /// What it prints as, instead of JSON.
    text: Option<Arc<str>>,
    /// What a loop goes over, instead of pairs.
    items: Option<Arc<Vec<Value>>>,
    /// How many bytes all of it is worth.
    weight: usize,
}

impl Hash {
    /// Names are told apart by case, as in JSON.
    pub(crate) fn new(members: Vec<(Arc<str>, Value)>) -> Self {
        Self::build(members, false)
    }

    /// Names are compared without case, as in XML and in `context`.
    pub(crate) fn ignoring_case(members: Vec<(Arc<str>, Value)>) -> Self {
        Self::build(members, true)
    }

    fn build(members: Vec<(Arc<str>, Value)>, ignores_case: bool) -> Self {
        let key = |name: &Arc<str>| if ignores_case { name.to_lowercase().into() } else { name.clone() };
        let places = members.iter().enumerate().map(|(place, (name, _))| (key(name), place)).collect();
        let weight = members.iter().map(|(name, value)| name.len() + value.weight()).sum();
        Self { members, places, ignores_case, text: None, items: None, weight }
    }

    /// Prints as this text.
    pub(crate) fn text(mut self, text: Arc<str>) -> Self {
        self.text = Some(text);
        self
    }

    /// Loops go over these.
    pub(crate) fn items(mut self, items: Vec<Value>) -> Self {
        self.items = Some(Arc::new(items));
        self
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        let place = if self.ignores_case { self.places.get(&*name.to_lowercase()) } else { self.places.get(name) };
        self.members.get(*place?).map(|(_, value)| value)
    }

    /// The first or last of what a loop goes over.
    fn edge(
        &self,
        item: fn(&[Value]) -> Option<&Value>,
        member: fn(&[(Arc<str>, Value)]) -> Option<&(Arc<str>, Value)>,
    ) -> Value {
        match &self.items {
            Some(items) => item(items).cloned().unwrap_or_default(),
            None => member(&self.members).map_or(Value::Nil, |pair| Value::Pair(Arc::new(pair.clone()))),
        }
    }

    pub(super) fn members(&self) -> &[(Arc<str>, Value)] {
        &self.members
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::List(Arc::new(items))
    }
}

impl From<Hash> for Value {
    fn from(hash: Hash) -> Self {
        Self::Hash(Arc::new(hash))
    }
}

impl Value {
    pub(super) fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    /// Only nil and false are false.
    pub(super) fn is_truthy(&self) -> bool {
        !matches!(self, Self::Nil | Self::Bool(false))
    }

    /// Nil, nothing, or white space alone.
    pub(super) fn is_blank(&self) -> bool {
        match self {
            Self::Nil => true,
            Self::Text(text) => text.trim().is_empty(),
            other => other.is_empty(),
        }
    }

    /// A text, list or hash that holds nothing.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::List(items) => items.is_empty(),
            Self::Hash(hash) => hash.members.is_empty() && hash.text.is_none(),
            _ => false,
        }
    }

    /// What a loop goes over.
    pub(super) fn items(&self) -> Arc<Vec<Value>> {
        match self {
            Self::List(items) => items.clone(),
            Self::Hash(hash) => match &hash.items {
                Some(items) => items.clone(),
                None => Arc::new(hash.members.iter().map(|pair| Self::Pair(Arc::new(pair.clone()))).collect()),
            },
            _ => Arc::default(),
        }
    }

    /// A member by name, or one of the members that lists have.
    pub(super) fn member(&self, name: &str) -> Self {
        match self {
            Self::Hash(hash) => match (hash.get(name), name) {
                (Some(value), _) => value.clone(),
                (None, "size") => Self::Int(hash.members.len() as i64),
                (None, "first") => hash.edge(<[_]>::first, <[_]>::first),
                (None, "last") => hash.edge(<[_]>::last, <[_]>::last),
                _ => Self::Nil,
            },
            Self::List(items) => match name {
                "size" => Self::Int(items.len() as i64),
                "first" => items.first().cloned().unwrap_or_default(),
                "last" => items.last().cloned().unwrap_or_default(),
                _ => name.parse().map_or(Self::Nil, |index| self.at(index)),
            },
            Self::Pair(pair) => match name.to_ascii_lowercase().as_str() {
                "key" | "0" => Self::Text(pair.0.clone()),
                "value" | "1" => pair.1.clone(),
                // `header.Name` of a pair is a member of its value.
                _ => pair.1.member(name),
            },
            Self::Text(text) if name == "size" => Self::Int(text.encode_utf16().count() as i64),
            _ => Self::Nil,
        }
    }

    /// An item by index; negative ones count from the end.
    pub(super) fn at(&self, index: i64) -> Self {
        match self {
            Self::List(items) => {
                let length = items.len() as i64;
                let index = if index < 0 { index.saturating_add(length) } else { index };
                usize::try_from(index).ok().and_then(|index| items.get(index)).cloned().unwrap_or_default()
            }
            other => other.member(&index.to_string()),
        }
    }

    /// How many bytes the value is worth to whoever copies or prints it.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::List(items) => items.iter().map(|item| item.weight() + 16).sum(),
            Self::Hash(hash) => hash.weight + 16,
            Self::Pair(pair) => pair.0.len() + pair.1.weight(),
            _ => 16,
        }
    }

    /// The text that the value prints.
    pub(super) fn to_text(&self) -> String {
        let mut out = String::new();
        // A limit that no text reaches: whoever prints without one bounds the value.
        let _ = self.print(&mut out, usize::MAX);
        out
    }

    /// Prints to `out`; false when that would be longer than `limit`.
    pub(super) fn print(&self, out: &mut String, limit: usize) -> bool {
        // INVARIANT: writing to a String does not fail.
        match self {
            Self::Nil => {}
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Int(value) => {
                let _ = write!(out, "{value}");
            }
            Self::Decimal(value) => {
                let _ = write!(out, "{}", value.normalize());
            }
            Self::Double(value) => {
                out.push_str(&crate::expr::dotnet::number::to_text(crate::expr::dotnet::number::Number::Double(*value)))
            }
            Self::Text(text) => out.push_str(text),
            Self::Date(date) => out.push_str(&date_text(*date)),
            Self::List(items) => return items.iter().all(|item| item.print(out, limit)),
            Self::Hash(hash) => match &hash.text {
                Some(text) => out.push_str(text),
                None => return self.print_json(out, limit),
            },
            Self::Pair(pair) => {
                let _ = write!(out, "[{}, ", pair.0);
                let fits = pair.1.print(out, limit);
                out.push(']');
                return fits;
            }
        }
        out.len() <= limit
    }

    fn print_json(&self, out: &mut String, limit: usize) -> bool {
        match self {
            Self::Nil => out.push_str("null"),
            Self::Bool(_) | Self::Int(_) | Self::Decimal(_) => return self.print(out, limit),
            Self::Double(value) if value.is_finite() => out.push_str(&double(*value)),
            Self::Text(text) => quoted(text, out),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    if !item.print_json(out, limit) {
                        return false;
                    }
                }
                out.push(']');
            }
            Self::Hash(hash) if hash.members.is_empty() && hash.text.is_some() => {
                quoted(hash.text.as_deref().unwrap_or_default(), out);
            }
            Self::Hash(hash) => {
                out.push('{');
                for (index, (name, value)) in hash.members.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    quoted(name, out);
                    out.push(':');
                    if !value.print_json(out, limit) {
                        return false;
                    }
                }
                out.push('}');
            }
            other => quoted(&other.to_text(), out),
        }
        out.len() <= limit
    }
}

/// `MM/dd/yyyy HH:mm:ss`.
pub(super) fn date_text(date: DateTime) -> String {
    date.format("MM/dd/yyyy HH:mm:ss", TimeSpan::ZERO).unwrap_or_default()
}
