//! `Equals`, `GetHashCode` and `Comparer.Default` of any value.

use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::Value;
use crate::expr::code::Run;
use crate::expr::dotnet::collation::{culture, differing};
use crate::expr::fault::Fault;

/// The basic steps of comparing a byte by culture.
const COLLATED: usize = 8;

/// The hash code of 64 bits: both halves.
fn folded(bits: u64) -> i32 {
    bits as i32 ^ (bits >> 32) as i32
}

impl Value {
    /// `object.Equals`: same type and same value; objects say for themselves, else by reference.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Self::Double(a), Self::Double(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Self::Decimal(a), Self::Decimal(b)) => a == b,
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::DateTime(a), Self::DateTime(b)) => a == b,
            (Self::DateTimeOffset(a), Self::DateTimeOffset(b)) => a == b,
            (Self::TimeSpan(a), Self::TimeSpan(b)) => a == b,
            (Self::Guid(a), Self::Guid(b)) => a == b,
            (Self::Enum(a, x), Self::Enum(b, y)) => a == b && x == y,
            (Self::View(a), Self::View(b)) => a == b,
            (Self::Object(a), _) => match a.0.equals(other) {
                Some(equal) => equal,
                None => matches!(other, Self::Object(b) if a.same(b)),
            },
            (Self::Enum(..), _) | (_, Self::Enum(..)) => false,
            _ => match (self.integral(), other.integral()) {
                (Some(a), Some(b)) => a == b && std::mem::discriminant(self) == std::mem::discriminant(other),
                _ => false,
            },
        }
    }

    /// `GetHashCode`: equal for what [`equals`](Self::equals) calls equal.
    pub(crate) fn hash_code(&self) -> i32 {
        let mut hasher = DefaultHasher::new();
        match self {
            Self::Null => return 0,
            Self::Bool(v) => return i32::from(*v),
            Self::Int(v) => return *v,
            Self::Byte(v) => return i32::from(*v),
            Self::SByte(v) => return i32::from(*v),
            Self::Short(v) => return i32::from(*v),
            Self::UShort(v) => return i32::from(*v),
            Self::UInt(v) => return *v as i32,
            Self::Char(v) => return i32::from(*v) | i32::from(*v) << 16,
            Self::Long(v) => return folded(*v as u64),
            Self::ULong(v) => return folded(*v),
            Self::Enum(_, v) => return *v as i32,
            Self::Float(v) => return if *v == 0.0 { 0 } else { v.to_bits() as i32 },
            Self::Double(v) => return if *v == 0.0 { 0 } else { folded(v.to_bits()) },
            Self::TimeSpan(v) => return folded(v.ticks() as u64),
            Self::DateTime(v) => return folded(v.ticks() as u64),
            Self::DateTimeOffset(v) => return folded(v.utc_ticks() as u64),
            Self::Decimal(v) => v.hash(&mut hasher),
            Self::Str(v) => v.hash(&mut hasher),
            Self::Guid(v) => {
                let words = v.to_bytes();
                let words = words.chunks_exact(4).map(|word| word.iter().rev().fold(0, |n, b| n << 8 | i32::from(*b)));
                return words.fold(0, |code, word| code ^ word);
            }
            Self::View(v) => v.hash(&mut hasher),
            Self::Object(v) => match v.0.hash_code() {
                Some(code) => return code,
                None => Arc::as_ptr(&v.0).cast::<()>().addr().hash(&mut hasher),
            },
        }
        hasher.finish() as i32
    }

    /// The order of two values of one type, when they have one of their own: no null, no objects.
    fn order(&self, other: &Self) -> Option<Ordering> {
        Some(match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Float(a), Self::Float(b)) => real_order(f64::from(*a), f64::from(*b)),
            (Self::Double(a), Self::Double(b)) => real_order(*a, *b),
            (Self::Decimal(a), Self::Decimal(b)) => a.cmp(b),
            (Self::Str(a), Self::Str(b)) => culture(&a.text(), &b.text(), false),
            (Self::DateTime(a), Self::DateTime(b)) => a.cmp(b),
            (Self::DateTimeOffset(a), Self::DateTimeOffset(b)) => a.cmp(b),
            (Self::TimeSpan(a), Self::TimeSpan(b)) => a.cmp(b),
            (Self::Guid(a), Self::Guid(b)) => a.cmp(b),
            _ if std::mem::discriminant(self) == std::mem::discriminant(other) => {
                self.integral()?.cmp(&other.integral()?)
            }
            _ => return None,
        })
    }
}

/// NaN comes before every number.
fn real_order(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}

impl Run<'_> {
    /// `Comparer.Default`: null first, strings by culture.
    pub(crate) fn compare(&mut self, a: &Value, b: &Value) -> Result<Ordering, Fault> {
        self.step()?;
        match (a, b) {
            (Value::Null, Value::Null) => return Ok(Ordering::Equal),
            (Value::Null, _) => return Ok(Ordering::Less),
            (_, Value::Null) => return Ok(Ordering::Greater),
            (Value::Str(a), Value::Str(b)) => {
                let (all, differing) = (a.byte_len().min(b.byte_len()), differing(&a.text(), &b.text()));
                self.steps(all / 16 + differing.saturating_mul(COLLATED))?;
            }
            _ => {}
        }
        if let Some(order) = a.order(b) {
            return Ok(order);
        }
        if let Value::Object(object) = a {
            let object = Arc::clone(&object.0);
            if let Some(order) = object.compare(self, b)? {
                return Ok(order);
            }
        }
        if matches!((a, b), (Value::Object(_), _) | (_, Value::Object(_))) && a.equals(b) {
            return Ok(Ordering::Equal);
        }
        if a.ty() == b.ty() {
            return Err(Fault::argument("At least one object must implement IComparable."));
        }
        Err(Fault::argument(format!("Object must be of type {}.", a.ty().short())))
    }
}
