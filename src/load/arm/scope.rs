//! What expressions of a template can name: parameters, variables and loop counters.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use super::evaluate::{Failure, evaluate, expand};
use super::unknown;
use crate::load::json::{Node, Value};

/// Values and bytes of text that the expressions of one template may make.
const BUDGET: usize = 32 << 20;

/// Values inside values, variables inside variables: beyond this they are refused, so that no template exhausts the stack.
const MAX_DEPTH: usize = 160;

/// The parameters, variables and loops that are visible at one place of a template.
#[derive(Debug)]
pub(super) struct Scope {
    given: HashMap<String, Node>,
    defaults: HashMap<String, Node>,
    variables: HashMap<String, Variable>,
    known: RefCell<HashMap<String, Value>>,
    running: RefCell<Vec<String>>,
    loops: RefCell<Vec<(String, i64)>>,
    left: Rc<Cell<usize>>,
    depth: Cell<usize>,
}

#[derive(Debug)]
enum Variable {
    Value(Node),
    /// A loop: an object with `name`, `count` and `input`.
    Copy(Node),
}

impl Scope {
    /// Reads `parameters` and `variables` of a template; `given` are values of parameters by lower-case name.
    pub(super) fn new(template: &Node, given: HashMap<String, Node>, outer: Option<&Scope>) -> Self {
        let members = |name: &str| template.get(name).and_then(Node::members).unwrap_or_default();
        let defaults = members("parameters")
            .iter()
            .filter_map(|(name, node)| Some((name.to_lowercase(), node.get("defaultValue")?.clone())))
            .collect();
        let mut variables = HashMap::new();
        for (name, node) in members("variables") {
            if !name.eq_ignore_ascii_case("copy") {
                variables.insert(name.to_lowercase(), Variable::Value(node.clone()));
                continue;
            }
            for copy in node.elements().unwrap_or_default() {
                if let Some(name) = copy.get("name").and_then(Node::as_str) {
                    variables.insert(name.to_lowercase(), Variable::Copy(copy.clone()));
                }
            }
        }
        Self {
            given,
            defaults,
            variables,
            known: RefCell::default(),
            running: RefCell::default(),
            loops: RefCell::default(),
            left: outer.map_or_else(|| Rc::new(Cell::new(BUDGET)), |outer| Rc::clone(&outer.left)),
            depth: Cell::new(0),
        }
    }

    /// The value of a parameter: given, or its default, or a mark that it is not known.
    pub(super) fn parameter(&self, name: &str) -> Result<Value, Failure> {
        let key = name.to_lowercase();
        if let Some(node) = self.given.get(&key) {
            return Ok(node.value.clone());
        }
        match self.defaults.get(&key) {
            Some(node) => self.once(format!("parameter `{key}`"), || evaluate(node, self).map(|node| node.value)),
            None => Ok(Value::String(unknown::mark(&format!("parameters('{name}')")))),
        }
    }

    /// The value of a variable.
    pub(super) fn variable(&self, name: &str) -> Result<Value, Failure> {
        let key = name.to_lowercase();
        match self.variables.get(&key) {
            Some(Variable::Value(node)) => {
                self.once(format!("variable `{key}`"), || evaluate(node, self).map(|node| node.value))
            }
            Some(Variable::Copy(copy)) => {
                self.once(format!("variable `{key}`"), || expand(copy, self).map(Value::Array))
            }
            None => Err(Failure::here(format!("variable `{name}` is not defined in this template"))),
        }
    }

    /// Runs `body` with a loop at this iteration.
    pub(super) fn in_loop<T>(&self, name: &str, index: i64, body: impl FnOnce() -> T) -> T {
        self.loops.borrow_mut().push((name.to_owned(), index));
        let outcome = body();
        self.loops.borrow_mut().pop();
        outcome
    }

    /// The iteration of a loop, or of the innermost one.
    pub(super) fn loop_index(&self, name: Option<&str>) -> Option<i64> {
        let loops = self.loops.borrow();
        let found = loops.iter().rev().find(|(other, _)| name.is_none_or(|name| other.eq_ignore_ascii_case(name)));
        found.map(|(_, index)| *index)
    }

    /// Takes from what expressions may make, so that no template exhausts the memory.
    pub(super) fn charge(&self, amount: usize) -> Result<(), Failure> {
        match self.left.get().checked_sub(amount) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => {
                self.left.set(0);
                Err(Failure::here("expressions of this template make too much data".to_owned()))
            }
        }
    }

    /// Whether nothing more may be made.
    pub(super) fn is_exhausted(&self) -> bool {
        self.left.get() == 0
    }

    /// Runs `body` one level deeper.
    pub(super) fn deeper<T>(&self, body: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
        if self.depth.get() == MAX_DEPTH {
            return Err(Failure::here("values of this template are nested too deep".to_owned()));
        }
        self.depth.set(self.depth.get() + 1);
        let outcome = body();
        self.depth.set(self.depth.get() - 1);
        outcome
    }

    /// Evaluates a parameter or variable the first time that it is used.
    fn once(&self, key: String, body: impl FnOnce() -> Result<Value, Failure>) -> Result<Value, Failure> {
        if let Some(value) = self.known.borrow().get(&key) {
            return Ok(value.clone());
        }
        if self.running.borrow().contains(&key) {
            return Err(Failure::here(format!("{key} is defined by itself")));
        }
        self.running.borrow_mut().push(key.clone());
        let outcome = body();
        self.running.borrow_mut().pop();
        let value = outcome?;
        self.known.borrow_mut().insert(key, value.clone());
        Ok(value)
    }
}
