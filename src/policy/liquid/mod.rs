//! Liquid templates as DotLiquid 2.0 reads them: C# names, .NET formats, errors written in place.
//!
//! The dialect is ours: DotLiquid goes on after an error, trims white space in its own way, calculates in decimals, and
//! reads conditions from the right, none of which the `liquid` crate can be made to do.

pub(crate) mod bindings;
mod body;
mod condition;
mod filter;
mod numeric;
mod operand;
mod parse;
mod render;
mod scan;
mod textual;
mod value;

pub(crate) use body::BodyOptions;
pub(crate) use parse::SyntaxError;
pub(crate) use render::{LimitExceeded, Limits};
use value::Value;

/// A template, read and checked.
#[derive(Debug)]
pub(crate) struct Template {
    nodes: Vec<parse::Node>,
    /// Whether `forloop` or `tablerowloop` is read: they are made for each turn.
    reads_position: bool,
}

impl Template {
    /// Reads a template.
    pub(crate) fn parse(text: &str) -> Result<Self, SyntaxError> {
        Ok(Self { nodes: parse::parse(text)?, reads_position: text.contains("loop") })
    }

    /// Writes the template with the given variables.
    pub(crate) fn render(&self, variables: Vec<(&str, Value)>, limits: Limits) -> Result<String, LimitExceeded> {
        render::render(&self.nodes, self.reads_position, variables, limits)
    }
}

#[cfg(test)]
mod tests;
