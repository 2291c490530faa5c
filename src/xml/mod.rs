//! Reads policy XML the way the gateway does, with the place of everything it read.
//!
//! Policy documents are XML only in outline: expressions hold raw quotes, `<` and `&&`, or the same characters as
//! entities, or both in one document. [`parse`] accepts all of it, finds expressions as C# would end them, and keeps the
//! source, so that a verbatim body is the text that was written and a message names line and column.
//!
//! Entities are decoded late: named values are spliced into the raw text first, then [`Text::value`] decides whether
//! the result is one expression or a literal.
//!
//! ```
//! use gatewright::xml::{self, Space, Value};
//!
//! let document = xml::parse(r#"<when condition="@(context.Variables["n"] != "{{limit}}" && 1 < 2)" />"#)?;
//! let condition = document.root.attribute("condition").ok_or("no condition")?;
//! let value = condition.value.value(&document, Space::Keep, |reference| (reference.name == "limit").then_some("10"))?;
//! assert!(matches!(value, Value::Expression(code) if code.text == r#"@(context.Variables["n"] != "10" && 1 < 2)"#));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod document;
mod entity;
mod error;
mod expression;
mod reader;
mod tag;
#[cfg(test)]
mod tests;
mod text;
mod value;

pub use document::{Attribute, Document, Element, Node, Position, Span};
pub use error::{Error, Errors};
pub use expression::{ScanError, scan_expression};
pub use reader::{Limits, parse, parse_within};
pub use text::{Piece, PieceKind, Text};
pub use value::{Decoded, Reference, Space, Value, value};
