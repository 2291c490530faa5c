//! Json.NET's tokens: the tree, its reader and writer, conversions and paths.

mod compare;
pub(crate) mod convert;
mod edit;
mod number;
mod path;
mod reader;
mod select;
pub(crate) mod text;
mod token;
mod tree;
mod value;
mod writer;

pub(crate) use reader::{Expected, Scalars};
pub(crate) use select::NoMatch;
pub(crate) use token::{JToken, JTokenType, TokenClass};
pub(crate) use value::{IntType, TokenValue};
pub(crate) use writer::Formatting;

#[cfg(test)]
mod tests;
