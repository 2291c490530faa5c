//! Flow analysis: every path returns, and no variable is read before it is assigned.

mod expression;
mod statement;

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Binder;
use super::tree::{Body, FuncId, LocalId};
use crate::expr::diagnostic::Diagnostic;
use crate::expr::syntax::Span;
use crate::expr::types::Ty;

/// Variables that are assigned; those that cannot be unassigned are not kept.
type Assigned = BTreeSet<LocalId>;

/// What is assigned at a point; None when the point cannot be reached.
type State = Option<Assigned>;

fn join(a: State, b: State) -> State {
    match (a, b) {
        (None, other) | (other, None) => other,
        (Some(a), Some(b)) => Some(a.intersection(&b).copied().collect()),
    }
}

/// Checks all functions that are part of the expression.
pub(super) fn check(binder: &Binder<'_>) -> Vec<Diagnostic> {
    let mut flow = Flow {
        binder,
        problems: Vec::new(),
        visited: HashSet::new(),
        exits: Vec::new(),
        gotos: HashMap::new(),
        summaries: HashMap::new(),
        open: Vec::new(),
        ends: Vec::new(),
    };
    flow.function(FuncId(0), Assigned::new());
    for function in &binder.local_functions {
        if function.syntax.type_params.is_empty() {
            flow.summary(function.function);
        }
        for (_, instance) in &function.instances {
            flow.summary(*instance);
        }
    }
    flow.problems
}

struct Flow<'b, 't> {
    binder: &'b Binder<'t>,
    problems: Vec<Diagnostic>,
    visited: HashSet<FuncId>,
    exits: Vec<statement::Exit>,
    /// What is assigned where a label is jumped to.
    gotos: HashMap<u32, Assigned>,
    summaries: HashMap<FuncId, Summary>,
    /// The local functions that are being looked at.
    open: Vec<Open>,
    /// For each function that is being looked at, what is assigned where it returns.
    ends: Vec<(FuncId, State)>,
}

/// What a call of a local function needs and does.
#[derive(Clone, Default)]
struct Summary {
    /// Variables of outer functions that it reads before it assigns them.
    requires: Vec<LocalId>,
    /// Variables of outer functions that it has assigned when it returns.
    gives: Assigned,
}

struct Open {
    function: FuncId,
    requires: Vec<LocalId>,
}

impl Flow<'_, '_> {
    fn function(&mut self, id: FuncId, assigned: Assigned) -> State {
        if !self.visited.insert(id) {
            return None;
        }
        let exits = std::mem::take(&mut self.exits);
        let (mark, visited) = (self.problems.len(), self.visited.clone());
        let end = loop {
            let gotos = self.gotos.clone();
            self.ends.push((id, None));
            self.body(id, assigned.clone());
            let end = self.ends.pop().and_then(|(_, state)| state);
            if self.gotos == gotos {
                break end;
            }
            self.problems.truncate(mark);
            self.visited.clone_from(&visited);
        };
        self.exits = exits;
        end
    }

    fn body(&mut self, id: FuncId, assigned: Assigned) {
        let function = &self.binder.functions[id.0 as usize];
        match &function.body {
            Body::Expression(node) => {
                let mut state = Some(assigned);
                self.expr(node, &mut state);
                self.end(state, node.span);
            }
            Body::Block(statement) => {
                let end = self.statement(statement, Some(assigned));
                let at = statement.span.end;
                let span = Span { start: at.saturating_sub(1), end: at };
                if end.is_some() && function.result != Ty::Void {
                    let name = if id == FuncId(0) { "expression" } else { "function" };
                    self.problems.push(span.error("CS0161", format!("{name}: not all code paths return a value")));
                } else {
                    self.end(end, span);
                }
            }
            Body::Missing => {}
        }
    }

    /// The function returns here: what it has for `out` must be assigned.
    fn end(&mut self, state: State, span: Span) {
        let Some((id, end)) = self.ends.last_mut() else { return };
        if let Some(assigned) = &state {
            for param in &self.binder.functions[id.0 as usize].params {
                let info = &self.binder.locals[param.0 as usize];
                if info.needs_assignment && !assigned.contains(param) {
                    let message = format!(
                        "The out parameter '{}' must be assigned to before control leaves the current method",
                        info.name
                    );
                    self.problems.push(span.error("CS0177", message));
                }
            }
        }
        *end = join(end.take(), state);
    }

    /// Looks at a local function once.
    fn summary(&mut self, function: FuncId) -> Summary {
        if let Some(summary) = self.summaries.get(&function) {
            return summary.clone();
        }
        let gives = (0..self.binder.locals.len() as u32).map(LocalId).filter(|l| self.is_tracked(*l)).collect();
        self.summaries.insert(function, Summary { requires: Vec::new(), gives });
        self.open.push(Open { function, requires: Vec::new() });
        let end = self.function(function, Assigned::new());
        let requires = self.open.pop().map(|open| open.requires).unwrap_or_default();
        let outer = |local: &LocalId| !self.binder.owns(function, self.binder.locals[local.0 as usize].function);
        let gives = end.unwrap_or_default().into_iter().filter(outer).collect();
        let summary = Summary { requires, gives };
        self.summaries.insert(function, summary.clone());
        summary
    }

    fn is_tracked(&self, local: LocalId) -> bool {
        self.binder.locals[local.0 as usize].needs_assignment
    }

    fn assign(&self, state: &mut State, local: LocalId) {
        if let Some(state) = state
            && self.is_tracked(local)
        {
            state.insert(local);
        }
    }
}

impl Binder<'_> {
    /// Whether a function is another, or stands inside it.
    fn owns(&self, outer: FuncId, mut inner: FuncId) -> bool {
        while inner != outer {
            match self.functions[inner.0 as usize].parent {
                Some(parent) => inner = parent,
                None => return false,
            }
        }
        true
    }
}
