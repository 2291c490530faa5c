//! Evaluates an XPath over a tree, counting what it looks at.

use std::collections::HashSet;

use super::axis::Axis;
use super::value::{Value, number_of, number_text};
use super::{Expr, Failure, Operator, Start, Step, Test, wrong};
use crate::expr::arena::Tree;
use crate::expr::xlinq::tree::{NodeData, XmlTree};

/// The steps of looking at a node.
const NODE: usize = 8;

/// One evaluation.
pub(super) struct Evaluation<'t> {
    pub(super) tree: &'t XmlTree,
    start: u32,
    left: usize,
    /// The rank of each node in document order, once it is needed.
    ranks: Vec<u32>,
}

/// The node that an expression is evaluated for, and its place among its like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Focus {
    pub(super) node: u32,
    pub(super) position: usize,
    pub(super) size: usize,
}

impl<'t> Evaluation<'t> {
    pub(super) fn new(tree: &'t XmlTree, start: u32, steps: usize) -> Self {
        Self { tree, start, left: steps, ranks: Vec::new() }
    }

    pub(super) fn first(&self) -> Focus {
        Focus { node: self.start, position: 1, size: 1 }
    }

    /// What is left of the steps.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    fn count(&mut self, steps: usize) -> Result<(), Failure> {
        self.left = self.left.checked_sub(steps).ok_or(Failure::OutOfSteps)?;
        Ok(())
    }

    pub(super) fn value(&mut self, expression: &Expr, focus: &Focus) -> Result<Value, Failure> {
        self.count(NODE)?;
        Ok(match expression {
            Expr::Number(number) => Value::Number(*number),
            Expr::Text(text) => {
                self.count(text.len())?;
                Value::Text(text.to_string())
            }
            Expr::Negated(inner) => Value::Number(-self.number(inner, focus)?),
            Expr::Call(function, arguments) => {
                let value = function.call(self, arguments, focus)?;
                if let Value::Text(text) = &value {
                    self.count(text.len())?;
                }
                value
            }
            Expr::Union(left, right) => {
                let mut all = self.nodes(left, focus)?;
                all.extend(self.nodes(right, focus)?);
                self.put_in_order(&mut all)?;
                Value::Nodes(all)
            }
            Expr::Path(start, steps) => Value::Nodes(self.path(start, steps, focus)?),
            Expr::Binary(operator, left, right) => return self.binary(*operator, left, right, focus),
        })
    }

    fn binary(&mut self, operator: Operator, left: &Expr, right: &Expr, focus: &Focus) -> Result<Value, Failure> {
        Ok(match operator {
            Operator::Or => Value::Bool(self.truth(left, focus)? || self.truth(right, focus)?),
            Operator::And => Value::Bool(self.truth(left, focus)? && self.truth(right, focus)?),
            Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide | Operator::Remainder => {
                Value::Number(operator.computes(self.number(left, focus)?, self.number(right, focus)?))
            }
            _ => {
                let (left, right) = (self.value(left, focus)?, self.value(right, focus)?);
                Value::Bool(self.compare(operator, left, right)?)
            }
        })
    }

    fn compare(&mut self, operator: Operator, left: Value, right: Value) -> Result<bool, Failure> {
        match (left, right) {
            (Value::Nodes(left), Value::Nodes(right)) if !operator.is_order() => {
                let (left, right) = (self.texts(&left)?, self.texts(&right)?);
                if operator == Operator::Equal {
                    let known: HashSet<&String> = left.iter().collect();
                    return Ok(right.iter().any(|text| known.contains(text)));
                }
                // All are the same only when each is the first.
                Ok(left.first().is_some_and(|first| right.iter().any(|text| text != first))
                    || right.first().is_some_and(|first| left.iter().any(|text| text != first)))
            }
            (Value::Nodes(left), Value::Nodes(right)) => {
                let (left, right) = (self.numbers(&left)?, self.numbers(&right)?);
                self.count(left.len().saturating_mul(right.len()))?;
                Ok(left.iter().any(|left| right.iter().any(|right| operator.compares(*left, *right))))
            }
            (Value::Bool(left), right) => {
                let right = self.truth_of(&right);
                Ok(operator.compares(f64::from(u8::from(left)), f64::from(u8::from(right))))
            }
            (left, Value::Bool(right)) => {
                let left = self.truth_of(&left);
                Ok(operator.compares(f64::from(u8::from(left)), f64::from(u8::from(right))))
            }
            (Value::Nodes(nodes), Value::Text(text)) if !operator.is_order() => {
                let is_equal = operator == Operator::Equal;
                Ok(self.texts(&nodes)?.iter().any(|found| (*found == text) == is_equal))
            }
            (text @ Value::Text(_), nodes @ Value::Nodes(_)) if !operator.is_order() => {
                self.compare(operator, nodes, text)
            }
            (Value::Nodes(nodes), right) => {
                let right = self.number_of_value(right)?;
                Ok(self.numbers(&nodes)?.iter().any(|left| operator.compares(*left, right)))
            }
            (left, Value::Nodes(nodes)) => {
                let left = self.number_of_value(left)?;
                Ok(self.numbers(&nodes)?.iter().any(|right| operator.compares(left, *right)))
            }
            (Value::Text(left), Value::Text(right)) if !operator.is_order() => {
                Ok((left == right) == (operator == Operator::Equal))
            }
            (left, right) => {
                let (left, right) = (self.number_of_value(left)?, self.number_of_value(right)?);
                Ok(operator.compares(left, right))
            }
        }
    }

    fn texts(&mut self, nodes: &[u32]) -> Result<Vec<String>, Failure> {
        nodes.iter().map(|node| self.text_of(*node)).collect()
    }

    fn numbers(&mut self, nodes: &[u32]) -> Result<Vec<f64>, Failure> {
        nodes.iter().map(|node| self.text_of(*node).map(|text| number_of(&text))).collect()
    }

    /// The string value of a node.
    pub(super) fn text_of(&mut self, node: u32) -> Result<String, Failure> {
        let text = match self.tree.data(node) {
            NodeData::Document { .. } | NodeData::Element { .. } => {
                let inside = self.tree.descendants(node);
                self.count(inside.len() * NODE)?;
                let parts = inside.iter().filter_map(|index| match self.tree.data(*index) {
                    NodeData::Text(text) | NodeData::CData(text) => Some(&**text),
                    _ => None,
                });
                parts.collect()
            }
            NodeData::Attribute { value: text, .. }
            | NodeData::Text(text)
            | NodeData::CData(text)
            | NodeData::Comment(text)
            | NodeData::ProcessingInstruction { data: text, .. } => text.to_string(),
            NodeData::DocumentType(_) => String::new(),
        };
        self.count(NODE + text.len())?;
        Ok(text)
    }

    fn text_of_value(&mut self, value: Value) -> Result<String, Failure> {
        match value {
            Value::Nodes(nodes) => nodes.first().map_or(Ok(String::new()), |node| self.text_of(*node)),
            Value::Number(number) => Ok(number_text(number)),
            Value::Text(text) => Ok(text),
            Value::Bool(truth) => Ok(truth.to_string()),
        }
    }

    fn number_of_value(&mut self, value: Value) -> Result<f64, Failure> {
        match value {
            Value::Number(number) => Ok(number),
            Value::Bool(truth) => Ok(f64::from(u8::from(truth))),
            other => Ok(number_of(&self.text_of_value(other)?)),
        }
    }

    fn truth_of(&self, value: &Value) -> bool {
        match value {
            Value::Nodes(nodes) => !nodes.is_empty(),
            Value::Number(number) => *number != 0.0 && !number.is_nan(),
            Value::Text(text) => !text.is_empty(),
            Value::Bool(truth) => *truth,
        }
    }

    pub(super) fn text(&mut self, expression: &Expr, focus: &Focus) -> Result<String, Failure> {
        let value = self.value(expression, focus)?;
        self.text_of_value(value)
    }

    pub(super) fn number(&mut self, expression: &Expr, focus: &Focus) -> Result<f64, Failure> {
        let value = self.value(expression, focus)?;
        self.number_of_value(value)
    }

    pub(super) fn truth(&mut self, expression: &Expr, focus: &Focus) -> Result<bool, Failure> {
        let value = self.value(expression, focus)?;
        Ok(self.truth_of(&value))
    }

    fn nodes(&mut self, expression: &Expr, focus: &Focus) -> Result<Vec<u32>, Failure> {
        match self.value(expression, focus)? {
            Value::Nodes(nodes) => Ok(nodes),
            _ => Err(wrong("Expression must evaluate to a node-set.").into()),
        }
    }

    fn path(&mut self, start: &Start, steps: &[Step], focus: &Focus) -> Result<Vec<u32>, Failure> {
        let mut nodes = match start {
            Start::Context => vec![focus.node],
            Start::Root => vec![self.tree.root(focus.node)],
            Start::Nodes(expression, predicates) => {
                let nodes = self.nodes(expression, focus)?;
                self.filter(nodes, predicates)?
            }
        };
        for step in steps {
            nodes = self.step(step, &nodes)?;
        }
        Ok(nodes)
    }

    fn step(&mut self, step: &Step, from: &[u32]) -> Result<Vec<u32>, Failure> {
        let mut all = Vec::new();
        for node in from {
            let mut found = step.axis.nodes(self.tree, *node);
            self.count((found.len() + 1) * NODE)?;
            found.retain(|node| self.passes(&step.test, step.axis, *node));
            all.extend(self.filter(found, &step.predicates)?);
        }
        if from.len() > 1 || step.axis.is_reverse() {
            self.put_in_order(&mut all)?;
        }
        Ok(all)
    }

    fn passes(&self, test: &Test, axis: Axis, node: u32) -> bool {
        match (test, self.tree.data(node)) {
            (Test::Any, _) => true,
            (Test::Text, NodeData::Text(_) | NodeData::CData(_)) => true,
            (Test::Comment, NodeData::Comment(_)) => true,
            (Test::Instruction(wanted), NodeData::ProcessingInstruction { target, .. }) => {
                wanted.as_ref().is_none_or(|wanted| wanted == target)
            }
            (Test::Name { namespace, local }, data) => self.tree.name(node).is_some_and(|name| {
                let is_attribute = matches!(data, NodeData::Attribute { .. });
                is_attribute == (axis == Axis::Attribute)
                    && namespace.as_ref().is_none_or(|wanted| **wanted == *name.namespace().name())
                    && local.as_ref().is_none_or(|wanted| **wanted == *name.local())
            }),
            _ => false,
        }
    }

    /// The nodes for which all predicates hold; positions count in the order given.
    fn filter(&mut self, mut nodes: Vec<u32>, predicates: &[Expr]) -> Result<Vec<u32>, Failure> {
        for predicate in predicates {
            let size = nodes.len();
            let mut kept = Vec::new();
            for (node, position) in nodes.into_iter().zip(1..) {
                let focus = Focus { node, position, size };
                let holds = match self.value(predicate, &focus)? {
                    Value::Number(number) => number == position as f64,
                    other => self.truth_of(&other),
                };
                if holds {
                    kept.push(node);
                }
            }
            nodes = kept;
        }
        Ok(nodes)
    }

    /// Sorts by document order; each node once.
    fn put_in_order(&mut self, nodes: &mut Vec<u32>) -> Result<(), Failure> {
        if nodes.len() < 2 {
            return Ok(());
        }
        if self.ranks.is_empty() {
            self.rank()?;
        }
        self.count(nodes.len() * NODE)?;
        nodes.sort_unstable_by_key(|node| self.ranks.get(*node as usize).copied().unwrap_or_default());
        nodes.dedup();
        Ok(())
    }

    fn rank(&mut self) -> Result<(), Failure> {
        let tree = self.tree;
        self.count(tree.count() as usize)?;
        let mut ranks = vec![0; tree.count() as usize];
        let all = tree.descendants(tree.root(self.start)).into_iter();
        let all = all.flat_map(|node| std::iter::once(node).chain(tree.attributes(node).iter().copied()));
        for (node, rank) in all.zip(1..) {
            if let Some(place) = ranks.get_mut(node as usize) {
                *place = rank;
            }
        }
        self.ranks = ranks;
        Ok(())
    }
}
