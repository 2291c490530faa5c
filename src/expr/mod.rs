//! The expression engine: C# policy expressions, compiled once and evaluated under a budget.
//!
//! ```
//! use gatewright::expr::{Budget, Expression, JsonHost, Library};
//!
//! let library = Library::strict();
//! let expression = Expression::compile("@(1 + 2)", &library).unwrap();
//! let value = expression.eval(&mut JsonHost::default(), &Budget::default()).unwrap();
//! assert_eq!(value.to_text().as_deref(), Some("3"));
//! ```

mod arena;
mod bind;
mod budget;
mod code;
mod deep;
mod diagnostic;
pub(crate) mod dotnet;
mod expression;
mod fault;
mod form_text;
mod host;
pub(crate) mod json;
mod json_host;
mod library;
mod syntax;
mod types;
mod value;
pub(crate) mod xlinq;

pub(crate) use syntax::text_around;

pub use budget::Budget;
pub use diagnostic::{Category, CompileErrors, Diagnostic, Report};
pub use expression::{Expression, Needs, StaticType};
pub use fault::EvalError;
pub use host::{
    ApiItem, Body, BodyError, DeploymentCertificate, Flag, Host, Item, List, Message, Number, Part, Text, Time, Url,
};
pub use json_host::JsonHost;
pub use library::{Library, LineEnd, NumberText};
pub use value::{ObjectRef, Response, Str, Value};
