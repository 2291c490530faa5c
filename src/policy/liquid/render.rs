//! Writes templates: branches and variables, within limits.

mod loops;

use std::collections::HashMap;
use std::sync::Arc;

use super::operand::Operand;
use super::parse::Node;
use super::textual;
use super::value::Value;
use crate::expr::dotnet::DateTime;
use crate::expr::dotnet::regex::Regex;

/// How many turns all loops of a template may take.
const MAX_TURNS: usize = 1_000_000;

/// What rendering may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The most bytes of the output, and of one value.
    pub(crate) size: usize,
    /// What `now` is.
    pub(crate) now: DateTime,
    /// Backtracking steps of all regular expressions.
    pub(crate) regex_steps: u64,
}

/// Rendering used more than its limits allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LimitExceeded(pub(crate) &'static str);

/// Why a node did not go on.
#[derive(Debug)]
pub(super) enum Abort {
    /// An error that is written in place.
    Error(String),
    Limit(LimitExceeded),
}

impl Abort {
    /// A value is larger than the output may be.
    pub(super) const TOO_LONG: Self = Self::Limit(LimitExceeded("it makes a text that is too long"));
}

/// How a node ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

/// A template in the middle of rendering.
pub(super) struct Renderer<'t> {
    out: String,
    /// The outermost variables, which `assign` and `capture` write.
    globals: HashMap<Arc<str>, Value>,
    /// Variables of loops, innermost last.
    locals: Vec<(Arc<str>, Value)>,
    counters: HashMap<Arc<str>, i64>,
    cycles: HashMap<String, usize>,
    /// Where each loop ended, for `offset:continue`.
    offsets: HashMap<&'t str, usize>,
    /// What each `ifchanged` wrote last, by the place of its node.
    changed: HashMap<*const Node, String>,
    patterns: HashMap<String, Arc<Regex>>,
    limits: Limits,
    reads_position: bool,
    turns: usize,
    /// How many bytes of values may still be worked on.
    work: usize,
}

pub(super) fn render(
    nodes: &[Node],
    reads_position: bool,
    variables: Vec<(&str, Value)>,
    limits: Limits,
) -> Result<String, LimitExceeded> {
    let mut renderer = Renderer {
        out: String::new(),
        globals: variables.into_iter().map(|(name, value)| (name.into(), value)).collect(),
        locals: Vec::new(),
        counters: HashMap::new(),
        cycles: HashMap::new(),
        offsets: HashMap::new(),
        changed: HashMap::new(),
        patterns: HashMap::new(),
        limits,
        reads_position,
        turns: 0,
        work: limits.size.saturating_mul(8).max(1 << 28),
    };
    renderer.nodes(nodes)?;
    Ok(renderer.out)
}

impl<'t> Renderer<'t> {
    /// The variable of a name; loops hide what is outside.
    pub(super) fn variable(&self, name: &str) -> Value {
        let local = self.locals.iter().rev().find(|(known, _)| **known == *name).map(|(_, value)| value);
        let found = local.or_else(|| self.globals.get(name)).cloned();
        found.or_else(|| self.counters.get(name).copied().map(Value::Int)).unwrap_or_default()
    }

    /// Counts work on values.
    pub(super) fn spend(&mut self, bytes: usize) -> Result<(), Abort> {
        match self.work.checked_sub(bytes.saturating_add(16)) {
            Some(rest) => {
                self.work = rest;
                Ok(())
            }
            None => Err(Abort::Limit(LimitExceeded("it works on more text than it may"))),
        }
    }

    /// Refuses a value that is larger than the output may be.
    pub(super) fn check_size(&self, bytes: usize) -> Result<(), Abort> {
        if bytes > self.limits.size { Err(Abort::TOO_LONG) } else { Ok(()) }
    }

    pub(super) fn size_limit(&self) -> usize {
        self.limits.size
    }

    pub(super) fn now(&self) -> DateTime {
        self.limits.now
    }

    pub(super) fn regex_steps(&mut self) -> &mut u64 {
        &mut self.limits.regex_steps
    }

    /// A regular expression, compiled once in a rendering.
    pub(super) fn pattern(&mut self, text: &str) -> Result<Arc<Regex>, Abort> {
        if let Some(pattern) = self.patterns.get(text) {
            return Ok(pattern.clone());
        }
        self.spend(text.len().saturating_mul(64))?;
        let pattern = Arc::new(textual::pattern(text).map_err(Abort::Error)?);
        self.patterns.insert(text.to_owned(), pattern.clone());
        Ok(pattern)
    }

    fn nodes(&mut self, nodes: &'t [Node]) -> Result<Flow, LimitExceeded> {
        for node in nodes {
            let flow = match self.node(node) {
                Ok(flow) => flow,
                Err(Abort::Error(message)) => {
                    self.write(&format!("Liquid error: {message}"))?;
                    Flow::Next
                }
                Err(Abort::Limit(limit)) => return Err(limit),
            };
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn write(&mut self, text: &str) -> Result<(), LimitExceeded> {
        self.out.push_str(text);
        self.check_output()
    }

    fn check_output(&self) -> Result<(), LimitExceeded> {
        if self.out.len() > self.limits.size {
            Err(LimitExceeded("it writes more than a body may have"))
        } else {
            Ok(())
        }
    }

    fn inner(&mut self, nodes: &'t [Node]) -> Result<Flow, Abort> {
        self.nodes(nodes).map_err(Abort::Limit)
    }

    fn node(&mut self, node: &'t Node) -> Result<Flow, Abort> {
        match node {
            Node::Text(text) => self.write(text).map_err(Abort::Limit)?,
            Node::Output(output) => {
                let value = output.value(self)?;
                self.spend(value.weight())?;
                let fits = value.print(&mut self.out, self.limits.size);
                if !fits {
                    return Err(Abort::Limit(LimitExceeded("it writes more than a body may have")));
                }
            }
            Node::Assign(name, output) => {
                let value = output.value(self)?;
                self.globals.insert(name.clone(), value);
            }
            Node::Capture(name, nodes) => {
                let outer = std::mem::take(&mut self.out);
                let flow = self.inner(nodes);
                let captured = std::mem::replace(&mut self.out, outer);
                self.spend(captured.len())?;
                self.globals.insert(name.clone(), Value::from(captured));
                return flow;
            }
            Node::Case { value, arms, otherwise } => return self.case(value, arms, otherwise),
            Node::Cycle { group, key, values } => {
                let group = match group {
                    Some(group) => group.value(self)?.to_text(),
                    None => format!("\u{0}{key}"),
                };
                let place = self.cycles.entry(group).or_insert(0);
                let at = *place % values.len().max(1);
                *place = at + 1;
                if let Some(value) = values.get(at) {
                    let text = value.value(self)?.to_text();
                    self.write(&text).map_err(Abort::Limit)?;
                }
            }
            Node::For(found) => return self.for_loop(found),
            Node::TableRow(found) => return self.table_row(found),
            Node::If { is_unless, branches } => {
                for (index, (condition, nodes)) in branches.iter().enumerate() {
                    let holds = match condition {
                        Some(condition) => condition.holds(self)? != (*is_unless && index == 0),
                        None => true,
                    };
                    if holds {
                        return self.inner(nodes);
                    }
                }
            }
            Node::IfChanged(nodes) => {
                let outer = std::mem::take(&mut self.out);
                let flow = self.inner(nodes);
                let text = std::mem::replace(&mut self.out, outer);
                self.spend(text.len())?;
                if self.changed.get(&std::ptr::from_ref(node)) != Some(&text) {
                    self.write(&text).map_err(Abort::Limit)?;
                    self.changed.insert(std::ptr::from_ref(node), text);
                }
                return flow;
            }
            Node::Increment(name) => {
                let counter = self.counters.entry(name.clone()).or_insert(0);
                let shown = *counter;
                *counter = counter.saturating_add(1);
                self.write(&shown.to_string()).map_err(Abort::Limit)?;
            }
            Node::Decrement(name) => {
                let counter = self.counters.entry(name.clone()).or_insert(0);
                *counter = counter.saturating_sub(1);
                let shown = *counter;
                self.write(&shown.to_string()).map_err(Abort::Limit)?;
            }
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
            Node::NoFile => {
                return Err(Abort::Error("This liquid context does not allow includes.".to_owned()));
            }
        }
        Ok(Flow::Next)
    }

    /// Every `when` that is equal is written.
    fn case(
        &mut self,
        value: &'t Operand,
        arms: &'t [(Vec<Operand>, Vec<Node>)],
        otherwise: &'t [Node],
    ) -> Result<Flow, Abort> {
        let value = value.value(self)?;
        let mut was_equal = false;
        for (candidates, nodes) in arms {
            for candidate in candidates {
                let is_equal = match candidate {
                    Operand::Blank => value.is_blank(),
                    Operand::Empty => value.is_empty(),
                    candidate => value.equals(&candidate.value(self)?),
                };
                if is_equal {
                    was_equal = true;
                    let flow = self.inner(nodes)?;
                    if flow != Flow::Next {
                        return Ok(flow);
                    }
                    break;
                }
            }
        }
        if was_equal { Ok(Flow::Next) } else { self.inner(otherwise) }
    }

    /// Refuses more turns than all loops may take.
    pub(super) fn check_turns(&self, turns: usize) -> Result<(), Abort> {
        if turns > MAX_TURNS {
            return Err(Abort::Limit(LimitExceeded("its loops take more than 1000000 turns")));
        }
        Ok(())
    }

    fn turn(&mut self) -> Result<(), Abort> {
        self.turns += 1;
        self.check_turns(self.turns)
    }
}
