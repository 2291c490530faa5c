//! A type as the compiler sees it.

use std::fmt::Write;
use std::sync::Arc;

use super::list::{Kind, TypeId};

/// A C# type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ty {
    /// Of an expression that is in error: converts to and from everything, so that one mistake is told once.
    Error,
    Void,
    /// Of the literal `null`.
    Null,
    Named(TypeId),
    Generic(TypeId, Arc<[Ty]>),
    /// Element type and rank.
    Array(Arc<Ty>, u8),
    Nullable(Arc<Ty>),
    /// A type parameter of a member: first those of its type, then its own.
    Param(u16),
    Anonymous(Arc<Anonymous>),
    /// The names of a tuple's items, behind their types: no part of what the type is.
    Names(ItemNames),
}

/// The names of a tuple's items, at least those that have one. All are equal, as types that differ by names only are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct ItemNames(Arc<[Option<Box<str>>]>);

impl PartialEq for ItemNames {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for ItemNames {}

impl std::hash::Hash for ItemNames {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

/// An anonymous type: its property names and types.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Anonymous {
    pub(crate) names: Vec<Box<str>>,
    pub(crate) types: Vec<Ty>,
}

#[allow(non_upper_case_globals)]
impl Ty {
    pub(crate) const Object: Self = Self::Named(TypeId::Object);
    pub(crate) const String: Self = Self::Named(TypeId::String);
    pub(crate) const Bool: Self = Self::Named(TypeId::Boolean);
    pub(crate) const Char: Self = Self::Named(TypeId::Char);
    pub(crate) const Int: Self = Self::Named(TypeId::Int32);
    pub(crate) const UInt: Self = Self::Named(TypeId::UInt32);
    pub(crate) const Long: Self = Self::Named(TypeId::Int64);
    pub(crate) const ULong: Self = Self::Named(TypeId::UInt64);
    pub(crate) const Float: Self = Self::Named(TypeId::Single);
    pub(crate) const Double: Self = Self::Named(TypeId::Double);
    pub(crate) const Decimal: Self = Self::Named(TypeId::Decimal);
}

impl Ty {
    pub(crate) fn generic(id: TypeId, args: impl IntoIterator<Item = Ty>) -> Self {
        let nameless = id.is_value_tuple().then(|| Self::Names(ItemNames::default()));
        Self::Generic(id, args.into_iter().chain(nameless).collect())
    }

    /// A tuple whose items may have names.
    pub(crate) fn tuple(id: TypeId, items: Vec<Ty>, names: &[Option<&str>]) -> Self {
        let names = ItemNames(names.iter().map(|name| name.map(Box::from)).collect());
        Self::Generic(id, items.into_iter().chain([Self::Names(names)]).collect())
    }

    /// The types of a tuple's items.
    pub(crate) fn items(&self) -> &[Ty] {
        match self.args() {
            [items @ .., Self::Names(_)] => items,
            args => args,
        }
    }

    /// The place of a tuple's item of a name.
    pub(crate) fn item_named(&self, name: &str) -> Option<usize> {
        match self.args() {
            [.., Self::Names(names)] => names.0.iter().position(|known| known.as_deref() == Some(name)),
            _ => None,
        }
    }

    pub(crate) fn array(element: Ty) -> Self {
        Self::Array(Arc::new(element), 1)
    }

    pub(crate) fn nullable(inner: Ty) -> Self {
        Self::Nullable(Arc::new(inner))
    }

    pub(crate) fn id(&self) -> Option<TypeId> {
        match self {
            Self::Named(id) | Self::Generic(id, _) => Some(*id),
            _ => None,
        }
    }

    pub(crate) fn args(&self) -> &[Ty] {
        match self {
            Self::Generic(_, args) => args,
            _ => &[],
        }
    }

    pub(crate) fn is_error(&self) -> bool {
        matches!(self, Self::Error)
    }

    /// A struct, enum or nullable.
    pub(crate) fn is_value_type(&self) -> bool {
        match self {
            Self::Nullable(_) => true,
            _ => self.id().is_some_and(|id| matches!(id.decl().kind, Kind::Struct | Kind::Enum)),
        }
    }

    /// A type whose variables may hold null, by itself and not as `T?`.
    pub(crate) fn is_reference(&self) -> bool {
        match self {
            Self::Named(_) | Self::Generic(..) => !self.is_value_type(),
            Self::Array(..) | Self::Anonymous(_) | Self::Null | Self::Error => true,
            Self::Void | Self::Nullable(_) | Self::Param(_) | Self::Names(_) => false,
        }
    }

    pub(crate) fn is_enum(&self) -> bool {
        self.kind() == Some(Kind::Enum)
    }

    pub(crate) fn is_interface(&self) -> bool {
        self.kind() == Some(Kind::Interface)
    }

    pub(crate) fn is_delegate(&self) -> bool {
        self.kind() == Some(Kind::Delegate)
    }

    pub(crate) fn kind(&self) -> Option<Kind> {
        self.id().map(|id| id.decl().kind)
    }

    /// `T` of `T?`, else the type itself.
    pub(crate) fn underlying(&self) -> &Self {
        match self {
            Self::Nullable(inner) => inner,
            other => other,
        }
    }

    /// sbyte to decimal and char.
    pub(crate) fn is_numeric(&self) -> bool {
        self.is_integral() || matches!(*self, Self::Float | Self::Double | Self::Decimal)
    }

    /// sbyte to ulong and char.
    pub(crate) fn is_integral(&self) -> bool {
        use TypeId::*;
        matches!(self, Self::Named(SByte | Byte | Int16 | UInt16 | Int32 | UInt32 | Int64 | UInt64 | Char))
    }

    /// The element of an array.
    pub(crate) fn element(&self) -> Option<&Self> {
        match self {
            Self::Array(element, _) => Some(element),
            _ => None,
        }
    }

    /// Replaces type parameters by `args`.
    pub(crate) fn substitute(&self, args: &[Ty]) -> Self {
        match self {
            Self::Param(i) => args.get(usize::from(*i)).cloned().unwrap_or(Self::Error),
            Self::Generic(id, inner) if self.has_params() => {
                Self::Generic(*id, inner.iter().map(|t| t.substitute(args)).collect())
            }
            Self::Array(element, rank) if element.has_params() => {
                Self::Array(Arc::new(element.substitute(args)), *rank)
            }
            Self::Nullable(inner) if inner.has_params() => match inner.substitute(args) {
                already @ Self::Nullable(_) => already,
                other => Self::nullable(other),
            },
            other => other.clone(),
        }
    }

    /// Whether a type parameter is in it.
    pub(crate) fn has_params(&self) -> bool {
        match self {
            Self::Param(_) => true,
            Self::Generic(_, args) => args.iter().any(Self::has_params),
            Self::Array(inner, _) | Self::Nullable(inner) => inner.has_params(),
            Self::Anonymous(a) => a.types.iter().any(Self::has_params),
            _ => false,
        }
    }

    /// Whether one of the type parameters for which `wanted` holds is in it.
    pub(crate) fn mentions(&self, wanted: &dyn Fn(u16) -> bool) -> bool {
        match self {
            Self::Param(i) => wanted(*i),
            Self::Generic(_, args) => args.iter().any(|t| t.mentions(wanted)),
            Self::Array(inner, _) | Self::Nullable(inner) => inner.mentions(wanted),
            _ => false,
        }
    }

    /// As C# writes it, namespaces spelled out: `System.Collections.Generic.List<int>`.
    pub(crate) fn csharp(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, Style::Full);
        out
    }

    /// As C# writes it in messages, without namespaces: `List<int>`.
    pub(crate) fn short(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, Style::Short);
        out
    }

    /// The .NET full name: `System.Collections.Generic.List<System.Int32>`.
    pub(crate) fn full_name(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, Style::Clr);
        out
    }

    /// As `Type.ToString()` writes it: ``System.Collections.Generic.List`1[System.Int32]``.
    pub(crate) fn reflection_name(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, Style::Reflection);
        out
    }

    fn write(&self, out: &mut String, style: Style) {
        match self {
            Self::Error => out.push('?'),
            Self::Void => out.push_str(if style.has_keywords() { "void" } else { "System.Void" }),
            Self::Null => out.push_str("<null>"),
            Self::Named(id) => match keyword(*id).filter(|_| style.has_keywords()) {
                Some(word) => out.push_str(word),
                None => out.push_str(style.name(*id)),
            },
            Self::Generic(id, _) => {
                let args = self.items();
                out.push_str(style.name(*id));
                if style == Style::Reflection {
                    let _ = write!(out, "`{}[", args.len());
                } else {
                    out.push('<');
                }
                for (i, arg) in args.iter().enumerate() {
                    if i > 0 {
                        out.push_str(if style == Style::Reflection { "," } else { ", " });
                    }
                    arg.write(out, style);
                }
                out.push(if style == Style::Reflection { ']' } else { '>' });
            }
            Self::Array(element, rank) => {
                element.write(out, style);
                out.push('[');
                out.extend(std::iter::repeat_n(',', usize::from(rank.saturating_sub(1))));
                out.push(']');
            }
            Self::Nullable(inner) => match style {
                Style::Full | Style::Short => {
                    inner.write(out, style);
                    out.push('?');
                }
                Style::Clr | Style::Reflection => {
                    let nullable = Self::Generic(TypeId::NullableOf, Arc::new([(**inner).clone()]));
                    nullable.write(out, style);
                }
            },
            Self::Param(i) => {
                let _ = write!(out, "T{i}");
            }
            Self::Anonymous(_) if style == Style::Clr => out.push_str("<anonymous>"),
            Self::Names(_) => {}
            Self::Anonymous(a) => {
                out.push_str("<anonymous type:");
                for (i, (name, ty)) in a.names.iter().zip(&a.types).enumerate() {
                    out.push_str(if i > 0 { ", " } else { " " });
                    ty.write(out, style);
                    let _ = write!(out, " {name}");
                }
                out.push('>');
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Full,
    Short,
    Clr,
    Reflection,
}

impl Style {
    fn has_keywords(self) -> bool {
        matches!(self, Self::Full | Self::Short)
    }

    fn name(self, id: TypeId) -> &'static str {
        let full = id.full_name();
        if self == Self::Short { full.rsplit('.').next().unwrap_or(full) } else { full }
    }
}

impl TypeId {
    /// The full name without type parameters.
    pub(crate) fn full_name(self) -> &'static str {
        let name = self.decl().name;
        name.split('<').next().unwrap_or(name)
    }

    /// The name without namespace and type parameters.
    pub(crate) fn simple_name(self) -> &'static str {
        let full = self.full_name();
        full.rsplit('.').next().unwrap_or(full)
    }
}

/// The keyword of a type that has one.
fn keyword(id: TypeId) -> Option<&'static str> {
    Some(match id {
        TypeId::Object => "object",
        TypeId::String => "string",
        TypeId::Boolean => "bool",
        TypeId::Char => "char",
        TypeId::SByte => "sbyte",
        TypeId::Byte => "byte",
        TypeId::Int16 => "short",
        TypeId::UInt16 => "ushort",
        TypeId::Int32 => "int",
        TypeId::UInt32 => "uint",
        TypeId::Int64 => "long",
        TypeId::UInt64 => "ulong",
        TypeId::Single => "float",
        TypeId::Double => "double",
        TypeId::Decimal => "decimal",
        _ => return None,
    })
}

/// The type of a keyword.
pub(crate) fn of_keyword(word: &str) -> Option<Ty> {
    Some(match word {
        "object" => Ty::Object,
        "string" => Ty::String,
        "bool" => Ty::Bool,
        "char" => Ty::Char,
        "sbyte" => Ty::Named(TypeId::SByte),
        "byte" => Ty::Named(TypeId::Byte),
        "short" => Ty::Named(TypeId::Int16),
        "ushort" => Ty::Named(TypeId::UInt16),
        "int" => Ty::Int,
        "uint" => Ty::UInt,
        "long" => Ty::Long,
        "ulong" => Ty::ULong,
        "float" => Ty::Float,
        "double" => Ty::Double,
        "decimal" => Ty::Decimal,
        "void" => Ty::Void,
        _ => return None,
    })
}
