//! Statements.

use super::{Assigned, Flow, State, join};
use crate::expr::bind::tree::{NodeKind, Stmt, StmtKind, Switch};
use crate::expr::deep::deeper;
use crate::expr::value::Value;

/// Where `break`, `continue` and `goto case` lead: the states that reach them.
#[derive(Default)]
pub(super) struct Exit {
    breaks: Vec<Assigned>,
    continues: Vec<Assigned>,
    is_switch: bool,
    sections: Vec<(usize, Assigned)>,
}

impl Flow<'_, '_> {
    pub(super) fn statements(&mut self, body: &[Stmt], state: State) -> State {
        body.iter().fold(state, |state, statement| self.statement(statement, state))
    }

    pub(super) fn statement(&mut self, statement: &Stmt, state: State) -> State {
        deeper(|| self.statement_here(statement, state))
    }

    fn statement_here(&mut self, statement: &Stmt, mut state: State) -> State {
        match &statement.kind {
            StmtKind::Empty => state,
            StmtKind::Expression(node) => {
                self.expr(node, &mut state);
                state
            }
            StmtKind::Declare(local, value) => {
                if let Some(node) = value {
                    self.expr(node, &mut state);
                    self.assign(&mut state, *local);
                } else if let Some(state) = &mut state {
                    state.remove(local);
                }
                state
            }
            StmtKind::Block(scope) => self.statements(&scope.body, state),
            StmtKind::If(..) => {
                let (mut end, mut at) = (None, statement);
                loop {
                    let StmtKind::If(condition, then, other) = &at.kind else {
                        let rest = self.statement(at, state);
                        return join(end, rest);
                    };
                    let (yes, no) = self.condition(condition, state);
                    let then = self.statement(then, yes);
                    end = join(end, then);
                    match other {
                        Some(other) => (at, state) = (other, no),
                        None => return join(end, no),
                    }
                }
            }
            StmtKind::While { condition, body, .. } => {
                let (yes, no) = self.condition(condition, state);
                self.exits.push(Exit::default());
                self.statement(body, yes);
                self.leave_loop(no)
            }
            StmtKind::Do { condition, body } => {
                self.exits.push(Exit::default());
                let end = self.statement(body, state);
                let continues = self.exits.last_mut().map(|e| std::mem::take(&mut e.continues)).unwrap_or_default();
                let end = continues.into_iter().fold(end, |end, c| join(end, Some(c)));
                let (_, no) = self.condition(condition, end);
                self.leave_loop(no)
            }
            StmtKind::For { init, condition, step, body, .. } => {
                for first in init {
                    state = self.statement(first, state);
                }
                let (yes, no) = match condition {
                    Some(condition) => self.condition(condition, state),
                    None => (state, None),
                };
                self.exits.push(Exit::default());
                let mut end = self.statement(body, yes);
                let continues = self.exits.last_mut().map(|e| std::mem::take(&mut e.continues)).unwrap_or_default();
                end = continues.into_iter().fold(end, |end, c| join(end, Some(c)));
                for next in step {
                    self.expr(next, &mut end);
                }
                self.leave_loop(no)
            }
            StmtKind::ForEach { local, item, temp, source, body, .. } => {
                self.expr(source, &mut state);
                let after = state.clone();
                self.assign(&mut state, *temp);
                if let Some(item) = item {
                    self.expr(item, &mut state);
                }
                self.assign(&mut state, *local);
                self.exits.push(Exit::default());
                self.statement(body, state);
                self.leave_loop(after)
            }
            StmtKind::Switch(switch) => self.switch(switch, state),
            StmtKind::Break => {
                if let (Some(state), Some(exit)) = (state, self.exits.last_mut()) {
                    exit.breaks.push(state);
                }
                None
            }
            StmtKind::Continue => {
                if let (Some(state), Some(exit)) = (state, self.exits.iter_mut().rev().find(|e| !e.is_switch)) {
                    exit.continues.push(state);
                }
                None
            }
            StmtKind::Return(node) => {
                if let Some(node) = node {
                    self.expr(node, &mut state);
                }
                self.end(state, statement.span);
                None
            }
            StmtKind::Throw(node) => {
                if let Some(node) = node {
                    self.expr(node, &mut state);
                }
                None
            }
            StmtKind::Goto(label) => {
                if let Some(state) = state {
                    let known = self.gotos.remove(label);
                    self.gotos.extend(join(known, Some(state)).map(|state| (*label, state)));
                }
                None
            }
            StmtKind::GotoSection(section) => {
                if let Some(exit) = self.exits.iter_mut().rev().find(|e| e.is_switch) {
                    exit.sections.extend(state.map(|state| (*section, state)));
                }
                None
            }
            StmtKind::Label(label, inner) => {
                let jumped = self.gotos.get(label).cloned();
                self.statement(inner, join(state, jumped))
            }
            StmtKind::Try { body, catches, finally } => {
                let start = state.clone();
                let mut end = self.statement(body, state);
                for catch in catches {
                    let mut entry = start.clone();
                    if let Some(local) = catch.local {
                        self.assign(&mut entry, local);
                    }
                    if let Some(when) = &catch.when {
                        self.expr(when, &mut entry);
                    }
                    let after = self.statement(&catch.body, entry);
                    end = join(end, after);
                }
                if let Some(finally) = finally {
                    let after = self.statement(finally, start.clone())?;
                    if let (Some(end), Some(start)) = (&mut end, &start) {
                        end.extend(after.difference(start).copied());
                    }
                }
                end
            }
            StmtKind::Using { resource, local, body, .. } => {
                self.expr(resource, &mut state);
                self.assign(&mut state, *local);
                self.statement(body, state)
            }
        }
    }

    fn switch(&mut self, switch: &Switch, mut state: State) -> State {
        self.expr(&switch.value, &mut state);
        self.assign(&mut state, switch.temp);
        self.exits.push(Exit { is_switch: true, ..Exit::default() });
        let mut entry = state.clone();
        let constant = switch.value.as_const();
        let mut starts = Vec::new();
        for section in &switch.sections {
            let mut start: State = None;
            for test in &section.tests {
                let (yes, no) = match constant.and_then(|value| decided(test, value)) {
                    Some(true) => (entry.clone(), None),
                    Some(false) => (None, entry.clone()),
                    None => self.condition(test, entry.clone()),
                };
                start = join(start, yes);
                entry = no;
            }
            starts.push(start);
        }
        let mark = self.problems.len();
        let mut known = 0;
        loop {
            self.problems.truncate(mark);
            for (index, (section, start)) in switch.sections.iter().zip(&starts).enumerate() {
                let mut start = start.clone();
                if switch.default == Some(index) {
                    start = join(start, entry.clone());
                }
                let jumps = self.exits.last().map(|e| e.sections.clone()).unwrap_or_default();
                for (_, jumped) in jumps.into_iter().filter(|(to, _)| *to == index) {
                    start = join(start, Some(jumped));
                }
                let reachable = start.is_some();
                let end = self.statements(&section.body, start);
                if end.is_some() && reachable {
                    let message = "Control cannot fall through from one case label to another";
                    self.problems.push(section.span.error("CS0163", message));
                }
            }
            let mut jumps = 0;
            if let Some(exit) = self.exits.last_mut() {
                exit.sections.sort();
                exit.sections.dedup();
                jumps = exit.sections.len();
            }
            if jumps == known {
                break;
            }
            known = jumps;
        }
        let rest = if switch.default.is_some() { None } else { entry };
        let exit = self.exits.pop().unwrap_or_default();
        exit.breaks.into_iter().fold(rest, |end, b| join(end, Some(b)))
    }

    fn leave_loop(&mut self, end: State) -> State {
        let exit = self.exits.pop().unwrap_or_default();
        exit.breaks.into_iter().fold(end, |end, b| join(end, Some(b)))
    }
}

/// Whether a case holds, when the value of the switch and the label are constant.
fn decided(test: &crate::expr::bind::tree::Node, value: &Value) -> Option<bool> {
    match &test.kind {
        NodeKind::IsConstant(_, label) => Some(crate::expr::bind::switch::same_constant(label.as_const()?, value)),
        _ => None,
    }
}
