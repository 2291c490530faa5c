//! `IEqualityComparer<T>` and `IComparer<T>` arguments, and sets of values that use them.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::comparers::{self, Deep};
use super::string::{Comparer, Comparison};
use crate::expr::code::Run;
use crate::expr::dotnet::chars;
use crate::expr::fault::Fault;
use crate::expr::value::Value;

/// What makes two values equal, or orders them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Comparing {
    Default,
    /// A `StringComparer`.
    Text(Comparison),
    /// A comparer that looks inside.
    Deep(Deep),
}

impl Comparing {
    /// The comparer of an argument; null is the default one.
    pub(crate) fn of(argument: Option<&Value>) -> Self {
        let Some(argument) = argument else { return Self::Default };
        match (argument.downcast::<Comparer>(), comparers::deep_of(argument)) {
            (Some(comparer), _) => Self::Text(comparer.0),
            (_, Some(deep)) => Self::Deep(deep),
            _ => Self::Default,
        }
    }

    pub(crate) fn equal(self, a: &Value, b: &Value) -> bool {
        match self {
            Self::Text(how) if a.as_text().is_some() || b.as_text().is_some() => how.equal(a, b),
            Self::Deep(deep) => deep.equal(a, b),
            _ => a.equals(b),
        }
    }

    pub(crate) fn hash(self, value: &Value) -> i32 {
        match (self, value.as_text()) {
            (
                Self::Text(Comparison::Ordinal { ignores_case: true } | Comparison::Culture { ignores_case: true }),
                Some(text),
            ) => Value::str(chars::upper_text(&text.text())).hash_code(),
            (Self::Deep(deep), _) => deep.hash(value),
            _ => value.hash_code(),
        }
    }

    pub(crate) fn compare(self, run: &mut Run<'_>, a: &Value, b: &Value) -> Result<Ordering, Fault> {
        match self {
            Self::Text(how) => {
                run.step()?;
                Ok(how.compare_values(a, b).cmp(&0))
            }
            _ => run.compare(a, b),
        }
    }
}

/// Values, each once, in the order in which they came.
pub(crate) struct ValueSet {
    comparing: Comparing,
    items: Vec<Value>,
    places: HashMap<i32, Vec<usize>>,
}

impl ValueSet {
    pub(crate) fn new(comparing: Comparing) -> Self {
        Self { comparing, items: Vec::new(), places: HashMap::new() }
    }

    /// Where the value stands.
    pub(crate) fn find(&self, value: &Value) -> Option<usize> {
        let places = self.places.get(&self.comparing.hash(value))?;
        places.iter().copied().find(|at| self.items.get(*at).is_some_and(|item| self.comparing.equal(item, value)))
    }

    /// Adds a value; its place, and whether it is new.
    pub(crate) fn add(&mut self, value: Value) -> (usize, bool) {
        if let Some(at) = self.find(&value) {
            return (at, false);
        }
        let at = self.items.len();
        self.places.entry(self.comparing.hash(&value)).or_default().push(at);
        self.items.push(value);
        (at, true)
    }

    pub(crate) fn into_items(self) -> Vec<Value> {
        self.items
    }
}
