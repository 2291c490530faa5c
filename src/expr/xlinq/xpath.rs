//! XPath 1.0 over the nodes of an XML tree, as `SelectNodes` and `SelectSingleNode` take it.

mod axis;
mod evaluate;
mod function;
mod lexer;
mod parser;
#[cfg(test)]
mod tests;
mod value;

use super::object::XObject;
use crate::expr::dotnet::exception::Exception;
use axis::Axis;
use evaluate::Evaluation;
use function::Function;
use value::Value;

/// An expression that was read, with its prefixes resolved.
#[derive(Debug)]
pub(crate) struct XPath(Expr);

/// Why an expression selects nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// What .NET throws.
    Exception(Exception),
    /// The work took more than it was allowed to.
    OutOfSteps,
}

/// An expression, or a part of one.
#[derive(Debug)]
enum Expr {
    Number(f64),
    Text(Box<str>),
    Path(Start, Vec<Step>),
    Union(Box<Expr>, Box<Expr>),
    Negated(Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    Call(Function, Vec<Expr>),
}

/// Where a path begins.
#[derive(Debug)]
enum Start {
    Context,
    Root,
    /// At the nodes that an expression gives, those that the predicates keep.
    Nodes(Box<Expr>, Vec<Expr>),
}

#[derive(Debug)]
struct Step {
    axis: Axis,
    test: Test,
    predicates: Vec<Expr>,
}

/// What a step keeps of its axis.
#[derive(Debug)]
enum Test {
    /// `node()`
    Any,
    /// `text()`
    Text,
    /// `comment()`
    Comment,
    /// `processing-instruction()`, of a target or any
    Instruction(Option<Box<str>>),
    /// `*`, `p:*`, `name`, `p:name`: none of a part is any.
    Name { namespace: Option<Box<str>>, local: Option<Box<str>> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl From<Exception> for Failure {
    fn from(exception: Exception) -> Self {
        Self::Exception(exception)
    }
}

/// `XPathException`.
fn wrong(message: impl Into<String>) -> Exception {
    Exception::new("System.Xml.XPath.XPathException", message)
}

impl XPath {
    /// Reads an expression; `namespace_of` gives the namespace of a prefix.
    pub(crate) fn parse(text: &str, namespace_of: &dyn Fn(&str) -> Option<String>) -> Result<Self, Exception> {
        parser::parse(text, namespace_of).map(Self)
    }

    /// The nodes that it selects, in document order, from a node on; `steps` is what the work may take, and is left with
    /// what it did not.
    pub(crate) fn select(&self, node: &XObject, steps: &mut usize) -> Result<Vec<XObject>, Failure> {
        node.handle.with(|place| {
            let mut evaluation = Evaluation::new(place.tree, place.index, *steps);
            let focus = evaluation.first();
            let value = evaluation.value(&self.0, &focus);
            *steps = evaluation.left();
            match value? {
                Value::Nodes(nodes) => Ok(nodes.into_iter().map(|index| XObject::at(&place, index)).collect()),
                _ => Err(wrong("Expression must evaluate to a node-set.").into()),
            }
        })
    }
}
