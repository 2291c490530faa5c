//! What the policies that validate messages have in common: what an operation declares, and what becomes of errors.

mod action;
mod contract;
#[cfg(feature = "validation")]
mod lowered;
mod parameter;
pub(crate) mod position;
mod report;
mod schema;
#[cfg(feature = "validation")]
mod translate;

pub(crate) use action::{ACTIONS, Action};
pub use contract::{BodyContract, OperationContract, ParameterContract, ResponseContract};
pub(crate) use parameter::{Place, UNRESOLVED, check};
pub(crate) use report::{ErrorKind, Report};
#[cfg(feature = "libxml")]
pub(crate) use schema::LARGEST_DOCUMENT;
pub use schema::SchemaContract;
pub(crate) use schema::{Breach, Lack, Variant};

use super::compile::Compiler;
use crate::xml::Element;

/// Whether this build checks JSON schemas; otherwise the element is refused.
pub(crate) fn is_available(compiler: &mut Compiler<'_>, element: &Element) -> bool {
    let is_available = cfg!(feature = "validation");
    if !is_available {
        let message = format!("`{}` needs a build with the feature `validation`", element.name);
        compiler.error(element.span.start, message);
    }
    is_available
}
