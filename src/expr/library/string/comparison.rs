//! `StringComparison`: how two strings are compared.

use std::cmp::Ordering;

use crate::expr::dotnet::{chars, collation};
use crate::expr::fault::Fault;
use crate::expr::value::{Str, Value};

pub(super) const ORDINAL: Comparison = Comparison::Ordinal { ignores_case: false };
pub(super) const CULTURE: Comparison = Comparison::Culture { ignores_case: false };

/// How two strings are compared: `StringComparison`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Culture { ignores_case: bool },
    Ordinal { ignores_case: bool },
}

impl Comparison {
    /// The constant of `StringComparison`.
    pub(crate) fn of(value: &Value) -> Result<Self, Fault> {
        Ok(match value.integral() {
            Some(0 | 2) => Self::Culture { ignores_case: false },
            Some(1 | 3) => Self::Culture { ignores_case: true },
            Some(4) => Self::Ordinal { ignores_case: false },
            Some(5) => Self::Ordinal { ignores_case: true },
            _ => return Err(Fault::argument("The string comparison type passed in is currently not supported.")),
        })
    }

    pub(crate) fn compare(self, a: &Str, b: &Str) -> Ordering {
        match self {
            Self::Ordinal { ignores_case: false } => a.compare_ordinal(b),
            Self::Ordinal { ignores_case: true } => collation::ordinal_ignore_case(&a.text(), &b.text()),
            Self::Culture { ignores_case } => collation::culture(&a.text(), &b.text(), ignores_case),
        }
    }

    /// Compares with null first.
    pub(crate) fn compare_values(self, a: &Value, b: &Value) -> i32 {
        let order = match (a.as_text(), b.as_text()) {
            (Some(a), Some(b)) => self.compare(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        order as i32
    }

    pub(crate) fn equal(self, a: &Value, b: &Value) -> bool {
        match (a.as_text(), b.as_text(), self) {
            (Some(a), Some(b), Self::Ordinal { ignores_case: false }) => a == b,
            (Some(a), Some(b), _) => self.compare(a, b) == Ordering::Equal,
            (a, b, _) => a.is_none() && b.is_none(),
        }
    }

    /// The units of a text as this comparison sees them: searching is by unit.
    pub(super) fn fold(self, text: &Str) -> Vec<u16> {
        let ignores_case = match self {
            Self::Culture { ignores_case } | Self::Ordinal { ignores_case } => ignores_case,
        };
        let mut units = text.units();
        if ignores_case {
            for unit in &mut units {
                *unit = chars::to_upper(*unit);
            }
        }
        units
    }
}
