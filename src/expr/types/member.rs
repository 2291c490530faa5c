//! Members of types: methods, properties and operators, with their parameters.

use super::list::{Access, TypeId};
use super::ty::Ty;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::value::Value;

/// What a member does: the instance (if any) and the arguments are in the slice; `out` and `ref` results are written
/// back into it.
pub(crate) type Native = fn(&mut Run<'_>, &mut [Value]) -> Result<Value, Fault>;

/// How an argument is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    In,
    Out,
    Ref,
    Params,
}

#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) ty: Ty,
    pub(crate) mode: Mode,
    pub(crate) default: Option<Value>,
}

/// An operator that a type can declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    pub(crate) fn of(symbol: &str) -> Option<Self> {
        Some(match symbol {
            "+" => Self::Add,
            "-" => Self::Subtract,
            "*" => Self::Multiply,
            "/" => Self::Divide,
            "%" => Self::Remainder,
            "==" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }
}

/// A method, constructor, operator or conversion.
#[derive(Debug)]
pub(crate) struct Method {
    pub(crate) name: &'static str,
    pub(crate) owner: TypeId,
    pub(crate) is_static: bool,
    pub(crate) extension: bool,
    pub(crate) access: Access,
    pub(crate) type_params: u16,
    /// What the first type parameter has to be.
    pub(crate) constraint: Option<Ty>,
    pub(crate) params: Vec<Parameter>,
    pub(crate) ty: Ty,
    pub(crate) native: Native,
    /// The value does not depend on anything but the arguments.
    pub(crate) pure: bool,
}

/// A property, field, constant or indexer.
#[derive(Debug)]
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) owner: TypeId,
    pub(crate) is_static: bool,
    pub(crate) access: Access,
    /// The parameters of an indexer.
    pub(crate) params: Vec<Parameter>,
    pub(crate) ty: Ty,
    pub(crate) get: Native,
    pub(crate) set: Option<Native>,
    pub(crate) constant: Option<Value>,
}

/// What a delegate type takes and gives.
#[derive(Debug)]
pub(crate) struct Delegate {
    pub(crate) params: Vec<Parameter>,
    pub(crate) ty: Ty,
}
