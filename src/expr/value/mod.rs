//! Values of expressions: what a .NET `object` can hold.

mod canonical;
mod coerce;
mod equality;
mod kept;
mod object;
mod release;
mod response;
mod storable;
mod str;

pub use object::ObjectRef;
pub(crate) use object::{Iterate, Object};
pub(crate) use release::{release, release_start};
pub use response::Response;
pub use str::Str;

use super::code::View;
use super::dotnet::{DateTime, DateTimeOffset, Decimal, Guid, TimeSpan};
use super::types::{Ty, TypeId};

/// A .NET value. Cheap to clone; objects are shared, as in .NET.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Value {
    /// `null`.
    Null,
    /// `System.Boolean`.
    Bool(bool),
    /// `System.Char`: a UTF-16 unit.
    Char(u16),
    /// `System.SByte`.
    SByte(i8),
    /// `System.Byte`.
    Byte(u8),
    /// `System.Int16`.
    Short(i16),
    /// `System.UInt16`.
    UShort(u16),
    /// `System.Int32`.
    Int(i32),
    /// `System.UInt32`.
    UInt(u32),
    /// `System.Int64`.
    Long(i64),
    /// `System.UInt64`.
    ULong(u64),
    /// `System.Single`.
    Float(f32),
    /// `System.Double`.
    Double(f64),
    /// `System.Decimal`.
    #[doc(hidden)]
    Decimal(Decimal),
    /// `System.String`.
    Str(Str),
    /// `System.DateTime`.
    #[doc(hidden)]
    DateTime(DateTime),
    /// `System.DateTimeOffset`.
    #[doc(hidden)]
    DateTimeOffset(DateTimeOffset),
    /// `System.TimeSpan`.
    #[doc(hidden)]
    TimeSpan(TimeSpan),
    /// `System.Guid`.
    #[doc(hidden)]
    Guid(Guid),
    /// A constant of an enumeration.
    #[doc(hidden)]
    Enum(EnumType, i64),
    /// A part of `context`, read when it is asked.
    #[doc(hidden)]
    View(View),
    /// Anything else.
    Object(ObjectRef),
}

/// Which enumeration a constant belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EnumType(pub(crate) TypeId);

impl Value {
    pub(crate) fn object(object: impl Object) -> Self {
        Self::Object(ObjectRef::new(object))
    }

    pub(crate) fn str(text: impl Into<Str>) -> Self {
        Self::Str(text.into())
    }

    pub(crate) fn enumeration(ty: TypeId, value: i64) -> Self {
        Self::Enum(EnumType(ty), value)
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The run-time type; [`Ty::Null`] for null.
    pub(crate) fn ty(&self) -> Ty {
        Ty::Named(match self {
            Self::Null => return Ty::Null,
            Self::Bool(_) => TypeId::Boolean,
            Self::Char(_) => TypeId::Char,
            Self::SByte(_) => TypeId::SByte,
            Self::Byte(_) => TypeId::Byte,
            Self::Short(_) => TypeId::Int16,
            Self::UShort(_) => TypeId::UInt16,
            Self::Int(_) => TypeId::Int32,
            Self::UInt(_) => TypeId::UInt32,
            Self::Long(_) => TypeId::Int64,
            Self::ULong(_) => TypeId::UInt64,
            Self::Float(_) => TypeId::Single,
            Self::Double(_) => TypeId::Double,
            Self::Decimal(_) => TypeId::Decimal,
            Self::Str(_) => TypeId::String,
            Self::DateTime(_) => TypeId::DateTime,
            Self::DateTimeOffset(_) => TypeId::DateTimeOffset,
            Self::TimeSpan(_) => TypeId::TimeSpan,
            Self::Guid(_) => TypeId::Guid,
            Self::Enum(ty, _) => ty.0,
            Self::View(view) => return view.ty(),
            Self::Object(object) => return object.0.ty(),
        })
    }

    /// The full name of the run-time type, such as `System.Collections.Generic.List<System.Int32>`; `null` for null.
    pub fn type_name(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            other => other.ty().full_name(),
        }
    }

    /// The object as a Rust type.
    pub(crate) fn downcast<T: Object>(&self) -> Option<&T> {
        match self {
            Self::Object(object) => object.downcast(),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_text(&self) -> Option<&Str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number of any integral type, enumeration or char.
    pub(crate) fn integral(&self) -> Option<i128> {
        Some(match self {
            Self::Char(v) => i128::from(*v),
            Self::SByte(v) => i128::from(*v),
            Self::Byte(v) => i128::from(*v),
            Self::Short(v) => i128::from(*v),
            Self::UShort(v) => i128::from(*v),
            Self::Int(v) => i128::from(*v),
            Self::UInt(v) => i128::from(*v),
            Self::Long(v) => i128::from(*v),
            Self::ULong(v) => i128::from(*v),
            Self::Enum(_, v) => i128::from(*v),
            _ => return None,
        })
    }

    /// The value of an integral type that holds the low bits of `v`.
    pub(crate) fn of_integral(ty: TypeId, v: i128) -> Option<Self> {
        Some(match ty {
            TypeId::Char => Self::Char(v as u16),
            TypeId::SByte => Self::SByte(v as i8),
            TypeId::Byte => Self::Byte(v as u8),
            TypeId::Int16 => Self::Short(v as i16),
            TypeId::UInt16 => Self::UShort(v as u16),
            TypeId::Int32 => Self::Int(v as i32),
            TypeId::UInt32 => Self::UInt(v as u32),
            TypeId::Int64 => Self::Long(v as i64),
            TypeId::UInt64 => Self::ULong(v as u64),
            _ => return None,
        })
    }

    /// `default(T)`.
    pub(crate) fn default_of(ty: &Ty) -> Self {
        let Ty::Named(id) = ty else {
            return match ty {
                Ty::Generic(id, args) => super::library::default_struct(*id, args),
                _ => Self::Null,
            };
        };
        match id {
            TypeId::Boolean => Self::Bool(false),
            TypeId::Single => Self::Float(0.0),
            TypeId::Double => Self::Double(0.0),
            TypeId::Decimal => Self::Decimal(Decimal::ZERO),
            TypeId::DateTime => Self::DateTime(DateTime::MIN),
            TypeId::DateTimeOffset => Self::DateTimeOffset(DateTimeOffset::MIN),
            TypeId::TimeSpan => Self::TimeSpan(TimeSpan::ZERO),
            TypeId::Guid => Self::Guid(Guid::EMPTY),
            _ if ty.is_enum() => Self::enumeration(*id, 0),
            _ => Self::of_integral(*id, 0).unwrap_or(Self::Null),
        }
    }
}

macro_rules! from {
    ($($from:ty => $variant:ident),*) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}

from! {
    bool => Bool, i8 => SByte, u8 => Byte, i16 => Short, u16 => UShort, i32 => Int, u32 => UInt, i64 => Long,
    u64 => ULong, f32 => Float, f64 => Double, &str => Str, String => Str, Str => Str
}

impl From<Decimal> for Value {
    fn from(value: Decimal) -> Self {
        Self::Decimal(value)
    }
}

impl From<DateTime> for Value {
    fn from(value: DateTime) -> Self {
        Self::DateTime(value)
    }
}

impl From<DateTimeOffset> for Value {
    fn from(value: DateTimeOffset) -> Self {
        Self::DateTimeOffset(value)
    }
}

impl From<TimeSpan> for Value {
    fn from(value: TimeSpan) -> Self {
        Self::TimeSpan(value)
    }
}

impl From<Guid> for Value {
    fn from(value: Guid) -> Self {
        Self::Guid(value)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
