//! .NET types: the list, how they are written, how they relate, and their members.

mod list;
mod member;
mod name_map;
mod outside;
mod relation;
mod signature;
mod table;
mod ty;

pub(crate) use list::{Access, Kind, TypeId};
pub(crate) use member::{Method, Mode, Native, Operator, Parameter, Property};
pub(crate) use outside::{is_outside_member, is_outside_type};
pub(crate) use relation::{as_enumerable, find_base, is_reference_conversion, is_subtype};
pub(crate) use table::{Table, TypeInfo, table};
pub(crate) use ty::{Anonymous, Ty, of_keyword};
