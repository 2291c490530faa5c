//! `IEqualityComparer<T>` and `IComparer<T>` arguments.

use std::cmp::Ordering;

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

    /// `GetHashCode`.
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
